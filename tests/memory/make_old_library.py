"""Writes data/library-schema-1.db: a library as the first migration alone made it, with a little in it.

Run as: python make_old_library.py. Only for reference: the file is never made again.
"""

import sqlite3
from pathlib import Path

from sqlalchemy import NullPool, create_engine

from groundup.memory.migrations import MIGRATIONS, migrate


def main() -> None:
    path = Path(__file__).parent / "data" / "library-schema-1.db"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(path, isolation_level=None),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:

        def execute(statement: str) -> None:
            connection.exec_driver_sql(statement)

        execute("PRAGMA page_size = 1024")  # a small file
        migrate(connection, lambda: execute("BEGIN"), lambda: execute("COMMIT"), MIGRATIONS[:1])
        execute("INSERT INTO meta VALUES ('library', '0123456789abcdef'), ('frame_size', '1280x720')")
        execute("INSERT INTO scene VALUES ('fight', 'a fight', '{\"look\":[1,2]}', NULL)")
        execute(
            "INSERT INTO skill VALUES ('s1', 'Play Strike', 'hits', 'fight', '[{\"action\":\"click\"}]',"
            " '{}', '{\"hp\":-6.0}', '{\"uses\":3,\"reward_sum\":1.5}', 'explored', '[\"s0\"]', 2, NULL)"
        )
        execute("INSERT INTO use VALUES (1, 's1', 'run-1', 7, 0.5, 1, '{\"hp\":-6.0}')")
        execute("INSERT INTO knowledge VALUES ('effects', 'Strike', '{\"n\":3}', 4)")
        execute(
            "INSERT INTO run VALUES ('run-1', 'game', 'local', 5, 8, 'running', '{\"step\":8}', 1.0, 2.0)"
        )
        execute("INSERT INTO event VALUES ('run-1', 0, 1.5, 'step', '{\"step\":7}')")
    engine.dispose()


main()

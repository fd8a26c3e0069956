"""An older library becomes one of today, whole, and what it held is still there."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect

from groundup.memory import schema
from groundup.memory.database import open_database
from groundup.memory.migrations import CURRENT, MIGRATIONS
from groundup.memory.records import Event, SceneRecord, SkillRecord, UseRecord
from groundup.memory.store import Store

OLD = Path(__file__).parent / "data" / "library-schema-1.db"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copy(OLD, tmp_path / "library.db"))


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def described(engine: Engine) -> dict[str, object]:
    look = inspect(engine)
    return {
        table: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in look.get_columns(table)],
            look.get_pk_constraint(table)["constrained_columns"],
            sorted((index["name"], tuple(index["column_names"])) for index in look.get_indexes(table)),
            sorted(tuple(one["column_names"]) for one in look.get_unique_constraints(table)),
            [(key["referred_table"], key["constrained_columns"]) for key in look.get_foreign_keys(table)],
        )
        for table in sorted(look.get_table_names())
    }


def test_migrations_are_numbered_from_one() -> None:
    assert [step.number for step in MIGRATIONS] == list(range(1, CURRENT + 1))


def test_migrations_lead_to_the_tables_of_today(tmp_path: Path, old: Path) -> None:
    wanted = create_engine("sqlite://")
    schema.metadata.create_all(wanted)
    open_database(tmp_path / "new.db").close()
    open_database(old).close()
    for path in (tmp_path / "new.db", old):
        made = create_engine(f"sqlite:///{path}")
        assert described(made) == described(wanted)
        made.dispose()
    wanted.dispose()


@pytest.mark.parametrize("readonly", [False, True])
def test_opening_an_older_library_migrates_it(old: Path, readonly: bool) -> None:
    with Store.open(old, readonly=readonly) as store:
        assert store.meta("frame_size") == "1280x720"
        assert store.scenes() == [SceneRecord("fight", "a fight", {"look": [1, 2]})]
        assert store.get_skill("s1") == SkillRecord(
            "s1",
            "Play Strike",
            "hits",
            "fight",
            steps=[{"action": "click"}],
            effect={"hp": -6.0},
            statistics={"uses": 3, "reward_sum": 1.5},
            provenance="explored",
            parents=("s0",),
            version=2,
        )
        assert store.uses("s1") == [UseRecord("s1", "run-1", 7, 0.5, True, {"hp": -6.0})]
        assert store.get_knowledge("effects") == {"Strike": {"n": 3}}
        assert store.events("run-1") == [Event("run-1", 0, 1.5, "step", {"step": 7})]
        run = store.latest_run()
        assert run is not None
        assert run.state == {"step": 8}
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("SELECT max(number) FROM migration").fetchone() == (CURRENT,)


def test_a_migrated_library_takes_pictures_and_vectors(old: Path) -> None:
    with Store.open(old) as store:
        sha = store.put_frame(b"picture")
        store.put_scene(SceneRecord("fight", frame=sha))
        assert store.get_frame(sha) == b"picture"


def test_a_kill_between_two_migrations_costs_nothing(old: Path) -> None:
    # The old file is exactly what a kill after the first migration leaves of a new library.
    change(old, "DELETE FROM meta")
    with Store.open(old) as store:
        assert store.meta("library") is not None


def test_a_failed_migration_leaves_the_file_as_it_was(old: Path) -> None:
    change(old, "CREATE TABLE frame_use (something INTEGER)")
    before = old.read_bytes()
    with pytest.raises(Exception, match="frame_use already exists"):
        Store.open(old)
    assert old.read_bytes() == before

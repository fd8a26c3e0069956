"""Opening a database: SQLite by default, PostgreSQL by URL, and every way in which that can go wrong.

All that is particular to one kind of database is in this module; what fails is a `LibraryUnusable`
with one sentence, and then nothing was written. It knows nothing of what the tables hold.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from groundup.envs.errors import LibraryUnusable, MissingPart
from groundup.memory.lock import WriterLock, writer
from groundup.memory.migrations import CURRENT, migrate, version

_MAGIC = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html section 1.3

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_WRITING = (errno.EACCES, errno.EPERM, errno.EROFS)

_UNCHANGING = "ro&immutable=1"  # https://www.sqlite.org/uri.html#uriimmutable

BUSY_SECONDS = 5.0
"""How long a statement waits for another program's lock on the file before it gives up."""


class Database:
    """A connection to a library at today's schema; `open_database` makes it, `close` ends it.

    Statements run one by one, or between `begin` and `commit` as one transaction.
    """

    def __init__(self, connection: Connection, name: str, path: Path | None, lock: WriterLock | None) -> None:
        self.connection = connection
        self.name = name
        self.path = path
        self._lock = lock

    @property
    def kind(self) -> str:
        """ "sqlite" or "postgresql"."""
        return self.connection.dialect.name

    def begin(self) -> None:
        """Start a transaction that may write."""
        # Taking the write lock at once means that no statement inside fails for another writer.
        self.connection.exec_driver_sql("BEGIN IMMEDIATE" if self.kind == "sqlite" else "BEGIN")

    def commit(self) -> None:
        """Make all since `begin` lasting, as one."""
        self.connection.exec_driver_sql("COMMIT")

    def rollback(self) -> None:
        """Forget all since `begin`."""
        # SQLite has already rolled back by itself after some errors (a full disk, for one).
        driver = self.connection.connection.dbapi_connection
        if not isinstance(driver, sqlite3.Connection) or driver.in_transaction:
            self.connection.exec_driver_sql("ROLLBACK")

    def upsert(self, table: Table, *, count: str | None = None, update: bool = True) -> Any:
        """An INSERT into `table` that replaces the row of the same primary key.

        The column `count` is not replaced but counts up; with `update` False an existing row stays.
        """
        dialect = sqlite if self.kind == "sqlite" else postgresql
        statement = dialect.insert(table)
        if not update:
            return statement.on_conflict_do_nothing()
        changes = {
            column.name: table.c[column.name] + 1 if column.name == count else statement.excluded[column.name]
            for column in table.columns
            if not column.primary_key
        }
        return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changes)

    def close(self) -> None:
        """Close the connection and let the next writer in; may be called twice."""
        self.connection.close()
        self.connection.engine.dispose()
        if self._lock is not None:
            self._lock.release()


def open_database(
    location: str | Path, *, create: bool = True, readonly: bool = False, wait: float = 2.0
) -> Database:
    """Open the library at a path or URL, migrating an older one to today's schema.

    A missing one is made with `create`. One writer at a time has an SQLite file: a second waits `wait`
    seconds for the first. `readonly` takes no lock and writes nothing, except that an older file is
    migrated first. Raises `LibraryUnusable`, or `MissingPart` when PostgreSQL's driver is not installed.
    """
    text = str(location)
    if "://" in text and not text.startswith("sqlite:"):
        return _open_server(text, create=create, readonly=readonly)
    return _open_file(_path_of(text), create=create and not readonly, readonly=readonly, wait=wait)


def open_beside(location: str | Path) -> Database:
    """Open a library that another process is writing, for single short statements that write beside it.

    It takes no lock, so one statement is all that may be in a transaction: the writer then waits for no
    longer than that takes. Raises `LibraryUnusable` when the library is not there, not of today, or
    cannot be written.
    """
    text = str(location)
    if "://" in text and not text.startswith("sqlite:"):
        return _open_server(text, create=False, readonly=False)
    path = _path_of(text)
    _check_file(path, create=False)
    _check_writable(path)
    database = _connect(path, "rw", None)
    if _refuse_unknown(database) != CURRENT:
        database.close()
        raise LibraryUnusable(
            f"The library {path} is of an older groundup: play with it once, then try again."
        )
    # Moving the log's pages into the file is the writer's work, at its own time.
    database.connection.exec_driver_sql("PRAGMA wal_autocheckpoint = 0")
    return database


def _path_of(text: str) -> Path:
    path = Path(_file_of_url(text) if "://" in text else text)
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise LibraryUnusable(f"{path} begins with the home of nobody here: give another path.") from error


def _file_of_url(url: str) -> str:
    database = make_url(url).database
    if not database or database == ":memory:":
        raise LibraryUnusable(f"{url} names no file: give a path such as skills.db.")
    return database


def _open_file(path: Path, *, create: bool, readonly: bool, wait: float) -> Database:
    _check_file(path, create=create)
    if readonly:
        database, found = _connect_to_read(path)
        if found == CURRENT:
            return database
        database.close()
        try:
            _open_file(path, create=False, readonly=False, wait=wait).close()
        except LibraryUnusable:
            # Whoever writes it may have been making it, and has done so by now.
            database, found = _connect_to_read(path)
            if found == CURRENT:
                return database
            database.close()
            raise
        return _open_file(path, create=False, readonly=True, wait=wait)
    made = [folder for folder in path.parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_writable(path)
        lock = WriterLock(path, wait=wait)
    except OSError as error:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        raise LibraryUnusable(_sentence_for_os(path, error)) from error
    # Asked again under the lock: what another has made meanwhile must not be removed on failure.
    new = create and (not path.exists() or path.stat().st_size == 0)
    try:
        return _prepare(_connect(path, "rwc" if create else "rw", lock))
    except BaseException:
        if new:
            for suffix in ("", "-wal", "-shm", "-journal"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        lock.release()
        raise


def _prepare(database: Database) -> Database:
    """Bring a file opened for writing to today's schema and mode; closes the connection on failure."""
    try:
        if _refuse_unknown(database) < CURRENT:
            migrate(database.connection, database.begin, database.commit)
        # After the check, since it writes to the file. https://www.sqlite.org/wal.html
        database.connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    except BaseException:
        database.connection.close()
        raise
    return database


def _check_file(path: Path, *, create: bool) -> None:
    """Refuse what is no database without opening it as one, and what is missing unless it may be made."""
    try:
        if path.is_dir():
            raise LibraryUnusable(f"{path} is a folder: give the path of a library file, such as skills.db.")
        if not path.exists():
            if create:
                return
            raise LibraryUnusable(
                f"There is no library at {path}: check the path, or play first to make one."
            )
        # A device or a pipe: to open it may wait for ever, and a failure would remove it.
        if not path.is_file():
            raise LibraryUnusable(f"{path} is no file: give the path of a library file, such as skills.db.")
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except OSError as error:
        raise LibraryUnusable(_sentence_for_os(path, error)) from error
    if head and head != _MAGIC:
        raise LibraryUnusable(_not_a_library(path))


def _check_writable(path: Path) -> None:
    # The mode bits count for root too, whom the system would let write: read-only is the owner's wish.
    file_closed = path.exists() and (not path.stat().st_mode & 0o222 or not os.access(path, os.W_OK))
    if file_closed or not os.access(path.parent, os.W_OK):
        raise LibraryUnusable(_read_only(path))


def _connect_to_read(path: Path) -> tuple[Database, int]:
    """The library and its schema's number. SQLite keeps a small file beside one that it reads; where it may
    not, or the disk is full, it is told that the file does not change: nobody is writing it then."""
    wal = path.with_name(path.name + "-wal")
    pending = wal.exists() and wal.stat().st_size > 0

    def connect(mode: str) -> tuple[Database, int]:
        database = _connect(path, mode, None)
        return database, _refuse_unknown(database)

    if not pending and not os.access(path.parent, os.W_OK):
        return connect(_UNCHANGING)
    try:
        return connect("ro")
    except LibraryUnusable as error:
        full = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_IOERR
        if not full or pending or writer(path) is not None:
            raise
    return connect(_UNCHANGING)


def _connect(path: Path, mode: str, lock: WriterLock | None) -> Database:
    uri = f"file:{quote(str(path))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        connection.execute("PRAGMA foreign_keys = ON")
        # In WAL mode a killed process loses nothing with NORMAL; only a power cut may cost the last
        # steps, and never the file. https://www.sqlite.org/pragma.html#pragma_synchronous
        connection.execute("PRAGMA synchronous = NORMAL")
        # KiB: the inner pages of every table stay in memory at a million skills; 2,000 is the default.
        connection.execute("PRAGMA cache_size = -16000")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    _explain_errors(engine, str(path))
    return Database(engine.connect(), str(path), path, lock)


def _open_server(url: str, *, create: bool, readonly: bool) -> Database:
    try:
        parsed = make_url(url)
        name = parsed.render_as_string(hide_password=True)
        if parsed.get_backend_name() != "postgresql":
            raise LibraryUnusable(f"{name}: only SQLite files and PostgreSQL can hold a library.")
        engine = create_engine(parsed, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    except ModuleNotFoundError as error:
        raise MissingPart(
            f"The package {error.name} is missing: run pip install 'groundup[postgres]' to use {name}."
        ) from error
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise LibraryUnusable(
            f"{url} is not the address of a library: give a path, or postgresql+psycopg://USER@HOST/NAME."
        ) from error
    _explain_errors(engine, name)
    database = Database(engine.connect(), name, None, None)
    try:
        found = _refuse_unknown(database)
        if found == 0 and not create:
            raise LibraryUnusable(f"There is no library at {name}: check the address, or play first.")
        if found < CURRENT:
            migrate(database.connection, database.begin, database.commit)
        if readonly:
            database.connection.exec_driver_sql("SET default_transaction_read_only = on")
    except BaseException:
        database.close()
        raise
    return database


def _refuse_unknown(database: Database) -> int:
    """The schema's number; closes and refuses a newer library, or a database that is none."""
    try:
        found = version(database.connection)
    except BaseException:
        database.connection.close()
        raise
    if found is not None and found <= CURRENT:
        return found
    database.connection.close()
    if found is None:
        raise LibraryUnusable(_not_a_library(database.name))
    raise LibraryUnusable(
        f"The library {database.name} was written by a newer groundup (schema {found}, this one reads up to "
        f"{CURRENT}): update groundup, or give another --library."
    )


def _explain_errors(engine: Engine, name: str) -> None:
    """Turn what the driver raises for a bad file, disk or server into one sentence."""

    def explain(context: ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(error, sqlite3.Error):
            sentence = _sentence_for_sqlite(name, error)
            if sentence:
                raise LibraryUnusable(sentence) from error
        elif isinstance(context.sqlalchemy_exception, OperationalError):
            first_line = str(error).strip().splitlines()[0]
            raise LibraryUnusable(
                f"The database {name} cannot be used: {first_line}: check that it runs, and the address."
            ) from error

    event.listen(engine, "handle_error", explain)


def _sentence_for_sqlite(name: str, error: sqlite3.Error) -> str | None:
    # The lower byte is the primary code: https://www.sqlite.org/rescode.html
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    sentences = {
        sqlite3.SQLITE_BUSY: f"The library {name} stays locked by another program: end it and try again.",
        sqlite3.SQLITE_LOCKED: f"The library {name} stays locked by another program: end it and try again.",
        sqlite3.SQLITE_READONLY: _read_only(name),
        sqlite3.SQLITE_IOERR: f"The library {name} cannot be read or written ({error}): "
        "check the disk and the space left on it; a step being written was not kept.",
        sqlite3.SQLITE_CORRUPT: f"The library {name} is damaged ({error}): restore a copy, or give another "
        "--library.",
        sqlite3.SQLITE_FULL: _disk_full(name),
        sqlite3.SQLITE_CANTOPEN: f"The library {name} cannot be opened: check that its folder exists and "
        "that you may read and write there.",
        sqlite3.SQLITE_NOTADB: _not_a_library(name),
    }
    return sentences.get(code)


def _sentence_for_os(path: Path, error: OSError) -> str:
    if error.errno in _NO_SPACE:
        return _disk_full(path)
    if error.errno in _NO_WRITING:
        return _read_only(path)
    return f"The library {path} cannot be opened ({error.strerror}): check the path."


def _not_a_library(name: object) -> str:
    return f"{name} is not a groundup library: give another --library, or a path that does not exist yet."


def _read_only(name: object) -> str:
    return (
        f"The library {name} is read-only: make the file and its folder writable, or give another --library."
    )


def _disk_full(name: object) -> str:
    return f"The disk that holds the library {name} is full: free some space and try again; nothing was lost."

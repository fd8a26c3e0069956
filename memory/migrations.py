"""Numbered migrations: how a library made by an older groundup becomes one of today.

Each runs in a transaction of its own together with its record in the table `migration`, so that a
kill between two of them leaves a library that the next opening carries on with. Migrations are never
edited once released; `schema.py` is checked against their outcome by a test.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, inspect, select

from groundup.memory import schema


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered change, as statements; {blob}, {real}, {serial} stand for the database's types."""

    number: int
    name: str
    statements: tuple[str, ...]


_TYPES = {
    "sqlite": {"blob": "BLOB", "real": "FLOAT", "serial": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"},
    "postgresql": {"blob": "BYTEA", "real": "DOUBLE PRECISION", "serial": "BIGSERIAL PRIMARY KEY"},
}

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        "skills, their evidence, knowledge, runs and events",
        (
            "CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)",
            "CREATE TABLE migration (number INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL,"
            " applied {real} NOT NULL)",
            "CREATE TABLE scene (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL,"
            " frame TEXT)",
            "CREATE TABLE skill (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL,"
            " description TEXT NOT NULL, scene TEXT NOT NULL, steps TEXT NOT NULL,"
            " precondition TEXT NOT NULL, effect TEXT NOT NULL, statistics TEXT NOT NULL,"
            " provenance TEXT NOT NULL, parents TEXT NOT NULL, version INTEGER NOT NULL, retired TEXT)",
            "CREATE INDEX skill_scene ON skill (scene)",
            "CREATE TABLE use (id {serial}, skill TEXT NOT NULL, run TEXT NOT NULL, step INTEGER NOT NULL,"
            " reward {real} NOT NULL, responsive BOOLEAN NOT NULL, deltas TEXT NOT NULL)",
            "CREATE INDEX use_skill ON use (skill)",
            "CREATE TABLE knowledge (section TEXT NOT NULL, key TEXT NOT NULL, document TEXT NOT NULL,"
            " version INTEGER NOT NULL, PRIMARY KEY (section, key))",
            "CREATE TABLE run (id TEXT PRIMARY KEY NOT NULL, game TEXT NOT NULL, policy TEXT NOT NULL,"
            " seed BIGINT, steps INTEGER NOT NULL, status TEXT NOT NULL, state TEXT NOT NULL,"
            " started {real} NOT NULL, updated {real} NOT NULL)",
            "CREATE TABLE event (run TEXT NOT NULL REFERENCES run (id), seq INTEGER NOT NULL,"
            " t {real} NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (run, seq))",
        ),
    ),
    Migration(
        2,
        "pictures and vectors",
        (
            "CREATE TABLE frame (id {serial}, sha TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,"
            " image {blob} NOT NULL)",
            "CREATE TABLE frame_use (owner TEXT NOT NULL, sha TEXT NOT NULL, PRIMARY KEY (owner, sha))",
            "ALTER TABLE skill ADD COLUMN frames TEXT NOT NULL DEFAULT '[]'",
            "CREATE INDEX frame_use_sha ON frame_use (sha)",
            "CREATE TABLE vector (label {serial}, space TEXT NOT NULL, owner TEXT NOT NULL,"
            " data {blob} NOT NULL, UNIQUE (space, owner))",
            "CREATE INDEX vector_space_label ON vector (space, label)",
        ),
    ),
    Migration(
        3,
        "controls of a run, and events by kind",
        (
            "CREATE TABLE control (id {serial}, run TEXT NOT NULL, what TEXT NOT NULL,"
            " value TEXT NOT NULL, asked {real} NOT NULL, taken {real})",
            "CREATE INDEX control_run ON control (run, id)",
            "CREATE INDEX event_kind ON event (run, kind, seq)",
        ),
    ),
)

CURRENT = MIGRATIONS[-1].number
"""The schema that this groundup reads and writes."""


def version(connection: Connection) -> int | None:
    """The number of the last migration applied; 0 for an empty database, None for somebody else's."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return 0
    if "migration" not in tables or "knowledge" not in tables:
        return None
    numbers = connection.execute(select(schema.migration.c.number)).scalars()
    return max(numbers, default=None)


def migrate(
    connection: Connection,
    begin: Callable[[], None],
    commit: Callable[[], None],
    migrations: Sequence[Migration] = MIGRATIONS,
) -> None:
    """Apply the migrations that `connection`'s database lacks, each between `begin` and `commit`.

    The version is read again inside each transaction: of two processes that open an older file at
    the same time, the second finds the work done.
    """
    types = _TYPES[connection.dialect.name]
    for step in migrations:
        begin()
        if (version(connection) or 0) < step.number:
            for statement in step.statements:
                connection.exec_driver_sql(statement.format(**types))
            connection.execute(
                insert(schema.migration).values(number=step.number, name=step.name, applied=time.time())
            )
        commit()

"""The tables as they are today; `migrations.py` is how an older file gets there.

JSON is kept as text, so that the same statements serve SQLite and PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# SQLite numbers rows by itself only in a column of type INTEGER.
_RowId = BigInteger().with_variant(Integer(), "sqlite")

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

migration = Table(
    "migration",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("applied", Float(53), nullable=False),
)

scene = Table(
    "scene",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("frame", Text),
)

skill = Table(
    "skill",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("scene", Text, nullable=False),
    Column("steps", Text, nullable=False),
    Column("precondition", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("statistics", Text, nullable=False),
    Column("provenance", Text, nullable=False),
    Column("parents", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("retired", Text),
    Column("frames", Text, nullable=False, server_default="[]"),
    Index("skill_scene", "scene"),
)

# Evidence: every use of a skill. Kept when the skill is retired.
use = Table(
    "use",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("skill", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("reward", Float(53), nullable=False),
    Column("responsive", Boolean, nullable=False),
    Column("deltas", Text, nullable=False),
    Index("use_skill", "skill"),
)

knowledge = Table(
    "knowledge",
    metadata,
    Column("section", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("version", Integer, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("game", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("seed", BigInteger),
    Column("steps", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started", Float(53), nullable=False),
    Column("updated", Float(53), nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("run", Text, ForeignKey("run.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("t", Float(53), nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", Text, nullable=False),
    Index("event_kind", "run", "kind", "seq"),
)

# What people ask of a run from outside; the run notes when it took each up. See controls.py.
control = Table(
    "control",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("run", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("asked", Float(53), nullable=False),
    Column("taken", Float(53)),
    Index("control_run", "run", "id"),
    sqlite_autoincrement=True,
)

frame = Table(
    "frame",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("sha", Text, nullable=False, unique=True),
    Column("size", Integer, nullable=False),
    Column("image", LargeBinary, nullable=False),
)

# Which pictures a skill or a scene needs; the owner is "skill:ID" or "scene:ID".
frame_use = Table(
    "frame_use",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("sha", Text, primary_key=True),
    Index("frame_use_sha", "sha"),
)

# `label` is the vector's number in the index; a label is never given twice.
vector = Table(
    "vector",
    metadata,
    Column("label", _RowId, primary_key=True, autoincrement=True),
    Column("space", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("space", "owner"),
    Index("vector_space_label", "space", "label"),
    sqlite_autoincrement=True,
)

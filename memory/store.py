"""The store: the one place for SQL.

What one step of a run writes goes through `Store.step` as a single transaction, so that a kill at
any instruction loses at most the step in progress. The store keeps nothing of what it has written:
its own memory stays flat however long a run is. It knows nothing of games, nor of what documents mean.
A store belongs to one thread.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, delete, func, insert, select, update

from groundup.envs.errors import LibraryUnusable
from groundup.memory import schema
from groundup.memory.database import Database, open_database
from groundup.memory.records import (
    Event,
    JsonObject,
    RunRecord,
    SceneRecord,
    SkillRecord,
    UseRecord,
    from_json,
    to_json,
)

Vector = NDArray[np.float32]
"""One embedding: float32, shape (dimensions,)."""

FRAME_LIMIT = 256 << 20
"""Bytes of pictures a library keeps by default: some 2,300 screenshots of 114 KB (research.md section 5)."""

_Row = Row[*tuple[Any, ...]]

_CHUNK = 500  # names in one IN (...): well below every database's limit on parameters


class Store:
    """What a library holds, read and written; see `Store.open`."""

    def __init__(self, database: Database, *, readonly: bool, frame_limit: int) -> None:
        self._db = database
        self._connection = database.connection
        self._readonly = readonly
        self._frame_limit = frame_limit
        self._depth = 0
        self._begun = False
        self._vectors_changed = False
        self._next_seq: dict[str, int] = {}
        self._frame_bytes: int | None = None
        self._events: list[JsonObject] = []
        self._uses: list[JsonObject] = []
        self._statistics: dict[str, str] = {}
        self._knowledge: dict[tuple[str, str], str] = {}
        self._run_states: dict[str, JsonObject] = {}
        self._put_skill = database.upsert(schema.skill)
        self._put_scene = database.upsert(schema.scene)
        self._put_run = database.upsert(schema.run)
        self._put_meta = database.upsert(schema.meta)
        self._put_frame = database.upsert(schema.frame, update=False)
        self._put_frame_use = database.upsert(schema.frame_use, update=False)
        self._put_knowledge = database.upsert(schema.knowledge, count="version")

    @classmethod
    def open(
        cls,
        location: str | Path,
        *,
        create: bool = True,
        readonly: bool = False,
        wait: float = 2.0,
        frame_limit: int = FRAME_LIMIT,
    ) -> Store:
        """Open the library at a path or URL; `frame_limit` is in bytes, the rest is `open_database`'s.

        Raises `LibraryUnusable` with one sentence when it cannot be used; nothing is written then.
        """
        database = open_database(location, create=create, readonly=readonly, wait=wait)
        store = cls(database, readonly=readonly, frame_limit=frame_limit)
        try:
            if not readonly and store.meta("library") is None:
                store.set_meta("library", uuid.uuid4().hex)
        except BaseException:
            store.close()
            raise
        return store

    @property
    def path(self) -> Path | None:
        """The library's file; None on a server."""
        return self._db.path

    @property
    def name(self) -> str:
        """The path or URL, without a password."""
        return self._db.name

    @property
    def readonly(self) -> bool:
        """Whether it was opened for reading only."""
        return self._readonly

    @property
    def vectors_settled(self) -> bool:
        """Whether all vectors that can be read are lasting: False once an open step has changed some."""
        return not self._vectors_changed

    def close(self) -> None:
        """Close the library; a step that is still open is lost. May be called twice."""
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Transactions

    @contextmanager
    def step(self) -> Iterator[None]:
        """Group all writes inside into one transaction; an exception leaves the library as it was.

        Steps may be nested: the outermost is the transaction. A write outside a step is one by itself.
        """
        if self._readonly:
            raise LibraryUnusable(f"The library {self.name} was opened for reading only.")
        self._depth += 1
        try:
            yield
            if self._depth == 1:
                self._flush()
                if self._begun:
                    self._db.commit()
                    self._begun = self._vectors_changed = False
        except BaseException:
            if self._depth == 1:
                self._forget()
            raise
        finally:
            self._depth -= 1

    def _begin(self) -> None:
        # Late, so that another program waits for the writes of a step but not for its thinking.
        if not self._begun:
            self._db.begin()
            self._begun = True

    def _forget(self) -> None:
        self._next_seq.clear()
        self._frame_bytes = None
        for pending in (self._events, self._uses, self._statistics, self._knowledge, self._run_states):
            pending.clear()
        if self._begun:
            self._begun = self._vectors_changed = False
            self._db.rollback()

    def _write(self, statement: Any, rows: JsonObject | list[JsonObject] | None = None) -> Any:
        self._begin()
        return self._connection.execute(statement, rows)

    def _read(self, statement: Any) -> Sequence[_Row]:
        if self._depth:
            self._flush()
        return self._connection.execute(statement).all()

    def _flush(self) -> None:
        """Write what the step has gathered, each table at once."""
        if self._events:
            self._write(insert(schema.event), self._events)
            self._events.clear()
        if self._uses:
            self._write(insert(schema.use), self._uses)
            self._uses.clear()
        for skill_id, statistics in self._statistics.items():
            self._write(
                update(schema.skill).where(schema.skill.c.id == skill_id).values(statistics=statistics)
            )
        self._statistics.clear()
        if self._knowledge:
            rows = [
                {"section": section, "key": key, "document": document, "version": 1}
                for (section, key), document in self._knowledge.items()
            ]
            self._write(self._put_knowledge, rows)
            self._knowledge.clear()
        for run_id, values in self._run_states.items():
            self._write(update(schema.run).where(schema.run.c.id == run_id).values(**values))
        self._run_states.clear()

    # Facts about the library itself

    def meta(self, key: str) -> str | None:
        """A fact about the library, such as "library" (its identity), "frame_size" or "game"."""
        rows = self._read(select(schema.meta.c.value).where(schema.meta.c.key == key))
        return str(rows[0].value) if rows else None

    def set_meta(self, key: str, value: str) -> None:
        """Note a fact about the library."""
        with self.step():
            self._write(self._put_meta, {"key": key, "value": value})

    # Scenes

    def put_scene(self, scene: SceneRecord) -> None:
        """Add a scene, or replace the one of the same id."""
        with self.step():
            row = {"id": scene.id, "name": scene.name, "data": to_json(scene.data), "frame": scene.frame}
            self._write(self._put_scene, row)
            self._set_frame_uses(f"scene:{scene.id}", (scene.frame,) if scene.frame else ())

    def scenes(self) -> list[SceneRecord]:
        """All scenes, by id."""
        rows = self._read(select(schema.scene).order_by(schema.scene.c.id))
        return [SceneRecord(row.id, row.name, from_json(row.data), row.frame) for row in rows]

    # Skills and their evidence

    def put_skill(self, skill: SkillRecord) -> None:
        """Add a skill, or replace the one of the same id."""
        with self.step():
            self._flush()  # statistics gathered earlier in this step are older than this record
            self._write(self._put_skill, _skill_row(skill))
            self._set_frame_uses(f"skill:{skill.id}", skill.frames)

    def put_statistics(self, skill_id: str, statistics: JsonObject) -> None:
        """Replace a skill's statistics and nothing else: what a step does to a skill that was used."""
        with self.step():
            self._statistics[skill_id] = to_json(statistics)

    def get_skill(self, skill_id: str) -> SkillRecord | None:
        """The skill of that id, retired or not."""
        found = self.get_skills((skill_id,))
        return found[0] if found else None

    def get_skills(self, ids: Sequence[str]) -> list[SkillRecord]:
        """The skills of these ids that exist, in the order asked for."""
        found: dict[str, SkillRecord] = {}
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            for row in self._read(select(schema.skill).where(schema.skill.c.id.in_(chunk))):
                found[row.id] = _skill_record(row)
        return [found[skill_id] for skill_id in ids if skill_id in found]

    def skills(self, *, scene: str | None = None, retired: bool = False) -> list[SkillRecord]:
        """All skills (of one scene), by id; with `retired` those that are no longer used, too."""
        statement = select(schema.skill).order_by(schema.skill.c.id)
        if scene is not None:
            statement = statement.where(schema.skill.c.scene == scene)
        if not retired:
            statement = statement.where(schema.skill.c.retired.is_(None))
        return [_skill_record(row) for row in self._read(statement)]

    def count_skills(self, *, retired: bool = False) -> int:
        """How many skills there are."""
        statement = select(func.count()).select_from(schema.skill)
        if not retired:
            statement = statement.where(schema.skill.c.retired.is_(None))
        return int(self._read(statement)[0][0])

    def add_use(self, use: UseRecord) -> None:
        """Add one use of a skill to its evidence."""
        with self.step():
            self._uses.append(
                {
                    "skill": use.skill,
                    "run": use.run,
                    "step": use.step,
                    "reward": float(use.reward),
                    "responsive": bool(use.responsive),
                    "deltas": to_json(use.deltas),
                }
            )

    def uses(self, skill_id: str, *, limit: int = 1000) -> list[UseRecord]:
        """The latest `limit` uses of a skill, oldest first."""
        table = schema.use.c
        statement = select(schema.use).where(table.skill == skill_id).order_by(table.id.desc()).limit(limit)
        return [
            UseRecord(row.skill, row.run, row.step, row.reward, bool(row.responsive), from_json(row.deltas))
            for row in reversed(self._read(statement))
        ]

    # Knowledge: what has been learnt beside skills, as documents

    def put_knowledge(self, section: str, key: str, document: object) -> None:
        """Replace one document; its version counts up. Keep documents small: each is written whole."""
        with self.step():
            self._knowledge[section, key] = to_json(document)

    def get_knowledge(self, section: str) -> dict[str, Any]:
        """All documents of a section, by key."""
        table = schema.knowledge.c
        statement = select(table.key, table.document).where(table.section == section).order_by(table.key)
        return {row.key: from_json(row.document) for row in self._read(statement)}

    def delete_knowledge(self, section: str, keys: Iterable[str]) -> None:
        """Remove documents of a section; those that do not exist are no error."""
        table = schema.knowledge.c
        with self.step():
            self._flush()
            for key in keys:
                self._write(delete(schema.knowledge).where(table.section == section, table.key == key))

    def knowledge_sections(self) -> list[str]:
        """The names of the sections that hold documents."""
        statement = select(schema.knowledge.c.section).distinct().order_by(schema.knowledge.c.section)
        return [row.section for row in self._read(statement)]

    # Runs and their events

    def start_run(
        self, game: str, policy: str, *, seed: int | None = None, run_id: str | None = None
    ) -> RunRecord:
        """Begin a run; without `run_id` it is named by the time and a few random letters."""
        now = time.time()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
        run = RunRecord(
            run_id or f"{stamp}-{uuid.uuid4().hex[:6]}", game, policy, seed, 0, "running", {}, now, now
        )
        with self.step():
            self._write(self._put_run, _run_row(run))
        return run

    def save_run_state(
        self, run_id: str, state: JsonObject, *, steps: int | None = None, status: str | None = None
    ) -> None:
        """Keep what resuming the run needs; `steps` done and `status` change when they are given."""
        values: JsonObject = {"state": to_json(state), "updated": time.time()}
        if steps is not None:
            values["steps"] = steps
        if status is not None:
            values["status"] = status
        with self.step():
            self._run_states[run_id] = {**self._run_states.get(run_id, {}), **values}

    def runs(self, *, game: str | None = None, status: str | None = None) -> list[RunRecord]:
        """The runs (of a game, in a status), oldest first."""
        table = schema.run.c
        statement = select(schema.run).order_by(table.started, table.id)
        if game is not None:
            statement = statement.where(table.game == game)
        if status is not None:
            statement = statement.where(table.status == status)
        return [_run_record(row) for row in self._read(statement)]

    def get_run(self, run_id: str) -> RunRecord | None:
        """The run of that id."""
        rows = self._read(select(schema.run).where(schema.run.c.id == run_id))
        return _run_record(rows[0]) if rows else None

    def latest_run(self, *, game: str | None = None, status: str | None = None) -> RunRecord | None:
        """The run that was started last (of a game, in a status)."""
        runs = self.runs(game=game, status=status)
        return runs[-1] if runs else None

    def append_event(self, run_id: str, kind: str, data: JsonObject, *, t: float | None = None) -> int:
        """Append to the run's log and return the event's number; `t` is in seconds since 1970, now if None.

        Events are never changed. The run must have been started in this library.
        """
        with self.step():
            seq = self._next_seq.get(run_id)
            if seq is None:
                rows = self._read(select(func.max(schema.event.c.seq)).where(schema.event.c.run == run_id))
                seq = -1 if rows[0][0] is None else int(rows[0][0])
                seq += 1
            self._next_seq[run_id] = seq + 1
            now = time.time() if t is None else t
            self._events.append({"run": run_id, "seq": seq, "t": now, "kind": kind, "data": to_json(data)})
        return seq

    def events(self, run_id: str, *, after: int = -1, limit: int = 1000) -> list[Event]:
        """At most `limit` events of a run whose number is greater than `after`, in order."""
        table = schema.event.c
        statement = (
            select(schema.event)
            .where(table.run == run_id, table.seq > after)
            .order_by(table.seq)
            .limit(limit)
        )
        rows = self._read(statement)
        return [Event(run, seq, t, kind, from_json(data)) for run, seq, t, kind, data in rows]

    # Pictures

    def put_frame(self, image: bytes) -> str:
        """Keep an encoded picture and return its SHA-256; `frames.py` encodes and decodes.

        Beyond the size limit the oldest ones that no skill and no scene needs are dropped.
        """
        sha = hashlib.sha256(image).hexdigest()
        with self.step():
            done = self._write(self._put_frame, {"sha": sha, "size": len(image), "image": image})
            if done.rowcount:
                self._frame_bytes = (
                    self._size_of_frames() if self._frame_bytes is None else self._frame_bytes + len(image)
                )
                if self._frame_bytes > self._frame_limit:
                    self._drop_frames()
        return sha

    def get_frame(self, sha: str) -> bytes | None:
        """The encoded picture of that hash; None when it was dropped or never kept."""
        rows = self._read(select(schema.frame.c.image).where(schema.frame.c.sha == sha))
        return bytes(rows[0].image) if rows else None

    def _size_of_frames(self) -> int:
        return int(self._read(select(func.coalesce(func.sum(schema.frame.c.size), 0)))[0][0])

    def _drop_frames(self) -> None:
        """Drop down to nine tenths of the limit, so that not every new picture costs a search."""
        table = schema.frame.c
        needed = select(schema.frame_use.c.sha)
        candidates = select(table.id, table.size).where(table.sha.not_in(needed)).order_by(table.id)
        total = self._size_of_frames()
        # The newest is the one being kept now.
        for row in self._read(candidates)[:-1]:
            if total <= self._frame_limit * 0.9:
                break
            self._write(delete(schema.frame).where(table.id == row.id))
            total -= row.size
        self._frame_bytes = total

    def _set_frame_uses(self, owner: str, frames: Iterable[str]) -> None:
        self._write(delete(schema.frame_use).where(schema.frame_use.c.owner == owner))
        rows = [{"owner": owner, "sha": sha} for sha in dict.fromkeys(frames)]
        if rows:
            self._write(self._put_frame_use, rows)

    # Vectors: what the index is built from

    def put_vectors(self, space: str, vectors: Mapping[str, Vector]) -> None:
        """Set the vectors of these owners in a space ("skill-text", "scene-look"), replacing older ones."""
        if not vectors:
            return
        with self.step():
            self.delete_vectors(space, list(vectors))
            self._vectors_changed = True
            rows = [
                {"space": space, "owner": owner, "data": np.asarray(vector, np.float32).tobytes()}
                for owner, vector in vectors.items()
            ]
            self._write(insert(schema.vector), rows)

    def delete_vectors(self, space: str, owners: Sequence[str]) -> None:
        """Remove the vectors of these owners from a space."""
        table = schema.vector.c
        gone = 0
        with self.step():
            for start in range(0, len(owners), _CHUNK):
                chunk = owners[start : start + _CHUNK]
                gone += self._write(
                    delete(schema.vector).where(table.space == space, table.owner.in_(chunk))
                ).rowcount
            if gone:
                self._vectors_changed = True
                self.set_meta(f"removed:{space}", str(self.vectors_removed(space) + gone))

    def vectors_removed(self, space: str) -> int:
        """How many vectors of the space were ever removed or replaced; tells an index that it is behind."""
        return int(self.meta(f"removed:{space}") or 0)

    def count_vectors(self, space: str) -> int:
        """How many vectors the space holds."""
        statement = select(func.count()).select_from(schema.vector).where(schema.vector.c.space == space)
        return int(self._read(statement)[0][0])

    def vector_labels(self, space: str) -> NDArray[np.int64]:
        """The labels of all vectors of a space, ascending; int64."""
        table = schema.vector.c
        rows = self._read(select(table.label).where(table.space == space).order_by(table.label))
        return np.fromiter((row.label for row in rows), np.int64, len(rows))

    def vectors(
        self, space: str, *, after: int = -1, chunk: int = 10_000
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """The vectors of a space with a label above `after`: labels (n,) and rows (n, dimensions)."""
        table = schema.vector.c
        while True:
            rows = self._read(
                select(table.label, table.data)
                .where(table.space == space, table.label > after)
                .order_by(table.label)
                .limit(chunk)
            )
            if not rows:
                return
            after = rows[-1].label
            data = np.frombuffer(b"".join(row.data for row in rows), np.float32)
            yield np.array([row.label for row in rows], np.int64), data.reshape(len(rows), -1)

    def vectors_of(self, labels: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The vectors of these labels, as `vectors` gives them."""
        table = schema.vector.c
        found: list[_Row] = []
        for start in range(0, len(labels), _CHUNK):
            chunk = labels[start : start + _CHUNK]
            found += self._read(select(table.label, table.data).where(table.label.in_(chunk)))
        data = np.frombuffer(b"".join(row.data for row in found), np.float32)
        return np.array([row.label for row in found], np.int64), data.reshape(len(found), -1)

    def owners(self, labels: Sequence[int]) -> dict[int, str]:
        """Whose vectors these labels are; labels that are gone are left out."""
        table = schema.vector.c
        rows = self._read(select(table.label, table.owner).where(table.label.in_(list(labels))))
        return {row.label: row.owner for row in rows}


def _skill_row(skill: SkillRecord) -> JsonObject:
    return {
        "id": skill.id,
        "name": skill.name,
        "description": skill.description,
        "scene": skill.scene,
        "steps": to_json(skill.steps),
        "precondition": to_json(skill.precondition),
        "effect": to_json(skill.effect),
        "statistics": to_json(skill.statistics),
        "provenance": skill.provenance,
        "parents": to_json(list(skill.parents)),
        "version": skill.version,
        "retired": skill.retired,
        "frames": to_json(list(skill.frames)),
    }


def _skill_record(row: _Row) -> SkillRecord:
    return SkillRecord(
        id=row.id,
        name=row.name,
        description=row.description,
        scene=row.scene,
        steps=from_json(row.steps),
        precondition=from_json(row.precondition),
        effect=from_json(row.effect),
        statistics=from_json(row.statistics),
        provenance=row.provenance,
        parents=tuple(from_json(row.parents)),
        version=row.version,
        retired=row.retired,
        frames=tuple(from_json(row.frames)),
    )


def _run_row(run: RunRecord) -> JsonObject:
    return {
        "id": run.id,
        "game": run.game,
        "policy": run.policy,
        "seed": run.seed,
        "steps": run.steps,
        "status": run.status,
        "state": to_json(run.state),
        "started": run.started,
        "updated": run.updated,
    }


def _run_record(row: _Row) -> RunRecord:
    return RunRecord(
        row.id,
        row.game,
        row.policy,
        row.seed,
        row.steps,
        row.status,
        from_json(row.state),
        row.started,
        row.updated,
    )

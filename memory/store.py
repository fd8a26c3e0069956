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
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from groundup.memory import schema
from groundup.memory.controls import ControlTable
from groundup.memory.database import Database, open_database
from groundup.memory.lookups import Lookups
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
from groundup.memory.rows import run_record, run_row, skill_record, skill_row, use_record, use_row
from groundup.memory.transaction import Transaction, chunks
from groundup.memory.vectors import VectorTable

FRAME_LIMIT = 256 << 20
"""Bytes of pictures a library keeps by default: some 2,300 screenshots of 114 KB (research.md section 5)."""


# Made once: building a statement costs as much as running it.
_SKILLS_BY_ID = select(schema.skill).where(schema.skill.c.id.in_(bindparam("ids", expanding=True)))

_SKILLS_BY_LABEL = (
    select(schema.vector.c.label, schema.skill)
    .join(schema.skill, schema.skill.c.id == schema.vector.c.owner)
    .where(schema.vector.c.label.in_(bindparam("labels", expanding=True)))
)


class Store:
    """What a library holds, read and written; see `Store.open`."""

    def __init__(self, database: Database, *, readonly: bool, frame_limit: int) -> None:
        self._db = database
        self._frame_limit = frame_limit
        self._transaction = Transaction(
            database, readonly=readonly, flush=self._flush, finish=self._drop_frames, forget=self._forget
        )
        self.vectors = VectorTable(self._transaction, self.meta, self.set_meta, shared=database.path is None)
        self.controls = ControlTable(self._transaction, self.step)
        self.lookups = Lookups(self._transaction)
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
        return self._transaction.readonly

    def close(self) -> None:
        """Close the library; a step that is still open is lost. May be called twice."""
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def step(self) -> AbstractContextManager[None]:
        """Group all writes inside into one transaction; an exception leaves the library as it was.

        Steps may be nested: the outermost is the transaction. A write outside a step is one by itself.
        """
        return self._transaction.step()

    def _forget(self) -> None:
        self._next_seq.clear()
        self._frame_bytes = None
        for pending in (self._events, self._uses, self._statistics, self._knowledge, self._run_states):
            pending.clear()

    def _flush(self) -> None:
        """Write what the step has gathered, each table at once."""
        if self._events:
            self._transaction.write(insert(schema.event), self._events)
            self._events.clear()
        if self._uses:
            self._transaction.write(insert(schema.use), self._uses)
            self._uses.clear()
        for skill_id, statistics in self._statistics.items():
            self._transaction.write(
                update(schema.skill).where(schema.skill.c.id == skill_id).values(statistics=statistics)
            )
        self._statistics.clear()
        if self._knowledge:
            rows = [
                {"section": section, "key": key, "document": document, "version": 1}
                for (section, key), document in self._knowledge.items()
            ]
            self._transaction.write(self._put_knowledge, rows)
            self._knowledge.clear()
        for run_id, values in self._run_states.items():
            self._transaction.write(update(schema.run).where(schema.run.c.id == run_id).values(**values))
        self._run_states.clear()

    # Facts about the library itself

    def meta(self, key: str) -> str | None:
        """A fact about the library, such as "library" (its identity), "frame_size" or "game"."""
        rows = self._transaction.read(select(schema.meta.c.value).where(schema.meta.c.key == key))
        return str(rows[0].value) if rows else None

    def set_meta(self, key: str, value: str) -> None:
        """Note a fact about the library."""
        with self.step():
            self._transaction.write(self._put_meta, {"key": key, "value": value})

    # Scenes

    def put_scene(self, scene: SceneRecord) -> None:
        """Add a scene, or replace the one of the same id."""
        with self.step():
            row = {"id": scene.id, "name": scene.name, "data": to_json(scene.data), "frame": scene.frame}
            self._transaction.write(self._put_scene, row)
            self._set_frame_uses({f"scene:{scene.id}": (scene.frame,) if scene.frame else ()})

    def scenes(self) -> list[SceneRecord]:
        """All scenes, by id."""
        rows = self._transaction.read(select(schema.scene).order_by(schema.scene.c.id))
        return [SceneRecord(row.id, row.name, from_json(row.data), row.frame) for row in rows]

    # Skills and their evidence

    def put_skill(self, skill: SkillRecord) -> None:
        """Add a skill, or replace the one of the same id."""
        self.put_skills((skill,))

    def put_skills(self, skills: Sequence[SkillRecord]) -> None:
        """Add skills, or replace those of the same ids, in one go."""
        if not skills:
            return
        with self.step():
            self._flush()  # statistics gathered earlier in this step are older than these records
            self._transaction.write(self._put_skill, [skill_row(skill) for skill in skills])
            needs = {f"skill:{one.id}": one.frames if one.retired is None else () for one in skills}
            self._set_frame_uses(needs)

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
        for chunk in chunks(ids):
            for row in self._transaction.read(_SKILLS_BY_ID, {"ids": chunk}):
                found[row.id] = skill_record(row)
        return [found[skill_id] for skill_id in ids if skill_id in found]

    def skills_of_vectors(self, labels: Sequence[int]) -> dict[int, SkillRecord]:
        """The skills that own the vectors of these labels, as an index gives them, by label."""
        found = {}
        for chunk in chunks(labels):
            for row in self._transaction.read(_SKILLS_BY_LABEL, {"labels": chunk}):
                found[row.label] = skill_record(row)
        return found

    def skills(self, *, scene: str | None = None, retired: bool = False) -> list[SkillRecord]:
        """All skills (of one scene), by id; with `retired` those that are no longer used, too."""
        statement = select(schema.skill).order_by(schema.skill.c.id)
        if scene is not None:
            statement = statement.where(schema.skill.c.scene == scene)
        if not retired:
            statement = statement.where(schema.skill.c.retired.is_(None))
        return [skill_record(row) for row in self._transaction.read(statement)]

    def count_skills(self, *, retired: bool = False) -> int:
        """How many skills there are."""
        statement = select(func.count()).select_from(schema.skill)
        if not retired:
            statement = statement.where(schema.skill.c.retired.is_(None))
        return int(self._transaction.read(statement)[0][0])

    def add_use(self, use: UseRecord) -> None:
        """Add one use of a skill to its evidence."""
        with self.step():
            self._uses.append(use_row(use))

    def uses(self, skill_id: str, *, limit: int = 1000) -> list[UseRecord]:
        """The latest `limit` uses of a skill, oldest first."""
        table = schema.use.c
        statement = select(schema.use).where(table.skill == skill_id).order_by(table.id.desc()).limit(limit)
        return [use_record(row) for row in reversed(self._transaction.read(statement))]

    # Knowledge: what has been learnt beside skills, as documents

    def put_knowledge(self, section: str, key: str, document: object) -> None:
        """Replace one document; its version counts up. Keep documents small: each is written whole."""
        with self.step():
            self._knowledge[section, key] = to_json(document)

    def get_knowledge(self, section: str) -> dict[str, Any]:
        """All documents of a section, by key."""
        table = schema.knowledge.c
        statement = select(table.key, table.document).where(table.section == section).order_by(table.key)
        return {row.key: from_json(row.document) for row in self._transaction.read(statement)}

    def delete_knowledge(self, section: str, keys: Iterable[str]) -> None:
        """Remove documents of a section; those that do not exist are no error."""
        table = schema.knowledge.c
        with self.step():
            self._flush()
            for chunk in chunks(list(keys)):
                gone = delete(schema.knowledge).where(table.section == section, table.key.in_(chunk))
                self._transaction.write(gone)

    def knowledge_sections(self) -> list[str]:
        """The names of the sections that hold documents."""
        statement = select(schema.knowledge.c.section).distinct().order_by(schema.knowledge.c.section)
        return [row.section for row in self._transaction.read(statement)]

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
            self._transaction.write(self._put_run, run_row(run))
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
        return [run_record(row) for row in self._transaction.read(statement)]

    def get_run(self, run_id: str) -> RunRecord | None:
        """The run of that id."""
        rows = self._transaction.read(select(schema.run).where(schema.run.c.id == run_id))
        return run_record(rows[0]) if rows else None

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
                rows = self._transaction.read(
                    select(func.max(schema.event.c.seq)).where(schema.event.c.run == run_id)
                )
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
        rows = self._transaction.read(statement)
        return [Event(run, seq, t, kind, from_json(data)) for run, seq, t, kind, data in rows]

    # Pictures

    def put_frame(self, image: bytes) -> str:
        """Keep an encoded picture and return its SHA-256; `frames.py` encodes and decodes.

        Beyond the size limit the step's end drops the oldest that no skill in use and no scene needs.
        """
        sha = hashlib.sha256(image).hexdigest()
        with self.step():
            done = self._transaction.write(self._put_frame, {"sha": sha, "size": len(image), "image": image})
            if done.rowcount:
                self._frame_bytes = (
                    self._size_of_frames() if self._frame_bytes is None else self._frame_bytes + len(image)
                )
        return sha

    def get_frame(self, sha: str) -> bytes | None:
        """The encoded picture of that hash; None when it was dropped or never kept."""
        rows = self._transaction.read(select(schema.frame.c.image).where(schema.frame.c.sha == sha))
        return bytes(rows[0].image) if rows else None

    def _size_of_frames(self) -> int:
        return int(self._transaction.read(select(func.coalesce(func.sum(schema.frame.c.size), 0)))[0][0])

    def _drop_frames(self) -> None:
        """Drop down to nine tenths of the limit, so that not every new picture costs a search.

        At the end of a step, when it is known what the step's own pictures are needed for.
        """
        if self._frame_bytes is None or self._frame_bytes <= self._frame_limit:
            return
        table = schema.frame.c
        needed = select(schema.frame_use.c.sha)
        candidates = select(table.id, table.size).where(table.sha.not_in(needed)).order_by(table.id)
        total = self._size_of_frames()
        # The newest may be of this step, kept for itself.
        for row in self._transaction.read(candidates)[:-1]:
            if total <= self._frame_limit * 0.9:
                break
            self._transaction.write(delete(schema.frame).where(table.id == row.id))
            total -= row.size
        self._frame_bytes = total

    def _set_frame_uses(self, frames: Mapping[str, Iterable[str]]) -> None:
        """Note which pictures these owners need, instead of those they needed before."""
        table = schema.frame_use
        for chunk in chunks(list(frames)):
            self._transaction.write(delete(table).where(table.c.owner.in_(chunk)))
        rows = [{"owner": owner, "sha": sha} for owner in frames for sha in dict.fromkeys(frames[owner])]
        if rows:
            self._transaction.write(self._put_frame_use, rows)

"""Reads a library for the dashboard: one thread, read-only, in small pages.

The only writes are what `edit` and `ask` are for. Everything here may raise `LibraryUnusable`. What the store
needs is imported with it: it takes longer than the first picture, which `Glance` has then shown already.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundup.memory.errors import LibraryUnusable, UsageError
from groundup.memory.lock import writes
from groundup.memory.records import (
    Control,
    Event,
    JsonObject,
    RunRecord,
    SkillRecord,
    UseRecord,
    What,
)
from groundup.tui import opening
from groundup.tui.growth import KINDS as GROWTH_KINDS
from groundup.tui.growth import Growth
from groundup.tui.sound import sound, sound_skill
from groundup.tui.state import News, RunState

if TYPE_CHECKING:
    from groundup.memory.lookups import SkillLine
    from groundup.memory.store import Store

CHUNK = 2000
"""Events counted at a time: some 20 ms, so that what is asked meanwhile waits no longer than that."""

SEARCHED = 20_000
"""Events searched for a text at a time."""

SLOW_SECONDS = 1.0
"""Time between two counts over the whole library, at least."""

FRESH_SECONDS = 30.0
"""A run on a server that wrote within this time is taken as live: its process cannot be asked for."""


class Source:
    """One library, read; belongs to one thread, which opens it with its first question.

    `name` is its path, or its URL without a password; `frames` are pictures that are known already, by hash.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self.name = location
        self.frames: dict[str, bytes] = {}
        self._store: Store | None = None
        self._due = 0.0
        self._runs: list[RunRecord] = []
        self._skills = 0

    @property
    def store(self) -> Store:
        """The library, opened for reading; a missing one is a sentence that also says how to begin."""
        if self._store is None:
            from groundup.memory.store import Store

            try:
                self._store = Store.open(self.location, create=False, readonly=True)
            except LibraryUnusable as error:
                if "There is no library" in str(error):
                    raise LibraryUnusable(
                        f"There is no library at {self.location}: check the path, or make one by "
                        "`groundup play spire`."
                    ) from error
                raise
            self.name = self._store.name
        return self._store

    def close(self) -> None:
        """Let go of the library."""
        if self._store is not None:
            self._store.close()

    # Runs and their logs

    def run(self, beginning: str | None) -> RunRecord | None:
        """The run whose id begins so, else the latest; None in a library without runs."""
        return opening.named(self, beginning)

    def open_run(self, run: RunRecord | None) -> RunState:
        """The state of a run from the end of its log."""
        return opening.opened(self, run)

    def runs(self) -> list[RunRecord]:
        """The runs, oldest first."""
        return self.store.runs()

    def count_skills(self) -> int:
        """How many skills are in use."""
        return self.store.count_skills()

    def last_event(self, run: str) -> int:
        """The number of a run's last event; -1 when it has none."""
        return self.store.lookups.last_event(run)

    def events_from(
        self,
        run: str,
        first: int,
        before: int,
        *,
        limit: int = 200,
        kinds: Sequence[str] = (),
        text: str = "",
    ) -> list[Event]:
        """At most `limit` events from `first` to `before` (exclusive), the earliest ones, in order."""
        return self.store.lookups.events_from(run, first, before, limit=limit, kinds=kinds, text=text)

    def events_before(
        self, run: str, before: int, *, limit: int = 200, since: int = 0, kinds: Sequence[str] = ()
    ) -> list[Event]:
        """At most `limit` events from `since` to `before` (exclusive), the latest ones, in order."""
        return self.store.lookups.events_before(run, before, limit=limit, since=since, kinds=kinds)

    def latest_controls(self, run: str) -> list[Control]:
        """The last controls of a run, taken up or not, in order."""
        return self.store.controls.latest(run)

    def is_written(self, run: RunRecord, runs: Sequence[RunRecord]) -> bool:
        """Whether some process writes this one of the library's runs now."""
        path = self.store.path
        return writes(path, run, runs) if path is not None else time.time() - run.updated < FRESH_SECONDS

    def kinds(self, run: str) -> list[str]:
        """The kinds of event in a run's log."""
        return self.store.lookups.kinds(run)

    def news(self, state: RunState) -> News:
        """What came since `state` was last brought up to date; changes nothing in it."""
        store = self.store
        self._count()
        if state.run is None:
            return News(runs=self._runs, skills=self._skills)
        run = store.get_run(state.run.id) or state.run
        return News(
            runs=self._runs,
            skills=self._skills,
            run=run,
            events=store.events(run.id, after=state.next_seq - 1, limit=CHUNK),
            controls=self.latest_controls(run.id),
            written=self.is_written(run, self._runs),
        )

    def _count(self) -> None:
        """Count over the whole library: the longer that takes, the less often."""
        began = time.monotonic()
        if began < self._due:
            return
        self._runs = self.store.runs()
        self._skills = self.store.count_skills()
        now = time.monotonic()
        self._due = now + max(SLOW_SECONDS, 20 * (now - began))

    def next_events(self, run: str, first: int) -> tuple[list[Event], int, bool]:
        """The events that growth is made of from number `first` on, the number after them, if more come."""
        last = self.store.lookups.last_event(run)
        before = min(first + CHUNK, last + 1)
        if first >= before:
            return [], first, False
        events = self.store.lookups.events_from(run, first, before, limit=CHUNK, kinds=GROWTH_KINDS)
        return events, before, before <= last

    def growth(self, run: str, growth: Growth | None = None) -> Growth:
        """The growth of a run's whole log, at once; goes on with the one given."""
        growth, more = growth or Growth(), True
        while more:
            events, growth.next_seq, more = self.next_events(run, growth.next_seq)
            growth.take(events)
        return growth

    def log(self, run: str, before: int, kinds: Sequence[str], text: str, limit: int = 200) -> list[Event]:
        """The last events before a number that fit; a text is searched for in a bounded stretch."""
        since = max(0, before - SEARCHED) if text else 0
        return self.store.lookups.events_before(run, before, limit=limit, since=since, kinds=kinds, text=text)

    # Pictures

    def picture(self, sha: str | None) -> bytes | None:
        """The encoded picture of that hash; None when it was dropped or never kept."""
        if sha and sha in self.frames:
            return self.frames[sha]
        return None if not sha else self.store.get_frame(sha)

    def scene_picture(self, run: str, scene: str) -> bytes | None:
        """The latest picture of a scene in a run."""
        lookups = self.store.lookups
        last = lookups.last_event(run) + 1
        wanted = f'"scene":"{scene}"'
        found = lookups.events_before(
            run, last, limit=1, since=max(0, last - SEARCHED), kinds=("look",), text=wanted
        )
        return self.picture(sound(found[0]).data.get("frame")) if found else None

    # Skills

    def skills(self, text: str, *, retired: bool) -> tuple[list[SkillLine], set[str]]:
        """The skills that hold `text`, at most 5,000, and the ids of those that are pinned."""
        from groundup.memory.edits import pinned

        lines = self.store.lookups.skill_lines(text=text, retired=retired)
        return [sound_skill(line) for line in lines], pinned(self.store)

    def skill(self, skill_id: str) -> SkillRecord | None:
        """One skill with its steps."""
        record = self.store.get_skill(skill_id)
        return None if record is None else sound_skill(record)

    def evidence(self, skill_id: str) -> list[UseRecord]:
        """The last uses of a skill, oldest first."""
        return self.store.uses(skill_id, limit=500)

    def lineage(self, skill: SkillRecord) -> tuple[list[SkillRecord], list[SkillLine]]:
        """A skill's parents and children that are still known."""
        return self.store.get_skills(skill.parents), self.store.lookups.children(skill.id)

    def before_after(self, skill_id: str) -> tuple[bytes | None, bytes | None, JsonObject]:
        """Pictures before and after a use of a skill, the earliest kept, and the look they belong to."""
        for use in self.store.lookups.first_uses(skill_id, limit=6):
            look = self.store.lookups.look(use.run, use.step)
            if look is None:
                continue
            look = sound(look)
            before, after = self.picture(look.data.get("frame")), self.picture(look.data.get("after"))
            if before is not None:
                return before, after, look.data
        return None, None, {}

    def similar(self, skill_id: str) -> list[tuple[str, float]]:
        """Ids of other skills, the most alike first: by the vectors of their names, else by their words."""
        import numpy as np

        from groundup.memory.edits import TEXT_SPACE

        table = self.store.vectors
        if skill_id in table.has(TEXT_SPACE, [skill_id]):
            labels, vectors = table.of([int(label) for label in table.labels(TEXT_SPACE)])
            owners = table.owners([int(label) for label in labels])
            names = [owners.get(int(label), "") for label in labels]
            mine = vectors[names.index(skill_id)]
            norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(mine)
            scores = vectors @ mine / np.maximum(norms, 1e-9)
            ranked = sorted(zip(names, scores.tolist(), strict=True), key=lambda pair: -pair[1])
            return [(name, score) for name, score in ranked if name != skill_id]
        lines = self.store.lookups.skill_lines(retired=True)
        words = {
            line.id: set(f"{line.name} {line.description} {line.scene}".lower().split()) for line in lines
        }
        own = words.get(skill_id, set())
        pairs = [
            (other, len(own & theirs) / max(1, len(own | theirs)))
            for other, theirs in words.items()
            if other != skill_id
        ]
        return sorted(pairs, key=lambda pair: -pair[1])

    # What is asked, and what is changed

    def ask(self, run: str, what: What, value: JsonObject | None = None) -> None:
        """Ask something of a live run."""
        from groundup.memory.controls import ask

        ask(self.location, run, what, value)

    def edit(self, state: RunState, edit: JsonObject) -> JsonObject | None:
        """Change a skill: by the run that writes the library, else here; returns what undoes it."""
        from groundup.memory.edits import apply_edit, pinned
        from groundup.memory.store import Store

        record = self.store.get_skill(str(edit.get("skill", "")))
        if record is None:
            raise UsageError("This skill is no longer in the library.")
        if state.live and state.run is not None:
            self.ask(state.run.id, "skill", {"edit": edit})
            return _undo(edit, record, record.id in pinned(self.store))
        try:
            with Store.open(self.location, create=False, wait=0.3) as store:
                return apply_edit(store, edit)
        except ValueError as error:
            raise UsageError(str(error)) from error

    def export(self, skill_ids: Sequence[str], path: Path) -> int:
        """Write skills with their pictures to a bundle; returns how many."""
        from groundup.memory.bundles import Bundle, BundledSkill, write_bundle

        records = self.store.get_skills(skill_ids)
        size = self.store.meta("frame_size")
        bundle = Bundle(
            game=self.store.meta("game"),
            frame_size=None if size is None else [int(side) for side in size.split("x")],
            skills=[_bundled(BundledSkill, record) for record in records],
        )
        shas = dict.fromkeys(sha for record in records for sha in record.frames)
        pictures = ((sha, self.store.get_frame(sha)) for sha in shas)
        write_bundle(path, bundle, ((sha, image) for sha, image in pictures if image is not None))
        return len(records)


def _bundled(kind: Any, record: SkillRecord) -> Any:
    names = kind.model_fields
    values = {name: getattr(record, name) for name in names}
    return kind(**{**values, "parents": list(record.parents), "frames": list(record.frames)})


def _undo(edit: JsonObject, record: SkillRecord, was_pinned: bool) -> JsonObject:
    now = {"name": record.name, "pinned": was_pinned, "retired": record.retired}
    return {"skill": record.id, **{name: now[name] for name in edit if name in now}}


def open_source(location: str) -> Source:
    """A library that is open; raises `LibraryUnusable` with a sentence."""
    source = Source(location)
    assert source.store is not None
    return source

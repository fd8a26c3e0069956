"""Keeps what learner and perceiver know in the library, so that a kill at any instruction loses one step.

A snapshot holds everything; each step after it is kept as a lesson. Loading reads the snapshot and
learns the lessons again, in order. What the perceiver has named since the snapshot is kept with the
step that named it, since lessons use those names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from groundup.memory.store import Store
from groundup.perception.observation import Observation, Thing, observation_from_json
from groundup.perception.perceiver import Perceiver
from groundup.perception.types import Box
from groundup.skills.learner import Decision, Learner, Lesson

SNAPSHOT = 40
"""Steps between snapshots: a snapshot costs some 20 ms, a lesson under 2."""


class Knowledge:
    """Loads and keeps the knowledge of one learner and one perceiver."""

    def __init__(self, store: Store, run: str, learner: Learner | None, perceiver: Perceiver) -> None:
        """`learner`: None for a policy that learns nothing; its steps are logged all the same."""
        self._store = store
        self._run = run
        self._learner = learner
        self._perceiver = perceiver
        self._since = 0
        self._kept: dict[str, int] = {}

    @contextmanager
    def step(
        self,
        before: Observation,
        move: Decision,
        responses: tuple[bool, ...],
        after: Observation,
        lesson: Lesson,
        done: int,
        more: dict[str, Any] | None = None,
    ) -> Iterator[None]:
        """Everything that one step keeps, in one transaction; the body adds its own, `more` goes into the
        step's event."""
        with self._store.step():
            yield
            self._store.append_event(self._run, "step", _event(move, lesson, after, done) | (more or {}))
            self._store.save_run_state(self._run, {}, steps=done)
            if self._learner is None:
                return
            self._since += 1
            # At the end of a run what its choices led to is settled, for moves before the last snapshot too;
            # and where another game was begun, the step learnt again would pass for one that led there.
            if self._since >= SNAPSHOT or lesson.ended:
                self.snapshot()
                return
            self._keep_perception()
            row = {
                "before": before.to_json(),
                "move": _move_to_json(move),
                "responses": list(responses),
                "after": after.to_json(),
            }
            self._store.put_knowledge("lessons", f"{self._since:06d}", row)

    def snapshot(self) -> None:
        """Keep everything now."""
        if self._learner is None:
            return
        with self._store.step():
            for part, document in self._learner.to_dict().items():
                self._store.put_knowledge("learner", part, document)
            self._kept.pop("visits", None)
            self._keep_perception()
            self._store.delete_knowledge("lessons", [f"{i:06d}" for i in range(1, SNAPSHOT + 1)])
        self._since = 0

    def _keep_perception(self) -> None:
        marks = self._perceiver.marks()
        for name, mark in marks.items():
            if self._kept.get(name) != mark:
                self._store.put_knowledge("perception", name, self._perceiver.document(name))
        self._kept = marks


def load(store: Store, learner: Learner, perceiver: Perceiver) -> None:
    """Bring learner and perceiver to where the library left off."""
    perceiver.load(store.get_knowledge("perception"))
    parts = store.get_knowledge("learner")
    if parts:
        learner.load(parts)
    # A frozen learner, too, is to know what was learnt before.
    frozen, learner.learning = not learner.learning, True
    for _, row in sorted(store.get_knowledge("lessons").items()):
        before, after = observation_from_json(row["before"]), observation_from_json(row["after"])
        perceiver.places.visit(after.scene, list(after.quantities))
        learner.learn(before, _move_from_json(row["move"]), tuple(bool(r) for r in row["responses"]), after)
    learner.learning = not frozen
    learner.counters.looked_away()


def _event(move: Decision, lesson: Lesson, after: Observation, done: int) -> dict[str, Any]:
    return {
        "step": done,
        "move": move.kind,
        "on": move.first.kind,
        "then": move.second.kind if move.second is not None else None,
        "why": move.why,
        "skill": lesson.skill,
        "reward": round(lesson.reward, 4),
        "responsive": list(lesson.responsive),
        "change": {k: round(v, 3) for k, v in lesson.change.items()},
        "ended": lesson.ended,
        "scene": after.scene,
        "own": after.own,
    }


def _move_to_json(move: Decision) -> dict[str, Any]:
    return {**asdict(move)}


def _move_from_json(row: dict[str, Any]) -> Decision:
    first, second = _thing(row["first"]), _thing(row["second"]) if row["second"] else None
    return Decision(row["kind"], first, second, row["drag"], row["why"])


def _thing(row: dict[str, Any]) -> Thing:
    return Thing(Box(*row["box"]), row["kind"], row["look"], row["text"])

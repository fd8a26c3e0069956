"""What a run's log says for those who watch, beyond what learning needs.

Every step says how it went and where its time went. What was on screen and what was weighed (a "look") is
kept at a bounded rate, and for the first uses of each skill: a picture costs some 2 ms.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import cv2
import numpy as np

from groundup.agent.candidates import candidates
from groundup.agent.policy import Policy, learner_of
from groundup.agent.report import place_name
from groundup.envs.types import Frame
from groundup.memory.frames import encode
from groundup.memory.store import Store
from groundup.perception.observation import Observation
from groundup.skills.learner import Decision, Lesson

EVERY_SECONDS = 0.5
"""Time between two looks."""

FIRST_USES = 2
"""Uses of each skill in a run that are kept with their pictures before and after."""

WIDEST = 640
"""Pixels of a kept picture's longer side: what a terminal or a page shows of it. Some 35 KB."""


class Journal:
    """Writes one run's log for those who watch."""

    def __init__(self, store: Store, run: str, policy: Policy) -> None:
        self._store = store
        self._run = run
        self._policy = policy
        self._looked = -EVERY_SECONDS
        self._uses: Counter[str] = Counter()
        self._found: list[dict[str, Any]] = []

    def facts(
        self, before: Observation, move: Decision, lesson: Lesson, after: Observation, ms: dict[str, float]
    ) -> dict[str, Any]:
        """What a step's event says beside what learning needs; `ms` by part of the step."""
        gain = self._policy.counters.gain(before.values, after.values) if lesson.skill is not None else 0.0
        parts = {"progress": gain, "survival": lesson.reward - gain}
        return {
            "from": before.scene,
            "drag": move.drag,
            "points": points(move),
            "parts": {name: round(value, 4) for name, value in parts.items() if abs(value) > 1e-6},
            "ms": {name: round(value, 1) for name, value in ms.items()},
            "own": after.own | self._counted(after),
        }

    def note(
        self, before: Observation, move: Decision, lesson: Lesson, after: Observation, step: int
    ) -> None:
        """Keep what was seen and weighed, when it is time, and the counters when new ones were found."""
        now = time.monotonic()
        key = f"{before.scene} {lesson.skill}"
        first = lesson.skill is not None and self._uses[key] < FIRST_USES
        self._uses[key] += first
        if (first or now - self._looked >= EVERY_SECONDS) and before.frame is not None:
            self._looked = now
            self._look(before, move, after if first else None, step)
        found = [
            {"place": c.place, "name": place_name(c.place), "role": c.role, "fit": round(c.fit, 3)}
            for c in self._policy.counters.found
        ]
        if [c["place"] for c in found] != [c["place"] for c in self._found]:
            self._found = found
            self._store.append_event(self._run, "counters", {"step": step, "found": found})

    def _look(self, before: Observation, move: Decision, after: Observation | None, step: int) -> None:
        assert before.frame is not None
        look: dict[str, Any] = {
            "step": step,
            "frame": self._keep(before.frame),
            "size": [before.frame.width, before.frame.height],
            "scene": before.scene,
            "chosen": move.first.kind,
            "points": points(move),
            "things": [list(thing.box) for thing in before.things if not thing.keys],
            "numbers": [[*q.box, q.value, place_name(q.place)] for q in before.quantities],
        }
        learner = learner_of(self._policy)
        if learner is not None:
            look["candidates"] = candidates(learner, before, move)
        if after is not None and after.frame is not None:
            look["after"] = self._keep(after.frame)
        self._store.append_event(self._run, "look", look)

    def _keep(self, frame: Frame) -> str:
        scale = min(1.0, WIDEST / max(frame.width, frame.height))
        pixels = frame.pixels
        if scale < 1.0:
            pixels = np.asarray(
                cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
            )
        return self._store.put_frame(encode(pixels))

    def _counted(self, obs: Observation) -> dict[str, float]:
        """What the counters stand at: one is found among all numbers, and may be missing too often for an own
        one."""
        counters = self._policy.counters
        places = {counter.place for counter in counters.found}
        return {place: value for place, value in counters.named(obs.values).items() if place in places}


def points(move: Decision) -> list[list[int]]:
    """Where a move acts in the frame; a key acts nowhere."""
    return [
        list(thing.box.center) for thing in (move.first, move.second) if thing is not None and not thing.keys
    ]

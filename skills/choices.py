"""Which choices led far: the discounted progress that followed each kind of choice in each scene.

n-step Monte Carlo returns over the recent trail, shrunk to the scene's mean; a choice that only leads
back to where it was taken is told by the exact state and loses worth.
Idea: graph rewards of the bottom-up agent's successor (SAG-Agent, arXiv 2510.15259), where set-up
actions earn their part of a delayed gain.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

DISCOUNT = 0.985
"""A move: half of a gain is credited 46 moves back, about two floors of the embedded game."""

SHRINK = 6.0
"""Pseudo-uses at the scene's mean: single returns vary by more than choices differ."""

TRAIL = 160
"""Moves that still earn of a gain; what lies further back gets less than a tenth."""


@dataclass(slots=True)
class _Choice:
    tries: float = 0.0
    uses: float = 0.0
    returned: float = 0.0
    loops: float = 0.0


@dataclass(slots=True)
class _Mark:
    scene: str
    kind: str
    state: str
    gained: float = 0.0
    credit: float = 1.0


class Choices:
    """Values of (scene, kind) choices."""

    def __init__(self) -> None:
        self._table: dict[str, dict[str, _Choice]] = {}
        self._trail: deque[_Mark] = deque()

    def tries(self, scene: str, kind: str) -> float:
        """How often the choice was made."""
        choice = self._table.get(scene, {}).get(kind)
        return choice.tries if choice else 0.0

    def visits(self, scene: str) -> float:
        """How many choices were made in the scene."""
        return sum(c.tries for c in self._table.get(scene, {}).values())

    def tried(self, scene: str, kind: str) -> None:
        """Count a choice that did nothing."""
        self._entry(scene, kind).tries += 1.0

    def used(self, scene: str, kind: str, before: str, after: str, gain: float, *, learning: bool) -> None:
        """A choice was made in the exact state `before`, led to `after` and gained `gain` progress at once."""
        if not learning:
            return
        self._entry(scene, kind).tries += 1.0
        self._trail.append(_Mark(scene, kind, before))
        for mark in self._trail:
            mark.gained += mark.credit * gain
            mark.credit *= DISCOUNT
        for mark in list(self._trail)[-3:]:
            if mark.state == after and gain <= 0.0:
                self._entry(mark.scene, mark.kind).loops += 1.0
        while len(self._trail) > TRAIL:
            self._settle(self._trail.popleft())

    def ended(self) -> None:
        """The run ended: nothing more will be gained."""
        while self._trail:
            self._settle(self._trail.popleft())

    def _settle(self, mark: _Mark) -> None:
        choice = self._entry(mark.scene, mark.kind)
        choice.uses += 1.0
        choice.returned += mark.gained

    def value(self, scene: str, kind: str) -> float:
        """Expected discounted progress, shrunk to the scene's mean, less the share of times that it led back."""
        table = self._table.get(scene, {})
        uses = sum(c.uses for c in table.values())
        mean = sum(c.returned for c in table.values()) / uses if uses else 0.0
        choice = table.get(kind)
        if choice is None:
            return mean
        loops = min(1.0, choice.loops / max(1.0, choice.tries))
        return (choice.returned + SHRINK * mean) / (choice.uses + SHRINK) - loops

    def _entry(self, scene: str, kind: str) -> _Choice:
        return self._table.setdefault(scene, {}).setdefault(kind, _Choice())

    def to_dict(self) -> dict[str, Any]:
        """A JSON-friendly copy."""
        return {
            scene: {k: [c.tries, c.uses, c.returned, c.loops] for k, c in table.items()}
            for scene, table in self._table.items()
        }

    def load(self, data: dict[str, Any]) -> None:
        """Replace everything by what `to_dict` gave."""
        self._table = {s: {k: _Choice(*row) for k, row in t.items()} for s, t in data.items()}
        self._trail.clear()

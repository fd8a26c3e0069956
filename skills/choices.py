"""Which choices led far: the discounted progress that followed each kind of choice in each scene.

n-step Monte Carlo returns over the recent trail, shrunk to the scene's mean. A choice that only leads
back to where it was taken, nothing gained, loses worth, in every scene a little. What survival a choice
cost until the next one in the same scene is kept beside it, by kind.
Idea: graph rewards of the bottom-up agent's successor (SAG-Agent, arXiv 2510.15259), where set-up
actions earn their part of a delayed gain.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

DISCOUNT = 0.985
"""A move: half of a gain is credited 46 moves back, about two floors of the embedded game."""

SHRINK = 8.0
"""Pseudo-uses at the scene's mean: single returns vary by more than choices differ."""

TRAIL = 160
"""Moves that still earn of a gain; what lies further back gets less than a tenth."""

TOLLS = 16
"""Survival changes remembered for each choice."""

DOUBT = 3.0
"""Pseudo-uses at the mean toll of the scene."""

BACK = 12
"""Moves without any gain that are searched for a way back."""


@dataclass(slots=True)
class _Choice:
    tries: float = 0.0
    uses: float = 0.0
    returned: float = 0.0
    loops: float = 0.0
    tolls: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Mark:
    choice: _Choice
    gained: float = 0.0
    credit: float = 1.0


class Choices:
    """Values of (scene, kind) choices."""

    def __init__(self) -> None:
        self._table: dict[str, dict[str, _Choice]] = {}
        self._trail: deque[_Mark] = deque()
        self._since: deque[tuple[str, _Choice]] = deque(maxlen=BACK)
        self._open: dict[str, tuple[_Choice, float]] = {}

    def tries(self, scene: str, kind: str) -> float:
        """How often the choice was made."""
        choice = self._table.get(scene, {}).get(kind)
        return choice.tries if choice else 0.0

    @property
    def made(self) -> float:
        """How many choices were made at all."""
        return sum(c.tries for table in self._table.values() for c in table.values())

    def tried_anywhere(self, kind: str) -> float:
        """How often a choice of that kind was made, in whatever scene."""
        return sum(table[kind].tries for table in self._table.values() if kind in table)

    def made_in(self, scene: str) -> dict[str, float]:
        """How often each kind of choice was made in the scene."""
        return {kind: choice.tries for kind, choice in self._table.get(scene, {}).items()}

    def visits(self, scene: str) -> float:
        """How many choices were made in the scene."""
        return sum(self.made_in(scene).values())

    def tried(self, scene: str, kind: str) -> None:
        """Count a choice that did nothing."""
        self._entry(scene, kind).tries += 1.0

    def used(
        self, scene: str, kind: str, after: str, gain: float, survival: float | None, *, moved: bool
    ) -> None:
        """A choice was made in `scene`, led to scene `after` and gained `gain` progress at once.

        `survival` is that counter before it, `moved` whether any lasting number changed.
        """
        choice = self._entry(scene, kind)
        choice.tries += 1.0
        self._trail.append(_Mark(choice))
        for mark in self._trail:
            mark.gained += mark.credit * gain
            mark.credit *= DISCOUNT
        while len(self._trail) > TRAIL:
            self._settle(self._trail.popleft())
        if survival is not None:
            self._toll(scene, survival)
            self._open[scene] = (choice, survival)
        if moved:
            self._since.clear()
            return
        self._since.append((scene, choice))
        for i, (earlier, blamed) in enumerate(self._since):
            if earlier == after:
                blamed.loops += 1.0
                while len(self._since) > i:
                    self._since.pop()
                break

    def _toll(self, scene: str, survival: float) -> None:
        if scene in self._open:
            choice, before = self._open.pop(scene)
            choice.tolls.append(survival - before)
            del choice.tolls[:-TOLLS]

    def ended(self) -> None:
        """The run ended: nothing more will be gained, and what survival was left is lost."""
        while self._trail:
            self._settle(self._trail.popleft())
        if self._open:
            # Only the last choice of all was followed by the end.
            scene = list(self._open)[-1]
            self._toll(scene, 0.0)
        self._open.clear()
        self._since.clear()

    @staticmethod
    def _settle(mark: _Mark) -> None:
        mark.choice.uses += 1.0
        mark.choice.returned += mark.gained

    def value(self, scene: str, kind: str) -> float:
        """Expected discounted progress, shrunk to the scene's mean."""
        table = self._table.get(scene, {})
        uses = sum(c.uses for c in table.values())
        mean = sum(c.returned for c in table.values()) / uses if uses else 0.0
        choice = table.get(kind)
        if choice is None:
            return mean
        return (choice.returned + SHRINK * mean) / (choice.uses + SHRINK)

    def loops(self, scene: str, kind: str) -> float:
        """The share of times that the choice only led back, told by this scene first and by others too."""
        tries = loops = 0.0
        for other, table in self._table.items():
            choice = table.get(kind)
            if choice is not None:
                weight = 1.0 if other == scene else 0.3
                tries += weight * choice.tries
                loops += weight * min(choice.loops, choice.tries)
        return loops / (tries + 1.0)

    def toll(self, scene: str, kind: str, utility: Callable[[float], float]) -> float:
        """The mean `utility` of the survival changes that followed the choice, shrunk to the scene's mean."""
        table = self._table.get(scene, {})
        every = [utility(t) for c in table.values() for t in c.tolls]
        if not every:
            return 0.0
        mean = sum(every) / len(every)
        choice = table.get(kind)
        own = [utility(t) for t in choice.tolls] if choice else []
        return (sum(own) + DOUBT * mean) / (len(own) + DOUBT)

    def _entry(self, scene: str, kind: str) -> _Choice:
        return self._table.setdefault(scene, {}).setdefault(kind, _Choice())

    def to_dict(self) -> dict[str, Any]:
        """A JSON-friendly copy."""
        return {
            scene: {k: [c.tries, c.uses, c.returned, c.loops, c.tolls] for k, c in table.items()}
            for scene, table in self._table.items()
        }

    def load(self, data: dict[str, Any]) -> None:
        """Replace everything by what `to_dict` gave."""
        self._table = {
            scene: {
                k: _Choice(float(row[0]), float(row[1]), float(row[2]), float(row[3]), list(row[4]))
                for k, row in table.items()
            }
            for scene, table in data.items()
        }
        self.forget()

    def forget(self) -> None:
        """Forget the way here: another run begins elsewhere."""
        self._trail.clear()
        self._since.clear()
        self._open.clear()

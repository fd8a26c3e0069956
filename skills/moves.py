"""Moves and what they teach: the terms that the learner speaks with the loop around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from groundup.perception.observation import Observation, Thing

from .situation import Situation


@dataclass(frozen=True, slots=True)
class Decision:
    """A move: act on `first`, then (for a skill of two steps) on `second`; `drag` does both as one drag."""

    kind: Literal["use", "probe", "pass"]
    first: Thing
    second: Thing | None = None
    drag: bool = False
    why: str = ""

    @property
    def skill(self) -> str:
        """The name under which its effects are kept."""
        return f"{self.first.kind} >" if self.second is not None else self.first.kind


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one move taught: the skill it was a use of (if any), its reward, whether the screen responded."""

    skill: str | None
    reward: float
    responsive: tuple[bool, ...]
    change: dict[str, float]
    ended: bool


@dataclass(slots=True)
class Held:
    """A first step that has been taken: on what, from which observation, and where a second was tried
    since."""

    thing: Thing
    before: Observation
    was: Situation
    tried: list[tuple[int, int]] = field(default_factory=list)

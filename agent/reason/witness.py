"""Keeps small pictures of the first uses of skills, before and after, until they are judged together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from groundup.agent.reason.pictures import side_by_side, thumbnail
from groundup.envs.types import Pixels
from groundup.perception.observation import Observation
from groundup.skills.moves import Lesson

FIRST = 1
"""Uses of each skill that are kept."""

MOST = 48
"""Uses kept at a time; more wait for nothing."""

WIDTH = 240
"""Pixels of the width of a picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One use: in which scene, of which skill (by kind), and what it looked like before and after."""

    scene: str
    skill: str
    pictures: Pixels


class Witness:
    """`waiting` are the uses not judged yet."""

    def __init__(self) -> None:
        self.waiting: list[Seen] = []
        self._uses: Counter[tuple[str, str]] = Counter()

    def see(self, before: Observation, lesson: Lesson, after: Observation) -> None:
        """Keep a use if it is one of the first of its skill and there is room."""
        if lesson.skill is None or before.frame is None or after.frame is None or len(self.waiting) >= MOST:
            return
        self._uses[before.scene, lesson.skill] += 1
        if self._uses[before.scene, lesson.skill] <= FIRST:
            one, other = (thumbnail(o.pixels, WIDTH) for o in (before.frame, after.frame))
            self.waiting.append(Seen(before.scene, lesson.skill, side_by_side(one, other)))

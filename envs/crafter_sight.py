"""What the scripted demonstrator knows of a Crafter world: its map, and ways through it.

It reads the game's own state, which nothing that learns may do.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Place = tuple[int, int]

MOVES: dict[Place, str] = {
    (-1, 0): "move_left",
    (1, 0): "move_right",
    (0, -1): "move_up",
    (0, 1): "move_down",
}
WALKABLE = ("grass", "path", "sand")
RADIUS = 14
"""How far the demonstrator looks for ways, in cells."""


class Sight:
    """The player's surroundings in a world of `crafter.Env`; always as they are now."""

    def __init__(self, game: Any) -> None:
        self._world, self._player = game._world, game._player

    @property
    def at(self) -> Place:
        """The player's cell."""
        return (int(self._player.pos[0]), int(self._player.pos[1]))

    @property
    def ahead(self) -> Place:
        """The cell that the player faces."""
        (x, y), (dx, dy) = self.at, self._player.facing
        return (x + int(dx), y + int(dy))

    @property
    def sleeping(self) -> bool:
        """Whether the player sleeps."""
        return bool(self._player.sleeping)

    def has(self, item: str) -> int:
        """How much of `item` is in the inventory."""
        return int(self._player.inventory[item])

    def done(self, achievement: str) -> int:
        """How often `achievement` came about."""
        return int(self._player.achievements[achievement])

    def counts(self) -> dict[str, int]:
        """How often each achievement came about."""
        return dict(self._player.achievements)

    def material(self, place: Place) -> str | None:
        """The material at `place`; None outside the world."""
        name = self._world[place][0]
        return None if name is None else str(name)

    def where(self, *materials: str) -> Mask:
        """Where in the world one of `materials` is, shape (width, height)."""
        ids = [self._world._mat_ids[name] for name in materials]
        return np.isin(self._world._mat_map, ids)

    def creatures(self, kind: str) -> Mask:
        """Where creatures of the class named `kind` ("Cow", "Zombie") are."""
        found = np.zeros(self._world.area, bool)
        for one in self._world.objects:
            if type(one).__name__ == kind:
                found[tuple(one.pos)] = True
        return found

    def free(self) -> Mask:
        """Where one can walk without harm."""
        return np.asarray(self.where(*WALKABLE) & (self._world._obj_map == 0), bool)

    def is_free(self, place: Place) -> bool:
        """Whether one can walk to `place` without harm."""
        material, one = self._world[place]
        return one is None and material in WALKABLE


def beside(place: Place) -> list[Place]:
    """The four cells next to `place`."""
    return [(place[0] + dx, place[1] + dy) for dx, dy in MOVES]


def heading(start: Place, end: Place) -> str:
    """The move from `start` to a cell next to it."""
    return MOVES[end[0] - start[0], end[1] - start[1]]


def inside(mask: Mask, place: Place) -> bool:
    """Whether `place` is in the world and marked."""
    return 0 <= place[0] < mask.shape[0] and 0 <= place[1] < mask.shape[1] and bool(mask[place])


def work_on(sight: Sight, targets: Mask) -> str | None:
    """The next action toward using something in `targets`; "do" when facing it, None when out of reach."""
    if inside(targets, sight.ahead):
        return "do"
    for place in beside(sight.at):
        if inside(targets, place) and not sight.is_free(place):
            return heading(sight.at, place)  # it is in the way: moving there only turns
    return walk(sight, _next_to(targets))


def walk(sight: Sight, goals: Mask) -> str | None:
    """The first move of a shortest way to the nearest cell of `goals`; None without one or when there."""
    free, start = sight.free(), sight.at
    came: dict[Place, Place] = {start: start}
    queue = deque([start])
    while queue:
        place = queue.popleft()
        if place != start and goals[place]:
            while came[place] != start:
                place = came[place]
            return heading(start, place)
        for near in beside(place):
            if near not in came and inside(free, near) and _distance(start, near) <= RADIUS:
                came[near] = place
                queue.append(near)
    return None


def _distance(one: Place, other: Place) -> int:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))


def _next_to(targets: Mask) -> Mask:
    near = np.zeros_like(targets)
    near[1:] |= targets[:-1]
    near[:-1] |= targets[1:]
    near[:, 1:] |= targets[:, :-1]
    near[:, :-1] |= targets[:, 1:]
    return near

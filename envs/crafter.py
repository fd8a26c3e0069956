"""Crafter (Hafner, arXiv 2109.06780; PyPI `crafter`) as an `Env`: a small open world, one key an action.

The keys are those of the package's own `crafter.run_gui`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from groundup.envs.errors import ActionRefused, MissingPart
from groundup.envs.games import Game
from groundup.envs.types import Accepts, Action, Frame, KeyPress, Wait

KEYS = {
    "left": "move_left",
    "right": "move_right",
    "up": "move_up",
    "down": "move_down",
    "space": "do",
    "tab": "sleep",
    "r": "place_stone",
    "t": "place_table",
    "f": "place_furnace",
    "p": "place_plant",
    "1": "make_wood_pickaxe",
    "2": "make_stone_pickaxe",
    "3": "make_iron_pickaxe",
    "4": "make_wood_sword",
    "5": "make_stone_sword",
    "6": "make_iron_sword",
}
"""The game's action by key; arrows in place of the package's w, a, s, d."""

STEP_SECONDS = 0.2
"""What one step is taken to last: `crafter.run_gui` runs at 5 steps a second."""


def open_world(seed: int, size: int = 64) -> Any:
    """A `crafter.Env` with square frames of `size` pixels that repeats itself exactly for a seed.

    The package draws creatures from a set of objects, whose order is their addresses in memory: here
    they are put in order of their places first. Raises `MissingPart` when the package is not installed.
    """
    try:
        import crafter
    except ImportError as error:
        raise MissingPart("Crafter needs crafter: run `pip install 'groundup[crafter]'`.") from error

    class OrderedWorld(crafter.Env):  # type: ignore[misc]
        def _balance_chunk(self, chunk: Any, objs: Iterable[Any]) -> None:
            super()._balance_chunk(chunk, sorted(objs, key=lambda one: tuple(one.pos)))

    return OrderedWorld(size=(size, size), seed=seed)


def make(*, size: tuple[int, int] = (576, 576)) -> Game:
    """The game with frames of `size` pixels; its record counts the achievements of the running life."""
    env = CrafterEnv(size)
    return Game(env, env.achievements)


class CrafterEnv:
    """Crafter: a life ends by death or after 10,000 steps, and another begins in the next world."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._index = 0
        self._world = open_world(0, min(size))
        self._actions = {name: index for index, name in enumerate(self._world.action_names)}
        self._pixels = self._world.reset()

    @property
    def name(self) -> str:
        """The game's name."""
        return "crafter"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._size

    @property
    def accepts(self) -> Accepts:
        """Keys only, one at a time."""
        return Accepts(click=False, keys=tuple(KEYS))

    def observe(self) -> Frame:
        """The current picture; what is not square is black beside and below the game's own."""
        self._index += 1
        pixels = np.zeros((self._size[1], self._size[0], 3), np.uint8)
        pixels[: len(self._pixels), : len(self._pixels)] = self._pixels
        return Frame(pixels, self._index * STEP_SECONDS, self._index)

    def act(self, action: Action) -> None:
        """Press a key: one step of the world; `Wait` lets a step pass. Others raise `ActionRefused`."""
        match action:
            case KeyPress(keys=(key,)) if key in KEYS:
                self._step(KEYS[key])
            case Wait():
                self._step("noop")
            case _:
                raise ActionRefused(f"Crafter takes one of the keys {', '.join(KEYS)}, not {action}.")

    def reset(self, *, seed: int | None = None) -> Frame:
        """Begin in the world of `seed`, or in the next one."""
        if seed is not None:
            self._world = open_world(seed, min(self._size))
        self._pixels = self._world.reset()
        return self.observe()

    def close(self) -> None:
        """Nothing is held."""

    def achievements(self) -> dict[str, Any]:
        """How often each achievement came about in the running life; for measuring only."""
        return dict(self._world._player.achievements)

    def _step(self, name: str) -> None:
        self._pixels, _, over, _ = self._world.step(self._actions[name])
        if over:
            self._pixels = self._world.reset()

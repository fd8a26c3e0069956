"""Frames and actions, and the `Env` protocol that every game implements.

This module knows nothing of any game, and nothing of what an agent does with a frame.
Action names and fields follow OpenAI's computer tool; coordinates are pixels of the frame,
origin at its top left corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""An RGB image, uint8, shape (height, width, 3)."""

Point = tuple[int, int]
"""x, y in pixels of the frame."""

Button = Literal["left", "right", "wheel", "back", "forward"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of the game.

    `pixels` is uint8 RGB, shape (height, width, 3), and must not be written to; `t` is in seconds
    on a clock that never goes back (the game's own where it has one); `index` counts frames.
    """

    pixels: Pixels
    t: float
    index: int

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class Click:
    """Press and release `button` at x, y."""

    x: int
    y: int
    button: Button = "left"


@dataclass(frozen=True, slots=True)
class DoubleClick:
    """Two quick clicks of the left button at x, y."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Move:
    """Move the pointer to x, y without pressing anything."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Drag:
    """Press the left button at the first point of `path`, move through the others, release at the last."""

    path: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Scroll:
    """Turn the wheel at x, y by `scroll_x`, `scroll_y` pixels (positive y scrolls down)."""

    x: int
    y: int
    scroll_x: int = 0
    scroll_y: int = 0


@dataclass(frozen=True, slots=True)
class KeyPress:
    """Press `keys` together and release them, as one chord."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold `keys` down for `seconds`, then release them."""

    keys: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class TypeText:
    """Type `text` character by character."""

    text: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for `seconds`."""

    seconds: float


Action = Click | DoubleClick | Move | Drag | Scroll | KeyPress | Hold | TypeText | Wait


@dataclass(frozen=True, slots=True)
class Accepts:
    """What kinds of action a game takes; the agent tries nothing else.

    `keys` are the keys worth pressing, by pyautogui's names; empty for a game played by mouse alone.
    """

    click: bool = True
    right_click: bool = False
    double_click: bool = False
    drag: bool = False
    scroll: bool = False
    text: bool = False
    keys: tuple[str, ...] = ()


@runtime_checkable
class Env(Protocol):
    """A game: pictures out, actions in, nothing else.

    `observe` returns the current picture; for a game with a clock of its own each call moves that
    clock on by one frame. `act` performs one action and returns when the input has been delivered,
    not when the game has answered. `reset` starts anew and returns the first picture.
    The same seed and the same calls give the same frames where a game can promise it.
    """

    @property
    def name(self) -> str:
        """A short name, such as "spire"."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its frames in pixels."""
        ...

    @property
    def accepts(self) -> Accepts:
        """The kinds of action this game takes."""
        ...

    def observe(self) -> Frame:
        """The current picture."""
        ...

    def act(self, action: Action) -> None:
        """Perform `action`; raises `ActionRefused` for one the game does not take."""
        ...

    def reset(self, *, seed: int | None = None) -> Frame:
        """Start the game anew and return its first picture."""
        ...

    def close(self) -> None:
        """Release what the game holds; may be called twice."""
        ...

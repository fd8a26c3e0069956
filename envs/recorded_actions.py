"""From single inputs of a recording back to actions: a press and a release are a click, or a drag.

Each action knows the frames around it: which one shows the screen before the pointer came, before the press,
and when the release was over.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from groundup.envs.recordings import MASKED, Input, Tick
from groundup.envs.types import Action, Button, Click, Drag, Hold, KeyPress, Point, Scroll

DRAGGED = 8
"""Pixels from the press beyond which a release is the end of a drag: a hand trembles by 2 or 3, and toolkits
wait for 4 to 10."""

NEAR = 6
"""Pixels around a press within which the pointer counts as arrived."""

HELD = 0.35
"""Seconds from which a key is held, not pressed: systems begin to repeat it after 0.25 to 0.5."""

SCROLLED = 0.3
"""Seconds between turns of the wheel at one place that are one action."""

MODIFIERS = frozenset(
    {"shift", "shiftleft", "shiftright", "ctrl", "ctrlleft", "ctrlright", "alt", "altleft", "altright"}
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An action, and three frames by number.

    `arrived` is the last one before the pointer came to where the action begins (`pressed` if it was there),
    `pressed` the last before it began, `released` the last before it was over: the next one is the first that
    can show the answer.
    """

    action: Action
    arrived: int
    pressed: int
    released: int


@dataclass(slots=True)
class _Press:
    """A button that is down: since which frame, and where the pointer has been since."""

    arrived: int
    pressed: int
    path: list[Point]


@dataclass(slots=True)
class _Scrolling:
    """Turns of the wheel that go on."""

    first: int
    last: int
    t: float
    at: Point
    dx: float = 0.0
    dy: float = 0.0

    def over(self) -> Recorded:
        """All turns as one action."""
        action = Scroll(*self.at, round(self.dx), round(self.dy))
        return Recorded(action, self.first, self.first, self.last)


class _Hand:
    """Follows mouse and keyboard, input by input."""

    def __init__(self) -> None:
        self.done: list[Recorded] = []
        self._been: list[tuple[int, Point]] = []
        self._stood: Point | None = None
        self._down: dict[Button, _Press] = {}
        self._keys: dict[str, tuple[int, float, tuple[str, ...]]] = {}
        self._wheel: _Scrolling | None = None

    def follow(self, frame: int, event: Input) -> None:
        """Take in one input of a frame."""
        if event.kind != "scroll" and event.kind != "move":
            self.rest()
        point = event.point
        if point is not None:
            self._been.append((frame, point))
            for press in self._down.values():
                press.path.append(point)
        match event.kind:
            case "press" if event.button is not None and point is not None:
                self._down[event.button] = _Press(self._arrived(frame, point), frame, [point])
            case "release" if event.button in self._down:
                self._release(frame, event.button)
            case "scroll" if point is not None:
                self._scroll(frame, event, point)
            case "key_down" if event.key is not None and event.key not in self._keys:
                held = tuple(sorted(self._keys.keys() & MODIFIERS))
                self._keys[event.key] = (frame, event.t, held)
            case "key_up" if event.key in self._keys:
                self._key(frame, event.key, event.t)

    def rest(self) -> None:
        """Nothing more is scrolled."""
        if self._wheel is not None:
            self.done.append(self._wheel.over())
            self._wheel = None

    def _arrived(self, frame: int, point: Point) -> int:
        """When the pointer came to where a button is pressed; `frame` if it was there since the last."""
        arrived = frame
        for at, been in reversed(self._been):
            if math.dist(been, point) > NEAR:
                break
            arrived = at
        else:
            if self._stood is not None and math.dist(self._stood, point) <= NEAR:
                arrived = frame
        self._been, self._stood = [], point
        return arrived

    def _release(self, frame: int, button: Button) -> None:
        press = self._down.pop(button)
        start = press.path[0]
        far = max(math.dist(start, point) for point in press.path) > DRAGGED
        if not far:
            action: Action = Click(*start, button)
        elif button == "left":
            action = Drag(tuple(press.path))
        else:
            return  # a drag that no `Env` takes, such as turning a camera by the right button
        self.done.append(Recorded(action, press.arrived, press.pressed, frame))

    def _scroll(self, frame: int, event: Input, point: Point) -> None:
        wheel = self._wheel
        if wheel is not None and (event.t - wheel.t > SCROLLED or math.dist(wheel.at, point) > NEAR):
            self.rest()
            wheel = None
        if wheel is None:
            wheel = self._wheel = _Scrolling(frame, frame, event.t, point)
        wheel.last, wheel.t = frame, event.t
        wheel.dx += event.dx
        wheel.dy += event.dy

    def _key(self, frame: int, key: str, t: float) -> None:
        first, since, held = self._keys.pop(key)
        if key == MASKED or (key in MODIFIERS and self.done and self.done[-1].pressed >= first):
            return  # left out on purpose, or held for what was done meanwhile
        chord = (*held, key)
        action: Action = KeyPress(chord) if t - since < HELD else Hold(chord, round(t - since, 3))
        self.done.append(Recorded(action, first, first, frame))


def actions_of(ticks: Iterable[Tick]) -> list[Recorded]:
    """The actions of a recording in the order in which they began; what was never let go of is none."""
    hand = _Hand()
    for tick in ticks:
        for event in tick.inputs:
            hand.follow(tick.index, event)
    hand.rest()
    return sorted(hand.done, key=lambda recorded: (recorded.pressed, recorded.released))

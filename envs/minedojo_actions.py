"""What keys and mouse do, in MineDojo's numbers: eight for each step of the game.

By place: 0 forward or back; 1 left or right; 2 jump, sneak or sprint; 3 and 4 the camera's pitch and yaw;
5 use, drop, attack, craft, equip, place or destroy; 6 what to craft; 7 a slot of the inventory (MineDojo's
documentation, "Action Space"). Keys are Minecraft's own, as in MineDojo's `options.txt`; the arrows turn the
camera as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from groundup.envs.errors import ActionRefused
from groundup.envs.types import Accepts, Action, Click, Drag, Hold, KeyPress, Move, Point, TypeText, Wait

STEPS_A_SECOND = 20
"""Minecraft's own clock."""

DEGREES = 1.0
"""Between two of the camera's numbers. MineDojo takes 15 when nothing is asked for: too coarse to aim."""

NOTCH = 15.0
"""Degrees that an arrow key turns the camera."""

FIELD_OF_VIEW = 70.0
"""Degrees from the top of the picture to its bottom: `fov:0.0` in MineDojo's `options.txt`."""

PRESSED = 4
"""Steps that a key or button is held for; 0.2 s of walking is nearly a block."""

DUG = 64
"""Steps that a drag holds the button in the end: by hand, wood breaks after 60 and dirt after 15 (Minecraft
Wiki, "Breaking")."""

_FORWARD, _SIDE, _UP, _PITCH, _YAW, _DOES, _CRAFTED, _SLOT = range(8)
_USE, _DROP, _ATTACK, _CRAFT, _EQUIP = range(1, 6)

Changes = dict[int, int]
"""Numbers by their place, where they are not those of doing nothing."""

KEYS: dict[str, Changes] = {
    "w": {_FORWARD: 1},
    "s": {_FORWARD: 2},
    "a": {_SIDE: 1},
    "d": {_SIDE: 2},
    "space": {_UP: 1},
    "shift": {_UP: 2},
    "ctrl": {_UP: 3},
    "q": {_DOES: _DROP},
    **{str(slot + 1): {_DOES: _EQUIP, _SLOT: slot} for slot in range(9)},
}
"""What each key does for as long as it is held."""

TURNS = {"up": (-NOTCH, 0.0), "down": (NOTCH, 0.0), "left": (0.0, -NOTCH), "right": (0.0, NOTCH)}
"""Degrees of pitch (down) and yaw (to the right) for a press of each arrow key."""

ACCEPTS = Accepts(
    click=True, right_click=True, drag=True, text=True, keys=(*KEYS, *TURNS, "w+space", "w+ctrl", "s+space")
)
"""Clicks are made where the camera looks; text is the name of something to craft."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How MineDojo numbers what can be done: values at each place, those of doing nothing, and the names of
    what can be crafted, by number."""

    values: tuple[int, ...]
    nothing: tuple[int, ...]
    crafts: tuple[str, ...]

    def steps(self, action: Action, size: tuple[int, int]) -> list[list[int]]:
        """One list for each step of the game, at points of a frame of `size`; raises `ActionRefused`."""
        match action:
            case Wait(seconds):
                return self._held({}, max(1, round(seconds * STEPS_A_SECOND)))
            case KeyPress(keys):
                return self._keys(keys, PRESSED)
            case Hold(keys, seconds):
                return self._keys(keys, max(1, round(seconds * STEPS_A_SECOND)))
            case Move(x, y):
                return [self._turned(angles((x, y), size))]
            case Click(_, _, "left"):
                return self._held({_DOES: _ATTACK}, PRESSED)
            case Click(_, _, "right"):
                return self._held({_DOES: _USE}, 1)
            case Drag(path) if len(path) > 1:
                first, last = angles(path[0], size), angles(path[-1], size)
                way = (last[0] - first[0], last[1] - first[1])
                held = {_DOES: _ATTACK}
                return [self._turned(first), self._turned(way, held), *self._held(held, DUG)]
            case TypeText(text) if text.strip().replace(" ", "_") in self.crafts:
                number = self.crafts.index(text.strip().replace(" ", "_"))
                return self._held({_DOES: _CRAFT, _CRAFTED: number}, 1)
            case TypeText(text):
                raise ActionRefused(f"MineDojo can craft nothing of the name {text!r}.")
        return _refuse(action)

    def _keys(self, names: tuple[str, ...], steps: int) -> list[list[int]]:
        changes: Changes = {}
        pitch = yaw = 0.0
        for name in _apart(names):
            if name in TURNS:
                pitch, yaw = pitch + TURNS[name][0], yaw + TURNS[name][1]
            elif name not in KEYS or changes.keys() & KEYS[name].keys():
                _refuse(KeyPress(names))
            else:
                changes |= KEYS[name]
        if changes.get(_DOES) in (_DROP, _EQUIP) or not changes:
            steps = 1
        first = self._turned((pitch, yaw), changes)
        return [first, *self._held(changes, steps - 1)]

    def _turned(self, degrees: tuple[float, float], changes: Changes | None = None) -> list[int]:
        """A step that turns the camera by degrees of pitch and yaw, to the nearest that there is."""
        camera = {
            place: min(max(self.nothing[place] + round(turn / DEGREES), 0), self.values[place] - 1)
            for place, turn in zip((_PITCH, _YAW), degrees, strict=True)
        }
        return self._step({**camera, **(changes or {})})

    def _held(self, changes: Changes, steps: int) -> list[list[int]]:
        return [self._step(changes) for _ in range(steps)]

    def _step(self, changes: Changes) -> list[int]:
        return [changes.get(place, value) for place, value in enumerate(self.nothing)]


def angles(point: Point, size: tuple[int, int]) -> tuple[float, float]:
    """Pitch and yaw in degrees, down and to the right, from the middle of a frame of `size` to a point of it.

    Exact where the camera looks straight ahead.
    """
    width, height = size
    away = height / 2 / math.tan(math.radians(FIELD_OF_VIEW / 2))
    across, down = point[0] + 0.5 - width / 2, point[1] + 0.5 - height / 2
    return math.degrees(math.atan2(down, math.hypot(away, across))), math.degrees(math.atan2(across, away))


def _apart(keys: Iterable[str]) -> list[str]:
    """The single keys of a chord, written as one ("w+space") or many."""
    return [part for key in keys for part in key.lower().split("+")]


def _refuse(action: Action) -> NoReturn:
    raise ActionRefused(
        f"MineDojo takes clicks, drags, names of what can be crafted and the keys {', '.join(ACCEPTS.keys)}, "
        f"not {action}."
    )

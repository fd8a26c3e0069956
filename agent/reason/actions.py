"""Reads actions as models write them: OpenAI's computer tool, Anthropic's, UI-TARS's text.

What is read is an action, not yet one that may be done: the caller puts it against what the game takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from groundup.agent.reason.profiles import Profile
from groundup.envs.types import (
    Action,
    Button,
    Click,
    DoubleClick,
    Drag,
    Hold,
    KeyPress,
    Move,
    Point,
    Scroll,
    TypeText,
    Wait,
)

LONGEST_WAIT = 10.0
"""Seconds that a model may wait or hold."""

LONGEST_TEXT = 200
"""Letters that a model may type at once."""

NOTCH = 100
"""Pixels that one of Anthropic's notches of the wheel is taken for."""

KEYS = {"return": "enter", "escape": "esc", "control": "ctrl", "cmd": "win", "super": "win", "meta": "win"}
"""Names of keys that pyautogui calls otherwise."""

_BUTTONS: dict[str, Button] = {
    "left": "left",
    "right": "right",
    "wheel": "wheel",
    "middle": "wheel",
    "back": "back",
    "forward": "forward",
}
_WAYS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}


@dataclass(frozen=True, slots=True)
class Space:
    """What coordinates mean: by the profile, in a picture of `shown` of a frame of `size` (width, height)."""

    profile: Profile
    shown: tuple[int, int]
    size: tuple[int, int]

    def point(self, x: float, y: float) -> Point:
        """The pixel of the frame; raises ValueError outside it."""
        whole = (1000.0, 1000.0) if self.profile.coordinates == "thousandths" else self.shown
        px = round(x * self.size[0] / whole[0])
        py = round(y * self.size[1] / whole[1])
        # A model's 1000 of 1000 is the last pixel, not the one after it.
        px, py = px - (px == self.size[0]), py - (py == self.size[1])
        if not (0 <= px < self.size[0] and 0 <= py < self.size[1]):
            raise ValueError(f"{x:g}, {y:g} lies outside the picture")
        return px, py

    def pair(self, pair: Sequence[Any]) -> Point:
        """The pixel of a pair in the order that the model writes it; of a box its middle."""
        numbers = [float(v) for v in pair]
        if len(numbers) == 4:
            numbers = [(numbers[0] + numbers[2]) / 2, (numbers[1] + numbers[3]) / 2]
        if len(numbers) != 2:
            raise ValueError("a point has two numbers")
        a, b = numbers
        return self.point(a, b) if self.profile.order == "xy" else self.point(b, a)


Document = dict[str, Any]


def read(document: Document, space: Space) -> Action:
    """The action of one JSON object; raises ValueError for one that is none."""
    name = str(document.get("type") or document.get("action") or "")
    try:
        reader = _READERS[name]
    except KeyError:
        raise ValueError(f"{name[:40]!r} is no action") from None
    try:
        return reader(document, space)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"{name} lacks {error}") from error


def _at(document: Document, space: Space) -> Point:
    if "coordinate" in document:
        return space.pair(document["coordinate"])
    return space.point(float(document["x"]), float(document["y"]))


def _click(document: Document, space: Space) -> Action:
    return Click(*_at(document, space), _BUTTONS[str(document.get("button", "left"))])


def _button(button: Button) -> Callable[[Document, Space], Action]:
    return lambda document, space: Click(*_at(document, space), button)


def _double(document: Document, space: Space) -> Action:
    return DoubleClick(*_at(document, space))


def _drag(document: Document, space: Space) -> Action:
    if "path" in document:
        path = [
            space.point(float(p["x"]), float(p["y"])) if isinstance(p, dict) else space.pair(p)
            for p in document["path"]
        ]
    else:
        path = [space.pair(document["start_coordinate"]), space.pair(document["coordinate"])]
    if not 2 <= len(path) <= 64:
        raise ValueError("a drag has 2 points or more")
    return Drag(tuple(path))


def _scroll(document: Document, space: Space) -> Action:
    x, y = _at(document, space)
    if "scroll_direction" in document:
        across, down = _WAYS[str(document["scroll_direction"])]
        amount = NOTCH * min(20, int(document.get("scroll_amount", 3)))
        return Scroll(x, y, across * amount, down * amount)
    return Scroll(x, y, _wheel(document.get("scroll_x", 0)), _wheel(document.get("scroll_y", 0)))


def _wheel(value: Any) -> int:
    return max(-2000, min(2000, int(value)))


def _move(document: Document, space: Space) -> Action:
    return Move(*_at(document, space))


def _keypress(document: Document, _: Space) -> Action:
    return KeyPress(_keys(document["keys"] if "keys" in document else document["text"]))


def _hold(document: Document, _: Space) -> Action:
    return Hold(_keys(document["text"]), _seconds(document.get("duration", 1)))


def _keys(keys: Any) -> tuple[str, ...]:
    names = re.split(r"[+\s]+", keys) if isinstance(keys, str) else [str(key) for key in keys]
    read = tuple(KEYS.get(name.strip().lower(), name.strip().lower()) for name in names if name.strip())
    if not 1 <= len(read) <= 4:
        raise ValueError("a chord has 1 to 4 keys")
    return read


def _type(document: Document, _: Space) -> Action:
    return TypeText(str(document["text"])[:LONGEST_TEXT])


def _wait(document: Document, _: Space) -> Action:
    return Wait(_seconds(document.get("duration", document.get("ms", 1000) / 1000)))


def _seconds(value: Any) -> float:
    seconds = float(value)
    if not 0 <= seconds < float("inf"):
        raise ValueError("that is no time")
    return min(LONGEST_WAIT, seconds)


def _screenshot(_: Document, __: Space) -> Action:
    return Wait(0.0)


_READERS: dict[str, Callable[[Document, Space], Action]] = {
    # OpenAI
    "click": _click,
    "double_click": _double,
    "drag": _drag,
    "move": _move,
    "scroll": _scroll,
    "keypress": _keypress,
    "type": _type,
    "wait": _wait,
    "screenshot": _screenshot,
    # Anthropic
    "left_click": _button("left"),
    "right_click": _button("right"),
    "middle_click": _button("wheel"),
    "triple_click": _double,
    "left_click_drag": _drag,
    "mouse_move": _move,
    "key": _keypress,
    "hold_key": _hold,
    "left_mouse_down": _button("left"),
    "left_mouse_up": _screenshot,
    "zoom": _screenshot,
}

_CALL = re.compile(r"(\w+)\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_ARGUMENT = re.compile(r"(\w+)\s*=\s*'((?:[^'\\]|\\.)*)'")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def read_text(text: str, space: Space) -> list[Action]:
    """The actions in UI-TARS's notation after "Action:"; what is none is left out."""
    _, _, after = text.rpartition("Action:")
    actions: list[Action] = []
    for name, inside in _CALL.findall(after[:4000]):
        arguments = dict(_ARGUMENT.findall(inside))
        try:
            actions.append(read(_uitars(name, arguments), space))
        except ValueError:
            continue
    return actions


def _uitars(name: str, arguments: dict[str, str]) -> Document:
    """A call as a JSON action (names as in UI-TARS's README, COMPUTER_USE prompt)."""

    def place(key: str) -> list[str]:
        return _NUMBER.findall(arguments.get(key, arguments.get(key.replace("box", "point"), "")))

    match name:
        case "click" | "left_single":
            return {"type": "left_click", "coordinate": place("start_box")}
        case "left_double":
            return {"type": "double_click", "coordinate": place("start_box")}
        case "right_single":
            return {"type": "right_click", "coordinate": place("start_box")}
        case "drag" | "select":
            return {"type": "drag", "start_coordinate": place("start_box"), "coordinate": place("end_box")}
        case "hotkey":
            return {"type": "key", "text": arguments.get("key", "")}
        case "type":
            return {"type": "type", "text": arguments.get("content", "")}
        case "scroll":
            return {
                "type": "scroll",
                "coordinate": place("start_box"),
                "scroll_direction": arguments.get("direction", "down"),
            }
        case "wait":
            return {"type": "wait", "duration": 5}
    return {"type": name}

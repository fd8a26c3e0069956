"""Whether a game takes an action, and where on a frame an action is made."""

from __future__ import annotations

from groundup.envs.types import (
    Accepts,
    Action,
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


def takes(accepts: Accepts, action: Action) -> bool:
    """Whether a game that `accepts` this takes an action of that kind, wherever it is made."""
    match action:
        case Click(button="left"):
            return accepts.click
        case Click(button="right"):
            return accepts.right_click
        case DoubleClick():
            return accepts.double_click
        case Drag(path):
            return accepts.drag and len(path) > 1
        case Scroll():
            return accepts.scroll
        case KeyPress(keys) | Hold(keys):
            return bool(keys) and ("+".join(keys) in accepts.keys or set(keys) <= set(accepts.keys))
        case TypeText():
            return accepts.text
        case Move():
            return accepts.click or accepts.right_click or accepts.double_click or accepts.drag
        case Wait():
            return True
    return False


def places(action: Action) -> tuple[Point, ...]:
    """The points of the frame that an action is made at, in order; none for keys and waiting."""
    match action:
        case Drag(path):
            return path
        case Click(x, y) | DoubleClick(x, y) | Move(x, y) | Scroll(x, y):
            return ((x, y),)
    return ()

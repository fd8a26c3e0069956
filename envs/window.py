"""Windows of other programs: what is said of one, how one is found by name, and three seams to the desktop.

`Windows` finds and watches them, `Capture` takes their pictures, `Input` moves the real mouse and keyboard.
Each system has its own (X11: `window_x11`, `window_xtest`; Windows and macOS: `window_other`). Coordinates
here are the desktop's, in units of its input (`window_geometry`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from groundup.envs.errors import GroundupError, UsageError
from groundup.envs.types import Button, Pixels, Point
from groundup.envs.window_geometry import Rect

SMALLEST = (200, 150)
"""Width and height below which a window is no game's."""


class NoSuchWindow(UsageError):
    """No window is called so, or several are."""


class DesktopGone(GroundupError):
    """The desktop has ended while something was done on it; whatever was held down has ended with it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window: `handle` is the system's name for it, `area` its client area without the frame around it."""

    handle: int
    title: str
    name: str
    pid: int | None
    area: Rect


@dataclass(frozen=True, slots=True)
class Query:
    """Which window is meant: its title (exact, else how it begins), its class, its process."""

    title: str | None = None
    name: str | None = None
    pid: int | None = None

    def __str__(self) -> str:
        """As a person would say it."""
        said = [
            f"the title {self.title!r}" if self.title is not None else "",
            f"the class {self.name!r}" if self.name is not None else "",
            f"process {self.pid}" if self.pid is not None else "",
        ]
        return " and ".join(part for part in said if part) or "any title"


class Windows(Protocol):
    """The windows of a desktop."""

    def all(self) -> list[Window]:
        """Those that programs have opened, as the window manager names them."""
        ...

    def area(self, handle: int) -> Rect | None:
        """Where a window's client area is now; None when it is gone."""
        ...

    def trouble(self, handle: int) -> str | None:
        """Why the window cannot be played in now ("it is minimised", ...); None when it can."""
        ...

    def owns(self, handle: int, point: Point) -> bool:
        """Whether what lies on top at `point` is that window or another of the same program."""
        ...

    def focused(self, handle: int) -> bool:
        """Whether keys go to that very window, and not to another of the same program."""
        ...

    def activate(self, handle: int) -> None:
        """Ask for the window to be brought to the front."""
        ...

    def monitors(self) -> list[tuple[Rect, float]]:
        """Each monitor with the pixels of a picture that one unit of input has there."""
        ...

    def close(self) -> None:
        """Let go of the desktop."""
        ...


class Capture(Protocol):
    """Takes pictures of the desktop."""

    def grab(self, area: Rect) -> Pixels:
        """What is shown in `area`; a new array each time."""
        ...

    def close(self) -> None:
        """Let go of the desktop."""
        ...


class Input(Protocol):
    """The real mouse and keyboard. Only the guard (`window_guard`) may hold one."""

    def pointer(self) -> Point:
        """Where the pointer is."""
        ...

    def move(self, x: int, y: int) -> None:
        """Put the pointer there."""
        ...

    def move_by(self, dx: int, dy: int) -> None:
        """Move the mouse by so much, whatever the pointer does."""
        ...

    def button(self, button: Button, down: bool) -> None:
        """Press or release a button."""
        ...

    def scroll(self, notches_x: int, notches_y: int) -> None:
        """Turn the wheel; positive goes right and down."""
        ...

    def key(self, key: str, down: bool) -> None:
        """Press or release a key, by pyautogui's name; raises `UnknownKey`."""
        ...

    def close(self) -> None:
        """Let go of the devices."""
        ...


class UnknownKey(UsageError):
    """There is no such key on this keyboard."""


def find(windows: Windows, query: Query) -> Window:
    """The one window that `query` means; raises `NoSuchWindow` with what there is instead."""
    everything = windows.all()
    found = [w for w in everything if _fits(w, query)]
    if query.title is not None:
        exact = [w for w in found if w.title == query.title]
        found = exact or [w for w in found if w.title.startswith(query.title)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NoSuchWindow(
            f"{len(found)} windows have {query}: {_said(found)}; name one by more of its title, its class "
            "or its process."
        )
    there = f"there is {_said(everything)}" if everything else "there is none at all: open the game first"
    raise NoSuchWindow(f"No window has {query}: {there}.")


def _fits(window: Window, query: Query) -> bool:
    if query.name is not None and window.name.lower() != query.name.lower():
        return False
    return query.pid is None or window.pid == query.pid


def _said(windows: list[Window]) -> str:
    return ", ".join(f"{w.title!r} (class {w.name}, process {w.pid})" for w in windows)

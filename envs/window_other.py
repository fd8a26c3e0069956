"""Windows and macOS: windows by pywinctl, mouse and keyboard by pyautogui.

Written to their documentation and not run by the authors: groundup is developed on Linux.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from typing import Any

from groundup.envs.errors import GroundupError, MissingPart
from groundup.envs.types import Button, Point
from groundup.envs.window import UnknownKey, Window
from groundup.envs.window_geometry import Rect
from groundup.envs.window_keys import plain

_BUTTONS: dict[Button, str] = {"left": "left", "right": "right", "wheel": "middle"}


class OtherWindows:
    """The windows of a Windows or macOS desktop, by pywinctl."""

    def __init__(self) -> None:
        try:
            import pywinctl
        except ImportError as error:
            raise MissingPart(
                "Windows of other programs need pywinctl: run `pip install pywinctl`."
            ) from error
        self._pywinctl: Any = pywinctl

    def all(self) -> list[Window]:
        """Those that have a title."""
        return [
            Window(int(w.getHandle()), w.title, w.getAppName(), w.getPID(), _area(w))
            for w in self._pywinctl.getAllWindows()
            if w.title
        ]

    def area(self, handle: int) -> Rect | None:
        """Where a window's client area is now; None when it is gone."""
        window = self._window(handle)
        return None if window is None else _area(window)

    def trouble(self, handle: int) -> str | None:
        """Why the window cannot be played in now; None when it can."""
        window = self._window(handle)
        if window is None:
            return "it is closed"
        if window.isMinimized:
            return "it is minimised"
        active = self._pywinctl.getActiveWindow()
        if active is None or active.getPID() != window.getPID():
            return "another window is in front"
        return None

    def owns(self, handle: int, point: Point) -> bool:
        """Whether what lies on top at `point` is that window or another of the same program."""
        window = self._window(handle)
        top = self._pywinctl.getTopWindowAt(*point)
        return window is not None and top is not None and top.getPID() == window.getPID()

    def focused(self, handle: int) -> bool:
        """Whether keys go to that very window."""
        active = self._pywinctl.getActiveWindow()
        return active is not None and int(active.getHandle()) == handle

    def activate(self, handle: int) -> None:
        """Bring the window to the front."""
        window = self._window(handle)
        if window is not None:
            window.activate(wait=True)

    def monitors(self) -> list[tuple[Rect, float]]:
        """Each monitor, with the pixels of a picture to a unit of input: 2 on a Retina screen."""
        out = []
        for screen in self._pywinctl.getAllScreens().values():
            area = Rect(screen.pos.x, screen.pos.y, screen.size.width, screen.size.height)
            out.append((area, screen.scale[0] / 100 if sys.platform == "darwin" else 1.0))
        return out

    def close(self) -> None:
        """Nothing is held."""

    def _window(self, handle: int) -> Any:
        for window in self._pywinctl.getAllWindows():
            if int(window.getHandle()) == handle:
                return window
        return None


def _area(window: Any) -> Rect:
    frame = window.getClientFrame()
    return Rect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top)


def trusted() -> bool:
    """Whether the system lets this program press keys and move the mouse; macOS drops them without a word."""
    if sys.platform != "darwin":
        return True
    services = ctypes.CDLL(ctypes.util.find_library("ApplicationServices"))
    services.AXIsProcessTrusted.restype = ctypes.c_bool
    return bool(services.AXIsProcessTrusted())


class PyAutoGuiInput:
    """The mouse and keyboard by pyautogui, without its pauses: the guard keeps time."""

    def __init__(self) -> None:
        try:
            import pyautogui
        except (ImportError, KeyError, SystemExit) as error:
            raise GroundupError(
                f"pyautogui cannot reach mouse and keyboard ({error}): see docs/live.md."
            ) from error
        if not trusted():
            raise GroundupError(
                "macOS lets no input of this program through: allow your terminal in System Settings, "
                "Privacy & Security, Accessibility, then start it again."
            )
        pyautogui.PAUSE = 0.0
        # The guard watches the corners itself and never goes there.
        pyautogui.FAILSAFE = False
        self._gui: Any = pyautogui

    def pointer(self) -> Point:
        """Where the pointer is."""
        at = self._gui.position()
        return int(at.x), int(at.y)

    def move(self, x: int, y: int) -> None:
        """Put the pointer there."""
        self._gui.moveTo(x, y, _pause=False)

    def move_by(self, dx: int, dy: int) -> None:
        """Move the mouse by so much."""
        self._gui.moveRel(dx, dy, _pause=False)

    def button(self, button: Button, down: bool) -> None:
        """Press or release a button; raises `UnknownKey` for one that pyautogui does not have."""
        if button not in _BUTTONS:
            raise UnknownKey(f"pyautogui has no button {button!r}: take left, right or wheel.")
        (self._gui.mouseDown if down else self._gui.mouseUp)(button=_BUTTONS[button], _pause=False)

    def scroll(self, notches_x: int, notches_y: int) -> None:
        """Turn the wheel; positive goes right and down."""
        if notches_y:
            self._gui.scroll(-notches_y, _pause=False)
        if notches_x:
            self._gui.hscroll(notches_x, _pause=False)

    def key(self, key: str, down: bool) -> None:
        """Press or release a key; raises `UnknownKey`."""
        name = plain(key)
        if not self._gui.isValidKey(name):
            raise UnknownKey(f"pyautogui has no key {key!r}: take one of its KEYBOARD_KEYS.")
        (self._gui.keyDown if down else self._gui.keyUp)(name, _pause=False)

    def close(self) -> None:
        """Nothing is held."""

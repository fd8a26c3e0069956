"""The mouse and keyboard of an X server, by its XTEST extension.

Key names are pyautogui's; a character that the keyboard's layout has on a shifted key is refused here and
typed as a chord by the guard (`window_keys`).
"""

from __future__ import annotations

from groundup.envs.types import Button, Point
from groundup.envs.window import UnknownKey
from groundup.envs.window_keys import keysym_name
from groundup.envs.window_x11 import asks, connect, let_go

_BUTTONS: dict[Button, int] = {"left": 1, "wheel": 2, "right": 3, "back": 8, "forward": 9}
_UP, _DOWN, _LEFT, _RIGHT = 4, 5, 6, 7


class XTestInput:
    """Sends events as if the devices had; each is delivered before the call returns."""

    def __init__(self, display: str | None = None) -> None:
        """`display`: as in $DISPLAY. Raises `NoDisplay`."""
        from Xlib.ext import xtest

        self._xtest = xtest
        self._display = connect(display)
        self._root = self._display.screen().root

    @asks
    def pointer(self) -> Point:
        """Where the pointer is."""
        at = self._root.query_pointer()
        return at.root_x, at.root_y

    @asks
    def move(self, x: int, y: int) -> None:
        """Put the pointer there."""
        from Xlib import X

        self._send(X.MotionNotify, 0, x, y)

    @asks
    def move_by(self, dx: int, dy: int) -> None:
        """Move the mouse by so much, whatever the pointer does."""
        from Xlib import X

        self._send(X.MotionNotify, 1, dx, dy)

    @asks
    def button(self, button: Button, down: bool) -> None:
        """Press or release a button."""
        self._press(_BUTTONS[button], down)

    @asks
    def scroll(self, notches_x: int, notches_y: int) -> None:
        """Turn the wheel; positive goes right and down."""
        wheel = [
            (_RIGHT if notches_x > 0 else _LEFT, notches_x),
            (_DOWN if notches_y > 0 else _UP, notches_y),
        ]
        for number, notches in wheel:
            for _ in range(abs(notches)):
                self._press(number, True)
                self._press(number, False)

    @asks
    def key(self, key: str, down: bool) -> None:
        """Press or release a key; raises `UnknownKey` for one that this keyboard does not have."""
        from Xlib import X

        self._send(X.KeyPress if down else X.KeyRelease, self._code(key))

    def close(self) -> None:
        """Close the connection; may be called twice."""
        let_go(self._display)

    def _code(self, key: str) -> int:
        from Xlib import XK

        code = self._display.keysym_to_keycode(XK.string_to_keysym(keysym_name(key)))
        if not code:
            raise UnknownKey(f"This keyboard has no key {key!r}: take one of pyautogui's KEYBOARD_KEYS.")
        return int(code)

    def _press(self, number: int, down: bool) -> None:
        from Xlib import X

        self._send(X.ButtonPress if down else X.ButtonRelease, number)

    def _send(self, kind: int, detail: int, x: int = 0, y: int = 0) -> None:
        self._xtest.fake_input(self._display, kind, detail, x=x, y=y)
        self._display.sync()

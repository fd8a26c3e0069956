"""What happens on the mouse and keyboard of an X server, whichever window has them: its RECORD extension.

Events come from real devices and from XTEST alike, also while a game has grabbed the keyboard.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from groundup.envs.errors import GroundupError
from groundup.envs.window_keys import KEYSYMS
from groundup.envs.window_x11 import connect, let_go, lost

START_SECONDS = 5.0
"""An X server answers within this time, or not at all."""

_NAMES = {symbol: name for name, symbol in reversed(KEYSYMS.items()) if len(name) > 1}
_BUTTONS = {1: "left", 2: "wheel", 3: "right", 8: "back", 9: "forward"}
_WHEEL = {4: (0, -1), 5: (0, 1), 6: (-1, 0), 7: (1, 0)}


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """One thing that happened on a device.

    `t` is on the monotonic clock in seconds, x and y where the pointer was on the desktop; `name` is the
    key's name as pyautogui has it, or the button's; `wheel` the notches right and down.
    """

    kind: Literal["move", "button", "key", "scroll"]
    t: float
    x: int
    y: int
    name: str = ""
    down: bool = False
    wheel: tuple[int, int] = (0, 0)


class DeviceEvents:
    """Calls `told` for each event, from a thread of its own, until it is closed."""

    def __init__(self, told: Callable[[DeviceEvent], None], display: str | None = None) -> None:
        """Raises `NoDisplay`, or `GroundupError` for a server without the extension."""
        from Xlib import X
        from Xlib.ext import record

        self._told = told
        self._control = connect(display)
        self._data = connect(display)
        if not self._control.has_extension("RECORD"):
            raise GroundupError(
                "This X server does not let the stop key be read (no RECORD extension): use another server."
            )
        self._started = threading.Event()
        ranges = {
            "core_requests": (0, 0),
            "core_replies": (0, 0),
            "ext_requests": (0, 0, 0, 0),
            "ext_replies": (0, 0, 0, 0),
            "delivered_events": (0, 0),
            "device_events": (X.KeyPress, X.MotionNotify),
            "errors": (0, 0),
            "client_started": False,
            "client_died": False,
        }
        self._context = self._data.record_create_context(0, [record.AllClients], [ranges])
        self._thread = threading.Thread(target=self._run, name="groundup-devices", daemon=True)
        self._thread.start()
        self._started.wait(START_SECONDS)

    def close(self) -> None:
        """Stop listening; may be called twice."""
        if self._thread.is_alive():
            try:
                self._control.record_disable_context(self._context)
                self._control.flush()
                self._thread.join(START_SECONDS)
                self._control.record_free_context(self._context)
            except Exception as error:
                if not lost(error):
                    raise
        for display in (self._control, self._data):
            let_go(display)

    def _run(self) -> None:
        try:
            self._data.record_enable_context(self._context, self._take)
        except Exception as error:
            if not lost(error):
                raise

    def _take(self, reply: Any) -> None:
        from Xlib.ext import record
        from Xlib.protocol import rq

        if reply.category == record.StartOfData:
            self._started.set()
            return
        if reply.category != record.FromServer or reply.client_swapped:
            return
        now, data = time.monotonic(), reply.data
        while data:
            raw, data = rq.EventField(None).parse_binary_value(data, self._data.display, None, None)
            event = self._event(raw, now)
            if event is not None:
                self._told(event)

    def _event(self, raw: Any, now: float) -> DeviceEvent | None:
        from Xlib import X

        x, y = raw.root_x, raw.root_y
        match raw.type:
            case X.MotionNotify:
                return DeviceEvent("move", now, x, y)
            case X.KeyPress | X.KeyRelease:
                return DeviceEvent("key", now, x, y, self._key(raw.detail), raw.type == X.KeyPress)
            case X.ButtonPress if raw.detail in _WHEEL:
                return DeviceEvent("scroll", now, x, y, wheel=_WHEEL[raw.detail])
            case X.ButtonPress | X.ButtonRelease if raw.detail in _BUTTONS:
                return DeviceEvent("button", now, x, y, _BUTTONS[raw.detail], raw.type == X.ButtonPress)
        return None

    def _key(self, code: int) -> str:
        """The unshifted key's name, as pyautogui has it."""
        from Xlib import XK

        symbol = self._control.keycode_to_keysym(code, 0)
        if 0x20 < symbol < 0x7F:
            return chr(symbol)
        for name, value in ((n, getattr(XK, f"XK_{n}", None)) for n in _NAMES):
            if value == symbol:
                return _NAMES[name]
        return f"keycode{code}"

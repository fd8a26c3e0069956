"""Watches what a person does while the agent plays: the stop key, the failsafe corners, the mouse.

Reading the stop key needs X11's RECORD extension, or `GetAsyncKeyState` on Windows; on macOS only the
corners and Ctrl-C end a run.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Protocol

from groundup.envs.types import Point
from groundup.envs.window_events import DeviceEvent, DeviceEvents
from groundup.envs.window_geometry import Rect
from groundup.envs.window_guard import Guard, corners
from groundup.envs.window_keys import is_f_key, plain
from groundup.envs.window_stop import Stop

POLL_SECONDS = 0.02
"""Time between two looks where the system does not tell by itself."""


class Watch(Protocol):
    """What watches; it ends with `close`."""

    def close(self) -> None:
        """Stop watching."""
        ...


class Judge:
    """Says what an event means for the run, and does it: whoever ends it also releases what is held."""

    def __init__(
        self, guard: Guard, stop: Stop, stop_key: str, monitors: list[Rect], *, pointer_held: bool
    ) -> None:
        """`pointer_held`: the game itself moves the pointer, so its places say nothing of a person."""
        self._guard = guard
        self._stop = stop
        self._stop_key = plain(stop_key)
        self._corners = {corner for monitor in monitors for corner in corners(monitor)}
        self._pointer_held = pointer_held

    def event(self, event: DeviceEvent) -> None:
        """Take in one event of a device."""
        if event.kind == "key" and event.down:
            self.key(event.name)
        elif event.kind == "move":
            self.pointer((event.x, event.y))

    def key(self, name: str) -> None:
        """A key went down."""
        if plain(name) == self._stop_key:
            self._end(f"the stop key {self._stop_key.upper()} was pressed")

    def pointer(self, place: Point) -> None:
        """The pointer has come to `place`."""
        if self._pointer_held:
            return
        # First of all: the guard itself never puts it there, only beside it.
        if place in self._corners:
            self._end("the pointer was put into a corner of the screen")
        elif not self._guard.ours(place):
            self._stop.moved()

    def _end(self, reason: str) -> None:
        self._stop.set(reason)
        self._guard.release()


def watch_x11(judge: Judge, display: str | None = None) -> Watch:
    """Watch an X server's devices."""
    return DeviceEvents(judge.event, display)


class Poll:
    """Looks at pointer and stop key every `POLL_SECONDS`, where nothing tells of them."""

    def __init__(self, judge: Judge, pointer: Callable[[], Point], stop_key: str) -> None:
        self._judge = judge
        self._pointer = pointer
        self._pressed = _key_reader(stop_key)
        self._stop_key = stop_key
        self._ended = threading.Event()
        self._last = pointer()
        self._thread = threading.Thread(target=self._run, name="groundup-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking; may be called twice."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            if self._pressed():
                self._judge.key(self._stop_key)
            place = self._pointer()
            if place != self._last:
                self._last = place
                self._judge.pointer(place)


def _key_reader(stop_key: str) -> Callable[[], bool]:
    key = plain(stop_key)
    if sys.platform == "win32" and is_f_key(key):
        import ctypes

        code = 0x6F + int(key[1:])  # VK_F1 is 0x70
        return lambda: bool(ctypes.windll.user32.GetAsyncKeyState(code) & 0x8000)
    return lambda: False

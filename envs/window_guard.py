"""Between agent and mouse: every action on a real window goes through here, and nothing goes around it.

The guard acts only inside the client area, only while nothing of another program lies there, outside of the
profile's forbidden regions; it refuses chords that speak to the window manager or the system. What it presses
it remembers, and releases when the run ends for whatever reason.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from groundup.envs.acceptance import takes
from groundup.envs.errors import Withheld
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
from groundup.envs.window import DesktopGone, Input, Windows
from groundup.envs.window_geometry import Rect, Viewport
from groundup.envs.window_keys import chord, is_key, keys_for
from groundup.envs.window_profile import Profile
from groundup.envs.window_stop import Stop

NOTCH = 100
"""Pixels of `Scroll` to a notch of the wheel, as browsers have it."""

STRIDE = 8
"""Desktop units between two points of a drag: longer jumps make some games take it for a click
(pyautogui #69)."""

MOST_NOTCHES = 50
"""Notches of the wheel that one action may turn it by, in either direction."""

LOOK_SECONDS = 0.1
"""Time between two looks at whether the window can be acted in: while it cannot, or something is held down;
at most, while it can."""

SENT = 256
"""Places of the pointer that are remembered as our own doing."""

FOCUS_LOOKS = 30
"""Looks, 10 ms apart, for the keyboard to have gone to the game's own window; a dialogue may hold it."""

LONGEST = 30.0
"""Seconds that one action may last."""


@dataclass(frozen=True, slots=True)
class _Held:
    kind: Literal["key", "button"]
    name: str


class Guard:
    """Performs actions on one window; `refused` counts those that it held back."""

    def __init__(
        self,
        devices: Input,
        windows: Windows,
        handle: int,
        profile: Profile,
        stop: Stop,
        log: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`log` is told one sentence for each refusal."""
        self._devices = devices
        self._windows = windows
        self._handle = handle
        self._profile = profile
        self._timing = profile.timing
        self._stop = stop
        self._log = log
        self._lock = threading.RLock()
        self._held: list[_Held] = []
        self._places: deque[Point] = deque(maxlen=SENT)
        self._viewport = Viewport(Rect(0, 0, 1, 1))
        self.refused = 0

    def follow(self, handle: int) -> None:
        """Act on this window from now on: the game has opened another one."""
        self._handle = handle

    def perform(self, action: Action, viewport: Viewport) -> None:
        """Do it in the window that `viewport` says; raises `Withheld` for what is refused, `Stopped` when the
        run is ended meanwhile, with everything released."""
        self._viewport = viewport
        self._stop.raise_if_set()
        try:
            self._check(action)
            self._do(action)
        finally:
            self.release()

    def release(self) -> None:
        """Release everything that is held; any thread may call it."""
        with self._lock:
            while self._held:
                held = self._held.pop()
                with suppress(DesktopGone):
                    if held.kind == "key":
                        self._devices.key(held.name, False)
                    else:
                        self._devices.button(held.name, False)  # type: ignore[arg-type]

    def ours(self, place: Point) -> bool:
        """Whether the guard itself has lately put the pointer there, or on the way of a drag near it."""
        return any(abs(place[0] - x) <= 1 and abs(place[1] - y) <= 1 for x, y in list(self._places))

    def close(self) -> None:
        """Release everything and let go of the devices."""
        self.release()
        self._devices.close()

    # -- what is refused ----------------------------------------------------------------------

    def _check(self, action: Action) -> None:
        match action:
            case Click(x, y) | DoubleClick(x, y) | Move(x, y):
                self._check_point((x, y))
            case Scroll(x, y, scroll_x, scroll_y):
                self._check_point((x, y))
                if max(abs(_notches(scroll_x)), abs(_notches(scroll_y))) > MOST_NOTCHES:
                    self._refuse(f"a scroll by more than {MOST_NOTCHES} notches")
            case Drag(path):
                if not path:
                    self._refuse("a drag without a way")
                for point in path:
                    self._check_point(point)
                for place in self._way(path):
                    self._check_point(self._viewport.to_frame(place))
            case KeyPress(keys):
                self._check_chord(keys)
            case Hold(keys, seconds):
                self._check_chord(keys)
                self._check_time(seconds)
            case TypeText(text):
                for character in text:
                    if not character.isprintable() or self._profile.safety.refuses(keys_for(character)):
                        self._refuse(f"typing {character!r}")
            case Wait(seconds):
                self._check_time(seconds)
            case _:
                self._refuse(f"{action!r}, which is no action")
        if not takes(self._profile.accepts, action):
            self._refuse(f"{action}, which the game does not take by its profile")

    def _check_point(self, point: Point) -> None:
        width, height = self._viewport.size
        if not (0 <= point[0] < width and 0 <= point[1] < height):
            self._refuse(f"{point}, which lies outside of the window")
        if forbidden(self._profile, point, (width, height)):
            self._refuse(f"{point}, which the profile forbids")

    def _check_chord(self, keys: tuple[str, ...]) -> None:
        if not keys:
            self._refuse("a chord without keys")
        for key in chord(keys):
            if not is_key(key):
                self._refuse(f"{key!r}, which is no key")
        if self._profile.safety.refuses(keys):
            self._refuse(f"the keys {'+'.join(chord(keys))}")

    def _check_time(self, seconds: float) -> None:
        if not 0.0 <= seconds <= LONGEST:
            self._refuse(f"{seconds:g} seconds: {LONGEST:g} are the most")

    def _refuse(self, what: str) -> None:
        self.refused += 1
        sentence = f"The guard of the window refused {what}."
        self._log(sentence)
        raise Withheld(sentence)

    # -- what is done -------------------------------------------------------------------------

    def _do(self, action: Action) -> None:
        match action:
            case Click(x, y, button):
                self._click((x, y), button)
            case DoubleClick(x, y):
                self._click((x, y), "left")
                self._pause(self._timing.between)
                self._click((x, y), "left")
            case Move(x, y) if self._profile.input.mouse == "relative":
                self._look((x, y))
            case Move(x, y):
                self._go((x, y))
            case Drag(path):
                self._drag(path)
            case Scroll(x, y, scroll_x, scroll_y):
                self._go((x, y))
                self._own((x, y))
                with self._lock:
                    self._stop.raise_if_set()
                    self._devices.scroll(_notches(scroll_x), _notches(scroll_y))
            case KeyPress(keys):
                self._press_keys(chord(keys), self._timing.press / 1000)
            case Hold(keys, seconds):
                self._press_keys(chord(keys), max(seconds, self._timing.press / 1000))
            case TypeText(text):
                for character in text:
                    self._press_keys(keys_for(character), self._timing.press / 1000)
                    self._pause(self._timing.between)
            case Wait(seconds):
                self._stop.wait(seconds)

    def turn(self, dx: int, dy: int) -> None:
        """Move the mouse by so much, for a game that holds the pointer; raises `Withheld` for others."""
        if self._profile.input.mouse != "relative":
            self._refuse("a relative move in a game that shows the pointer")
        with self._lock:
            self._stop.raise_if_set()
            self._devices.move_by(dx, dy)

    def _click(self, point: Point, button: Button) -> None:
        self._go(point)
        self._pause(self._timing.hover)
        self._own(point)
        self._hold("button", button)
        self._stay(self._timing.press / 1000)
        self.release()

    def _drag(self, path: tuple[Point, ...]) -> None:
        self._go(path[0])
        self._pause(self._timing.hover)
        self._own(path[0])
        self._hold("button", "left")
        self._stay(self._timing.press / 1000)
        way = self._way(path)
        began = looked = time.monotonic()
        for number, place in enumerate(way, start=1):
            self._own_place(place)
            self._put(place)
            self._stop.wait(began + self._timing.drag / 1000 * number / len(way) - time.monotonic())
            if time.monotonic() - looked > LOOK_SECONDS:
                self._check_still_ours()
                looked = time.monotonic()
        self._stay(self._timing.press / 1000)
        self.release()

    def _way(self, path: tuple[Point, ...]) -> list[Point]:
        """Where a drag puts the pointer on the desktop after its first point."""
        ends = [self._viewport.to_screen(point) for point in path]
        return [place for a, b in pairwise(ends) for place in _between(a, b)]

    def _press_keys(self, keys: tuple[str, ...], seconds: float) -> None:
        self._own(None)
        for key in keys:
            self._hold("key", key)
            if len(keys) > 1:
                self._pause(min(self._timing.between, 20))
        self._stay(seconds)
        self.release()

    def _stay(self, seconds: float) -> None:
        """Wait while something is held down, as long as the window is still to be acted in."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > LOOK_SECONDS:
            self._stop.wait(LOOK_SECONDS)
            self._check_still_ours()
        self._stop.wait(left)

    def _check_still_ours(self) -> None:
        """Refuse to go on when another window has come to the front, or a person has taken the mouse."""
        trouble = self._windows.trouble(self._handle)
        if trouble is None and not self._stop.still:
            trouble = "the mouse is moved by hand"
        if trouble is not None:
            self._refuse(f"to go on while {trouble}")

    def _go(self, point: Point) -> None:
        if self._profile.input.mouse == "relative":
            return
        self._put(self._viewport.to_screen(point))

    def _look(self, point: Point) -> None:
        """Turn the camera so that it looks at a point of the frame, about."""
        width, height = self._viewport.size
        turn = self._profile.input.turn
        self._own(point)
        self.turn(round(turn * (point[0] - width / 2)), round(turn * (point[1] - height / 2)))

    def _put(self, place: Point) -> None:
        place = self._off_corners(place)
        with self._lock:
            self._stop.raise_if_set()
            self._places.append(place)
            self._devices.move(*place)

    def _off_corners(self, place: Point) -> Point:
        """`place`, or beside it where the exact corner of a monitor is a person's way to stop the run."""
        area = self._viewport.area
        for monitor, _ in self._windows.monitors():
            if place in corners(monitor) and area.w > 2 and area.h > 2:
                x = place[0] + (1 if place[0] == monitor.x else -1)
                y = place[1] + (1 if place[1] == monitor.y else -1)
                return x, y
        return place

    def _own(self, point: Point | None) -> None:
        """Refuse when another program's window has come to lie there, or (None) has the keyboard."""
        if point is None:
            self._focus()
            trouble = self._windows.trouble(self._handle)
            if trouble is not None:
                self._refuse(f"keys while {trouble}")
        else:
            self._own_place(self._viewport.to_screen(point))

    def _own_place(self, place: Point) -> None:
        """Refuse a place on the desktop where another program's window lies."""
        if not self._windows.owns(self._handle, place):
            self._refuse(f"{self._viewport.to_frame(place)}, where another program's window lies")

    def _focus(self) -> None:
        """Let keys go to the game's own window, where a dialogue of the same program has them."""
        if self._windows.focused(self._handle) or self._windows.trouble(self._handle) is not None:
            return
        self._windows.activate(self._handle)
        for _ in range(FOCUS_LOOKS):
            if self._windows.focused(self._handle):
                return
            self._pause(10)

    def _hold(self, kind: Literal["key", "button"], name: str) -> None:
        with self._lock:
            self._stop.raise_if_set()
            if kind == "key":
                self._devices.key(name, True)
            else:
                self._devices.button(name, True)  # type: ignore[arg-type]
            self._held.append(_Held(kind, name))

    def _pause(self, milliseconds: float) -> None:
        self._stop.wait(milliseconds / 1000)


def forbidden(profile: Profile, point: Point, size: tuple[int, int]) -> bool:
    """Whether a pixel of a frame of `size` lies in one of the profile's forbidden regions."""
    return any(region.contains(*point) for region in regions(profile, size))


def regions(profile: Profile, size: tuple[int, int]) -> list[Rect]:
    """The forbidden regions in pixels of a frame of `size`."""
    width, height = size
    out = []
    for part in profile.forbidden:
        left, top = int(part.x * width), int(part.y * height)
        right, bottom = round((part.x + part.w) * width), round((part.y + part.h) * height)
        out.append(Rect(left, top, right - left, bottom - top))
    return out


def corners(monitor: Rect) -> set[Point]:
    """The exact corners of a monitor: a person who puts the pointer there ends the run."""
    right, bottom = monitor.x + monitor.w - 1, monitor.y + monitor.h - 1
    return {(x, y) for x in (monitor.x, right) for y in (monitor.y, bottom)}


def _notches(pixels: int) -> int:
    return round(pixels / NOTCH) or (pixels > 0) - (pixels < 0)


def _between(start: Point, end: Point) -> list[Point]:
    """Points from `start` (left out) to `end`, at most `STRIDE` apart."""
    distance = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    steps = max(2, -(-distance // STRIDE))
    return [
        (round(start[0] + (end[0] - start[0]) * i / steps), round(start[1] + (end[1] - start[1]) * i / steps))
        for i in range(1, steps + 1)
    ]

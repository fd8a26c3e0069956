"""A window of the desktop as an `Env`: pictures of its client area, actions through the guard.

While the window cannot be played in (off the screen, resized, minimised, covered, closed, the mouse in a
person's hand) the run pauses with a sentence, and goes on when it is back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from groundup.envs.errors import GameEnded, GroundupError, Withheld
from groundup.envs.types import Accepts, Action, Frame, Pixels
from groundup.envs.window import SMALLEST, Capture, NoSuchWindow, Query, Window, Windows, find
from groundup.envs.window_geometry import Rect, Viewport, scale_at, shown
from groundup.envs.window_guard import LOOK_SECONDS, Guard, regions
from groundup.envs.window_profile import Profile
from groundup.envs.window_stop import Stop
from groundup.envs.window_watch import Watch

PATIENCE_SECONDS = 600.0
"""A pause that has lasted for so long ends the run."""

DARK = 4
"""Levels up to which a picture is all black: the screen is locked or off."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a window is played with: how it is seen, found, acted on and watched."""

    windows: Windows
    capture: Capture
    guard: Guard
    watch: Watch
    stop: Stop


class WindowEnv:
    """Plays in one window. `reset` cannot bring a game of somebody else's back to its start: it goes on."""

    def __init__(
        self,
        desk: Desk,
        window: Window,
        query: Query,
        profile: Profile,
        *,
        tell: Callable[[str], None] = lambda _: None,
        confirm: Callable[[Action], bool] | None = None,
        reopen: Callable[[int | None], Window] | None = None,
        closed: Callable[[], None] = lambda: None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`tell` is told of pauses; `confirm` is asked before each action; `reopen` starts the game anew with
        a seed and gives its window, where the game can be started from here; `closed` is called at the end;
        `patience` in seconds."""
        self._desk = desk
        self._window = window
        self._query = query
        self._profile = profile
        self._tell = tell
        self._confirm = confirm
        self._reopen = reopen
        self._closed = closed
        self._patience = patience
        self._index = 0
        self._next = 0.0
        self._looked = -LOOK_SECONDS
        self._viewport = _checked(desk.windows, window)
        self._size = self._viewport.size
        self._picture: Pixels = np.zeros((1, 1, 3), np.uint8)

    @property
    def name(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its frames in pixels; while another size is shown the run pauses."""
        return self._size

    @property
    def accepts(self) -> Accepts:
        """What the profile says that the game takes."""
        return self._profile.accepts

    def observe(self) -> Frame:
        """The next picture, at the profile's pace; waits while the window cannot be played in.

        Raises `Stopped`, `DesktopGone`, or `GameEnded` when a game that can be opened anew has closed its
        window.
        """
        self._desk.stop.wait(self._next - time.monotonic())
        self._ready()
        self._picture = self._grab()
        if self._black() is not None:
            self._wait_out(self._unseen)
        pixels = self._picture
        for region in regions(self._profile, self._size):
            pixels[region.y : region.y + region.h, region.x : region.x + region.w] = 0
        self._next = time.monotonic() + self._profile.timing.frame / 1000
        self._index += 1
        return Frame(pixels, time.monotonic(), self._index)

    def act(self, action: Action) -> None:
        """Do it, through the guard; raises `Withheld` for what is refused, `Stopped`, `GameEnded`,
        `DesktopGone`."""
        self._looked = -LOOK_SECONDS
        self._ready()
        if self._confirm is not None:
            if not self._confirmed(self._confirm, action):
                raise Withheld(f"{action} was not confirmed.")
            self._desk.windows.activate(self._window.handle)
            self._looked = -LOOK_SECONDS
            self._ready()
        self._desk.guard.perform(action, self._viewport)

    def reset(self, *, seed: int | None = None) -> Frame:
        """Start the game anew where it can be started from here; else go on as it is."""
        if self._reopen is not None:
            self._window = self._reopen(seed)
            self._desk.guard.follow(self._window.handle)
            self._looked = -LOOK_SECONDS
        return self.observe()

    def close(self) -> None:
        """Release everything and let go of the desktop; may be called twice."""
        self._desk.watch.close()
        self._desk.guard.close()
        self._desk.capture.close()
        self._desk.windows.close()
        self._closed()

    def _confirmed(self, confirm: Callable[[Action], bool], action: Action) -> bool:
        """What `confirm` answers, asked in a thread of its own: a person may end the run at the question."""
        answer: Future[bool] = Future()

        def ask() -> None:
            try:
                answer.set_result(confirm(action))
            except BaseException as error:
                answer.set_exception(error)

        threading.Thread(target=ask, name="groundup-question", daemon=True).start()
        while not answer.done():
            self._desk.stop.wait(LOOK_SECONDS)
        return answer.result()

    def _grab(self) -> Pixels:
        try:
            return self._desk.capture.grab(self._viewport.area)
        except GroundupError:
            self._desk.windows.area(self._window.handle)  # says so where the whole desktop has gone
            raise

    def _ready(self) -> None:
        """Return once the window can be played in, with `self._viewport` where it is now."""
        if time.monotonic() - self._looked < LOOK_SECONDS and self._desk.stop.still:
            return
        self._wait_out(self._trouble)

    def _wait_out(self, trouble_now: Callable[[], str | None]) -> None:
        """Wait until there is no trouble, telling of it; raises `GroundupError` when that takes too long."""
        began, said = time.monotonic(), ""
        while (trouble := trouble_now()) is not None:
            if trouble != said:
                self._tell(f"Paused: {trouble}; the run goes on when it is back.")
                said = trouble
            if time.monotonic() - began > self._patience:
                raise GroundupError(
                    f"The run ended: {trouble} for {self._patience:g} seconds; play on with --resume."
                )
            self._desk.guard.release()
            self._desk.stop.wait(LOOK_SECONDS)
        if said:
            self._tell("Going on.")
        self._looked = time.monotonic()

    def _unseen(self) -> str | None:
        """What keeps the window from being seen, by another picture of it."""
        trouble = self._trouble()
        if trouble is None:
            self._picture = self._grab()
            trouble = self._black()
        return trouble

    def _black(self) -> str | None:
        return "the screen is black, locked or off" if int(self._picture.max()) <= DARK else None

    def _trouble(self) -> str | None:
        windows, stop = self._desk.windows, self._desk.stop
        stop.raise_if_set()
        if not stop.still:
            return "the mouse was moved by hand"
        area = windows.area(self._window.handle)
        if area is None:
            if self._reopen is not None:
                raise GameEnded(f"{self._profile.name} has closed its window.")
            if not self._found_again():
                return f"the window {self._window.title!r} is closed"
            area = windows.area(self._window.handle) or self._viewport.area
        trouble = windows.trouble(self._window.handle)
        if trouble is not None:
            return f"the window cannot be played in, {trouble}"
        viewport = Viewport(area, scale_at(area, windows.monitors()))
        if viewport.size != self._size:
            w, h = viewport.size
            return f"the window has {w}x{h} pixels instead of {self._size[0]}x{self._size[1]}"
        if not shown(area, windows.monitors()):
            return "part of the window is off the screen"
        self._viewport = viewport
        return None

    def _found_again(self) -> bool:
        try:
            self._window = find(self._desk.windows, self._query)
        except NoSuchWindow:
            return False
        self._desk.guard.follow(self._window.handle)
        return True


def _checked(windows: Windows, window: Window) -> Viewport:
    area: Rect = window.area
    if area.w < SMALLEST[0] or area.h < SMALLEST[1]:
        raise NoSuchWindow(
            f"The window {window.title!r} has {area.w}x{area.h} pixels: make it at least "
            f"{SMALLEST[0]}x{SMALLEST[1]}, or name another one."
        )
    return Viewport(area, scale_at(area, windows.monitors()))

"""Opens a window of the desktop as a game: the parts of this system, put together."""

from __future__ import annotations

import sys
from collections.abc import Callable

from groundup.envs.games import Game
from groundup.envs.types import Action
from groundup.envs.window import Input, Query, Window, Windows, find
from groundup.envs.window_capture import MssCapture
from groundup.envs.window_env import PATIENCE_SECONDS, Desk, WindowEnv
from groundup.envs.window_guard import Guard
from groundup.envs.window_profile import Profile, chosen_profile
from groundup.envs.window_stop import Ender, Stop
from groundup.envs.window_watch import Judge, Poll, Watch, watch_x11


def open_window(
    query: Query,
    *,
    profile: Profile | str | None = None,
    tell: Callable[[str], None] = lambda _: None,
    confirm: Callable[[Action], bool] | None = None,
    reopen: Callable[[int | None], Window] | None = None,
    closed: Callable[[], None] = lambda: None,
    patience: float = PATIENCE_SECONDS,
) -> Game:
    """The one window that `query` means, as a game; `Game.stop` ends it from outside.

    `profile`: one of ours by name, a file, or (None) the one whose title the window has, else the template.
    Raises `NoDisplay`, `NoSuchWindow`, `ProfileInvalid`; the other arguments are those of `WindowEnv`.
    """
    windows = desktop()
    try:
        window = find(windows, query)
        chosen = chosen_profile(profile, window.title)
        stop = Stop()
        desk = _desk(windows, window, chosen, stop, tell)
    except BaseException:
        windows.close()
        raise
    ender = Ender(stop, desk.guard.release)

    def close() -> None:
        ender.close()
        closed()

    try:
        windows.activate(window.handle)
        env = WindowEnv(
            desk,
            window,
            query,
            chosen,
            tell=tell,
            confirm=confirm,
            reopen=reopen,
            closed=close,
            patience=patience,
        )
    except BaseException:
        ender.close()
        desk.watch.close()
        desk.guard.close()
        desk.capture.close()
        windows.close()
        raise
    return Game(env, stop=ender, stop_text=chosen.safety.stop_text)


def desktop() -> Windows:
    """The windows of this desktop; raises `NoDisplay` or `MissingPart`."""
    if sys.platform in ("win32", "darwin"):
        from groundup.envs.window_other import OtherWindows

        return OtherWindows()
    from groundup.envs.window_x11 import X11Windows

    return X11Windows()


def _desk(
    windows: Windows, window: Window, profile: Profile, stop: Stop, tell: Callable[[str], None]
) -> Desk:
    devices = _devices()
    guard = Guard(devices, windows, window.handle, profile, stop, tell)
    judge = Judge(
        guard,
        stop,
        profile.safety.stop_key,
        [monitor for monitor, _ in windows.monitors()],
        pointer_held=profile.input.mouse == "relative",
    )
    return Desk(windows, MssCapture(), guard, _watch(judge, devices, profile), stop)


def _devices() -> Input:
    if sys.platform in ("win32", "darwin"):
        from groundup.envs.window_other import PyAutoGuiInput

        return PyAutoGuiInput()
    from groundup.envs.window_xtest import XTestInput

    return XTestInput()


def _watch(judge: Judge, devices: Input, profile: Profile) -> Watch:
    if sys.platform in ("win32", "darwin"):
        return Poll(judge, devices.pointer, profile.safety.stop_key)
    return watch_x11(judge)

"""A screen to play on: the desktop's where there is one, else Xvfb with a window manager."""

from __future__ import annotations

import os

from groundup.envs.launch import Programs, require
from groundup.envs.window_x11 import NoDisplay, X11Windows, connect

SIZE = (1280, 800)
"""Width and height of a screen started here, in pixels."""

STARTER = {"setpriv": "util-linux"}
MANAGER = {"openbox": "openbox", **STARTER}
PACKAGES = {"Xvfb": "xvfb", **MANAGER}
"""Programs, and their Debian packages, that start others, manage windows, and make a screen."""


def open_screen(programs: Programs) -> str:
    """The name of a display with a window manager, as in $DISPLAY, which is set to it.

    Starts what is missing of both: Xvfb when DISPLAY is not set, openbox when no window manager runs.
    Raises `MissingPart`, `LaunchFailed`, or `NoDisplay` for a DISPLAY that does not answer.
    """
    display = os.environ.get("DISPLAY", "")
    if not display:
        require(PACKAGES)
        display = _start_xvfb(programs)
        os.environ["DISPLAY"] = display
        programs.after(_forget_display)
    connect(display).close()
    if not managed(display):
        require(MANAGER)
        programs.start("openbox", ["openbox"], env={"DISPLAY": display})
        programs.wait_for("The window manager", lambda: managed(display))
    return display


def needed() -> dict[str, str]:
    """What a screen needs here, less where there is a display, and less with a window manager."""
    display = os.environ.get("DISPLAY", "")
    if not display:
        return PACKAGES
    return STARTER if managed(display) else MANAGER


def managed(display: str) -> bool:
    """Whether a window manager runs on `display`."""
    try:
        X11Windows(display).close()
    except NoDisplay:
        return False
    return True


def _start_xvfb(programs: Programs) -> str:
    """Start Xvfb on the first free display and return its name."""
    width, height = SIZE
    # It says on this descriptor which display it took, once it is ready.
    options = ["-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset", "-displayfd", "1"]
    programs.start("Xvfb", ["Xvfb", *options])
    programs.wait_for("Xvfb", lambda: programs.printed("Xvfb").strip().split("\n")[-1].isdigit())
    return f":{programs.printed('Xvfb').strip().splitlines()[-1]}"


def _forget_display() -> None:
    os.environ.pop("DISPLAY", None)

"""Windows on X11, by python-xlib: what the window manager lists, where they are, what lies on top.

Source of the traps: `translate_coords` gives the client area, other tools the frame around it; some
programs set `WM_NAME` only.
"""

from __future__ import annotations

import gc
import os
import struct
import tempfile
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from groundup.envs.errors import UsageError
from groundup.envs.types import Point
from groundup.envs.window import DesktopGone, Window
from groundup.envs.window_geometry import Rect

DEEPEST = 12
"""Levels of windows that are searched for whose the topmost is."""

_ICONIC = 3  # WM_STATE of a minimised window (ICCCM 4.1.3.1)
_INPUT_ONLY = 2
_VIEWABLE = 2


P = ParamSpec("P")
R = TypeVar("R")


class NoDisplay(UsageError):
    """There is no X11 desktop, or nobody manages its windows."""


def connect(display: str | None = None) -> Any:
    """A connection to the X server of $DISPLAY, or to `display`; raises `NoDisplay`."""
    name = display or os.environ.get("DISPLAY", "")
    if not name:
        if os.environ.get("WAYLAND_DISPLAY"):
            raise NoDisplay(
                "This is Wayland, where no program may see or control another's windows: start the game and "
                "groundup under XWayland (with DISPLAY set), or log in to an X11 session."
            )
        raise NoDisplay("DISPLAY is not set: run on a desktop, or let `groundup launch` start a screen.")
    _authority()
    from Xlib import display as xdisplay
    from Xlib.error import DisplayError, XauthError

    with warnings.catch_warnings():
        # It leaves the file of access rights, and a socket where nobody answers, to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            return xdisplay.Display(name)
        except (DisplayError, XauthError, OSError) as error:
            reason = str(error)
        gc.collect()  # that of its failure, while nobody is warned of the socket
    raise NoDisplay(f"The display {name} does not answer ({reason}): check DISPLAY.")


def _authority() -> None:
    """python-xlib wants a file of access rights to be there, and prints a warning when it is empty."""
    path = os.environ.get("XAUTHORITY") or os.path.expanduser("~/.Xauthority")
    if not os.path.exists(path) or not os.path.getsize(path):
        ours = os.path.join(tempfile.gettempdir(), f"groundup-xauthority-{os.getuid()}")
        with open(os.open(ours, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(_NO_RIGHTS)
        os.environ["XAUTHORITY"] = ours


_NO_RIGHTS = struct.pack(">HH5sHHH", 256, 5, b"no-op", 0, 0, 0)
"""One entry (family, address, number, name, data) that fits no display."""


class _Connected(Protocol):
    _display: Any


S = TypeVar("S", bound=_Connected)


def asks(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """For what asks something of an X server: raises `DesktopGone` where that has ended."""

    @wraps(method)
    def asked(self: S, /, *args: P.args, **options: P.kwargs) -> R:
        try:
            return method(self, *args, **options)
        except Exception as error:
            if not lost(error):
                raise
            self._display.display.close_internal("server")  # else the next question waits for ever
            raise DesktopGone(
                "The display does not answer any more: all that was learnt is kept; start it again, and play "
                "on with --resume."
            ) from error

    return asked


def lost(error: Exception) -> bool:
    """Whether an error of python-xlib says that the X server has ended.

    python3-xlib 0.15 stumbles over the error of its socket when it wants to tell of it: a TypeError.
    """
    from Xlib.error import ConnectionClosedError

    stumbled = isinstance(error, TypeError) and isinstance(error.__context__, OSError)
    return stumbled or isinstance(error, ConnectionClosedError | OSError)


def let_go(display: Any) -> None:
    """Close a connection; the server may have ended."""
    try:
        display.close()
    except Exception as error:
        if not lost(error):
            raise


class X11Windows:
    """The windows of one X server. Not for several threads at once: each has its own."""

    def __init__(self, display: str | None = None) -> None:
        """`display`: as in $DISPLAY. Raises `NoDisplay` without one, or without a window manager."""
        self._display = connect(display)
        self._root = self._display.screen().root
        # A window's id says in its upper bits which program made it.
        self._program = ~self._display.display.info.resource_id_mask & 0x1FFFFFFF
        if not self._managed():
            self._display.close()
            raise NoDisplay(
                "No window manager runs on this display: start one (`openbox`), or use `groundup launch`."
            )

    @asks
    def all(self) -> list[Window]:
        """Those in the window manager's list."""
        handles = self._property(self._root, "_NET_CLIENT_LIST")
        found = (self._window(int(handle)) for handle in (handles if handles is not None else ()))
        return [window for window in found if window is not None]

    @asks
    def area(self, handle: int) -> Rect | None:
        """Where a window's client area is now; None when it is gone."""
        from Xlib.error import XError

        window = self._resource(handle)
        try:
            geometry = window.get_geometry()
            at = self._root.translate_coords(window, 0, 0)
        except XError:
            return None
        return Rect(at.x, at.y, geometry.width, geometry.height)

    @asks
    def trouble(self, handle: int) -> str | None:
        """Why the window cannot be played in now; None when it can."""
        from Xlib.error import XError

        area = self.area(handle)
        if area is None:
            return "it is closed"
        window = self._resource(handle)
        try:
            state = self._property(window, "WM_STATE")
            iconic = state is not None and int(state[0]) == _ICONIC
            if iconic or window.get_attributes().map_state != _VIEWABLE:
                return "it is minimised"
            if not self._in_front(handle):
                return "another window is in front"
            if self._covered(handle, area):
                return "another window covers it"
        except XError:
            return "it is closed"
        return None

    @asks
    def owns(self, handle: int, point: Point) -> bool:
        """Whether what lies on top at `point` is that window or another of the same program."""
        from Xlib.error import XError

        window = self._root
        try:
            for _ in range(DEEPEST):
                window = window.translate_coords(self._root, *point).child
                if not window:
                    return False
                if self._same_program(window.id, handle):
                    return True
        except XError:
            return False
        return False

    @asks
    def focused(self, handle: int) -> bool:
        """Whether keys go to that very window, and not to another of the same program."""
        active = self._property(self._root, "_NET_ACTIVE_WINDOW")
        return active is not None and len(active) > 0 and int(active[0]) == handle

    @asks
    def activate(self, handle: int) -> None:
        """Ask the window manager to bring the window to the front."""
        from Xlib import X
        from Xlib.protocol import event

        message = event.ClientMessage(
            window=self._resource(handle),
            client_type=self._display.intern_atom("_NET_ACTIVE_WINDOW"),
            data=(32, [2, X.CurrentTime, 0, 0, 0]),
        )
        self._root.send_event(message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
        self._display.sync()

    @asks
    def monitors(self) -> list[tuple[Rect, float]]:
        """Each monitor; on X11 a unit of input is a pixel everywhere."""
        from Xlib.ext import xinerama  # noqa: F401  (adds the method used below)

        whole = self._root.get_geometry()
        screens = [Rect(0, 0, whole.width, whole.height)]
        if self._display.has_extension("XINERAMA") and self._display.xinerama_is_active():
            screens = [
                Rect(s.x, s.y, s.width, s.height) for s in self._display.xinerama_query_screens().screens
            ]
        return [(screen, 1.0) for screen in screens]

    def close(self) -> None:
        """Close the connection; may be called twice."""
        let_go(self._display)

    def _managed(self) -> bool:
        """Whether a window manager runs: one that has gone leaves its property, not the window it names.

        One that has only just begun has no list of windows yet, and does not show new ones.
        """
        from Xlib.error import XError

        said = self._property(self._root, "_NET_SUPPORTING_WM_CHECK")
        if said is None or self._property(self._root, "_NET_CLIENT_LIST") is None:
            return False
        try:
            repeated = self._property(self._resource(int(said[0])), "_NET_SUPPORTING_WM_CHECK")
        except XError:
            return False
        return repeated is not None and int(repeated[0]) == int(said[0])

    def _window(self, handle: int) -> Window | None:
        from Xlib.error import XError

        area = self.area(handle)
        if area is None:
            return None
        window = self._resource(handle)
        try:
            title = self._text(window, "_NET_WM_NAME") or self._text(window, "WM_NAME")
            names = self._text(window, "WM_CLASS").split("\0")
            pid = self._property(window, "_NET_WM_PID")
        except XError:
            return None
        return Window(handle, title, names[1] if len(names) > 1 else "", int(pid[0]) if pid else None, area)

    def _in_front(self, handle: int) -> bool:
        active = self._property(self._root, "_NET_ACTIVE_WINDOW")
        return active is not None and len(active) > 0 and self._same_program(int(active[0]), handle)

    def _covered(self, handle: int, area: Rect) -> bool:
        """Whether a window of another program lies above and over it."""
        from Xlib.error import XError

        for window in reversed(self._root.query_tree().children):
            try:
                attributes = window.get_attributes()
                if attributes.map_state != _VIEWABLE or attributes.win_class == _INPUT_ONLY:
                    continue
                geometry = window.get_geometry()
                if not area.overlap(Rect(geometry.x, geometry.y, geometry.width, geometry.height)):
                    continue
                if self._holds(window, handle):
                    return False
                if not self._holds_program(window, handle):
                    return True
            except XError:
                continue  # it has just been closed
        return False

    def _holds(self, window: Any, handle: int) -> bool:
        """Whether the top-level `window` is `handle`, or the frame around it."""
        if window.id == handle:
            return True
        return any(child.id == handle for child in window.query_tree().children)

    def _holds_program(self, window: Any, handle: int) -> bool:
        if self._same_program(window.id, handle):
            return True
        return any(self._same_program(child.id, handle) for child in window.query_tree().children)

    def _same_program(self, one: int, other: int) -> bool:
        return bool(one & self._program == other & self._program)

    def _resource(self, handle: int) -> Any:
        return self._display.create_resource_object("window", handle)

    def _property(self, window: Any, name: str) -> Any:
        found = window.get_full_property(self._display.intern_atom(name), 0)
        return None if found is None else found.value

    def _text(self, window: Any, name: str) -> str:
        value = self._property(window, name)
        if value is None:
            return ""
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

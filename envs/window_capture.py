"""Pictures of the desktop by mss, which takes X11's shared-memory way where there is one."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import cv2
import numpy as np

from groundup.envs.errors import GroundupError
from groundup.envs.types import Pixels
from groundup.envs.window_geometry import Rect


class CaptureFailed(GroundupError):
    """The system gave no picture."""


class MssCapture:
    """Takes pictures; one 1280x800 takes some 2 ms. For one thread."""

    def __init__(self) -> None:
        import mss

        try:
            self._mss: Any = mss.MSS()
        except mss.ScreenShotError as error:
            raise CaptureFailed(_denied(error)) from error

    def grab(self, area: Rect) -> Pixels:
        """What is shown in `area`, RGB; raises `CaptureFailed`."""
        import mss

        monitor = {"left": area.x, "top": area.y, "width": area.w, "height": area.h}
        try:
            shot = self._mss.grab(monitor)
        except (mss.ScreenShotError, AssertionError) as error:
            # mss 10.2 asserts that the X server answers.
            raise CaptureFailed(_denied(error)) from error
        # `.raw` is the buffer itself, `.bgra` a copy of it.
        pixels = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB), np.uint8)

    def close(self) -> None:
        """Let go of the desktop; may be called twice."""
        import mss

        with suppress(mss.ScreenShotError):  # where the desktop has gone, there is nothing to let go of
            self._mss.close()


def _denied(error: Exception) -> str:
    return (
        f"The screen cannot be captured ({error}): on X11 see that the server runs; on macOS allow it in "
        "System Settings, Privacy & Security, Screen & System Audio Recording."
    )

"""The mouse pointer that VPT draws into frames with an open menu, which the game's recorder leaves out.

VPT's own picture of it is not here, since it is VPT's: a plain arrow of the same size is drawn instead.
Who has the picture (`cursors/` in VPT's repository) can give it, for frames equal to VPT's to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.errors import UsageError

RECORDED_HEIGHT = 720
"""Pixels; the recorder notes the pointer's place on a screen this high."""

LARGEST = 64
"""Pixels of a side of a pointer; VPT's has 16."""

_CORNERS = ((0, 0), (0, 14), (2, 12), (3, 12), (5, 15), (7, 15), (6, 12), (6, 10), (9, 10), (9, 9))
"""Of the plain arrow, x and y from its tip: the usual one, 16 pixels high."""


@dataclass(frozen=True, slots=True, eq=False)
class Pointer:
    """`colours` uint8 (height, width, 3) and `opacity` float (height, width, 1), 0 to 1; the tip is top
    left."""

    colours: NDArray[np.uint8]
    opacity: NDArray[np.float64]


def read_pointer(path: Path) -> Pointer:
    """A pointer from a picture with transparency. Raises UsageError."""
    content = np.frombuffer(path.read_bytes(), np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    picture = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4 or picture.dtype != np.uint8:
        raise UsageError(f"{path} is no picture of a pointer: give a PNG with transparency.")
    if max(picture.shape[:2]) > LARGEST:
        raise UsageError(f"{path} is too large for a pointer: give at most {LARGEST} pixels a side.")
    opacity = np.asarray(picture[..., 3:], np.float64) / 255.0
    return Pointer(np.asarray(picture[..., 2::-1], np.uint8), opacity)


def draw_cursor(pixels: NDArray[np.uint8], x: float, y: float, pointer: Pointer) -> None:
    """Draw the pointer into an RGB frame, in place; `x` and `y` are pixels of the recorder's screen."""
    scale = pixels.shape[0] / RECORDED_HEIGHT
    left, top = int(x * scale), int(y * scale)
    height = max(0, min(pixels.shape[0] - top, pointer.colours.shape[0]))
    width = max(0, min(pixels.shape[1] - left, pointer.colours.shape[1]))
    if height == 0 or width == 0 or left < 0 or top < 0:
        return
    under = pixels[top : top + height, left : left + width]
    opacity = pointer.opacity[:height, :width]
    under[:] = (under * (1 - opacity) + pointer.colours[:height, :width] * opacity).astype(np.uint8)


def _arrow() -> Pointer:
    """White with a black edge."""
    shape = (max(y for _, y in _CORNERS) + 1, max(x for x, _ in _CORNERS) + 1)
    corners = [np.array(_CORNERS, np.int32)]
    inside, edge = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    cv2.fillPoly(inside, corners, 255)
    cv2.polylines(edge, corners, isClosed=True, color=255)
    white = np.where(edge > 0, 0, inside).astype(np.uint8)
    return Pointer(np.repeat(white[..., None], 3, axis=2), (np.maximum(inside, edge) / 255.0)[..., None])


ARROW = _arrow()

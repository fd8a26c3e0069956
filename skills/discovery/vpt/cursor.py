"""The mouse pointer that VPT draws into frames with an open menu, which the game's recorder leaves out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RECORDED_HEIGHT = 720
"""Pixels; the recorder notes the pointer's place on a screen this high."""

# The usual arrow: "#" black, "o" white, and what is faint at its edges by (row, column): (grey, opacity of
# 255).
_ARROW = """
#...............
##..............
#o#.............
#oo#............
#ooo#...........
#oooo#..........
#ooooo#.........
#oooooo#........
#ooooooo#.......
#oooooooo#......
#ooooo####......
#ooooo#.........
#o##oo#.........
#..#ooo#........
#...#oo#........
.....###........
"""
_FAINT = {
    (0, 4): (255, 8), (0, 5): (255, 10), (0, 10): (238, 1), (1, 5): (255, 6), (1, 6): (238, 9),
    (1, 8): (255, 3), (1, 9): (238, 14), (2, 8): (238, 1), (3, 8): (238, 6), (4, 9): (238, 5),
    (5, 10): (238, 13), (7, 10): (255, 2), (9, 10): (238, 2), (13, 1): (0, 205), (13, 2): (238, 50),
    (14, 3): (255, 25), (14, 8): (238, 19), (14, 9): (255, 1),
}  # fmt: skip


def draw_cursor(pixels: NDArray[np.uint8], x: float, y: float) -> None:
    """Draw the pointer into an RGB frame, in place; `x` and `y` are pixels of the recorder's screen."""
    scale = pixels.shape[0] / RECORDED_HEIGHT
    left, top = int(x * scale), int(y * scale)
    height = max(0, min(pixels.shape[0] - top, _GREY.shape[0]))
    width = max(0, min(pixels.shape[1] - left, _GREY.shape[1]))
    if height == 0 or width == 0 or left < 0 or top < 0:
        return
    under = pixels[top : top + height, left : left + width]
    opacity = _OPACITY[:height, :width]
    under[:] = (under * (1 - opacity) + _GREY[:height, :width] * opacity).astype(np.uint8)


def _bitmap() -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    rows = _ARROW.split()
    grey = np.array([[255 * (mark == "o") for mark in row] for row in rows], dtype=np.uint8)
    opacity = np.array([[255 * (mark != ".") for mark in row] for row in rows], dtype=np.uint8)
    for place, (shade, strength) in _FAINT.items():
        grey[place], opacity[place] = shade, strength
    return grey[..., None], opacity[..., None] / 255.0


_GREY, _OPACITY = _bitmap()

"""Tells whether a part of the screen changed, or shows the same things a few pixels further.

What breathes, floats or drifts on its own moves by a pixel or two from frame to frame. What answers an
action becomes another thing, or moves further. Measured on figures that breathe and dust that drifts:
nearly all of their changed pixels are found again at one of two shifts; of a digit that changes, few are.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels
from groundup.perception.change_range import CELL, most
from groundup.perception.types import Box

REACH = 3
"""Pixels that a thing may have drifted."""

PIXEL = 14
"""Levels by which a pixel must differ to count as changed."""

SAMPLED = 96
"""Changed pixels looked at to find the shift."""

FOUND = 0.6
"""Share of the changed pixels that must be found again before the rest is looked at."""

REST = 18
"""Mean levels per 4x4 pixels that a drift may leave unexplained, where background comes to light."""

TWO = 400
"""Changed pixels from which two things may have moved apart: in less, two shifts make a 6 of a 5."""

SPECK = 2
"""Parts of 4x4 pixels that may stay unexplained in something a hundred times larger."""

_SHIFTS = np.array(
    [(dy, dx) for dy in range(-REACH, REACH + 1) for dx in range(-REACH, REACH + 1) if dy or dx]
)


def drifted(before: Pixels, after: Pixels, box: Box) -> bool:
    """Whether all that differs within `box` of two frames is things moved by up to `REACH` pixels."""
    margin = REACH + 1
    height, width = before.shape[:2]
    top, bottom = max(margin, box.y - margin), min(height - margin, box.y + box.h + margin)
    left, right = max(margin, box.x - margin), min(width - margin, box.x + box.w + margin)
    if top >= bottom or left >= right:
        return False
    new = after[top:bottom, left:right]
    changed = most(cv2.absdiff(new, before[top:bottom, left:right]))
    ys, xs = np.nonzero(changed > PIXEL)
    if not len(ys):
        return True
    step = max(1, len(ys) // SAMPLED)
    shifts = _best_shifts(before, new, ys[::step], xs[::step], (top, left))
    rest: NDArray[np.uint8] = changed
    for dy, dx in shifts if len(ys) >= TWO else shifts[:1]:
        old = before[top - dy : bottom - dy, left - dx : right - dx]
        rest = np.minimum(rest, most(cv2.absdiff(new, old)))
    if not shifts:
        return False
    rows, columns = max(1, rest.shape[0] // CELL), max(1, rest.shape[1] // CELL)
    unexplained = np.count_nonzero(cv2.resize(rest, (columns, rows), interpolation=cv2.INTER_AREA) > REST)
    if not unexplained:
        return True
    # A speck of dust may pass before a figure that breathes.
    return int(unexplained) <= SPECK and int(np.count_nonzero(rest > PIXEL)) < 0.01 * len(ys)


def _best_shifts(
    before: Pixels, new: Pixels, ys: NDArray[np.intp], xs: NDArray[np.intp], corner: tuple[int, int]
) -> list[tuple[int, int]]:
    """Two shifts, the better first, at which most of the sampled pixels are found again, or none."""
    from_y = ys[None, :] + corner[0] - _SHIFTS[:, :1]
    from_x = xs[None, :] + corner[1] - _SHIFTS[:, 1:]
    # One channel finds the shift, three times faster; all of them check what it leaves.
    same = np.abs(before[from_y, from_x, 1].astype(np.int16) - new[ys, xs, 1]) <= PIXEL
    first = int(same.sum(axis=1).argmax())
    second = int((same & ~same[first]).sum(axis=1).argmax())
    if float((same[first] | same[second]).mean()) < FOUND:
        return []
    return [(int(dy), int(dx)) for dy, dx in _SHIFTS[[first, second]]]

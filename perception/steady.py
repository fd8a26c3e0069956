"""What stands where nothing changed is what stood there before.

A breathing figure or a flickering torch is seen a little differently in each frame. Where the screen
did not change for good, things and numbers are kept as they were, and proposals are not made anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from groundup.envs.types import Pixels
from groundup.perception.change import Mask
from groundup.perception.change_range import CELL
from groundup.perception.observation import Quantity, Thing
from groundup.perception.proposals import propose
from groundup.perception.types import Box, Proposal, TextLine

MARGIN = 12
"""Cells (48 pixels) around a change within which boxes are proposed anew: what moved away has left a hole."""

AROUND = 32
"""Pixels of blank around what is proposed anew: a box is judged by at most 20 pixels around it."""

TOUCHED = 0.03
"""Share of a box's cells from which it counts as changed: a border that lights up is a tenth of a card."""

SAME = 0.5
"""Overlap, as a share of the smaller box, from which a new thing is taken for the one that was there."""

NOTICED = 24
"""Grey levels by which some pixel of a line must differ for the line to be compared at all."""

SHIFT = 5
"""Pixels by which something written may have moved with what it is written on: figures breathe by 2."""

ALIKE = 0.95
"""Correlation from which a line is the same line. Measured on 129 lines of the embedded game that lay in what
moves by itself: 118 unchanged ones had .96 to 1, but for one of .92; 9 of 11 that were gone or another had
less than .9."""


def share(lasting: Mask, box: Box) -> float:
    """The share (0 to 1) of the cells touched by `box` that changed for good."""
    rows = slice(max(0, box.y // CELL), max(0, -(-(box.y + box.h) // CELL)))
    columns = slice(max(0, box.x // CELL), max(0, -(-(box.x + box.w) // CELL)))
    part = lasting[rows, columns]
    return float(part.mean()) if part.size else 0.0


def rewritten(lasting: Mask, lines: Sequence[TextLine], before: Pixels, now: Pixels) -> Mask:
    """`lasting` and the cells of those `lines` of the frame before that cannot be found in place any more.

    What is written on a figure that breathes moves with it, so a cell there is bright at one time and dark at
    another: by the range of its brightness alone, 8 that became 12 is no change. Nor is the last digit of
    what counts on for ever, which has been every digit: in a line that changed for good whatever differs did.
    """
    out = lasting
    for line in lines:
        if share(lasting, line.box) > 0.0:
            rows, columns, changed = _differing(line.box, before, now)
        elif not _still_there(line.box, before, now):
            x, y, w, h = line.box
            wide = max(h, SHIFT)
            rows = slice(max(0, (y - SHIFT) // CELL), -(-(y + h + SHIFT) // CELL))
            columns = slice(max(0, (x - wide) // CELL), -(-(x + w + wide) // CELL))
            changed = np.ones_like(lasting[rows, columns])
        else:
            continue
        if (changed & ~out[rows, columns]).any():
            out = lasting.copy() if out is lasting else out
            out[rows, columns] |= changed
    return out


def _differing(box: Box, before: Pixels, now: Pixels) -> tuple[slice, slice, Mask]:
    """The rows and columns of cells that `box` touches, and in which of them some pixel differs."""
    height, width = (length // CELL for length in before.shape[:2])
    rows = slice(max(0, box.y // CELL), min(height, -(-(box.y + box.h) // CELL)))
    columns = slice(max(0, box.x // CELL), min(width, -(-(box.x + box.w) // CELL)))
    area = np.s_[rows.start * CELL : rows.stop * CELL, columns.start * CELL : columns.stop * CELL]
    old, new = (cv2.cvtColor(pixels[area], cv2.COLOR_RGB2GRAY) for pixels in (before, now))
    differs = cv2.absdiff(old, new) > NOTICED
    cells = differs.reshape(rows.stop - rows.start, CELL, columns.stop - columns.start, CELL)
    return rows, columns, np.asarray(cells.any(axis=(1, 3)))


def _still_there(box: Box, before: Pixels, now: Pixels) -> bool:
    """Whether what `box` showed `before` is seen there now, or at most `SHIFT` pixels off."""
    x, y, w, h = box
    left, top = max(0, x - SHIFT), max(0, y - SHIFT)
    old = cv2.cvtColor(before[max(0, y) : y + h, max(0, x) : x + w], cv2.COLOR_RGB2GRAY)
    new = cv2.cvtColor(now[top : y + h + SHIFT, left : x + w + SHIFT], cv2.COLOR_RGB2GRAY)
    same = new[max(0, y) - top :, max(0, x) - left :][: old.shape[0], : old.shape[1]]
    if int(cv2.absdiff(old, same).max()) <= NOTICED:
        return True
    return float(cv2.matchTemplate(new, old, cv2.TM_CCOEFF_NORMED).max()) >= ALIKE


def proposals(pixels: Pixels, before: Sequence[Proposal], lasting: Mask) -> list[Proposal]:
    """The proposals of a frame, given those of the frame before and what changed since."""
    regions = _regions(lasting)
    if not regions:
        return list(before)
    # Level sets of what changed, on a blank ground, cost a fraction of the whole frame's.
    blank = np.zeros_like(pixels)
    for x, y, w, h in regions:
        blank[y : y + h, x : x + w] = pixels[y : y + h, x : x + w]
    kept = [p for p in before if not any(region.contains(*p.box.center) for region in regions)]
    return kept + [
        p
        for p in propose(blank, windows=_windows(regions, pixels))
        if any(_within(p.box, r, pixels) for r in regions)
    ]


def _windows(regions: Sequence[Box], pixels: Pixels) -> list[Box]:
    """Rectangles that hold the regions with `AROUND` pixels of what is blank, apart from one another."""
    height, width = pixels.shape[:2]
    windows: list[Box] = []
    for x, y, w, h in regions:
        left, top = max(0, x - AROUND), max(0, y - AROUND)
        new = Box(left, top, min(width, x + w + AROUND) - left, min(height, y + h + AROUND) - top)
        while touched := [window for window in windows if window.intersection(new)]:
            windows = [window for window in windows if window not in touched]
            new = _union([new, *touched])
        windows.append(new)
    return windows


def _union(boxes: Sequence[Box]) -> Box:
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, foot = max(box.x + box.w for box in boxes), max(box.y + box.h for box in boxes)
    return Box(left, top, right - left, foot - top)


def things(before: Sequence[Thing], lasting: Mask) -> list[Thing]:
    """The things of the frame before that have not changed."""
    return [thing for thing in before if share(lasting, thing.box) < TOUCHED]


def fresh(boxes: Sequence[Box], kept: Sequence[Thing], lasting: Mask | None) -> list[Box]:
    """Of the boxes found now those that hold something new, all where nothing is known (`lasting` None)."""
    if lasting is None:
        return list(boxes)
    changed = [box for box in boxes if share(lasting, box) >= TOUCHED]
    return [box for box in changed if not any(_covers(box, thing.box) for thing in kept)]


def quantities(
    before: Sequence[Quantity], now: Sequence[Quantity], lasting: Mask, *, beside: int = 0
) -> list[Quantity]:
    """The numbers of a frame, given those of the frame before and what changed since.

    `beside`: pixels to the left and right of a number that belong to it too. Where in a line of small type it
    stands is an estimate: the second digit of "T19" may lie beside it.
    """
    kept = [
        q
        for q in before
        if share(lasting, Box(q.box.x - beside, q.box.y, q.box.w + 2 * beside, q.box.h)) == 0.0
    ]
    places = {q.place for q in kept}
    # What could not be read at first, behind a number that floats up, say, is read later.
    return kept + [
        q for q in now if q.place not in places and not any(_covers(q.box, other.box) for other in kept)
    ]


def _regions(lasting: Mask) -> list[Box]:
    """Rectangles in pixels that hold all changes with a margin."""
    grown = cv2.dilate(lasting.astype(np.uint8), np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
    return [Box(*(CELL * int(v) for v in row[:4])) for row in stats[1:]]


def _within(box: Box, region: Box, pixels: Pixels) -> bool:
    """Whether `box` lies in `region` and was not cut off by its border (that of the frame cuts nothing)."""
    height, width = pixels.shape[:2]
    if not region.contains(*box.center):
        return False
    return (
        (box.x > region.x + CELL or region.x == 0)
        and (box.y > region.y + CELL or region.y == 0)
        and (box.x + box.w < region.x + region.w - CELL or region.x + region.w >= width)
        and (box.y + box.h < region.y + region.h - CELL or region.y + region.h >= height)
    )


def _covers(a: Box, b: Box) -> bool:
    return a.intersection(b) > SAME * min(a.area, b.area)

"""Judges what differs between two screens at rest, part by part: a change for good, or nothing but idling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from groundup.envs.types import Frame
from groundup.perception.change_drift import drifted
from groundup.perception.change_range import CELL, TINY, TOLERANCE, Mask, Range, Small, range_of, spread
from groundup.perception.types import Box

MOVING = 6
"""Levels between two frames in a row from which a cell counts as moving."""

STRONG = 48
"""Levels from which a single changed cell is believed without a changed neighbour."""

SWITCHED = 0.3
"""Share of cells changed for good from which the screen counts as another one."""

SMALL = 0.01
"""Share of cells up to which a changed part is only believed after some more frames at rest."""

SPECKS = 4
"""Specks of dust that may lie together: where two were and where they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What differs for good between two frames, beyond the screen's own animation.

    `fraction` is the share of cells changed (0 to 1), `boxes` the changed regions in pixels, largest
    first, and `mask` the changed cells, bool, one per `cell` x `cell` pixels.
    """

    responsive: bool
    fraction: float
    boxes: tuple[Box, ...]
    mask: Mask
    cell: int

    def local(self, point: tuple[int, int], radius: int = 24) -> bool:
        """Whether anything changed within `radius` pixels of `point`."""
        x, y = point
        return self.within(Box(x - radius, y - radius, 2 * radius, 2 * radius)) > 0.0

    def within(self, box: Box) -> float:
        """The share (0 to 1) of the cells touched by `box` that changed."""
        rows = slice(max(0, box.y // self.cell), max(0, -(-(box.y + box.h) // self.cell)))
        cols = slice(max(0, box.x // self.cell), max(0, -(-(box.x + box.w) // self.cell)))
        part = self.mask[rows, cols]
        return float(part.mean()) if part.size else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A frame and its cells."""

    frame: Frame
    small: Small


@dataclass(frozen=True, slots=True)
class Part:
    """A connected group of cells: which, the box around them in cells, and how many."""

    rows: slice
    columns: slice
    cells: Mask
    count: int

    @property
    def box(self) -> Box:
        """The box in pixels."""
        width, height = self.columns.stop - self.columns.start, self.rows.stop - self.rows.start
        return Box(self.columns.start * CELL, self.rows.start * CELL, width * CELL, height * CELL)

    def specks(self) -> list[Part]:
        """The pieces, without bridging, if a few specks of dust could be all there is; else none."""
        if self.count > SPECKS * TINY:
            return []
        pieces = list(_pieces(self.cells, self.cells, (self.rows.start, self.columns.start)))
        small = all(p.count <= TINY and max(p.box.w, p.box.h) <= 3 * CELL for p in pieces)
        return pieces if small else []


def _pieces(
    mask: Mask, grouped: Mask, corner: tuple[int, int] = (0, 0), most: int = 1 << 30
) -> Iterator[Part]:
    """The groups of cells of `mask` connected in `grouped`; none at all if there are more than `most`."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(grouped.view(np.uint8), connectivity=8)
    if count - 1 > most:
        return
    for label in range(1, count):
        left, top, width, height = (int(v) for v in stats[label][:4])
        rows, columns = slice(top, top + height), slice(left, left + width)
        cells = mask[rows, columns] & (labels[rows, columns] == label)
        ys, xs = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
        cells = cells[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
        y, x = corner[0] + top + int(ys[0]), corner[1] + left + int(xs[0])
        yield Part(
            slice(y, y + cells.shape[0]), slice(x, x + cells.shape[1]), cells, int(np.count_nonzero(cells))
        )


def parts(mask: Mask, most: int = 1 << 30) -> Iterator[Part]:
    """The connected groups in `mask`, gaps of two cells bridged; none if there are more than `most`."""
    return _pieces(mask, spread(mask), most=most)


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What changed; `small`: all of it is small; `fading`: nothing yet, but a speck is on its way to."""

    change: Change
    small: bool
    fading: bool


def judge(were: list[Seen], are: list[Seen], usual: Range, new: Range) -> Verdict:
    """What changed from `were`, where the screen showed `usual` by itself, to `are`, where it shows `new`."""
    gap = usual.around(were[-1].small).gap(new)
    mask: Mask = gap > TOLERANCE
    fraction = float(mask.mean())
    if fraction > SWITCHED:
        boxes = tuple(sorted((part.box for part in parts(mask)), key=lambda box: -box.area))
        return Verdict(Change(True, fraction, boxes, mask, CELL), False, False)
    restless = np.zeros_like(mask)
    for window in (were, are):
        if len(window) > 1:
            restless |= range_of([seen.small for seen in window]).width() > MOVING
    before, after = were[-1].frame.pixels, are[-1].frame.pixels
    found = np.zeros_like(mask)
    kept: list[Part] = []
    stirring: list[Part] = []
    for part in parts(mask):
        if part.count < 2 and int(gap[part.rows, part.columns].max()) < STRONG:
            continue
        specks = part.specks()
        if specks and all(_is_dust(speck, were, are, usual, new) for speck in specks):
            stirring.append(part)
            continue
        if np.count_nonzero(restless[part.rows, part.columns] & part.cells) > 0.5 * part.count:
            continue
        if drifted(before, after, part.box):
            continue
        kept.append(part)
        found[part.rows, part.columns] |= part.cells
    boxes = tuple(sorted((part.box for part in kept), key=lambda box: -box.area))
    change = Change(bool(kept), float(found.mean()), boxes, found, CELL)
    small = bool(kept) and all(part.count <= SMALL * mask.size for part in kept)
    return Verdict(change, small, not kept and any(_fades(are, part) for part in stirring))


def _fades(window: list[Seen], part: Part) -> bool:
    """Whether a speck became another thing while all else was at rest, as a fading digit; dust drifts."""
    if not _stirs(window, part.box):
        return False
    around = Box(part.box.x - CELL, part.box.y - CELL, part.box.w + 2 * CELL, part.box.h + 2 * CELL)
    return not all(drifted(one.frame.pixels, two.frame.pixels, around) for one, two in pairwise(window))


def _is_dust(speck: Part, were: list[Seen], are: list[Seen], usual: Range, new: Range) -> bool:
    """Whether a speck came or left by itself: it is on its way, or only what it had covered is seen again."""
    if _stirs(were, speck.box) or _stirs(are, speck.box):
        return True
    gap = usual.part(speck.rows, speck.columns).gap(new.part(speck.rows, speck.columns))
    return not bool((gap[speck.cells] > TOLERANCE).any())


def _stirs(window: list[Seen], box: Box) -> bool:
    """Whether anything moves within the box while the screen is at rest, be it by a pixel."""
    rows, columns = slice(box.y, box.y + box.h), slice(box.x, box.x + box.w)
    last = window[-1].frame.pixels[rows, columns]
    return any(int(cv2.absdiff(seen.frame.pixels[rows, columns], last).max()) > 24 for seen in window[:-1])

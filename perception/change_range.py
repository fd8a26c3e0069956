"""What each part of a screen shows by itself: a range of colours for every cell of 4x4 pixels.

A torch flickers, a figure breathes, a cursor blinks: the range holds all of it. Small things that
wander (dust, sparks) are kept out of it, or they would widen the range of every cell they ever pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Small = NDArray[np.uint8]
Mask = NDArray[np.bool_]

CELL = 4
"""Pixels per cell side: a 10x14 digit covers about ten cells, and shrinking costs 0.65 ms at 1280x720."""

TOLERANCE = 9
"""Colour levels (of 255) by which a cell must leave its range to count as changed."""

TINY = 4
"""Cells within a square of five that a wandering thing may cover: dust of up to 4 pixels touches four."""

RETURNS = 10
"""Idle frames (halved every 64) in which a cell shows something tiny until that counts as its own."""

LASTING = 128
"""Idle frames after which the range is what was seen in the last so many; breathing takes 20 to 60."""

REMEMBERED = 12
"""Screens whose own animation is kept for when they come back."""

ALIKE = 8.0
"""Mean difference in levels below which two thumbnails show the same screen."""


def most(channels: NDArray[Any]) -> Small:
    """The largest of the three channels, five times faster than numpy's max."""
    first, second, third = cv2.split(channels)
    return np.asarray(cv2.max(cv2.max(first, second), third), dtype=np.uint8)


def differing(first: Small, second: Small) -> Small:
    """By how many levels two pictures differ, uint8 (rows, columns)."""
    return most(cv2.absdiff(first, second))


def put(source: Small, cells: Mask, target: Small) -> None:
    """Copy some cells into `target`; twenty times faster than numpy's copyto."""
    cv2.copyTo(source, cells.view(np.uint8), target)


def lonely(cells: Mask) -> Mask:
    """Those of `cells` with so few others near that a speck of dust could be all there is."""
    near = cv2.boxFilter(cells.view(np.uint8), -1, (5, 5), normalize=False)
    return cells & (near <= TINY)


def spread(cells: Mask) -> Mask:
    """The cells and their eight neighbours."""
    return cv2.dilate(cells.view(np.uint8), np.ones((3, 3), np.uint8)) > 0


def shrink(pixels: NDArray[np.uint8]) -> Small:
    """Means of 4x4 blocks, uint8 (height // 4, width // 4, 3).

    Halving twice takes OpenCV's fast path: 0.65 ms at 1280x720 against 1.6 ms for one step of four.
    """
    height, width = pixels.shape[0] // CELL, pixels.shape[1] // CELL
    cut = pixels[: height * CELL, : width * CELL]
    half = cv2.resize(cut, (width * 2, height * 2), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(half, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


@dataclass(slots=True)
class Range:
    """The lowest and highest colour each cell takes on, uint8 (rows, columns, 3)."""

    low: Small
    high: Small

    def copy(self) -> Range:
        """A range of its own."""
        return Range(self.low.copy(), self.high.copy())

    def outside(self, small: Small) -> Small:
        """By how many levels each cell lies outside the range, uint8 (rows, columns)."""
        return most(cv2.max(cv2.subtract(small, self.high), cv2.subtract(self.low, small)))

    def gap(self, other: Range) -> Small:
        """The distance between two ranges for each cell; 0 where they meet."""
        return most(cv2.max(cv2.subtract(other.low, self.high), cv2.subtract(self.low, other.high)))

    def width(self) -> Small:
        """How far each cell varies, in levels."""
        return differing(self.high, self.low)

    def part(self, rows: slice, columns: slice) -> Range:
        """The range of some cells."""
        return Range(self.low[rows, columns], self.high[rows, columns])

    def include(self, other: Range) -> None:
        """Widen the range by another."""
        cv2.min(self.low, other.low, self.low)
        cv2.max(self.high, other.high, self.high)

    def replace(self, cells: Mask, other: Range) -> None:
        """Take over the range of some cells."""
        put(other.low, cells, self.low)
        put(other.high, cells, self.high)

    def around(self, small: Small) -> Range:
        """The range each cell varies in about what it shows in `small`."""
        found = self.copy()
        found.replace(self.outside(small) > TOLERANCE, Range(small, small))
        return found


def range_of(smalls: list[Small]) -> Range:
    """The range that some pictures span."""
    found = Range(smalls[0].copy(), smalls[0].copy())
    for small in smalls[1:]:
        found.include(Range(small, small))
    return found


class Idle:
    """Learns the range of the screen shown, and keeps those of screens shown before."""

    def __init__(self, small: Small) -> None:
        """Begin with one picture."""
        self.range = range_of([small])
        self._newer = range_of([small])
        self._returns = np.zeros(small.shape[:2], np.uint8)
        self._frames = 0
        self._known: list[tuple[Small, Range]] = []

    def learn(self, small: Small) -> None:
        """Take in an idle picture; what was not seen for twice `LASTING` frames is forgotten."""
        novel = self.range.outside(small) > TOLERANCE
        if novel.any():
            tiny = lonely(novel)
            self._returns += tiny
            tiny &= self._returns < RETURNS
            small = small.copy()
            put(self.range.low, tiny, small)
        shown = Range(small, small)
        self.range.include(shown)
        self._newer.include(shown)
        self._frames += 1
        if self._frames % (LASTING // 2) == 0:
            self._returns //= 2
        if self._frames % LASTING == 0:
            self.range, self._newer = self._newer, shown.copy()
            self.range.include(shown)

    def replace(self, cells: Mask, now: Range) -> None:
        """Forget what some cells showed before: they show `now`."""
        self.range.replace(cells, now)
        self._newer.replace(cells, now)

    def switch(self, now: Range) -> None:
        """Keep the screen that is left, and recall the one that came, which shows `now`."""
        left = _thumbnail(self.range)
        self._known = [kept for kept in self._known if not _alike(kept[0], left)]
        self._known = [*self._known[1 - REMEMBERED :], (left, self.range)]
        self.range = self.recall(now)
        self._newer = self.range.copy()
        self._returns[:] = 0

    def recall(self, now: Range) -> Range:
        """`now`, widened by what is known of the screen where it shows the same."""
        found, thumbnail = now.copy(), _thumbnail(now)
        for kept, known in reversed(self._known):
            if _alike(kept, thumbnail):
                fits = now.copy()
                fits.replace(known.gap(now) <= TOLERANCE, known)
                found.include(fits)
                break
        return found


def _thumbnail(own: Range) -> Small:
    middle = cv2.addWeighted(own.low, 0.5, own.high, 0.5, 0)
    return np.asarray(cv2.resize(middle, (32, 18), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _alike(first: Small, second: Small) -> bool:
    return float(np.mean(cv2.absdiff(first, second))) < ALIKE

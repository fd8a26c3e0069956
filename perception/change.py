"""Tells a game's response from the screen's own animation.

A frame is shrunk to cells of 4x4 pixels. For every cell the tracker keeps the range of colours the
cell takes on by itself (a torch flickers, a figure breathes, a cursor blinks). A *response* is a
lasting departure from that range: what the cell shows once the screen has settled lies outside what
it showed on its own before. Frame differencing alone, as in arXiv 2505.17673 (1.5% of the pixels),
misses a digit that changes and is fooled by a torch.

The module knows nothing of scenes or actions: whoever acts says so with `ChangeTracker.acted`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from groundup.envs.types import Frame
from groundup.perception.types import Box
from numpy.typing import NDArray

Small = NDArray[np.uint8]
Mask = NDArray[np.bool_]

CELL = 4
"""Pixels per cell side: a 10x14 digit covers about ten cells, and shrinking costs 0.65 ms at 1280x720."""

TOLERANCE = 9
"""Colour levels (of 255) by which a cell must leave its range to count as changed."""

MOVING = 6
"""Levels between two frames in a row from which a cell counts as moving."""

BLOCK = 8
"""Cells per side of the blocks in which roaming things (dust, sparks) are tracked: 32 pixels."""

FADING = 0.99
"""Share of what is known of roaming things that outlasts a frame: half is gone after 69."""

STRONG = 48
"""Levels from which a single changed cell is believed without a changed neighbour."""

DISTURBED = 0.02
"""Share of cells out of range that counts as a response even if nobody said that they acted."""

SWITCHED = 0.3
"""Share of cells changed for good from which the screen counts as another one."""

REMEMBERED = 12
"""Screens whose own animation is kept for when they come back."""


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


@dataclass(slots=True)
class _Range:
    """The lowest and highest colour each cell takes on, uint8 (rows, columns, 3)."""

    low: Small
    high: Small

    def copy(self) -> _Range:
        return _Range(self.low.copy(), self.high.copy())

    def outside(self, small: Small) -> Small:
        """By how many levels each cell lies outside the range, uint8 (rows, columns)."""
        return _most(cv2.max(cv2.subtract(small, self.high), cv2.subtract(self.low, small)))

    def gap(self, other: _Range) -> Small:
        """The distance between two ranges for each cell; 0 where they meet."""
        return _most(cv2.max(cv2.subtract(other.low, self.high), cv2.subtract(self.low, other.high)))

    def width(self) -> Small:
        return _most(cv2.subtract(self.high, self.low))

    def include(self, other: _Range) -> None:
        cv2.min(self.low, other.low, self.low)
        cv2.max(self.high, other.high, self.high)

    def replace(self, cells: Mask, other: _Range) -> None:
        self.low[cells] = other.low[cells]
        self.high[cells] = other.high[cells]

    def leak(self, towards: Small) -> None:
        """Forget an eighth of the range beyond the colours shown now."""
        self.low += np.asarray(cv2.subtract(towards, self.low), dtype=np.uint8) // 8
        self.high -= np.asarray(cv2.subtract(self.high, towards), dtype=np.uint8) // 8

    def thumbnail(self) -> Small:
        middle = cv2.addWeighted(self.low, 0.5, self.high, 0.5, 0)
        return np.asarray(cv2.resize(middle, (32, 18), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _most(channels: NDArray[Any]) -> Small:
    """The largest of the three channels, five times faster than numpy's max."""
    first, second, third = cv2.split(channels)
    return np.asarray(cv2.max(cv2.max(first, second), third), dtype=np.uint8)


def shrink(pixels: NDArray[np.uint8]) -> Small:
    """Means of 4x4 blocks, uint8 (height // 4, width // 4, 3).

    Halving twice takes OpenCV's fast path: 0.65 ms at 1280x720 against 1.6 ms for one step of four.
    """
    height, width = pixels.shape[0] // CELL, pixels.shape[1] // CELL
    cut = pixels[: height * CELL, : width * CELL]
    half = cv2.resize(cut, (width * 2, height * 2), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(half, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _range_of(smalls: list[Small]) -> _Range:
    found = _Range(smalls[0].copy(), smalls[0].copy())
    for small in smalls[1:]:
        found.include(_Range(small, small))
    return found


class ChangeTracker:
    """Learns what moves on its own, and finds what changed because of an action.

    Feed it every frame with `watch`. Call `acted` when an action has been delivered; from then on
    the frames are no longer taken for idle ones until the screen has `settled`. `quiet` frames in a
    row without movement make a screen settled, and at least `patience` frames are awaited, since a
    game may answer late.
    """

    def __init__(self, *, quiet: int = 2, patience: int = 3) -> None:
        self._quiet_needed = quiet
        self._patience = patience
        self._own: _Range | None = None
        self._known: list[tuple[Small, _Range]] = []
        self._restless: Mask = np.zeros((0, 0), np.bool_)
        self._restless_before = self._restless
        self._watched: deque[tuple[Frame, Small]] = deque(maxlen=8)
        self._idle_frames = 0
        self._acting = False

    @property
    def settled(self) -> bool:
        """Whether the last frames differ by the screen's own animation only."""
        return self._own is not None and not self._acting

    def watch(self, frame: Frame) -> None:
        """Take in one frame; the first one, or one of another size, starts anew."""
        small = self._small(frame)
        if self._own is None or self._own.low.shape != small.shape:
            self._begin(small)
        elif self._acting:
            self._follow(small)
        else:
            self._idle(small)
        self._last = small

    def acted(self) -> None:
        """Say that an action was delivered: frames from here on may show its effect."""
        if self._own is None:
            return
        if not self._acting:
            self._before = self._own.copy()
            self._restless_before = self._restless
        self._acting = True
        self._run: list[Small] = []
        self._recent: deque[Small] = deque(maxlen=6)
        self._counts: deque[int] = deque(maxlen=20)
        self._since = 0
        self._direction = np.zeros(self._own.low.shape[:2], np.int8)
        self._turns = np.zeros(self._own.low.shape[:2], np.uint8)

    def compare(self, before: Frame, after: Frame) -> Change:
        """What changed for good from `before` (an idle frame) to `after` (a settled one).

        Raises ValueError if the frames differ in size. Frames that were never watched can be
        compared too; the animation then counts as a change.
        """
        if before.pixels.shape != after.pixels.shape:
            raise ValueError("the two frames differ in size")
        first, second = self._small(before), self._small(after)
        if self._own is None or self._own.low.shape != first.shape:
            return _changed(_range_of([first]), _range_of([second]), np.zeros_like(first[..., 0]))
        old = _around(first, self._before)
        new = _around(second, _range_of([*self._run, second]) if self._acting else self._own)
        tolerance = self._roaming()
        tolerance[_spread(self._restless | self._restless_before)] = 255
        return _changed(old, new, tolerance)

    def _small(self, frame: Frame) -> Small:
        for seen, small in self._watched:
            if seen is frame:
                return small
        small = shrink(frame.pixels)
        self._watched.append((frame, small))
        return small

    def _begin(self, small: Small) -> None:
        self._own = _range_of([small])
        self._before = self._own
        rows, columns = small.shape[:2]
        self._roam = np.zeros((-(-rows // BLOCK), -(-columns // BLOCK)), np.float32)
        self._restless = np.zeros((rows, columns), np.bool_)
        self._restless_before = self._restless
        self._acting = False
        self._known = []

    def _roaming(self) -> Small:
        """How strong the things are that wander about near each cell, in levels."""
        rows, columns = self._last.shape[:2]
        wide = cv2.dilate(self._roam, np.ones((3, 3), np.uint8))
        full = np.repeat(np.repeat(wide, BLOCK, axis=0), BLOCK, axis=1)
        return full[:rows, :columns].astype(np.uint8)

    def _wander(self, levels: Small) -> None:
        """Note that things of this strength roam here, block by block."""
        rows, columns = self._roam.shape
        full = np.zeros((rows * BLOCK, columns * BLOCK), np.uint8)
        full[: levels.shape[0], : levels.shape[1]] = levels
        np.maximum(self._roam, full.reshape(rows, BLOCK, columns, BLOCK).max(axis=(1, 3)), out=self._roam)

    def _idle(self, small: Small) -> None:
        """Learn from a frame in which nothing but the screen itself moves."""
        own = self._own
        assert own is not None
        outside = own.outside(small)
        novel = int(np.count_nonzero(outside > TOLERANCE))
        if novel > DISTURBED * outside.size:
            self.acted()
            self._follow(small)
            return
        self._roam *= FADING
        if novel:
            self._wander(outside)
        self._restless = _most(cv2.absdiff(small, self._last)) > MOVING
        own.include(_Range(small, small))
        self._idle_frames += 1
        if self._idle_frames % 32 == 0:
            own.leak(small)

    def _follow(self, small: Small) -> None:
        """Watch what an action set going until it comes to rest."""
        own = self._own
        assert own is not None
        step = _most(cv2.absdiff(small, self._last))
        moving = step > MOVING
        count = int(np.count_nonzero(moving))
        if count:
            self._note_turns(small, moving)
            by_itself = (own.width() > TOLERANCE) & (own.outside(small) <= TOLERANCE)
            by_itself |= (self._turns >= 2) | (step <= self._roaming())
            count = int(np.count_nonzero(moving & ~by_itself))
        still = count <= max(3, moving.size // 20000)
        self._run = [*self._run[-7:], small] if still else [small]
        self._recent.append(small)
        self._counts.append(count)
        self._since += 1
        rested = len(self._run) > self._quiet_needed and self._since >= self._patience
        # A new screen's own animation has not been learnt yet: little that goes on evenly is one.
        evenly = len(self._counts) == 20 and max(self._counts) < 0.01 * moving.size
        if rested or evenly:
            self._settle()

    def _note_turns(self, small: Small, moving: Mask) -> None:
        """Count how often each cell's brightness reversed: a response goes one way, a flicker returns."""
        green, last = small[..., 1].astype(np.int16), self._last[..., 1].astype(np.int16)
        direction = np.sign(green - last).astype(np.int8) * moving
        self._turns += (direction * self._direction) < 0
        self._direction = np.where(direction != 0, direction, self._direction)

    def _settle(self) -> None:
        """Take the screen as it now rests for the idle one."""
        own = self._own
        assert own is not None
        now = _range_of(self._run)
        gap = own.gap(now)
        lasting = gap > TOLERANCE
        # Where another screen came, frames of the transition say nothing about what moves on it.
        switched = lasting.mean() > SWITCHED
        self._restless = (now if switched else _range_of(list(self._recent))).width() > MOVING
        self._acting = False
        if switched:
            self._switch(own, now)
            return
        self._roam *= FADING ** len(self._counts)
        self._wander(gap * (lasting & _spread(self._restless)))
        own.replace(lasting, now)
        own.include(now)

    def _switch(self, old: _Range, now: _Range) -> None:
        """Keep the animation of the screen that is left, and recall that of the one that came."""
        thumbnail = old.thumbnail()
        self._known = [kept for kept in self._known if not _alike(kept[0], thumbnail)]
        self._known = [*self._known[1 - REMEMBERED :], (thumbnail, old)]
        thumbnail = now.thumbnail()
        self._own = now.copy()
        self._roam[:] = 0
        for kept, known in reversed(self._known):
            if _alike(kept, thumbnail):
                fits = known.gap(now) <= TOLERANCE
                recalled = now.copy()
                recalled.replace(fits, known)
                self._own.include(recalled)
                return


def _around(small: Small, usual: _Range) -> _Range:
    """The range each cell is known to vary in about what it shows in `small`."""
    away = usual.outside(small) > TOLERANCE
    found = usual.copy()
    found.replace(away, _Range(small, small))
    return found


def _spread(cells: Mask) -> Mask:
    return cv2.dilate(cells.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def _changed(old: _Range, new: _Range, tolerance: Small) -> Change:
    """Compare two ranges; cells must differ by `tolerance` levels more than `TOLERANCE`."""
    gap = old.gap(new)
    mask: Mask = gap > cv2.add(tolerance, np.full_like(tolerance, TOLERANCE))
    grouped = _spread(mask).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(grouped, connectivity=8)
    boxes: list[Box] = []
    for label in range(1, len(stats)):
        left, top, width, height = (int(v) for v in stats[label][:4])
        part = slice(top, top + height), slice(left, left + width)
        cells = mask[part] & (labels[part] == label)
        if np.count_nonzero(cells) < 2 and int(gap[part][cells].max()) < STRONG:
            mask[part] &= ~cells
            continue
        ys, xs = np.nonzero(cells)
        x, y = left + int(xs.min()), top + int(ys.min())
        w, h = int(np.ptp(xs)) + 1, int(np.ptp(ys)) + 1
        boxes.append(Box(x * CELL, y * CELL, w * CELL, h * CELL))
    boxes.sort(key=lambda box: -box.area)
    fraction = float(mask.mean())
    return Change(bool(boxes), fraction, tuple(boxes), mask, CELL)


def _alike(first: Small, second: Small) -> bool:
    """Whether two thumbnails show the same screen: a mean difference below 8 levels."""
    return float(np.mean(cv2.absdiff(first, second))) < 8.0


def settle(
    observe: Callable[[], Frame], tracker: ChangeTracker, *, limit: int = 60, acted: bool = True
) -> list[Frame]:
    """Look until the screen has settled or `limit` frames were seen; returns them, the last one last.

    Call it right after an action (`acted` tells the tracker so). There is no sleep here: `observe`
    sets the pace.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    if acted:
        tracker.acted()
    frames: list[Frame] = []
    while len(frames) < limit:
        frames.append(observe())
        tracker.watch(frames[-1])
        if tracker.settled:
            break
    return frames

"""Tells a game's response from the screen's own animation.

A frame is shrunk to cells of 4x4 pixels, and for every cell the range of colours is learnt that it takes
on by itself (`change_range`). A *response* is a lasting departure from that range, in a connected area,
which is at rest now and is no mere drift of what was there before (`change_drift`). Frame differencing
alone, as in arXiv 2505.17673 (1.5% of the pixels), misses a digit that changes and is fooled by a torch.

The module knows nothing of scenes or actions: whoever acts says so with `ChangeTracker.acted`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from groundup.envs.types import Frame
from groundup.perception.change_drift import drifted
from groundup.perception.change_range import (
    CELL,
    TINY,
    TOLERANCE,
    Idle,
    Mask,
    Range,
    Small,
    differing,
    lonely,
    range_of,
    shrink,
    spread,
)
from groundup.perception.types import Box

__all__ = ["Change", "ChangeTracker", "Mask", "settle"]

MOVING = 6
"""Levels between two frames in a row from which a cell counts as moving."""

STRONG = 48
"""Levels from which a single changed cell is believed without a changed neighbour."""

DISTURBED = 0.02
"""Share of cells out of range that counts as a response even if nobody said that they acted."""

BUSY = 0.05
"""Share of cells in motion from which a screen is in transition without a closer look."""

SMALL = 0.003
"""Share of cells up to which a changed part is only believed after `WINDOW` frames at rest."""

SPECKS = 4
"""Specks of dust that may lie together: where two were and where they are."""

PARTS = 12
"""Separate moving parts that are looked at closely; with more, something goes on."""

SWITCHED = 0.3
"""Share of cells changed for good from which the screen counts as another one."""

WINDOW = 6
"""Frames at rest that are kept from before and after an action, and that a small change must outlast:
what pulses or flickers stands still for 2 to 4 frames of 20 a second."""

STEADY = 10
"""Frames after which what moves to and fro in one place counts as the screen's own animation."""

ANSWERS = 64
"""Answers whose delay is remembered."""

ENOUGH = 4
"""Answers that must be known before patience follows them."""

RARE = 32
"""One answer in so many may come later than is awaited."""

DOUBTED = 12
"""Every so many actions without an answer the first patience is used again: a game may have become slower."""


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
class _Seen:
    """A frame and its cells."""

    frame: Frame
    small: Small


@dataclass(frozen=True, slots=True)
class _Part:
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

    def specks(self) -> list[_Part]:
        """The pieces, without bridging, if a few specks of dust could be all there is; else none."""
        if self.count > SPECKS * TINY:
            return []
        pieces = list(_pieces(self.cells, self.cells, (self.rows.start, self.columns.start)))
        small = all(p.count <= TINY and max(p.box.w, p.box.h) <= 3 * CELL for p in pieces)
        return pieces if small else []


def _pieces(
    mask: Mask, grouped: Mask, corner: tuple[int, int] = (0, 0), most: int = 1 << 30
) -> Iterator[_Part]:
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
        yield _Part(
            slice(y, y + cells.shape[0]), slice(x, x + cells.shape[1]), cells, int(np.count_nonzero(cells))
        )


def _parts(mask: Mask, most: int = 1 << 30) -> Iterator[_Part]:
    """The connected groups in `mask`, gaps of two cells bridged; none if there are more than `most`."""
    return _pieces(mask, spread(mask), most=most)


class ChangeTracker:
    """Learns what moves on its own, and finds what changed because of an action.

    Feed it every frame with `watch`. Call `acted` when an action has been delivered; from then on
    the frames are no longer taken for idle ones until the screen has `settled`. After motion `quiet`
    frames in a row at rest make a screen settled. Where nothing moves at all, `patience` frames are
    awaited at first, since a game may answer late; later as many as its answers have taken.
    """

    def __init__(self, *, quiet: int = 2, patience: int = 8) -> None:
        self._quiet = quiet
        self._patience = patience
        self._idle: Idle | None = None
        self._last: _Seen
        self._window: deque[_Seen] = deque(maxlen=WINDOW)
        self._answers: deque[int] = deque(maxlen=ANSWERS)
        self._unanswered = 0
        self._acting = False
        self._judged: tuple[Frame, Frame, Change] | None = None

    @property
    def settled(self) -> bool:
        """Whether the last frames differ by the screen's own animation only."""
        return self._idle is not None and not self._acting

    def watch(self, frame: Frame) -> None:
        """Take in one frame; the first one, or one of another size, starts anew."""
        seen = _Seen(frame, shrink(frame.pixels))
        if self._idle is None or self._idle.range.low.shape != seen.small.shape:
            self._begin(seen)
        elif self._acting:
            self._follow(seen, self._idle)
        else:
            self._rest(seen, self._idle)
        self._last = seen

    def acted(self, *, hover: bool = False) -> None:
        """Say that an action was delivered: frames from here on may show its effect.

        With `hover` it was a mere move of the pointer, after which mostly nothing happens: one frame less
        is awaited.
        """
        if self._idle is None:
            return
        if not self._acting:
            self._before = self._idle.range.copy()
        self._own = self._idle.range
        self._were = list(self._window) or [self._last]
        self._acting = True
        self._arrived = False
        self._since = self._still = self._began = 0
        self._awaited = self._wait(hover)
        self._hovering = hover
        self._steps: deque[_Seen] = deque([self._last], maxlen=STEADY + 1)
        self._loose: deque[Mask] = deque(maxlen=STEADY)

    def compare(self, before: Frame, after: Frame) -> Change:
        """What changed for good from `before` (an idle frame) to `after` (a settled one).

        Raises ValueError if the frames differ in size. Frames that were never watched can be
        compared too; the animation then counts as a change.
        """
        if before.pixels.shape != after.pixels.shape:
            raise ValueError("the two frames differ in size")
        if self._judged is not None and self._judged[0] is before and self._judged[1] is after:
            return self._judged[2]
        first, second = _Seen(before, shrink(before.pixels)), _Seen(after, shrink(after.pixels))
        if self._idle is None or self._idle.range.low.shape != first.small.shape:
            shown = range_of([first.small])
            return _judge([first], [second], shown, range_of([second.small]))[0]
        known = hasattr(self, "_before") and any(seen.frame is before for seen in self._were)
        return _judge(
            self._were if known else [first],
            list(self._window) if self._window and self._window[-1].frame is after else [second],
            self._before if known else self._idle.range,
            self._idle.range.around(second.small),
        )[0]

    def _wait(self, hover: bool) -> int:
        """Frames without motion after which no answer is expected any more."""
        if len(self._answers) < ENOUGH or (self._unanswered >= DOUBTED and not hover):
            return self._patience
        usual = sorted(self._answers)[-1 - len(self._answers) // RARE]
        return min(self._patience, usual + (0 if hover else 1))

    def _begin(self, seen: _Seen) -> None:
        self._idle = Idle(seen.small)
        self._window = deque([seen], maxlen=WINDOW)
        self._acting = False
        self._judged = None

    def _rest(self, seen: _Seen, idle: Idle) -> None:
        """Learn from a frame in which nothing but the screen itself moves."""
        outside = idle.range.outside(seen.small)
        if int(np.count_nonzero(outside > TOLERANCE)) > DISTURBED * outside.size:
            self.acted()
            self._follow(seen, idle)
            return
        idle.learn(seen.small)
        self._window.append(seen)

    def _follow(self, seen: _Seen, idle: Idle) -> None:
        """Watch what an action set going until it comes to rest."""
        self._since += 1
        loose = self._unexplained(seen, idle)
        self._loose.append(loose)
        self._steps.append(seen)
        if int(np.count_nonzero(loose)) > max(3, loose.size // 20000):
            self._began = self._began or self._since
            self._still = 0
            self._window.clear()
        else:
            self._still += 1
        self._window.append(seen)
        quiet = 1 if self._hovering else self._quiet
        if self._still >= (quiet if self._began else self._awaited):
            self._settle(idle)
        elif self._still == 0 and self._steady():
            self._window = deque(list(self._steps)[-WINDOW:], maxlen=WINDOW)
            self._settle(idle)

    def _unexplained(self, seen: _Seen, idle: Idle) -> Mask:
        """The cells that moved since the last frame in a way the screen does not move by itself."""
        moving: Mask = differing(seen.small, self._last.small) > MOVING
        count = int(np.count_nonzero(moving))
        if not count or count > 0.5 * moving.size:
            return moving
        if self._began and not self._arrived and count < BUSY * moving.size:
            self._arrived = True
            if float(np.mean(self._own.outside(seen.small) > TOLERANCE)) > SWITCHED:
                self._own = idle.recall(range_of([seen.small]))
        own = self._own
        moving &= (own.width() <= TOLERANCE) | (own.outside(seen.small) > TOLERANCE)
        moving &= ~lonely(moving)
        if int(np.count_nonzero(moving)) > BUSY * moving.size:
            return moving
        lately = list(self._loose)[-2:]
        hot = spread(np.logical_or.reduce(lately)) if any(loose.any() for loose in lately) else None
        if hot is not None and int(np.count_nonzero(moving & hot)) > SMALL * moving.size:
            return moving
        left = np.zeros_like(moving)
        parts = list(_parts(moving, PARTS))
        if not parts and moving.any():
            return moving
        for part in parts:
            lively = hot is not None and bool(hot[part.rows, part.columns][part.cells].any())
            lively = lively and not part.specks()
            if lively or not drifted(self._last.frame.pixels, seen.frame.pixels, part.box):
                left[part.rows, part.columns] |= part.cells
        return left

    def _steady(self) -> bool:
        """Whether what has moved for a while goes to and fro in one place: a new screen's own animation."""
        if len(self._steps) <= STEADY:
            return False
        loose = list(self._loose)
        older = np.logical_or.reduce(loose[: STEADY // 2])
        newer = np.logical_or.reduce(loose[STEADY // 2 :])
        both, either = np.count_nonzero(older & newer), np.count_nonzero(older | newer)
        if both < 0.5 * either:
            return False
        smalls = [step.small[..., 1] for step in self._steps]
        path = sum(cv2.absdiff(a, b).astype(np.int32) for a, b in pairwise(smalls))
        one_way = cv2.absdiff(smalls[0], smalls[-1]) > 0.5 * np.asarray(path)
        return int(np.count_nonzero(one_way & newer)) < 0.25 * int(np.count_nonzero(newer))

    def _settle(self, idle: Idle) -> None:
        """Take the screen as it now rests for the idle one, unless a small change is still in doubt."""
        window = list(self._window)
        smalls = [seen.small for seen in window]
        now = range_of(smalls)
        own = self._own.around(smalls[-1])
        own.include(now)
        change, doubtful = _judge(self._were, window, self._before, own)
        doubtful = doubtful and len(window) < WINDOW
        if doubtful and not self._hovering:
            return
        self._acting = False
        self._judged = (self._were[-1].frame, window[-1].frame, change)
        if change.responsive and not doubtful:
            self._unanswered = 0
            if self._began:
                self._answers.append(self._began)
        elif not self._hovering:
            self._unanswered = self._unanswered + 1 if self._unanswered < DOUBTED else 0
        if change.fraction > SWITCHED:
            idle.switch(now)
            return
        if not doubtful:
            idle.replace(change.mask, now)
        for small in smalls:
            idle.learn(small)


def _judge(were: list[_Seen], are: list[_Seen], usual: Range, new: Range) -> tuple[Change, bool]:
    """What changed from `were`, where the screen showed `usual` by itself, to `are`, where it shows `new`.

    Part by part; also says whether all there is to see is small.
    """
    gap = usual.around(were[-1].small).gap(new)
    mask: Mask = gap > TOLERANCE
    fraction = float(mask.mean())
    if fraction > SWITCHED:
        boxes = tuple(sorted((part.box for part in _parts(mask)), key=lambda box: -box.area))
        return Change(True, fraction, boxes, mask, CELL), False
    restless = np.zeros_like(mask)
    for window in (were, are):
        if len(window) > 1:
            restless |= range_of([seen.small for seen in window]).width() > MOVING
    found = np.zeros_like(mask)
    kept: list[_Part] = []
    doubtful = True
    for part in _parts(mask):
        if part.count < 2 and int(gap[part.rows, part.columns].max()) < STRONG:
            continue
        if np.count_nonzero(restless[part.rows, part.columns] & part.cells) > 0.5 * part.count:
            continue
        specks = part.specks()
        if specks and all(_is_dust(speck, were, are, usual, new) for speck in specks):
            continue
        if drifted(were[-1].frame.pixels, are[-1].frame.pixels, part.box):
            continue
        kept.append(part)
        doubtful = doubtful and part.count <= SMALL * mask.size
        found[part.rows, part.columns] |= part.cells
    boxes = tuple(sorted((part.box for part in kept), key=lambda box: -box.area))
    return Change(bool(kept), float(found.mean()), boxes, found, CELL), doubtful and bool(kept)


def _is_dust(speck: _Part, were: list[_Seen], are: list[_Seen], usual: Range, new: Range) -> bool:
    """Whether a speck came or left by itself: it is on its way, or only what it had covered is seen again."""
    if _stirs(were, speck.box) or _stirs(are, speck.box):
        return True
    gap = usual.part(speck.rows, speck.columns).gap(new.part(speck.rows, speck.columns))
    return not bool((gap[speck.cells] > TOLERANCE).any())


def _stirs(window: list[_Seen], box: Box) -> bool:
    """Whether anything moves within the box while the screen is at rest, be it by a pixel."""
    rows, columns = slice(box.y, box.y + box.h), slice(box.x, box.x + box.w)
    last = window[-1].frame.pixels[rows, columns]
    return any(int(cv2.absdiff(seen.frame.pixels[rows, columns], last).max()) > 24 for seen in window[:-1])


def settle(
    observe: Callable[[], Frame],
    tracker: ChangeTracker,
    *,
    limit: int = 60,
    acted: bool = True,
    hover: bool = False,
) -> list[Frame]:
    """Look until the screen has settled or `limit` frames were seen; returns them, the last one last.

    Call it right after an action (`acted` tells the tracker so, `hover` that it was a mere move of the
    pointer). There is no sleep here: `observe` sets the pace.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    if acted:
        tracker.acted(hover=hover)
    frames: list[Frame] = []
    while len(frames) < limit:
        frames.append(observe())
        tracker.watch(frames[-1])
        if tracker.settled:
            break
    return frames

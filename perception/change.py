"""Tells a game's response from the screen's own animation.

A frame is shrunk to cells of 4x4 pixels, and for every cell the range of colours is learnt that it takes
on by itself (`change_range`). A *response* is a lasting departure from that range, in a connected area,
which is at rest now and is no mere drift of what was there before (`change_drift`). Frame differencing
alone, as in arXiv 2505.17673 (1.5% of the pixels), misses a digit that changes and is fooled by a torch.

The module knows nothing of scenes or actions: whoever acts says so with `ChangeTracker.acted`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Frame
from groundup.perception.change_drift import drifted
from groundup.perception.change_judge import MOVING, SWITCHED, Change, Seen, judge, parts
from groundup.perception.change_range import (
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

__all__ = ["Change", "ChangeTracker", "Mask", "settle"]

DISTURBED = 0.02
"""Share of cells out of range that counts as a response even if nobody said that they acted."""

BUSY = 0.05
"""Share of cells in motion from which a screen is in transition without a closer look."""

PARTS = 12
"""Separate moving parts that are looked at closely; with more, something goes on."""

WINDOW = 6
"""Frames at rest that are kept from before and after an action, and that a small change must outlast:
what pulses or flickers stands still for 2 to 4 frames of 20 a second."""

HOT = 0.003
"""Share of cells in motion where there was motion before from which it goes on without a closer look."""

SLOW = 0.5
"""Levels a frame by which a screen that fades slowly changes at least, over blocks of 16 pixels."""

CREEPING = 40
"""Frames after which what changes slowly is taken as it is."""

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


class ChangeTracker:
    """Learns what moves on its own, and finds what changed because of an action.

    Feed it every frame with `watch`. Call `acted` when an action has been delivered; from then on
    the frames are no longer taken for idle ones until the screen has `settled`. After motion `quiet`
    frames in a row at rest make a screen settled. Where nothing moves at all, `patience` frames are
    awaited at first, since a game may answer late; later as many as its answers have taken.
    """

    def __init__(self, *, quiet: int = 2, patience: int = 8, least: int = 0) -> None:
        """`least` frames are awaited however fast a game's answers were: some take longer than most."""
        self._quiet = quiet
        self._patience = patience
        self._least = least
        self._idle: Idle | None = None
        self._last: Seen
        self._window: deque[Seen] = deque(maxlen=WINDOW)
        self._answers: deque[int] = deque(maxlen=ANSWERS)
        self._hovers: deque[int] = deque(maxlen=ANSWERS)
        self._unanswered = 0
        self._acting = False
        self._judged: tuple[Frame, Frame, Change] | None = None

    @property
    def settled(self) -> bool:
        """Whether the last frames differ by the screen's own animation only."""
        return self._idle is not None and not self._acting

    def watch(self, frame: Frame) -> None:
        """Take in one frame; the first one, or one of another size, starts anew."""
        seen = Seen(frame, shrink(frame.pixels))
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
        self._steps: deque[Seen] = deque([self._last], maxlen=STEADY + 1)
        self._loose: deque[Mask] = deque(maxlen=STEADY)
        self._crept = range_of([self._last.small])

    def compare(self, before: Frame, after: Frame) -> Change:
        """What changed for good from `before` (an idle frame) to `after` (a settled one).

        Raises ValueError if the frames differ in size. Frames that were never watched can be
        compared too; the animation then counts as a change.
        """
        if before.pixels.shape != after.pixels.shape:
            raise ValueError("the two frames differ in size")
        if self._judged is not None and self._judged[0] is before and self._judged[1] is after:
            return self._judged[2]
        first, second = Seen(before, shrink(before.pixels)), Seen(after, shrink(after.pixels))
        if self._idle is None or self._idle.range.low.shape != first.small.shape:
            shown = range_of([first.small])
            return judge([first], [second], shown, range_of([second.small])).change
        known = hasattr(self, "_before") and any(seen.frame is before for seen in self._were)
        return judge(
            self._were if known else [first],
            list(self._window) if self._window and self._window[-1].frame is after else [second],
            self._before if known else self._idle.range,
            self._idle.range.around(second.small),
        ).change

    def _wait(self, hover: bool) -> int:
        """Frames without motion after which no answer is expected any more."""
        if hover and len(self._hovers) >= 2 * ENOUGH:
            return min(self._patience, max(1, _usual(self._hovers)))
        if len(self._answers) < ENOUGH or (self._unanswered >= DOUBTED and not hover):
            return self._patience
        return min(self._patience, max(self._least, _usual(self._answers) + 1))

    def _begin(self, seen: Seen) -> None:
        self._idle = Idle(seen.small)
        self._window = deque([seen], maxlen=WINDOW)
        self._acting = False
        self._judged = None

    def _rest(self, seen: Seen, idle: Idle) -> None:
        """Learn from a frame in which nothing but the screen itself moves."""
        outside = idle.range.outside(seen.small)
        if int(np.count_nonzero(outside > TOLERANCE)) > DISTURBED * outside.size:
            self.acted()
            self._follow(seen, idle)
            return
        idle.learn(seen.small)
        self._window.append(seen)

    def _follow(self, seen: Seen, idle: Idle) -> None:
        """Watch what an action set going until it comes to rest."""
        self._since += 1
        self._steps.append(seen)
        if self._began and not self._arrived:
            self._recall(seen, idle)
        self._moved(seen, self._unexplained(self._last, seen))
        if self._still >= self._needed and self._creeps():
            self._stir(seen)
            self._crept.include(Range(seen.small, seen.small))
            if self._since >= CREEPING:
                self._settle(idle)
                idle.learn(self._crept.low)
                idle.learn(self._crept.high)
                return
        if self._still >= self._needed:
            self._settle(idle)
        elif self._still == 0 and self._steady():
            self._window = deque(list(self._steps)[-WINDOW:], maxlen=WINDOW)
            self._settle(idle)

    @property
    def _needed(self) -> int:
        if not self._began:
            return self._awaited
        return 1 if self._hovering else self._quiet

    def _moved(self, seen: Seen, loose: Mask) -> None:
        """Note the cells in which something goes on, if any."""
        self._loose.append(loose)
        if int(np.count_nonzero(loose)) > max(3, loose.size // 20000):
            self._stir(seen)
        else:
            self._still += 1
            self._window.append(seen)

    def _stir(self, seen: Seen) -> None:
        """Begin to wait for rest anew."""
        self._began = self._began or self._since
        self._still = 0
        self._window.clear()
        self._window.append(seen)

    def _recall(self, seen: Seen, idle: Idle) -> None:
        """Once another screen has come, what is known of it tells sooner that it is at rest."""
        if (
            int(np.count_nonzero(differing(seen.small, self._last.small) > MOVING))
            > BUSY * self._loose[-1].size
        ):
            return
        self._arrived = True
        if float(np.mean(self._own.outside(seen.small) > TOLERANCE)) > SWITCHED:
            self._own = idle.recall(range_of([seen.small]))

    def _alive(self, small: Small) -> Mask:
        """The cells that show what they are known to show now and then, and that vary by themselves."""
        return (self._own.width() > TOLERANCE) & (self._own.outside(small) <= TOLERANCE)

    def _unexplained(self, earlier: Seen, later: Seen) -> Mask:
        """The cells that moved between two frames in a way the screen does not move by itself."""
        moving: Mask = differing(earlier.small, later.small) > MOVING
        count = int(np.count_nonzero(moving))
        if not count or count > 0.5 * moving.size:
            return moving
        moving &= ~self._alive(later.small)
        moving &= ~lonely(moving)
        if int(np.count_nonzero(moving)) > BUSY * moving.size:
            return moving
        lately = list(self._loose)[-2:]
        hot = spread(np.logical_or.reduce(lately)) if any(loose.any() for loose in lately) else None
        if hot is not None and int(np.count_nonzero(moving & hot)) > HOT * moving.size:
            return moving
        left = np.zeros_like(moving)
        found = list(parts(moving, PARTS))
        if not found and moving.any():
            return moving
        for part in found:
            if part.specks():
                continue
            lively = hot is not None and bool(hot[part.rows, part.columns][part.cells].any())
            if lively or not drifted(earlier.frame.pixels, later.frame.pixels, part.box):
                left[part.rows, part.columns] |= part.cells
        return left

    def _creeps(self) -> bool:
        """Whether the screen changes too slowly to be seen from one frame to the next: a long fade."""
        first, last = self._window[0], self._window[-1]
        frames = max(1, len(self._window) - 1)
        rate = np.abs(_coarse(last.small) - _coarse(first.small)).max(axis=2) / frames
        idle = _coarse(self._alive(last.small).astype(np.uint8)) > 0.25
        if float(np.mean((rate > SLOW) & ~idle)) > BUSY:
            return True
        if len(self._window) < 3:
            return False
        middle = self._window[len(self._window) // 2]
        net = differing(first.small, last.small) // 4
        one_way = (differing(first.small, middle.small) > net) & (differing(middle.small, last.small) > net)
        return int(np.count_nonzero(self._unexplained(first, last) & one_way)) > 3

    def _steady(self) -> bool:
        """Whether what has moved for a while goes to and fro in one place: a new screen's own animation."""
        if len(self._steps) <= STEADY:
            return False
        loose = list(self._loose)[-STEADY:]
        older = _coarse(np.logical_or.reduce(loose[: STEADY // 2]).view(np.uint8)) > 0
        newer = _coarse(np.logical_or.reduce(loose[STEADY // 2 :]).view(np.uint8)) > 0
        if np.count_nonzero(older & newer) < 0.5 * np.count_nonzero(older | newer):
            return False
        smalls = [step.small[..., 1] for step in self._steps]
        path = sum(cv2.absdiff(a, b).astype(np.int32) for a, b in pairwise(smalls))
        moved = np.logical_or.reduce(loose)
        one_way = cv2.absdiff(smalls[0], smalls[-1]) > 0.5 * np.asarray(path)
        return int(np.count_nonzero(one_way & moved)) < 0.25 * int(np.count_nonzero(moved))

    def _settle(self, idle: Idle) -> None:
        """Take the screen as it now rests for the idle one, unless a small change is still in doubt."""
        window = list(self._window)
        smalls = [seen.small for seen in window]
        now = range_of(smalls)
        own = self._own.around(smalls[-1])
        own.include(now)
        verdict = judge(self._were, window, self._before, own)
        change, doubtful = verdict.change, verdict.small and len(window) < WINDOW
        fading = verdict.fading and self._since < self._awaited + self._patience
        if (doubtful or fading) and not self._hovering:
            return
        self._acting = False
        self._judged = (self._were[-1].frame, window[-1].frame, change)
        answered = change.responsive and not doubtful
        if self._hovering:
            self._hovers.append(self._began if answered else 0)
        elif answered and self._began:
            self._answers.append(self._began)
            self._unanswered = 0
        elif not answered:
            self._unanswered = self._unanswered + 1 if self._unanswered < DOUBTED else 0
        if change.fraction > SWITCHED:
            idle.switch(now)
            return
        if not doubtful:
            idle.replace(change.mask, now)
        for small in smalls:
            idle.learn(small)


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


def _usual(delays: deque[int]) -> int:
    """The longest delay but for the rarest, in frames."""
    return sorted(delays)[-1 - len(delays) // RARE]


def _coarse(cells: Small) -> NDArray[np.float32]:
    """Means of 4x4 cells, float32, finer than a level."""
    size = (max(1, cells.shape[1] // 4), max(1, cells.shape[0] // 4))
    return np.asarray(cv2.resize(cells.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)

"""Reads the text on screen, anew only where the picture changed.

A frame is compared with the one before in tiles, or, where another screen has come, with the screen most
like it of those seen lately. Lines that no changed tile touches stand; changed regions are searched for
lines again, and a line whose very picture was read before costs no network.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Frame
from groundup.perception.text_lines import Candidate, candidates
from groundup.perception.text_pieces import Grey
from groundup.perception.text_recognition import CERTAIN, Recogniser
from groundup.perception.types import Box, TextLine

TILE = 16
"""Pixels per side of the tiles in which frames are compared."""

NOTICED = 10
"""Grey levels by which a pixel must change for its tile to be read again."""

SURE = 0.75
"""Confidence from which a line of two or more characters is kept: texture reads mostly below 0.6 on
the real screenshots, text above 0.9."""

SURE_ALONE, SURE_LETTER = 0.95, 0.97
"""The same for a lone digit and for another lone character, which texture resembles more easily."""

PATIENCE = 4
"""Failures at one place with one shape after which it is tried in every eighth call only."""

MORE = 1.25
"""Times the area of a line read before that a candidate must have to be read as the whole of it."""

WHOLE = 0.5
"""Share of tiles changed from which the whole frame is searched in one go."""

SCREENS = 12
"""Screens that were left and whose lines are remembered: lists and maps close again. In a play half of the
screens that came differed in less than a fifth of the tiles from one of the last eight."""

DIFFERENT = 4
"""Levels by which the mean of a tile must differ to tell two screens apart."""

WIDE, WORDLIKE = 1.2, 30
"""A lone piece wider than so many times its height, and of so many pixels' height, is not read: no lone sign
is so wide, and words whose letters touch are smaller. In a play none of 64 was text."""

Region = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class _Screen:
    """A screen as it was left: its picture as far as it was read, the means of its tiles, its lines."""

    grey: Grey
    tiles: Grey
    lines: list[TextLine]


class TextReader:
    """Frame in, lines of text out; each call compares with the frame of the last one.

    At most `reads` new pictures are recognised in a call (some 10 ms each), the strongest first; what
    is left over is read in the next calls.
    """

    def __init__(self, recogniser: Recogniser | None = None, *, reads: int = 60) -> None:
        self._recogniser = recogniser or Recogniser()
        self._reads = reads
        self._grey: Grey | None = None
        self._lines: list[TextLine] = []
        self._unread: list[Box] = []
        self._hopeless: dict[tuple[int, ...], int] = {}
        self._calls = 0
        self._screens: deque[_Screen] = deque(maxlen=SCREENS)

    def __call__(self, frame: Frame, lasting: NDArray[np.bool_] | None = None) -> list[TextLine]:
        """The lines in `frame`, from top to bottom, with boxes in pixels and confidences of 0 to 1.

        `lasting`: the cells in which the screen changed for good since the last call (see
        `ChangeTracker`), bool of any shape that covers the frame; elsewhere nothing is read again.
        """
        grey = np.asarray(cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        self._calls += 1
        if lasting is None:
            self._recall(grey)
        changed = self._changed_tiles(grey)
        if lasting is not None and self._grey is not None:
            # What flickers would be read a little differently each time.
            changed = _reached(changed, lasting)
            if changed.any():
                self._grey = _laid_over(self._grey, grey, changed)
        else:
            self._grey = grey
        self._left = self._reads
        unread, self._unread = self._unread, []
        for box in unread:
            _mark(changed, box)
        for region in self._regions(changed, grey.shape):
            self._read(grey, region)
        self._lines.sort(key=lambda line: (line.box.y, line.box.x))
        return list(self._lines)

    def _recall(self, grey: Grey) -> None:
        """Go on from the screen most like `grey` of those read lately; the last one is remembered."""
        if self._grey is None or self._grey.shape != grey.shape:
            self._screens.clear()
            return
        self._screens.append(_Screen(self._grey, _means(self._grey), self._lines))
        tiles = _means(grey)
        apart = [np.count_nonzero(cv2.absdiff(tiles, s.tiles) > DIFFERENT) for s in self._screens]
        best = min(range(len(apart)), key=lambda i: (apart[i], -i))
        nearest = self._screens[best]
        if nearest.grey is not self._grey:
            self._unread = []
        if apart[best] <= WHOLE * tiles.size:
            # It goes on, and is remembered anew when it is left.
            del self._screens[best]
        self._grey, self._lines = nearest.grey, list(nearest.lines)

    def _changed_tiles(self, grey: Grey) -> NDArray[np.uint8]:
        rows, columns = -(-grey.shape[0] // TILE), -(-grey.shape[1] // TILE)
        if self._grey is None or self._grey.shape != grey.shape:
            self._lines, self._unread = [], []
            return np.ones((rows, columns), np.uint8)
        differs = cv2.threshold(cv2.absdiff(grey, self._grey), NOTICED, 255, cv2.THRESH_BINARY)[1]
        below, right = rows * TILE - grey.shape[0], columns * TILE - grey.shape[1]
        full = cv2.copyMakeBorder(differs, 0, below, 0, right, cv2.BORDER_CONSTANT, value=0)
        # A single pixel of 255 makes the mean of a tile 1.
        means = cv2.resize(full, (columns, rows), interpolation=cv2.INTER_AREA)
        return np.asarray(means > 0, dtype=np.uint8)

    def _regions(self, changed: NDArray[np.uint8], shape: tuple[int, ...]) -> list[Region]:
        """Rectangles that hold the changed tiles and, whole, the lines they touch, which are dropped."""
        touched = [line for line in self._lines if _touches(changed, line.box)]
        self._lines = [line for line in self._lines if line not in touched]
        if changed.mean() > WHOLE:
            self._lines = []
            return [(slice(0, shape[0]), slice(0, shape[1]))]
        if not changed.any():
            return []
        for line in touched:
            _mark(changed, line.box)
        grown = cv2.dilate(changed, np.ones((3, 5), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
        found = []
        for x, y, w, h in stats[1:, :4].tolist():
            ys = slice(y * TILE, min(shape[0], (y + h) * TILE))
            xs = slice(x * TILE, min(shape[1], (x + w) * TILE))
            found.append((ys, xs))
        return found

    def _read(self, grey: Grey, region: Region) -> None:
        ys, xs = region
        whole = Box(xs.start, ys.start, xs.stop - xs.start, ys.stop - ys.start)
        kept, unsure = list(self._lines), []
        for candidate in candidates(grey[region]):
            box = Box(candidate.box.x + xs.start, candidate.box.y + ys.start, *candidate.box[2:])
            if _cut_off(candidate.box, whole, grey.shape) or not self._free(box, kept):
                continue
            line = self._recognised(candidate, box)
            if line is not None and line.confidence < CERTAIN:
                unsure.append(line)
            elif line is not None:
                self._take(line)
        # An outline reads as well, but less surely than the letters in it: those come first.
        for line in sorted(unsure, key=lambda line: -line.confidence):
            if self._free(line.box, kept):
                self._take(line)

    def _free(self, box: Box, kept: list[TextLine]) -> bool:
        """Whether no line stands there yet, or only parts of what may be one longer line now."""
        under = (line for line in self._lines if _same_place(line.box, box))
        return all(line in kept and MORE * line.box.area <= box.area for line in under)

    def _take(self, line: TextLine) -> None:
        """Add a line, in place of parts of it that were read before."""
        under = [other for other in self._lines if _same_place(other.box, line.box)]
        if all(len(o.text) < len(line.text) and line.confidence > o.confidence - 0.02 for o in under):
            self._lines = [*(other for other in self._lines if other not in under), line]

    def _recognised(self, candidate: Candidate, box: Box) -> TextLine | None:
        """What a candidate says, if it is believed; None also if its turn to be read has not come."""
        place = _place(box, candidate.pieces)
        found = self._recogniser.known(candidate.picture)
        if found is None and candidate.pieces == 1 and box.h >= WORDLIKE and box.w > WIDE * box.h:
            return None
        if found is None:
            if not self._worth_reading(place):
                return None
            if self._left == 0:
                self._unread.append(box)
                return None
            self._left -= 1
            found = self._recogniser.read(candidate.picture)
        if not _believed(*found, candidate):
            self._hopeless[place] = self._hopeless.get(place, 0) + 1
            return None
        self._hopeless.pop(place, None)
        return TextLine(box, *found)

    def _worth_reading(self, place: tuple[int, ...]) -> bool:
        """Texture that keeps moving (a torch) is tried only now and then."""
        return self._hopeless.get(place, 0) < PATIENCE or self._calls % 8 == 0


def _reached(changed: NDArray[np.uint8], lasting: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The changed tiles that hang together with a cell in which the change was for good."""
    rows, columns = changed.shape
    lasted = cv2.resize(lasting.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA) > 0
    _, labels = cv2.connectedComponents(cv2.dilate(changed, np.ones((3, 5), np.uint8)), connectivity=8)
    reached = np.unique(labels[lasted])
    return np.asarray(changed * np.isin(labels, reached[reached > 0]), dtype=np.uint8)


def _laid_over(old: Grey, new: Grey, changed: NDArray[np.uint8]) -> Grey:
    """`old` with the changed tiles of `new`."""
    size = (changed.shape[1] * TILE, changed.shape[0] * TILE)
    pixels = cv2.resize(changed, size, interpolation=cv2.INTER_NEAREST)[: old.shape[0], : old.shape[1]]
    return np.asarray(cv2.copyTo(new, pixels, old.copy()), dtype=np.uint8)


def _means(grey: Grey) -> Grey:
    """The mean of each tile; tiles that the frame cuts off are left out or widened."""
    size = (max(1, grey.shape[1] // TILE), max(1, grey.shape[0] // TILE))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _believed(text: str, confidence: float, candidate: Candidate) -> bool:
    signs = [char for char in text if char.isalnum()]
    if not signs:
        return False
    if len(signs) > 1:
        return confidence >= SURE
    if not signs[0].isdigit():
        return confidence >= SURE_LETTER
    return confidence >= SURE_ALONE and (len(text) > 1 or _shaped(signs[0], candidate))


def _shaped(digit: str, candidate: Candidate) -> bool:
    """Whether a lone digit has a digit's shape: limbs, horns and edges read as 1, which is upright."""
    box = candidate.box
    if digit != "1":
        return 0.3 * box.h <= box.w <= box.h
    upright = int((candidate.picture > 127).sum(axis=0).max())
    return 0.28 * box.h <= box.w <= 0.8 * box.h and upright >= 0.8 * box.h


def _same_place(first: Box, second: Box) -> bool:
    return first.intersection(second) > 0.5 * min(first.area, second.area)


def _place(box: Box, pieces: int) -> tuple[int, ...]:
    x, y = box.center
    return x // 24, y // 24, box.w // 8, box.h // 8, pieces


def _cut_off(box: Box, whole: Box, shape: tuple[int, ...]) -> bool:
    """Whether a box (relative to `whole`) touches a border of the region that is none of the frame."""
    return (
        (box.x <= 0 and whole.x > 0)
        or (box.y <= 0 and whole.y > 0)
        or (box.x + box.w >= whole.w and whole.x + whole.w < shape[1])
        or (box.y + box.h >= whole.h and whole.y + whole.h < shape[0])
    )


def _tiles(box: Box) -> Region:
    return (
        slice(max(0, box.y // TILE), -(-(box.y + box.h) // TILE)),
        slice(max(0, box.x // TILE), -(-(box.x + box.w) // TILE)),
    )


def _mark(changed: NDArray[np.uint8], box: Box) -> None:
    changed[_tiles(box)] = 1


def _touches(changed: NDArray[np.uint8], box: Box) -> bool:
    return bool(changed[_tiles(box)].any())

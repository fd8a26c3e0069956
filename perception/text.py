"""Reads the text on screen, anew only where the picture changed.

A frame is compared with the one before in tiles. Lines that no changed tile touches stand; changed
regions are searched for lines again, and a line whose very picture was read before costs no network.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Frame
from groundup.perception.text_lines import Grey, candidates
from groundup.perception.text_recognition import Recogniser
from groundup.perception.types import Box, TextLine

TILE = 16
"""Pixels per side of the tiles in which frames are compared."""

NOTICED = 10
"""Grey levels by which a pixel must change for its tile to be read again."""

SURE = 0.75
"""Confidence from which a line of two or more characters is kept: texture reads mostly below 0.6 on
the real screenshots, text above 0.9."""

SURE_ALONE = 0.9
"""The same for a single character, which texture resembles more easily."""

WHOLE = 0.5
"""Share of tiles changed from which the whole frame is searched in one go."""

Region = tuple[slice, slice]


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
        self._hopeless: dict[tuple[int, int, int], int] = {}
        self._calls = 0

    def __call__(self, frame: Frame, lasting: NDArray[np.bool_] | None = None) -> list[TextLine]:
        """The lines in `frame`, from top to bottom, with boxes in pixels and confidences of 0 to 1.

        `lasting`: the cells in which the screen changed for good since the last call (see
        `ChangeTracker`), bool of any shape that covers the frame; elsewhere nothing is read again.
        """
        grey = np.asarray(cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        self._calls += 1
        changed = self._changed_tiles(grey)
        if lasting is not None and self._grey is not None:
            # What flickers would be read a little differently each time.
            rows, columns = changed.shape
            near = cv2.resize(lasting.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
            changed &= cv2.dilate((near > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
        self._grey = grey
        self._left = self._reads
        unread, self._unread = self._unread, []
        for box in unread:
            _mark(changed, box)
        for region in self._regions(changed, grey.shape):
            self._read(grey, region)
        self._lines.sort(key=lambda line: (line.box.y, line.box.x))
        return list(self._lines)

    def _changed_tiles(self, grey: Grey) -> NDArray[np.uint8]:
        rows, columns = -(-grey.shape[0] // TILE), -(-grey.shape[1] // TILE)
        if self._grey is None or self._grey.shape != grey.shape:
            self._lines, self._unread = [], []
            return np.ones((rows, columns), np.uint8)
        differs = cv2.absdiff(grey, self._grey) > NOTICED
        full = np.zeros((rows * TILE, columns * TILE), np.bool_)
        full[: grey.shape[0], : grey.shape[1]] = differs
        tiles = full.reshape(rows, TILE, columns, TILE).any(axis=(1, 3))
        return np.asarray(tiles, dtype=np.uint8)

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
        for candidate in candidates(grey[region]):
            box = Box(candidate.box.x + xs.start, candidate.box.y + ys.start, *candidate.box[2:])
            if _cut_off(candidate.box, whole, grey.shape) or self._covered(box):
                continue
            found = self._recogniser.known(candidate.picture)
            if found is None:
                if not self._worth_reading(box):
                    continue
                if self._left == 0:
                    self._unread.append(box)
                    continue
                self._left -= 1
                found = self._recogniser.read(candidate.picture)
            self._keep(box, *found)

    def _keep(self, box: Box, text: str, confidence: float) -> None:
        if _believed(text, confidence):
            self._lines.append(TextLine(box, text, confidence))
            self._hopeless.pop(_place(box), None)
        else:
            place = _place(box)
            self._hopeless[place] = self._hopeless.get(place, 0) + 1

    def _worth_reading(self, box: Box) -> bool:
        """Texture that keeps moving (a torch) is tried less and less often."""
        failures = self._hopeless.get(_place(box), 0)
        return failures < 3 or self._calls % min(64, 2**failures) == 0

    def _covered(self, box: Box) -> bool:
        return any(line.box.intersection(box) > 0.5 * min(box.area, line.box.area) for line in self._lines)


def _believed(text: str, confidence: float) -> bool:
    signs = sum(char.isalnum() for char in text)
    if signs == 0:
        return False
    return confidence >= (SURE if len(text) > 1 else SURE_ALONE)


def _place(box: Box) -> tuple[int, int, int]:
    x, y = box.center
    return x // 24, y // 24, box.h // 16


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

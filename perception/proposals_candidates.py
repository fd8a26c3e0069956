"""Boxes that might hold something: level sets and edges of a frame, as rectangles.

Level sets (the connected parts above and below a row of thresholds) give closed shapes where an
edge map gives loose strokes: measured on eight real screenshots, twelve thresholds on grey alone
contain a box of IoU >= .5 for .95 of the elements, one Canny contour set for .84 (the pool before
ranking, half resolution). Saturation adds what has the brightness of its background, Canny what
has both; the full-resolution edges add the smallest icons.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]

SCALE = 2
"""Level sets are taken at half resolution: a quarter of the time, no recall lost."""

GREY_LEVELS = tuple(range(20, 250, 20))
SATURATION_LEVELS = tuple(range(40, 240, 40))
COARSE_CANNY = ((30, 90), (100, 250))
FINE_CANNY = (50, 150)
SOURCES = 4
"""How many kinds of evidence a candidate may come from: grey, saturation, coarse and fine edges."""

MIN_SIDE = 10
MAX_WIDTH, MAX_HEIGHT, MAX_AREA = 0.6, 0.8, 0.3
"""The largest candidate, in shares of the frame; larger ones are screens or panels, not things."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """`boxes`: float (n, 4) left, top, width, height; `counts`: (n, SOURCES), how often a source saw each."""

    boxes: Floats
    counts: Floats


def halved(pixels: Pixels) -> Pixels:
    """The frame at 1 / SCALE of its size, averaged."""
    height, width = pixels.shape[:2]
    size = (max(1, width // SCALE), max(1, height // SCALE))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def candidates(
    pixels: Pixels, half: Pixels, origin: tuple[int, int] = (0, 0), size: tuple[int, int] | None = None
) -> Candidates:
    """Every plausible rectangle of the frame, near-identical ones merged; `half` is `halved(pixels)`.

    `pixels` may be a part, cornered at `origin`, of a frame of `size` (width, height): boxes are the frame's.
    """
    grey = np.asarray(cv2.cvtColor(half, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    saturation = np.asarray(cv2.split(cv2.cvtColor(half, cv2.COLOR_RGB2HSV))[1], dtype=np.uint8)
    full = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    sources = [
        _levels(grey, GREY_LEVELS),
        _levels(saturation, SATURATION_LEVELS),
        np.vstack([_outlines(_canny(grey, *pair), SCALE, 5) for pair in COARSE_CANNY]),
        _outlines(_canny(full, *FINE_CANNY), 1, 8),
    ]
    boxes = np.vstack(sources).astype(np.float64)
    boxes[:, :2] += origin
    source = np.repeat(np.arange(SOURCES), [len(part) for part in sources])
    plausible = _plausible(boxes, *(size or (pixels.shape[1], pixels.shape[0])))
    return _merged(boxes[plausible], source[plausible])


def _canny(grey: Grey, low: int, high: int) -> Grey:
    return np.asarray(cv2.Canny(grey, low, high), dtype=np.uint8)


def _levels(channel: Grey, levels: tuple[int, ...]) -> NDArray[np.float32]:
    # The blur costs nothing in recall and halves the number of contours.
    smooth = cv2.GaussianBlur(channel, (3, 3), 0)
    masks = (cv2.threshold(smooth, level, 1, cv2.THRESH_BINARY)[1] for level in levels)
    return np.vstack([_outlines(np.asarray(mask, dtype=np.uint8), SCALE, 5) for mask in masks])


def _outlines(mask: Grey, scale: int, min_points: int) -> NDArray[np.float32]:
    """Bounding boxes of all outer and inner contours, in pixels of the frame."""
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = [cv2.boundingRect(contour) for contour in contours if len(contour) >= min_points]
    return np.array(found, dtype=np.float32).reshape(-1, 4) * scale


def _plausible(boxes: Floats, width: int, height: int) -> NDArray[np.bool_]:
    w, h = boxes[:, 2], boxes[:, 3]
    ok = (w >= MIN_SIDE) & (h >= MIN_SIDE) & (w < 14 * h) & (h < 6 * w)
    ok &= (w < MAX_WIDTH * width) & (h < MAX_HEIGHT * height) & (w * h < MAX_AREA * width * height)
    return np.asarray(ok, dtype=np.bool_)


def _merged(boxes: Floats, source: NDArray[np.intp]) -> Candidates:
    """One box, the mean, for all that fall in the same cell of a grid whose step grows with size."""
    if not len(boxes):
        return Candidates(boxes, np.zeros((0, SOURCES)))
    x, y, w, h = boxes.T
    step = np.exp2(np.round(np.log2(np.sqrt(w * h)))) * 0.12
    cells = [(x + w / 2) / step, (y + h / 2) / step, np.log(w) / 0.18, np.log(h) / 0.18]
    key = np.round(np.stack(cells, 1)).astype(np.int64) @ np.array([1, 1 << 14, 1 << 28, 1 << 36])
    _, cell = np.unique(key, return_inverse=True)
    size = int(cell.max()) + 1
    each = [np.bincount(cell, source == kind, minlength=size) for kind in range(SOURCES)]
    counts = np.stack(each, 1).astype(np.float64)
    total = counts.sum(1)
    mean = [np.bincount(cell, column, minlength=size) / total for column in boxes.T]
    return Candidates(np.stack(mean, 1), counts)

"""Finds the connected pieces of a picture that may be glyphs, and joins them to lines.

Glyphs stand out from what is right around them: the top-hat (bright on dark) and the black-hat (dark on
bright) of the grey picture keep strokes thinner than `STROKE` and drop everything smooth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Grey = NDArray[np.uint8]
Pieces = NDArray[np.int32]
"""One row a connected piece: left, top, width, height, pixels, label, mean contrast, widest stroke."""

STROKE = 17
"""Strokes thinner than this many pixels count as those of glyphs."""

CONTRAST = 40
"""Grey levels by which a stroke must stand out from what is around it."""

REACH, SHARE = 9, 0.45
"""A stroke's pixels have at least this share of the strongest contrast this many pixels around: it
parts a white digit from the bright badge behind its thin outline."""

SMALLEST, LARGEST = 7, 80
"""Heights of a glyph in pixels."""

FAT, FAT_ALONE = 0.42, 0.34
"""Of a piece's longer side: the widest stroke of a glyph in a word, and of one alone. Heavy faces have
0.3 of their height; what is fatter is mostly an icon or a limb."""

BAR = 0.22
"""Of a lone piece's height: what is narrower is a bar, not a sign (a 1 has 0.35 and more)."""

LETTER_GAP, WORD_GAP, LEVEL_GAP = 0.45, 0.5, 0.75
"""The widest space between letters, between words, and between words that share a top or a foot, as a
share of the taller one's height. A space is 0.28 em wide (0.35 in wide faces) and a capital 0.73 em
high, which with the letters' own margins makes 0.5 to 0.7."""

ALIKE = 0.62
"""The least ratio of the contrasts of two neighbours in a line."""


@dataclass(frozen=True, slots=True, eq=False)
class Strokes:
    """A grey picture, its strokes of one polarity by contrast, the labels of their pieces, and those pieces.

    `pieces` have the size of glyphs; `specks` are smaller: dots, commas, dashes, or dirt.
    """

    grey: Grey
    contrast: Grey
    labels: NDArray[np.int32]
    bright: bool
    pieces: Pieces
    specks: Pieces


def strokes(grey: Grey, bright: bool) -> Strokes:
    """The strokes in a grey picture, uint8 (height, width), brighter (or darker) than what is around."""
    operation = cv2.MORPH_TOPHAT if bright else cv2.MORPH_BLACKHAT
    hat = np.asarray(cv2.morphologyEx(grey, operation, np.ones((STROKE, STROKE), np.uint8)), dtype=np.uint8)
    peak = cv2.dilate(hat, np.ones((REACH, REACH), np.uint8))
    binary = ((hat > CONTRAST) & (hat > cv2.convertScaleAbs(peak, alpha=SHARE))).astype(np.uint8)
    _, found, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    labels = np.asarray(found, dtype=np.int32)
    rows = _measured(np.asarray(stats, dtype=np.int32), labels, hat, binary)[1:]
    w, h, pixels = rows[:, 2], rows[:, 3], rows[:, 4]
    sized = (h >= SMALLEST) & (h <= LARGEST) & (w <= 3 * h) & (pixels >= 6) & (pixels > 0.12 * w * h)
    glyph = sized & (rows[:, 7] <= FAT * np.maximum(h, w))
    speck = ~glyph & (h < 12) & (w < 24) & (pixels >= 2)
    pieces = rows[glyph][~_contains(rows[glyph], rows[sized])]
    return Strokes(grey, hat, labels, bright, pieces, rows[speck])


def lines(pieces: Pieces) -> list[NDArray[np.intp]]:
    """Indices of the pieces of each line: letters join to words, words to lines."""
    words = _joined(pieces[:, :4], pieces[:, 6], LETTER_GAP, LETTER_GAP)
    boxes = np.array([bounds(pieces[word]) for word in words], np.int32).reshape(-1, 4)
    contrast = np.array([pieces[word, 6].sum() // len(word) for word in words], np.int32)
    joined = _joined(boxes, contrast, WORD_GAP, LEVEL_GAP)
    found = [np.concatenate([words[i] for i in line]) for line in joined]
    slim = pieces[:, 7] <= FAT_ALONE * np.maximum(pieces[:, 2], pieces[:, 3])
    slim &= pieces[:, 2] >= BAR * pieces[:, 3]
    return [line for line in found if len(line) > 1 or slim[line[0]]]


def bounds(rows: Pieces) -> tuple[int, int, int, int]:
    """The box around pieces: left, top, width, height."""
    if len(rows) == 1:
        return int(rows[0, 0]), int(rows[0, 1]), int(rows[0, 2]), int(rows[0, 3])
    low = rows[:, :2].min(axis=0)
    high = (rows[:, :2] + rows[:, 2:4]).max(axis=0)
    return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])


def _measured(stats: Pieces, labels: NDArray[np.int32], hat: Grey, binary: Grey) -> Pieces:
    """Append each piece's label, mean contrast and widest stroke."""
    at = np.flatnonzero(binary)
    of = labels.ravel()[at]
    depth = np.zeros(len(stats), np.float32)
    inside = np.asarray(cv2.distanceTransform(binary, cv2.DIST_L2, 3), dtype=np.float32)
    np.maximum.at(depth, of, inside.ravel()[at])
    sums = np.bincount(of, weights=hat.ravel()[at], minlength=len(stats))
    columns: list[NDArray[Any]] = [np.arange(len(stats)), sums / np.maximum(1, stats[:, 4]), 2 * depth - 1]
    return np.column_stack([stats, *columns]).astype(np.int32)


def _contains(rows: Pieces, others: Pieces) -> NDArray[np.bool_]:
    """Which pieces are rings, frames and icons: their box holds another piece's, with room around it.

    The inside of an outlined letter shows the weaker background, so it counts for nothing.
    """
    x, y, w, h = (rows[:, i][:, None] for i in range(4))
    left, top, width, height = (others[:, i] for i in range(4))
    inside = (x < left) & (y < top) & (x + w > left + width) & (y + h > top + height) & (0.3 * h < height)
    inside &= others[:, 6] >= ALIKE * rows[:, 6][:, None]
    return np.asarray(inside.any(axis=1), dtype=np.bool_)


def _joined(boxes: Pieces, contrast: Pieces, gap: float, level_gap: float) -> list[NDArray[np.intp]]:
    """Indices of the boxes that stand side by side, alike in height and contrast."""
    count = len(boxes)
    if count < 2:
        return [np.arange(count)] * count
    left, top, height = (boxes[:, i].astype(np.float32) for i in (0, 1, 3))
    right, bottom = left + boxes[:, 2], top + height
    tall, low = np.maximum(height[:, None], height), np.minimum(height[:, None], height)
    space = left[None, :] - right[:, None]
    first, second = np.nonzero(
        (space <= level_gap * tall) & (left[:, None] <= left) & (tall <= 2.2 * low) & (space > -2 * tall)
    )
    tall, low, space = tall[first, second], low[first, second], space[first, second]
    shared = np.minimum(bottom[first], bottom[second]) - np.maximum(top[first], top[second])
    above, below = abs(top[first] - top[second]), abs(bottom[first] - bottom[second])
    nearest = np.minimum(above, below)
    near = space <= np.where(nearest <= 1 + 0.04 * tall, level_gap, gap) * tall
    # An icon beside a number sticks out both above and below; letters share a line at one end.
    around = (top[first] < top[second]) != (bottom[first] < bottom[second])
    aligned = nearest <= 1 + np.where(around, 0.08, 0.28) * tall
    weak, strong = (
        np.minimum(contrast[first], contrast[second]),
        np.maximum(contrast[first], contrast[second]),
    )
    keep = near & aligned & (weak >= ALIKE * strong) & (shared > 0.55 * low)
    links = csr_array((np.ones(int(keep.sum()), np.int8), (first[keep], second[keep])), shape=(count, count))
    _, group = connected_components(links, directed=False)
    order = np.argsort(group, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(group[order])) + 1)

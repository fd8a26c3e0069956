"""Finds what may be a line of text, without a network.

Glyphs stand out from what is right around them: the top-hat (bright on dark) and the black-hat (dark on
bright) of the grey picture keep strokes thinner than `STROKE` and drop everything smooth. The connected
pieces that remain are put together to lines. Detection networks need 300-600 ms a frame on one core
and miss lone digits in circles; this needs 15 ms a polarity, and finds them.

The module does not read: whether a candidate is text is for the recogniser to say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.perception.types import Box

Grey = NDArray[np.uint8]
Pieces = NDArray[np.int32]
"""One row a connected piece: left, top, width, height, pixels, label."""

STROKE = 17
"""Strokes thinner than this many pixels (of a frame 720 high) count as those of glyphs."""

CONTRAST = 40
"""Grey levels by which a stroke must stand out from what is around it."""

FAINT = 80, 45
"""Contrasts in grey levels below which one or two pieces alone, and more in a row, are no candidates: on
the real screenshots 2% of the lines lie below 61, and 60% of what is no text."""

REACH, SHARE = 9, 0.45
"""A stroke's pixels have at least this share of the strongest contrast this many pixels around: it
parts a white digit from the bright badge behind its thin outline."""

SMALLEST, LARGEST = 7, 64
"""Heights of a glyph in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A possible line: its box in pixels of the frame, and its picture, bright glyphs on black.

    `picture` is uint8 (height, width) with a margin around the glyphs; `bright` says that they are
    brighter than what is around them. `pieces` counts the connected
    pieces, `contrast` is that of their strokes in grey levels. `strength` is by how many grey levels they
    differ from what is around the line: glyphs do, while the gaps between glyphs, which look like pieces
    in the other polarity, do not.
    """

    box: Box
    picture: Grey
    bright: bool
    pieces: int
    contrast: float
    strength: float


def candidates(grey: Grey) -> list[Candidate]:
    """Possible lines of text in a grey picture, uint8 (height, width); the likeliest first.

    Where a bright and a dark line stand in the same place, the one that differs more from its
    surroundings comes first.
    """
    bright, dark = _one_polarity(grey, True), _one_polarity(grey, False)
    found = [line for line in (*bright, *dark) if line.contrast >= FAINT[line.pieces > 2]]
    if not found:
        return []
    scores = np.array([_likely(line) for line in found])
    boxes = np.array([line.box for line in found])
    strength = np.array([line.strength for line in found])
    polarity = np.array([line.bright for line in found])
    overlap = np.minimum(boxes[:, None, :2] + boxes[:, None, 2:], boxes[None, :, :2] + boxes[None, :, 2:])
    overlap = (overlap - np.maximum(boxes[:, None, :2], boxes[None, :, :2])).clip(0).prod(axis=2)
    area = boxes[:, 2] * boxes[:, 3]
    smaller, larger = np.minimum(area[:, None], area), np.maximum(area[:, None], area)
    outdone = (overlap > 0.5 * smaller) & (smaller > 0.4 * larger)
    outdone &= (polarity[:, None] != polarity) & (strength > strength[:, None])
    limits = np.where(outdone, scores[None, :] - 1.0, np.inf).min(axis=1)
    order = np.argsort(-np.minimum(scores, limits), kind="stable")
    return [found[i] for i in order]


def _likely(line: Candidate) -> float:
    """Several pieces in a row, strong strokes and, alone, the slender shape of a digit speak for text."""
    slender = line.pieces > 1 or line.box.w < 0.9 * line.box.h
    return line.contrast * math.sqrt(min(line.pieces, 4)) * (1.0 if slender else 0.6)


@dataclass(frozen=True, slots=True, eq=False)
class _Hat:
    """A grey picture, its strokes of one polarity by contrast, and the labels of their pieces."""

    grey: Grey
    contrast: Grey
    labels: NDArray[np.int32]
    bright: bool


def _one_polarity(grey: Grey, bright: bool) -> list[Candidate]:
    kernel = np.ones((STROKE, STROKE), np.uint8)
    operation = cv2.MORPH_TOPHAT if bright else cv2.MORPH_BLACKHAT
    hat = np.asarray(cv2.morphologyEx(grey, operation, kernel), dtype=np.uint8)
    peak = cv2.dilate(hat, np.ones((REACH, REACH), np.uint8))
    binary = ((hat > CONTRAST) & (hat > cv2.convertScaleAbs(peak, alpha=SHARE))).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    pieces, specks = _glyphs(np.asarray(stats, dtype=np.int32))
    seen = _Hat(grey, hat, np.asarray(labels, dtype=np.int32), bright)
    return [_cut(seen, pieces, row, specks) for row in _lines(pieces)]


def _glyphs(stats: Pieces) -> tuple[Pieces, Pieces]:
    """Pieces of the size of a glyph, and specks that may be dots, commas or dashes; labels appended."""
    rows = np.column_stack([stats, np.arange(len(stats), dtype=np.int32)])[1:]
    w, h, pixels = rows[:, 2], rows[:, 3], rows[:, 4]
    glyph = (h >= SMALLEST) & (h <= LARGEST) & (w <= 3 * h) & (pixels >= 6) & (pixels > 0.12 * w * h)
    speck = ~glyph & (h < 12) & (w < 24) & (pixels >= 2)
    return _without_containers(rows[glyph]), rows[speck]


def _without_containers(rows: Pieces) -> Pieces:
    """Drop rings, frames and icons: pieces whose box holds another piece's box, with room around it."""
    if len(rows) < 2:
        return rows
    x, y, w, h = (rows[:, i][:, None] for i in range(4))
    inside = (x < x.T) & (y < y.T) & (x + w > (x + w).T) & (y + h > (y + h).T) & (0.3 * h < h.T)
    return rows[~inside.any(axis=1)]


def _lines(pieces: Pieces) -> list[NDArray[np.intp]]:
    """Indices of the pieces that stand side by side with like heights."""
    count = len(pieces)
    if not count:
        return []
    left, top = pieces[:, 0], pieces[:, 1]
    right, bottom = left + pieces[:, 2], top + pieces[:, 3]
    height = pieces[:, 3]
    parent = np.arange(count)

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    order = np.argsort(left)
    for at, i in enumerate(order):
        later = order[at + 1 :]
        tall, low = np.maximum(height[i], height[later]), np.minimum(height[i], height[later])
        shared = np.minimum(bottom[i], bottom[later]) - np.maximum(top[i], top[later])
        near = left[later] - right[i] <= 0.75 * tall
        aligned = np.minimum(abs(bottom[i] - bottom[later]), abs(top[i] - top[later])) <= 2 + 0.15 * tall
        for j in later[near & aligned & (shared > 0.55 * low) & (tall <= 2.2 * low)]:
            parent[root(int(j))] = root(int(i))
    groups: dict[int, list[int]] = {}
    for i in range(count):
        groups.setdefault(root(i), []).append(i)
    return [np.array(members) for members in groups.values()]


def _cut(hat: _Hat, pieces: Pieces, row: NDArray[np.intp], specks: Pieces) -> Candidate:
    """The picture of one line, with the other pieces around it wiped out."""
    mine = pieces[row]
    box = _bounds(mine)
    reach = max(2, round(0.35 * box.h))
    near = (
        (specks[:, 0] + specks[:, 2] > box.x - reach)
        & (specks[:, 0] < box.x + box.w + reach)
        & (specks[:, 1] + specks[:, 3] > box.y - reach)
        & (specks[:, 1] + specks[:, 3] < box.y + box.h + reach)
    )
    mine = np.concatenate([mine, specks[near]])
    box = _bounds(mine)
    pad_y, pad_x = max(2, round(0.2 * box.h)), max(3, round(0.3 * box.h))
    height, width = hat.grey.shape
    ys = slice(max(0, box.y - pad_y), min(height, box.y + box.h + pad_y))
    xs = slice(max(0, box.x - pad_x), min(width, box.x + box.w + pad_x))
    around = hat.labels[ys, xs]
    own = np.isin(around, mine[:, 5])
    foreign = cv2.dilate(((around > 0) & ~own).astype(np.uint8), np.ones((3, 3), np.uint8))
    cut = hat.contrast[ys, xs]
    picture = np.zeros((box.h + 2 * pad_y, box.w + 2 * pad_x), np.uint8)
    at_y, at_x = pad_y - (box.y - ys.start), pad_x - (box.x - xs.start)
    part = cut * ((foreign == 0) | own)
    # Stretched so that the strong strokes are white; faint ends of strokes stay, they carry the letter.
    peak = float(np.percentile(cut[own], 90))
    even = np.clip(part * (255.0 / peak), 0, 255).astype(np.uint8)
    picture[at_y : at_y + even.shape[0], at_x : at_x + even.shape[1]] = even
    frame = hat.grey[ys, xs]
    edge = np.concatenate([frame[0], frame[-1], frame[:, 0], frame[:, -1]])
    strength = abs(float(np.median(frame[own])) - float(np.median(edge)))
    return Candidate(box, picture, hat.bright, len(row), peak, strength)


def _bounds(rows: Pieces) -> Box:
    left, top = int(rows[:, 0].min()), int(rows[:, 1].min())
    right, bottom = int((rows[:, 0] + rows[:, 2]).max()), int((rows[:, 1] + rows[:, 3]).max())
    return Box(left, top, right - left, bottom - top)

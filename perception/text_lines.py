"""Finds what may be a line of text, without a network.

Detection networks need 300-600 ms a frame on one core and miss lone digits in circles; joining the
strokes of both polarities needs some 25 ms, and finds them.

The module does not read: whether a candidate is text is for the recogniser to say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.perception.text_pieces import Grey, Pieces, Strokes, bounds_of, lines, strokes
from groundup.perception.types import Box

FAINT = 80, 45
"""Contrasts in grey levels below which one or two pieces alone, and more in a row, are no candidates: on
the real screenshots 2% of the lines lie below 61, and 60% of what is no text."""

APART = 0.25
"""The least share of a line's contrast by which it differs from what is around it: outlines do not."""


FOREIGN, OWN = 1, 2
"""Kinds of pixels beside those of no piece, 0: of other pieces than the line's, and of the line's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A possible line: its box in pixels of the frame, and its picture, bright glyphs on black.

    `picture` is uint8 (height, width) with a margin around the glyphs; `bright` says that they are
    brighter than what is around them. `pieces` counts the connected pieces, `contrast` is that of their
    strokes in grey levels. `strength` is by how many grey levels they differ from what is around the
    line: glyphs do, while the gaps between glyphs, which look like pieces in the other polarity, do not.
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
    found = [line for bright in (True, False) for line in _of_polarity(strokes(grey, bright))]
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


def _of_polarity(seen: Strokes) -> list[Candidate]:
    # The mean over the pieces' pixels is below their peak, by which `FAINT` is meant.
    rows = [
        row
        for row in lines(seen.pieces)
        if seen.pieces[row, 6].sum() >= 0.75 * FAINT[len(row) > 2] * len(row)
    ]
    boxes = bounds_of(seen.pieces, rows)
    kind = np.full(int(seen.labels.max()) + 1, FOREIGN, np.uint8)
    kind[0] = 0
    found = []
    for row, near in zip(rows, _specks(seen.specks, boxes), strict=True):
        mine = seen.pieces[row]
        if near.any():
            mine = np.concatenate([mine, seen.specks[near]])
        line = _cut(seen, mine, len(row), kind)
        if line is not None:
            found.append(line)
    return found


def _likely(line: Candidate) -> float:
    """Several pieces in a row, strong strokes and, alone, the slender shape of a digit speak for text."""
    slender = line.pieces > 1 or line.box.w < 0.9 * line.box.h
    return line.contrast * math.sqrt(min(line.pieces, 4)) * (1.0 if slender else 0.6)


def _cut(seen: Strokes, mine: Pieces, count: int, kind: Grey) -> Candidate | None:
    """The picture of one line, with the other pieces around it wiped out; None if it is too faint.

    `count` pieces are those of glyphs. `kind`, by label: 0 for no piece, else FOREIGN, and again after.
    """
    left, top = mine[:, :2].min(axis=0).tolist()
    right, foot = (mine[:, :2] + mine[:, 2:4]).max(axis=0).tolist()
    box = Box(left, top, right - left, foot - top)
    pad_y, pad_x = max(2, round(0.2 * box.h)), max(3, round(0.3 * box.h))
    height, width = seen.grey.shape
    ys = slice(max(0, box.y - pad_y), min(height, box.y + box.h + pad_y))
    xs = slice(max(0, box.x - pad_x), min(width, box.x + box.w + pad_x))
    kind[mine[:, 5]] = OWN
    kinds = kind.take(seen.labels[ys, xs])
    kind[mine[:, 5]] = FOREIGN
    ink = kinds == OWN
    cut, grey = seen.contrast[ys, xs], seen.grey[ys, xs]
    peak = _ranked(cut[ink], 9)
    inked = grey[ink]
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    strength = abs(int(inked.sum()) / len(inked) - _ranked(edge, 5))
    if peak < FAINT[count > 2] or strength < APART * peak:
        return None
    # Stretched so that the strong strokes are white; faint ends of strokes stay, they carry the letter.
    foreign = cv2.dilate((kinds == FOREIGN).view(np.uint8), np.ones((3, 3), np.uint8))
    even = cv2.convertScaleAbs(cut * ((foreign == 0) | ink), alpha=255.0 / peak)
    picture = np.zeros((box.h + 2 * pad_y, box.w + 2 * pad_x), np.uint8)
    at_y, at_x = pad_y - (box.y - ys.start), pad_x - (box.x - xs.start)
    picture[at_y : at_y + even.shape[0], at_x : at_x + even.shape[1]] = even
    return Candidate(box, picture, seen.bright, count, peak, strength)


def _ranked(levels: Grey, tenths: int) -> float:
    """The level that so many tenths of all do not lie above."""
    rank = tenths * len(levels) // 10
    return float(np.partition(levels, rank)[rank])


def _specks(specks: Pieces, boxes: Pieces) -> NDArray[np.bool_]:
    """Which specks (columns) belong to which line (rows): dots on it, a dash before it, but no dust."""
    x, y, w, h = (boxes[:, i][:, None] for i in range(4))
    left, top, wide, high = (specks[:, i] for i in range(4))
    right, foot = left + wide, top + high
    reach = np.maximum(2, np.rint(0.35 * h))
    level = (top >= y - 0.1 * h) & (foot <= y + 1.3 * h)
    behind = (left >= x) & (left < x + w + reach)
    dash = (right > x - reach) & (wide >= 1.5 * high) & (left < x)
    return np.asarray(level & (behind | dash), dtype=np.bool_)

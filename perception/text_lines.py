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

from groundup.perception.text_pieces import Grey, Pieces, Strokes, bounds, lines, strokes
from groundup.perception.types import Box

FAINT = 80, 45
"""Contrasts in grey levels below which one or two pieces alone, and more in a row, are no candidates: on
the real screenshots 2% of the lines lie below 61, and 60% of what is no text."""

APART = 0.25
"""The least share of a line's contrast by which it differs from what is around it: outlines do not."""


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
    own = np.zeros(int(seen.labels.max()) + 1, np.bool_)
    found = []
    for row in lines(seen.pieces):
        mine = seen.pieces[row]
        # The mean over the pieces' pixels is below their peak, by which `FAINT` is meant.
        if mine[:, 6].sum() < 0.75 * FAINT[len(row) > 2] * len(row):
            continue
        line = _cut(seen, mine, own)
        if line.contrast >= FAINT[line.pieces > 2] and line.strength >= APART * line.contrast:
            found.append(line)
    return found


def _likely(line: Candidate) -> float:
    """Several pieces in a row, strong strokes and, alone, the slender shape of a digit speak for text."""
    slender = line.pieces > 1 or line.box.w < 0.9 * line.box.h
    return line.contrast * math.sqrt(min(line.pieces, 4)) * (1.0 if slender else 0.6)


def _cut(seen: Strokes, mine: Pieces, own: NDArray[np.bool_]) -> Candidate:
    """The picture of one line, with the other pieces around it wiped out; `own` is all False again after."""
    count = len(mine)
    mine = np.concatenate([mine, _specks(seen.specks, Box(*bounds(mine)))])
    box = Box(*bounds(mine))
    pad_y, pad_x = max(2, round(0.2 * box.h)), max(3, round(0.3 * box.h))
    height, width = seen.grey.shape
    ys = slice(max(0, box.y - pad_y), min(height, box.y + box.h + pad_y))
    xs = slice(max(0, box.x - pad_x), min(width, box.x + box.w + pad_x))
    labels = seen.labels[ys, xs]
    own[mine[:, 5]] = True
    ink = own[labels]
    own[mine[:, 5]] = False
    foreign = cv2.dilate(((labels > 0) & ~ink).astype(np.uint8), np.ones((3, 3), np.uint8))
    cut = seen.contrast[ys, xs]
    levels = np.sort(cut[ink])
    peak = float(levels[(9 * len(levels)) // 10])
    # Stretched so that the strong strokes are white; faint ends of strokes stay, they carry the letter.
    even = cv2.convertScaleAbs(cut * ((foreign == 0) | ink), alpha=255.0 / peak)
    picture = np.zeros((box.h + 2 * pad_y, box.w + 2 * pad_x), np.uint8)
    at_y, at_x = pad_y - (box.y - ys.start), pad_x - (box.x - xs.start)
    picture[at_y : at_y + even.shape[0], at_x : at_x + even.shape[1]] = even
    grey = seen.grey[ys, xs]
    edge = np.sort(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    strength = abs(float(grey[ink].mean()) - float(edge[len(edge) // 2]))
    return Candidate(box, picture, seen.bright, count, peak, strength)


def _specks(specks: Pieces, box: Box) -> Pieces:
    """The specks that belong to a line: dots and commas on it, a dash before it, but no dust around it."""
    if not len(specks):
        return specks
    reach = max(2, round(0.35 * box.h))
    left, right = specks[:, 0], specks[:, 0] + specks[:, 2]
    top, foot = specks[:, 1], specks[:, 1] + specks[:, 3]
    level = (top >= box.y - 0.1 * box.h) & (foot <= box.y + 1.3 * box.h)
    behind = (left >= box.x) & (left < box.x + box.w + reach)
    dash = (right > box.x - reach) & (specks[:, 2] >= 1.5 * specks[:, 3]) & (left < box.x)
    return specks[level & (behind | dash)]

"""From many overlapping proposals to the separate things they show, a box each.

Boxes lie in boxes: a picture in a card, cards in a hand, rows in a panel. Which of them is the
thing is decided from the inside out: a box that holds several things of one size side by side is
the background they lie on, any other box stands for what it holds unless it is much less of a
thing than that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundup.perception.proposals_features import intersections
from groundup.perception.types import Box, Proposal, TextLine

FAINT = 0.12
"""Below this score a box is nearly always texture (measured on the labelled screenshots)."""

INSIDE = 0.85
"""The share of a box that lies in another when it is a part of it."""

OVERLAPPING = 0.5
"""The share of the smaller of two boxes that both cover when they cannot be two things."""

OUTSHONE = 0.3
"""A box stands for what it holds if its score is at least this share of the best score in it."""

HOLDER = 0.2
"""A box of a lower score stands for nothing that scores better."""

SQUARE, SQUARE_SHARE = 1.3, 0.5
"""A part of a line is square when not so much wider than high, and less than this share of the line."""

SIBLING = 0.6
"""Things of a score at least this share of their holder's make it a background."""

ONE_SIZE = 0.25
"""Largest logarithm of the ratio of two sides that count as alike."""

MANY, FILLED = 4, 0.25
"""So many alike things in a box, or two that cover this share of it, make it a background."""

TEXT_SCORE = 0.3
"""The score of a line of text that lies in no other thing, times the confidence of its reading."""


def group(proposals: list[Proposal], lines: list[TextLine]) -> list[Proposal]:
    """One box for each separate thing, best first.

    `lines` is the text read in the same frame: the words of a line are not things of their own, and
    a line that lies in no thing is one.
    """
    bright = [p for p in proposals if p.score >= FAINT]
    words = _words(bright, lines)
    bright = [p for p, word in zip(bright, words.tolist(), strict=True) if not word]
    bright += [Proposal(line.box, TEXT_SCORE * line.confidence) for line in lines]
    if not bright:
        return []
    kept = _outermost(bright)
    return sorted(kept, key=lambda p: -p.score)


def _words(proposals: list[Proposal], lines: list[TextLine]) -> NDArray[np.bool_]:
    """Which boxes are a part of a line, or the line itself.

    A square part may as well be an icon: whether it is one is left to what lies beside it.
    """
    boxes, texts = _boxes([p.box for p in proposals]), _boxes([line.box for line in lines])
    slack = texts[:, 3] // 4
    grown = texts + np.stack([-slack, -slack, 2 * slack, 2 * slack], 1)
    width, height = boxes[:, 2], boxes[:, 3]
    square = (SQUARE * height > width)[:, None] & (width[:, None] < SQUARE_SHARE * texts[:, 2])
    part = intersections(boxes, grown) >= (INSIDE * (width * height))[:, None]
    return np.asarray((part & ~square).any(axis=1), dtype=np.bool_)


def _boxes(boxes: list[Box]) -> NDArray[np.float64]:
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)


def _outermost(proposals: list[Proposal]) -> list[Proposal]:
    boxes = _boxes([p.box for p in proposals])
    score = np.array([p.score for p in proposals])
    area = boxes[:, 2] * boxes[:, 3]
    overlap = intersections(boxes).astype(np.float64)
    within = (overlap >= INSIDE * area) & (area < area[:, None])
    chosen: dict[int, list[int]] = {}
    # From the smallest to the largest: what each box shows, itself or the things in it.
    for i in np.argsort(area, kind="stable"):
        parts = [j for j in np.flatnonzero(within[i]) if int(j) in chosen]
        inner = [k for j in parts for k in chosen[int(j)]]
        inner = sorted(set(inner), key=lambda k: -score[k])
        if inner and (_background(int(i), inner, boxes, score) or score[i] < _least(score[inner[0]])):
            chosen[int(i)] = inner
        else:
            chosen[int(i)] = [int(i)]
    top = {k for parts in chosen.values() for k in parts}
    themselves = [i for i, parts in chosen.items() if parts == [i]]
    covered = set(np.flatnonzero(within[themselves].any(axis=0)).tolist())
    return _apart([proposals[k] for k in top - covered])


def _least(best: float) -> float:
    """The score from which a box stands for things in it of which the best has score `best`."""
    return max(OUTSHONE * best, min(HOLDER, best))


def _background(
    holder: int, inner: list[int], boxes: NDArray[np.float64], score: NDArray[np.float64]
) -> bool:
    """Whether several of the things in a box are of one size and hardly less of a thing than the box.

    Two or three small ones are what is drawn on a thing; many, or such as fill it, lie on a background.
    Those that overlap are parts of one thing and count once.
    """
    strong = np.array([k for k in inner if score[k] >= SIBLING * score[holder]], np.intp)
    if len(strong) < 2:
        return False
    whole = boxes[holder, 2] * boxes[holder, 3]
    sides, area = boxes[strong, 2:], boxes[strong, 2] * boxes[strong, 3]
    alike = np.abs(np.log(sides / sides[:, None])).max(axis=2) < ONE_SIZE
    overlap = intersections(boxes[strong]) > 0
    for row in alike:
        apart: list[int] = []
        for i in np.flatnonzero(row).tolist():
            if not overlap[i, apart].any():
                apart.append(i)
        filled = float(area[apart].sum())
        if len(apart) >= MANY or (len(apart) >= 2 and filled >= FILLED * whole):
            return True
    return False


def _apart(proposals: list[Proposal]) -> list[Proposal]:
    """Without those that mostly overlap a better one."""
    ordered = sorted(proposals, key=lambda p: -p.score)
    boxes = _boxes([p.box for p in ordered])
    area = boxes[:, 2] * boxes[:, 3]
    alike = intersections(boxes) >= OVERLAPPING * np.maximum(1, np.minimum(area[:, None], area))
    left = np.ones(len(ordered), np.bool_)
    kept: list[Proposal] = []
    for i, proposal in enumerate(ordered):
        if left[i]:
            kept.append(proposal)
            left &= ~alike[i]
    return kept

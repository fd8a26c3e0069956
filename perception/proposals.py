"""Where one could click: boxes around the things in a frame, best first.

Candidates come from level sets and edges (`proposals_candidates`); two small logistic models rank
them, the first on each box alone, the second also on its neighbours (`proposals_features`).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels
from groundup.perception.proposals_candidates import SCALE, Candidates, Floats, candidates, halved
from groundup.perception.proposals_features import ALONE, alone, together
from groundup.perception.proposals_group import group
from groundup.perception.types import Box, Proposal

__all__ = ["group", "propose"]

KEPT = 400
"""How many candidates the first model hands to the second; 600 gained nothing."""

SAME = 0.3
"""Two boxes of a higher IoU are one thing; .25 to .5 differ by .01 of recall."""

USUAL = 1280
NEAR_USUAL = (0.8, 1.25)
LARGER = 4.0
"""Frames that are not near a longer side of USUAL are brought to it, enlarged at most LARGER times.

On the labelled screenshots at half their size this finds .99 of the elements by centre instead of .92;
at twice their size .98 instead of 1.0, in a quarter of the time.
"""

FIRST = np.array(
    [
        1.488,
        -1.036,
        0.351,
        -0.791,
        0.784,
        0.832,
        0.667,
        1.187,
        1.014,
        -1.131,
        0.106,
        0.250,
        0.480,
        -3.263,
    ]
)
"""Weights of the first model and its constant, in the order of `alone`."""

SECOND = np.array(
    [
        0.091,
        -1.157,
        0.170,
        -0.505,
        0.051,
        0.277,
        0.092,
        0.179,
        0.207,
        -0.199,
        0.415,
        0.155,
        0.161,
        0.271,
        0.116,
        0.342,
        0.987,
        0.196,
        0.622,
        -0.869,
        -3.218,
    ]
)
"""Weights of the second model and its constant: `alone`, then `together`."""


def propose(pixels: Pixels, limit: int = 100, windows: Sequence[Box] = ()) -> list[Proposal]:
    """At most `limit` boxes that may be clickable, best first, with a score of 0 to 1.

    With `windows` only those parts of the frame are looked at; they must not overlap.

    `pixels` is uint8 RGB, (height, width, 3). The weights are a ridge-penalised logistic regression on
    eight labelled screenshots of two games and forty made-up screens (`proposals_fit`). With each
    screenshot left out in turn, 100 boxes find .97 of its elements by centre and .92 at IoU .5.
    """
    return rank(pixels, FIRST, SECOND, limit, windows)


def rank(
    pixels: Pixels, first: Floats, second: Floats, limit: int, windows: Sequence[Box] = ()
) -> list[Proposal]:
    """`propose` with other weights than ours."""
    usual, scale = _usual(pixels)
    if not windows or scale != 1.0:
        windows = (Box(0, 0, usual.shape[1], usual.shape[0]),)
    seen = [_seen(usual, window) for window in windows]
    boxes, counts = (np.vstack([getattr(found, name) for found, _ in seen]) for name in ("boxes", "counts"))
    if not len(boxes):
        return []
    features = np.vstack([part for _, part in seen])
    best = np.argsort(-_linear(features, first), kind="stable")[:KEPT]
    found = Candidates(boxes[best], counts[best])
    more, iou = together(found)
    score = 1 / (1 + np.exp(-_linear(np.hstack([features[best], more]), second)))
    boxes = found.boxes / scale
    return [Proposal(_box(boxes[i], pixels), float(score[i])) for i in _distinct(score, iou, limit)]


def _seen(pixels: Pixels, window: Box) -> tuple[Candidates, Floats]:
    """The candidates in a part of the frame, and what `alone` says of them."""
    height, width = pixels.shape[:2]
    x, y, w, h = window
    cut = pixels[y : y + h, x : x + w]
    half = halved(cut)
    found = candidates(cut, half, (x, y), (width, height))
    if not len(found.boxes):
        return found, np.zeros((0, ALONE))
    return found, alone(half, found, (x, y), width - width % SCALE)


def _usual(pixels: Pixels) -> tuple[Pixels, float]:
    """The frame at about the size the models were fitted at, and how much larger it is than given."""
    height, width = pixels.shape[:2]
    scale = min(LARGER, USUAL / max(width, height))
    if NEAR_USUAL[0] <= scale <= NEAR_USUAL[1]:
        return pixels, 1.0
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=how), dtype=np.uint8), scale


def _linear(features: Floats, weights: Floats) -> Floats:
    return np.asarray(features @ weights[:-1] + weights[-1])


def _distinct(score: Floats, iou: NDArray[np.float32], limit: int) -> list[int]:
    """Indices by falling score, without those too alike to one already taken."""
    left = np.ones(len(score), dtype=np.bool_)
    taken: list[int] = []
    for i in np.argsort(-score, kind="stable"):
        if left[i]:
            taken.append(int(i))
            left &= iou[i] <= SAME
            if len(taken) == limit:
                break
    return taken


def _box(edges: Floats, pixels: Pixels) -> Box:
    """Whole pixels, inside the frame."""
    height, width = pixels.shape[:2]
    left, top = max(0, round(edges[0])), max(0, round(edges[1]))
    right, bottom = min(width, round(edges[0] + edges[2])), min(height, round(edges[1] + edges[3]))
    return Box(left, top, right - left, bottom - top)

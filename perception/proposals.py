"""Where one could click: boxes around the things in a frame, best first.

Candidates come from level sets and edges (`proposals_candidates`); two small logistic models rank
them, the first on each box alone, the second also on its neighbours (`proposals_features`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels
from groundup.perception.proposals_candidates import Candidates, Floats, candidates, halved
from groundup.perception.proposals_features import alone, together
from groundup.perception.proposals_group import group
from groundup.perception.types import Box, Proposal

__all__ = ["group", "propose"]

KEPT = 400
"""How many candidates the first model hands to the second; 600 gained nothing."""

SAME = 0.4
"""Two boxes of a higher IoU are one thing; .35 to .55 differ by less than .01 of recall."""

FIRST = np.array(
    [
        1.712,
        -1.045,
        0.407,
        -1.181,
        0.867,
        0.671,
        0.631,
        1.259,
        1.430,
        -0.769,
        -0.177,
        0.266,
        0.032,
        -3.538,
    ]
)
"""Weights of the first model and its constant, in the order of `alone`."""

SECOND = np.array(
    [
        0.355,
        -1.242,
        0.423,
        -1.420,
        -0.021,
        0.163,
        0.062,
        0.160,
        0.511,
        -0.062,
        0.213,
        0.100,
        -0.226,
        0.521,
        0.123,
        0.311,
        0.947,
        0.240,
        0.615,
        -0.813,
        -3.300,
    ]
)
"""Weights of the second model and its constant: `alone`, then `together`."""


def propose(pixels: Pixels, limit: int = 100) -> list[Proposal]:
    """At most `limit` boxes that may be clickable, best first, with a score of 0 to 1.

    `pixels` is uint8 RGB, (height, width, 3). The weights are a ridge-penalised logistic regression
    on eight screenshots of two games; left one out each time, they reach .98 centre recall and .92
    recall at IoU .5 with 100 boxes.
    """
    half = halved(pixels)
    found = candidates(pixels, half)
    if not len(found.boxes):
        return []
    features = alone(half, found)
    best = np.argsort(-_linear(features, FIRST), kind="stable")[:KEPT]
    found = Candidates(found.boxes[best], found.counts[best])
    more, iou = together(found)
    score = 1 / (1 + np.exp(-_linear(np.hstack([features[best], more]), SECOND)))
    return [Proposal(_box(found.boxes[i], pixels), float(score[i])) for i in _distinct(score, iou, limit)]


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

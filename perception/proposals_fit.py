"""Fits the two ranking models of `proposals` and says how well they do on screens they never saw.

    python -m groundup.perception.proposals_fit SCREENS LABELS

prints the weights to put into `proposals`. Made-up screens join the labelled ones with a small
weight, so that kinds of element which two games happen not to show are not unlearnt.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels
from groundup.perception.proposals import KEPT, rank
from groundup.perception.proposals_candidates import Candidates, Floats, candidates, halved
from groundup.perception.proposals_features import alone, intersections, together
from groundup.perception.proposals_labels import Recall, Screenshot, read_screenshots, recall
from groundup.perception.proposals_synthetic import screen
from groundup.perception.types import Box

RIDGE = 20.0
"""Penalty on squared standardised weights; 10 to 60 differ by less than .01 of recall."""

MADE_UP, MADE_UP_WEIGHT = 40, 0.1
"""How many made-up screens join the fit, and the weight of one of their boxes."""

FOUND_WEIGHT = 2.0
"""A box on an element weighs this much divided by the root of the number of such boxes.

Otherwise elements with a hundred candidates each, which are found anyway, decide the fit.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A screen's candidates and, for each, its features, its target (0 to 1) and its weight."""

    found: Candidates
    features: Floats
    target: Floats
    weight: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The two models."""

    first: Floats
    second: Floats


def sample(pixels: Pixels, elements: Sequence[Box], texts: Sequence[Box] = (), weight: float = 1.0) -> Sample:
    """The training sample of a screen about 1280 wide; boxes on `texts`, not on an element, do not count."""
    half = halved(pixels)
    cands = candidates(pixels, half)
    iou = _iou(cands.boxes, elements)
    best = iou.max(1)
    weights = np.ones(len(best))
    if texts:
        weights[(_iou(cands.boxes, texts).max(1) > 0.3) & (best < 0.4)] = 0
    on = best >= 0.5
    owner = iou.argmax(1)
    owned = np.bincount(owner[on], minlength=iou.shape[1])
    weights[on] = FOUND_WEIGHT / np.sqrt(owned[owner[on]])
    # Between IoU .4 and .7 a box is more and more a hit.
    return Sample(cands, alone(half, cands), np.clip((best - 0.4) / 0.3, 0, 1), weights * weight)


def fit(samples: Sequence[Sample]) -> Weights:
    """Both models, the second on what the first lets through."""
    first = _logistic([s.features for s in samples], samples)
    passed, features = [], []
    for s in samples:
        best = np.argsort(-(s.features @ first[:-1]), kind="stable")[:KEPT]
        cands = Candidates(s.found.boxes[best], s.found.counts[best])
        passed.append(Sample(cands, s.features[best], s.target[best], s.weight[best]))
        features.append(np.hstack([s.features[best], together(cands)[0]]))
    return Weights(first, _logistic(features, passed))


def left_one_out(shots: Sequence[Screenshot], limit: int = 100) -> Recall:
    """The recall with `limit` boxes on each screenshot by models that never saw it."""
    real, made_up = [_of(shot) for shot in shots], _made_up()
    pairs = []
    for i, shot in enumerate(shots):
        weights = fit([*real[:i], *real[i + 1 :], *made_up])
        boxes = [p.box for p in rank(shot.pixels, weights.first, weights.second, limit)]
        pairs.append((list(shot.elements.values()), boxes))
    return recall(pairs)


def fit_screenshots(shots: Sequence[Screenshot]) -> Weights:
    """The models that `proposals` ships."""
    return fit([*(_of(shot) for shot in shots), *_made_up()])


def _of(shot: Screenshot) -> Sample:
    return sample(shot.pixels, list(shot.elements.values()))


def _made_up() -> list[Sample]:
    screens = [screen(1000 + i) for i in range(MADE_UP)]
    return [sample(s.pixels, s.things, s.texts, MADE_UP_WEIGHT) for s in screens if s.things]


def _iou(boxes: Floats, others: Sequence[Box]) -> NDArray[np.float64]:
    other = np.array(others, dtype=np.float64).reshape(-1, 4)
    both = intersections(np.vstack([boxes, other]))[: len(boxes), len(boxes) :].astype(np.float64)
    areas = (boxes[:, 2] * boxes[:, 3])[:, None] + other[:, 2] * other[:, 3]
    return both / (areas - both)


def _logistic(features: Sequence[Floats], samples: Sequence[Sample]) -> Floats:
    """Weights and constant of a ridge-penalised logistic regression, by Newton's method."""
    x = np.vstack(features)
    target = np.concatenate([s.target for s in samples])
    weight = np.concatenate([s.weight for s in samples])
    mean, spread = x.mean(0), x.std(0) + 1e-6
    z = np.column_stack([(x - mean) / spread, np.ones(len(x))])
    beta = np.zeros(z.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-z @ beta))
        slope = z.T @ (weight * (p - target)) + RIDGE * np.append(beta[:-1], 0)
        bend = (z * (weight * p * (1 - p))[:, None]).T @ z + RIDGE * np.eye(len(beta))
        beta -= np.clip(np.linalg.solve(bend, slope), -2, 2)
    scaled = beta[:-1] / spread
    return np.append(scaled, beta[-1] - scaled @ mean)


def main() -> None:
    """Print recall with one screenshot left out, then the weights."""
    shots = read_screenshots(Path(sys.argv[1]), Path(sys.argv[2]))
    print("left one out:", left_one_out(shots))
    weights = fit_screenshots(shots)
    for name, values in (("FIRST", weights.first), ("SECOND", weights.second)):
        print(name, [round(float(v), 3) for v in values])


if __name__ == "__main__":
    main()

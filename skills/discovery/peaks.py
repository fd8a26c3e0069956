"""From a curve to boundaries: peaks that stand apart, and the height that gives a wanted rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]

APART = 4
"""Frames that two boundaries are apart at least, unless a rule says otherwise."""

AROUND = np.array([0.5, 0.9, 1, 0.9, 0.5])
"""What is near counts as the same boundary: about the number of boundaries within 2 frames."""


def smooth(curve: Curve) -> Curve:
    """The sum around each frame, with weights `AROUND`."""
    padded = np.pad(curve, len(AROUND) // 2)
    return np.convolve(padded, AROUND, "valid")


def peaks(curve: Curve, apart: int = APART) -> list[tuple[int, float]]:
    """(frame, height) of the highest, the next highest more than `apart` from it, and so on; not frame 0."""
    free = np.ones(len(curve), bool)
    free[:1] = False
    found = []
    for frame in np.argsort(-curve, kind="stable"):
        if free[frame] and curve[frame] > 0:
            found.append((int(frame), float(curve[frame])))
            free[max(0, frame - apart) : frame + apart + 1] = False
    return found


def above(curve: Curve, height: float, apart: int = APART) -> list[int]:
    """The frames of the peaks at least `height` high, in order."""
    return sorted(frame for frame, high in peaks(curve, apart) if high >= height)


def height_for(curves: Iterable[Curve], length: float, apart: int = APART) -> float:
    """The height at which these demonstrations are cut into segments of `length` frames on average.

    This is all that a curve is calibrated by: unlabelled demonstrations and one number.
    """
    given = list(curves)
    wanted = round(sum(map(len, given)) / length) - len(given)
    heights = sorted((high for curve in given for _, high in peaks(curve, apart)), reverse=True)
    return heights[min(max(wanted, 1), len(heights)) - 1] if heights else float("inf")


def mean_length(lengths: Sequence[int], boundaries: Sequence[Sequence[int]]) -> float:
    """The mean length of the segments that boundaries part demonstrations of these lengths into."""
    return sum(lengths) / (len(lengths) + sum(map(len, boundaries)))

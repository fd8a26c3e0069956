"""Picking a rule's gap for weights of one's own: from unlabelled videos and the length skills should have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from groundup.envs.errors import UsageError
from groundup.skills.discovery.peaks import height_for
from groundup.skills.discovery.rules.named import REFERENCE, curve_of, named_rule
from groundup.skills.discovery.types import Losses, Track

STEPS = 12
"""Halvings of the range; the gap is then known to a four-thousandth of it."""

Scored = Sequence[tuple[Losses, Track]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The gap that comes nearest to the wanted mean length, and the mean length it gives, in kept frames."""

    gap: float
    length: float
    segments: int


def calibrate(rule: str, scored: Scored, length: float) -> Calibration:
    """The gap of a rule for segments of `length` frames on average. Raises UsageError."""
    if not scored or not sum(len(track) for _, track in scored):
        raise UsageError(
            "There are no frames with actions to pick a gap from: give videos where something is done."
        )
    if not 1 <= length < np.inf:
        raise UsageError(f"Segments of {length:g} frames are none: give a longer length, or a lower rate.")
    if rule == REFERENCE:
        return _halve(scored, length)
    curve = curve_of(rule)
    gap = height_for([curve(losses, track) for losses, track in scored], length)
    return _tried(rule, gap, scored)


def _halve(scored: Scored, length: float) -> Calibration:
    """A higher gap cuts less often (not strictly: each cut empties memory), so halving finds it."""
    low, high = 0.0, _highest(scored)
    best = _tried(REFERENCE, high, scored)
    for _ in range(STEPS):
        found = _tried(REFERENCE, (low + high) / 2, scored)
        if abs(np.log(found.length / length)) < abs(np.log(best.length / length)):
            best = found
        if found.length < length:
            low = found.gap
        else:
            high = found.gap
    return best


def _highest(scored: Scored) -> float:
    """A gap that no loss exceeds."""
    return max(float(np.fromiter(losses.since(0), np.float64).max(initial=0.0)) for losses, _ in scored)


def _tried(rule: str, gap: float, scored: Scored) -> Calibration:
    """What a gap gives; segments that events ended count as well."""
    cut = named_rule(rule, gap)
    segments = sum(len(cut.cut(losses, track)) for losses, track in scored)
    return Calibration(gap, sum(len(track) for _, track in scored) / max(segments, 1), segments)

"""Another mix of actions after a frame than before it; knows nothing of the policy."""

from __future__ import annotations

import numpy as np

from groundup.skills.discovery.peaks import Curve
from groundup.skills.discovery.rules.peak import PeakRule
from groundup.skills.discovery.types import Losses, Track

WINDOW = 12
"""Frames on either side."""


def histogram_change(losses: Losses, track: Track) -> Curve:
    """Half the absolute difference of the actions' shares in the windows after and before each frame."""
    del losses
    return change(track.actions)


def change(actions: np.ndarray, window: int = WINDOW) -> Curve:
    """The same for an array (frames, kinds); windows are shorter at the ends, and end frames count less."""
    frames = len(actions)
    sums = np.concatenate([np.zeros((1, actions.shape[1])), np.cumsum(actions, 0)])
    at = np.arange(frames)
    low, high = np.maximum(at - window, 0), np.minimum(at + window, frames)
    before = (sums[at] - sums[low]) / np.maximum(at - low, 1)[:, None]
    after = (sums[high] - sums[at]) / np.maximum(high - at, 1)[:, None]
    held = np.minimum(at - low, high - at) / window
    return np.asarray(0.5 * np.abs(after - before).sum(1) * np.sqrt(held), np.float64)


def histogram_rule(height: float) -> PeakRule:
    """Cut where the mix of actions changes most."""
    return PeakRule("histogram", histogram_change, height, "actions")

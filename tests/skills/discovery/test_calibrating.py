"""The gap for a wanted length, by every rule that losses alone can serve."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from groundup.envs.errors import UsageError
from groundup.skills.discovery.calibrating import calibrate
from groundup.skills.discovery.rules.named import CURVES, RULES, named_rule
from groundup.skills.discovery.types import Losses, Track


class Made:
    """Losses that jump now and then."""

    def __init__(self, seed: int, frames: int = 600) -> None:
        rng = np.random.default_rng(seed)
        self.values = rng.normal(5, 1, frames) + rng.exponential(4, frames) * (rng.random(frames) < 0.2)

    def __len__(self) -> int:
        return len(self.values)

    def since(self, start: int) -> Iterator[float]:
        yield from self.values[start:].tolist()


def _scored() -> list[tuple[Losses, Track]]:
    kinds = [np.random.default_rng(seed).random((600, 4)).astype(np.float32) for seed in range(3)]
    return [(Made(seed), Track(np.zeros(600, bool), kinds[seed])) for seed in range(3)]


@pytest.mark.parametrize("rule", [rule for rule in RULES if not rule.startswith("latent")])
@pytest.mark.parametrize("length", [20, 60])
def test_segments_are_about_as_long_as_wanted(rule: str, length: int) -> None:
    found = calibrate(rule, _scored(), length)
    assert found.length == pytest.approx(length, rel=0.15)
    segments = [len(named_rule(rule, found.gap).cut(*one)) for one in _scored()]
    assert sum(segments) == found.segments


def test_longer_than_the_videos_is_one_segment_each() -> None:
    assert calibrate("reference", _scored(), 10_000).segments == 3


def test_what_cannot_be_calibrated() -> None:
    with pytest.raises(UsageError, match="no frames"):
        calibrate("reference", [], 50)
    for rule, length in (("reference", 0.5), ("reference", float("nan")), ("histogram", float("inf"))):
        with pytest.raises(UsageError, match="are none"):
            calibrate(rule, _scored(), length)
    for name in ("latent", "latent-events"):
        with pytest.raises(UsageError, match="model of latent skills"):
            calibrate(name, _scored(), 50)
    assert "latent" in CURVES
    with pytest.raises(UsageError, match="no rule 'magic'"):
        named_rule("magic", 1.0)
    with pytest.raises(UsageError, match="belong to the rule reference"):
        named_rule("smoothed", 1.0, min_length=5)

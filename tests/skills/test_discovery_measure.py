"""The measure and the rules, on cases made by hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from groundup.envs.errors import UsageError
from groundup.skills.discovery.measure import match, purity, score
from groundup.skills.discovery.peaks import above, height_for, mean_length, peaks
from groundup.skills.discovery.rules.combined import last_events
from groundup.skills.discovery.rules.histogram import histogram_rule
from groundup.skills.discovery.rules.latent import latent_rule
from groundup.skills.discovery.rules.latent_events import latent_events_curve, weights
from groundup.skills.discovery.rules.reference import ReferenceRule
from groundup.skills.discovery.rules.smoothed import smoothed_rule
from groundup.skills.discovery.types import Track


class Told:
    """Losses given as numbers, the same from every start."""

    def __init__(self, values: list[float]) -> None:
        self.values = values
        self.starts: list[int] = []

    def __len__(self) -> int:
        return len(self.values)

    def since(self, start: int) -> Iterator[float]:
        self.starts.append(start)
        yield from self.values[start:]


class Knowing(Told):
    """And a posterior of boundaries."""

    def boundary_posterior(self) -> np.ndarray:
        return np.array(self.values)


def track(frames: int, events: tuple[tuple[int, str], ...] = ()) -> Track:
    return Track(np.zeros(frames, bool), np.zeros((frames, 0), np.float32), events)


@pytest.mark.parametrize(
    ("found", "true", "tolerance", "matched"),
    [
        ([], [], 2, 0),
        ([10], [12], 2, 1),
        ([10], [13], 2, 0),
        ([10, 11], [10], 2, 1),  # one true boundary serves once
        ([10], [9, 11], 2, 1),
        ([10, 12], [12, 14], 2, 2),  # nearest first (12 to 12) would leave 10 and 14 alone
        ([8, 20, 31], [30, 10, 21], 2, 3),
    ],
)
def test_boundaries_are_matched_one_to_one(
    found: list[int], true: list[int], tolerance: int, matched: int
) -> None:
    assert match(found, true, tolerance) == matched


def test_matching_is_the_best_there_is() -> None:
    """Against a maximum bipartite matching by scipy."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    rng = np.random.default_rng(0)
    for _ in range(100):
        found, true = (sorted(set(rng.integers(0, 40, 8).tolist())) for _ in range(2))
        near = np.abs(np.subtract.outer(found, true)) <= 2
        best = int((maximum_bipartite_matching(csr_array(near), perm_type="column") >= 0).sum())
        assert match(found, true, 2) == best


def test_a_score_counts_all_demonstrations_together() -> None:
    total = score([([10, 50], [11]), ([], [7, 30])], 2)
    assert (total.found, total.true, total.matched) == (2, 3, 1)
    assert total.precision == 0.5
    assert total.recall == pytest.approx(1 / 3)
    assert total.f1 == pytest.approx(2 / 5)
    assert score([([], [])], 2).f1 == 1


def test_peaks_stand_apart_and_a_length_is_kept() -> None:
    curve = np.zeros(40)
    curve[[0, 10, 12, 30]] = [9, 3, 2, 1]
    assert peaks(curve) == [(10, 3.0), (30, 1.0)]  # frame 0 begins no new skill; 12 is too near 10
    assert above(curve, 2) == [10]
    rng = np.random.default_rng(1)
    curves = [rng.random(300) for _ in range(5)]
    height = height_for(curves, 25)
    cuts = [above(c, height) for c in curves]
    assert mean_length([300] * 5, cuts) == pytest.approx(25, abs=0.5)


def test_the_reference_rule_by_hand() -> None:
    losses = Told([50, 1, 1, 9, 1, 1, 1, 40, 1])  # the video's first loss never counts
    cut = ReferenceRule(gap=5).cut(losses, track(9))
    assert [(s.start, s.end, s.cause) for s in cut] == [(0, 3, "loss"), (3, 7, "loss"), (7, 9, "end")]
    assert cut[0].score == pytest.approx(9 - 11 / 3)
    assert losses.starts == [0, 4, 8]  # the frame of a boundary is not seen again
    longest = ReferenceRule(gap=100, max_length=3).cut(losses, track(9))
    assert [s.end for s in longest] == [3, 6, 9]
    assert ReferenceRule().cut(Told([]), track(0)) == []


def test_peak_rules_cover_every_frame_once() -> None:
    values = [0.1] * 60
    values[20] = values[41] = 5.0
    for rule in (smoothed_rule(2.0), latent_rule(4.0)):
        cut = rule.cut(Knowing(values), track(60))
        assert [s.start for s in cut] == [0, *(s.end for s in cut[:-1])]
        assert cut[-1].end == 60
        assert [s.end for s in cut[:-1]] == [20, 41]


def test_another_mix_of_actions_is_a_boundary() -> None:
    actions = np.zeros((60, 3), np.float32)
    actions[:25, 0] = actions[25:, 1] = 1
    cut = histogram_rule(0.7).cut(Told([0.0] * 60), Track(np.zeros(60, bool), actions))
    assert [(s.start, s.end) for s in cut] == [(0, 25), (25, 60)]


def test_the_last_of_like_events_ends_a_skill() -> None:
    events = ((3, "wood"), (6, "wood"), (30, "drink"))
    assert np.flatnonzero(last_events(track(60, events))).tolist() == [7, 31]


def test_events_count_for_what_latent_skills_say_of_them() -> None:
    values = [0.0] * 80
    values[11] = 0.8
    told = track(80, ((10, "wood"), (40, "noise"), (60, "wood")))
    says = weights([(Knowing(values), told)])
    assert says == {"wood": pytest.approx(0.4), "noise": 0.0}
    curve = latent_events_curve(Knowing([0.0] * 80), told, says=says)
    assert curve[11] == curve[61] == pytest.approx(0.4)
    assert curve[41] == 0


def test_the_latent_rule_needs_latent_skills() -> None:
    with pytest.raises(UsageError, match="needs a model of latent skills"):
        latent_rule(1.0).cut(Told([0.0] * 5), track(5))


def test_purity_counts_the_steps_of_the_longest_part() -> None:
    assert purity([([], [], 10), ([4], [4], 10)]) == 1.0
    assert purity([([4], [6], 10)]) == 0.8  # 6 steps from 4 on: two of the first skill, four of the second
    assert purity([([], [3], 10)]) == 0.7
    assert purity([(list(range(1, 10)), [3], 10)]) == 1.0  # every step for itself
    assert purity([]) == 1.0

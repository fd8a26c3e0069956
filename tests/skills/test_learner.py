"""The learner in a made-up game: it finds the skills, keeps them, plays better for them."""

from __future__ import annotations

import json

import pytest

from groundup.skills.learner import Learner
from groundup.skills.merging import merge

from .duel import Duel, mean_waves, play


@pytest.fixture(scope="module")
def taught() -> Learner:
    learner = Learner(3)
    play(Duel(3), learner, 900)
    return learner


def test_it_finds_the_counters_and_what_the_numbers_mean(taught: Learner) -> None:
    assert taught.to_dict()["survival"] == {"place": "life@80,20"}
    assert taught.counters.place("progress") in ("wave@300,20", "score@500,20")
    assert taught.outlook.meaning["threat"] == "sum:above n"
    assert taught.effects.expect("cut >", "")["at:bar"] == pytest.approx(-6, abs=0.7)
    assert taught.effects.expect("ward >", "")["own:guard@110,440"] == pytest.approx(5, abs=0.7)


def test_frozen_it_is_better_than_one_that_never_learnt_and_wastes_little(taught: Learner) -> None:
    frozen = Learner(5)
    frozen.load(json.loads(json.dumps(taught.to_dict())))
    known, unknown = mean_waves(frozen, 77), mean_waves(Learner(5), 77)
    assert known > 2 * unknown
    assert play(Duel(9), frozen, 300) > 0.98


def test_a_loaded_learner_is_as_good_as_it_was(taught: Learner) -> None:
    first, second = Learner(7), Learner(7)
    data = taught.to_dict()
    first.load(data)
    second.load(json.loads(json.dumps(data)))
    assert second.to_dict() == first.to_dict()
    assert mean_waves(first, 33) == mean_waves(second, 33)


def test_merged_knowledge_is_at_least_as_good_as_the_mean_of_its_parts() -> None:
    parts, alone = [], []
    for seed in (11, 12, 13):
        learner = Learner(seed)
        play(Duel(seed), learner, 180)
        parts.append(learner.to_dict())
        alone += [mean_waves(learner, game) for game in (99, 100, 101)]
    merged = Learner(3)
    merged.load(merge(parts))
    assert sum(mean_waves(merged, game) for game in (99, 100, 101)) >= sum(alone) / 3
    assert merge([parts[0]])["effects"] == parts[0]["effects"]


def test_nothing_to_act_on_and_nothing_to_merge_are_refused() -> None:
    from groundup.perception.observation import Observation

    with pytest.raises(ValueError, match="nothing on screen"):
        Learner().decide(Observation("empty", (), ()))
    with pytest.raises(ValueError, match="nothing to merge"):
        merge([])

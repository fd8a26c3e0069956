"""Crafter as an Env, and the scripted demonstrator's promises."""

from __future__ import annotations

import numpy as np
import pytest

from groundup.envs.conformance import check_env
from groundup.envs.crafter import KEYS, make
from groundup.envs.crafter_demonstrator import ACHIEVEMENTS, ACTIONS, CAN, SHORTEST, Shown, demonstrate
from groundup.envs.crafter_skills import SKILLS
from groundup.envs.errors import ActionRefused
from groundup.envs.games import open_game
from groundup.envs.types import Click, KeyPress, Wait


@pytest.fixture(scope="module")
def shown() -> list[Shown]:
    return [demonstrate(world, 250, 0.1) for world in range(3)]


def test_it_is_an_env() -> None:
    assert check_env(make(size=(180, 126)).env) == []


def test_keys_do_what_they_say_and_nothing_else_is_taken() -> None:
    game = open_game("groundup.envs.crafter:make")
    assert game.truth is not None
    game.env.reset(seed=4)
    for _ in range(12):
        game.env.act(KeyPress(("tab",)))
    game.env.act(Wait(1))
    assert set(game.truth()) == set(ACHIEVEMENTS)
    assert sum(game.truth().values()) <= 2
    for wrong in (Click(3, 3), KeyPress(("q",)), KeyPress(("left", "up"))):
        with pytest.raises(ActionRefused, match="one of the keys left"):
            game.env.act(wrong)


def test_every_action_of_the_game_has_a_place() -> None:
    assert set(ACTIONS) == {"noop", *KEYS.values()}
    assert set(CAN) == set(SKILLS)


def test_the_same_seed_gives_the_same_demonstration(shown: list[Shown]) -> None:
    again = demonstrate(1, 250, 0.1)
    assert np.array_equal(again.frames, shown[1].frames)
    assert np.array_equal(again.actions, shown[1].actions)
    assert (again.events, again.switches, again.skills) == (
        shown[1].events,
        shown[1].switches,
        shown[1].skills,
    )
    assert not np.array_equal(shown[0].frames[0], shown[1].frames[0])


def test_switches_part_different_skills(shown: list[Shown]) -> None:
    for one in shown:
        assert one.frames.shape == (len(one.actions), 64, 64, 3)
        assert one.frames.dtype == np.uint8
        assert len(one.skills) == len(one.switches) + 1
        bounds = np.array([0, *one.switches])
        assert np.all(np.diff(bounds)[1:] >= SHORTEST)
        assert all(a != b for a, b in zip(one.skills, one.skills[1:], strict=False))
        assert {name for _, name in one.events} <= set(ACHIEVEMENTS)
        assert all(0 <= step < len(one.actions) for step, _ in one.events)


def test_noise_replaces_that_share_of_actions() -> None:
    """A resting player does nothing; with noise it slips that often, less when the slip is to do nothing."""
    calm = demonstrate(5, 200, 0.0)
    noisy = demonstrate(5, 200, 0.5)
    assert len(set(noisy.actions.tolist())) >= len(set(calm.actions.tolist())) - 3
    assert not np.array_equal(calm.actions, noisy.actions)

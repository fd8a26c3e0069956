"""Controllers on tiny demonstrations: what is cut, learnt, followed, repeated and refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from groundup.envs.errors import UsageError
from groundup.skills.discovery.demonstrations import read
from groundup.skills.discovery.measure import match
from groundup.skills.discovery.training import behaviour
from groundup.skills.discovery.training.checkpoint import BadCheckpoint, read_model_card
from groundup.skills.discovery.training.commands import Cutting, train
from groundup.skills.discovery.training.controller import GOAL, Controller, follow, goal_of, wander
from groundup.skills.discovery.training.data import Data, load
from groundup.skills.discovery.training.fit_controller import batches
from groundup.skills.discovery.training.loop import Plan
from groundup.skills.discovery.training.networks import Policy, Sizes
from groundup.skills.discovery.training.reading import read_controller
from groundup.skills.discovery.training.segments import combined, fixed, reference, reference_cuts, true

from .toys import PAIRS, STEPS, SWITCHES, shown, write_toys

SMALL = Sizes(4, 0, cell=4, features=16, memory=16, dropout=0.0)


def silent(done: int, total: int, words: str) -> None:
    """Progress that nobody reads."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demos")
    write_toys(place)
    return place


@pytest.fixture(scope="module")
def data(folder: Path) -> tuple[Data, Data]:
    torch.set_num_threads(1)
    return load(folder, "train"), load(folder, "validation")


@pytest.fixture(scope="module")
def policy(data: tuple[Data, Data], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy that knows both skills and is surprised where they change."""
    place = tmp_path_factory.mktemp("policy")
    plan = Plan(place, 0, epochs=25, patience=25, rate=2e-2)
    behaviour.train("policy", *data, plan, silent, SMALL)
    return place


@pytest.fixture(scope="module")
def trained(folder: Path, policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("controller")
    plan = Plan(place, 0, epochs=60, patience=60, rate=1e-2)
    train("controller", folder, plan, policy, silent, Cutting("true"))
    return place


def test_segments_are_cut_as_they_are_named(data: tuple[Data, Data], policy: Path) -> None:
    _, validation = data
    assert fixed(50)(validation) == [[50, 100]] * 4
    assert true()(validation) == [SWITCHES] * 4
    model = Policy(SMALL)
    model.load_state_dict(_weights(policy))
    assert reference(validation, STEPS / 4, model)(validation) == [SWITCHES] * 4
    for cuts in combined(validation, STEPS / 4, model)(validation):
        assert match(cuts, SWITCHES, 2) == len(SWITCHES)


def test_the_reference_rule_begins_a_segment_at_the_step_that_surprised() -> None:
    class Listed(list[float]):
        def since(self, start: int) -> object:
            return iter(self[start:])

    assert reference_cuts(1.0, Listed([0.1] * 9 + [5.0] + [0.1] * 9)) == [9]  # type: ignore[arg-type]
    assert reference_cuts(9.0, Listed([0.1] * 9 + [5.0] + [0.1] * 9)) == []  # type: ignore[arg-type]


def test_an_epoch_shows_every_step_once_however_it_is_cut() -> None:
    for length in (3, 16, 128):
        edges = np.arange(0, 10_000, length)
        pieces = np.stack([edges, np.minimum(edges + length, 10_000)], 1)
        found = list(batches(pieces, np.random.default_rng(0), 500))
        steps = np.concatenate([np.arange(*piece) for batch in found for piece in batch])
        assert np.array_equal(np.sort(steps), np.arange(10_000))
        sizes = [int((batch[:, 1] - batch[:, 0]).sum()) for batch in found]
        assert max(sizes) <= 500 + length


def test_a_controller_does_what_a_clip_shows(folder: Path, trained: Path) -> None:
    controller = read_controller(trained)
    frames = read(folder / "test" / "0000.npz").frames
    clips = {"a": frames[:30], "b": frames[30:55]}  # in the order of the first demonstration
    for name, clip in clips.items():
        acting = follow(controller, goal_of(controller, clip), 0)
        last, done = PAIRS[name][1], []
        for _ in range(40):
            frame = np.full((27, 27, 3), int(shown(np.array(last))), np.uint8)
            last = acting.next(frame)
            done.append(last)
        assert np.mean(np.isin(done, PAIRS[name])) > 0.9, name


def test_goals_of_a_skill_are_alike(folder: Path, trained: Path) -> None:
    controller = read_controller(trained)
    frames = read(folder / "test" / "0000.npz").frames
    a, b, again = (goal_of(controller, frames[part]) for part in (slice(30), slice(30, 55), slice(55, 95)))
    assert a.shape == (GOAL,)
    assert (a - again).norm() < 0.5 * (a - b).norm()


def test_its_card_says_what_the_goal_saves_a_step(trained: Path) -> None:
    """Both skills are as frequent and the first action of either is certain only to who knows the goal."""
    history = read_model_card(trained, "controller").history
    assert len(history) == 60
    assert history[-1]["goal saves"] > 0.02
    assert all(set(row) == {"train", "validation", "goal saves"} for row in history)


def test_its_card_says_how_it_was_cut(trained: Path, policy: Path) -> None:
    card = read_model_card(trained, "controller")
    demonstrations = card.made.pop("data")
    assert demonstrations.startswith("12 demonstrations of 1440 steps")
    assert card.made == {"segments": "true", "length": 29, "mean": 30.0}
    controller = read_controller(trained)
    eyes = _weights(policy)
    for name, value in controller.encoder.state_dict().items():
        assert torch.equal(value, eyes[f"encoder.{name}"]), name
    assert (trained / "losses.png").stat().st_size > 1000


def test_the_same_seed_acts_alike_with_and_without_a_goal(policy: Path, trained: Path) -> None:
    controller = read_controller(trained)
    model = Policy(SMALL)
    model.load_state_dict(_weights(policy))
    frames = np.random.default_rng(0).integers(0, 255, (20, 27, 27, 3)).astype(np.uint8)
    for begin in (lambda: follow(controller, torch.zeros(GOAL), 5), lambda: wander(model, 5)):
        ways = [[one.next(frame) for frame in frames] for one in (begin(), begin())]
        assert ways[0] == ways[1]


def test_resumed_training_ends_with_the_same_weights(folder: Path, policy: Path, tmp_path: Path) -> None:
    cutting = Cutting("fixed", 20, episodes=6)
    train("controller", folder, Plan(tmp_path / "whole", 3, epochs=3), policy, silent, cutting)

    def stop(done: int, total: int, words: str) -> None:
        if done == 2 < total and words:
            raise KeyboardInterrupt

    plan = Plan(tmp_path / "parts", 3, epochs=3, resume=True)
    with pytest.raises(KeyboardInterrupt):
        train("controller", folder, plan, policy, stop, cutting)
    with pytest.raises(BadCheckpoint, match="was begun with"):
        train("controller", folder, plan, policy, silent, Cutting("fixed", 30, episodes=6))
    train("controller", folder, plan, policy, silent, cutting)
    whole, parts = (read_controller(tmp_path / name).state_dict() for name in ("whole", "parts"))
    for name, value in whole.items():
        assert torch.equal(value, parts[name]), name


def test_what_cannot_be_trained_is_said(folder: Path, policy: Path, tmp_path: Path) -> None:
    plan = Plan(tmp_path)
    for cutting, eyes, words in (
        (Cutting("true"), None, "with --policy"),
        (Cutting("other"), policy, "are none of fixed"),
        (Cutting("latent"), policy, "with --latent"),
        (Cutting("fixed", 1), policy, "--length"),
    ):
        with pytest.raises(UsageError, match=words):
            train("controller", folder, plan, eyes, silent, cutting)
    assert not list(tmp_path.iterdir())
    with pytest.raises(BadCheckpoint, match="holds a policy, not a controller"):
        read_controller(policy)


def test_it_is_small() -> None:
    controller = Controller(Sizes(17))
    assert sum(value.numel() for value in controller.parameters()) < 1_500_000


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")

"""Training on tiny demonstrations with tiny networks: what is learnt, repeated, resumed and refused."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from groundup.skills.discovery.demonstrations import (
    BadDemonstrations,
    read,
)
from groundup.skills.discovery.labels import read_labels
from groundup.skills.discovery.measure import score
from groundup.skills.discovery.peaks import above, height_for, smooth
from groundup.skills.discovery.training import behaviour
from groundup.skills.discovery.training.checkpoint import BadCheckpoint, read_model_card, restore
from groundup.skills.discovery.training.data import Data, load, mirrored_actions
from groundup.skills.discovery.training.fit_latent import boundary_posterior, train_latent
from groundup.skills.discovery.training.latent import Shape, posterior
from groundup.skills.discovery.training.loop import STATE, Diverged, Plan
from groundup.skills.discovery.training.networks import Policy, Sizes
from groundup.skills.discovery.training.scoring import PolicyLosses
from groundup.skills.discovery.training.supervised import boundary_probability, train_detector

from .toys import ACTIONS, write_toys

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


def test_demonstrations_hold_no_labels(folder: Path) -> None:
    path = folder / "train" / "0000.npz"
    with np.load(path) as held:
        assert set(held) == {"frames", "actions", "events"}
    assert read(path).events == ((29, 0), (54, 0), (94, 0))
    assert list(read_labels(path).switches) == [30, 55, 95]


def test_broken_demonstrations_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadDemonstrations, match="groundup demos crafter"):
        load(tmp_path, "train")
    (tmp_path / "0000.npz").write_bytes(b"not a zip")
    with pytest.raises(BadDemonstrations, match=r"0000\.npz is no demonstration"):
        read(tmp_path / "0000.npz")
    with pytest.raises(BadDemonstrations, match="holds no labels"):
        read_labels(tmp_path / "train" / "0000.npz")


def test_left_and_right_change_places_in_a_mirror() -> None:
    assert mirrored_actions(ACTIONS).tolist() == [0, 2, 1, 3]


@pytest.mark.parametrize("kind", ["policy", "idm"])
def test_resumed_training_ends_with_the_same_weights(
    kind: behaviour.Kind, data: tuple[Data, Data], tmp_path: Path
) -> None:
    whole, _ = behaviour.train(kind, *data, Plan(tmp_path / "whole", 3, epochs=3), silent, SMALL)

    def stop(done: int, total: int, words: str) -> None:
        if done == 2 < total and words:
            raise KeyboardInterrupt

    plan = Plan(tmp_path / "parts", 3, epochs=3, resume=True)
    with pytest.raises(KeyboardInterrupt):
        behaviour.train(kind, *data, plan, stop, SMALL)
    resumed, card = behaviour.train(kind, *data, plan, silent, SMALL)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    assert card.epochs == 3
    assert (tmp_path / "parts" / "losses.png").stat().st_size > 1000
    assert not list((tmp_path / "parts").glob("*.part"))


def test_a_policy_learns_what_depends_on_the_past(data: tuple[Data, Data], tmp_path: Path) -> None:
    plan = Plan(tmp_path, 0, epochs=12, patience=12, rate=2e-2)
    model, card = behaviour.train("policy", *data, plan, silent, SMALL)
    assert card.validation < 0.4 < float(np.log(2))
    fresh = Policy(SMALL)
    restore(tmp_path, fresh)
    assert isinstance(model, Policy)
    losses = PolicyLosses(fresh, data[1].episodes[0])
    assert list(losses.since(0)) == pytest.approx(list(PolicyLosses(model, data[1].episodes[0]).since(0)))
    values = np.array(list(losses.since(0)))
    assert {30, 55, 95} == set(np.argsort(-values[2:])[:3] + 2)
    # Starting anew forgets: the first frame after a switch no longer surprises as much.
    assert next(losses.since(30)) < values[30]


def test_training_stops_when_nothing_gets_better(data: tuple[Data, Data], tmp_path: Path) -> None:
    plan = Plan(tmp_path, 0, epochs=30, patience=2, rate=0.0, decay=0.0)
    _, card = behaviour.train("policy", *data, plan, silent, SMALL)
    assert card.epochs == 3


def test_a_loss_that_is_no_number_ends_it_and_keeps_what_was(data: tuple[Data, Data], tmp_path: Path) -> None:
    with pytest.raises(Diverged, match="epoch 1: give a lower --rate"):
        behaviour.train("policy", *data, Plan(tmp_path, epochs=2, rate=1e30), silent, SMALL)
    assert list(tmp_path.iterdir()) == []


def test_one_short_demonstration_shortens_no_stretch(data: tuple[Data, Data]) -> None:
    card, episodes = data[0].card, data[0].episodes
    long = episodes[0]
    assert Data(card, [long] * 3).stretch(100) == 100 < len(long)
    assert Data(card, [long] * 3).stretch(1000) == len(long)
    short = replace(long, frames=long.frames[:7], actions=long.actions[:7], events=long.events[:7])
    assert Data(card, [short, *[long] * 3]).stretch(1000) == len(long)
    assert Data(card, [short] * 40 + [long] * 2).stretch(1000) == 7
    assert Data(card, [short]).stretch(100) == 7


def test_what_cannot_be_gone_on_with(data: tuple[Data, Data], tmp_path: Path) -> None:
    behaviour.train("idm", *data, Plan(tmp_path, 0, epochs=1), silent, SMALL)
    with pytest.raises(BadCheckpoint, match="begun with seed 0, not 1"):
        behaviour.train("idm", *data, Plan(tmp_path, 1, epochs=2, resume=True), silent, SMALL)
    with pytest.raises(BadCheckpoint, match="cannot be gone on with"):
        behaviour.train("policy", *data, Plan(tmp_path, 0, epochs=2, resume=True), silent, SMALL)
    fewer = Data(data[0].card, data[0].episodes[1:])
    with pytest.raises(BadCheckpoint, match=r"other data \(12 demonstrations of \d+ steps .*; now 11 demo"):
        behaviour.train("idm", fewer, data[1], Plan(tmp_path, 0, epochs=2, resume=True), silent, SMALL)
    for content in (b"", b"hello", b"\x80\x02}."):
        (tmp_path / STATE).write_bytes(content)
        with pytest.raises(BadCheckpoint, match="cannot be gone on with"):
            behaviour.train("idm", *data, Plan(tmp_path, 0, epochs=2, resume=True), silent, SMALL)


def test_checkpoints_of_other_kinds_are_refused(data: tuple[Data, Data], tmp_path: Path) -> None:
    behaviour.train("idm", *data, Plan(tmp_path, 0, epochs=1), silent, SMALL)
    with pytest.raises(BadCheckpoint, match="holds a idm, not a policy"):
        read_model_card(tmp_path, "policy")
    with pytest.raises(BadCheckpoint, match="cannot be used"):
        restore(tmp_path, Policy(SMALL))
    (tmp_path / "card.json").write_text(json.dumps({"kind": "idm"}))
    with pytest.raises(BadCheckpoint, match=r"no checkpoint with a card\.json"):
        read_model_card(tmp_path, "idm")


def test_the_posterior_is_that_of_every_path() -> None:
    """Against a sum over all sequences of two skills and all endings."""
    torch.manual_seed(0)
    like, ends = torch.randn(1, 4, 2), torch.randn(1, 4, 2)
    found = posterior(like, ends)
    end = torch.sigmoid(ends)[0]
    total, begun, ran = 0.0, np.zeros(4), np.zeros((4, 2))
    for skills in itertools.product(range(2), repeat=4):
        for over in itertools.product((0, 1), repeat=3):
            chance = 0.5 * float(like[0, 0, skills[0]].exp())
            for step in range(1, 4):
                before, now = skills[step - 1], skills[step]
                stop = float(end[step, before])
                if over[step - 1]:
                    chance *= stop * 0.5
                else:
                    chance *= (1 - stop) if now == before else 0.0
                chance *= float(like[0, step, now].exp())
            total += chance
            begun[1:] += chance * np.array(over)
            ran[np.arange(4), skills] += chance
    assert float(found.log_likelihood) == pytest.approx(np.log(total), abs=1e-5)
    assert found.boundary[0].numpy() == pytest.approx(begun / total, abs=1e-5)
    assert found.skill[0].numpy() == pytest.approx(ran / total, abs=1e-5)


def test_latent_skills_find_switches_without_labels(data: tuple[Data, Data], tmp_path: Path) -> None:
    shape = Shape(skills=4, stay=30, hidden=16)
    plan = Plan(tmp_path, 0, epochs=30, patience=30, rate=5e-3)
    model, card = train_latent(*data, plan, silent, shape=shape, sizes=SMALL)
    assert card.kind == "latent"
    curves = [smooth(boundary_posterior(model, episode)) for episode in data[1].episodes]
    height = height_for(curves, 30)
    found = [above(curve, height) for curve in curves]
    assert score([(cut, [30, 55, 95]) for cut in found], 2).f1 > 0.9


def test_a_detector_learns_what_it_is_told(data: tuple[Data, Data], tmp_path: Path) -> None:
    """Labels of another kind, and many: the steps at which "do" was done."""
    sizes = Sizes(4, 1, cell=4, features=8, memory=32, dropout=0.0)
    marks = [[np.flatnonzero(e.actions == 3).tolist() for e in split.episodes] for split in data]
    plan = Plan(tmp_path, 0, epochs=12, patience=12, rate=1e-2)
    model, card = train_detector(*data, (marks[0], marks[1]), plan, silent, sizes=sizes)
    said = boundary_probability(model, data[1].episodes[0], events=False)
    wanted = data[1].episodes[0].actions == 3
    assert np.mean((said > 0.5) == wanted) > 0.9
    assert card.kind == "detector"

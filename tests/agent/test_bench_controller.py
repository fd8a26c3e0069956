"""The bench of controllers on a folder of three short demonstrations, with untrained networks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from groundup.agent import bench_controller, demos
from groundup.envs.crafter_demonstrator import ACTIONS
from groundup.envs.crafter_tasks import Beginning, beginnings
from groundup.envs.errors import UsageError
from groundup.skills.discovery.demonstrations import Demonstration, write
from groundup.skills.discovery.labels import Labels, write_labels
from groundup.skills.discovery.training.checkpoint import BadCheckpoint, ModelCard, save
from groundup.skills.discovery.training.controller import Controller
from groundup.skills.discovery.training.networks import Sizes

from .conftest import Groundup

SMALL = Sizes(len(ACTIONS), 0, cell=4, features=16, memory=16, dropout=0.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demos")
    demos.run(demos.Demos(place, 3, 0, 150, [0.0]), 1, _silent)
    return place


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    place = tmp_path_factory.mktemp("models")
    for name in ("fixed", "true"):
        card = ModelCard("controller", asdict(SMALL), 0, list(ACTIONS), 0, 0.0, [])
        save(place / f"controller-{name}-0", card, Controller(SMALL))
    return place


def _silent(done: int, total: int, words: str) -> None:
    """Progress that nobody reads."""


def test_clips_are_segments_of_one_skill(tmp_path: Path) -> None:
    for index, noise in enumerate((0.1, 0.0)):
        frames = np.full((90, 9, 9, 3), index, np.uint8)
        frames[:, 0, 0, 0] = np.arange(90)
        path = tmp_path / "test" / f"{index:04d}.npz"
        write(path, Demonstration(frames, np.zeros(90, np.int64), ()))
        # The first is too short for a clip, the last too long.
        write_labels(path, Labels((5, 25), ("drink", "hunt", "drink"), noise))
    (clip, again) = bench_controller.clips(tmp_path, "test", ["hunt"], 2)["hunt"]
    assert clip[:, 0, 0, 0].tolist() == list(range(5, 25))
    assert (clip[:, 1:] == 1).all()
    assert again is clip
    with pytest.raises(UsageError, match="No clip shows 'drink'"):
        bench_controller.clips(tmp_path, "test", ["hunt", "drink"], 2)
    (tmp_path / "test").rename(tmp_path / "validation")
    (tmp_path / "labels" / "test").rename(tmp_path / "labels" / "validation")
    assert list(bench_controller.clips(tmp_path, "validation", ["hunt", "drink"], 2)) == ["hunt"]


def test_controllers_are_found_by_name_and_seed(models: Path) -> None:
    assert bench_controller.controllers(models, [0]) == {0: ["fixed", "true"]}
    with pytest.raises(BadCheckpoint, match="controller-NAME-1"):
        bench_controller.controllers(models, [0, 1])


def test_everybody_plays_the_same_beginnings() -> None:
    starts = {start.skill: [start] for start in beginnings(999_000, 1, most_worlds=1)}
    still = ACTIONS.index("noop")

    def idle(start: Beginning, _: int) -> bool:
        return start.play(lambda _: still)

    def script(start: Beginning, _: int) -> bool:
        return start.demonstrate()

    players = [("fixed", 0, idle), ("true", 0, script), ("true", 1, idle)]
    report = bench_controller.measure(starts, players, _silent)
    fixed, true = report["results"]
    assert fixed["ours"] == pytest.approx(1 / len(starts))
    assert true["seeds"] == 2
    assert true["ratio"] == pytest.approx(true["ours"] / fixed["ours"])
    assert true["spread"] == pytest.approx(true["ours"] - 1 / len(starts))
    assert [task for task, done in fixed["tasks"].items() if done] == ["rest"]
    assert {"rest": 1.0, "head off": 0.5}.items() <= true["tasks"].items()
    text = bench_controller.as_text({**report, "tries": dict.fromkeys(starts, 1)})
    assert [line.split("  ")[0] for line in text.splitlines()[1 : len(starts) + 1]] == list(starts)


def test_controllers_play(models: Path) -> None:
    start = next(beginnings(999_000, 1, most_worlds=1))
    clip = np.random.default_rng(0).integers(0, 255, (20, 64, 64, 3)).astype(np.uint8)
    player = bench_controller.following(models / "controller-true-0", {start.skill: [clip]}, 0)
    assert player(start, 0) == player(start, 0)


def test_demonstrations_are_counted(folder: Path, groundup: Groundup) -> None:
    facts = groundup("demos", "describe", str(folder), "--json").json
    assert [one["demonstrations"] for one in facts["splits"].values()] == [1, 1, 1]
    assert facts["shared_worlds"] == 0
    assert facts["noise"] == {"0.0": 3}
    segments = sum(one["segments"] for one in facts["splits"].values())
    steps = sum(one["steps"] for one in facts["splits"].values())
    assert facts["segment_length"]["mean"] == pytest.approx(steps / segments)
    assert sum(one["segments"] for one in facts["skills"].values()) == segments
    assert f"segments of {steps / segments:.1f} ±" in groundup("demos", "describe", str(folder)).out


def test_wrong_use_is_said(folder: Path, models: Path, groundup: Groundup, tmp_path: Path) -> None:
    ran = groundup("bench", "controller", str(folder), "--models", str(tmp_path), "--seeds", "0:1")
    assert ran.code == 2
    assert "train some" in ran.err
    ran = groundup("bench", "controller", str(tmp_path), "--models", str(models), "--seeds", "0:1")
    assert ran.code == 2
    assert "groundup demos crafter" in ran.err

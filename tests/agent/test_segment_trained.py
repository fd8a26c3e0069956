"""`groundup segment` and `calibrate` with what `groundup train` has made, on toy demonstrations."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from groundup.perception.video import frames
from groundup.skills.discovery.demonstrations import read, read_card, write, write_card
from groundup.skills.discovery.jobs import Job
from groundup.skills.discovery.peaks import above, height_for, smooth
from groundup.skills.discovery.segmenting import segment_video
from groundup.skills.discovery.training import behaviour
from groundup.skills.discovery.training.checkpoint import ModelCard, save
from groundup.skills.discovery.training.data import load
from groundup.skills.discovery.training.fit_latent import boundary_posterior
from groundup.skills.discovery.training.latent import LatentSkills, Shape, posterior
from groundup.skills.discovery.training.loop import Plan
from groundup.skills.discovery.training.networks import Policy, Sizes
from groundup.skills.discovery.training.scoring import LatentLosses
from tests.agent.conftest import Groundup
from tests.skills.toys import ACTIONS, STEPS, SWITCHES, write_toys

SMALL = Sizes(len(ACTIONS), 0, cell=4, features=16, memory=16, dropout=0.0)


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("toys")
    write_toys(place)
    return place


@pytest.fixture(scope="module")
def models(demos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy and an inverse dynamics model that know the toys, and latent skills that know nothing."""
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("models")
    data, validation = load(demos, "train"), load(demos, "validation")
    for kind in ("policy", "idm"):
        plan = Plan(place / kind, 0, epochs=25, patience=25, rate=2e-2)
        behaviour.train("policy" if kind == "policy" else "idm", data, validation, plan, _silent, SMALL)
    torch.manual_seed(0)
    card = ModelCard("latent", asdict(SMALL), 0, ACTIONS, 0, 0.0, [])
    save(place / "latent", card, LatentSkills(SMALL, Shape()))
    return place


def _silent(done: int, total: int, words: str) -> None:
    """Progress that nobody reads."""


def _begun(record: dict[str, list[list[int]]]) -> list[int]:
    return [first for first, _ in record["boundaries"][1:]]


@pytest.mark.parametrize("rule", ["smoothed", "combined", "combined-events"])
def test_a_calibrated_rule_finds_the_switches(
    groundup: Groundup, demos: Path, models: Path, rule: str
) -> None:
    how = ("--policy", str(models / "policy"), "--rule", rule, "--json")
    found = groundup("calibrate", str(demos / "validation"), *how, "--length", "30").json
    assert (found["videos"], found["frames"], found["segments"]) == (4, 4 * STEPS, 16)
    ran = groundup("segment", str(demos / "test" / "0000.npz"), *how, "--gap", str(found["gap"]))
    assert ran.code == 0, ran.err
    begun = _begun(ran.json)
    assert len(begun) == len(SWITCHES)
    assert max(abs(np.subtract(begun, SWITCHES))) <= 2
    assert (ran.json["frames"], ran.json["kept"], ran.json["actions"]) == (STEPS, STEPS, "recorded")


def test_the_reference_rule_with_the_demonstrations_events(
    groundup: Groundup, demos: Path, models: Path
) -> None:
    """No loss exceeds this gap: what is cut is cut by the three events."""
    ran = groundup(
        *("segment", str(demos / "test" / "0000.npz"), "--policy", str(models / "policy"), "--json"),
        *("--gap", "99"),
    )
    assert ran.json["boundaries"] == [[0, 28], [29, 53], [54, 93], [94, 119]]
    assert ran.json["causes"] == ["event"] * 3 + ["end"]


def test_predicted_actions_take_the_place_of_recorded_ones(
    groundup: Groundup, demos: Path, models: Path, tmp_path: Path
) -> None:
    original = read(demos / "test" / "0000.npz")
    blind = tmp_path / "test" / "0000.npz"
    write(blind, replace(original, actions=np.zeros(STEPS, np.int64)))
    write_card(tmp_path, read_card(demos))
    how = ("--policy", str(models / "policy"), "--rule", "smoothed", "--gap", "4", "--json")
    known = groundup("segment", str(demos / "test" / "0000.npz"), *how).json
    predicted = groundup("segment", str(blind), *how, "--idm", str(models / "idm"))
    assert predicted.code == 0, predicted.err
    assert predicted.json["actions"] == "idm"
    assert predicted.json["options"]["idm"].startswith("idm ")
    assert _begun(predicted.json)[:3] == _begun(known)[:3]
    assert _begun(groundup("segment", str(blind), *how).json) != _begun(known)
    # The library has them as well, of one demonstration and of a folder of them.
    told = []
    for place, library in ((blind, "one.db"), (tmp_path, "folder.db")):
        seeded = ("--idm", str(models / "idm"), "--seed-library", str(tmp_path / library))
        ran = groundup("segment", str(place), *how, *seeded, "--out", str(tmp_path / f"{library}.jsonl"))
        assert ran.code == 0, ran.err
        told.append(_skills(groundup, str(tmp_path / library), "video test-0000"))
    keys = [[skill["steps"][0]["keys"] for skill in skills] for skills in told]
    assert keys[0] == keys[1]
    assert len({key.split(" x")[0] for (run, *more) in keys[0] for key in (run, *more)}) > 1


def test_latent_skills_cut_by_their_own_rule_and_by_the_others(
    groundup: Groundup, demos: Path, models: Path
) -> None:
    path, folder = demos / "test" / "0000.npz", models / "latent"
    how = ("--policy", str(folder), "--rule", "latent", "--json")
    gap = groundup("calibrate", str(demos / "validation"), *how, "--length", "20").json["gap"]
    torch.manual_seed(0)
    model = LatentSkills(SMALL, Shape()).eval()
    validation, test = load(demos, "validation"), load(demos, "test")
    height = height_for([smooth(boundary_posterior(model, e)) for e in validation.episodes], 20)
    assert gap == pytest.approx(height)
    ran = groundup("segment", str(path), *how, "--gap", str(gap))
    assert _begun(ran.json) == above(smooth(boundary_posterior(model, test.episodes[0])), gap)
    losses = LatentLosses(model, test.episodes[0])
    with torch.no_grad():
        parts = (test.episodes[0].frames, test.episodes[0].actions, test.episodes[0].events)
        taken, ends = model(*(torch.from_numpy(part)[None] for part in parts))
    total = float(posterior(taken, ends).log_likelihood)
    assert sum(losses.since(0)) == pytest.approx(-total, rel=1e-4)
    assert next(losses.since(7)) == pytest.approx(
        float(np.log(48) - torch.logsumexp(taken[0, 7], -1)), rel=1e-4
    )
    cut = segment_video(Job(path, folder, gap=99.0))
    assert np.isfinite(cut.losses).all()


def test_a_folder_of_demonstrations_with_all_that_can_be_written(
    groundup: Groundup, demos: Path, models: Path, tmp_path: Path
) -> None:
    out, library = tmp_path / "out.jsonl", str(tmp_path / "library.db")
    few = tmp_path / "few"
    write_card(few, read_card(demos))
    for split, number in (("train", 1), ("test", 0)):
        write(few / split / "0000.npz", read(demos / split / f"{number:04d}.npz"))
    command = (
        *("segment", str(few), "--policy", str(models / "policy"), "--gap", "99", "--workers", "2"),
        *("--out", str(out), "--clips", str(tmp_path / "clips"), "--timeline", str(tmp_path / "lines")),
        *("--seed-library", library, "--json"),
    )
    ran = groundup(*command)
    assert ran.code == 0, ran.err
    assert [Path(record["video"]).parent.name for record in ran.json["videos"]] == ["train", "test"]
    assert ran.json["skills"] == 8
    clips = sorted((tmp_path / "clips" / "test-0000").iterdir())
    assert [len(list(frames(clip))) for clip in clips] == [29, 25, 40, 26]
    assert (tmp_path / "lines" / "train-0000.png").read_bytes().startswith(b"\x89PNG")
    shown = _skills(groundup, library, "video test-0000")
    assert sorted(skill["name"] for skill in shown) == ["do", "ended", "ended", "ended"]
    (last,) = (skill for skill in shown if "0000.npz, frames 94 to 119 (2.6 s)" in skill["description"])
    taken = read(demos / "test" / "0000.npz").actions[94:]
    assert last["steps"][0]["keys"] == [f"{ACTIONS[action]} x1" for action in taken]
    # Once more, with a model that names them; and once more, when names stay.
    again = groundup(*command, "--reasoner", "scripted").json
    assert (again["resumed"], again["model"]["named"], again["model"]["model_calls"]) == (2, 8, 2)
    named = _skills(groundup, library, "video test-0000")
    assert sorted(skill["name"] for skill in named)[0].startswith("Use do: do for 1.3 s")
    assert groundup(*command).json["skills"] == 8
    assert _skills(groundup, library, "video test-0000") == named
    assert groundup(*command, "--reasoner", "scripted").json["model"]["model_calls"] == 0


def _skills(groundup: Groundup, library: str, scene: str) -> list[dict[str, Any]]:
    listed = groundup("skills", "list", "--library", library, "--json").json["skills"]
    return [skill for skill in listed if skill["scene"] == scene]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--reasoner", "scripted"), "give it by --seed-library"),
        (("--model", "x", "--seed-library", "l.db"), "give --reasoner"),
        (("--reasoner", "magic", "--seed-library", "l.db"), "No reasoner is called 'magic'"),
        (("--reasoner", "openai", "--seed-library", "l.db"), "name one by --model"),
    ],
)
def test_a_reasoner_that_lacks_something_says_so(
    groundup: Groundup, demos: Path, models: Path, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    one = ("segment", str(demos / "test" / "0000.npz"), "--policy", str(models / "policy"), "--gap", "99")
    given = [str(tmp_path / word) if word.endswith(".db") else word for word in options]
    ran = groundup(*one, *given)
    assert (ran.code, words in ran.err, ran.err.count("\n")) == (2, True, 1)
    assert not (tmp_path / "l.db").exists()


def test_one_demonstration_as_a_table(groundup: Groundup, demos: Path, models: Path, tmp_path: Path) -> None:
    out = tmp_path / "cuts.csv"
    one = ("segment", str(demos / "test" / "0000.npz"), "--policy", str(models / "policy"), "--gap", "99")
    assert groundup(*one, "--out", str(out)).code == 0
    assert out.read_text().splitlines()[2].startswith("0000.npz,29,53,2.9,event,")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "has no usual gap for a policy trained here: pick one with `groundup calibrate"),
        ({"policy": "idm"}, "holds a idm, not a policy or latent"),
        ({"policy": "none"}, "give the folder of a policy"),
        ({"policy": "empty"}, "no checkpoint with a card.json"),
        ({"policy": "other", "gap": "9"}, "was trained on 3 actions"),
        ({"policy": "nan", "gap": "9"}, "is not a number"),
        ({"idm": "policy", "gap": "9"}, "holds a policy, not a idm"),
        ({"rule": "latent"}, "give its folder by --policy"),
        ({"rule": "latent-events"}, "groundup bench discovery"),
        ({"video": "v.mp4", "gap": "9"}, "for a video give a VPT .model file"),
        ({"video": "alone.npz", "gap": "9"}, "no card.json"),
        ({"video": "test/none.npz", "gap": "9"}, "is no demonstration"),
        ({"video": "test/empty.npz", "gap": "9"}, "has 0 actions"),
        ({"video": "test/unknown.npz", "gap": "9"}, "does not know"),
        ({"actions": "v.mp4", "gap": "9"}, "--actions is for videos"),
        ({"lerobot": "set", "gap": "9"}, "--lerobot is for videos"),
    ],
)
def test_what_does_not_fit_is_a_sentence(
    groundup: Groundup, demos: Path, models: Path, tmp_path: Path, change: dict[str, str], words: str
) -> None:
    _misfits(demos, models, tmp_path)
    given = {"video": "test/0000.npz", "policy": "policy"} | change
    paths = {name: str(tmp_path / value) for name, value in given.items() if name not in ("gap", "rule")}
    plain = {name: value for name, value in given.items() if name in ("gap", "rule")}
    options = [f"--{name}={value}" for name, value in (paths | plain).items() if name != "video"]
    ran = groundup("segment", paths["video"], *options)
    assert ran.code == (1 if given["policy"] == "nan" else 2), ran.err
    assert words in ran.err
    assert ran.err.count("\n") == 1


def _misfits(demos: Path, models: Path, place: Path) -> None:
    """The demonstrations and models, beside some that are none, in one folder."""
    for name in ("policy", "idm", "latent"):
        (place / name).symlink_to(models / name)
    (place / "empty").mkdir()
    other = replace(SMALL, actions=3)
    save(place / "other", ModelCard("policy", asdict(other), 0, ACTIONS[:3], 0, 0.0, []), Policy(other))
    broken = Policy(SMALL)
    broken.head.bias.data[0] = float("nan")
    save(place / "nan", ModelCard("policy", asdict(SMALL), 0, ACTIONS, 0, 0.0, []), broken)
    (place / "v.mp4").write_bytes(b"no matter what")
    write_card(place, read_card(demos))
    whole = read(demos / "test" / "0000.npz")
    write(place / "test" / "0000.npz", whole)
    write(place / "test" / "empty.npz", replace(whole, frames=whole.frames[:0], actions=whole.actions[:0]))
    write(place / "test" / "unknown.npz", replace(whole, actions=whole.actions + 2))
    write(place / "alone.npz", whole)


def test_one_broken_demonstration_is_skipped(
    groundup: Groundup, demos: Path, models: Path, tmp_path: Path
) -> None:
    write_card(tmp_path, read_card(demos))
    for number in range(3):
        write(tmp_path / "test" / f"{number}.npz", read(demos / "test" / "0000.npz"))
    (tmp_path / "test" / "1.npz").write_bytes(b"broken")
    out = tmp_path / "out.jsonl"
    ran = groundup(
        *("segment", str(tmp_path / "test"), "--policy", str(models / "policy"), "--gap", "99", "--json"),
        *("--out", str(out)),
    )
    assert ran.code == 1
    assert [Path(one["video"]).name for one in ran.json["failed"]] == ["1.npz"]
    assert [json.loads(line)["file"] for line in out.read_text().splitlines()] == ["0.npz", "2.npz"]

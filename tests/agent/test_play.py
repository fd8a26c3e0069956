"""`groundup play` on the example game: its JSON, resuming, freezing, the baselines."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundup.memory.store import Store
from tests.agent.conftest import GAME, Groundup

KEYS = {
    "run", "game", "policy", "seed", "steps", "episodes", "progress_name", "progress_best",
    "progress_mean_last", "truth", "responsive_rate", "responsive_rate_last", "skills", "counters",
    "step_ms", "model_calls", "tokens", "cost_usd", "library", "resumed",
}  # fmt: skip
"""What others read of the report (design, section 6)."""


def test_report_has_all_that_others_read(groundup: Groundup, home: Path) -> None:
    ran = groundup("play", GAME, "--steps", "20", "--seed", "3", "--json")
    assert ran.code == 0, ran.err
    report = ran.json
    assert report.keys() >= KEYS
    assert report["game"] == "shapes"
    assert report["policy"] == "local"
    assert report["seed"] == 3
    assert report["steps"] >= 20
    assert report["skills"].keys() == {"learnt", "composed", "merged", "pruned", "total"}
    assert report["skills"]["learnt"] > 0
    assert report["step_ms"].keys() == {"p50", "p95", "by_part"}
    assert {"perceive", "decide", "learn", "keep", "text"} <= report["step_ms"]["by_part"].keys()
    assert 0 < report["responsive_rate"] <= 1
    assert report["cost_usd"] == report["model_calls"] == report["tokens"] == 0
    assert report["library"] == str(home / "shapes.db")
    assert report["resumed"] is False
    assert [Path(p).name for p in report["pictures"]][:2] == ["learning-curve.png", "skills.png"]
    assert all(Path(p).stat().st_size > 1000 for p in report["pictures"])


def test_summary_for_a_person(groundup: Groundup) -> None:
    ran = groundup("play", GAME, "--steps", "15")
    assert ran.code == 0, ran.err
    for word in ("responsive", "skills", "counters", "step", "cost $0.00", "learning-curve.png"):
        assert word in ran.out


def test_runs_go_on_from_the_library_and_frozen_ones_leave_it_alone(groundup: Groundup) -> None:
    first = groundup("play", GAME, "--steps", "15", "--json").json
    frozen = groundup("play", GAME, "--steps", "10", "--frozen", "--json").json
    nothing = {"learnt": 0, "composed": 0, "merged": 0, "pruned": 0}
    assert frozen["skills"] == nothing | {"total": first["skills"]["total"]}
    with Store.open(first["library"], readonly=True) as store:
        assert [run.status for run in store.runs()] == ["done", "done"]
        assert len(store.events(frozen["run"])) > 1


def test_resume_goes_on_up_to_the_steps_once_asked_for(groundup: Groundup) -> None:
    stopped = groundup("play", GAME, "--steps", "15", "--minutes", "0.0001", "--json").json
    assert stopped["steps"] < 15
    ran = groundup("play", GAME, "--resume", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["run"] == stopped["run"]
    assert ran.json["resumed"] is True
    assert ran.json["steps"] >= 15
    skills = ran.json["skills"]
    assert skills["learnt"] + skills["composed"] - skills["merged"] - skills["pruned"] == skills["total"]
    again = groundup("play", GAME, "--resume")
    assert again.code == 2
    assert "no unfinished run" in again.err


def test_a_frozen_run_that_is_resumed_stays_frozen(groundup: Groundup) -> None:
    groundup("play", GAME, "--steps", "15", "--minutes", "0.0001", "--frozen")
    ran = groundup("play", GAME, "--resume", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["skills"] == {"learnt": 0, "composed": 0, "merged": 0, "pruned": 0, "total": 0}
    with Store.open(ran.json["library"], readonly=True) as store:
        assert store.get_knowledge("learner") == {}


def test_pictures_that_cannot_be_kept_do_not_cost_the_summary(groundup: Groundup, home: Path) -> None:
    (home / "runs").write_text("no folder")
    ran = groundup("play", GAME, "--steps", "2", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["pictures"] == []
    assert "pictures could not be kept" in ran.err


@pytest.mark.parametrize("policy", ["random", "elements", "reference"])
def test_baselines_play_too(groundup: Groundup, policy: str) -> None:
    ran = groundup("play", GAME, "--steps", "12", "--policy", policy, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["policy"] == policy
    assert ran.json["steps"] >= 12


def test_dry_run_does_nothing(groundup: Groundup, home: Path) -> None:
    ran = groundup("play", GAME, "--dry-run", "--json")
    assert ran.code == 0, ran.err
    assert len(ran.json["things"]) >= 7
    assert ran.json["move"]["points"]
    assert sorted(p.name for p in home.iterdir()) == ["models"]


def test_another_size_of_frames_is_told_to_the_game(groundup: Groundup) -> None:
    ran = groundup("play", "spire", "--steps", "2", "--size", "960x540", "--json")
    assert ran.code == 0, ran.err
    again = groundup("play", "spire", "--steps", "2", "--size", "1280x720")
    assert again.code == 2
    assert "960x540" in again.err

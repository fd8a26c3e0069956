"""`groundup bench spire` on a few steps: its format, its seeds, the scripted players beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from groundup.agent.bench_spire import measure, parse_seeds
from groundup.agent.bench_spire_report import Options
from groundup.envs.errors import UsageError
from groundup.skills.library import Library
from tests.agent.conftest import Groundup


def test_seeds() -> None:
    assert parse_seeds("0:3") == (0, 1, 2)
    assert parse_seeds("7") == (7,)


def test_report(groundup: Groundup, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    ran = groundup(
        "bench", "spire", "--learn", "12", "--runs", "1", "--seeds", "0:2", "--cut", "10", "--json",
        "--keep", str(kept),
    )  # fmt: skip
    assert ran.code == 0, ran.err
    report = ran.json
    assert report["results"][0].keys() == {"case", "ours", "baseline", "ratio", "unit", "n"}
    assert report["results"][0]["unit"] == "floors"
    assert report["floors"]["n"] == 2
    row, other = report["per_seed"]
    assert json.loads((kept / "seed-1.json").read_text()) == other
    assert sorted(path.name for path in kept.glob("*.db")) == ["seed-0.db", "seed-1.db"]
    assert (row["seed"], other["seed"]) == (0, 1)
    assert len(row["floors"]) == 1
    assert row["skills"] > 0
    assert row["cut"] in (0, 1)
    assert set(row["yardsticks"]) == {
        "random legal play", "always attack, random picks", "block when attacked, sensible picks",
    }  # fmt: skip


def test_a_new_campaign_plays_the_frozen_games_and_leaves_the_library_as_it_was(
    groundup: Groundup, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    arguments = ("bench", "spire", "--runs", "2", "--seeds", "3", "--cut", "12", "--json")
    assert groundup(*arguments, "--learn", "30", "--keep", str(first)).code == 0
    ran = groundup(
        *arguments, "--learn", "0", "--library", str(first / "seed-3.db"), "--keep", str(second), "--campaign"
    )
    assert ran.code == 0, ran.err
    (row,) = ran.json["per_seed"]
    assert len(row["campaign"]["floors"]) == len(row["floors"]) == 2
    assert row["campaign"]["steps"] >= 24
    (compared,) = [r for r in ran.json["results"] if "new campaign" in r["case"]]
    assert compared["baseline"] == ran.json["results"][0]["ours"]

    def steps(path: Path) -> list[int]:
        with Library.open(path, readonly=True) as library:
            return [run.steps for run in library.store.runs()]

    assert steps(second / "seed-3.db") == steps(first / "seed-3.db") == [30]
    shown = groundup(*arguments[:-1], "--learn", "0", "--library", str(first / "seed-3.db"), "--campaign")
    assert "by a new campaign that learns on" in shown.out


def test_a_game_without_a_record_cannot_be_benched() -> None:
    with pytest.raises(UsageError, match="record"):
        measure(Options("examples.shapes:make", 10, 1, (0,)), 0)

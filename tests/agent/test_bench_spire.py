"""`groundup bench spire` on a few steps: its format, its seeds, the scripted players beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from groundup.agent.bench_spire import measure, parse_seeds
from groundup.agent.bench_spire_report import Options, as_text
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
        "--keep", str(kept), "--campaign",
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
    again = [each["campaign"] for each in report["per_seed"]]
    assert all(len(one["floors"]) == 1 and one["steps"] >= 10 for one in again)
    (compared,) = [result for result in report["results"] if "new campaign" in result["case"]]
    assert compared["baseline"] == report["results"][0]["ours"]
    assert "by a new campaign that learns on" in as_text(report)
    with Library.open(kept / "seed-0.db", readonly=True) as library:  # the campaign played in a copy
        assert len(library.store.runs()) == 1


def test_a_game_without_a_record_cannot_be_benched() -> None:
    with pytest.raises(UsageError, match="record"):
        measure(Options("examples.shapes:make", 10, 1, (0,)), 0)

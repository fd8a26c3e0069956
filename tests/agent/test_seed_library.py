"""`groundup segment --seed-library` on videos: each segment is a skill that is listed, found and exported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import needs
from tests.agent.conftest import Groundup

GAP = "3.955"
"""Cuts the clip into six segments: each is read for words, which takes longer than cutting it."""


@pytest.fixture
def golden() -> Path:
    return needs.shared("data/vpt-golden")


def test_segments_become_skills(groundup: Groundup, golden: Path, tmp_path: Path) -> None:
    library = str(tmp_path / "library.db")
    command = (
        "segment", str(golden / "clip.mp4"), "--actions", str(golden / "clip.jsonl"),
        "--policy", str(golden / "policy.model"), "--gap", GAP, "--seed-library", library, "--json",
    )  # fmt: skip
    ran = groundup(*command)
    assert ran.code == 0, ran.err
    count = len(ran.json["boundaries"])
    assert ran.json["skills"] == count > 1
    listed = groundup("skills", "list", "--library", library, "--json").json["skills"]
    assert len(listed) == count
    assert {skill["provenance"] for skill in listed} == {"demonstration"}
    assert all(skill["steps"][0]["target"]["template_sha"] for skill in listed)
    found = groundup("skills", "search", listed[0]["name"], "--library", library, "--json").json["skills"]
    assert found[0]["name"] == listed[0]["name"]
    folder = tmp_path / "folders"
    out = groundup("skills", "export", str(folder), "--folders", "--library", library, "--json")
    assert out.json == {"exported": count, "folder": str(folder)}
    other = str(tmp_path / "other.db")
    assert groundup("skills", "import", str(folder), "--library", other, "--json").json["added"] == count
    assert groundup(*command).json["skills"] == count
    assert len(groundup("skills", "list", "--library", library, "--json").json["skills"]) == count


def test_episodes_of_a_dataset_become_the_same_skills(
    groundup: Groundup, golden: Path, tmp_path: Path
) -> None:
    made, one, other = tmp_path / "set", str(tmp_path / "one.db"), str(tmp_path / "other.db")
    policy = ("--policy", str(golden / "policy.model"), "--gap", GAP, "--json")
    video = (str(golden / "clip.mp4"), "--actions", str(golden / "clip.jsonl"))
    ran = groundup("segment", *video, *policy, "--lerobot", str(made), "--seed-library", one)
    assert ran.code == 0, ran.err
    # Cut by a gap that is never reached, each episode is one segment: those that the video was cut into.
    whole = ("segment", str(made), *policy[:3], "99", "--json", "--out", str(tmp_path / "out.jsonl"))
    again = groundup(*whole, "--seed-library", other)
    assert again.code == 0, again.err
    assert again.json["skills"] == ran.json["skills"] > 1

    def done(library: str) -> list[list[str]]:
        listed = groundup("skills", "list", "--library", library, "--json").json["skills"]
        return sorted(skill["steps"][0]["keys"] for skill in listed)

    assert done(one) == done(other)

"""Segments are named by what is shown of them, once, and not against a person's word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groundup.agent.model_options import ModelOptions
from groundup.agent.reason.naming import Naming
from groundup.agent.reason.tending import BATCH
from groundup.envs.errors import UsageError
from groundup.memory.edits import apply_edit
from groundup.memory.frames import keep_frame
from groundup.skills.library import Library
from groundup.skills.types import RelativeBox, Skill, SkillStep, Target


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


def _segment(library: Library, number: int) -> Skill:
    def target(value: int) -> Target:
        pixels = np.full((90, 160, 3), value, np.uint8)
        return Target("key frame", "", RelativeBox(0, 0, 1, 1), keep_frame(library.store, pixels))

    step = SkillStep("follow", target(number), target(number + 100), ("forward x9",))
    return library.add(
        Skill(
            f"s{number:02}", "forward", f"forward: forward for {number} s", "video walk", (step,), {},
            provenance="demonstration",
        )
    )  # fmt: skip


def _naming(tmp_path: Path, script: dict[str, Any], said: list[str], calls: int | None = None) -> Naming:
    path = tmp_path / "script.json"
    path.write_text(json.dumps(script))
    options = ModelOptions(model=str(path), max_calls=calls)
    return Naming("scripted", options, tmp_path, said.append)


def test_segments_are_named_once_and_stay_findable(library: Library, tmp_path: Path) -> None:
    skills = [_segment(library, number) for number in range(BATCH + 1)]
    rows = [{"number": 1, "name": "Cross the river", "description": "Gets to the other side"}]
    naming = _naming(tmp_path, {"segments": [{"skills": rows}]}, [])
    naming.name(library, skills)
    assert naming.summary() == {
        "name": "scripted", "named": 2, "model_calls": 2, "tokens": 0, "cost_usd": 0.0,
    }  # fmt: skip
    first = library.get("s00")
    assert first is not None
    assert first.name == "Cross the river"
    assert first.description == "Gets to the other side (forward: forward for 0 s)"
    untold = library.get("s01")
    assert untold is not None
    assert untold.name == "forward"
    naming.name(library, [skill for skill in library.skills() if skill.name != "forward"])
    assert naming.summary()["model_calls"] == 2


def test_a_persons_names_stay(library: Library, tmp_path: Path) -> None:
    _segment(library, 1)
    apply_edit(library.store, {"skill": "s01", "name": "My own"})
    naming = _naming(tmp_path, {}, [])
    naming.name(library, library.skills())
    assert [skill.name for skill in library.skills()] == ["My own"]
    assert naming.summary()["model_calls"] == 0


def test_without_an_answer_names_stay(library: Library, tmp_path: Path) -> None:
    skills = [_segment(library, number) for number in range(BATCH + 1)]
    said: list[str] = []
    _naming(tmp_path, {"segments": [{"skills": 5}]}, said).name(library, skills)
    assert {skill.name for skill in library.skills()} == {"forward"}
    naming = _naming(tmp_path, {}, said, calls=1)
    naming.name(library, skills)
    assert naming.summary()["named"] == BATCH
    assert "--max-calls 1 is reached" in said[-1]


def test_what_was_dropped_for_its_size_is_not_asked_about(library: Library, tmp_path: Path) -> None:
    step = SkillStep("follow", Target("key frame", "", RelativeBox(0, 0, 1, 1), "0" * 64))
    skill = library.add(Skill("s", "walk", "walk", "video walk", (step,), {}, provenance="demonstration"))
    naming = _naming(tmp_path, {}, [])
    naming.name(library, [skill])
    assert naming.summary()["model_calls"] == 0


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name one by --model"):
        Naming("openai", ModelOptions(), tmp_path, lambda _: None)

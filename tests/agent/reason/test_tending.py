"""After a run: names, judgements, duplicates, failing skills, in batches, with the evidence in charge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groundup.agent.reason.costs import Prices
from groundup.agent.reason.mind import Mind
from groundup.agent.reason.notes import Notes
from groundup.agent.reason.scripted import ScriptedReasoner
from groundup.agent.reason.tending import BATCH, Tending
from groundup.agent.reason.witness import Seen
from groundup.memory.edits import apply_edit
from groundup.skills.library import Library
from groundup.skills.types import RelativeBox, Skill, SkillStep, Statistics, Target

Script = dict[str, list[dict[str, Any]]]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


def skill(number: int, *, uses: int = 3, answered: int | None = None, scene: str = "scene 0") -> Skill:
    kind = f"kind {number}"
    target = Target(kind, f"word {number}", RelativeBox(0.1 * number % 1, 0.1, 0.1, 0.1))
    statistics = Statistics(uses=uses, responsive=uses if answered is None else answered)
    return Skill(
        f"s{number:02}", kind, f"click {kind}", scene, (SkillStep("click", target),),
        precondition={"scene": scene, "kind": kind}, statistics=statistics,
    )  # fmt: skip


def tend(
    library: Library, script: Script, seen: list[Seen] | None = None
) -> tuple[Tending, ScriptedReasoner]:
    reasoner = ScriptedReasoner(script)
    tending = Tending(library, Mind(reasoner, Prices("scripted", free=True)), Notes(library.store))
    tending.all(seen or [])
    return tending, reasoner


def test_skills_are_named_in_batches_once_and_stay_findable(library: Library) -> None:
    for number in range(BATCH + 3):
        library.add(skill(number))
    tending, reasoner = tend(library, {})
    assert tending.counts["named"] == BATCH + 3
    assert reasoner.asked["names"] == 2
    named = library.skills()
    assert all(s.name.startswith("Use word") for s in named)
    assert all("click kind" in s.description for s in named)
    _, again = tend(library, {})
    assert again.asked["names"] == 0


def test_what_a_person_has_renamed_keeps_its_name(library: Library) -> None:
    library.add(skill(1))
    apply_edit(library.store, {"skill": "s01", "name": "My own"})
    tend(library, {})
    kept = library.get("s01")
    assert kept is not None
    assert kept.name == "My own"


def test_skills_that_mean_the_same_become_one_and_stay_so(library: Library) -> None:
    for number in range(4):
        library.add(skill(number, uses=3 + number))
    two = replace(skill(9), steps=(skill(8).steps[0], skill(9).steps[0]))
    library.add(two)
    script: Script = {"duplicates": [{"groups": [{"numbers": [1, 2, 5]}]}]}
    tending, _ = tend(library, script)
    assert tending.counts["merged"] == 1  # not the one of two steps, whatever the model says
    assert {s.id for s in library.skills()} == {"s03", "s01", "s00", "s09"}
    kept = library.get("s03")
    assert kept is not None
    assert kept.statistics.uses == 11
    library.add(replace(skill(2), id="new"))  # learnt anew
    again, reasoner = tend(library, {})
    assert again.counts["merged"] == 1
    assert reasoner.asked["duplicates"] == 0
    assert "new" not in {s.id for s in library.skills()}


def test_a_failing_skill_is_retired_only_if_the_evidence_agrees(library: Library) -> None:
    library.add(skill(0, uses=8, answered=5))
    library.add(skill(1, uses=8, answered=5))
    library.add(skill(2, uses=8, answered=8))
    script: Script = {
        "refine": [
            {
                "skills": [
                    {"number": 1, "verdict": "retire", "after": 1},
                    {"number": 2, "verdict": "try_after", "after": 1},
                ]
            }
        ]
    }
    tending, reasoner = tend(library, script)
    assert tending.counts["retired"] == 1
    assert {s.id for s in library.skills()} == {"s01", "s02"}
    after = Notes(library.store).get("after", "scene 0")
    assert after == {"pairs": [["kind 0", "kind 1"]]}
    _, again = tend(library, script)
    assert (reasoner.asked["refine"], again.asked["refine"]) == (1, 0)


def test_uses_are_judged_by_their_pictures(library: Library) -> None:
    library.add(skill(1))
    seen = [
        Seen("scene 0", "kind 1", np.zeros((20, 40, 3), np.uint8)),
        Seen("scene 0", "gone", np.zeros((2, 2, 3), np.uint8)),
    ]
    tending, reasoner = tend(library, {}, seen)
    assert tending.counts["judged"] == 1
    assert reasoner.asked["judge"] == 1
    assert Notes(library.store).get("judged", "s01") == {"consistent": True, "progressive": False}


def test_a_model_that_does_not_answer_changes_nothing(library: Library) -> None:
    for number in range(4):
        library.add(skill(number, uses=8, answered=5))
    before = library.skills()
    tending, _ = tend(library, {"names": [{"wrong": 1}], "refine": [{"skills": 5}]})
    assert library.skills() == before
    assert not tending.counts

"""Goals: proposed, judged, relabelled."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.agent.reason.costs import Prices
from groundup.agent.reason.mind import Mind
from groundup.agent.reason.notes import Notes
from groundup.agent.reason.practice import ATTEMPT, KNOWN, REST, Practice, nearest
from groundup.agent.reason.scripted import ScriptedReasoner
from groundup.envs.types import Frame
from groundup.perception.observation import Observation
from groundup.skills.moves import Lesson

OBS = Observation("scene 0", (), (), frame=Frame(np.zeros((90, 160, 3), np.uint8), 0.0, 0))


def lesson(number: int, *, ended: bool = False) -> Lesson:
    return Lesson(f"kind {number % KNOWN} >", 0.0, (True,), {}, ended)


def practise(moves: int, script: dict[str, list[dict[str, Any]]]) -> tuple[Practice, Notes, ScriptedReasoner]:
    reasoner, notes = ScriptedReasoner(script), Notes()
    practice = Practice(Mind(reasoner, Prices("scripted", free=True)), notes)
    for number in range(moves):
        practice.moved(lesson(number), OBS)
    return practice, notes, reasoner


def test_a_goal_is_practised_and_prefers_the_skills_that_serve_it() -> None:
    goals = {"goals": [{"goal": "Reach the tower", "skills": [2, 1]}]}
    practice, _, _ = practise(REST, {"goals": [goals]})
    assert practice.goal == "Reach the tower"
    assert practice.prefers == ("kind 1", "kind 0")


def test_an_attempt_is_judged_once_and_what_was_reached_instead_is_kept() -> None:
    verdict = {
        "because": "the map shows",
        "reached": False,
        "instead": [
            {"goal": "Open the gate", "first": 1, "last": 3},
            {"goal": "Nonsense", "first": 5, "last": 2},
        ],
    }
    script = {"goals": [{"goals": [{"goal": "Reach the tower", "skills": []}]}], "trajectory": [verdict]}
    practice, notes, reasoner = practise(REST + ATTEMPT, script)
    assert practice.goal == ""
    assert (reasoner.asked["goals"], reasoner.asked["trajectory"]) == (1, 1)
    known = notes.all("goal")
    assert known["Reach the tower"]["reached"] == 0
    assert known["Open the gate"]["reached"] == 1
    assert known["Open the gate"]["instead_of"] == "Reach the tower"
    assert known["Open the gate"]["skills"]
    assert "Nonsense" not in known


def test_four_goals_take_one_question() -> None:
    goals = {"goals": [{"goal": f"goal {n}", "skills": [1]} for n in range(4)]}
    _, notes, reasoner = practise(4 * (REST + ATTEMPT), {"goals": [goals]})
    assert reasoner.asked["goals"] == 1
    assert len(notes.all("goal")) >= 3


def test_nothing_is_proposed_before_anything_is_known() -> None:
    reasoner = ScriptedReasoner()
    practice = Practice(Mind(reasoner, Prices("scripted", free=True)), Notes())
    for _ in range(4 * REST):
        practice.moved(Lesson(None, 0.0, (False,), {}, ended=False), OBS)
    assert not reasoner.asked


def test_goals_that_a_game_has_words_for_are_offered_nearest_first_and_not_twice() -> None:
    words = ["shear a sheep", "find a village", "craft a bucket", "milk a cow with a bucket"]
    known = ["pour the bucket", "a cow stands there"]
    assert nearest(words, known, 2) == ["milk a cow with a bucket", "craft a bucket"]
    assert nearest(words, [], 3) == words[:3]
    goals = {"goals": [{"goal": "find a village", "skills": [1]}]}
    reasoner, notes = ScriptedReasoner({"goals": [goals]}), Notes()
    practice = Practice(Mind(reasoner, Prices("scripted", free=True)), notes, words)
    asked: list[str] = []
    answer = reasoner.ask
    reasoner.ask = lambda question: asked.append(question.text) or answer(question)  # type: ignore[method-assign]
    notes.put("goal", "shear a sheep", {"tried": 1, "reached": 1})
    for number in range(REST):
        practice.moved(lesson(number), OBS)
    (text,) = asked
    offered = text.split("has words for")[1]
    assert "find a village" in offered
    assert "shear a sheep" not in offered
    assert practice.goal == "find a village"

"""When the model is asked, and what comes of its answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.agent.reason.actions import Space
from groundup.agent.reason.advice import FEW, FREE, IDLE, RATE, USES, Advised
from groundup.agent.reason.costs import Prices
from groundup.agent.reason.mind import Mind
from groundup.agent.reason.notes import Notes
from groundup.agent.reason.profiles import profile_of
from groundup.agent.reason.replies import PointActions, Proposal, TextActions
from groundup.agent.reason.scripted import ScriptedReasoner
from groundup.agent.reason.trials import Trial, trials
from groundup.agent.reason.trust import ENOUGH, PAUSE, Trust
from groundup.envs.types import Frame
from groundup.perception.observation import Observation, Thing
from groundup.perception.types import Box
from groundup.skills.learner import Learner

THINGS = tuple(Thing(Box(20 + 60 * i, 100, 40, 30), f"kind {i}", "lit", f"word {i}") for i in range(4))
FRAME = Frame(np.full((240, 320, 3), 60, np.uint8), 0.0, 0)


def observation(scene: str = "scene 0", things: tuple[Thing, ...] = THINGS) -> Observation:
    return Observation(scene, things, (), frame=FRAME)


def advised(
    script: dict[str, list[dict[str, Any]]], notes: Notes | None = None
) -> tuple[Advised, ScriptedReasoner]:
    reasoner = ScriptedReasoner(script)
    mind = Mind(reasoner, Prices("scripted", free=True))
    return Advised(Learner(0), mind, notes or Notes(), profile_of("scripted")), reasoner


def test_a_scene_is_described_once_and_its_promise_is_tried_first() -> None:
    scene = {"name": "Menu", "description": "choose", "promising": [3]}
    notes = Notes()
    policy, reasoner = advised({"describe": [scene]}, notes)
    move = policy.decide(observation())
    note = notes.get("scene", "scene 0")
    assert note is not None
    assert note["name"] == "Menu"
    (kind,) = note["promising"]
    assert (move.first.kind, move.why) == (kind, "model")
    for _ in range(5):
        after = observation()
        policy.learn(observation(), move, (True,), after)
        move = policy.decide(after)
    assert reasoner.asked["describe"] == 1
    again, second = advised({}, notes)
    again.decide(observation())
    assert second.asked["describe"] == 0


def test_the_model_picks_where_the_learner_cannot_tell_and_is_not_asked_the_same_again() -> None:
    policy, reasoner = advised(
        {
            "describe": [{"name": "x", "description": "", "promising": []}],
            "pick": [{"because": "", "element": 2}],
        }
    )
    first = policy.decide(observation())
    assert first.why == "model"
    again = policy.decide(observation())
    assert again.first.kind == first.first.kind
    assert reasoner.asked["pick"] == 1


def test_where_skills_are_known_nobody_is_asked() -> None:
    policy, reasoner = advised({})
    policy.decide(observation())
    asked = reasoner.asked.total()
    for thing in THINGS:  # each leads to another scene, often enough to be known
        for _ in range(6):
            move = policy.decide(observation(things=(thing,)))
            policy.learn(observation(things=(thing,)), move, (True,), observation("scene 1", (thing,)))
    for _ in range(20):
        policy.decide(observation())
    assert reasoner.asked.total() <= asked + 2  # at most the new scene's description


def test_a_skill_that_failed_is_tried_after_the_one_that_a_model_named() -> None:
    notes = Notes()
    notes.put("after", "scene 0", {"pairs": [["kind 0", "kind 1"]]})
    policy, _ = advised({}, notes)
    for _ in range(FEW + 3):  # it is known well what the first does alone
        policy.learner.choices.tried("scene 0", "kind 0")
    move = policy.decide(observation())
    assert move.second is not None
    assert (move.first.kind, move.second.kind, move.why) == ("kind 0", "kind 1", "model")


def test_where_nothing_works_two_steps_that_a_model_proposes_are_tried() -> None:
    scene = {"name": "x", "description": "", "promising": []}
    pair = {"because": "", "trials": [{"kind": "click_two", "element": 1, "then": 2}]}
    policy, reasoner = advised({"describe": [scene], "propose": [pair]})
    for thing in THINGS:
        for _ in range(FEW + 3):
            policy.learner.choices.tried("scene 0", thing.kind)
    pairs = []
    for _ in range(IDLE + 2):
        move = policy.decide(observation())
        policy.learn(observation(), move, (False,), observation())
        pairs += [move] if move.second is not None else []
    assert reasoner.asked["propose"] == 1
    assert [move.why for move in pairs] == ["model"] * USES


def test_questions_are_bounded_whatever_happens() -> None:
    policy, reasoner = advised({})
    moves = 120
    for step in range(moves):
        things = tuple(Thing(t.box, f"{t.kind} {step}", t.look, f"{t.text} {step}") for t in THINGS)
        obs = observation(f"scene {step}", things)
        policy.learn(obs, policy.decide(obs), (True,), obs)
    assert reasoner.asked.total() <= FREE + RATE * moves + 10


def test_nothing_is_asked_of_a_policy_without_a_picture() -> None:
    policy, reasoner = advised({})
    policy.decide(Observation("scene 0", THINGS, ()))
    assert not reasoner.asked


def test_replies_become_trials_of_things_that_are_there() -> None:
    space = Space(profile_of("qwen2.5-vl"), (320, 240), (320, 240))
    proposal = Proposal.model_validate(
        {
            "because": "",
            "trials": [
                {"kind": "click", "element": 1},
                {"kind": "click_two", "element": 1, "then": 3},
                {"kind": "drag", "element": 2, "onto": 2},
            ],
        },
        context={"options": 4},
    )
    assert trials(proposal, THINGS, space) == ([Trial("kind 0"), Trial("kind 0", "kind 2")], 1)
    actions = [
        {"type": "click", "x": 40, "y": 110},
        {"type": "drag", "path": [{"x": 40, "y": 110}, {"x": 110, "y": 110}]},
        {"type": "click", "x": 40, "y": 90},  # a little above: the nearest
        {"type": "click", "x": 5, "y": 5},  # beside all things
        {"type": "keypress", "keys": ["alt", "f4"]},
    ]
    point = PointActions.model_construct(because="", actions=actions)
    found, refused = trials(point, THINGS, space)
    assert found == [Trial("kind 0"), Trial("kind 0", "kind 1", drag=True), Trial("kind 0")]
    assert refused == 2
    text = TextActions(text="Action: click(start_box='(105,110)')\n\nhotkey(key='alt f4')")
    assert trials(text, THINGS, space) == ([Trial("kind 1")], 1)


def test_advice_that_does_less_than_trying_is_left_for_a_while() -> None:
    trust = Trust()
    for _ in range(ENOUGH):
        trust.came(advised=True, happened=False)
        trust.came(advised=False, happened=True)
    assert not trust.worth(100)
    assert not trust.worth(100 + PAUSE - 1)
    assert trust.worth(100 + PAUSE)

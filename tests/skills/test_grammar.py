"""The grammar of moves on made-up screens: where two steps are expected, and what is let alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from groundup.perception.observation import Observation, Thing
from groundup.perception.types import Box
from groundup.skills.effects import EffectModel
from groundup.skills.grammar import HOPELESS, LIKELY, PATIENCE, Grammar
from groundup.skills.learner import Learner
from groundup.skills.merging import merge
from groundup.skills.moves import Decision
from groundup.skills.outlook import Outlook
from groundup.skills.situation import Situation
from groundup.skills.tactics import Tactics

CARD = Thing(Box(300, 400, 100, 150), "guard", "128x256 r4 c1", "guard")
OTHER = replace(CARD, kind="curse", text="curse")
FOE = Thing(Box(600, 200, 90, 90), "look 3", "64x64 r2 c1")


def screen(scene: str, *things: Thing) -> Observation:
    return Observation(scene, things, ())


def taught(times: int) -> Grammar:
    grammar = Grammar()
    for _ in range(times):
        seen = screen("fight", CARD, FOE)
        grammar.learn_pair(seen, Situation("fight", {}, ()), CARD, FOE, True)
        grammar.learn_response(seen, CARD, True)
    return grammar


def test_two_steps_are_expected_in_another_scene_until_they_were_tried_there() -> None:
    grammar = taught(4)
    assert grammar.first("fight", CARD) >= LIKELY
    assert grammar.first("another fight", CARD) < LIKELY
    assert grammar.first_elsewhere("another fight", CARD) == grammar.first("fight", CARD)
    grammar.learn_alone("another fight", CARD, True)
    assert grammar.first_elsewhere("another fight", CARD) == grammar.first("another fight", CARD)
    assert grammar.first_elsewhere("another fight", OTHER) == grammar.first("another fight", OTHER)


def test_what_was_dead_and_never_alive_stays_dull_for_the_run() -> None:
    grammar, seen = taught(4), screen("fight", CARD, OTHER, FOE)

    def chance(thing: Thing, x: int) -> float:
        # Elsewhere on screen, so that the exact state is not remembered as dead.
        moved = replace(thing, box=Box(x, 400, 100, 150))
        return next(p for p, t in grammar.usable(screen("fight", moved)) if t is moved)

    grammar.alive(seen, CARD)
    before = chance(CARD, 100), chance(OTHER, 100)
    for _ in range(HOPELESS):
        grammar.dead(seen, CARD)
        grammar.dead(seen, OTHER)
    for _ in range(40):
        grammar.alive(seen, FOE)
    assert chance(CARD, 100) == before[0]
    assert chance(OTHER, 100) < before[1] / 2


def test_a_known_play_is_one_move_before_anything_is_known_of_survival() -> None:
    learner = Learner(0, drags=True)
    for _ in range(8):
        seen = screen("fight", CARD, FOE)
        learner.grammar.learn_pair(seen, Situation("fight", {}, ()), CARD, FOE, True)
        learner.grammar.learn_response(seen, CARD, True)
    seen, here = screen("fight", CARD, FOE), Situation("fight", {}, ())
    move = learner._whole(Decision("use", CARD), seen, here)
    assert (move.second, move.drag) == (FOE, True)
    assert learner._whole(Decision("use", FOE), seen, here).second is None


def test_a_card_whose_drags_were_never_answered_is_given_up() -> None:
    grammar = taught(4)
    for _ in range(PATIENCE):
        assert not grammar.given_up(OTHER)
        grammar.learn_drag(OTHER, False)
        grammar.learn_drag(CARD, False)
    assert grammar.given_up(OTHER)
    assert not grammar.given_up(CARD)  # it was seen to work
    again = Grammar()
    again.load(grammar.to_dict())
    assert again.given_up(OTHER)
    # A real card by its look, which is not even offered to the planner.
    seen, here = screen("fight", CARD, OTHER, FOE), Situation("fight", {}, ())
    tactics = Tactics(grammar, EffectModel(), Outlook())
    _, moves, _ = tactics._options(seen, here, curious=False, drags=True)
    assert {move.first.kind for move in moves} == {CARD.kind}


def test_drags_without_answer_are_added_up_when_learners_merge_and_what_closed_the_game_is_kept() -> None:
    parts: list[Grammar] = [Grammar(), Grammar()]
    for times, grammar in enumerate(parts, 1):
        for _ in range(times):
            grammar.learn_drag(OTHER, False)
        grammar.learn_closed("menu", FOE)
    merged = merge({"grammar": grammar.to_dict()} for grammar in parts)["grammar"]
    assert merged["undragged"] == {OTHER.kind: 3}
    assert merged["closing"] == [["menu", FOE.kind]]


@pytest.mark.parametrize("happened", [False, True])
def test_an_answered_drag_that_did_nothing_leaves_its_card_dull(happened: bool) -> None:
    learner = Learner(0, drags=True)
    learner.learning = False
    seen, here = screen("fight", OTHER, FOE), Situation("fight", {}, ())
    learner.grammar.learn_pair(seen, here, OTHER, FOE, True)
    drag = Decision("use", OTHER, FOE, drag=True)
    # Answered: what lay in the hand is gone, or is not.
    learner.learn(seen, drag, (True,), screen("fight", FOE) if happened else seen)
    assert ((seen.scene, OTHER.kind) in learner.grammar._dull) == happened


DIM = replace(CARD, look="128x256 r2 c1")


def in_hand(card: Thing, x: int) -> Observation:
    return screen("fight", replace(card, box=Box(x, 400, 100, 150)), FOE)


def test_a_dimmed_card_is_let_alone_while_its_kind_in_full_light_is_played() -> None:
    learner = Learner(0, drags=True)
    learner.grammar, learner.learning = taught(8), False
    usable = learner.grammar.usable
    light = usable(in_hand(CARD, 800))[0][0]
    assert usable(in_hand(DIM, 800))[0][0] >= LIKELY
    for turn in range(HOPELESS):
        learner.grammar.alive(in_hand(CARD, 700), CARD)
        # On the foe, where such a card has always worked: it is the card that is dead.
        seen = in_hand(DIM, 100 * turn)
        learner.learn(seen, Decision("use", seen.things[0], FOE, drag=True), (False,), seen)
    for _ in range(40):
        learner.grammar.alive(seen, FOE)
    assert usable(in_hand(DIM, 800))[0][0] < LIKELY
    assert usable(in_hand(CARD, 800))[0][0] == light


def test_a_drag_without_answer_teaches_that_its_card_is_dead_as_far_as_its_aim_was_right() -> None:
    cloud = replace(FOE, kind="cloud", look="256x256 b1 c0", box=Box(0, 0, 250, 250))
    seen, chances = screen("fight", DIM, FOE, cloud), []
    for aim in (FOE, cloud):
        learner = Learner(0, drags=True)
        learner.grammar = taught(8)
        before = learner.grammar.responsive(seen, DIM)
        learner.learn(seen, Decision("use", DIM, aim, drag=True), (False,), seen)
        chances.append(before - learner.grammar.responsive(seen, DIM))
    assert chances[0] > 1.5 * chances[1] > 0.0

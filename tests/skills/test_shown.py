"""What was shown is a place to begin, and no more."""

from __future__ import annotations

from groundup.perception.observation import Observation, Thing
from groundup.perception.types import Box
from groundup.skills.learner import Learner
from groundup.skills.merging import merge
from groundup.skills.shown import OFTEN, WORTH, Shown

PRESENT = ("end turn", "strike", "settings")


def test_what_was_chosen_when_it_could_be_is_worth_most() -> None:
    shown = Shown()
    for kind in ("strike", "strike", "end turn"):
        shown.note("fight", kind, PRESENT)
    shown.note("fight", "end turn", ("end turn", "settings"))
    assert shown.worth("fight", "strike", 2) == WORTH + OFTEN * 2 / 3
    assert shown.worth("fight", "end turn", 2) == WORTH + OFTEN * 2 / 4
    assert shown.worth("fight", "settings", 0) < 0
    assert shown.worth("fight", "a new card", 0) == shown.worth("map", "strike", 0) == 0.0
    # What is tried here outweighs it.
    assert shown.worth("fight", "strike", 10) == (WORTH + OFTEN * 2 / 3) / 2
    again = Shown()
    again.load(shown.to_dict())
    assert again.to_dict() == shown.to_dict()


def test_a_learner_begins_with_what_was_shown_keeps_it_and_merges_it() -> None:
    things = tuple(Thing(Box(60 * i, 40, 50, 30), f"look {i}", "wide") for i in range(6))
    obs = Observation("scene 0", things, ())
    learner = Learner(1)
    learner.shown.note("scene 0", "look 4", ("look 4", "look 5"))
    assert learner.decide(obs).first.kind == "look 4"
    loaded = Learner(2)
    loaded.load(learner.to_dict())
    assert loaded.decide(obs).first.kind == "look 4"
    both = merge([learner.to_dict(), loaded.to_dict(), Learner(3).to_dict()])
    assert both["shown"] == {"scene 0": {"look 4": [2.0, 2.0], "look 5": [0.0, 2.0]}}


def test_words_on_screen_tell_when_a_key_was_pressed() -> None:
    """Twelve turns of a few units: what is selected stands on screen beside words that are always there."""
    panel = {f"word {i}" for i in range(25)}
    keys = ("key b", "key space", "key w", "turn done")
    units = {"settlers": "key b", "workers": "key space", "explorer": "key space", "no units": "turn done"}
    shown = Shown()
    for turn in range(12):
        for unit, key in units.items():
            if unit != "settlers" or turn < 2:
                shown.note("scene 0", key, keys, frozenset({*panel, unit}))

    def best(unit: str) -> str:
        words = frozenset({*panel, unit, "another map"})
        return max(keys, key=lambda key: shown.worth("scene 0", key, 0, words))

    assert {unit: best(unit) for unit in units} == units
    assert shown.worth("scene 0", "turn done", 0, frozenset({*panel, "workers"})) < 0.0
    # By counts alone a key that was seldom pressed would never come first.
    assert max(keys, key=lambda key: shown.worth("scene 0", key, 0)) == "key space"
    assert shown.knows("scene 0", frozenset({*panel, "another map"}))
    assert not shown.knows("scene 0", frozenset({"a dialogue", "yes", "no", "word 1"}))
    assert not shown.knows("scene 1", frozenset(panel))
    again = Shown()
    again.load(shown.to_dict())
    settlers = frozenset({*panel, "settlers"})
    assert again.worth("scene 0", "key b", 0, settlers) == shown.worth("scene 0", "key b", 0, settlers)


def test_what_words_tell_is_added_up_when_learners_are_merged() -> None:
    learners = [Learner(1), Learner(2)]
    for learner, kind in zip(learners, ("key b", "key w"), strict=True):
        learner.shown.note("scene 0", kind, ("key b", "key w"), frozenset({"settlers", kind}))
    cues = merge([learner.to_dict() for learner in learners])["cues"]["scene 0"]
    assert cues["settlers"] == {"key b": 1, "key w": 1}
    assert cues["key b"] == {"key b": 1}
    assert cues["key w"] == {"key w": 1}

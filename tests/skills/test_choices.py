"""Choices valued by what followed."""

from __future__ import annotations

from groundup.skills.choices import Choices


def test_a_choice_that_prepared_a_gain_is_worth_more_than_one_that_did_not() -> None:
    choices = Choices()
    for i in range(40):
        way = "left" if i % 2 else "right"
        choices.used("map", way, "room", 0.0, None, moved=True)
        choices.used("room", "go", "map", 1.0 if way == "left" else 0.0, None, moved=True)
        choices.ended()
    assert choices.value("map", "left") > choices.value("map", "right") + 0.3
    copy = Choices()
    copy.load(choices.to_dict())
    assert copy.value("map", "left") == choices.value("map", "left")


def test_what_only_leads_back_is_blamed_and_what_leads_on_is_not() -> None:
    choices = Choices()
    for _ in range(6):
        choices.used("menu", "settings", "panel", 0.0, None, moved=False)
        choices.used("panel", "close", "menu", 0.0, None, moved=False)
        choices.used("menu", "start", "map", 0.0, None, moved=True)
    assert choices.loops("menu", "settings") > 0.7
    assert choices.loops("menu", "start") == 0.0
    assert choices.loops("elsewhere", "settings") > 0.3


def test_the_toll_of_a_choice_is_what_it_cost_until_the_next() -> None:
    choices = Choices()
    survival = 80.0
    for i in range(20):
        dear = i % 2 == 0
        choices.used("map", "dear" if dear else "cheap", "room", 0.0, survival, moved=True)
        survival -= 3.0 if dear else 0.5
    tolls = {kind: choices.toll("map", kind, lambda t: t) for kind in ("dear", "cheap")}
    assert tolls["dear"] < -2.0 < tolls["cheap"]

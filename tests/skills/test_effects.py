"""Effects learnt from uses made up by a rule."""

from __future__ import annotations

from random import Random

import pytest

from groundup.skills.effects import EffectModel, changes
from groundup.skills.situation import BAR, Group, Situation


def state(own: dict[str, float], *bars: float, shield: float = 0.0) -> Situation:
    groups = tuple(
        Group((800.0 + 200 * i, 460.0), {BAR: bar, **({"shield": shield} if shield else {})})
        for i, bar in enumerate(bars)
    )
    return Situation("field", own, groups)


def test_effects_are_the_mean_change_and_shrug_off_a_misread_number() -> None:
    model = EffectModel()
    for i in range(12):
        after = 4.0 if i != 5 else 34.0
        model.learn("hit >", "", state({"power": 3}, 10), state({"power": 2}, after), 0)
    change = model.expect("hit >", "")
    assert change["own:power"] == -1
    assert change[f"at:{BAR}"] == pytest.approx(-6)


def test_wording_tells_the_effect_of_a_thing_never_used_and_scales_with_what_came() -> None:
    model, rng = EffectModel(), Random(1)
    before = state({"power": 3}, 50)
    for i in range(24):
        n = rng.randint(4, 9)
        name, hits, more = ("slash", 2, " twice") if i % 4 == 0 else ("cut", 1, "")
        after = state({"power": 2}, 50 - hits * n)
        model.learn(f"{name} >", f"1 | {name} | deal {n} damage{more}", before, after, 0)
    new = model.expect("smash >", "2 | smash | deal 14 damage")
    assert new[f"at:{BAR}"] == -14
    assert new["own:power"] == -2
    assert model.expect("slash >", "1 | slash | deal 11 damage twice")[f"at:{BAR}"] == pytest.approx(-22)


def test_what_a_number_does_after_one_word_says_nothing_of_another_word() -> None:
    model = EffectModel()
    for n in (2, 3, 4, 5):
        model.learn("blood >", f"blood | lose {n} hp", state({"hp": 60}), state({"hp": 60 - n}), None)
    assert model.expect("bleed >", "bleed | lose 7 hp") == {"own:hp": -7}
    assert model.expect("rest", "rest | heal 24 hp") == {}
    for n in (2, 3, 4, 5):
        model.learn("pay >", f"pay | pay {n} hp", state({"hp": 60}), state({"hp": 60 - n}), None)
    assert model.expect("offer", "offer | give 6 hp") == {"own:hp": -6}


def test_a_shield_and_the_bar_behind_it_count_as_one() -> None:
    before, after = state({}, 20, shield=4), state({}, 18)
    change, _ = changes(before, after, 0, "shield")
    assert change == {f"at:{BAR}": -6.0}


def test_what_vanished_is_unseen_and_knowledge_survives_a_copy() -> None:
    change, unseen = changes(state({"a": 1}, 5), state({"a": 2}), 0)
    assert change == {"own:a": 1.0}
    assert f"at:{BAR}" in unseen
    model = EffectModel()
    model.learn("x >", "deal 3 damage", state({"a": 1}, 5), state({"a": 2}, 2), 0)
    copy = EffectModel()
    copy.load(model.to_dict())
    assert copy.expect("x >", "") == model.expect("x >", "") != {}


def test_skills_are_paid_with_what_falls_in_most_uses_and_not_with_what_falls_now_and_then() -> None:
    model = EffectModel()
    for i in range(12):
        before = state({"power": 3, "pile": 5, "glare": float(i % 3 == 0)}, 30)
        after = state({"power": 2, "pile": 5 - (i % 4 == 0), "glare": 0.0}, 24)
        model.learn(f"hit {i % 2} >", "", before, after, 0)
    assert model.resources() == {"own:power"}
    again = EffectModel()
    again.load(model.to_dict())
    assert again.resources() == {"own:power"}

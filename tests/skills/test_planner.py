"""The look-ahead over a learnt outlook."""

from __future__ import annotations

from groundup.skills.planner import Option, apply, plan
from groundup.skills.situation import BAR, Group, Situation

from .test_outlook import taught

HIT = {f"at:{BAR}": -6.0, "own:power": -1.0}
POWER = frozenset({"own:power"})
GUARD = {"own:guard": 5.0, "own:power": -1.0}


def field(bar: float, threat: float, hp: float = 40.0, shield: float = 0.0) -> Situation:
    values = {BAR: bar, "above n": threat, **({"beside n": shield} if shield else {})}
    return Situation("field", {"hp": hp, "power": 1.0, "guard": 0.0}, (Group((900.0, 460.0), values),))


def first(here: Situation) -> int | None:
    options = [Option(0, HIT, 0, paid=POWER), Option(1, GUARD, paid=POWER)]
    return plan(here, options, {0: 1, 1: 1}, taught(), "hp").first


def test_what_ends_the_danger_is_done_first() -> None:
    assert first(field(bar=6, threat=15)) == 0


def test_a_blow_that_would_end_the_run_is_guarded_off() -> None:
    assert first(field(bar=40, threat=12, hp=8)) == 1


def test_without_a_threat_there_is_nothing_to_guard() -> None:
    assert first(field(bar=40, threat=0)) == 0


def test_what_cannot_be_paid_does_not_apply() -> None:
    here = field(bar=6, threat=15)
    dear = {f"at:{BAR}": -20.0, "own:power": -2.0}
    assert plan(here, [Option(0, dear, 0, paid=POWER)], {0: 1}, taught(), "hp").first is None


def test_a_number_that_nothing_is_paid_with_stops_nothing_at_zero() -> None:
    here = field(bar=6, threat=15)
    draws = {**HIT, "own:pile": -1.0}
    assert plan(here, [Option(0, draws, 0, paid=POWER)], {0: 1}, taught(), "hp").first == 0


def test_a_shield_falls_before_the_bar() -> None:
    after = apply(field(bar=10, threat=0, shield=4), HIT, 0, BAR, "beside n")
    assert after.groups[0].values == {BAR: 8.0, "above n": 0.0, "beside n": 0.0}

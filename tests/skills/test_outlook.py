"""What passes cost, found from passes made up by a rule."""

from __future__ import annotations

from random import Random

import pytest

from groundup.skills.outlook import DEATH, Outlook, utility
from groundup.skills.situation import BAR, Group, Situation


def taught(seed: int = 3) -> Outlook:
    outlook, rng = Outlook(), Random(seed)
    for _ in range(20):
        bar = 40.0
        while bar > 0:
            threat, guard = float(rng.randint(0, 20)), float(rng.choice([0, 5, 10]))
            here = Situation(
                "field",
                {"guard": guard, "gold": float(rng.randint(0, 99))},
                (Group((900.0, 460.0), {BAR: bar, "above n": threat, "below n": float(rng.randint(0, 3))}),),
                sorts={"guard": ("beside n",)},
            )
            outlook.passed(here, max(0.0, threat - guard))
            bar -= 10
        outlook.ended(died=False)
    return outlook


def test_the_hinge_of_threat_and_guard_is_found() -> None:
    outlook = taught()
    assert outlook.meaning["threat"] == "sum:above n"
    assert outlook.meaning["guard"] == "guard"
    assert outlook.at_once({"sum:above n": 12.0, "guard": 5.0}) == pytest.approx(7.0, abs=0.5)
    assert outlook.at_once({"sum:above n": 3.0, "guard": 9.0}) == pytest.approx(0.0, abs=0.3)


def test_what_stands_longer_costs_more_and_nothing_once_it_is_gone() -> None:
    outlook = taught()
    low, high = ({f"sum:{BAR}": bar, f"n:{BAR}": 1.0} for bar in (10.0, 40.0))
    assert outlook.later(high) > outlook.later(low) > 0.0
    assert outlook.later({}) == 0.0


def test_an_outlook_survives_a_copy() -> None:
    outlook, copy = taught(), Outlook()
    copy.load(outlook.to_dict())
    assert copy.meaning == outlook.meaning


def test_the_last_points_of_survival_are_worth_most() -> None:
    assert utility(10) - utility(5) > 2 * (utility(70) - utility(65))
    assert utility(0) == -DEATH


def test_a_foe_left_with_one_point_is_finished_before_a_whole_one_is_begun() -> None:
    outlook = taught()

    def later(*bars: float) -> float:
        groups = tuple(Group((600.0 + 200 * i, 460.0), {BAR: bar}) for i, bar in enumerate(bars))
        return outlook.later(Situation("field", {}, groups).totals())

    assert later(39) < later(1, 33)  # a blow of six, on either
    assert later(10, 20) == later(20, 10) > later(30)
    # What an older library kept of a pass with two foes: their sum.
    assert outlook.later({f"sum:{BAR}": 30.0, f"n:{BAR}": 2.0}) == pytest.approx(later(15, 15))


def test_a_number_that_a_foe_has_is_never_a_help() -> None:
    outlook, rng = Outlook(), Random(5)
    for visit in range(20):
        marked = visit % 2  # the easy foes happen to have a number
        for bar in (40.0, 30.0, 20.0, 10.0):
            values = {BAR: bar, "above n": float(rng.randint(4, 20)), **({"below n": 3.0} if marked else {})}
            here = Situation("field", {"guard": 0.0}, (Group((900.0, 460.0), values),))
            outlook.passed(here, values["above n"] * (0.2 if marked else 1.0))
        outlook.ended(died=False)

    def later(**more: float) -> float:
        group = Group((900.0, 460.0), {BAR: 20.0, **more})
        return outlook.later(Situation("field", {}, (group,)).totals())

    assert later(**{"below n": 3.0}) >= later() > 0.0

"""Responsiveness backs off from kinds to looks."""

from __future__ import annotations

from groundup.skills.responsiveness import Responsiveness


def test_a_new_kind_of_a_look_that_works_is_expected_to_work() -> None:
    model = Responsiveness()
    for i in range(6):
        model.learn((f"kind {i}", "look lit"), True)
        model.learn((f"kind {i}", "look dim"), False)
    assert model.predict(("new", "look lit")) > 0.6 > 0.3 > model.predict(("new", "look dim"))


def test_evidence_of_the_kind_itself_outweighs_its_look() -> None:
    model = Responsiveness()
    for i in range(6):
        model.learn((f"kind {i}", "look lit"), True)
    for _ in range(6):
        model.learn(("dead", "look lit"), False)
    assert model.predict(("dead", "look lit")) < 0.4
    copy = Responsiveness()
    copy.load(model.to_dict())
    assert abs(copy.predict(("dead", "look lit")) - model.predict(("dead", "look lit"))) < 1e-3


def test_a_case_of_many_names_does_not_decide_by_their_number() -> None:
    many = tuple(f"word {i}" for i in range(40))
    model = Responsiveness()
    model.learn(many, True)
    assert 0.5 < model.predict(many) < 0.97
    for _ in range(9):
        model.learn(many, True)
    for _ in range(2):
        model.learn(many, False)
    assert 0.1 < model.predict(many) < 0.5

"""Budgets, memory, the breaker, prices: what a run asks and what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from groundup.agent.reason import prompts
from groundup.agent.reason.breaker import FAILURES, FIRST, Breaker
from groundup.agent.reason.costs import Budget, Prices
from groundup.agent.reason.errors import Invalid, NoAnswer, Refused, TooLarge, Unavailable
from groundup.agent.reason.mind import Mind
from groundup.agent.reason.pictures import full_png, plain, sheet
from groundup.agent.reason.profiles import Profile
from groundup.agent.reason.reasoner import Answer, Question, R
from groundup.agent.reason.scripted import ScriptedReasoner
from groundup.agent.reason.usage import Usage
from groundup.envs.errors import UsageError


class Failing(ScriptedReasoner):
    """Fails as often as it is told, then answers."""

    def __init__(self, *errors: NoAnswer) -> None:
        super().__init__()
        self.errors = list(errors)

    def ask(self, question: Question[R]) -> Answer[R]:
        if self.errors:
            raise self.errors.pop(0)
        return super().ask(question)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def question(number: int) -> Question[Any]:
    return prompts.pick(plain((number, 0, 0)), ["a", f"b {number}"], "", "")


class Heard:
    """A mind with what it wrote and said."""

    def __init__(self, reasoner: ScriptedReasoner, **options: Any) -> None:
        self.written: list[dict[str, Any]] = []
        self.said: list[str] = []
        self.mind = Mind(
            reasoner,
            options.pop("prices", Prices("scripted", free=True)),
            write=self.written.append,
            say=self.said.append,
            **options,
        )


def test_the_same_question_is_asked_once() -> None:
    reasoner = ScriptedReasoner()
    heard = Heard(reasoner)
    replies = [heard.mind.ask(question(n)) for n in (1, 1, 2, 1)]
    assert all(replies)
    assert reasoner.asked["pick"] == 2
    assert heard.mind.remembered["pick"] == 2
    assert [row["question"] for row in heard.written] == ["pick", "pick"]


def test_a_budget_of_calls_ends_asking_and_is_said_once() -> None:
    heard = Heard(ScriptedReasoner(), budget=Budget(calls=3), before=(1, 0.0))
    replies = [heard.mind.ask(question(n)) for n in range(5)]
    assert [reply is not None for reply in replies] == [True, True, False, False, False]
    assert not heard.mind.willing
    assert heard.said == ["The model is asked no more: --max-calls 3 is reached; the run goes on with rules."]


def test_that_a_budget_is_spent_is_said_when_it_is() -> None:
    words = "The model is asked no more: --max-calls 1 is reached; the run goes on with rules."
    heard = Heard(ScriptedReasoner(), budget=Budget(calls=1))
    assert heard.mind.ask(question(1)) is not None
    assert heard.said == [words]
    assert Heard(ScriptedReasoner(), budget=Budget(calls=1), before=(1, 0.0)).said == [words]


def test_a_budget_of_money_is_held_by_the_list_of_prices() -> None:
    class Dear(ScriptedReasoner):
        def ask(self, question: Question[R]) -> Answer[R]:
            return Answer(super().ask(question).reply, Usage(1, 1_000_000, 0))

    price = Prices("gpt-4o", "https://api.openai.com/v1").of(Usage(1, 1_000_000, 0))
    assert price is not None
    assert price > 0
    heard = Heard(
        Dear(), prices=Prices("gpt-4o", "https://api.openai.com/v1"), budget=Budget(cost=1.5 * price)
    )
    assert [heard.mind.ask(question(n)) is not None for n in range(4)] == [True, True, False, False]
    assert heard.written[0]["cost_usd"] == pytest.approx(price)


def test_unknown_prices_are_unknown_and_cannot_be_limited() -> None:
    prices = Prices("my-model", "http://127.0.0.1:8000/v1")
    assert prices.of(Usage(1, 1000, 1000)) is None
    with pytest.raises(UsageError, match="use --max-calls"):
        Budget(cost=1.0).check(prices)
    heard = Heard(ScriptedReasoner(), prices=prices)
    heard.mind.ask(question(1))
    assert heard.written[0]["cost_usd"] is None


def test_who_does_not_answer_is_left_alone_and_asked_again_later() -> None:
    clock = Clock()
    gone = [Unavailable("Nothing answers at X: start the server.", Usage(1)) for _ in range(FAILURES + 1)]
    heard = Heard(Failing(*gone), breaker=Breaker(clock))
    asked = [heard.mind.ask(question(n)) for n in range(10)]
    assert not any(asked)
    assert len(heard.written) == FAILURES
    assert len(heard.said) == 1
    assert "goes on with rules" in heard.said[0]
    clock.now += FIRST
    assert heard.mind.ask(question(20)) is None  # one trial, which fails: twice as long now
    clock.now += FIRST
    assert not heard.mind.willing
    clock.now += FIRST
    assert heard.mind.ask(question(21)) is not None
    assert heard.said[-1] == "The model answers again."


def test_nothing_is_asked_any_more_when_the_run_is_to_stop() -> None:
    heard = Heard(ScriptedReasoner())
    assert heard.mind.ask(question(1)) is not None
    heard.mind.reasoner.stop = lambda: True
    assert heard.mind.ask(question(2)) is None
    assert len(heard.written) == 1
    assert not heard.said


def test_a_refusal_ends_asking_for_good() -> None:
    heard = Heard(Failing(Refused("X refuses the key: set GROUNDUP_API_KEY.")))
    assert [heard.mind.ask(question(n)) for n in range(3)] == [None] * 3
    assert len(heard.written) == 1
    assert heard.said == ["X refuses the key: set GROUNDUP_API_KEY. The run goes on with rules."]


def test_pictures_become_smaller_when_they_were_too_large() -> None:
    heard = Heard(Failing(TooLarge("m takes no pictures as large as those sent.")))
    side = heard.mind.side
    assert heard.mind.ask(question(1)) is None
    assert heard.mind.side == side // 2
    assert heard.mind.ask(question(1)) is not None
    assert f"at most {side // 2} pixels" in heard.said[0]


def test_no_picture_is_larger_than_the_profile_has_it_but_what_is_sent_whole() -> None:
    shown: list[int] = []

    class Seeing(ScriptedReasoner):
        def ask(self, question: Question[R]) -> Answer[R]:
            shown.extend(picture.width for picture in question.pictures)
            return super().ask(question)

    heard = Heard(Seeing(profile=Profile(side=128)))
    heard.mind.ask(prompts.pick(sheet([np.zeros((128, 128, 3), np.uint8)] * 6), ["a"] * 6, "", ""))
    heard.mind.ask(prompts.pick(full_png(np.zeros((200, 300, 3), np.uint8)), ["a", "b"], "", ""))
    assert shown == [128, 300]


def test_replies_of_no_use_open_the_breaker_too() -> None:
    heard = Heard(
        Failing(*(Invalid("m did not reply in the form asked for.", Usage(4, 400)) for _ in range(9)))
    )
    for n in range(9):
        heard.mind.ask(question(n))
    assert len(heard.written) == FAILURES
    assert [row["outcome"] for row in heard.written] == ["invalid"] * FAILURES
    assert sum(row["calls"] for row in heard.written) == 4 * FAILURES

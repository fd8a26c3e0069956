"""Asks a reasoner within a budget: remembers answers by content, leaves alone what does not answer.

Never raises for want of an answer: play goes on with rules. Every request is written down with what it
took, and what a person should know is said once, when it begins.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from time import perf_counter
from typing import Any, Protocol, cast

from groundup.agent.reason.breaker import Breaker
from groundup.agent.reason.costs import Budget, Price, Prices, both
from groundup.agent.reason.errors import Cancelled, Invalid, NoAnswer, Refused, Spent, TooLarge
from groundup.agent.reason.pictures import PNG, within
from groundup.agent.reason.prompts import VERSION
from groundup.agent.reason.reasoner import Question, R, Reasoner
from groundup.agent.reason.replies import Reply
from groundup.agent.reason.usage import NOTHING, Usage

REMEMBERED = 512
"""Answers kept by content, the newest."""

SMALLEST = 256
"""Pixels of a picture's longer side below which it is not made smaller for a model."""

Write = Callable[[dict[str, Any]], None]
"""Writes what one question took into the run's log."""

Say = Callable[[str], None]
"""Tells a person one sentence."""


class Asks(Protocol):
    """What asks questions of a model, for those that put them."""

    @property
    def side(self) -> int:
        """Pixels of the longer side of a screenshot to show."""
        ...

    @property
    def willing(self) -> bool:
        """Whether asking is of any use now: within the budget, and with a model that answers."""
        ...

    def ask(self, question: Question[R]) -> R | None:
        """The reply, or None."""
        ...


class Mind:
    """One run's questions to one reasoner; see the module."""

    def __init__(
        self,
        reasoner: Reasoner,
        prices: Prices,
        *,
        budget: Budget | None = None,
        write: Write = lambda _: None,
        say: Say = lambda _: None,
        breaker: Breaker | None = None,
        before: tuple[int, Price] = (0, 0.0),
        remember: int = REMEMBERED,
    ) -> None:
        """`remember`: answers kept by content; `before`: calls and dollars spent earlier in the run."""
        self.reasoner = reasoner
        self.remembered: Counter[str] = Counter()
        """Questions answered from memory, by kind."""
        self._prices = prices
        self._budget = budget or Budget()
        self._write = write
        self._say = say
        self._breaker = breaker or Breaker()
        self._answers: OrderedDict[str, Reply] = OrderedDict()
        self._calls, self._cost = before
        self._told: set[str] = set()
        self._side = reasoner.profile.side
        self._remember = remember
        self._say_what_is_spent()

    @property
    def side(self) -> int:
        """Pixels of the longer side of a screenshot to show: the profile's, less once one was too large."""
        return self._side

    @property
    def willing(self) -> bool:
        """Whether a question would be asked now."""
        return not self._breaker.open and self._may(NOTHING)

    def ask(self, question: Question[R]) -> R | None:
        """The reply, from memory if this was asked before; None when there is none."""
        key = self._key(question)
        if key in self._answers:
            self._answers.move_to_end(key)
            self.remembered[question.kind] += 1
            return cast("R", self._answers[key])
        if self._breaker.open or self.reasoner.stop():
            return None
        if not self._may(NOTHING):
            return None
        begin = perf_counter()
        try:
            answer = self.reasoner.ask(replace(self._fitting(question), may=self._may))
        except NoAnswer as error:
            self.note(question.kind, error.usage, outcome(error), perf_counter() - begin)
            self._failed(error)
            return None
        self.note(question.kind, answer.usage, "ok", perf_counter() - begin)
        if self._breaker.succeeded():
            self._tell("The model answers again.")
        self._answers[key] = answer.reply
        while len(self._answers) > self._remember:
            self._answers.popitem(last=False)
        return answer.reply

    def note(self, kind: str, usage: Usage, came: str, seconds: float) -> None:
        """Write down what a question took."""
        cost: Price = self._prices.of(usage)
        self._calls += usage.requests
        self._cost = both(self._cost, cost)
        self._write(
            {
                "question": kind,
                "model": self.reasoner.model,
                "outcome": came,
                "calls": usage.requests,
                "tokens": usage.tokens_in + usage.tokens_out,
                "tokens_in": usage.tokens_in,
                "tokens_out": usage.tokens_out,
                "pictures": usage.pictures,
                "image_tokens": usage.image_tokens,
                "cost_usd": cost,
                "ms": round(1000 * seconds, 1),
            }
        )
        self._say_what_is_spent()

    def _limit(self, more: Usage) -> str | None:
        return self._budget.spent(self._calls + more.requests, both(self._cost, self._prices.of(more)))

    def _may(self, more: Usage) -> bool:
        """Whether the budget lets a question that took `more` send another request."""
        return self._limit(more) is None

    def _say_what_is_spent(self) -> None:
        if limit := self._limit(NOTHING):
            self._tell(f"The model is asked no more: {limit}; the run goes on with rules.", once=True)

    def _fitting(self, question: Question[R]) -> Question[R]:
        """The question with no picture, sheets of crops included, larger than the profile has or was taken.

        What is sent whole on purpose (PNG: the paper's schedule) is so until it is refused.
        """
        whole = self._side == self.reasoner.profile.side
        pictures = (
            one if whole and one.media == PNG else within(one, self._side) for one in question.pictures
        )
        return replace(question, pictures=tuple(pictures))

    def _failed(self, error: NoAnswer) -> None:
        match error:
            case Cancelled() | Spent():
                return
            case Refused():
                self._breaker.shut()
                self._tell(f"{error} The run goes on with rules.", once=True)
                return
            case TooLarge() if self._side > SMALLEST:
                self._side = max(SMALLEST, self._side // 2)
                self._tell(f"{error} From now on at most {self._side} pixels are shown.")
                return
        pause = self._breaker.failed()
        if pause is not None:
            self._tell(f"{error} The run goes on with rules; the model is asked again in {pause:g} s.")

    def _tell(self, sentence: str, *, once: bool = False) -> None:
        if once and sentence in self._told:
            return
        self._told.add(sentence)
        self._say(sentence)

    def _key(self, question: Question[Any]) -> str:
        parts: list[str] = [
            str(VERSION),
            question.kind,
            question.system,
            question.text,
            str(question.options),
        ]
        return sha256("\0".join([*parts, *(p.sha for p in question.pictures)]).encode()).hexdigest()


def outcome(error: NoAnswer) -> str:
    """What the log calls a question without an answer."""
    names: Mapping[type[NoAnswer], str] = {
        Invalid: "invalid",
        Cancelled: "cancelled",
        Refused: "refused",
        Spent: "spent",
    }
    return names.get(type(error), "failed")

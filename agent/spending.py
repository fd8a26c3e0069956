"""What asking a model has taken, counted from the run's log; 0 without a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

EVENT = "model"
"""Kind of the event that says what one question took (written by `agent/reason/mind.py`)."""


@dataclass(slots=True)
class Spent:
    """Calls, tokens and money of one kind of question; `cost_usd` None when a price is not known."""

    calls: int = 0
    answered: int = 0
    asked: int = 0
    tokens: int = 0
    image_tokens: int = 0
    cost_usd: float | None = 0.0

    def add(self, data: Mapping[str, Any]) -> None:
        """Add what one question took."""
        self.asked += 1
        self.answered += data.get("outcome") == "ok"
        self.calls += int(data.get("calls", 0))
        self.tokens += int(data.get("tokens", 0))
        self.image_tokens += int(data.get("image_tokens", 0))
        cost = data.get("cost_usd")
        self.cost_usd = None if cost is None or self.cost_usd is None else self.cost_usd + float(cost)


@dataclass(slots=True)
class Spending:
    """All of it, and by kind of question."""

    total: Spent = field(default_factory=Spent)
    by_question: dict[str, Spent] = field(default_factory=dict)

    def take(self, data: Mapping[str, Any]) -> None:
        """Count one event."""
        self.total.add(data)
        self.by_question.setdefault(str(data.get("question", "?")), Spent()).add(data)

    def report(self) -> dict[str, Any]:
        """As `play --json` gives it."""
        cost = self.total.cost_usd
        return {
            "model_calls": self.total.calls,
            "tokens": self.total.tokens,
            "cost_usd": None if cost is None else round(cost, 6),
        }

    def questions(self) -> dict[str, dict[str, Any]]:
        """By kind of question, the dearest first."""
        rows = sorted(self.by_question.items(), key=lambda row: -row[1].tokens)
        return {
            name: {
                "calls": one.calls,
                "answered": one.answered,
                "asked": one.asked,
                "tokens": one.tokens,
                "image_tokens": one.image_tokens,
                "cost_usd": one.cost_usd if one.cost_usd is None else round(one.cost_usd, 6),
            }
            for name, one in rows
        }


def as_lines(report: Mapping[str, Any]) -> list[str]:
    """The part of the summary on the model: one line, and one for each question asked."""
    lines = [
        f"  model calls {report['model_calls']}, tokens {report['tokens']}, cost {money(report['cost_usd'])}"
    ]
    model = report.get("model")
    if model:
        lines[0] += f" ({model['name']})"
        lines += [
            f"    {name:10} {row['answered']} of {row['asked']} answered, {row['tokens']} tokens, "
            f"{money(row['cost_usd'])}"
            for name, row in model["by_question"].items()
        ]
    return lines


def money(cost: float | None) -> str:
    """Dollars; "unknown" where a price is not known."""
    return "unknown" if cost is None else f"${cost:.2f}"

"""What a learner weighed in a decision, for those who watch: read from what it knows, after it decided."""

from __future__ import annotations

from typing import Any

from groundup.perception.observation import Observation
from groundup.skills.learner import Decision, Learner

SHOWN = 8
"""Candidates shown at the most."""


def candidates(learner: Learner, obs: Observation, move: Decision) -> list[dict[str, Any]]:
    """The chosen kind of thing and those likeliest to lead on, at most `SHOWN`, the chosen one first.

    Each with its value (discounted progress), visits (choices of it in this scene), probability that the
    screen answers, and how many of it stand there.
    """
    rows: dict[str, dict[str, Any]] = {}
    for chance, thing in learner.grammar.usable(obs):
        row = rows.get(thing.kind)
        if row is not None:
            row["count"] += 1
            row["p"] = max(row["p"], round(chance, 3))
            continue
        rows[thing.kind] = {
            "kind": thing.kind,
            "value": round(learner.choices.value(obs.scene, thing.kind), 3),
            "visits": round(learner.choices.tries(obs.scene, thing.kind)),
            "p": round(chance, 3),
            "count": 1,
        }
    ranked = sorted(
        rows.values(), key=lambda row: (row["kind"] != move.first.kind, -row["p"] * (0.1 + row["value"]))
    )
    return ranked[:SHOWN]

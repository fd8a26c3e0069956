"""What to do where the game answers: the skills that apply now, searched up to the next pass."""

from __future__ import annotations

import math

from groundup.perception.observation import Observation, Thing

from .effects import Change, EffectModel
from .grammar import LIKELY, Grammar
from .moves import Decision
from .outlook import Outlook
from .planner import Option, plan
from .situation import Situation

CURIOSITY = 4.0
"""Worth, in survival points, of the first use of an unknown skill; falls with the number of uses."""

AIMS = 6
"""Places that a second step is considered on: groups on one screen are seldom more."""

STAYS = 3
"""Uses of a thing before it may be a pass."""

FELL, FALLS = 2, 0.05
"""Uses, and share of all uses, that must have cost survival before a thing is a pass: one may be a misread
number, and to a learner that guards well few cost anything."""


class Tactics:
    """Finds the passes, lists the options, asks the planner."""

    def __init__(self, grammar: Grammar, effects: EffectModel, outlook: Outlook) -> None:
        self._grammar = grammar
        self._effects = effects
        self._outlook = outlook
        self._stays: dict[str, list[float]] = {}

    def learn_stay(self, kind: str, stayed: bool) -> None:
        """A thing of `kind` was used alone and stood there afterwards, or did not."""
        stays = self._stays.setdefault(kind, [0.0, 0.0])
        stays[0] += 1.0
        stays[1] += float(stayed)

    def is_pass(self, kind: str, survival: str) -> bool:
        """Whether using `kind` makes the game answer: it stays when used, and using it costs survival."""
        uses, stayed = self._stays.get(kind, (0.0, 0.0))
        if uses < STAYS or stayed < 0.7 * uses:
            return False
        # Whoever guards well loses little by it: what counts is that it ever cost something.
        fell = self._effects.falls(kind, f"own:{survival}")
        return fell >= max(FELL, FALLS * self._effects.uses(kind))

    def passing(self, obs: Observation, survival: str) -> Thing | None:
        """The thing on screen that makes the game answer."""
        for thing in obs.things:
            if self.is_pass(thing.kind, survival) and self._grammar.responsive(obs, thing) >= LIKELY:
                return thing
        return None

    def decide(
        self, obs: Observation, here: Situation, passing: Thing, survival: str, *, curious: bool, drags: bool
    ) -> Decision | None:
        """The first move of the best sequence of skills before the pass; None when no skill is known here."""
        options, moves, stocks = self._options(obs, here, curious=curious, drags=drags)
        if not options:
            return None
        best = plan(here, options, stocks, self._outlook, survival)
        return moves[best.first] if best.first is not None else Decision("pass", passing, why="plan")

    def _options(
        self, obs: Observation, here: Situation, *, curious: bool, drags: bool
    ) -> tuple[list[Option], list[Decision], dict[int, int]]:
        """All skills that apply here, with the moves that carry them out and how many copies there are of
        each."""
        options: list[Option] = []
        moves: list[Decision] = []
        stocks: dict[int, int] = {}
        kinds: dict[tuple[str, str], int] = {}
        paid = self._effects.resources()
        for chance, thing in self._grammar.usable(obs):
            unknown = curious and self._grammar.open(obs.scene, thing)
            if chance < LIKELY or self._grammar.given_up(thing):
                continue
            if not (unknown or self._grammar.first_elsewhere(obs.scene, thing) >= LIKELY):
                continue
            key = (thing.kind, thing.text)
            if key in kinds:
                stocks[kinds[key]] += 1
                continue
            stock = kinds[key] = len(kinds)
            stocks[stock] = 1
            skill = f"{thing.kind} >"
            change = self._effects.expect(skill, thing.text)
            bonus = CURIOSITY / math.sqrt(1.0 + self._effects.uses(skill)) if curious else 0.0
            for second, group in self._targets(obs, here, thing, change):
                options.append(Option(stock, change, group, bonus, paid))
                drag = drags and self._grammar.drags(thing)
                moves.append(Decision("use", thing, second, drag=drag, why="plan"))
        return options, moves, stocks

    def _targets(
        self, obs: Observation, here: Situation, first: Thing, change: Change
    ) -> list[tuple[Thing, int | None]]:
        """Where the second step of `first` may go: the likeliest thing, for an aimed skill one for each
        group."""
        aimed = any(c.startswith("at:") for c in change)
        out: list[tuple[Thing, int | None]] = []
        groups: set[int | None] = set()
        for chance, thing in self._grammar.rank_seconds(obs, here, first)[: 3 * AIMS]:
            if out and (chance < LIKELY or not aimed or len(out) >= AIMS):
                break
            group = here.addressed(thing.box.center)
            if aimed and group is None and here.groups:
                continue
            if group not in groups:
                groups.add(group)
                out.append((thing, group))
        return out

    def to_dict(self) -> dict[str, list[float]]:
        """A JSON-friendly copy."""
        return {kind: list(stays) for kind, stays in self._stays.items()}

    def load(self, data: dict[str, list[float]]) -> None:
        """Replace everything by what `to_dict` gave."""
        self._stays = {kind: [float(v) for v in stays] for kind, stays in data.items()}

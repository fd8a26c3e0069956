"""The learner: what to do in an observation, and what to keep of what came of it.

It sees observations and nothing else, and decides among three kinds of move: *use* a skill that is
known to work, *probe* a thing not yet understood, *pass* (let the game answer). All that it knows is
in five parts that can be saved and merged: what responds, what changes what (`EffectModel`), what
situations cost (`Outlook`), which choices led far (`Choices`), and which numbers count
(`CounterFinder`).
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from groundup.perception.counters import CounterFinder
from groundup.perception.observation import Observation, Thing

from .choices import Choices
from .effects import EffectModel
from .outlook import Outlook
from .planner import Option, apply, plan
from .responsiveness import Responsiveness
from .situation import Situation, situation

LIKELY = 0.5
"""A thing counts as usable when it responds with at least this probability."""

TRIES = 3
"""Second steps tried before a first step is given up: a wrong one mostly cancels it anyway."""

DEAD_KEPT = 20_000
"""Exact (state, thing) pairs remembered as dead; the oldest are forgotten first."""

CURIOSITY = 4.0
"""Worth, in survival points, of the first use of an unknown skill; falls with the number of uses."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A move: act on `first`, then (for a skill of two steps) on `second`; `drag` does both as one drag."""

    kind: Literal["use", "probe", "pass"]
    first: Thing
    second: Thing | None = None
    drag: bool = False
    why: str = ""

    @property
    def skill(self) -> str:
        """The name under which its effects are kept."""
        return f"{self.first.kind} >" if self.second is not None else self.first.kind


@dataclass(slots=True)
class _Held:
    """A first step that has been taken: on what, from which observation, and what was tried since."""

    thing: Thing
    before: Observation
    tried: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one move taught: the skill it was a use of (if any), its reward, whether the screen responded."""

    skill: str | None
    reward: float
    responsive: tuple[bool, ...]
    change: dict[str, float]
    ended: bool


class Learner:
    """Decides and learns; `learning=False` freezes everything it knows."""

    def __init__(self, seed: int = 0, *, learning: bool = True, drags: bool = False) -> None:
        """`drags`: the game takes drags, so a skill of two clicks may be done as one drag."""
        self._rng = Random(seed)
        self.learning = learning
        self._drags = drags
        self.responds = Responsiveness()
        self.seconds = Responsiveness(prior=0.15)
        self.prepares = Responsiveness(prior=0.3)
        self.dragged = Responsiveness(prior=0.5)
        self.effects = EffectModel()
        self.outlook = Outlook()
        self.choices = Choices()
        self.counters = CounterFinder()
        self._stays: dict[str, list[float]] = {}
        self._dead: OrderedDict[tuple[str, str, int, int], None] = OrderedDict()
        self._held: _Held | None = None
        self._visit = 0
        self._passed_in = 0
        self._samples: deque[Situation] = deque(maxlen=60)
        self._log: deque[tuple[Situation, str, Situation, int]] = deque(maxlen=400)
        self._failed: set[tuple[str, str, tuple[int, int]]] = set()
        self._seen_here: dict[tuple[str, str], int] = {}
        self._survival: str | None = None
        self._last: tuple[str, str, int] | None = None

    # -- deciding -----------------------------------------------------------------------------

    def decide(self, obs: Observation) -> Decision:
        """The next move in `obs`; raises ValueError when there is nothing on screen to act on."""
        if not obs.things:
            raise ValueError("nothing on screen to act on")
        if self._held is not None:
            return self._second_step(self._held, obs)
        if self._survival is not None and self.outlook.ready and self._passes(obs):
            return self._plan(obs)
        return self._choose(obs)

    def _usable(self, obs: Observation) -> list[tuple[float, Thing]]:
        """Things with the probability that they respond; those known to be dead in this exact state are left out."""
        out = []
        for thing in obs.things:
            if _spot(obs.state, thing) not in self._dead:
                out.append((self.responds.predict(_names(obs.scene, thing)), thing))
        return out or [(0.01, t) for t in obs.things]

    def _second_step(self, held: _Held, obs: Observation) -> Decision:
        ranked: list[tuple[float, Thing]] = []
        for thing in obs.things:
            if thing.box.center in held.tried:
                continue
            chance = self.seconds.predict(_pair_names(obs.scene, held.thing, thing))
            ranked.append((chance + (self._rng.random() * 0.15 if self.learning else 0.0), thing))
        if not ranked:
            ranked = [(0.0, held.thing)]
        best = max(ranked, key=lambda pair: pair[0])[1]
        return Decision("probe", held.thing, best, why="second step")

    def _passes(self, obs: Observation) -> Thing | None:
        """The thing here that makes the game answer: it stays when used, and using it costs survival."""
        best, cost = None, -0.5
        for thing in obs.things:
            stays = self._stays.get(thing.kind)
            if not stays or stays[0] < 3 or stays[1] < 0.7 * stays[0]:
                continue
            change = self.effects.expect(thing.kind, "").get(f"own:{self._survival}", 0.0)
            if change < cost and self.responds.predict(_names(obs.scene, thing)) >= LIKELY:
                best, cost = thing, change
        return best

    def _options(
        self, obs: Observation, here: Situation
    ) -> tuple[list[Option], list[Decision], dict[int, int]]:
        """All skills that apply here, with the moves that carry them out and how many copies there are of each."""
        options: list[Option] = []
        moves: list[Decision] = []
        stocks: dict[int, int] = {}
        kinds: dict[tuple[str, str, str], int] = {}
        for chance, thing in self._usable(obs):
            prepared = self.prepares.predict(_prepare_names(thing))
            if chance < LIKELY or prepared < LIKELY:
                continue
            key = (thing.kind, thing.look, thing.text)
            if key in kinds:
                stocks[kinds[key]] += 1
                continue
            stock = kinds[key] = len(kinds)
            stocks[stock] = 1
            skill = f"{thing.kind} >"
            change = self.effects.expect(skill, thing.text)
            bonus = CURIOSITY / (1.0 + self.effects.uses(skill)) if self.learning else 0.0
            for second, group in self._targets(obs, here, thing, any(c.startswith("at:") for c in change)):
                options.append(Option(stock, change, group, bonus))
                moves.append(Decision("use", thing, second, drag=self._drag(thing), why="plan"))
        return options, moves, stocks

    def _targets(
        self, obs: Observation, here: Situation, first: Thing, aimed: bool
    ) -> list[tuple[Thing, int | None]]:
        """Where the second step of `first` may go: the likeliest thing, for an aimed skill one for each group."""
        ranked = sorted(
            (
                (self.seconds.predict(_pair_names(obs.scene, first, t)), t)
                for t in obs.things
                if t is not first
            ),
            key=lambda pair: -pair[0],
        )
        out: list[tuple[Thing, int | None]] = []
        groups: set[int | None] = set()
        for chance, thing in ranked:
            if out and (chance < LIKELY or not aimed):
                break
            group = here.addressed(thing.box.center)
            if (aimed and group is None and here.groups) or (
                obs.state,
                first.kind,
                thing.box.center,
            ) in self._failed:
                continue
            if group not in groups:
                groups.add(group)
                out.append((thing, group))
        return out

    def _drag(self, first: Thing) -> bool:
        return self._drags and self.dragged.predict(_drag_names(first)) >= LIKELY

    def _plan(self, obs: Observation) -> Decision:
        assert self._survival is not None
        here = situation(obs)
        if self.learning:
            probe = self._curious(obs)
            if probe is not None:
                return probe
        options, moves, stocks = self._options(obs, here)
        best = plan(here, options, stocks, self.outlook, self._survival)
        if best.first is not None:
            return moves[best.first]
        through = self._passes(obs)
        assert through is not None
        return Decision("pass", through, why="plan")

    def _curious(self, obs: Observation) -> Decision | None:
        """Now and then, and ever more seldom, a thing whose kind has hardly been tried here."""
        visits = self.choices.visits(obs.scene)
        if self._rng.random() > max(0.02, 12.0 / (12.0 + visits)):
            return None
        fresh = [
            (chance, thing)
            for chance, thing in self._usable(obs)
            if self.choices.tries(obs.scene, thing.kind) < 1 and chance > 0.2
        ]
        if not fresh:
            return None
        return Decision(
            "probe", max(fresh, key=lambda pair: pair[0] + 0.3 * self._rng.random())[1], why="curious"
        )

    def _choose(self, obs: Observation) -> Decision:
        """Among all things that may respond, by what such choices led to, what they are worth, and how new they are."""
        usable = self._usable(obs)
        sure = [pair for pair in usable if pair[0] >= (LIKELY if self.learning else 0.8)]
        if not self.learning:
            usable = sure or [max(usable, key=lambda pair: pair[0])]
        worths = self._worths(obs)
        scored: list[tuple[float, Thing]] = []
        for chance, thing in usable:
            score = self.choices.value(obs.scene, thing.kind) + worths.get(id(thing), 0.0)
            score -= 0.7 * self._seen_here.get((obs.state, thing.kind), 0)
            if self.learning:
                tries = self.choices.tries(obs.scene, thing.kind)
                score = chance * (score + 0.6 / math.sqrt(1.0 + tries)) + 0.1 * self._rng.random()
            scored.append((score, thing))
        thing = max(scored, key=lambda pair: pair[0])[1]
        tried = self.choices.tries(obs.scene, thing.kind) > 0
        return Decision("use" if tried else "probe", thing, why="choice")

    def _worths(self, obs: Observation) -> dict[int, float]:
        """What things that look like the first step of a known kind of skill are worth, relative to one another."""
        if not (self._survival and self.outlook.ready and self._samples) or self._passes(obs):
            return {}
        raw: dict[int, float] = {}
        for thing in obs.things:
            change = self.effects.expect(f"{thing.kind} >", thing.text)
            if any(c.startswith(("at:", "by:")) or d > 0 for c, d in change.items()):
                raw[id(thing)] = self._worth(change)
        if not raw:
            return {}
        usual = self._usual_worth
        return {key: max(-1.0, min(1.0, 0.25 * (worth - usual))) for key, worth in raw.items()}

    @property
    def _usual_worth(self) -> float:
        return self._worth_sum / self._worth_n if (self._worth_n) else 0.0

    _worth_sum = 0.0
    _worth_n = 0

    def _worth(self, change: dict[str, float]) -> float:
        """The mean gain of a change over situations met at the start of a turn, by what it uses up."""
        assert self._survival is not None
        spent = max(
            (-d for c, d in change.items() if c.startswith("own:") and d < 0 and c[4:] != self._survival),
            default=0.0,
        )
        total = 0.0
        for sample in self._samples:
            target = 0 if sample.groups else None
            after = apply(sample, change, target, self.outlook.foe)
            total += self._cost(sample) - self._cost(after)
            total += after.own.get(self._survival, 0.0) - sample.own.get(self._survival, 0.0)
        return total / len(self._samples) / max(0.5, spent)

    def _cost(self, here: Situation) -> float:
        totals = here.totals()
        return self.outlook.at_once(totals) + self.outlook.later(totals)

    # -- learning -----------------------------------------------------------------------------

    def learn(
        self, before: Observation, move: Decision, responses: tuple[bool, ...], after: Observation
    ) -> Lesson:
        """Take in what came of `move`: `responses` says for each action whether the screen responded."""
        held, self._held = self._held, None
        start = held.before if held is not None else before
        was, now = situation(start), situation(after)
        ended = self.counters.read(after.scene, {p: v for p, v in after.values.items() if p in after.fixed})
        happened = bool(responses) and responses[-1] and self._differs(start, was, after, now, move.first)
        self._seen_here[start.state, move.first.kind] = (
            self._seen_here.get((start.state, move.first.kind), 0) + 1
        )
        if len(self._seen_here) > 500:
            self._seen_here.clear()
        used: str | None = None
        if move.second is None:
            used = self._learn_first(before, move, responses, after, was, now, happened)
        else:
            used = self._learn_second(start, before, move, responses, after, happened, held)
        change: dict[str, float] = {}
        reward = 0.0
        if used is not None:
            change, reward = self._learn_use(used, move, start, was, after, now)
        if ended:
            self._run_ended()
        return Lesson(used, reward, responses, change, ended)

    def _differs(
        self, start: Observation, was: Situation, after: Observation, now: Situation, first: Thing
    ) -> bool:
        """Whether something was achieved: another scene, another number, or the thing acted on is gone."""
        if start.scene != after.scene or was.own != now.own:
            return True
        if [g.values for g in was.groups] != [g.values for g in now.groups]:
            return True
        return sum(t.kind == first.kind for t in after.things) < sum(
            t.kind == first.kind for t in start.things
        )

    def _learn_first(
        self,
        before: Observation,
        move: Decision,
        responses: tuple[bool, ...],
        after: Observation,
        was: Situation,
        now: Situation,
        happened: bool,
    ) -> str | None:
        thing = move.first
        responded = responses[0] if responses else False
        if self.learning:
            self.responds.learn(_names(before.scene, thing), responded)
        if not responded:
            self._remember_dead(before.state, thing)
            self.choices.tried(before.scene, thing.kind)
            return None
        if self.learning:
            self.prepares.learn(_prepare_names(thing), not happened)
        if not happened:
            self._held = _Held(thing, before)
            return None
        return move.skill

    def _learn_second(
        self,
        start: Observation,
        before: Observation,
        move: Decision,
        responses: tuple[bool, ...],
        after: Observation,
        happened: bool,
        held: _Held | None,
    ) -> str | None:
        assert move.second is not None
        names = _pair_names(before.scene, move.first, move.second)
        if held is None and not move.drag and self.learning:
            self.responds.learn(_names(before.scene, move.first), responses[0])
            if not responses[0]:
                self._remember_dead(before.state, move.first)
                return None
        if self.learning:
            if move.drag:
                self.dragged.learn(_drag_names(move.first), happened)
            if not move.drag or happened:
                self.seconds.learn(names, happened)
        if not happened:
            self._failed.add((start.state, move.first.kind, move.second.box.center))
            if len(self._failed) > 2000:
                self._failed.clear()
        if happened:
            if held is not None and self.learning:
                self.prepares.learn(_prepare_names(move.first), True)
            return f"{move.first.kind} >"
        if move.drag and not responses[-1]:
            self._remember_dead(before.state, move.first)
            return None
        tried = [*(held.tried if held is not None else []), move.second.box.center]
        if not responses[-1] and len(tried) < TRIES:
            self._held = _Held(move.first, start, tried)
        elif (
            responses[-1]
            and self.prepares.predict(_prepare_names(move.second)) >= LIKELY
            and move.second.kind != move.first.kind
        ):
            self._held = _Held(move.second, start)
        return None

    def _learn_use(
        self,
        used: str,
        move: Decision,
        start: Observation,
        was: Situation,
        after: Observation,
        now: Situation,
    ) -> tuple[dict[str, float], float]:
        point = move.second.box.center if move.second is not None else move.first.box.center
        if self.learning:
            change = self.effects.learn(used, move.first.text, was, now, was.addressed(point))
            stays = self._stays.setdefault(move.first.kind, [0.0, 0.0])
            stays[0] += 1.0
            stays[1] += float(
                any(t.kind == move.first.kind and t.box.iou(move.first.box) > 0.5 for t in after.things)
                or start.scene != after.scene
            )
            self._log.append((was, used, now, self._visit))
        else:
            change = {}
        self._learn_cost(used, was, now, self._visit)
        common = was.own.keys() & now.own.keys()
        if was.scene != now.scene and any(was.own[p] != now.own[p] for p in common):
            # Left for another scene, and not empty-handed: what comes next is another danger.
            self._visit += 1
        gain = self._progress_gain(was, now)
        self.choices.used(
            start.scene, move.first.kind, start.state, after.state, gain, learning=self.learning
        )
        survived = (
            now.own.get(self._survival or "", 0.0) - was.own.get(self._survival or "", 0.0)
            if (self._survival in was.own and self._survival in now.own)
            else 0.0
        )
        return change, gain + 0.02 * survived

    def _progress_gain(self, was: Situation, now: Situation) -> float:
        place = self.counters.place("progress")
        if place is None or place not in was.own or place not in now.own:
            return 0.0
        return max(0.0, min(3.0, now.own[place] - was.own[place]))

    def _learn_cost(self, used: str, was: Situation, now: Situation, visit: int) -> None:
        """When `used` was a pass, note what it cost; a new visit means that the last danger has passed."""
        if not self.learning or self._survival is None:
            return
        kind = used.removesuffix(" >")
        stays = self._stays.get(kind, [0.0, 0.0])
        change = self.effects.expect(used, "").get(f"own:{self._survival}", 0.0)
        if (
            used != kind
            or stays[0] < 3
            or stays[1] < 0.7 * stays[0]
            or change > -0.5
            or self._survival not in was.own
        ):
            return
        if visit != self._passed_in:
            self.outlook.ended(died=False)
            self._passed_in = visit
        left = (
            now.own.get(self._survival, 0.0) if now.scene == was.scene or self._survival in now.own else 0.0
        )
        self.outlook.passed(was, max(0.0, was.own[self._survival] - left))
        self._samples.append(was)

    def _run_ended(self) -> None:
        self.outlook.ended(died=True)
        self.choices.ended()
        place = self.counters.place("survival")
        if place is not None and place != self._survival and self.learning:
            self._survival = place
            log, self._log = list(self._log), deque(maxlen=self._log.maxlen)
            for was, used, now, visit in log:
                self._learn_cost(used, was, now, visit)
            self.outlook.ended(died=True)

    def _remember_dead(self, state: str, thing: Thing) -> None:
        self._dead[_spot(state, thing)] = None
        while len(self._dead) > DEAD_KEPT:
            self._dead.popitem(last=False)

    # -- keeping ------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """All that was learnt, JSON-friendly, by part."""
        return {
            "responds": self.responds.to_dict(),
            "seconds": self.seconds.to_dict(),
            "prepares": self.prepares.to_dict(),
            "dragged": self.dragged.to_dict(),
            "effects": self.effects.to_dict(),
            "outlook": self.outlook.to_dict(),
            "choices": self.choices.to_dict(),
            "counters": self.counters.to_dict(),
            "stays": self._stays,
            "survival": self._survival,
        }


def _spot(state: str, thing: Thing) -> tuple[str, str, int, int]:
    return state, thing.kind, thing.box.x // 8, thing.box.y // 8


def _cell(thing: Thing) -> str:
    x, y = thing.box.center
    return f"{x // 160},{y // 120}"


def _names(scene: str, thing: Thing) -> tuple[str, ...]:
    return (
        f"{scene}|{thing.kind}|{thing.look}",
        f"{scene}|{thing.kind}",
        f"{scene}|{thing.look}",
        f"{scene}@{_cell(thing)}",
        f"{thing.kind}",
        f"look {thing.look}",
    )


def _prepare_names(thing: Thing) -> tuple[str, ...]:
    return (thing.kind, f"{thing.kind}|{thing.look}", f"look {thing.look}")


def _pair_names(scene: str, first: Thing, second: Thing) -> tuple[str, ...]:
    return (
        f"{first.kind}>{second.kind}",
        f"{first.kind}>@{_cell(second)}",
        f"{first.look}>{second.look}",
        f"{second.kind}",
        f"look {second.look}",
        f"{scene}@{_cell(second)}",
    )


def _drag_names(first: Thing) -> tuple[str, ...]:
    return (first.kind, "any")

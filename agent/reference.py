"""The bottom-up agent's loop (arXiv 2505.17673) without its model calls, as a baseline.

Written from the description in research.md section 1: a state is a kind of screen; each state has click
sequences that changed more than 1.5% of the pixels; exploring extends one (the empty one included) by an
untried object; a softmax over UCT scores selects, with exploring as one more arm; a sequence used more
than 4 times with a fitness below 2 is deleted. The paper asks a model whether a use was good; here a use
that changed the screen adds one to the fitness and any other takes one away. Our perception stands in
for CLIP (states) and SAM (objects). With an `Adviser` (`agent/reason/reference_vlm.py`) the model is back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

import numpy as np

from groundup.perception.counters import CounterFinder
from groundup.perception.observation import Observation, Thing
from groundup.perception.types import Box
from groundup.skills.learner import Decision, Lesson

CHANGED = 0.015
"""Share of pixels that must change for a click to count (the paper's filter)."""

LEVELS = 25
"""Levels of 255 by which a pixel must differ; the paper does not say."""

USES, FITNESS = 4, 2.0
"""A sequence used more often than this with less fitness is deleted."""

CURIOSITY = math.sqrt(2.0)
"""UCT's constant for rewards of 0 to 1 (Kocsis and Szepesvári 2006)."""

TEMPERATURE, COOLEST, COOLING = 1.0, 0.2, 0.995
"""Of the softmax: at first, at the least, and its factor at each choice."""

LONGEST = 4
"""Clicks of a sequence."""


@dataclass(frozen=True, slots=True)
class _Object:
    """What a click goes to: an object of this kind, the nearest to where it was."""

    kind: str
    x: int
    y: int

    def find(self, things: Sequence[Thing]) -> Thing | None:
        same = [thing for thing in things if thing.kind == self.kind]
        return min(same, key=self._distance, default=None)

    def _distance(self, thing: Thing) -> float:
        x, y = thing.box.center
        return math.hypot(x - self.x, y - self.y)


@dataclass(slots=True)
class _Clicks:
    """A node of a state's tree: the clicks, its evidence, and the kinds tried after it."""

    clicks: tuple[_Object, ...] = ()
    uses: int = 0
    fitness: float = 0.0
    tried: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return " > ".join(click.kind for click in self.clicks)


@dataclass(slots=True)
class _State:
    """A kind of screen: the sequences known there, and how often it was explored."""

    root: _Clicks = field(default_factory=_Clicks)
    known: list[_Clicks] = field(default_factory=list)
    explored: int = 0


@dataclass(slots=True)
class _Going:
    """A sequence under way: in which state, what is left of it, and whether it is new."""

    state: _State
    sequence: _Clicks
    left: list[_Object]
    new: bool


class Adviser(Protocol):
    """The model of the paper's loop."""

    def select(self, obs: Observation, names: Sequence[str]) -> int | None:
        """Which of the sequences that apply to use, from 1; 0 to explore; None to leave it to UCT."""
        ...

    def evaluate(
        self, before: Observation, after: Observation, name: str, *, new: bool, changed: bool
    ) -> bool | None:
        """Whether a use was good; None to go by whether the screen changed."""
        ...


class ReferencePolicy:
    """Decides by UCT over click sequences; see the module."""

    holding = False

    def __init__(self, seed: int, *, learning: bool = True, adviser: Adviser | None = None) -> None:
        """`adviser`: the paper's model; None for the loop without it."""
        self._rng = Random(seed)
        self._adviser = adviser
        self.learning = learning
        self.counters = CounterFinder()
        self._states: dict[str, _State] = {}
        self._going: _Going | None = None
        self._temperature = TEMPERATURE

    def decide(self, obs: Observation) -> Decision:
        """The next click of the sequence under way, or the first of one selected now."""
        if self._going is not None:
            thing = self._going.left[0].find(obs.things)
            if thing is not None:
                return Decision("use", thing, why="sequence")
            self._judge(self._going, changed=False, good=False)
            self._going = None
        state = self._states.setdefault(obs.scene, _State())
        self._going = self._select(state, obs) or self._explore(state, obs.things)
        thing = self._going.left[0].find(obs.things) if self._going is not None else None
        if self._going is None or thing is None:
            self._going = None
            things = obs.things or (Thing(Box(0, 0, 1, 1), "point", "point"),)
            return Decision("probe", self._rng.choice(things), why="nothing left to try")
        return Decision("probe" if self._going.new else "use", thing, why="uct")

    def learn(
        self,
        before: Observation,
        move: Decision,  # noqa: ARG002
        responses: tuple[bool, ...],
        after: Observation,
    ) -> Lesson:
        """Go on with the sequence, or judge it by what its last click changed."""
        ended = self.counters.read(after.scene, after.own)
        going = self._going
        if going is None:
            return Lesson(None, 0.0, responses, {}, ended=ended)
        going.left.pop(0)
        if going.left:
            return Lesson(None, 0.0, responses, {}, ended=ended)
        self._going = None
        changed = changed_share(before, after) > CHANGED
        self._judge(going, changed, self._evaluate(going, before, after, changed))
        return Lesson(going.sequence.name if changed else None, float(changed), responses, {}, ended=ended)

    def closed(self, before: Observation, move: Decision) -> None:  # noqa: ARG002
        """The sequence under way is given up for good."""
        if self._going is not None:
            self._judge(self._going, changed=False, good=False)
        self._going = None
        self.counters.end()

    def _evaluate(self, going: _Going, before: Observation, after: Observation, changed: bool) -> bool:
        if self._adviser is None:
            return changed
        name = going.sequence.name
        good = self._adviser.evaluate(before, after, name, new=going.new, changed=changed)
        return changed if good is None else good

    def _select(self, state: _State, obs: Observation) -> _Going | None:
        """A known sequence, by the adviser or by softmax over UCT; None for the arm that explores."""
        arms = [s for s in state.known if s.clicks[0].find(obs.things) is not None]
        if self._adviser is not None:
            advised = self._adviser.select(obs, [arm.name for arm in arms])
            if advised is not None and advised <= len(arms):
                arm = arms[advised - 1] if advised else None
                return None if arm is None else _Going(state, arm, list(arm.clicks), new=False)
        if not arms:
            return None
        total = math.log(1 + state.explored + sum(arm.uses for arm in state.known))
        scores = [self._uct(arm.fitness / max(1, arm.uses), arm.uses, total) for arm in arms]
        if self.learning:
            scores.append(self._uct(0.5, state.explored, total))
        best = max(scores)
        weights = [math.exp((score - best) / self._temperature) for score in scores]
        self._temperature = max(COOLEST, COOLING * self._temperature)
        chosen = self._rng.choices(range(len(scores)), weights)[0]
        if chosen == len(arms):
            return None
        return _Going(state, arms[chosen], list(arms[chosen].clicks), new=False)

    @staticmethod
    def _uct(mean: float, uses: int, log_total: float) -> float:
        return mean + CURIOSITY * math.sqrt(log_total / (1 + uses))

    def _explore(self, state: _State, things: Sequence[Thing]) -> _Going | None:
        """A sequence that works here, extended by one object not tried after it."""
        state.explored += 1
        bases = [state.root, *(s for s in state.known if len(s.clicks) < LONGEST)]
        self._rng.shuffle(bases)
        for base in bases:
            untried = [thing for thing in things if thing.kind not in base.tried]
            usable = not base.clicks or base.clicks[0].find(things) is not None
            if untried and usable:
                thing = self._rng.choice(untried)
                base.tried.add(thing.kind)
                clicks = (*base.clicks, _Object(thing.kind, *thing.box.center))
                return _Going(state, _Clicks(clicks), list(clicks), new=True)
        return None

    def _judge(self, going: _Going, changed: bool, good: bool) -> None:
        if not self.learning:
            return
        sequence = going.sequence
        sequence.uses += 1
        sequence.fitness += 1.0 if good else -1.0
        if going.new:
            if changed:
                going.state.known.append(sequence)
        elif sequence.uses > USES and sequence.fitness < FITNESS and sequence in going.state.known:
            going.state.known.remove(sequence)


def changed_share(before: Observation, after: Observation) -> float:
    """The share of pixels that differ, 0 to 1; 0 when a frame is not there."""
    if before.frame is None or after.frame is None:
        return 0.0
    a, b = before.frame.pixels, after.frame.pixels
    differs = np.abs(a.astype(np.int16) - b.astype(np.int16)).max(axis=2) > LEVELS
    return float(differs.mean())

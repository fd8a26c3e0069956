"""The seam between the loop and whatever decides: rules, baselines, a learner with a model as its adviser."""

from __future__ import annotations

from random import Random
from typing import Protocol

from groundup.envs.types import Accepts
from groundup.perception.counters import CounterFinder
from groundup.perception.observation import Observation, Thing, key_things
from groundup.perception.types import Box
from groundup.skills.learner import Decision, Learner, Lesson


class Policy(Protocol):
    """Decides in an observation, and is told what came of it.

    `holding` says that the first step of a move of two has been taken and the second is due;
    `counters` are those it has found on screen so far.
    """

    counters: CounterFinder

    @property
    def holding(self) -> bool:
        """Whether the next decision is a second step."""
        ...

    def decide(self, obs: Observation) -> Decision:
        """The next move."""
        ...

    def learn(
        self, before: Observation, move: Decision, responses: tuple[bool, ...], after: Observation
    ) -> Lesson:
        """Take in what came of the move."""
        ...

    def closed(self, before: Observation, move: Decision) -> None:
        """The move closed the game: the run has ended, and another has begun."""
        ...


def learner_of(policy: Policy) -> Learner | None:
    """The learner that a policy is, or keeps in charge; None for one that has none."""
    inner = getattr(policy, "learner", policy)
    return inner if isinstance(inner, Learner) else None


class _Unlearning:
    """What the baselines have in common: they watch the counters, and keep nothing."""

    holding = False

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        self.counters = CounterFinder()

    def learn(
        self,
        before: Observation,  # noqa: ARG002
        move: Decision,  # noqa: ARG002
        responses: tuple[bool, ...],
        after: Observation,
    ) -> Lesson:
        """Nothing is learnt but where the counters stand."""
        ended = self.counters.read(after.scene, after.own)
        return Lesson(None, 0.0, responses, {}, ended=ended)

    def closed(self, before: Observation, move: Decision) -> None:  # noqa: ARG002
        """Nothing is learnt of it but that the run has ended."""
        self.counters.end()


class RandomPolicy(_Unlearning):
    """Clicks anywhere; in a game that takes keys every other move is one of them."""

    def __init__(self, seed: int, size: tuple[int, int], accepts: Accepts | None = None) -> None:
        """`size`: width and height of the frames; `accepts`: what the game takes (None: clicks)."""
        super().__init__(seed)
        self._size = size
        self._accepts = accepts or Accepts()
        self._keys = key_things(self._accepts.keys)

    def decide(self, obs: Observation) -> Decision:  # noqa: ARG002
        """A point, or a key, each as likely as the others."""
        if self._keys and (not self._accepts.click or self._rng.random() < 0.5):
            return Decision("probe", self._rng.choice(self._keys), why="random")
        x, y = self._rng.randrange(self._size[0]), self._rng.randrange(self._size[1])
        return Decision("probe", Thing(Box(x, y, 1, 1), "point", "point"), why="random")


class ElementsPolicy(_Unlearning):
    """Clicks on proposals, or presses keys where the game takes them, each as likely as the others."""

    def decide(self, obs: Observation) -> Decision:
        """A thing, each as likely as the others; the middle of nothing when nothing is seen."""
        things = obs.things or (Thing(Box(0, 0, 1, 1), "point", "point"),)
        return Decision("probe", self._rng.choice(things), why="elements")

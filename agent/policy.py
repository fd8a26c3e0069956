"""The seam between the loop and whatever decides: rules, baselines, a learner with a model as its adviser."""

from __future__ import annotations

from random import Random
from typing import Protocol

from groundup.perception.counters import CounterFinder
from groundup.perception.observation import Observation, Thing
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


class RandomPolicy(_Unlearning):
    """Clicks anywhere."""

    def __init__(self, seed: int, size: tuple[int, int]) -> None:
        """`size`: width and height of the frames."""
        super().__init__(seed)
        self._size = size

    def decide(self, obs: Observation) -> Decision:  # noqa: ARG002
        """A point, each as likely as the others."""
        x, y = self._rng.randrange(self._size[0]), self._rng.randrange(self._size[1])
        return Decision("probe", Thing(Box(x, y, 1, 1), "point", "point"), why="random")


class ElementsPolicy(_Unlearning):
    """Clicks on proposals, each as likely as the others."""

    def decide(self, obs: Observation) -> Decision:
        """A thing, each as likely as the others; the middle of nothing when nothing is seen."""
        things = obs.things or (Thing(Box(0, 0, 1, 1), "point", "point"),)
        return Decision("probe", self._rng.choice(things), why="elements")

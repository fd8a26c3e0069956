"""The run loop: observe, decide, act, learn, keep; one game, one policy, one library.

Knows no game. What it keeps of a step goes into one transaction, so that a kill loses at most that
step: a snapshot of all knowledge now and then, and between snapshots each step's lesson, which is
learnt again when the run is resumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

from groundup.agent.journal import Journal
from groundup.agent.knowledge import Knowledge
from groundup.agent.policy import Policy, learner_of
from groundup.envs.errors import GameEnded
from groundup.envs.types import Env
from groundup.perception.observation import Observation
from groundup.perception.perceiver import Perceiver
from groundup.skills.executor import Executor, Outcome
from groundup.skills.keeper import Keeper
from groundup.skills.learner import Decision, Learner, Lesson
from groundup.skills.situation import any_changed


@dataclass(frozen=True, slots=True)
class Step:
    """One move as the caller sees it: `done` actions so far, and what it was and taught."""

    done: int
    move: Decision
    lesson: Lesson
    observation: Observation


@dataclass(slots=True)
class Tally:
    """What a session counts: flat memory, whatever its length."""

    steps: int = 0
    responsive: list[bool] = field(default_factory=list)
    step_ms: list[float] = field(default_factory=list)
    parts: dict[str, float] = field(default_factory=dict)
    episodes: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    began: int = 0
    last: dict[str, float] = field(default_factory=dict)


class Session:
    """Plays `env` with `policy` for some steps; a step is one action sent to the game."""

    def __init__(
        self,
        env: Env,
        policy: Policy,
        perceiver: Perceiver,
        *,
        keeper: Keeper | None = None,
        knowledge: Knowledge | None = None,
        journal: Journal | None = None,
        done: int = 0,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """`keeper` and `knowledge` keep what is learnt (None: nothing is kept), `journal` what watchers see.

        `done`: steps done before. `meanwhile` is called many times within each step, and never while one is
        being kept.
        """
        self._policy = policy
        self._perceiver = perceiver
        self._env = env
        self._meanwhile = meanwhile
        self._executor = self._watcher()
        self._keeper = keeper
        self._knowledge = knowledge
        self._journal = journal
        self._ms: dict[str, float] = {}
        self.tally = Tally(steps=done, began=done)
        self._obs: Observation | None = None

    def play(
        self,
        steps: int | Callable[[], int],
        *,
        until: Callable[[], bool] = lambda: False,
        on_step: Callable[[Step], None] = lambda _: None,
    ) -> None:
        """Play until `steps` actions were sent in all, or `until` says so; asked before each step."""
        wanted = steps if callable(steps) else lambda: steps
        if self._obs is None:
            self._obs = self._perceiver.perceive(self._executor.look())
        while self.tally.steps < wanted() and not until():
            on_step(self._step(self._obs))

    def _step(self, obs: Observation) -> Step:
        begin = perf_counter()
        game = self._executor.game_seconds
        holding = self._policy.holding
        move = self._timed("decide", self._policy.decide, obs)
        try:
            outcome = self._timed("act", self._executor.carry_out, move, holding=holding)
        except GameEnded:
            return self._begin_anew(obs, move)
        self._ms["game"] = 1000.0 * (self._executor.game_seconds - game)
        self._ms["act"] -= self._ms["game"]
        self._meanwhile()
        after = self._timed("perceive", self._perceiver.perceive, outcome.frame, outcome.lasting)
        self._meanwhile()
        responses = self._responses(outcome, obs, after)
        lesson = self._timed("learn", self._policy.learn, obs, move, responses, after)
        self.tally.steps += len(outcome.actions)
        learner = learner_of(self._policy)
        over = learner is not None and learner.stalled
        if learner is not None and over:
            lesson, after = self._begin_over(learner, lesson)
        self._timed("keep", self._keep, obs, move, lesson, responses, after)
        self._count(
            lesson,
            after,
            (perf_counter() - begin - (self._executor.game_seconds - game)) / len(outcome.actions),
        )
        self._obs = after
        return Step(self.tally.steps, move, lesson, after)

    def _watcher(self) -> Executor:
        # Games with keys are real programs, which answer when they are ready.
        return Executor(self._env, slow=bool(self._env.accepts.keys), meanwhile=self._meanwhile)

    def _responses(self, outcome: Outcome, before: Observation, after: Observation) -> tuple[bool, ...]:
        """For each action whether the screen responded.

        Where a number that is read has changed it did, be it in cells that also vary by themselves.
        """
        told = outcome.responses
        if told[-1] or not self._env.accepts.keys:
            return told
        return (*told[:-1], any_changed(before.values, after.values))

    def _another(self) -> Observation:
        """Begin another game; what it shows first."""
        self._env.reset()
        self._executor = self._watcher()
        return self._perceiver.perceive(self._executor.look())

    def _begin_over(self, learner: Learner, lesson: Lesson) -> tuple[Lesson, Observation]:
        """Nothing is answered any more: the run has ended, and the next one begins."""
        learner.over()
        return replace(lesson, ended=True), self._another()

    def _begin_anew(self, obs: Observation, move: Decision) -> Step:
        """The game has closed itself: that was the move's doing. A run has ended, and the next one begins."""
        after = self._another()
        self._policy.closed(obs, move)
        lesson = Lesson(None, 0.0, (True,), {}, ended=True)
        self.tally.steps += 1
        self._keep(obs, move, lesson, (True,), after)
        self._count(lesson, after, 0.0)
        self._obs = after
        return Step(self.tally.steps, move, lesson, after)

    def _keep(
        self,
        before: Observation,
        move: Decision,
        lesson: Lesson,
        responses: tuple[bool, ...],
        after: Observation,
    ) -> None:
        if self._knowledge is None:
            return
        more = self._journal.facts(before, move, lesson, after, self._ms) if self._journal is not None else {}
        with self._knowledge.step(before, move, responses, after, lesson, self.tally.steps, more):
            if self._journal is not None:
                self._journal.note(before, move, lesson, after, self.tally.steps)
            if self._keeper is not None:
                self._keeper.keep(before, move, lesson, self.tally.steps)

    def _count(self, lesson: Lesson, after: Observation, seconds: float) -> None:
        tally = self.tally
        tally.responsive.extend(lesson.responsive)
        tally.step_ms.append(1000.0 * seconds)
        if lesson.ended:
            tally.episodes.append((tally.steps - tally.began, tally.last))
            tally.began, tally.last = tally.steps, {}
        tally.last = {**tally.last, **after.own}

    def _timed(self, name: str, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        begin = perf_counter()
        result = call(*args, **options)
        seconds = perf_counter() - begin
        self._ms[name] = 1000.0 * seconds
        if name != "act":  # most of it is the game's
            self.tally.parts[name] = self.tally.parts.get(name, 0.0) + seconds
        return result

"""A model's part in one run: opened before it, asked during it, summed up after it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from groundup.agent.model_options import ModelOptions
from groundup.agent.policy import Policy
from groundup.agent.reason.advice import Advised
from groundup.agent.reason.costs import Budget
from groundup.agent.reason.mind import REMEMBERED, Mind, Say
from groundup.agent.reason.notes import Notes
from groundup.agent.reason.opening import Opened, open_reasoner
from groundup.agent.reason.reasoner import Stop
from groundup.agent.reason.tending import Tending
from groundup.agent.reference import ReferencePolicy
from groundup.agent.report import RunLog
from groundup.agent.spending import EVENT
from groundup.envs.types import Env
from groundup.memory.store import Store
from groundup.skills.learner import Learner
from groundup.skills.library import Library


class Thinking:
    """Opens what was asked for; raises `UsageError` when it cannot answer. See the module."""

    def __init__(self, policy: str, options: ModelOptions, home: Path, say: Say) -> None:
        """`say` is told what a person should know, in sentences."""
        self._policy = policy
        self._options = options
        self._say = say
        self._opened: Opened = open_reasoner(policy, options, home, say)
        self._mind: Mind | None = None
        self._advised: Advised | None = None
        self._notes = Notes()
        if self._opened.said:
            say(self._opened.said)

    def begin(
        self,
        env: Env,
        seed: int,
        store: Store,
        run: str,
        log: RunLog,
        *,
        learning: bool,
        goals: Sequence[str] = (),
    ) -> Policy:
        """The policy for `run`, whose log so far is `log`; what is asked is written into it.

        `goals`: those that the game has words for.
        """

        def write(data: dict[str, Any]) -> None:
            store.append_event(run, EVENT, data)

        mind = self._mind = Mind(
            self._opened.reasoner,
            self._opened.prices,
            budget=Budget(self._options.max_calls, self._options.max_cost),
            write=write,
            say=self._say,
            remember=0 if self._policy == "reference-vlm" else REMEMBERED,  # the paper's loop asks again
            before=(log.calls.total.calls, log.calls.total.cost_usd),
        )
        if self._opened.first.requests:
            mind.note("probe", self._opened.first, self._opened.came, self._opened.seconds)
        if self._policy == "reference-vlm":
            from groundup.agent.reason.reference_vlm import PaperAdviser

            return ReferencePolicy(seed, learning=learning, adviser=PaperAdviser(mind))
        self._notes = Notes(store)
        learner = Learner(seed, learning=learning, drags=env.accepts.drag, endless=bool(env.accepts.keys))
        profile = self._opened.reasoner.profile
        self._advised = Advised(learner, mind, self._notes, profile, drags=env.accepts.drag, goals=goals)
        return self._advised

    def stoppable(self, stop: Stop) -> None:
        """Give up questions in flight when `stop` says so."""
        self._opened.reasoner.stop = stop

    def finish(self, library: Library) -> None:
        """Ask what could wait until now."""
        if self._mind is not None and self._advised is not None and self._advised.learner.learning:
            Tending(library, self._mind, self._notes).all(self._advised.witness.waiting)

    def summary(self) -> dict[str, Any]:
        """What the report says of the model beside what is in the log."""
        remembered = dict(self._mind.remembered) if self._mind is not None else {}
        return {
            "name": self._opened.reasoner.model,
            "remembered": remembered,
            "refused": self._advised.refused if self._advised is not None else 0,
        }

    def close(self) -> None:
        """Close connections, free the model."""
        self._opened.reasoner.close()

"""The bottom-up agent's schedule of model calls (arXiv 2505.17673), to count what it costs.

research.md section 1: two to three calls a step with two to four full PNG screenshots. Here: selecting
with one, evaluating a use with two, and naming a new skill with one more. Sequences of several clicks are
asked about once, at their end.
"""

from __future__ import annotations

from collections.abc import Sequence

from groundup.agent.reason import prompts
from groundup.agent.reason.mind import Asks
from groundup.agent.reason.pictures import Picture, full_png
from groundup.agent.reason.replies import MOST
from groundup.envs.types import Frame
from groundup.perception.observation import Observation


class PaperAdviser:
    """Asks at each step, as the paper's loop does."""

    def __init__(self, mind: Asks) -> None:
        self._mind = mind
        self._names: dict[str, str] = {}
        self._shown: dict[int, Picture] = {}

    def select(self, obs: Observation, names: Sequence[str]) -> int | None:
        """The model's choice; None when it gives none."""
        if obs.frame is None:
            return None
        words = [self._names.get(name, name) for name in names[:MOST]]
        reply = self._mind.ask(prompts.select(self._png(obs.frame), words))
        return None if reply is None else reply.skill

    def evaluate(
        self, before: Observation, after: Observation, name: str, *, new: bool, changed: bool
    ) -> bool | None:
        """Whether the use was consistent and progressive; a new sequence that changed something is named."""
        if before.frame is None or after.frame is None:
            return None
        later = self._png(after.frame)
        if new and changed:
            named = self._mind.ask(prompts.name_one(later, name))
            if named is not None:
                self._names[name] = f"{named.name}: {named.description}"
        words = self._names.get(name, name)
        reply = self._mind.ask(prompts.evaluate(self._png(before.frame), later, words))
        return None if reply is None else reply.consistent and reply.progressive

    def _png(self, frame: Frame) -> Picture:
        """The frame as PNG; what stands after one step stands before the next, and is encoded once."""
        if frame.index not in self._shown:
            while len(self._shown) >= 2:
                self._shown.pop(next(iter(self._shown)))
            self._shown[frame.index] = full_png(frame.pixels)
        return self._shown[frame.index]

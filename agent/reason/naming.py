"""Segments of demonstrations are named by a model that is shown where each begins and ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from groundup.agent.model_options import ModelOptions
from groundup.agent.reason import prompts
from groundup.agent.reason.costs import Budget
from groundup.agent.reason.mind import Mind, Say
from groundup.agent.reason.notes import Notes
from groundup.agent.reason.opening import open_reasoner
from groundup.agent.reason.pictures import side_by_side, stack, thumbnail
from groundup.agent.reason.tending import batches
from groundup.agent.spending import Spending
from groundup.envs.types import Pixels
from groundup.memory.frames import load_frame
from groundup.skills.library import Library
from groundup.skills.types import Skill

WIDTH = 240
"""Pixels of one key frame of a pair; two pairs stand side by side."""


class Naming:
    """Opens what was asked for; raises `UsageError` when it cannot answer.

    What nobody has named by hand or asked about before is asked about, once; where there is no answer,
    names stay.
    """

    def __init__(self, reasoner: str, options: ModelOptions, home: Path, say: Say) -> None:
        """`say` is told what a person should know, in sentences."""
        opened = self._opened = open_reasoner(reasoner, options, home, say)
        self._spending = Spending()
        self._named = 0
        self._mind = Mind(
            opened.reasoner,
            opened.prices,
            budget=Budget(options.max_calls, options.max_cost),
            write=self._spending.take,
            say=say,
        )
        if opened.first.requests:
            self._mind.note("probe", opened.first, opened.came, opened.seconds)
        if opened.said:
            say(opened.said)

    def name(self, library: Library, skills: Sequence[Skill]) -> None:
        """Name the segments of one demonstration, a batch in each step of the library."""
        notes = Notes(library.store)
        waiting = [s for s in skills if s.version == 1 and notes.get("named", s.id) is None]
        shown = [(skill, pair) for skill in waiting if (pair := _pair(library, skill)) is not None]
        for batch in batches(shown):
            pictures = stack([pair for _, pair in batch])
            reply = self._mind.ask(prompts.segments(pictures, [skill.description for skill, _ in batch]))
            if reply is None:
                return
            with library.store.step():
                for one in reply.skills:
                    if one.number <= len(batch) and one.name:
                        skill, _ = batch[one.number - 1]
                        # What it was called says what was done: it stays findable by that.
                        told = f"{one.description} ({skill.description})".strip()
                        library.update(replace(skill, name=one.name, description=told))
                        notes.put("named", skill.id, {"was": skill.name})
                        self._named += 1

    def summary(self) -> dict[str, Any]:
        """What came of it and what it took."""
        return {"name": self._opened.reasoner.model, "named": self._named, **self._spending.report()}

    def close(self) -> None:
        """Close connections, free the model."""
        self._opened.reasoner.close()


def _pair(library: Library, skill: Skill) -> Pixels | None:
    """The segment's first and last frame; None where they were dropped for the library's size."""
    step = skill.steps[0]
    shas = [target.template_sha for target in (step.target, step.destination) if target is not None]
    frames = [load_frame(library.store, sha) for sha in shas if sha is not None]
    known = [thumbnail(frame, WIDTH) for frame in frames if frame is not None]
    return side_by_side(known[0], known[-1]) if len(known) == 2 else None

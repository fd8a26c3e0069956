"""Keeps what worked as skills in the library: adds, records uses, composes, and every so often merges and
prunes.

A skill is a move that changed something: on which kind of thing, and for a move of two steps, onto
which. Its evidence is every use with its reward; its effect what the learner expects of it. How many
skills came and went is noted in the run's log, so that a run that was resumed is counted whole.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import numpy as np

from groundup.memory.edits import pinned
from groundup.memory.frames import keep_frame
from groundup.perception.observation import Observation, Thing
from groundup.skills.composing import Composer, Use, composed, record
from groundup.skills.learner import Decision, Lesson
from groundup.skills.library import Library
from groundup.skills.types import RelativeBox, Skill, SkillStep, Target

TENDED = 100
"""Uses between two rounds of merging and pruning."""

EVENT = "skills"
"""Kind of the event that says how many skills were learnt, composed, merged or pruned."""

UNFIT_USES = 5
"""Uses from which a skill can be judged unfit (the paper: more than 4, arXiv 2505.17673)."""

UNFIT_RATE = 0.5
"""Responsive rate below which a skill is pruned."""

NOTED = 0.005
"""Change of a skill's value from which on it is written anew when a run has ended."""

Value = Callable[[str, str], float]
"""The progress that is expected to follow a use in a scene of a kind of thing (`Choices.value`)."""


class Keeper:
    """Turns lessons into skills of one library.

    `counts` says how many were "learnt", "composed", "merged" and "pruned" by this keeper.
    """

    def __init__(
        self,
        library: Library,
        run: str,
        *,
        value: Value | None = None,
        provenance: str | None = None,
        shown: str = "",
    ) -> None:
        """`run`: whose log it writes to; empty for none, when it only tends.

        `value` is what has been backed up to a choice; without it the skills' values stay as they are.
        `provenance` is how new skills come about (None: it shows in the move), `shown` in which recording.
        """
        self._library = library
        self._run = run
        self._value = value
        self._provenance = provenance
        self._shown = f"; shown in {shown}" if shown else ""
        self._skills: dict[str, Skill] = {}
        self._since = 0
        self._composer = Composer(library, run)
        self.counts: Counter[str] = Counter()
        self._read()

    def keep(self, before: Observation, move: Decision, lesson: Lesson, step: int) -> None:
        """Record what a move taught: a new skill, or one more use of a known one."""
        if lesson.ended:
            self._composer.part()
        self._keep(before, move, lesson, step)
        if lesson.ended:
            # Only now is it known how far the run's moves led.
            self.revalue()

    def _keep(self, before: Observation, move: Decision, lesson: Lesson, step: int) -> None:
        if lesson.skill is None:
            return
        key = json.dumps([before.scene, lesson.skill])
        skill = self._skills.get(key)
        if skill is None:
            skill = self._library.add(self._skill(before, move, lesson))
            self._note(learnt=1)
        use = Use(skill, lesson.reward, all(lesson.responsive), lesson.change)
        use = record(self._library, self._run, step, use)
        self._skills[key] = use.skill
        self._note(composed=self._composer.follow(use, step))
        self._since += 1
        if self._since >= TENDED:
            self._since = 0
            self.tend()

    def revalue(self) -> None:
        """Bring every skill's value to what has been backed up to it; composed ones are their first part."""
        if self._value is None:
            return
        with self._library.store.step():
            for skill in self._library.skills():
                value = self._value(skill.scene, str(skill.precondition.get("kind", "")))
                if abs(value - skill.statistics.value) >= NOTED:
                    self._library.set_value(skill, value)
        self._read()

    def tend(self) -> None:
        """Merge near-duplicates and prune what the evidence speaks against."""
        with self._library.store.step():
            merged = sum(len(gone) for _, gone in self._library.merge_near_duplicates())
            self._read()
            pruned = self._library.prune(unfit)
            self._read()
            pruned += self._library.prune(self._composer.unfit)
            self._read()
            self._composer.tidy()
            self._note(merged=merged, pruned=len(pruned))

    def unfit(self, skill: Skill) -> str | None:
        """Why `tend` would prune a skill now; None when it would not, as with one that is pinned."""
        if skill.id in pinned(self._library.store):
            return None
        return unfit(skill) or self._composer.unfit(skill)

    def _read(self) -> None:
        skills = self._library.skills()
        self._skills = {_key(skill): skill for skill in skills if not composed(skill)}
        self._composer.read(skills)

    def _note(self, **counts: int) -> None:
        new = {name: count for name, count in counts.items() if count}
        self.counts.update(new)
        if new and self._run:
            self._library.store.append_event(self._run, EVENT, new)

    def _skill(self, before: Observation, move: Decision, lesson: Lesson) -> Skill:
        first = self._target(before, move.first)
        if move.first.keys:
            steps: tuple[SkillStep, ...] = (SkillStep("key", keys=move.first.keys),)
        elif move.second is None:
            steps = (SkillStep("click", first),)
        else:
            second = self._target(before, move.second)
            steps = (SkillStep("click", first), SkillStep("click", second))
            if move.drag:
                steps = (SkillStep("drag", first, second),)
        name = move.first.kind if move.second is None else f"{move.first.kind}, then {move.second.kind}"
        return Skill(
            id="",
            name=name,
            description=_describe(move, lesson) + self._shown,
            scene=before.scene,
            steps=steps,
            precondition={"scene": before.scene, "kind": move.first.kind},
            effect=dict(lesson.change),
            provenance=self._provenance
            or ("explored" if move.kind == "probe" else "refined" if move.drag else "planned"),
        )

    def _target(self, obs: Observation, thing: Thing) -> Target:
        if obs.frame is None or thing.keys:
            return Target(thing.kind, thing.text, RelativeBox(0, 0, 0, 0))
        frame = obs.frame
        box = thing.box
        crop = np.ascontiguousarray(frame.pixels[box.y : box.y + box.h, box.x : box.x + box.w])
        sha = keep_frame(self._library.store, crop) if crop.size else None
        w, h = frame.width, frame.height
        return Target(thing.kind, thing.text, RelativeBox(box.x / w, box.y / h, box.w / w, box.h / h), sha)


def _describe(move: Decision, lesson: Lesson) -> str:
    verb = "press" if move.first.keys else "click"
    what = (
        f"{verb} {move.first.kind}"
        if move.second is None
        else f"click {move.first.kind}, then {move.second.kind}"
    )
    changes = ", ".join(f"{k} {v:+g}" for k, v in sorted(lesson.change.items())[:6])
    return f"{what}: {changes}" if changes else what


def unfit(skill: Skill) -> str | None:
    """Why a skill should no longer be used; None while it should."""
    statistics = skill.statistics
    if statistics.uses >= UNFIT_USES and statistics.responsive_rate < UNFIT_RATE:
        return f"responded in {statistics.responsive} of {statistics.uses} uses"
    return None


def _key(skill: Skill) -> str:
    kind = str(skill.precondition.get("kind", ""))
    two = len(skill.steps) > 1 or skill.steps[0].destination is not None
    return json.dumps([skill.scene, f"{kind} >" if two else kind])

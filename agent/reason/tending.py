"""What can wait until a run has ended is asked then, in batches: names, judgements, duplicates, failures.

Works on the library by its own means; what a person has renamed or pinned is left alone. One step of the
library for each batch, so that a kill leaves nothing half done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from groundup.agent.reason import prompts
from groundup.agent.reason.mind import Asks
from groundup.agent.reason.notes import Notes
from groundup.agent.reason.pictures import sheet, stack
from groundup.agent.reason.replies import MOST, Refined
from groundup.agent.reason.witness import Seen
from groundup.envs.types import Pixels
from groundup.memory.edits import pinned
from groundup.memory.frames import load_frame
from groundup.skills.composing import composed
from groundup.skills.duplicates import absorb
from groundup.skills.library import Library
from groundup.skills.types import Skill

BATCH = 12
"""Skills in one question: more on one sheet are hard to tell apart."""

BATCHES = 8
"""Questions of one kind after one run at the most; what is left waits for the next."""

FAILING_USES, FAILING = 4, 0.75
"""Uses, and responsive rate below which a skill fails often; the keeper prunes below 0.5."""

ALIKE = 3
"""Skills of a scene from which duplicates are looked for."""

_T = TypeVar("_T")


class Tending:
    """Asks about the skills of one library and does what is answered.

    `counts` says how many skills were named, judged, merged and retired.
    """

    def __init__(self, library: Library, mind: Asks, notes: Notes) -> None:
        self._library = library
        self._mind = mind
        self._notes = notes
        self.counts: dict[str, int] = defaultdict(int)

    def all(self, seen: Sequence[Seen]) -> None:
        """Everything that can be asked after a run."""
        self._merge_again()
        self.judge(seen)
        named = self.name()
        self.merge(named)
        self.refine()

    # -- names --------------------------------------------------------------------------------

    def name(self) -> set[str]:
        """Name the skills that no one has named; returns the scenes of those named now."""
        waiting = [s for s in self._plain() if self._unnamed(s)]
        waiting.sort(key=lambda skill: -skill.statistics.uses)
        scenes: set[str] = set()
        for batch in batches(waiting):
            pictures = sheet([self._picture(skill) for skill in batch])
            reply = self._mind.ask(prompts.names(pictures, [_facts(skill) for skill in batch]))
            if reply is None:
                break
            with self._library.store.step():
                for one in reply.skills:
                    if one.number <= len(batch) and one.name:
                        self._rename(batch[one.number - 1], one.name, one.description)
                        scenes.add(batch[one.number - 1].scene)
        return scenes

    def _rename(self, skill: Skill, name: str, description: str) -> None:
        now = self._library.get(skill.id)
        if now is None or not self._unnamed(now):
            return
        # What it was called says what it acts on: it stays findable by that.
        told = f"{description} ({skill.description})" if description else skill.description
        self._library.update(replace(now, name=name, description=told))
        self._notes.put("skill", _kind(skill), {"name": name, "skill": skill.id})
        self._notes.put("named", skill.id, {"was": skill.name})
        self.counts["named"] += 1

    def _unnamed(self, skill: Skill) -> bool:
        """Whether it has the name that it was learnt under."""
        return skill.name == _first_name(skill) and self._notes.get("named", skill.id) is None

    def _plain(self) -> list[Skill]:
        return [skill for skill in self._library.skills() if not composed(skill)]

    def _picture(self, skill: Skill) -> Pixels:
        for sha in skill.templates:
            pixels = load_frame(self._library.store, sha)
            if pixels is not None:
                return pixels
        return np.full((32, 32, 3), 128, np.uint8)

    # -- judgements ---------------------------------------------------------------------------

    def judge(self, seen: Sequence[Seen]) -> None:
        """Judge uses by their pictures before and after."""
        skills = {(skill.scene, _kind(skill)): skill for skill in self._plain()}
        known = [(one, skills[one.scene, one.skill]) for one in seen if (one.scene, one.skill) in skills]
        known = [(one, s) for one, s in known if self._notes.get("judged", s.id) is None]
        for batch in batches(known):
            pictures = stack([one.pictures for one, _ in batch])
            reply = self._mind.ask(prompts.judge(pictures, [_facts(skill) for _, skill in batch]))
            if reply is None:
                break
            with self._library.store.step():
                for use in reply.uses:
                    if use.number <= len(batch):
                        verdict = {"consistent": use.consistent, "progressive": use.progressive}
                        self._notes.put("judged", batch[use.number - 1][1].id, verdict)
                        self.counts["judged"] += 1

    # -- duplicates ---------------------------------------------------------------------------

    def merge(self, scenes: set[str]) -> None:
        """Make one of skills that mean the same, in the scenes where skills were named now."""
        for scene in sorted(scenes)[:BATCHES]:
            skills = [
                s for s in self._plain() if s.scene == scene and s.id not in pinned(self._library.store)
            ]
            skills.sort(key=lambda skill: -skill.statistics.uses)
            skills = skills[:MOST]
            if len(skills) < ALIKE:
                continue
            reply = self._mind.ask(prompts.duplicates([f"{s.name}: {s.description}" for s in skills]))
            if reply is None:
                return
            with self._library.store.step():
                for group in reply.groups:
                    self._unite([skills[n - 1] for n in dict.fromkeys(group.numbers)])

    def _unite(self, group: Sequence[Skill]) -> None:
        """Merge those that do as many steps in the same way; a model's word for it is not enough."""
        kept = max(group, key=lambda skill: skill.statistics.uses)
        for other in group:
            if other.id == kept.id or [s.action for s in other.steps] != [s.action for s in kept.steps]:
                continue
            if other.scene != kept.scene or len({kept.id, other.id} & self._retired()):
                continue
            kept = self._absorb(kept, other)
            self._notes.put("same", f"{other.scene} {_kind(other)}", {"as": kept.id})

    def _merge_again(self) -> None:
        """What was found to be the same before and was learnt anew since is merged without asking."""
        known = self._notes.all("same")
        with self._library.store.step():
            for skill in self._plain():
                note = known.get(f"{skill.scene} {_kind(skill)}")
                kept = self._library.get(str(note["as"])) if note is not None else None
                if kept is not None and kept.id != skill.id and kept.id not in self._retired():
                    self._absorb(kept, skill)

    def _absorb(self, kept: Skill, other: Skill) -> Skill:
        self._library.retire(other.id, f"merged into {kept.id}: a model found them the same")
        self.counts["merged"] += 1
        return self._library.update(absorb(kept, other))

    def _retired(self) -> set[str]:
        used = {skill.id for skill in self._library.skills()}
        return {skill.id for skill in self._library.skills(retired=True)} - used

    # -- failures -----------------------------------------------------------------------------

    def refine(self) -> None:
        """Ask what to do with skills that fail often, each once."""
        held = pinned(self._library.store)
        failing = [s for s in self._plain() if s.id not in held and self._fails(s)]
        for batch in batches(failing):
            pictures = sheet([self._picture(skill) for skill in batch])
            reply = self._mind.ask(prompts.refine(pictures, [_record(skill) for skill in batch]))
            if reply is None:
                return
            with self._library.store.step():
                for one in reply.skills:
                    if one.number <= len(batch):
                        self._refine(batch, one)

    def _fails(self, skill: Skill) -> bool:
        statistics = skill.statistics
        often = statistics.uses >= FAILING_USES and statistics.responsive_rate < FAILING
        judged = self._notes.get("judged", skill.id) or {}
        doubted = judged.get("consistent") is False and judged.get("progressive") is False
        return (often or doubted) and self._notes.get("refined", skill.id) is None

    def _refine(self, batch: Sequence[Skill], one: Refined) -> None:
        skill = batch[one.number - 1]
        self._notes.put("refined", skill.id, {"verdict": one.verdict})
        # The evidence has the last word: what is mostly answered is not retired because a model says so.
        if one.verdict == "retire" and skill.statistics.responsive_rate < FAILING:
            self._library.retire(skill.id, "a model sees no use in it, and it fails often")
            self.counts["retired"] += 1
        elif one.verdict == "try_after" and one.after <= len(batch) and one.after != one.number:
            first = _kind(batch[one.after - 1]).removesuffix(" >")
            note = self._notes.get("after", skill.scene) or {"pairs": []}
            pairs = [*note["pairs"], [first, _kind(skill).removesuffix(" >")]]
            self._notes.put("after", skill.scene, {"pairs": pairs[-12:]})


def batches(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """At most `BATCHES` of `BATCH` each."""
    for start in range(0, min(len(items), BATCH * BATCHES), BATCH):
        yield items[start : start + BATCH]


def _kind(skill: Skill) -> str:
    """The learner's name for it."""
    kind = str(skill.precondition.get("kind", ""))
    return f"{kind} >" if len(skill.steps) > 1 or skill.steps[0].destination is not None else kind


def _first_name(skill: Skill) -> str:
    """The name that the keeper gives: what is acted on."""
    targets = [t.kind for step in skill.steps for t in (step.target, step.destination) if t is not None]
    return ", then ".join(targets)


def _facts(skill: Skill) -> str:
    changes = ", ".join(f"{name} {value:+.3g}" for name, value in sorted(skill.effect.items())[:4])
    texts = [t.text or "a picture" for s in skill.steps for t in (s.target, s.destination) if t is not None]
    return f"{' onto '.join(texts)}; {changes or 'another screen'}"


def _record(skill: Skill) -> str:
    statistics = skill.statistics
    return f"{skill.name}: answered {statistics.responsive} of {statistics.uses} times; {_facts(skill)}"

"""The library: skills by id, scene, words and meaning, with their lineage and evidence.

It keeps skills in a `Store` and finds them by a vector index over their texts. It knows nothing of how
skills are chosen or executed, nor of what the documents of knowledge mean.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groundup.envs.errors import LibraryUnusable
from groundup.memory.derived import SpaceIndex
from groundup.memory.records import SkillRecord, UseRecord
from groundup.memory.store import FRAME_LIMIT, Store
from groundup.skills.types import Skill, skill_from_json, steps_key

Embed = Callable[[str], NDArray[np.float32]]
"""A text's embedding, float32 of shape (dimensions,)."""

MergeDocuments = Callable[[Any, Any], Any]
"""Two documents of knowledge with the same section and key, ours and theirs, as one."""

TEXT_SPACE = "skill-text"
"""The space of the store's vectors that holds the embeddings of skills' names and descriptions."""


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What a merge did, in numbers of skills and documents."""

    added: int
    merged: int
    documents: int


class Library:
    """Skills that can be found, changed and merged; see `Library.open`.

    `store` is open to those that write events, uses, knowledge and runs beside the skills.
    """

    def __init__(self, store: Store, *, embed: Embed | None = None) -> None:
        self.store = store
        self._embed = embed
        self._index: SpaceIndex | None = None

    @classmethod
    def open(
        cls,
        location: str | Path,
        *,
        frame_size: tuple[int, int] | None = None,
        game: str | None = None,
        create: bool = True,
        readonly: bool = False,
        embed: Embed | None = None,
        wait: float = 2.0,
        frame_limit: int = FRAME_LIMIT,
    ) -> Library:
        """Open the library at a path or URL for a game with frames of `frame_size` (width, height).

        Size and game are noted in a new library. Raises `LibraryUnusable` when the library cannot be
        used, or holds skills for frames of another size; nothing is written then.
        """
        store = Store.open(location, create=create, readonly=readonly, wait=wait, frame_limit=frame_limit)
        try:
            _claim(store, frame_size, game)
        except BaseException:
            store.close()
            raise
        return cls(store, embed=embed)

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """Width and height of the frames that its skills were learnt on; None when it is new."""
        text = self.store.meta("frame_size")
        if text is None:
            return None
        width, height = text.split("x")
        return int(width), int(height)

    @property
    def game(self) -> str | None:
        """The game it was begun with."""
        return self.store.meta("game")

    def close(self) -> None:
        """Keep the index and close the store; may be called twice."""
        if self._index is not None:
            self._index.save()
            self._index = None
        self.store.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return self.store.count_skills()

    # Finding

    def get(self, skill_id: str) -> Skill | None:
        """The skill of that id, retired or not."""
        record = self.store.get_skill(skill_id)
        return None if record is None else _skill(record)

    def skills(self, *, scene: str | None = None, retired: bool = False) -> list[Skill]:
        """All skills (of one scene), by id; with `retired` those that are no longer used, too."""
        return [_skill(record) for record in self.store.skills(scene=scene, retired=retired)]

    def search(self, text: str, k: int = 16) -> list[tuple[Skill, float]]:
        """The `k` skills that fit `text` best, best first: by meaning with an embedding, else by words.

        Scores are cosines, or the share of the words that a skill's name and description hold.
        """
        if self._embed is None:
            return self._search_words(text, k)
        return self.nearest(self._embed(text), k)

    def nearest(self, vector: NDArray[np.float32], k: int = 16) -> list[tuple[Skill, float]]:
        """The `k` skills whose text's embedding is nearest to `vector`, with their cosines."""
        found = self._text_index().search(vector, k)
        scores = dict(found)
        records = self.store.get_skills([owner for owner, _ in found])
        return [(_skill(record), scores[record.id]) for record in records if record.retired is None]

    def _search_words(self, text: str, k: int) -> list[tuple[Skill, float]]:
        words = _words(text)
        scored = []
        for record in self.store.skills():
            share = len(words & _words(f"{record.name} {record.description}")) / max(1, len(words))
            if share > 0:
                scored.append((record, share))
        scored.sort(key=lambda pair: -pair[1])
        return [(_skill(record), share) for record, share in scored[:k]]

    def _text_index(self) -> SpaceIndex:
        if self._index is None:
            path = self.store.path
            file = None if path is None else path.with_name(f"{path.name}.{TEXT_SPACE}.index")
            self._index = SpaceIndex(self.store, TEXT_SPACE, path=file)
        return self._index

    # Changing

    def add(self, skill: Skill) -> Skill:
        """Add a skill, or replace the one of its id as it stands; an empty id gets a new one."""
        if not skill.id:
            skill = replace(skill, id=uuid.uuid4().hex[:12])
        with self.store.step():
            self.store.put_skill(_record(skill))
            if self._embed is not None:
                text = f"{skill.name}. {skill.description}"
                self.store.put_vectors(TEXT_SPACE, {skill.id: self._embed(text)})
        return skill

    def update(self, skill: Skill) -> Skill:
        """Keep a changed skill under its id with the next version; statistics alone: `record_use`."""
        return self.add(replace(skill, version=skill.version + 1))

    def record_use(
        self,
        skill: Skill,
        *,
        run: str,
        step: int,
        reward: float,
        responsive: bool,
        deltas: Mapping[str, float] | None = None,
        value: float | None = None,
    ) -> Skill:
        """Add a use to the skill's evidence and return it with the new statistics.

        `skill` must be the latest state of that skill; `value` replaces the backed-up value when given.
        """
        statistics = skill.statistics.after(reward, responsive, step=step, value=value)
        changed = replace(skill, statistics=statistics)
        with self.store.step():
            self.store.add_use(UseRecord(skill.id, run, step, reward, responsive, dict(deltas or {})))
            self.store.put_statistics(skill.id, changed.to_json()["statistics"])
        return changed

    def retire(self, skill_id: str, reason: str) -> None:
        """Use a skill no longer; it stays with its lineage and evidence."""
        record = self.store.get_skill(skill_id)
        if record is None:
            return
        with self.store.step():
            self.store.put_skill(replace(record, retired=reason))
            self.store.delete_vectors(TEXT_SPACE, [skill_id])

    def prune(self, unfit: Callable[[Skill], str | None]) -> list[Skill]:
        """Retire the skills for which `unfit` gives a reason; returns them."""
        gone = []
        with self.store.step():
            for skill in self.skills():
                reason = unfit(skill)
                if reason is not None:
                    self.retire(skill.id, reason)
                    gone.append(skill)
        return gone

    def merge_near_duplicates(self, *, min_iou: float = 0.5) -> list[tuple[Skill, tuple[str, ...]]]:
        """Make one skill of those that do nearly the same; returns each with the ids that went into it.

        Nearly the same: the same scene and actions, on targets of the same kind and text whose boxes
        overlap by `min_iou`. The most used one stays, with all their evidence; the others are retired.
        """
        merged = []
        with self.store.step():
            for group in _near_duplicates(self.skills(), min_iou):
                kept, others = group[0], group[1:]
                for other in others:
                    kept = _absorb(kept, other)
                    self.retire(other.id, f"merged into {kept.id}")
                kept = self.update(kept)
                merged.append((kept, tuple(other.id for other in others)))
        return merged

    # Sharing

    def merge(
        self,
        others: Iterable[Library],
        *,
        documents: Mapping[str, MergeDocuments] | None = None,
        scene_of: Callable[[Library, str], str] | None = None,
    ) -> MergeReport:
        """Take over the skills and knowledge of `others`, all or nothing.

        Skills with the same steps in the same scene become one, their statistics added up. `documents`
        says by section how two documents of the same key become one (ours stays where it says nothing);
        `scene_of` gives our name for another library's scene (the same name by default).
        """
        rules = documents or {}
        added = merged = count = 0
        with self.store.step():
            mine = {steps_key(skill.scene, skill.steps): skill for skill in self.skills()}
            for other in others:
                self._check_frames(other)
                scenes = {scene.id for scene in self.store.scenes()}
                for scene in other.store.scenes():
                    if scene_of is None and scene.id not in scenes:
                        self._copy_frames(other.store, (scene.frame,) if scene.frame else ())
                        self.store.put_scene(scene)
                for skill in other.skills():
                    scene_id = skill.scene if scene_of is None else scene_of(other, skill.scene)
                    theirs = replace(skill, scene=scene_id)
                    key = steps_key(theirs.scene, theirs.steps)
                    if key in mine:
                        mine[key] = self.update(_absorb(mine[key], theirs))
                        merged += 1
                    else:
                        self._copy_frames(other.store, theirs.templates)
                        if self.store.get_skill(theirs.id) is not None:
                            theirs = replace(theirs, id="", parents=(*theirs.parents, theirs.id))
                        mine[key] = self.add(theirs)
                        added += 1
                count += self._merge_knowledge(other.store, rules)
        return MergeReport(added, merged, count)

    def _merge_knowledge(self, other: Store, rules: Mapping[str, MergeDocuments]) -> int:
        count = 0
        for section in other.knowledge_sections():
            mine = self.store.get_knowledge(section)
            rule = rules.get(section)
            for key, theirs in other.get_knowledge(section).items():
                if key not in mine:
                    self.store.put_knowledge(section, key, theirs)
                elif rule is not None:
                    self.store.put_knowledge(section, key, rule(mine[key], theirs))
                else:
                    continue
                count += 1
        return count

    def _check_frames(self, other: Library) -> None:
        if other.frame_size is not None:
            _claim(self.store, other.frame_size, other.game)

    def _copy_frames(self, other: Store, frames: Sequence[str]) -> None:
        for sha in frames:
            image = other.get_frame(sha)
            if image is not None:
                self.store.put_frame(image)


def skill_summary(skill: Skill) -> dict[str, Any]:
    """One entry of `groundup skills list --json` (design, section 6)."""
    document = skill.to_json()
    keys = ("id", "name", "description", "scene", "steps", "effect", "provenance", "parents", "version")
    statistics = skill.statistics
    return {
        **{key: document[key] for key in keys},
        "uses": statistics.uses,
        "value": statistics.value,
        "mean_reward": statistics.mean,
        "responsive_rate": statistics.responsive_rate,
    }


def _claim(store: Store, frame_size: tuple[int, int] | None, game: str | None) -> None:
    """Note the size of frames and the game in a new library; refuse another size than the one noted."""
    facts = {}
    if frame_size is not None:
        size = f"{frame_size[0]}x{frame_size[1]}"
        known = store.meta("frame_size")
        if known is not None and known != size:
            raise LibraryUnusable(
                f"The library {store.name} was learnt on frames of {known}, these are {size}: "
                "set the game to that size, or give another --library."
            )
        if known is None:
            facts["frame_size"] = size
    if game is not None and store.meta("game") is None:
        facts["game"] = game
    if facts and not store.readonly:
        with store.step():
            for key, value in facts.items():
                store.set_meta(key, value)


def _skill(record: SkillRecord) -> Skill:
    return skill_from_json(
        {
            "id": record.id,
            "name": record.name,
            "description": record.description,
            "scene": record.scene,
            "steps": record.steps,
            "precondition": record.precondition,
            "effect": record.effect,
            "statistics": record.statistics,
            "provenance": record.provenance,
            "parents": record.parents,
            "version": record.version,
        }
    )


def _record(skill: Skill) -> SkillRecord:
    return SkillRecord(**{**skill.to_json(), "parents": skill.parents, "frames": skill.templates})


def _absorb(kept: Skill, other: Skill) -> Skill:
    """`kept` with the evidence of `other` added, effects weighted by uses, and `other` among its parents."""
    ours, theirs = kept.statistics.uses, other.statistics.uses
    effect = {**other.effect, **kept.effect}
    for name in kept.effect.keys() & other.effect.keys():
        if theirs:
            effect[name] = (kept.effect[name] * ours + other.effect[name] * theirs) / (ours + theirs)
    parents = dict.fromkeys((*kept.parents, *other.parents, other.id))
    parents.pop(kept.id, None)
    return replace(
        kept,
        effect=dict(sorted(effect.items())),
        statistics=kept.statistics.plus(other.statistics),
        parents=tuple(parents),
    )


def _near_duplicates(skills: list[Skill], min_iou: float) -> list[list[Skill]]:
    """Groups of two or more skills that do nearly the same, the most used first in each."""
    alike: dict[tuple[object, ...], list[list[Skill]]] = {}
    for skill in sorted(skills, key=lambda one: (-one.statistics.uses, one.id)):
        groups = alike.setdefault(_look(skill), [])
        for group in groups:
            if _overlap(group[0], skill) >= min_iou:
                group.append(skill)
                break
        else:
            groups.append([skill])
    return [group for groups in alike.values() for group in groups if len(group) > 1]


def _look(skill: Skill) -> tuple[object, ...]:
    """What near duplicates have in common exactly: scene, actions, keys, kinds and texts of targets."""
    steps = tuple(
        (step.action, step.keys, *((t.kind, t.text) if t else None for t in (step.target, step.destination)))
        for step in skill.steps
    )
    return skill.scene, steps


def _overlap(one: Skill, other: Skill) -> float:
    """The smallest overlap (IoU) between the boxes of their targets; 1 when there are none."""
    worst = 1.0
    for mine, theirs in zip(one.steps, other.steps, strict=True):
        for a, b in ((mine.target, theirs.target), (mine.destination, theirs.destination)):
            if a is not None and b is not None:
                worst = min(worst, a.box.iou(b.box))
    return worst


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))

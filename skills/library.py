"""The library: skills by id, scene, words and meaning, with their lineage and evidence.

It keeps skills in a `Store` and finds them by a vector index over their texts. It knows nothing of how
skills are chosen or executed, nor of what the documents of knowledge mean.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groundup.envs.errors import LibraryUnusable
from groundup.memory.bundles import Bundle, BundledScene, read_bundle, write_bundle
from groundup.memory.derived import SpaceIndex
from groundup.memory.edits import pinned
from groundup.memory.records import SceneRecord, UseRecord
from groundup.memory.store import FRAME_LIMIT, Store
from groundup.skills.duplicates import MIN_IOU, absorb, near_duplicates
from groundup.skills.records import from_record, to_bundled, to_record
from groundup.skills.types import Skill, steps_key

Embed = Callable[[str], NDArray[np.float32]]
"""A text's embedding, float32 of shape (dimensions,)."""

MergeDocuments = Callable[[Any, Any], Any]
"""Two documents of knowledge with the same section and key, ours and theirs, as one."""

MergeRules = Mapping[str, MergeDocuments | None]
"""By section of knowledge, how its documents are merged; None leaves the other's section out."""

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
        self._embedded = False
        self._unkept: dict[str, NDArray[np.float32]] = {}
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
        return None if record is None else from_record(record)

    def skills(self, *, scene: str | None = None, retired: bool = False) -> list[Skill]:
        """All skills (of one scene), by id; with `retired` those that are no longer used, too."""
        return [from_record(record) for record in self.store.skills(scene=scene, retired=retired)]

    def search(self, text: str, k: int = 16) -> list[tuple[Skill, float]]:
        """The `k` skills that fit `text` best, best first: by meaning with an embedding, else by words.

        Scores are cosines, or the share of the words that a skill's name and description hold.
        """
        if self._embed is None:
            return self._search_words(text, k)
        self._embed_missing(self._embed)
        vector = self._embed(text)
        found = self.nearest(vector, k)
        for skill_id, other in self._unkept.items():
            skill = self.get(skill_id)
            if skill is not None:
                found.append((skill, _cosine(vector, other)))
        return sorted(found, key=lambda pair: -pair[1])[:k]

    def _embed_missing(self, embed: Embed) -> None:
        """Embed the skills that were added without; a reader does it for itself, since it writes nothing."""
        if self._embedded:
            return
        if len(self) != self.store.vectors.count(TEXT_SPACE):
            skills = self.skills()
            known = self.store.vectors.has(TEXT_SPACE, [skill.id for skill in skills])
            vectors = {skill.id: embed(_text(skill)) for skill in skills if skill.id not in known}
            if self.store.readonly:
                self._unkept = vectors
            else:
                self.store.vectors.put(TEXT_SPACE, vectors)
        self._embedded = True

    def nearest(self, vector: NDArray[np.float32], k: int = 16) -> list[tuple[Skill, float]]:
        """The `k` skills whose text's embedding is nearest to `vector`, with their cosines."""
        found = self._text_index().search_labels(vector, k)
        records = self.store.skills_of_vectors([label for label, _ in found])
        return [
            (from_record(records[label]), score)
            for label, score in found
            if label in records and records[label].retired is None
        ]

    def _search_words(self, text: str, k: int) -> list[tuple[Skill, float]]:
        words = _words(text)
        scored = []
        for record in self.store.skills():
            share = len(words & _words(f"{record.name} {record.description}")) / max(1, len(words))
            if share > 0:
                scored.append((record, share))
        scored.sort(key=lambda pair: -pair[1])
        return [(from_record(record), share) for record, share in scored[:k]]

    def _text_index(self) -> SpaceIndex:
        if self._index is None:
            path = self.store.path
            file = None if path is None else path.with_name(f"{path.name}.{TEXT_SPACE}.index")
            self._index = SpaceIndex(self.store, TEXT_SPACE, path=file)
        return self._index

    # Changing

    def add(self, skill: Skill) -> Skill:
        """Add a skill, or replace the one of its id as it stands; an empty id gets a new one."""
        known = bool(skill.id)
        if not known:
            skill = replace(skill, id=uuid.uuid4().hex[:12])
        with self.store.step():
            self.store.put_skill(to_record(skill))
            if self._embed is not None:
                self.store.vectors.put(TEXT_SPACE, {skill.id: self._embed(_text(skill))})
            elif known:  # a vector from another opening says what the skill was
                self.store.vectors.delete(TEXT_SPACE, [skill.id])
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
    ) -> Skill:
        """Add a use to the skill's evidence and return it with the new statistics.

        `skill` must be the latest state of that skill; its value is set by `set_value`.
        """
        statistics = skill.statistics.after(reward, responsive, step=step)
        changed = replace(skill, statistics=statistics)
        with self.store.step():
            self.store.add_use(UseRecord(skill.id, run, step, reward, responsive, dict(deltas or {})))
            self.store.put_statistics(skill.id, asdict(statistics))
        return changed

    def set_value(self, skill: Skill, value: float) -> Skill:
        """Replace the backed-up value of `skill`, the latest state of it; returns it changed."""
        changed = replace(skill, statistics=replace(skill.statistics, value=value))
        with self.store.step():
            self.store.put_statistics(skill.id, asdict(changed.statistics))
        return changed

    def retire(self, skill_id: str, reason: str) -> None:
        """Use a skill no longer; it stays with its lineage and evidence."""
        record = self.store.get_skill(skill_id)
        if record is None:
            return
        with self.store.step():
            self.store.put_skill(replace(record, retired=reason))
            self.store.vectors.delete(TEXT_SPACE, [skill_id])

    def prune(self, unfit: Callable[[Skill], str | None]) -> list[Skill]:
        """Retire the skills for which `unfit` gives a reason, but none that is pinned; returns them."""
        gone = []
        with self.store.step():
            for skill in self._unpinned():
                reason = unfit(skill)
                if reason is not None:
                    self.retire(skill.id, reason)
                    gone.append(skill)
        return gone

    def duplicates(self, *, min_iou: float = MIN_IOU) -> list[list[Skill]]:
        """What `merge_near_duplicates` would make one of: in each group the one that stays comes first."""
        return near_duplicates(self._unpinned(), min_iou)

    def merge_near_duplicates(self, *, min_iou: float = MIN_IOU) -> list[tuple[Skill, tuple[str, ...]]]:
        """Make one skill of those that do nearly the same; returns each with the ids that went into it.

        The most used one stays, with all their evidence; the others are retired. Pinned ones take no part.
        """
        merged = []
        with self.store.step():
            for group in self.duplicates(min_iou=min_iou):
                kept, others = group[0], group[1:]
                for other in others:
                    kept = absorb(kept, other)
                    self.retire(other.id, f"merged into {kept.id}")
                kept = self.update(kept)
                merged.append((kept, tuple(other.id for other in others)))
        return merged

    def _unpinned(self) -> list[Skill]:
        held = pinned(self.store)
        return [skill for skill in self.skills() if skill.id not in held]

    # Sharing

    def merge(
        self,
        others: Iterable[Library],
        *,
        documents: MergeRules | None = None,
        scene_of: Callable[[Library, str], str] | None = None,
    ) -> MergeReport:
        """Take over the skills and knowledge of `others`, all or nothing.

        Skills with the same steps in the same scene become one, their statistics added up. `documents`
        says by section how two documents of the same key become one (ours stays where it says nothing,
        and a section with None is left out); merging a library twice counts its evidence twice.
        `scene_of` gives our name for another library's scene (the same name by default).
        """
        with self.store.step():
            reports = [self._take(_foreign(other, scene_of), documents or {}) for other in others]
        return MergeReport(
            sum(report.added for report in reports),
            sum(report.merged for report in reports),
            sum(report.documents for report in reports),
        )

    def export_bundle(
        self,
        path: str | Path,
        *,
        skills: Sequence[Skill] | None = None,
        sections: Collection[str] | None = None,
    ) -> int:
        """Write all skills, or these, with scenes, knowledge and pictures to a .zip or folder.

        `sections` are those of knowledge that go with them, all by default. Returns the number of skills.
        Raises `BundleInvalid` when something else is in the way.
        """
        chosen = [to_record(skill) for skill in (self.skills() if skills is None else skills)]
        scenes = self.store.scenes()
        size = self.frame_size
        bundle = Bundle(
            game=self.game,
            frame_size=None if size is None else list(size),
            scenes=[BundledScene(**asdict(scene)) for scene in scenes],
            skills=[to_bundled(record) for record in chosen],
            knowledge={
                section: documents
                for section, documents in _all_knowledge(self.store).items()
                if sections is None or section in sections
            },
        )
        frames = [sha for record in chosen for sha in record.frames]
        frames += [scene.frame for scene in scenes if scene.frame is not None]
        found = ((sha, self.store.get_frame(sha)) for sha in dict.fromkeys(frames))
        write_bundle(path, bundle, ((sha, image) for sha, image in found if image is not None))
        return len(chosen)

    def import_bundle(self, path: str | Path, *, documents: MergeRules | None = None) -> MergeReport:
        """Take over a bundle as `merge` takes over a library; skills are checked, nothing is executed.

        Raises `BundleInvalid` or `SkillInvalid` with one sentence; nothing is written then.
        """
        with read_bundle(path) as reader, self.store.step():
            bundle = reader.bundle
            size = bundle.frame_size
            foreign = _Foreign(
                None if size is None else (size[0], size[1]),
                bundle.game,
                list(bundle.scene_records()),
                [from_record(record) for record in bundle.skill_records()],
                bundle.knowledge,
                reader.picture,
            )
            return self._take(foreign, documents or {})

    def _take(self, foreign: _Foreign, rules: MergeRules) -> MergeReport:
        """Add what comes from elsewhere, inside a step."""
        if foreign.frame_size is not None:
            _claim(self.store, foreign.frame_size, foreign.game)
        known = {scene.id for scene in self.store.scenes()}
        for scene in foreign.scenes:
            if scene.id not in known:
                self._copy_pictures((scene.frame,) if scene.frame else (), foreign.picture)
                self.store.put_scene(scene)
        mine = {steps_key(skill.scene, skill.steps): skill for skill in self.skills()}
        added = merged = 0
        for theirs in foreign.skills:
            key = steps_key(theirs.scene, theirs.steps)
            if key in mine:
                mine[key] = self.update(absorb(mine[key], theirs))
                merged += 1
                continue
            self._copy_pictures(theirs.templates, foreign.picture)
            if not theirs.id or self.store.get_skill(theirs.id) is not None:
                theirs = replace(theirs, id="", parents=tuple(filter(None, (*theirs.parents, theirs.id))))
            mine[key] = self.add(theirs)
            added += 1
        return MergeReport(added, merged, self._take_knowledge(foreign.knowledge, rules))

    def _take_knowledge(self, knowledge: Mapping[str, Mapping[str, Any]], rules: MergeRules) -> int:
        count = 0
        for section, documents in knowledge.items():
            if section in rules and rules[section] is None:
                continue
            mine = self.store.get_knowledge(section)
            rule = rules.get(section)
            for key, theirs in documents.items():
                if key in mine and rule is None:
                    continue
                merged = rule(mine[key], theirs) if key in mine and rule is not None else theirs
                self.store.put_knowledge(section, key, merged)
                count += 1
        return count

    def _copy_pictures(self, frames: Sequence[str], picture: Callable[[str], bytes | None]) -> None:
        for sha in frames:
            image = picture(sha)
            if image is not None:
                self.store.put_frame(image)


@dataclass(frozen=True, slots=True)
class _Foreign:
    """What another library or a bundle holds."""

    frame_size: tuple[int, int] | None
    game: str | None
    scenes: Sequence[SceneRecord]
    skills: Sequence[Skill]
    knowledge: Mapping[str, Mapping[str, Any]]
    picture: Callable[[str], bytes | None]


def _foreign(other: Library, scene_of: Callable[[Library, str], str] | None) -> _Foreign:
    skills = other.skills()
    if scene_of is not None:
        skills = [replace(skill, scene=scene_of(other, skill.scene)) for skill in skills]
    return _Foreign(
        other.frame_size,
        other.game,
        other.store.scenes() if scene_of is None else (),
        skills,
        _all_knowledge(other.store),
        other.store.get_frame,
    )


def _all_knowledge(store: Store) -> dict[str, dict[str, Any]]:
    return {section: store.get_knowledge(section) for section in store.knowledge_sections()}


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


def _text(skill: Skill) -> str:
    """What is embedded of a skill."""
    return f"{skill.name}. {skill.description}"


def _cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(one @ other / max(1e-12, float(np.linalg.norm(one) * np.linalg.norm(other))))


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))

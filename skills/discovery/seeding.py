"""Segments of a video as skills of a library: key frames, what was done, what it looks like, a name.

Such a skill shows what somebody did; nobody carries it out by itself, since keys and camera are no targets.
It can be found by its words and by its sight, looked at, and shared like any other.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from groundup.envs.errors import UsageError
from groundup.envs.types import Frame, Pixels
from groundup.memory.frames import keep_frame
from groundup.perception.embedding import FrameEmbedder, Vectors
from groundup.perception.text import TextReader
from groundup.skills.discovery.jobs import Job
from groundup.skills.discovery.segmenting import filed
from groundup.skills.discovery.types import Pictures
from groundup.skills.library import Library
from groundup.skills.types import RelativeBox, Skill, SkillStep, Target

PROVENANCE = "demonstration"

SIGHT_SPACE = "skill-sight"
"""The space of the store's vectors with what skills look like: the mean of their key frames' embeddings."""

WIDEST = 640
"""Pixels of a kept key frame's longer side, as the journal has it."""

LONGEST = 200
"""Runs of the same action that are kept of a segment; after them it says that there is more."""

READ = 0.8
"""Least confidence of a text on screen that may name a skill."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """The key frames of a segment: where it begins and where it ends."""

    begin: Pixels
    end: Pixels


class Seeder:
    """Makes skills of segments."""

    def __init__(self, library: Library, sight: FrameEmbedder, reader: TextReader) -> None:
        self._library = library
        self._sight = sight
        self._reader = reader

    def seed(self, job: Job, record: Mapping[str, Any], done: Sequence[str] | None = None) -> list[Skill]:
        """A skill for each segment in the record of a video or demonstration; all are added, or none.

        `done` is what was done at each frame; what is on file when None, and not said where nothing is.
        The same segment of the same video is the same skill, however often, and keeps the name that it was
        given since. Raises `UsageError`
        (`VideoUnusable`, `ActionsUnusable`, `BadDemonstrations`).
        """
        known = filed(job)
        done = known.done if done is None else done
        bounds = [(int(first), int(last)) for first, last in record["boundaries"]]
        if any(first < 0 or last < first for first, last in bounds):
            raise UsageError(
                f"The record of {job.video} has segments that end before they begin: cut it again."
            )
        skills = []
        with self._library.store.step():
            shown = _key_frames(known.pictures(), bounds)
            after = False
            for (first, last), cause in zip(bounds, record["causes"], strict=True):
                # An event that ends a segment is noted at the next one's first frame.
                begin, after = first + after, cause == "event"
                if (first, last) in shown:
                    frames = shown[first, last]
                    named = [name for frame, name in known.events if begin <= frame <= last + after]
                    acted = [] if done is None else runs(done[first : last + 1])
                    skill = self._skill(job, (first, last), frames, acted, named, cause, record["fps"])
                    before = self._library.get(skill.id)
                    if before is not None and before.version > 1:
                        skills.append(before)
                        continue
                    skills.append(self._library.add(skill))
                    self._library.store.vectors.put(SIGHT_SPACE, {skill.id: self._look(frames)})
        return skills

    def _skill(
        self,
        job: Job,
        bounds: tuple[int, int],
        shown: _Shown,
        done: Sequence[tuple[str, int]],
        events: Sequence[str],
        cause: str,
        fps: float,
    ) -> Skill:
        first, last = bounds
        path = Path(job.name)
        words = self._words(shown.end)
        name = _name(events, words, done)
        did = (
            ", ".join(f"{action} for {count / fps:.1f} s" for action, count in _most(done)) or "not recorded"
        )
        description = (
            f"{name}: {did}. Shown in {path.name}, frames {first} to {last} "
            f"({(last - first + 1) / fps:.1f} s), ended by {cause}."
        )
        keys = tuple(f"{action} x{count}" for action, count in done[:LONGEST])
        if len(done) > LONGEST:
            keys = (*keys, f"and {len(done) - LONGEST} more")
        begin, end = (self._target(pixels, text) for pixels, text in ((shown.begin, ""), (shown.end, words)))
        step = SkillStep("follow", begin, end, keys)
        identity = hashlib.sha256(f"{path.name}|{first}|{last}|{begin.template_sha}".encode()).hexdigest()[
            :12
        ]
        scene = f"video {job.called}"
        return Skill(identity, name, description, scene, (step,), {"scene": scene}, provenance=PROVENANCE)

    def _target(self, pixels: Pixels, text: str) -> Target:
        return Target(
            "key frame", text, RelativeBox(0, 0, 1, 1), keep_frame(self._library.store, _small(pixels))
        )

    def _words(self, pixels: Pixels) -> str:
        """What is written on a frame, surest first; empty where nothing can be read."""
        lines = [line for line in self._reader(Frame(pixels, 0.0, 0), None) if line.confidence >= READ]
        worded = [line for line in lines if sum(letter.isalpha() for letter in line.text) >= 3]
        return ", ".join(line.text for line in sorted(worded, key=lambda line: -line.box.h)[:2])

    def _look(self, shown: _Shown) -> Vectors:
        pair = [self._sight(Frame(pixels, 0.0, 0)) for pixels in (shown.begin, shown.end)]
        mean = np.mean(pair, axis=0)
        return np.asarray(mean / max(1e-12, float(np.linalg.norm(mean))), np.float32)


def runs(done: Sequence[str]) -> list[tuple[str, int]]:
    """Runs of the same action: what, and how many frames."""
    return [(action, len(list(same))) for action, same in groupby(done)]


def _most(done: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """What was done longest, at most four."""
    total: Counter[str] = Counter()
    for action, count in done:
        total[action] += count
    return total.most_common(4)


def _name(events: Sequence[str], words: str, done: Sequence[tuple[str, int]]) -> str:
    """By what happened, else by what is written on screen, else by what was done."""
    if events:
        return " and ".join(dict.fromkeys(events[:3]))
    if words:
        return words[:60]
    doing = [action for action, _ in _most(done) if action != "nothing"]
    return doing[0] if doing else "wait and see"


def _key_frames(pictures: Pictures, bounds: Sequence[tuple[int, int]]) -> dict[tuple[int, int], _Shown]:
    """The first and last frame of each segment, small; one that the video does not hold is left out."""
    wanted = {frame for pair in bounds for frame in pair}
    kept: dict[int, Pixels] = {}
    for number, pixels in enumerate(pictures):
        if number in wanted:
            kept[number] = _small(pixels)
        if len(kept) == len(wanted):
            break
    return {
        pair: _Shown(kept[pair[0]], kept[pair[1]]) for pair in bounds if pair[0] in kept and pair[1] in kept
    }


def _small(pixels: Pixels) -> Pixels:
    scale = WIDEST / max(pixels.shape[:2])
    if scale >= 1.0:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)

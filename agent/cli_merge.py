"""What `groundup skills merge` does: several libraries into one.

Looks, scenes and places are named by each library in its own order. The others' names are put into
ours first; then what was learnt under them can be added up.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from groundup.agent.knowledge import Knowledge, load
from groundup.envs.errors import UsageError
from groundup.perception.perceiver import Perceiver
from groundup.skills.learner import Learner
from groundup.skills.library import Library
from groundup.skills.merging import merge

_NAME = re.compile(r"(?:look|scene) \d+|(?:[^\W\d_]+ )*n(?:/m)?@\d+,\d+")
"""Names that a perceiver gives: looks, scenes, and places such as "floor n@639,23"."""

_OURS = ("learner", "perception", "lessons", "notes")
"""Sections of knowledge that are merged by what they mean, not document by document. A model's notes on
scenes stay with the library whose scenes they are on."""


def merge_libraries(sources: Sequence[str], target: str) -> dict[str, Any]:
    """Take over `sources` into `target`, which is made when there is none; returns what was done.

    Raises `UsageError`, with nothing written, for what cannot be merged.
    """
    paths = [os.path.realpath(location) for location in (target, *sources)]
    twice = [location for number, location in enumerate(sources, 1) if paths[number] in paths[:number]]
    if twice:
        raise UsageError(f"{twice[0]} is named twice, which would count its evidence twice: name it once.")
    with ExitStack() as stack:
        others = [stack.enter_context(Library.open(s, create=False, readonly=True)) for s in sources]
        first = others[0]
        for other in others:
            if None not in (first.frame_size, other.frame_size) and other.frame_size != first.frame_size:
                raise UsageError(
                    f"{first.store.name} and {other.store.name} were learnt on frames of different sizes, "
                    f"{first.frame_size} and {other.frame_size}: merge those of one size."
                )
        mine = stack.enter_context(Library.open(target, frame_size=first.frame_size, game=first.game))
        perceiver, learner = Perceiver(), Learner()
        load(mine.store, learner, perceiver)
        learnt = [learner.to_dict()] if mine.store.get_knowledge("learner") else []
        names: dict[int, dict[str, str]] = {}
        for other in others:
            eyes, theirs = Perceiver(), Learner()
            load(other.store, theirs, eyes)
            names[id(other)] = perceiver.absorb(eyes)
            learnt.append(rename(theirs.to_dict(), names[id(other)]))
        learner.load(merge(learnt))
        with mine.store.step():
            report = mine.merge(
                others,
                documents=dict.fromkeys(_OURS),
                scene_of=lambda other, scene: names[id(other)].get(scene, scene),
            )
            Knowledge(mine.store, "", learner, perceiver).snapshot()
        return {
            "added": report.added,
            "merged": report.merged,
            "documents": report.documents,
            "total": len(mine),
            "library": mine.store.name,
        }


def rename(document: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A copy of a JSON document in which each name is replaced by the one that `names` gives for it."""
    text = _NAME.sub(lambda found: names.get(found[0], found[0]), json.dumps(document, ensure_ascii=False))
    renamed: dict[str, Any] = json.loads(text)
    return renamed

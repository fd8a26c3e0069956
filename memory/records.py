"""What the store keeps, as values.

This module knows nothing of databases, nor of what a skill's steps mean: skills give their steps,
precondition, effect and statistics as JSON, and get the same JSON back. It imports nothing that takes time:
a dashboard shows records before anything else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from groundup.envs.errors import LibraryUnusable

JsonObject = dict[str, Any]
"""A JSON object as Python holds it."""


def to_json(document: object) -> str:
    """`document` as compact JSON text; numpy scalars and arrays become numbers and lists.

    Raises `TypeError` for what JSON cannot hold.
    """
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, default=_plain)


def from_json(text: str) -> Any:
    """The document behind `text`; raises `LibraryUnusable` when it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LibraryUnusable(
            f"The library is damaged (a text in it is no JSON: {error}): restore a copy, or give another "
            "--library."
        ) from error


def _plain(value: object) -> object:
    import numpy as np  # whoever has such a value has it loaded

    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


@dataclass(frozen=True, slots=True)
class SkillRecord:
    """A skill as it is kept; `retired` says why it is no longer used, and is None while it is.

    `frames` are the content hashes of the pictures that it needs: they outlive the size limit.
    """

    id: str
    name: str
    description: str = ""
    scene: str = ""
    steps: list[JsonObject] = field(default_factory=list)
    precondition: JsonObject = field(default_factory=dict)
    effect: JsonObject = field(default_factory=dict)
    statistics: JsonObject = field(default_factory=dict)
    provenance: str = ""
    parents: tuple[str, ...] = ()
    version: int = 1
    retired: str | None = None
    frames: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SceneRecord:
    """A kind of screen: whatever tells it from others, as JSON, and a picture of it by its hash."""

    id: str
    name: str = ""
    data: JsonObject = field(default_factory=dict)
    frame: str | None = None


@dataclass(frozen=True, slots=True)
class UseRecord:
    """One use of a skill: in which run, at which step, and what came of it."""

    skill: str
    run: str
    step: int
    reward: float
    responsive: bool
    deltas: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run: `status` is "running", "done", "stopped" or "failed"; `state` is what resuming it needs.

    `started` and `updated` are seconds since 1970.
    """

    id: str
    game: str
    policy: str
    seed: int | None
    steps: int
    status: str
    state: JsonObject
    started: float
    updated: float


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a run's log: its number in the run from 0, seconds since 1970, what happened, details."""

    run: str
    seq: int
    t: float
    kind: str
    data: JsonObject = field(default_factory=dict)


What = Literal["pause", "step", "resume", "stop", "note", "budget", "skill"]
"""Wait before the next step; do one step and wait; go on; end with everything kept; write {"text"} into the
log; end after {"steps"} steps in all; change a skill ({"edit"}, see edits.py)."""


@dataclass(frozen=True, slots=True)
class Control:
    """One thing asked of a run; `asked` and `taken` are seconds since 1970, `taken` None until it was."""

    id: int
    run: str
    what: str
    value: JsonObject
    asked: float
    taken: float | None

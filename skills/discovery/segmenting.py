"""One video into segments: its actions read or predicted, its losses computed, a rule applied."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import torch

from groundup.envs.errors import UsageError
from groundup.perception.video import probe
from groundup.skills.discovery.events import read_events
from groundup.skills.discovery.rules.reference import (
    GAP_PREDICTED,
    GAP_RECORDED,
    MAX_LENGTH,
    MIN_LENGTH,
    ReferenceRule,
)
from groundup.skills.discovery.types import Losses, Segment
from groundup.skills.discovery.vpt.demonstrations import Demonstration, demonstration, in_video, predicted
from groundup.skills.discovery.vpt.engine import ChunkedLosses
from groundup.skills.discovery.vpt.files import load_idm, load_policy
from groundup.skills.discovery.vpt.networks import InverseDynamics, Policy
from groundup.skills.discovery.vpt.recordings import ActionsUnusable, read_recording

RULES = ("reference",)

Tell = Callable[[int, int, str], None]
"""Told how much of how much is done, and of what."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to cut and how; `gap` None takes the reference's for the kind of actions."""

    video: Path
    policy: Path
    policy_weights: Path | None = None
    actions: Path | None = None
    events: Path | None = None
    idm: Path | None = None
    idm_weights: Path | None = None
    rule: str = "reference"
    gap: float | None = None
    min_length: int = MIN_LENGTH
    max_length: int = MAX_LENGTH
    drop_small: bool = False
    threads: int | None = None

    @property
    def height(self) -> float:
        """The gap that is used, nats."""
        usual = GAP_RECORDED if self.actions is not None else GAP_PREDICTED
        return usual if self.gap is None else self.gap

    @property
    def options(self) -> dict[str, Any]:
        """All that decides on boundaries beside the video; models by name and the hash of their weights."""
        predicting = self.actions is None and self.idm is not None
        return {
            "rule": self.rule,
            "gap": self.height,
            "min_length": self.min_length,
            "max_length": self.max_length,
            "drop_small": self.drop_small,
            "policy": _identity(self.policy, self.policy_weights),
            "actions": "recorded" if self.actions is not None else "idm",
            "idm": _identity(self.idm, self.idm_weights) if predicting and self.idm else None,
            "events": self.events.name if self.events is not None else None,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A video cut into segments; `losses` are those the rule saw, by number of the kept frame."""

    job: Job
    demonstration: Demonstration
    segments: list[Segment]
    losses: dict[int, float]
    fps: float
    gap: float
    actions: Literal["recorded", "idm"]
    seconds: float

    @property
    def boundaries(self) -> list[tuple[int, int]]:
        """First and last frame of the video of each segment."""
        return [in_video(self.demonstration, segment.start, segment.end) for segment in self.segments]

    def to_json(self) -> dict[str, Any]:
        """The record of a video; `file` and `boundaries` are what the reference's own tools read."""
        frames = self.demonstration.total
        return {
            "file": self.job.video.name,
            "boundaries": [list(pair) for pair in self.boundaries],
            "video": str(self.job.video),
            "frames": frames,
            "kept": len(self.demonstration.kept),
            "fps": self.fps,
            "rule": self.job.rule,
            "gap": self.gap,
            "actions": self.actions,
            "causes": [segment.cause for segment in self.segments],
            "scores": [round(segment.score, 4) for segment in self.segments],
            "seconds": round(self.seconds, 3),
            "frames_per_second": round(frames / self.seconds, 2),
            "options": self.job.options,
        }


@dataclass(slots=True)
class Noted:
    """Losses that remember what was asked of them."""

    losses: Losses
    tell: Tell
    seen: dict[int, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.losses)

    def since(self, start: int) -> Iterator[float]:
        """See `Losses`."""
        for frame, value in enumerate(self.losses.since(start), start=start):
            self.seen[frame] = value
            self.tell(frame + 1, len(self), "frames scored")
            yield value


def segment_video(job: Job, tell: Tell = lambda *_: None) -> Cut:
    """Cut one video. Raises VideoUnusable, ActionsUnusable, WeightsInvalid, LossesInvalid, UsageError."""
    if job.rule not in RULES:
        raise UsageError(f"There is no rule {job.rule!r}: known are {', '.join(RULES)}.")
    if job.threads is not None:
        torch.set_num_threads(job.threads)
    info = probe(job.video)
    policy = _policy(job.policy, job.policy_weights)
    began = time.perf_counter()
    if job.actions is not None:
        recording = read_recording(job.actions)
    elif job.idm is not None:
        recording = predicted(
            job.video,
            _idm(job.idm, job.idm_weights),
            lambda done: tell(done, max(done, info.frames or 0), "actions predicted"),
        )
    else:
        raise ActionsUnusable(
            f"{job.video} has no recorded actions: give --actions, or --idm to predict them."
        )
    events = read_events(job.events) if job.events is not None else []
    demo = demonstration(job.video, recording, events, drop_small=job.drop_small)
    gap = job.height
    losses = ChunkedLosses(policy, demo.joint, demo.frames())
    noted = Noted(losses, tell)
    segments = ReferenceRule(gap, job.min_length, job.max_length).cut(noted, demo.track)
    losses.finish()
    seconds = time.perf_counter() - began
    kind: Literal["recorded", "idm"] = "recorded" if job.actions is not None else "idm"
    return Cut(job, demo, segments, noted.seen, info.fps, gap, kind, seconds)


@cache
def _policy(path: Path, weights: Path | None) -> Policy:
    return load_policy(path, weights)


@cache
def _idm(path: Path, weights: Path | None) -> InverseDynamics:
    return load_idm(path, weights)


@cache
def _identity(model: Path, weights: Path | None) -> str:
    """A model's name and the beginning of the hash of its weights; the name alone where there are none."""
    file = weights or model.with_suffix(".weights")
    if not file.is_file():
        return model.name
    with file.open("rb") as content:
        return f"{model.name} {hashlib.file_digest(content, 'sha256').hexdigest()[:16]}"

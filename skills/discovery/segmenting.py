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
from groundup.skills.discovery.lerobot.reading import Episode
from groundup.skills.discovery.rules.named import REFERENCE, check_rule, named_rule
from groundup.skills.discovery.rules.reference import GAP_PREDICTED, GAP_RECORDED, MAX_LENGTH, MIN_LENGTH
from groundup.skills.discovery.types import Losses, Segment
from groundup.skills.discovery.vpt.checked import CheckedLosses
from groundup.skills.discovery.vpt.cursor import ARROW, read_pointer
from groundup.skills.discovery.vpt.demonstrations import (
    Demonstration,
    Source,
    demonstration,
    in_video,
    predicted,
)
from groundup.skills.discovery.vpt.engine import ChunkedLosses
from groundup.skills.discovery.vpt.files import load_idm, load_policy
from groundup.skills.discovery.vpt.methods import Precision, device, losses_of
from groundup.skills.discovery.vpt.networks import InverseDynamics, Policy
from groundup.skills.discovery.vpt.recordings import ActionsUnusable, Recording, read_recording

Tell = Callable[[int, int, str], None]
"""Told how much of how much is done, and of what."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What is written of a cut video beside its record: a folder of clips, a PNG, a folder with a dataset."""

    clips: Path | None = None
    timeline: Path | None = None
    lerobot: Path | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What to cut and how; `gap` None takes the reference's for the kind of actions.

    `episode` is a part of a LeRobotDataset, whose folder `video` is then. `cursor` is a picture of the
    pointer.
    """

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
    precision: Precision = "exact"
    cursor: Path | None = None
    episode: Episode | None = None
    extras: Extras = Extras()
    threads: int | None = None

    @property
    def name(self) -> str:
        """What records call the video."""
        return str(self.video) if self.episode is None else f"{self.video}#{self.episode.number}"

    @property
    def kind(self) -> Literal["recorded", "idm"]:
        """Where actions come from."""
        return "recorded" if self.actions is not None or self.episode is not None else "idm"

    @property
    def height(self) -> float:
        """The gap that is used: nats for the reference's rule. Raises UsageError where there is no usual
        one."""
        if self.gap is not None:
            return self.gap
        if self.rule != REFERENCE:
            raise UsageError(
                f"The rule {self.rule!r} has no usual gap: pick one with `groundup calibrate --rule "
                f"{self.rule}`, and give it with --gap."
            )
        return GAP_RECORDED if self.kind == "recorded" else GAP_PREDICTED

    @property
    def options(self) -> dict[str, Any]:
        """All that decides on boundaries beside the video; models by name and the hash of their weights."""
        predicting = self.kind == "idm" and self.idm is not None
        return {
            "rule": self.rule,
            "gap": self.height,
            "min_length": self.min_length,
            "max_length": self.max_length,
            "drop_small": self.drop_small,
            "policy": _identity(self.policy, self.policy_weights),
            "actions": self.kind,
            "idm": _identity(self.idm, self.idm_weights) if predicting and self.idm else None,
            "events": self.events.name if self.events is not None else None,
            "cursor": self.cursor.name if self.cursor is not None else None,
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
    computed: str
    seconds: float

    @property
    def boundaries(self) -> list[tuple[int, int]]:
        """First and last frame of the video of each segment."""
        return [in_video(self.demonstration, segment.start, segment.end) for segment in self.segments]

    def to_json(self) -> dict[str, Any]:
        """The record of a video; `file` and `boundaries` are what the reference's own tools read."""
        frames = self.demonstration.total
        return {
            "file": Path(self.job.name).name,
            "boundaries": [list(pair) for pair in self.boundaries],
            "video": self.job.name,
            "frames": frames,
            "kept": len(self.demonstration.kept),
            "fps": self.fps,
            "rule": self.job.rule,
            "gap": self.gap,
            "actions": self.job.kind,
            "causes": [segment.cause for segment in self.segments],
            "scores": [round(segment.score, 4) for segment in self.segments],
            "computed": self.computed,
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


@dataclass(slots=True)
class NotedRoughly(Noted):
    """The same for losses that can be computed again; the better ones are remembered."""

    losses: CheckedLosses

    @property
    def tolerance(self) -> float:
        """See `Checkable`."""
        return self.losses.tolerance

    def closer(self, start: int, frame: int) -> Iterator[tuple[list[float], float]]:
        """See `Checkable`."""
        for values, tolerance in self.losses.closer(start, frame):
            self.seen.update(zip(range(frame + 1 - len(values), frame + 1), values, strict=True))
            yield values, tolerance


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A demonstration with its actions and the losses a rule asks for; `computed` says how."""

    demonstration: Demonstration
    losses: ChunkedLosses | CheckedLosses
    fps: float
    computed: str
    kind: Literal["recorded", "idm"]


def prepare(job: Job, tell: Tell = lambda *_: None) -> Prepared:
    """Read or predict the actions of a video. Raises VideoUnusable, ActionsUnusable, WeightsInvalid."""
    if job.threads is not None:
        torch.set_num_threads(job.threads)
    source, fps, frames = source_of(job)
    policy = _policy(job.policy, job.policy_weights)
    recording = _recording(job, source, lambda done: tell(done, max(done, frames), "actions predicted"))
    events = read_events(job.events) if job.events is not None else []
    demo = demonstration(source, recording, events, drop_small=job.drop_small)
    losses, computed = losses_of(policy, demo.joint, demo.frames(), job.precision)
    return Prepared(demo, losses, fps, computed, job.kind)


def segment_video(job: Job, tell: Tell = lambda *_: None) -> Cut:
    """Cut one video. Raises VideoUnusable, ActionsUnusable, WeightsInvalid, LossesInvalid, UsageError."""
    check_rule(job.rule)
    if job.precision == "fast" and job.rule != REFERENCE:
        raise UsageError(
            f"--fast keeps the boundaries of the rule reference only: leave it out for {job.rule}."
        )
    rule = named_rule(job.rule, job.height, job.min_length, job.max_length)
    began = time.perf_counter()
    ready = prepare(job, tell)
    losses = ready.losses
    noted = NotedRoughly(losses, tell) if isinstance(losses, CheckedLosses) else Noted(losses, tell)
    segments = rule.cut(noted, ready.demonstration.track)
    losses.finish()
    seconds = time.perf_counter() - began
    return Cut(job, ready.demonstration, segments, noted.seen, ready.fps, job.height, ready.computed, seconds)


def source_of(job: Job) -> tuple[Source, float, int]:
    """Where frames come from, how many a second, and about how many. Raises VideoUnusable."""
    pointer = read_pointer(job.cursor) if job.cursor is not None else ARROW
    if job.episode is not None:
        one = job.episode
        return Source(one.video, one.start, one.length, pointer), one.fps, one.length
    info = probe(job.video)
    return Source(job.video, pointer=pointer), info.fps, info.frames or 0


def _recording(job: Job, source: Source, told: Callable[[int], None]) -> Recording:
    if job.actions is not None:
        return read_recording(job.actions)
    if job.episode is not None:
        return job.episode.recording()
    if job.idm is not None:
        return predicted(source, _idm(job.idm, job.idm_weights), told)
    raise ActionsUnusable(f"{job.video} has no recorded actions: give --actions, or --idm to predict them.")


@cache
def _policy(path: Path, weights: Path | None) -> Policy:
    return load_policy(path, weights).to(device())


@cache
def _idm(path: Path, weights: Path | None) -> InverseDynamics:
    return load_idm(path, weights).to(device())


@cache
def _identity(model: Path, weights: Path | None) -> str:
    """A model's name and the beginning of the hash of its weights; the name alone where there are none."""
    file = weights or model.with_suffix(".weights")
    if not file.is_file():
        return model.name
    with file.open("rb") as content:
        return f"{model.name} {hashlib.file_digest(content, 'sha256').hexdigest()[:16]}"

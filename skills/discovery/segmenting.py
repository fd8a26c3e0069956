"""One demonstration into segments: made ready by the kind of its policy, a rule applied."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from groundup.skills.discovery.demonstrations import SUFFIX
from groundup.skills.discovery.jobs import Job, Ready, Tell, check
from groundup.skills.discovery.rules.named import named_rule
from groundup.skills.discovery.training import ready as trained_here
from groundup.skills.discovery.training.scoring import LatentLosses
from groundup.skills.discovery.types import Filed, Losses, Segment, Shown
from groundup.skills.discovery.vpt import ready as of_vpt
from groundup.skills.discovery.vpt.checked import CheckedLosses
from groundup.skills.discovery.vpt.demonstrations import in_video


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A video cut into segments; `losses` of kept frames are those the rule saw, NaN where it saw none."""

    job: Job
    demonstration: Shown
    segments: list[Segment]
    losses: NDArray[np.float32]
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
    seen: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        self.seen = np.full(len(self.losses), np.nan, np.float32)

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
            self.seen[frame + 1 - len(values) : frame + 1] = values
            yield values, tolerance


@dataclass(slots=True)
class NotedSkills(Noted):
    """The same for losses of latent skills."""

    losses: LatentLosses

    def boundary_posterior(self) -> NDArray[np.float64]:
        """See `KnowsSkills`."""
        return self.losses.boundary_posterior()


def noted(losses: Losses, tell: Tell) -> Noted:
    """Losses that remember what was asked of them, and know latent skills where those given do."""
    return NotedSkills(losses, tell) if isinstance(losses, LatentLosses) else Noted(losses, tell)


def prepare(job: Job, tell: Tell = lambda *_: None) -> Ready:
    """Read or predict the actions of a demonstration, and score it.

    Raises UsageError (VideoUnusable, ActionsUnusable, BadDemonstrations, WeightsInvalid, BadCheckpoint).
    """
    check(job)
    if job.threads is not None:
        torch.set_num_threads(job.threads)
    return trained_here.prepare(job) if job.trained else of_vpt.prepare(job, tell)


def filed(job: Job) -> Filed:
    """What is on file of a job's demonstration. Raises UsageError."""
    return trained_here.filed(job) if job.video.suffix == SUFFIX else of_vpt.filed(job)


def segment_video(job: Job, tell: Tell = lambda *_: None) -> Cut:
    """Cut one demonstration. Raises LossesInvalid, and UsageError as `prepare` does."""
    check(job)
    rule = named_rule(job.rule, job.height, job.min_length, job.max_length)
    began = time.perf_counter()
    ready = prepare(job, tell)
    losses = ready.losses
    heard = NotedRoughly(losses, tell) if isinstance(losses, CheckedLosses) else noted(losses, tell)
    segments = rule.cut(heard, ready.demonstration.track)
    ready.finish()
    seconds = time.perf_counter() - began
    return Cut(job, ready.demonstration, segments, heard.seen, ready.fps, job.height, ready.computed, seconds)

"""A video with its actions made ready for a rule: read or predicted, scored by a VPT policy."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from groundup.perception.video import probe
from groundup.skills.discovery.events import read_events
from groundup.skills.discovery.jobs import Job, Ready, Tell
from groundup.skills.discovery.types import Filed
from groundup.skills.discovery.vpt.cursor import ARROW, read_pointer
from groundup.skills.discovery.vpt.demonstrations import Source, demonstration, predicted
from groundup.skills.discovery.vpt.files import load_idm, load_policy
from groundup.skills.discovery.vpt.methods import device, losses_of
from groundup.skills.discovery.vpt.networks import InverseDynamics, Policy
from groundup.skills.discovery.vpt.recordings import ActionsUnusable, Recording, read_recording, worded


def prepare(job: Job, tell: Tell) -> Ready:
    """Read or predict the actions of a video. Raises VideoUnusable, ActionsUnusable, WeightsInvalid."""
    source, fps, frames = _source(job)
    policy = _policy(job.policy, job.policy_weights)
    recording = _recorded(job)
    if recording is None:
        recording = _predicted(job, source, lambda done: tell(done, max(done, frames), "actions predicted"))
    demo = demonstration(source, recording, _events(job), drop_small=job.drop_small)
    losses, computed = losses_of(policy, demo.joint, demo.frames(), job.precision)
    return Ready(demo, losses, fps, computed, losses.finish)


def filed(job: Job) -> Filed:
    """What is on file of a video. Raises VideoUnusable, ActionsUnusable."""
    recording = _recorded(job)
    return Filed(_source(job)[0].pictures, _events(job), None if recording is None else worded(recording))


def _source(job: Job) -> tuple[Source, float, int]:
    """Where frames come from, how many a second, and about how many. Raises VideoUnusable."""
    pointer = read_pointer(job.cursor) if job.cursor is not None else ARROW
    if job.episode is not None:
        one = job.episode
        return Source(one.video, one.start, one.length, pointer), one.fps, one.length
    info = probe(job.video)
    return Source(job.video, pointer=pointer), info.fps, info.frames or 0


def _events(job: Job) -> list[tuple[int, str]]:
    return read_events(job.events) if job.events is not None else []


def _recorded(job: Job) -> Recording | None:
    if job.actions is not None:
        return read_recording(job.actions)
    return job.episode.recording() if job.episode is not None else None


def _predicted(job: Job, source: Source, told: Callable[[int], None]) -> Recording:
    if job.idm is None:
        raise ActionsUnusable(
            f"{job.video} has no recorded actions: give --actions, or --idm to predict them."
        )
    return predicted(source, _idm(job.idm, job.idm_weights), told)


@cache
def _policy(path: Path, weights: Path | None) -> Policy:
    return load_policy(path, weights).to(device())


@cache
def _idm(path: Path, weights: Path | None) -> InverseDynamics:
    return load_idm(path, weights).to(device())

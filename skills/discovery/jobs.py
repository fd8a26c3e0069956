"""What is to be cut and how; what does not go together is said before anything is read."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from groundup.envs.errors import UsageError
from groundup.envs.recordings import is_recording
from groundup.skills.discovery.demonstrations import SUFFIX
from groundup.skills.discovery.lerobot.reading import Episode
from groundup.skills.discovery.rules.named import LATENT, REFERENCE, check_rule
from groundup.skills.discovery.rules.reference import GAP_PREDICTED, GAP_RECORDED, MAX_LENGTH, MIN_LENGTH
from groundup.skills.discovery.training.checkpoint import WEIGHTS, read_model_card
from groundup.skills.discovery.types import Losses, Shown
from groundup.skills.discovery.vpt.methods import Precision

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

    `policy` and `idm` are VPT's .model files, or folders made by `groundup train`, which take a file of
    `groundup demos` as `video`. `episode` is a part of a LeRobotDataset, whose folder `video` is then.
    `cursor` is a picture of the pointer.
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
    def called(self) -> str:
        """A name for files: the video's, of a dataset's episode with its number, of a recording its folder's,
        of a demonstration with its split."""
        if self.episode is not None:
            return f"{self.video.name}-{self.episode.number}"
        if is_recording(self.video.parent):
            return self.video.parent.name
        return (
            f"{self.video.parent.name}-{self.video.stem}" if self.video.suffix == SUFFIX else self.video.stem
        )

    @property
    def trained(self) -> bool:
        """Whether the policy was trained here, on demonstrations of `groundup demos`."""
        return self.policy.is_dir()

    @property
    def kind(self) -> Literal["recorded", "idm"]:
        """Where actions come from: a video's are predicted where none were recorded, those of a demonstration
        (which always were) where a model is given to predict them."""
        if self.video.suffix == SUFFIX:
            return "recorded" if self.idm is None else "idm"
        return "recorded" if self.actions is not None or self.episode is not None else "idm"

    @property
    def height(self) -> float:
        """The gap that is used: nats for the reference's rule. Raises UsageError where there is no usual
        one."""
        if self.gap is not None:
            return self.gap
        if self.rule != REFERENCE or self.trained:
            whose = " for a policy trained here" if self.trained else ""
            raise UsageError(
                f"The rule {self.rule!r} has no usual gap{whose}: pick one with `groundup calibrate --rule "
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
class Ready:
    """A demonstration with its actions and the losses a rule asks for; `computed` says how.

    `finish` lets what is still being read run to its end, so that it can say what is wrong with it.
    """

    demonstration: Shown
    losses: Losses
    fps: float
    computed: str
    finish: Callable[[], None] = lambda: None


def check(job: Job) -> None:
    """Raise UsageError for what does not go together in a job; reads no more than a trained model's card."""
    if job.gap is not None and not math.isfinite(job.gap):
        raise UsageError(f"--gap {job.gap} is no height that a loss or a peak could have: give a number.")
    if job.min_length > job.max_length:
        raise UsageError(
            f"--min-length {job.min_length} is more than --max-length {job.max_length}: no segment is both."
        )
    if job.precision == "fast" and job.rule != REFERENCE:
        raise UsageError(
            f"--fast keeps the boundaries of the rule reference only: leave it out for {job.rule}."
        )
    steps = job.video.suffix == SUFFIX
    if not job.trained:
        check_rule(job.rule, latent=False)
        if steps:
            raise UsageError(
                f"{job.video} is a demonstration of `groundup demos`: give the folder of a policy that "
                f"`groundup train` made, which {job.policy} is not."
            )
        if job.idm is not None and job.idm.is_dir():
            raise UsageError(f"{job.idm} was trained here, {job.policy} was not: give two of a kind.")
        return
    kind = read_model_card(job.policy, "policy", LATENT).kind
    check_rule(job.rule, latent=kind == LATENT)
    if not steps:
        raise UsageError(
            f"{job.policy} was trained on demonstrations of `groundup demos`, and {job.video} is none: "
            "for a video give a VPT .model file."
        )
    if job.idm is not None:
        read_model_card(job.idm, "idm")
    given = {
        "--policy-weights": job.policy_weights,
        "--actions": job.actions,
        "--events": job.events,
        "--idm-weights": job.idm_weights,
        "--cursor": job.cursor,
        "--drop-small": job.drop_small,
        "--fast": job.precision == "fast",
        "--lerobot": job.extras.lerobot,
    }
    if wrong := [name for name, value in given.items() if value]:
        raise UsageError(f"{wrong[0]} is for videos: leave it out, {job.video} holds what there is.")


@cache
def _identity(model: Path, weights: Path | None) -> str:
    """A model's name and the beginning of the hash of its weights; the name alone where there are none."""
    file = model / WEIGHTS if model.is_dir() else weights or model.with_suffix(".weights")
    if not file.is_file():
        return model.name
    with file.open("rb") as content:
        return f"{model.name} {hashlib.file_digest(content, 'sha256').hexdigest()[:16]}"

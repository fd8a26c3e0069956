"""A demonstration of `groundup demos` made ready for a rule: scored by a policy that was trained here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from groundup.skills.discovery.demonstrations import Card, card_of, read
from groundup.skills.discovery.jobs import Job, Ready
from groundup.skills.discovery.rules.named import LATENT
from groundup.skills.discovery.training.checkpoint import BadCheckpoint, read_model_card
from groundup.skills.discovery.training.data import Episode, episode_of
from groundup.skills.discovery.training.latent import LatentSkills
from groundup.skills.discovery.training.networks import Idm, Policy
from groundup.skills.discovery.training.reading import read_idm, read_latent, read_policy
from groundup.skills.discovery.training.scoring import LatentLosses, PolicyLosses, track_of
from groundup.skills.discovery.types import Filed, Pictures, Track

STEPS_A_SECOND = 10.0
"""Of clips and tables: a game of steps has no seconds of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """All steps of a demonstration, each of which a policy sees; its pictures stay on disk."""

    path: Path
    done: Sequence[str]
    track: Track

    @property
    def total(self) -> int:
        return len(self.track)

    @property
    def kept(self) -> NDArray[np.int64]:
        return np.arange(self.total)

    def pictures(self) -> Pictures:
        """All frames. Raises BadDemonstrations."""
        yield from read(self.path).frames


def prepare(job: Job) -> Ready:
    """Read a demonstration, predict its actions where a model is given, and score it.

    Raises BadDemonstrations, BadCheckpoint; for a model of other actions, too.
    """
    card = card_of(job.video)
    _same_actions(job.policy, card, job.video)
    episode = episode_of(job.video, card)
    if job.idm is not None:
        _same_actions(job.idm, card, job.video)
        episode = replace(episode, actions=_predicted(_idm(job.idm), episode))
    model = _policy(job.policy)
    losses = PolicyLosses(model, episode) if isinstance(model, Policy) else LatentLosses(model, episode)
    track = track_of(episode, len(card.actions), list(card.events))
    return Ready(Steps(job.video, _worded(card, episode.actions), track), losses, STEPS_A_SECOND, "float32")


def filed(job: Job) -> Filed:
    """What is on file of a demonstration; recorded actions are not looked at where they are predicted.

    Raises BadDemonstrations.
    """
    card = card_of(job.video)
    episode = episode_of(job.video, card)
    track = track_of(episode, len(card.actions), list(card.events))
    done = _worded(card, episode.actions)
    steps = Steps(job.video, done, track)
    return Filed(steps.pictures, track.events, done if job.kind == "recorded" else None)


def _same_actions(folder: Path, card: Card, path: Path) -> None:
    known = read_model_card(folder, "policy", LATENT, "idm").actions
    if known != list(card.actions):
        raise BadCheckpoint(
            f"{folder} was trained on {len(known)} actions, {path} has {len(card.actions)} "
            "(or others): give a model that was trained on such demonstrations."
        )


def _worded(card: Card, actions: NDArray[np.int64]) -> list[str]:
    return [card.actions[action] for action in actions]


@torch.no_grad()
def _predicted(model: Idm, episode: Episode) -> NDArray[np.int64]:
    return np.asarray(model(torch.from_numpy(episode.frames)[None])[0].argmax(-1).numpy(), np.int64)


@cache
def _policy(folder: Path) -> Policy | LatentSkills:
    kind = read_model_card(folder, "policy", LATENT).kind
    return read_latent(folder) if kind == LATENT else read_policy(folder)


_idm = cache(read_idm)

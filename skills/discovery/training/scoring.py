"""A demonstration scored by a small policy, as rules want it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from groundup.skills.discovery.training.data import Episode
from groundup.skills.discovery.training.latent import LatentSkills, posterior, surprises
from groundup.skills.discovery.training.networks import Policy, before
from groundup.skills.discovery.types import Track
from groundup.skills.discovery.vpt.engine import finite

CHUNK = 16
"""Frames taken at once: a rule may stop at any of them."""


class PolicyLosses:
    """Losses of a policy at an episode; features are computed once, memory anew from each start."""

    def __init__(self, policy: Policy, episode: Episode) -> None:
        self._policy = policy
        self._actions = torch.from_numpy(episode.actions)[None]
        with torch.no_grad():
            self._features: Tensor = policy.encoder(torch.from_numpy(episode.frames)[None])
        self._last = before(self._actions, policy.kinds)

    def __len__(self) -> int:
        return self._actions.shape[1]

    def since(self, start: int) -> Iterator[float]:
        """The losses from `start` on, with an empty memory before it. Raises `LossesInvalid`."""
        memory = None
        for begin in range(start, len(self), CHUNK):
            part = slice(begin, min(begin + CHUNK, len(self)))
            with torch.no_grad():
                told, memory = self._policy.recall(self._features[:, part], self._last[:, part], memory)
            yield from finite(-told[0].gather(-1, self._actions[0, part, None]).squeeze(-1), begin)


class LatentLosses:
    """What latent skills make of an episode: the action of each step by those before it, and boundaries."""

    def __init__(self, model: LatentSkills, episode: Episode) -> None:
        parts = (torch.from_numpy(part)[None] for part in (episode.frames, episode.actions, episode.events))
        self._taken: Tensor
        self._ends: Tensor
        with torch.no_grad():
            self._taken, self._ends = model(*parts)

    def __len__(self) -> int:
        return self._taken.shape[1]

    def since(self, start: int) -> Iterator[float]:
        """The losses from `start` on, any skill being as likely before it. Raises `LossesInvalid`."""
        for frame, value in enumerate(surprises(self._taken[:, start:], self._ends[:, start:]), start):
            yield from finite(torch.tensor([value]), frame)

    def boundary_posterior(self) -> NDArray[np.float64]:
        """The probability (frames,) that a skill begins at each frame. Raises `LossesInvalid`."""
        found = posterior(self._taken, self._ends).boundary[0]
        finite(found, 0)
        return found.numpy().astype(np.float64)


class SkilledLosses(PolicyLosses):
    """The same, and what latent skills say of boundaries."""

    def __init__(self, policy: Policy, episode: Episode, posterior: NDArray[np.float64]) -> None:
        super().__init__(policy, episode)
        self._posterior = posterior

    def boundary_posterior(self) -> NDArray[np.float64]:
        """The probability (frames,) that a skill begins at each frame."""
        return self._posterior


def track_of(episode: Episode, actions: int, names: list[str]) -> Track:
    """What is known of an episode beside its losses; `actions` kinds, `names` of events."""
    steps, kinds = np.nonzero(episode.events)
    return Track(
        np.zeros(len(episode), bool),
        np.eye(actions, dtype=np.float32)[episode.actions],
        tuple((int(step), names[kind]) for step, kind in zip(steps, kinds, strict=True)),
    )

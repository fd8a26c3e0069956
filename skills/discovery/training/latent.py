"""Latent skills: a hidden Markov model whose states are policies, learnt without labels.

A demonstration is taken to be made by K skills, one at a time: each a policy of its own that sees the frame
and the last actions, but has no memory; at each step the running skill ends with a probability that depends
on it and on what is seen (and on events, where they are given), and any skill may follow. Boundaries are
where the posterior says that one skill gave way to another. After Discovery of Deep Options (Fox et al.,
arXiv 1703.08294), which trains the same model by expectation-gradient: the posterior of the current
parameters weighs the gradient of each skill's policy and of its ending.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from groundup.skills.discovery.training.networks import Encoder, Sizes, before

LAST = 2
"""How many of the last actions a skill's policy is told."""


STICKY = 1000.0
"""Mean length at the start, in steps. From 30 the skills stay single moves of 8 steps (measured)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`skills` states; `stay` steps is the mean length at which skills are held."""

    skills: int = 48
    stay: float = 25.0
    hidden: int = 256


class LatentSkills(nn.Module):
    """Policies and endings of all skills over one encoder."""

    offset: Tensor

    def __init__(self, sizes: Sizes, shape: Shape) -> None:
        super().__init__()
        self.sizes, self.shape = sizes, shape
        self.encoder = Encoder(sizes)
        seen = sizes.features + LAST * sizes.actions
        self.hidden = nn.Sequential(nn.Linear(seen, shape.hidden), nn.ReLU(), nn.Dropout(sizes.dropout))
        self.policies = nn.Linear(shape.hidden, shape.skills * sizes.actions)
        self.change = nn.Sequential(
            nn.Linear(2 * sizes.features + sizes.actions + sizes.events, 64),
            nn.ReLU(),
            nn.Dropout(sizes.dropout),
        )
        self.ends = nn.Linear(64, shape.skills)
        nn.init.zeros_(self.ends.weight)
        nn.init.zeros_(self.ends.bias)
        # Sticky at first, so that skills do not become single moves; training moves it to hold the length.
        self.register_buffer("offset", torch.tensor(-float(np.log(STICKY - 1))))

    def forward(self, frames: Tensor, actions: Tensor, events: Tensor) -> tuple[Tensor, Tensor]:
        """Of each skill the log-probability of the action taken, and the logit that it ended before the step.

        Both (rows, steps, skills); whether it ended is judged by the frames before and after its last
        action, that action and its events. At the first step of a row the ending means nothing.
        """
        features = self.encoder(frames)
        last = before(actions, self.sizes.actions, LAST)
        logits = self.policies(self.hidden(torch.cat([features, last], -1)))
        logits = logits.view(*actions.shape, self.shape.skills, self.sizes.actions)
        taken = actions[..., None, None].expand(*logits.shape[:-1], 1)
        log_likelihood = torch.log_softmax(logits, -1).gather(-1, taken).squeeze(-1)
        earlier = torch.cat([torch.zeros_like(features[:, :1]), features[:, :-1]], 1)
        parts = [earlier, features, last[..., : self.sizes.actions]]
        if self.sizes.events:
            parts.append(torch.cat([torch.zeros_like(events[:, :1]), events[:, :-1]], 1))
        return log_likelihood, self.ends(self.change(torch.cat(parts, -1))) + self.offset


@dataclass(frozen=True, slots=True)
class Posterior:
    """What forward and backward passes say: `skill` (rows, steps, skills), `ended` likewise: the
    probability that the skill ran at the step before and ended there; `log_likelihood` (rows,)."""

    skill: Tensor
    ended: Tensor
    log_likelihood: Tensor

    @property
    def boundary(self) -> Tensor:
        """The probability (rows, steps) that a skill begins at a step."""
        return self.ended.sum(-1)


@torch.no_grad()
def posterior(log_likelihood: Tensor, ends: Tensor) -> Posterior:
    """The exact posterior by scaled forward and backward passes; any skill follows with the same chance."""
    rows, steps, _ = log_likelihood.shape
    highest = log_likelihood.amax(-1, keepdim=True)
    like = _likelihood(log_likelihood)
    end = torch.sigmoid(ends)
    forward = torch.empty_like(like)
    scale = like.new_empty(rows, steps)
    for step, (now, chance) in enumerate(_forward(like, end)):
        forward[:, step], scale[:, step] = now, chance
    skill = torch.empty_like(like)
    ended = torch.zeros_like(like)
    later = torch.ones_like(forward[:, 0])
    skill[:, -1] = forward[:, -1]
    for step in range(steps - 1, 0, -1):
        after = like[:, step] * later / scale[:, step, None]
        anew = after.mean(-1, keepdim=True)
        ended[:, step] = forward[:, step - 1] * end[:, step] * anew
        later = (1 - end[:, step]) * after + end[:, step] * anew
        skill[:, step - 1] = forward[:, step - 1] * later
    total = scale.clamp_min(1e-30).log().sum(1) + highest.squeeze(-1).sum(1)
    return Posterior(skill, ended, total)


def _likelihood(log_likelihood: Tensor) -> Tensor:
    """Likelihoods as a share of the step's highest."""
    return (log_likelihood - log_likelihood.amax(-1, keepdim=True)).exp().clamp_min(1e-8)


def _forward(like: Tensor, end: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """At each step the probability (rows, skills) of each skill by what was so far, and of the action
    (rows,), as a share of the highest likelihood."""
    rows, steps, skills = like.shape
    now = like.new_full((rows, skills), 1 / skills)
    for step in range(steps):
        if step:
            over = now * end[:, step]
            now = now - over + over.sum(-1, keepdim=True) / skills
        now = now * like[:, step]
        chance = now.sum(-1)
        now = now / chance[:, None]
        yield now, chance


@torch.no_grad()
def surprises(log_likelihood: Tensor, ends: Tensor) -> Iterator[float]:
    """-log p of the action of each step by those before it, nats, for the one row that is given."""
    for step, (_, chance) in enumerate(_forward(_likelihood(log_likelihood), torch.sigmoid(ends))):
        yield -float(chance.log() + log_likelihood[:, step].amax(-1))


def expected_loss(log_likelihood: Tensor, ends: Tensor, found: Posterior) -> Tensor:
    """What expectation-gradient minimises: its gradient is that of the mean loss of a step, in nats.

    A skill that ended and followed itself counts as ended, as in the model.
    """
    ran = torch.cat([torch.zeros_like(found.skill[:, :1]), found.skill[:, :-1]], 1)
    acted = -(found.skill * log_likelihood).sum()
    ended = (found.ended * softplus(-ends)).sum() + ((ran - found.ended) * softplus(ends)).sum()
    return (acted + ended) / log_likelihood[..., 0].numel()

"""A controller that is shown what to do: a clip becomes a goal, and the goal conditions a policy.

After GROOT (Cai et al., arXiv 2310.08235): a reader that sees a whole segment of a demonstration, without
its actions, gives a distribution over goals; a causal policy is trained to do what the segment did, given a
goal drawn from it, and the reader is held near a fixed prior. Afterwards any clip is a goal. The networks
are those of this package, not GROOT's transformers; frames are seen by the encoder of a policy that was
trained before, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from groundup.envs.types import Pixels
from groundup.skills.discovery.training.data import small
from groundup.skills.discovery.training.networks import Encoder, Policy, Sizes

Recall = Callable[[Tensor, Tensor, Tensor | None], tuple[Tensor, Tensor]]

GOAL = 32
"""Numbers that a goal consists of."""

AROUND = 5
"""Frames that each of the reader's two layers sees at once."""


class Controller(nn.Module):
    """Reads goals off segments, and acts by a goal, the frames and the actions so far."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.kinds, self.width = sizes.actions, sizes.memory
        self.encoder = Encoder(sizes).requires_grad_(requires_grad=False)
        half = sizes.memory // 2
        self.near = nn.Conv1d(sizes.features, half, AROUND, padding=AROUND // 2)
        self.far = nn.Conv1d(half, half, AROUND, padding=AROUND // 2)
        self.goal = nn.Linear(half, 2 * GOAL)
        self.memory = nn.GRU(sizes.features + sizes.actions + GOAL, sizes.memory, batch_first=True)
        self.dropout = nn.Dropout(sizes.dropout)
        self.head = nn.Linear(sizes.memory + sizes.features + GOAL, sizes.actions)

    def read(self, features: Tensor, held: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance (rows, GOAL) of the goals of segments.

        `features` (rows, steps, features) are padded with zeros to the longest; `held` float
        (rows, steps) is 1 where a segment has a step.
        """
        seen = torch.relu(self.near(features.transpose(1, 2))) * held[:, None]
        seen = torch.relu(self.far(self.dropout(seen))) * held[:, None]
        mean, spread = self.goal(seen.sum(-1) / held.sum(-1, keepdim=True)).chunk(2, -1)
        return mean, spread

    def recall(
        self, features: Tensor, last: Tensor, goal: Tensor, memory: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Log-probabilities (rows, steps, kinds) of the next action, and the memory after.

        `last` (rows, steps, kinds) are the actions before each step, `goal` (rows, GOAL).
        """
        goals = goal[:, None].expand(-1, features.shape[1], -1)
        out, memory = self.memory(torch.cat([features, last, goals], -1), memory)
        logits = self.head(torch.cat([self.dropout(out), features, goals], -1))
        return torch.log_softmax(logits, -1), memory


@torch.no_grad()
def goal_of(controller: Controller, clip: Pixels) -> Tensor:
    """The goal (GOAL,) that `clip` uint8 (steps, height, width, 3) shows: the mean of what is read."""
    frames = torch.stack([torch.from_numpy(small(frame)) for frame in clip])[None]
    features = controller.encoder(frames)
    return controller.read(features, torch.ones(features.shape[:2]))[0][0]


class Follower:
    """Acts step by step from an empty memory on, drawing from a network's probabilities by its own seed.

    `recall` gives log-probabilities (1, 1, `kinds`) and the next memory from features, the last action and
    the memory.
    """

    def __init__(self, encoder: Encoder, recall: Recall, kinds: int, seed: int) -> None:
        self._encoder, self._recall = encoder, recall
        self._draw = torch.Generator().manual_seed(seed)
        self._memory: Tensor | None = None
        self._last = torch.zeros(1, 1, kinds)

    @torch.no_grad()
    def next(self, frame: Pixels) -> int:
        """The place of the action to take at `frame` uint8 (height, width, 3)."""
        features = self._encoder(torch.from_numpy(small(frame))[None, None])
        told, self._memory = self._recall(features, self._last, self._memory)
        action = int(torch.multinomial(told[0, 0].exp(), 1, generator=self._draw))
        self._last = torch.zeros_like(self._last)
        self._last[0, 0, action] = 1
        return action


def follow(controller: Controller, goal: Tensor, seed: int) -> Follower:
    """A controller at work on one `goal` (GOAL,)."""

    def recall(features: Tensor, last: Tensor, memory: Tensor | None) -> tuple[Tensor, Tensor]:
        return controller.recall(features, last, goal[None], memory)

    return Follower(controller.encoder, recall, controller.kinds, seed)


def wander(policy: Policy, seed: int) -> Follower:
    """A policy without a goal at work."""
    return Follower(policy.encoder, policy.recall, policy.kinds, seed)

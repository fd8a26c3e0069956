"""Small networks for small worlds: about a million parameters, minutes to train on two cores."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, pad

from groundup.skills.discovery.training.data import CELLS, SAMPLES


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the networks are; `actions` and `events` are the numbers of kinds."""

    actions: int
    events: int = 0
    cell: int = 32
    features: int = 192
    memory: int = 256
    dropout: float = 0.1


class Encoder(nn.Module):
    """A frame to features: each cell by the same two layers, then one layer over all cells.

    In a world of cells seen from its middle, what is where decides: a dense layer learns that with a
    tenth of the arithmetic of a stack of convolutions.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.cell = nn.Conv2d(3, sizes.cell, SAMPLES, stride=SAMPLES)
        self.mix = nn.Conv2d(sizes.cell, sizes.cell, 1)
        self.out = nn.Linear(sizes.cell * CELLS * CELLS, sizes.features)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, frames: Tensor) -> Tensor:
        """`frames` uint8 (rows, steps, SIDE, SIDE, 3) to features (rows, steps, features)."""
        rows, steps = frames.shape[:2]
        pixels = frames.flatten(0, 1).permute(0, 3, 1, 2).float() / 127.5 - 1
        cells = torch.relu(self.mix(torch.relu(self.cell(pixels))))
        features = torch.relu(self.out(self.dropout(cells.flatten(1))))
        kept: Tensor = self.dropout(features)
        return kept.view(rows, steps, -1)


class Policy(nn.Module):
    """An unconditional policy: the next action from the frames and the actions so far."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.kinds = sizes.actions
        self.encoder = Encoder(sizes)
        self.memory = nn.GRU(sizes.features + sizes.actions, sizes.memory, batch_first=True)
        self.dropout = nn.Dropout(sizes.dropout)
        self.head = nn.Linear(sizes.memory + sizes.features, sizes.actions)

    def forward(self, frames: Tensor, actions: Tensor) -> Tensor:
        """Log-probabilities (rows, steps, kinds), with an empty memory before the first step.

        `actions` int64 (rows, steps) are those taken; step t is told those before t.
        """
        return self.recall(self.encoder(frames), before(actions, self.kinds))[0]

    def recall(self, features: Tensor, last: Tensor, memory: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Log-probabilities from features and last actions (rows, steps, kinds), and the memory after."""
        out, memory = self.memory(torch.cat([features, last], -1), memory)
        logits = self.head(torch.cat([self.dropout(out), features], -1))
        return torch.log_softmax(logits, -1), memory


def before(actions: Tensor, kinds: int, count: int = 1) -> Tensor:
    """The last `count` actions before each step, each as one of `kinds`; zeros before the first step."""
    taken = one_hot(actions, kinds).float()
    return torch.cat([pad(taken, (0, 0, n, 0))[:, : taken.shape[1]] for n in range(1, count + 1)], -1)


class Idm(nn.Module):
    """Inverse dynamics: the action between two frames from the frames around it."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.encoder = Encoder(sizes)
        self.around = nn.Conv1d(sizes.features, sizes.memory, 4)
        self.head = nn.Linear(sizes.memory, sizes.actions)

    def forward(self, frames: Tensor, actions: Tensor | None = None) -> Tensor:
        """Log-probabilities (rows, steps, kinds); step t sees frames t - 1 to t + 2, and no action."""
        del actions
        features = self.encoder(frames).transpose(1, 2)
        padded = torch.cat([features[..., :1], features, features[..., -1:], features[..., -1:]], -1)
        return torch.log_softmax(self.head(torch.relu(self.around(padded)).transpose(1, 2)), -1)


class Detector(nn.Module):
    """A supervised boundary detector that sees frames, actions and events before and after."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.kinds = sizes.actions
        self.encoder = Encoder(sizes)
        self.memory = nn.GRU(
            sizes.features + sizes.actions + sizes.events,
            sizes.memory // 2,
            batch_first=True,
            bidirectional=True,
        )
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(sizes.memory, 1)

    def forward(self, frames: Tensor, actions: Tensor, events: Tensor) -> Tensor:
        """Logits (rows, steps) that a skill begins; `actions` and `events` (rows, steps, kinds)."""
        seen = torch.cat([self.encoder(frames), actions, events], -1)
        out: Tensor = self.head(self.dropout(self.memory(seen)[0]))
        return out.squeeze(-1)

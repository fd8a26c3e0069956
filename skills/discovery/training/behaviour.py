"""Behaviour cloning of the unconditional policy, and of the inverse dynamics model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import nll_loss

from groundup.skills.discovery.training.checkpoint import ModelCard
from groundup.skills.discovery.training.data import STRETCH, Crop, Data, crops
from groundup.skills.discovery.training.loop import Plan, Task, Tell, fit
from groundup.skills.discovery.training.networks import Idm, Policy, Sizes

WHOLE = 100
"""Steps of a stretch that the validation loss is taken over: several skills, with their switches."""

ROWS = 4

Kind = Literal["policy", "idm"]


def train(
    kind: Kind, data: Data, validation: Data, plan: Plan, tell: Tell, sizes: Sizes | None = None
) -> tuple[nn.Module, ModelCard]:
    """Train a policy or an inverse dynamics model; returns it with its best weights."""
    torch.manual_seed(plan.seed)
    sizes = sizes or Sizes(len(data.card.actions))
    model: nn.Module = Policy(sizes) if kind == "policy" else Idm(sizes)
    length, whole = data.stretch(STRETCH), validation.stretch(WHOLE)

    def losses(rng: np.random.Generator) -> Iterator[Tensor]:
        return (loss_of(model, crop) for crop in crops(data, length, ROWS, rng, mirror=True))

    def validate() -> float:
        fixed = np.random.default_rng(0)
        return float(
            np.mean(
                [float(loss_of(model, crop)) for crop in crops(validation, whole, ROWS, fixed, mirror=False)]
            )
        )

    task = Task(kind, sizes, list(data.card.actions), losses, validate, {"data": data.mark})
    return model, fit(model, task, plan, tell)


def loss_of(model: Callable[[Tensor, Tensor], Tensor], crop: Crop) -> Tensor:
    """The mean loss of the actions taken."""
    actions = torch.from_numpy(crop.actions)
    return nll_loss(model(torch.from_numpy(crop.frames), actions).flatten(0, 1), actions.flatten())

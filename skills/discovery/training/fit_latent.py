"""Training latent skills, and their posterior over whole demonstrations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from groundup.skills.discovery.training.checkpoint import ModelCard
from groundup.skills.discovery.training.data import STRETCH, WHOLE, Crop, Data, Episode, crops
from groundup.skills.discovery.training.latent import LatentSkills, Posterior, Shape, expected_loss, posterior
from groundup.skills.discovery.training.loop import Plan, Task, Tell, fit
from groundup.skills.discovery.training.networks import Sizes

ROWS = 4

PACE = 0.1
"""Share of the gap between the wanted and the found length, as logarithms, that each batch closes.

Left alone, skills grow ever longer (from 33 to 48 steps in 7 epochs, with a fixed stickiness of 1,000 steps)
or stay at 8 (with learnt endings from 30 steps on): seen in single trials, see docs/segmentation-crafter.md.
"""


def train_latent(
    data: Data,
    validation: Data,
    plan: Plan,
    tell: Tell,
    *,
    events: bool = False,
    shape: Shape | None = None,
    sizes: Sizes | None = None,
) -> tuple[LatentSkills, ModelCard]:
    """Learn skills of `shape.stay` steps on average, with no label; `events`: their endings see events."""
    torch.manual_seed(plan.seed)
    shape = shape or Shape()
    sizes = sizes or Sizes(len(data.card.actions), len(data.card.events) if events else 0)
    model = LatentSkills(sizes, shape)

    def losses(rng: np.random.Generator) -> Iterator[Tensor]:
        for crop in crops(data, data.stretch(STRETCH), ROWS, rng, mirror=True):
            taken, ends = model(*_tensors(crop))
            found = posterior(taken.detach(), ends.detach())
            rate = found.boundary[:, 1:].mean().clamp_min(1e-4)
            model.offset -= PACE * float(np.log(shape.stay) + torch.log(rate))
            yield expected_loss(taken, ends, found)

    def validate() -> float:
        fixed = np.random.default_rng(0)
        return float(
            np.mean(
                [
                    -float(posterior(*model(*_tensors(crop))).log_likelihood.mean()) / crop.actions.shape[1]
                    for crop in crops(validation, validation.stretch(WHOLE), ROWS, fixed, mirror=False)
                ]
            )
        )

    task = Task("latent", sizes, list(data.card.actions), losses, validate, {"data": data.mark})
    return model, fit(model, task, plan, tell)


@torch.no_grad()
def boundary_posterior(model: LatentSkills, episode: Episode) -> NDArray[np.float64]:
    """The probability (steps,) that a skill begins at each step of a whole demonstration."""
    parts = (torch.from_numpy(part)[None] for part in (episode.frames, episode.actions, episode.events))
    found: Posterior = posterior(*model(*parts))
    return found.boundary[0].numpy().astype(np.float64)


def _tensors(crop: Crop) -> tuple[Tensor, Tensor, Tensor]:
    return torch.from_numpy(crop.frames), torch.from_numpy(crop.actions), torch.from_numpy(crop.events)

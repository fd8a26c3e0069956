"""The upper bound: a boundary detector that is told the true switches of the training demonstrations.

It begins with the encoder of a policy trained on the same demonstrations, which it goes on to train: from
scratch it learns less from the few thousand switches there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

from groundup.skills.discovery.training.checkpoint import ModelCard
from groundup.skills.discovery.training.data import STRETCH, WHOLE, Crop, Data, Episode, crops
from groundup.skills.discovery.training.loop import Plan, Task, Tell, fit
from groundup.skills.discovery.training.networks import Detector, Policy, Sizes

ROWS = 4


def train_detector(
    data: Data,
    validation: Data,
    switches: tuple[Sequence[Sequence[int]], Sequence[Sequence[int]]],
    plan: Plan,
    tell: Tell,
    policy: Policy | None = None,
    sizes: Sizes | None = None,
) -> tuple[Detector, ModelCard]:
    """Train on the `switches` of both splits; events are hidden in half of the stretches, so that one
    detector serves with and without them."""
    torch.manual_seed(plan.seed)
    sizes = sizes or Sizes(len(data.card.actions), len(data.card.events))
    model = Detector(sizes)
    if policy is not None:
        model.encoder.load_state_dict(policy.encoder.state_dict())
    marks = tuple(
        [_marks(own, len(e)) for own, e in zip(s, d.episodes, strict=True)]
        for s, d in zip(switches, (data, validation), strict=True)
    )

    def losses(rng: np.random.Generator) -> Iterator[Tensor]:
        for crop in crops(data, data.stretch(STRETCH), ROWS, rng, mirror=True):
            shown = rng.random(len(crop.start)) < 0.5
            yield _loss(model, crop, marks[0], crop.events * shown[:, None, None].astype(np.float32))

    def validate() -> float:
        fixed = np.random.default_rng(0)
        found = [
            float(_loss(model, crop, marks[1], crop.events * shown))
            for crop in crops(validation, validation.stretch(WHOLE), ROWS, fixed, mirror=False)
            for shown in (0, 1)
        ]
        return float(np.mean(found))

    task = Task("detector", sizes, list(data.card.actions), losses, validate, {"data": data.mark})
    return model, fit(model, task, plan, tell)


@torch.no_grad()
def boundary_probability(model: Detector, episode: Episode, *, events: bool) -> NDArray[np.float64]:
    """What the detector says of each step (steps,) of a whole demonstration."""
    told = torch.from_numpy(episode.events)[None] * events
    actions = one_hot(torch.from_numpy(episode.actions), model.kinds).float()[None]
    logits = model(torch.from_numpy(episode.frames)[None], actions, told)
    return torch.sigmoid(logits)[0].numpy().astype(np.float64)


def _marks(switches: Sequence[int], steps: int) -> NDArray[np.float32]:
    marks = np.zeros(steps, np.float32)
    marks[list(switches)] = 1
    return marks


def _loss(
    model: Detector, crop: Crop, marks: Sequence[NDArray[np.float32]], events: NDArray[np.float32]
) -> Tensor:
    length = crop.actions.shape[1]
    wanted = np.stack([marks[p][s : s + length] for p, s in zip(crop.place, crop.start, strict=True)])
    actions = one_hot(torch.from_numpy(crop.actions), model.kinds).float()
    logits = model(torch.from_numpy(crop.frames), actions, torch.from_numpy(np.asarray(events, np.float32)))
    return binary_cross_entropy_with_logits(logits, torch.from_numpy(wanted))

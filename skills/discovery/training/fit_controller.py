"""Training a goal-conditioned controller on segments: the same steps for every way to cut.

Each epoch shows every step of the demonstrations once, in batches of about as many steps, and training goes
on for as many epochs, so that controllers differ by their segments alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from groundup.skills.discovery.training.checkpoint import ModelCard
from groundup.skills.discovery.training.controller import Controller
from groundup.skills.discovery.training.data import WORLD_ROWS, Data, mirrored_actions
from groundup.skills.discovery.training.loop import Plan, Task, Tell, fit
from groundup.skills.discovery.training.networks import Encoder, Policy, Sizes, before
from groundup.skills.discovery.training.segments import Found

STEPS = 400
"""Steps of a batch, as many as the policies of this package are trained on at once."""

LONGEST = 128
"""Steps of a segment, as many as VPT remembers; longer ones are parted evenly."""

POOL = 16
"""Batches among which segments are put together by length, so that little is padded."""

HOLD = 0.01
"""Weight of the divergence of goals from their prior, a unit normal.

A recurrent policy that is told its last actions does nearly as well without a goal, and while the goal
says nothing yet, its price drives it out: posterior collapse (Bowman et al., arXiv 1511.06349, section
3.1). On true segments of 128 demonstrations, after 6 epochs, goals that were read saved .008 nats a step of
validation demonstrations at a weight of .1, .02 with 4 nats a segment for nothing (free bits, Kingma et
al., arXiv 1606.04934, appendix C.8), and .07 at .01; being told the skill by name saves .26.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Demonstrations as a fixed encoder sees them: one row a step, demonstrations one after the other.

    `features` float16 (turns, steps, features) and `actions` int64 (turns, steps): as they are, and where
    the game can be mirrored, mirrored; `starts` int64 are the demonstrations' first rows.
    """

    features: Tensor
    actions: Tensor
    starts: NDArray[np.int64]


def train_controller(
    data: tuple[Data, Data],
    cuts: tuple[Found, Found],
    policy: Policy,
    sizes: Sizes,
    plan: Plan,
    tell: Tell,
    made: dict[str, Any],
) -> tuple[Controller, ModelCard]:
    """Train on the segments that `cuts` make of training and validation demonstrations.

    `policy` lends its encoder and is of the same `sizes`; `made` says in the card how the cuts came about.
    """
    torch.manual_seed(plan.seed)
    model = Controller(sizes)
    model.encoder.load_state_dict(policy.encoder.state_dict())
    seen = tuple(_see(model.encoder, split, mirror=place == 0) for place, split in enumerate(data))
    pieces = tuple(
        _pieces(found, [len(e) for e in split.episodes], one.starts)
        for found, split, one in zip(cuts, data, seen, strict=True)
    )

    def losses(rng: np.random.Generator) -> Iterator[Tensor]:
        for batch in batches(pieces[0], rng):
            yield _loss(model, seen[0], batch, rng.integers(len(seen[0].features), size=len(batch)))

    def measured(*, blind: bool) -> NDArray[np.float64]:
        """Nats a step of actions, and of goals, on the validation segments."""
        total = np.zeros(3)
        for batch in batches(pieces[1], np.random.default_rng(0)):
            acted, apart, steps = _nats(model, seen[1], batch, np.zeros(len(batch), np.int64), blind=blind)
            total += [float(acted), float(apart.sum()), float(steps)]
        means: NDArray[np.float64] = total[:2] / total[2]
        return means

    def validate() -> float:
        acted, apart = measured(blind=False)
        return float(acted + HOLD * apart)

    def also() -> dict[str, float]:
        return {"goal saves": float(measured(blind=True)[0] - measured(blind=False)[0])}

    task = Task("controller", sizes, list(data[0].card.actions), losses, validate, made, also)
    return model, fit(model, task, plan, tell)


def batches(
    pieces: NDArray[np.int64], rng: np.random.Generator, steps: int = STEPS
) -> Iterator[NDArray[np.int64]]:
    """All `pieces` (segments, 2: first step and end) once, in batches of at most about `steps` steps."""
    order = pieces[rng.permutation(len(pieces))]
    lengths = order[:, 1] - order[:, 0]
    pools = np.cumsum(lengths) // (POOL * steps)
    found = []
    for pool in np.unique(pools):
        inside = order[pools == pool]
        inside = inside[np.argsort(inside[:, 0] - inside[:, 1], kind="stable")]
        shares = (np.cumsum(inside[:, 1] - inside[:, 0]) - 1) // steps
        found += [inside[shares == share] for share in np.unique(shares)]
    yield from (found[place] for place in rng.permutation(len(found)))


@torch.no_grad()
def _see(encoder: Encoder, data: Data, *, mirror: bool) -> Seen:
    world = WORLD_ROWS.get(data.card.game)
    swap = torch.from_numpy(mirrored_actions(data.card.actions))
    encoder.eval()
    features: list[list[Tensor]] = [[], []]
    for episode in data.episodes:
        frames = torch.from_numpy(episode.frames)[None]
        features[0].append(encoder(frames)[0].half())
        if mirror and world is not None:
            turned = torch.cat([frames[:, :, :world].flip(3), frames[:, :, world:]], 2)
            features[1].append(encoder(turned)[0].half())
    turns = [torch.cat(part) for part in features if part]
    actions = torch.cat([torch.from_numpy(episode.actions) for episode in data.episodes])
    starts = np.cumsum([0, *(len(episode) for episode in data.episodes)])[:-1]
    both = torch.stack([actions, swap[actions]][: len(turns)])
    return Seen(torch.stack(turns), both, starts.astype(np.int64))


def _pieces(
    found: Sequence[Sequence[int]], lengths: Sequence[int], starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    pieces = []
    for cuts, length, start in zip(found, lengths, starts, strict=True):
        for begin, end in itertools.pairwise([0, *cuts, length]):
            count = -(-(end - begin) // LONGEST)
            edges = [start + begin + (end - begin) * k // count for k in range(count + 1)]
            pieces += list(itertools.pairwise(edges))
    return np.array(pieces, np.int64)


def _loss(model: Controller, seen: Seen, batch: NDArray[np.int64], turn: NDArray[np.int64]) -> Tensor:
    """Nats a step: of the actions, given a goal drawn from what is read, and the divergence, weighed."""
    acted, apart, steps = _nats(model, seen, batch, turn)
    loss: Tensor = (acted + HOLD * apart.sum()) / steps
    return loss


def _nats(
    model: Controller, seen: Seen, batch: NDArray[np.int64], turn: NDArray[np.int64], *, blind: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Nats of all actions, each segment's divergence (segments,) of its goal from the prior, and the steps.

    The goal is drawn from what is read while the model trains, the mean otherwise; `blind`: zeros.
    """
    lengths = torch.from_numpy(batch[:, 1] - batch[:, 0])
    offsets = torch.arange(int(lengths.max()))
    held = (offsets < lengths[:, None]).float()
    places = torch.from_numpy(batch[:, :1]) + torch.minimum(offsets, lengths[:, None] - 1)
    rows = torch.from_numpy(turn)[:, None]
    features = seen.features[rows, places].float() * held[..., None]
    actions = seen.actions[rows, places]
    mean, spread = model.read(features, held)
    goal = mean + torch.randn_like(mean) * (0.5 * spread).exp() if model.training else mean
    # The memory begins empty at each segment, as it does when a goal is given.
    last = before(actions, model.kinds)
    told = model.recall(model.dropout(features), last, torch.zeros_like(goal) if blind else goal)[0]
    acted = -(told.gather(-1, actions[..., None]).squeeze(-1) * held).sum()
    return acted, 0.5 * (mean.square() + spread.exp() - 1 - spread).sum(-1), held.sum()

"""One way to train: epochs that can be resumed, early stopping, a card and a picture of the losses.

All chance in an epoch comes from (seed, epoch), so that a run that was interrupted and resumed ends with
the weights of one that was not.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from groundup.envs.errors import GroundupError
from groundup.memory.whole import write_whole
from groundup.skills.discovery.training.checkpoint import BadCheckpoint, ModelCard, save
from groundup.skills.discovery.training.networks import Sizes
from groundup.skills.discovery.training.picture import draw_losses

STATE = "training.pt"


class Diverged(GroundupError):
    """The loss of a batch, or of the validation, is not a number."""


Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how to train: `patience` epochs without a better validation loss end it."""

    folder: Path
    seed: int = 0
    epochs: int = 12
    patience: int = 3
    rate: float = 1e-3
    decay: float = 1e-2
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """What to train: `losses` yields the loss of each batch, `validate` the loss to stop by.

    `made` goes into the card; training that was begun with another `made` is not gone on with. `also` are
    other numbers to follow, by name, measured after each epoch and kept in the card's history.
    """

    kind: str
    sizes: Sizes
    actions: list[str]
    losses: Callable[[np.random.Generator], Iterator[Tensor]]
    validate: Callable[[], float]
    made: dict[str, Any] = field(default_factory=dict)
    also: Callable[[], dict[str, float]] = dict


def fit(model: nn.Module, task: Task, plan: Plan, tell: Tell) -> ModelCard:
    """Train `model` to the end and leave it with its best weights; the checkpoint is in the plan's folder."""
    optimizer = torch.optim.AdamW(model.parameters(), plan.rate, weight_decay=plan.decay)
    history, best = _resume(model, optimizer, task, plan) if plan.resume else ([], None)
    while not _over(history, plan):
        epoch = len(history)
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * 0.5 * (1 + math.cos(math.pi * epoch / plan.epochs))
        torch.manual_seed(plan.seed * 1000 + epoch)
        model.train()
        train = [
            _step(model, optimizer, loss) for loss in task.losses(np.random.default_rng([plan.seed, epoch]))
        ]
        model.eval()
        with torch.no_grad():
            validation, also = task.validate(), task.also()
        if not math.isfinite(validation) or not np.isfinite(train).all():
            raise Diverged(
                f"The loss is not a number in epoch {epoch + 1}: give a lower --rate; what was kept before "
                f"is still in {plan.folder}."
            )
        if best is None or validation < min(row["validation"] for row in history):
            best = {name: value.clone() for name, value in model.state_dict().items()}
        history.append({"train": float(np.mean(train)), "validation": validation, **also})
        _keep(model, optimizer, history, best, task.made, plan)
        words = ", ".join(f"{name} {value:.3f}" for name, value in history[-1].items())
        tell(len(history), plan.epochs, words)
    if best is not None:
        model.load_state_dict(best)
    model.eval()
    lowest = min((row["validation"] for row in history), default=float("nan"))
    sizes, epochs = asdict(task.sizes), len(history)
    card = ModelCard(task.kind, sizes, plan.seed, task.actions, epochs, lowest, history, task.made)
    save(plan.folder, card, model)
    draw_losses(plan.folder / "losses.png", history, f"{task.kind}, seed {plan.seed}")
    return card


def _over(history: list[dict[str, float]], plan: Plan) -> bool:
    losses = [row["validation"] for row in history]
    return len(losses) >= plan.epochs or (
        len(losses) > plan.patience and min(losses[-plan.patience :]) >= min(losses[: -plan.patience])
    )


def _step(model: nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor) -> float:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def _keep(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    history: list[dict[str, float]],
    best: dict[str, Tensor] | None,
    made: dict[str, Any],
    plan: Plan,
) -> None:
    buffer = io.BytesIO()
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "history": history,
        "best": best,
        "made": made,
        "seed": plan.seed,
    }
    torch.save(state, buffer)
    write_whole(plan.folder / STATE, buffer.getvalue())


def _resume(
    model: nn.Module, optimizer: torch.optim.Optimizer, task: Task, plan: Plan
) -> tuple[list[dict[str, float]], dict[str, Tensor] | None]:
    path = plan.folder / STATE
    if not path.exists():
        return [], None
    try:
        state = torch.load(path, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        made: dict[str, Any] = state.get("made", {})
        seed: int = state.get("seed", plan.seed)
        history: list[dict[str, float]] = state["history"]
        best: dict[str, Tensor] | None = state["best"]
    except (RuntimeError, pickle.UnpicklingError, LookupError, EOFError, ValueError, TypeError) as error:
        raise BadCheckpoint(f"{path} cannot be gone on with: delete it to train from the start.") from error
    if made != task.made:
        other = next(name for name in {**task.made, **made} if made.get(name) != task.made.get(name))
        raise BadCheckpoint(
            f"{path} was begun with other {other} ({made.get(other, 'not noted')}; now "
            f"{task.made.get(other, 'none')}): give that, or another --out."
        )
    if seed != plan.seed:
        raise BadCheckpoint(
            f"{path} was begun with seed {seed}, not {plan.seed}: give that, or another --out."
        )
    return history, best

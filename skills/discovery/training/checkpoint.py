"""Networks on disk: `model.safetensors` and a `card.json` beside it; nothing that could be executed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import nn

from groundup.envs.errors import UsageError
from groundup.memory.whole import write_whole
from groundup.skills.discovery.training.networks import Sizes

WEIGHTS, CARD = "model.safetensors", "card.json"


class BadCheckpoint(UsageError):
    """A folder holds no checkpoint of ours, or one of another kind."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a checkpoint is: `kind` ("policy", "idm", ...), its sizes, its seed, and what came of training.

    `made` says what else it depends on: of a controller how its segments were cut.
    """

    kind: str
    sizes: dict[str, Any]
    seed: int
    actions: list[str]
    epochs: int
    validation: float
    history: list[dict[str, float]]
    made: dict[str, Any] = field(default_factory=dict)


def save(folder: Path, card: ModelCard, model: nn.Module) -> None:
    """Write weights, then the card; either is written whole or not at all."""
    write_whole(folder / WEIGHTS, save_tensors({k: v.contiguous() for k, v in model.state_dict().items()}))
    write_whole(folder / CARD, json.dumps(asdict(card), indent=1).encode())


def read_model_card(folder: Path, *kinds: str) -> ModelCard:
    """The card in `folder`; raises `BadCheckpoint` when there is none of these kinds."""
    try:
        card = ModelCard(**json.loads((folder / CARD).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BadCheckpoint(
            f"{folder} holds no checkpoint with a {CARD}: train one, see `groundup train`."
        ) from error
    if card.kind not in kinds:
        raise BadCheckpoint(f"{folder} holds a {card.kind}, not a {' or '.join(kinds)}: give another folder.")
    return card


def restore(folder: Path, model: nn.Module) -> None:
    """Load the weights in `folder` into `model`; raises `BadCheckpoint` when they do not fit."""
    try:
        model.load_state_dict(load_tensors((folder / WEIGHTS).read_bytes()))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BadCheckpoint(
            f"The weights in {folder} cannot be used ({reason}): train them again."
        ) from error
    model.eval()


def sizes_of(card: ModelCard) -> Sizes:
    """The sizes in a card; raises `BadCheckpoint` when they are none."""
    try:
        return Sizes(**card.sizes)
    except TypeError as error:
        raise BadCheckpoint(f"The card of a {card.kind} has sizes that are none ({error}).") from error


def threads(count: int) -> None:
    """How many cores torch may use."""
    torch.set_num_threads(count)

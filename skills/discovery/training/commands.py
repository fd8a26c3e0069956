"""What `groundup train` does for each kind of network."""

from __future__ import annotations

from pathlib import Path

from groundup.envs.errors import UsageError
from groundup.skills.discovery.labels import read_labels
from groundup.skills.discovery.training.behaviour import train as train_behaviour
from groundup.skills.discovery.training.checkpoint import (
    WEIGHTS,
    ModelCard,
    read_model_card,
    restore,
    sizes_of,
    threads,
)
from groundup.skills.discovery.training.data import Data, load
from groundup.skills.discovery.training.fit_latent import train_latent
from groundup.skills.discovery.training.loop import STATE, Plan, Tell
from groundup.skills.discovery.training.networks import Policy
from groundup.skills.discovery.training.supervised import train_detector


def train(kind: str, folder: Path, plan: Plan, policy: Path | None, tell: Tell) -> ModelCard:
    """Train a network of `kind` on the demonstrations in `folder`; one core, so that a seed repeats itself.

    Raises `UsageError` for a folder that holds training already, unless the plan resumes it.
    """
    held = [name for name in (STATE, WEIGHTS) if (plan.folder / name).exists()]
    if held and not plan.resume:
        raise UsageError(
            f"{plan.folder} holds {held[0]}: add --resume to go on with it, or give another --out."
        )
    threads(1)
    data, validation = load(folder, "train"), load(folder, "validation")
    if kind == "policy" or kind == "idm":
        return train_behaviour("policy" if kind == "policy" else "idm", data, validation, plan, tell)[1]
    if kind == "latent":
        return train_latent(data, validation, plan, tell)[1]
    marks = (_switches(data), _switches(validation))
    return train_detector(
        data, validation, marks, plan, tell, None if policy is None else read_policy(policy)
    )[1]


def read_policy(folder: Path) -> Policy:
    """The policy in `folder`; raises `BadCheckpoint`."""
    model = Policy(sizes_of(read_model_card(folder, "policy")))
    restore(folder, model)
    return model


def _switches(data: Data) -> list[list[int]]:
    return [list(read_labels(episode.path).switches) for episode in data.episodes]

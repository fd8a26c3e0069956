"""What `groundup train` does for each kind of network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from groundup.envs.errors import UsageError
from groundup.skills.discovery.labels import read_labels
from groundup.skills.discovery.peaks import mean_length
from groundup.skills.discovery.training.behaviour import train as train_behaviour
from groundup.skills.discovery.training.checkpoint import (
    WEIGHTS,
    ModelCard,
    read_model_card,
    sizes_of,
    threads,
)
from groundup.skills.discovery.training.data import Data, load
from groundup.skills.discovery.training.fit_controller import train_controller
from groundup.skills.discovery.training.fit_latent import train_latent
from groundup.skills.discovery.training.loop import STATE, Plan, Tell
from groundup.skills.discovery.training.networks import Policy
from groundup.skills.discovery.training.reading import read_latent, read_policy
from groundup.skills.discovery.training.segments import (
    SOURCES,
    Cutter,
    combined,
    fixed,
    latent,
    reference,
    true,
)
from groundup.skills.discovery.training.supervised import train_detector


@dataclass(frozen=True, slots=True)
class Cutting:
    """How a controller's segments are cut: `length` steps wanted on average, `episodes` demonstrations at
    most; the reference rule reads a policy's losses, and latent skills lie in the folder `latent`."""

    segments: str = "latent"
    length: int = 29
    latent: Path | None = None
    episodes: int | None = None


def train(
    kind: str, folder: Path, plan: Plan, policy: Path | None, tell: Tell, cutting: Cutting | None = None
) -> ModelCard:
    """Train a network of `kind` on the demonstrations in `folder`; one core, so that a seed repeats itself.

    Raises `UsageError` for a folder that holds training already, unless the plan resumes it.
    """
    held = [name for name in (STATE, WEIGHTS) if (plan.folder / name).exists()]
    if held and not plan.resume:
        raise UsageError(
            f"{plan.folder} holds {held[0]}: add --resume to go on with it, or give another --out."
        )
    threads(1)
    if kind == "controller":
        return _train_controller(folder, plan, policy, tell, cutting or Cutting())
    data, validation = load(folder, "train"), load(folder, "validation")
    if kind == "policy" or kind == "idm":
        return train_behaviour("policy" if kind == "policy" else "idm", data, validation, plan, tell)[1]
    if kind == "latent":
        return train_latent(data, validation, plan, tell)[1]
    marks = (_switches(data), _switches(validation))
    return train_detector(
        data, validation, marks, plan, tell, None if policy is None else read_policy(policy)
    )[1]


def _train_controller(
    folder: Path, plan: Plan, policy: Path | None, tell: Tell, cutting: Cutting
) -> ModelCard:
    if policy is None:
        raise UsageError("A controller sees by a policy's encoder: give one with --policy.")
    if cutting.segments not in SOURCES:
        raise UsageError(f"--segments {cutting.segments!r} are none of {', '.join(SOURCES)}.")
    if cutting.segments == "latent" and cutting.latent is None:
        raise UsageError("Latent skills cut these segments: give them with --latent, or other --segments.")
    if cutting.length < 2:
        raise UsageError("--length must be 2 or more.")
    eyes, sizes = read_policy(policy), sizes_of(read_model_card(policy, "policy"))
    data, validation = load(folder, "train", cutting.episodes), load(folder, "validation")
    cut = _cutter(validation, eyes, cutting)
    found = cut(data), cut(validation)
    made = {
        "segments": cutting.segments,
        "length": cutting.length,
        "data": data.mark,
        "mean": round(mean_length([len(e) for e in data.episodes], found[0]), 2),
    }
    return train_controller((data, validation), found, eyes, sizes, plan, tell, made)[1]


def _cutter(validation: Data, policy: Policy, cutting: Cutting) -> Cutter:
    match cutting.segments:
        case "fixed":
            return fixed(cutting.length)
        case "reference":
            return reference(validation, cutting.length, policy)
        case "combined":
            return combined(validation, cutting.length, policy)
        case "latent" if cutting.latent is not None:
            return latent(validation, cutting.length, read_latent(cutting.latent))
        case _:
            return true()


def _switches(data: Data) -> list[list[int]]:
    return [list(read_labels(episode.path).switches) for episode in data.episodes]

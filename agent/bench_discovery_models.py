"""The models that `groundup bench discovery` measures with, from the folder where training left them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from groundup.skills.discovery.training.checkpoint import read_model_card, restore, sizes_of
from groundup.skills.discovery.training.latent import LatentSkills, Shape
from groundup.skills.discovery.training.networks import Detector, Policy


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """What was trained with one seed."""

    policy: Policy
    latent: LatentSkills
    detector: Detector


def load_models(folder: Path, seed: int) -> Models:
    """`FOLDER/policy-SEED`, `latent-SEED` and `detector-SEED`; raises `BadCheckpoint`."""
    places = {kind: folder / f"{kind}-{seed}" for kind in ("policy", "latent", "detector")}
    sizes = {kind: sizes_of(read_model_card(place, kind)) for kind, place in places.items()}
    policy = Policy(sizes["policy"])
    latent = LatentSkills(sizes["latent"], Shape())
    detector = Detector(sizes["detector"])
    restore(places["policy"], policy)
    restore(places["latent"], latent)
    restore(places["detector"], detector)
    return Models(policy, latent, detector)

"""Trained networks read back from their folders, each by its kind."""

from __future__ import annotations

from pathlib import Path

from groundup.skills.discovery.training.checkpoint import read_model_card, restore, sizes_of
from groundup.skills.discovery.training.controller import Controller
from groundup.skills.discovery.training.latent import LatentSkills, Shape
from groundup.skills.discovery.training.networks import Idm, Policy


def read_policy(folder: Path) -> Policy:
    """The policy in `folder`; raises `BadCheckpoint`."""
    model = Policy(sizes_of(read_model_card(folder, "policy")))
    restore(folder, model)
    return model


def read_latent(folder: Path) -> LatentSkills:
    """The latent skills in `folder`; raises `BadCheckpoint`."""
    model = LatentSkills(sizes_of(read_model_card(folder, "latent")), Shape())
    restore(folder, model)
    return model


def read_controller(folder: Path) -> Controller:
    """The controller in `folder`; raises `BadCheckpoint`."""
    model = Controller(sizes_of(read_model_card(folder, "controller")))
    restore(folder, model)
    return model


def read_idm(folder: Path) -> Idm:
    """The inverse dynamics model in `folder`; raises `BadCheckpoint`."""
    model = Idm(sizes_of(read_model_card(folder, "idm")))
    restore(folder, model)
    return model

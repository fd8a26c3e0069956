"""Ways to part demonstrations into segments to learn from; all but one know nothing of the true switches.

Thresholds are set on other demonstrations than those that are cut, so that segments have a wanted length
there; that is all that they are told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np

from groundup.skills.discovery.labels import read_labels
from groundup.skills.discovery.peaks import Curve, above, height_for, mean_length, smooth
from groundup.skills.discovery.rules.combined import combined_curve
from groundup.skills.discovery.rules.reference import ReferenceRule
from groundup.skills.discovery.training.data import Data, Episode
from groundup.skills.discovery.training.fit_latent import boundary_posterior
from groundup.skills.discovery.training.latent import LatentSkills
from groundup.skills.discovery.training.networks import Policy
from groundup.skills.discovery.training.scoring import PolicyLosses, track_of
from groundup.skills.discovery.types import Losses, Track

Source = Literal["fixed", "reference", "combined", "latent", "true"]
SOURCES: tuple[Source, ...] = get_args(Source)

Found = list[list[int]]
"""The steps, without 0, at which segments begin: a list for each demonstration."""


Cutter = Callable[[Data], Found]


def fixed(length: int) -> Cutter:
    """Segments of `length` steps; the last of a demonstration is what is left."""
    return lambda data: [list(range(length, len(episode), length)) for episode in data.episodes]


def true() -> Cutter:
    """The switches that the labels tell."""
    return lambda data: [list(read_labels(episode.path).switches) for episode in data.episodes]


def latent(validation: Data, length: float, model: LatentSkills) -> Cutter:
    """Where latent skills give way to one another, as the rule of that name cuts."""
    return _peaks(validation, length, lambda episode: smooth(boundary_posterior(model, episode)))


def combined(validation: Data, length: float, policy: Policy) -> Cutter:
    """Where the losses of `policy` and the action histogram agree most, as the rule of that name cuts."""
    kinds, events = len(validation.card.actions), list(validation.card.events)
    return _peaks(
        validation,
        length,
        lambda e: combined_curve(PolicyLosses(policy, e), track_of(e, kinds, events)),
    )


def reference(validation: Data, length: float, policy: Policy) -> Cutter:
    """Where the reference rule cuts by the losses of `policy` alone."""

    def losses(data: Data) -> list[PolicyLosses]:
        return [PolicyLosses(policy, episode) for episode in data.episodes]

    gap = calibrate_gap(losses(validation), length)
    return lambda data: [reference_cuts(gap, one) for one in losses(data)]


def _peaks(validation: Data, length: float, curve: Callable[[Episode], Curve]) -> Cutter:
    height = height_for([curve(episode) for episode in validation.episodes], length)
    return lambda data: [above(curve(episode), height) for episode in data.episodes]


def calibrate_gap(scored: Sequence[Losses], length: float) -> float:
    """The gap at which the reference rule's segments come nearest to `length` steps, by halving."""
    low, high = 0.0, 30.0
    for _ in range(14):
        gap = (low + high) / 2
        if mean_length(list(map(len, scored)), [reference_cuts(gap, one) for one in scored]) < length:
            low = gap
        else:
            high = gap
    return (low + high) / 2


def reference_cuts(gap: float, losses: Losses) -> list[int]:
    """Where the reference rule begins segments when no menus and no events are known."""
    track = Track(np.zeros(len(losses), bool), np.zeros((len(losses), 0), np.float32))
    return [segment.end for segment in ReferenceRule(gap).cut(losses, track) if segment.cause != "end"]

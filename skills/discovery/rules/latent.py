"""Cut where latent skills give way to one another: the posterior of a hidden Markov model of policies.

The model and its sources are in `training/latent.py`; it sees what follows as well as what was.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from groundup.envs.errors import UsageError
from groundup.skills.discovery.peaks import Curve, smooth
from groundup.skills.discovery.rules.peak import PeakRule
from groundup.skills.discovery.types import Losses, Track


@runtime_checkable
class KnowsSkills(Protocol):
    """Losses of a model that knows latent skills as well."""

    def boundary_posterior(self) -> Curve:
        """The probability (frames,) that a skill begins at each frame."""


def latent_curve(losses: Losses, track: Track) -> Curve:
    """About the expected number of boundaries within 2 frames; raises `UsageError` without latent skills."""
    del track
    if not isinstance(losses, KnowsSkills):
        raise UsageError(
            "The rule 'latent' needs a model of latent skills: train one, or give another --rule."
        )
    return smooth(losses.boundary_posterior())


def latent_rule(height: float) -> PeakRule:
    """Cut where a change of skill is most likely."""
    return PeakRule("latent", latent_curve, height, "actions")

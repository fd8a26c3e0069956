"""Rules by name, and what each needs before it can cut."""

from __future__ import annotations

from collections.abc import Callable

from groundup.envs.errors import UsageError
from groundup.skills.discovery.peaks import Curve
from groundup.skills.discovery.rules.combined import combined_curve, combined_with_events
from groundup.skills.discovery.rules.histogram import histogram_change
from groundup.skills.discovery.rules.latent import latent_curve
from groundup.skills.discovery.rules.peak import PeakRule
from groundup.skills.discovery.rules.reference import MAX_LENGTH, MIN_LENGTH, ReferenceRule
from groundup.skills.discovery.rules.smoothed import smoothed_loss
from groundup.skills.discovery.types import Cause, Losses, Rule, Track

REFERENCE = "reference"
LATENT = "latent"

CURVES: dict[str, tuple[Callable[[Losses, Track], Curve], Cause]] = {
    "smoothed": (smoothed_loss, "loss"),
    "histogram": (histogram_change, "actions"),
    "combined": (combined_curve, "loss"),
    "combined-events": (combined_with_events, "loss"),
    LATENT: (latent_curve, "actions"),
}
"""Rules that cut at the peaks of a curve; their gap is the least height of a peak, in the curve's own
unit."""

RULES = (REFERENCE, *CURVES, "latent-events")


def check_rule(name: str, *, latent: bool = True) -> None:
    """Raise UsageError where there is no such rule, or none that losses alone can serve, which know latent
    skills where `latent`."""
    if name not in RULES:
        raise UsageError(f"There is no rule {name!r}: known are {', '.join(RULES)}.")
    if name not in (REFERENCE, *CURVES):
        raise UsageError(
            f"The rule {name!r} needs a model of latent skills and a policy, and many demonstrations at "
            "once: `groundup bench discovery` runs it, or give another --rule."
        )
    if name == LATENT and not latent:
        raise UsageError(
            f"The rule {name!r} needs a model of latent skills (`groundup train latent`): give its folder by "
            "--policy, or another --rule."
        )


def curve_of(name: str) -> Callable[[Losses, Track], Curve]:
    """What a rule finds peaks of."""
    check_rule(name)
    return CURVES[name][0]


def named_rule(name: str, gap: float, min_length: int = MIN_LENGTH, max_length: int = MAX_LENGTH) -> Rule:
    """A rule that a policy's losses can serve. Raises UsageError."""
    check_rule(name)
    if name == REFERENCE:
        return ReferenceRule(gap, min_length, max_length)
    if (min_length, max_length) != (MIN_LENGTH, MAX_LENGTH):
        raise UsageError(f"--min-length and --max-length belong to the rule reference, not to {name}.")
    curve, cause = CURVES[name]
    return PeakRule(name, curve, gap, cause)

"""Latent skills and external events: how much an event says is read off the latent skills themselves.

For each kind of event, the mean of the skills' own curve where the last of a row of such events has come
about, over unlabelled demonstrations, says how often a skill ends with it. At such places the chance of a
boundary is that of either saying so, as if they were independent (a noisy or; Pearl 1988, 4.3.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from groundup.skills.discovery.peaks import AROUND, Curve
from groundup.skills.discovery.rules.combined import QUIET
from groundup.skills.discovery.rules.latent import latent_curve
from groundup.skills.discovery.rules.peak import PeakRule
from groundup.skills.discovery.types import Losses, Track

REACH = 1
"""Frames around an event's end whose curve counts as agreeing with it."""


def last_of_each(track: Track) -> list[tuple[int, str]]:
    """(frame, name) where the last of a row of like events has just come about."""
    found = []
    for place, (frame, name) in enumerate(track.events):
        later = (at for at, other in track.events[place + 1 :] if other == name)
        if next(later, len(track) + QUIET) - frame > QUIET and frame + 1 < len(track):
            found.append((frame + 1, name))
    return found


def weights(demonstrations: Iterable[tuple[Losses, Track]]) -> dict[str, float]:
    """How often a skill ends with each kind of event, by latent skills alone; no label is used."""
    seen: dict[str, list[float]] = {}
    for losses, track in demonstrations:
        curve = latent_curve(losses, track)
        for frame, name in last_of_each(track):
            near = curve[max(0, frame - REACH) : frame + REACH + 1]
            seen.setdefault(name, []).append(min(1.0, float(near.max())))
    return {name: float(np.mean(values)) for name, values in seen.items()}


def latent_events_curve(losses: Losses, track: Track, *, says: Mapping[str, float]) -> Curve:
    """The chance of a boundary about each frame by skills or events."""
    curve = np.minimum(latent_curve(losses, track), 1.0)
    events = np.zeros(len(track))
    for frame, name in last_of_each(track):
        for offset in range(-REACH, REACH + 1):
            if 0 <= frame + offset < len(track):
                share = AROUND[len(AROUND) // 2 + offset] if offset == 0 else 0.5
                events[frame + offset] = max(events[frame + offset], share * says.get(name, 0.0))
    return np.asarray(1 - (1 - 0.95 * curve) * (1 - events), np.float64)


def latent_events_rule(height: float, says: Mapping[str, float]) -> PeakRule:
    """Cut where a change of skill is most likely, given what the events say."""
    return PeakRule("latent-events", partial(latent_events_curve, says=says), height, "event")

"""A situation: an observation reduced to the numbers that a look-ahead works on.

The *own* numbers stand at fixed places; the others belong to *groups*, one for each bar (a number
with a maximum, such as 53/80) that is not fixed: an opponent, a building, a unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from groundup.perception.observation import Observation, Quantity

WIDTH = 1280
"""Frame width that distances below are given for."""

REACH = 0.12
"""How far from a group's bar, in frame widths, a point still addresses it: a little over half the usual distance between two units side by side."""

ABOVE, BELOW = -0.04, 0.012
"""Where, in frame widths from its bar, a number stands above or below it; what stands elsewhere is beside it."""

FOOT = 0.06
"""How far below its bar, in frame widths, a number may stand that belongs to it."""

CONSTANT = 0.9
"""Share of the sightings of an own bar with one and the same maximum; a tenth may be misread."""

BAR = "bar"
"""The sort of the number that makes a group: the value of its bar."""

STEADY = 0.9
"""Share of the observations of a scene in which a number stands that is then taken as misread when it is missing."""

LASTING = 3
"""Kinds of screen on which a place must be fixed to be one's own whatever stands near it."""

SEEN = 8
"""Observations of a scene before a number counts as always there."""

_TOKEN = re.compile(r"[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers that belong together, by sort, and where their bar stands (x, y in pixels)."""

    at: tuple[float, float]
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Situation:
    """Own numbers by place, groups of others, and the scene they were seen in."""

    scene: str
    own: dict[str, float]
    groups: tuple[Group, ...]
    width: int = WIDTH

    def totals(self) -> dict[str, float]:
        """Every own number, and for each sort its sum ("sum:sort") and count ("n:sort") over the groups."""
        out = dict(self.own)
        for group in self.groups:
            for sort, value in group.values.items():
                out[f"sum:{sort}"] = out.get(f"sum:{sort}", 0.0) + value
                out[f"n:{sort}"] = out.get(f"n:{sort}", 0.0) + 1.0
        return out

    def addressed(self, point: tuple[float, float] | None) -> int | None:
        """The index of the group that a click at `point` means, if one is near enough."""
        if point is None or not self.groups:
            return None
        distances = [_distance(group.at, point) for group in self.groups]
        nearest = min(range(len(distances)), key=distances.__getitem__)
        return nearest if distances[nearest] <= REACH * self.width else None


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    # What belongs to a unit stands above and below it more than beside it.
    return abs(a[0] - b[0]) + 0.25 * abs(a[1] - b[1])


def situation(
    observation: Observation,
    units: frozenset[str] = frozenset(),
    lasting: frozenset[str] = frozenset(),
    width: int = WIDTH,
) -> Situation:
    """Reduce `observation` to its numbers.

    `units` are places of bars known to be others' although something stands there in nearly every visit,
    `lasting` places known to be one's own whatever stands near. Otherwise a number near a bar belongs to it, to a unit or to oneself; what is near no bar is one's own if fixed.
    """
    fixed = observation.fixed
    held = {
        (q.value, q.maximum)
        for q in observation.quantities
        if q.maximum and q.place in fixed and q.place not in units
    }
    own: dict[str, float] = {}
    own_bars: list[tuple[float, float]] = []
    groups: list[Group] = []
    for q in observation.quantities:
        if q.maximum is None:
            continue
        # A bar that repeats an own number is a second picture of it, not another unit.
        if (q.value, q.maximum) in held:
            own_bars.append(_center(q))
            own[q.place] = q.value
        else:
            groups.append(Group(_center(q), {BAR: q.value}))
    for q in observation.quantities:
        if q.maximum is not None:
            continue
        if q.place in lasting:
            own[q.place] = q.value
            continue
        near = [(d, g) for g in groups if (d := _belongs(g.at, _center(q), width)) is not None]
        selves = [d for at in own_bars if (d := _belongs(at, _center(q), width)) is not None]
        if near and (not selves or min(near, key=_first)[0] < min(selves)):
            group = min(near, key=_first)[1]
            name = _side(group.at, _center(q), width) + q.sort
            group.values[name] = group.values.get(name, 0.0) + q.value
        elif selves or q.place in fixed:
            own[q.place] = q.value
    return Situation(observation.scene, own, tuple(groups), width)


def _first(pair: tuple[float, Group]) -> float:
    return pair[0]


def _center(q: Quantity) -> tuple[float, float]:
    x, y = q.box.center
    return float(x), float(y)


def _belongs(bar: tuple[float, float], at: tuple[float, float], width: int) -> float | None:
    """The distance of a number from a bar, None when it is too far off or too far below."""
    distance = _distance(bar, at)
    return distance if distance <= REACH * width and at[1] - bar[1] <= FOOT * width else None


def _side(bar: tuple[float, float], at: tuple[float, float], width: int) -> str:
    down = (at[1] - bar[1]) / width
    return "above " if down < ABOVE else "below " if down > BELOW else "beside "


class Situations:
    """Reduces observations, knowing from earlier ones what is always there and whose the bars are."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, int]] = {}
        self._maxima: dict[str, dict[str, int]] = {}
        self._scenes: dict[str, list[str]] = {}
        self._last: dict[str, float] = {}

    def __call__(self, observation: Observation) -> Situation:
        """Take in `observation`; its situation."""
        for q in observation.quantities:
            if q.maximum is not None:
                maxima = self._maxima.setdefault(q.place, {})
                most = f"{q.maximum:g}"
                maxima[most] = maxima.get(most, 0) + 1
        for place in observation.fixed & observation.values.keys():
            scenes = self._scenes.setdefault(place, [])
            if len(scenes) < LASTING and observation.scene not in scenes:
                scenes.append(observation.scene)
        here = self._reduce(observation)
        seen = self._seen.setdefault(here.scene, {})
        seen[""] = seen.get("", 0) + 1
        for place in here.own:
            seen[place] = seen.get(place, 0) + 1
        return self.peek(observation)

    def peek(self, observation: Observation) -> Situation:
        """The situation in `observation`, with the last value of each number that must have been missed."""
        here = self._reduce(observation)
        seen = self._seen.get(here.scene, {"": 0})
        missed = {
            place: self._last[place]
            for place, count in seen.items()
            if place in self._last
            and place not in here.own
            and seen[""] >= SEEN
            and count >= STEADY * seen[""]
        }
        self._last.update(here.own)
        return replace(here, own={**here.own, **missed}) if missed else here

    def _reduce(self, observation: Observation) -> Situation:
        # Bars whose maximum varies are units': one stands where another stood.
        units = frozenset(
            place
            for place, maxima in self._maxima.items()
            if max(maxima.values()) < CONSTANT * sum(maxima.values())
        )
        lasting = frozenset(place for place, scenes in self._scenes.items() if len(scenes) >= LASTING)
        return situation(observation, units, lasting)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-friendly copy of what is always there, of the maxima seen and of the scenes of places."""
        return {
            "seen": {scene: dict(seen) for scene, seen in self._seen.items()},
            "maxima": {place: dict(maxima) for place, maxima in self._maxima.items()},
            "scenes": {place: list(scenes) for place, scenes in self._scenes.items()},
        }

    def load(self, data: dict[str, Any]) -> None:
        """Replace everything by what `to_dict` gave."""
        self._seen = {k: {p: int(n) for p, n in v.items()} for k, v in data.get("seen", {}).items()}
        self._maxima = {k: {p: int(n) for p, n in v.items()} for k, v in data.get("maxima", {}).items()}
        self._scenes = {place: list(scenes) for place, scenes in data.get("scenes", {}).items()}
        self._last.clear()


def written_numbers(text: str) -> list[tuple[str, float]]:
    """The numbers in `text`, each with the words around it, widest context first.

    Lines are parted by "|". A line that is only a number has the context "alone"; for the others
    "deal 6 damage to all" gives 6 under "deal _ damage to all", "deal _ damage", "deal _" and "_ damage",
    so that what is learnt of one wording carries over to the next.
    """
    out: list[tuple[str, float]] = []
    lines = [line.strip() for line in text.lower().split("|")]
    out.extend(("alone", float(line)) for line in lines if line.isdigit())
    tokens = _TOKEN.findall(" ".join(line for line in lines if not line.isdigit()))
    for i, token in enumerate(tokens):
        if not token.isdigit():
            continue
        left = tokens[i - 1] if i and tokens[i - 1].isalpha() else ""
        right = [t for t in tokens[i + 1 : i + 4] if t.isalpha()]
        near = right[0] if right else ""
        contexts = [f"{left} _ {' '.join(right)}", f"{left} _ {near}", f"{left} _", f"_ {near}"]
        out.extend(
            (context, float(token)) for context in dict.fromkeys(c for c in contexts if c.strip() != "_")
        )
    return out

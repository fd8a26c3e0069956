"""A situation: an observation reduced to the numbers that a look-ahead works on.

The *own* numbers stand at fixed places; the others belong to *groups*, one for each bar (a number
with a maximum, such as 53/80) that is not fixed: an opponent, a building, a unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from groundup.perception.observation import Observation, Quantity

WIDTH = 1280
"""Frame width that distances below are given for."""

REACH = 0.12
"""How far from a group's bar, in frame widths, a point still addresses it: a little over half the usual
distance between two units side by side."""

ABOVE, BELOW = -0.04, 0.012
"""Where, in frame widths from its bar, a number stands above or below it; what stands elsewhere is beside
it."""

FOOT = 0.06
"""How far below its bar, in frame widths, a number may stand that belongs to it."""

CONSTANT = 0.8
"""Share of visits with one and the same maximum that makes a bar one's own; some are misread."""

VISITS = 3
"""Visits that a bar must have been seen in before it may be one's own."""

ALONE = 20
"""Observations after which, in a game of one or two kinds of screen, what is always there is one's own."""

BAR = "bar"
"""The sort of the number that makes a group: the value of its bar."""

STAND = "stand:bar"
"""The total that says how long the groups will stand, in points of their bars, all added up: taken down one
by one, the lowest first, each bar is waited for by its own group and by all that come after it."""

STEADY = 0.9
"""Share of the observations of a scene in which a number stands that is then taken as misread when it is
missing."""

LASTING = 3
"""Kinds of screen on which a place must be fixed to be one's own whatever stands near it (for bars see
`EVERYWHERE`)."""

EVERYWHERE = 0.75
"""Share of all kinds of screen on which a bar must be fixed to be one's own though its maximum varies: fights
may look different enough to be three kinds, and a single foe stands in the same place in each."""

SEEN = 8
"""Observations of a scene before a number counts as always there."""

LIKE = 0.8
"""Share of the fixed numbers of a known kind of screen that must stand on a new one to read it as that one.
A fight in another light was a kind of screen never met: a frozen player saw none of its own numbers there,
took no card for one that can be paid, and ended turns until it was dead (4 of seed 166's 10 runs)."""

_TOKEN = re.compile(r"[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers that belong together, by sort, and where their bar stands (x, y in pixels)."""

    at: tuple[float, float]
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Situation:
    """Own numbers by place, groups of others, and the scene they were seen in.

    `sorts` names those own numbers that stand near an own bar as a unit's number there would be named.
    """

    scene: str
    own: dict[str, float]
    groups: tuple[Group, ...]
    width: int = WIDTH
    sorts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def totals(self) -> dict[str, float]:
        """What `totals` makes of it."""
        return totals(self.own, (group.values for group in self.groups))

    def addressed(self, point: tuple[float, float] | None) -> int | None:
        """The index of the group that a click at `point` means, if one is near enough."""
        if point is None or not self.groups:
            return None
        distances = [_distance(group.at, point) for group in self.groups]
        nearest = min(range(len(distances)), key=distances.__getitem__)
        return nearest if distances[nearest] <= REACH * self.width else None


def totals(own: dict[str, float], groups: Iterable[dict[str, float] | None]) -> dict[str, float]:
    """Every own number, for each sort its sum ("sum:sort") over the groups, how many have a bar ("n:bar"),
    and `STAND`.

    A group that is None is gone.
    """
    out = dict(own)
    bars = []
    for values in groups:
        for sort, value in (values or {}).items():
            out[f"sum:{sort}"] = out.get(f"sum:{sort}", 0.0) + value
            if sort == BAR:
                bars.append(value)
    if bars:
        bars.sort(reverse=True)
        out[f"n:{BAR}"] = float(len(bars))
        out[STAND] = sum(waiting * bar for waiting, bar in enumerate(bars, 1))
    return out


def any_changed(was: dict[str, float], now: dict[str, float]) -> bool:
    """Whether a number that stands in both has changed."""
    return any(was[place] != now[place] for place in was.keys() & now.keys())


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    # What belongs to a unit stands above and below it more than beside it.
    return abs(a[0] - b[0]) + 0.25 * abs(a[1] - b[1])


@dataclass(frozen=True, slots=True)
class Whose:
    """What is known of places: numbers that are one's own wherever they stand, own bars, other fixed
    numbers."""

    lasting: frozenset[str] = frozenset()
    bars: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()


def situation(observation: Observation, whose: Whose, width: int = WIDTH) -> Situation:
    """Reduce `observation` to its numbers.

    A bar is one's own if it is known to be, or repeats one that is; each other bar makes a group.
    A number near a bar belongs to it, to a unit or to oneself; what is near no bar is one's own if fixed.
    """
    held = {
        (q.value, q.maximum)
        for q in observation.quantities
        if q.maximum and (q.place in whose.lasting or q.place in whose.bars)
    }
    own: dict[str, float] = {}
    own_bars: list[tuple[float, float]] = []
    sorts: dict[str, tuple[str, ...]] = {}
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
        if q.place in whose.lasting:
            own[q.place] = q.value
            continue
        near = [(d, g) for g in groups if (d := _belongs(g.at, _center(q), width)) is not None]
        selves = [(d, at) for at in own_bars if (d := _belongs(at, _center(q), width)) is not None]
        if near and (not selves or min(near, key=_first)[0] < min(selves)[0]):
            group = min(near, key=_first)[1]
            name = _side(group.at, _center(q), width) + q.sort
            group.values[name] = group.values.get(name, 0.0) + q.value
        elif selves or q.place in whose.fixed:
            own[q.place] = q.value
            if selves:
                names = dict.fromkeys(_side(at, _center(q), width) + q.sort for _, at in selves)
                sorts[q.place] = tuple(names)
    return Situation(observation.scene, own, tuple(groups), width, sorts)


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
        self._fixed: dict[str, frozenset[str]] = {}
        self._maxima: dict[str, dict[str, int]] = {}
        self._left: dict[str, dict[str, float]] = {}
        self._met: dict[str, set[str]] = {}
        self._last: dict[str, float] = {}
        self._scene = ""
        self._whose: dict[str, Whose] = {}
        self._lasting: frozenset[str] = frozenset()
        self.version = 0

    def __call__(self, observation: Observation) -> Situation:
        """Take in `observation`; its situation. `version` counts up when it is known better whose numbers
        are."""
        scene = observation.scene
        seen = self._seen.setdefault(scene, {})
        seen[""] = seen.get("", 0) + 1
        for place in observation.values:
            seen[place] = seen.get(place, 0) + 1
        self._fixed[scene] = observation.fixed
        self._note_maxima(observation)
        self._settle(scene)
        return self.peek(observation)

    def _note_maxima(self, observation: Observation) -> None:
        scene, values = observation.scene, observation.values
        lasting = {p: v for p, v in values.items() if p in self._lasting}
        met = self._met.setdefault(scene, set())
        left = self._left.get(scene)
        if left is not None and any(left.get(p, v) != v for p, v in lasting.items()) and self._scene != scene:
            # Back after something happened elsewhere: another visit, with units of its own.
            met.clear()
        for q in observation.quantities:
            if q.maximum is not None and q.place not in met:
                met.add(q.place)
                maxima = self._maxima.setdefault(q.place, {})
                maxima[f"{q.maximum:g}"] = maxima.get(f"{q.maximum:g}", 0) + 1
        self._left[scene] = lasting
        self._scene = scene

    def _settle(self, scene: str) -> None:
        scenes = len(self._fixed)
        counts: dict[str, int] = {}
        for known in self._fixed.values():
            for place in known:
                counts[place] = counts.get(place, 0) + 1
        constant = {
            place
            for place, maxima in self._maxima.items()
            if sum(maxima.values()) >= VISITS and max(maxima.values()) >= CONSTANT * sum(maxima.values())
        }
        self._lasting = frozenset(
            place
            for place, n in counts.items()
            if n >= LASTING and (place not in self._maxima or place in constant or n >= EVERYWHERE * scenes)
        )
        fixed: set[str] = set(self._fixed.get(scene, ()))
        seen = self._seen[scene]
        if scenes < LASTING and seen[""] >= ALONE:
            # Where there is but one kind of screen, what stands there nearly always is one's own.
            fixed |= {p for p, n in seen.items() if p and n >= STEADY * seen[""]}
            constant |= fixed
        whose = Whose(self._lasting, frozenset(constant & fixed), frozenset(fixed))
        if whose != self._whose.get(scene):
            self._whose[scene] = whose
            self.version += 1

    def peek(self, observation: Observation) -> Situation:
        """The situation in `observation`, with the last value of each number that must have been missed."""
        whose = self._whose_in(observation)
        here = situation(observation, whose)
        seen = self._seen.get(here.scene, {"": 0})
        shown = observation.values
        others = self._maxima.keys() - whose.lasting - whose.bars  # bars taken for one's own before
        missed = {
            place: self._last[place]
            for place, count in seen.items()
            if place in self._last
            and place not in shown
            and place not in others
            and seen[""] >= SEEN
            and count >= STEADY * seen[""]
            and place in whose.fixed
        }
        self._last.update(here.own)
        return replace(here, own={**here.own, **missed}) if missed else here

    def _whose_in(self, observation: Observation) -> Whose:
        """What is known of the places in this kind of screen; of one hardly met, what is known of that one of
        those it is like which has the most fixed numbers."""
        scene, shown = observation.scene, observation.values.keys()
        known = self._whose.get(scene, Whose(self._lasting))
        if self._seen.get(scene, {}).get("", 0) >= SEEN:
            return known
        alike = [
            whose
            for other, whose in self._whose.items()
            if self._seen[other][""] >= SEEN and len(whose.fixed & shown) >= LIKE * len(whose.fixed)
        ]
        like = max(alike, key=lambda whose: len(whose.fixed & shown), default=Whose())
        return Whose(self._lasting | known.lasting, known.bars | like.bars, known.fixed | like.fixed)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-friendly copy of what is always there, of the maxima seen and of what was fixed."""
        return {
            "seen": {scene: dict(seen) for scene, seen in self._seen.items()},
            "maxima": {place: dict(maxima) for place, maxima in self._maxima.items()},
            "fixed": {scene: sorted(fixed) for scene, fixed in self._fixed.items()},
        }

    def load(self, data: dict[str, Any]) -> None:
        """Replace everything by what `to_dict` gave."""
        self._seen = {k: {p: int(n) for p, n in v.items()} for k, v in data.get("seen", {}).items()}
        self._maxima = {k: {p: int(n) for p, n in v.items()} for k, v in data.get("maxima", {}).items()}
        self._fixed = {k: frozenset(v) for k, v in data.get("fixed", {}).items()}
        self._whose.clear()
        for scene in self._fixed:
            self._settle(scene)
        self._last.clear()
        self._left.clear()
        self._met.clear()


def written_numbers(text: str) -> list[tuple[str, float]]:
    """The numbers in `text`, each with the words around it, widest context first.

    Lines are parted by "|". A line that is only a number has the context "alone"; for the others
    "deal 6 damage to all" gives 6 under "deal _ damage to all", "deal _ damage", "deal _" and "_ damage",
    so that what is learnt of one wording carries over to the next.
    """
    out: list[tuple[str, float]] = []
    lines = [line.strip() for line in text.lower().split("|")]
    out.extend(("alone", float(line)) for line in lines if line.isdecimal())
    tokens = _TOKEN.findall(" ".join(line for line in lines if not line.isdecimal()))
    for i, token in enumerate(tokens):
        if not token.isdecimal():
            continue
        left = tokens[i - 1] if i and tokens[i - 1].isalpha() else ""
        right = [t for t in tokens[i + 1 : i + 4] if t.isalpha()]
        near = right[0] if right else ""
        contexts = [f"{left} _ {' '.join(right)}", f"{left} _ {near}", f"{left} _", f"_ {near}"]
        out.extend(
            (context, float(token)) for context in dict.fromkeys(c for c in contexts if c.strip() != "_")
        )
    return out

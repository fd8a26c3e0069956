"""A situation: an observation reduced to the numbers that a look-ahead works on.

The *own* numbers stand at fixed places; the others belong to *groups*, one for each bar (a number
with a maximum, such as 53/80) that is not fixed: an opponent, a building, a unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from groundup.perception.observation import Observation, Quantity

REACH = 0.16
"""How far from a group's bar, in frame widths, a point still addresses it: half the usual distance between two units side by side in the games of ../shared/data/screens."""

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
    width: int = 1280

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
    return abs(a[0] - b[0]) + 0.3 * abs(a[1] - b[1])


def situation(observation: Observation, width: int = 1280) -> Situation:
    """Reduce `observation` to its numbers."""
    own: dict[str, float] = {}
    bars: list[Quantity] = []
    rest: list[Quantity] = []
    held = {
        (q.value, q.maximum) for q in observation.quantities if q.place in observation.fixed and q.maximum
    }
    for q in observation.quantities:
        if q.place in observation.fixed:
            own[q.place] = q.value
        elif q.maximum is not None:
            # A bar that repeats an own number is a second picture of it, not another unit.
            if (q.value, q.maximum) not in held:
                bars.append(q)
        else:
            rest.append(q)
    groups = [Group((float(q.box.center[0]), float(q.box.center[1])), {q.sort: q.value}) for q in bars]
    for q in rest:
        if not groups:
            break
        center = (float(q.box.center[0]), float(q.box.center[1]))
        nearest = min(groups, key=lambda g: _distance(g.at, center))
        if _distance(nearest.at, center) <= REACH * width:
            nearest.values[q.sort] = nearest.values.get(q.sort, 0.0) + q.value
    return Situation(observation.scene, own, tuple(groups), width)


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

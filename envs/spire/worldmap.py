"""The map of an act: 15 rows of up to 7 rooms joined by paths, and an elite above them.

Made as the original does (Slay the Spire wiki, "Map Generation"): six paths climb from the bottom row, each
step straight or to a neighbouring column, never crossing another path. Differences: there are no shops
(their share goes to fights), and the 16th floor holds an elite instead of a boss.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

Room = Literal["fight", "elite", "rest", "treasure", "unknown"]
ROWS, COLUMNS, PATHS = 16, 7, 6
_TREASURE_ROW, _LAST_REST_ROW, _FIRST_HARD_ROW = 9, 15, 6
_SHARES: tuple[tuple[Room, float], ...] = (
    ("fight", 0.58),
    ("unknown", 0.22),
    ("rest", 0.12),
    ("elite", 0.08),
)
"""Shares of the original's rooms; the 5% of its shops are fights here."""


@dataclass(frozen=True, slots=True)
class Node:
    """A room: row (1 to 16), column (0 to 6), kind, and the columns of the next row it leads to."""

    row: int
    column: int
    room: Room
    leads_to: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ActMap:
    """The rooms of an act by row and column."""

    nodes: dict[tuple[int, int], Node]

    def entrances(self) -> tuple[int, ...]:
        """The columns of the first row."""
        return tuple(sorted(c for r, c in self.nodes if r == 1))


def _climb(rng: Random) -> dict[tuple[int, int], set[int]]:
    edges: dict[tuple[int, int], set[int]] = {}
    first = -1
    for path in range(PATHS):
        column = rng.randrange(COLUMNS)
        while path == 1 and column == first:  # the first two paths start apart, as in the original
            column = rng.randrange(COLUMNS)
        first = column if path == 0 else first
        for row in range(1, ROWS - 1):
            options = [c for c in (column - 1, column, column + 1) if 0 <= c < COLUMNS]
            options = [c for c in options if not _crosses(edges, row, column, c)]
            step = rng.choice(options or [column])
            edges.setdefault((row, column), set()).add(step)
            column = step
        edges.setdefault((ROWS - 1, column), set()).add(COLUMNS // 2)
    return edges


def _crosses(edges: dict[tuple[int, int], set[int]], row: int, column: int, to: int) -> bool:
    if to == column:
        return False
    return column in edges.get((row, to), set())


def _room(rng: Random, row: int, below: set[Room]) -> Room:
    if row == 1:
        return "fight"
    if row == _TREASURE_ROW:
        return "treasure"
    if row == _LAST_REST_ROW:
        return "rest"
    if row == ROWS:
        return "elite"
    banned: set[Room] = {room for room in below if room in ("elite", "rest")}  # never two in a row on a path
    if row < _FIRST_HARD_ROW:
        banned |= {"elite", "rest"}
    if row == _LAST_REST_ROW - 1:
        banned.add("rest")
    kinds = [(room, share) for room, share in _SHARES if room not in banned]
    return rng.choices([room for room, _ in kinds], [share for _, share in kinds])[0]


def make_map(rng: Random) -> ActMap:
    """A new map drawn from `rng`."""
    edges = _climb(rng)
    edges[ROWS, COLUMNS // 2] = set()
    nodes: dict[tuple[int, int], Node] = {}
    for row, column in sorted(edges):
        below: set[Room] = {n.room for n in nodes.values() if n.row == row - 1 and column in n.leads_to}
        nodes[row, column] = Node(row, column, _room(rng, row, below), tuple(sorted(edges[row, column])))
    return ActMap(nodes)

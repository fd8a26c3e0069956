"""External events of a demonstration: something crafted, mined, killed or used.

Lines are `{"frame": 120, "event": "craft torch"}`, or VPT's contractor lines, one a frame, with
`stats_change` (or the running `stats`, from which it follows).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from groundup.skills.discovery.vpt.recordings import ActionsUnusable, json_lines

KINDS = ("craft_item", "mine_block", "kill_entity", "use_item")
"""Statistics of the game whose change is an event (arXiv 2503.10684, appendix, and its code)."""

KILL = "kill_entity"
KILL_DELAY = 16
"""Frames after which a kill ends a segment: the animal falls and drops what it had."""


def read_events(path: Path) -> list[tuple[int, str]]:
    """(frame, name) in order of frame; no two at a frame. Raises ActionsUnusable naming the line."""
    # Read twice, a line at a time: a contractor's statistics of an hour would take gigabytes.
    if any("frame" in line for line in json_lines(path)):
        return _named(path, json_lines(path))
    return _from_stats(_changes(path, json_lines(path)))


def _named(path: Path, lines: Iterable[Mapping[str, Any]]) -> list[tuple[int, str]]:
    found: dict[int, str] = {}
    for number, line in enumerate(lines, start=1):
        try:
            frame = int(line["frame"])
            if frame < 0:
                raise ValueError("a frame below 0")
            found.setdefault(frame, str(line.get("event", "event")))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ActionsUnusable(f"{path}, line {number} is not an event: {error!r}.") from error
    return sorted(found.items())


def _changes(path: Path, lines: Iterable[Mapping[str, Any]]) -> list[frozenset[str]]:
    """Of each frame the statistics that changed, of the kinds that count."""
    changes: list[frozenset[str]] = []
    before: Mapping[str, Any] | None = None
    for number, line in enumerate(lines, start=1):
        stats = line.get("stats", {})
        changed = line.get("stats_change")
        if changed is None:
            earlier = stats if before is None else before
            changed = [name for name, value in stats.items() if earlier.get(name, 0) != value]
        if not hasattr(changed, "__iter__"):
            raise ActionsUnusable(f"{path}, line {number} has no statistics.")
        changes.append(frozenset(name for name in changed if any(kind in name for kind in KINDS)))
        before = stats
    return changes


def _from_stats(changes: Sequence[frozenset[str]]) -> list[tuple[int, str]]:
    """Of a run of equal events the last; of two that fall on a frame the earlier."""
    found: dict[int, str] = {}
    later: frozenset[str] = frozenset()
    for frame in range(len(changes) - 1, -1, -1):
        event = changes[frame]
        if event and event != later:
            delay = KILL_DELAY if any(KILL in name for name in event) else 0
            found[min(frame + delay, len(changes))] = " ".join(sorted(event))
        later = event or later
    return sorted(found.items())

"""`groundup demos record`: a game's scripted player at the mouse, recorded.

A game offers its players by an entry point of the group `groundup.demonstrators` under its own name: a module
with `PLAYERS` (the first is the default) and `record`. Nothing here knows a game.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from groundup.envs.errors import UsageError
from groundup.envs.recordings import is_recording, read_card

GROUP = "groundup.demonstrators"

Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """`count` recordings of `runs` runs each, with seeds from `seed` on; `player` None takes the default."""

    game: str
    folder: Path
    count: int
    runs: int
    seed: int
    player: str | None = None


def run(wanted: Wanted, tell: Tell) -> dict[str, Any]:
    """Make the recordings that are missing; raises `UsageError`, `MissingPart`, `GroundupError`."""
    found = [entry for entry in entry_points(group=GROUP) if entry.name == wanted.game]
    if not found:
        names = ", ".join(sorted({entry.name for entry in entry_points(group=GROUP)})) or "none"
        raise UsageError(f"No scripted player comes with {wanted.game!r}: games with one are {names}.")
    module = found[0].load()
    player = wanted.player or next(iter(module.PLAYERS))
    made = []
    for index in range(wanted.count):
        seed = wanted.seed + index
        folder = wanted.folder / f"{wanted.game}-{player}-{seed}"
        if not _finished(folder):
            module.record(folder, player=player, seed=seed, runs=wanted.runs, tell=tell)
        made.append({"recording": str(folder), "seed": seed, "frames": read_card(folder).frames})
        tell(index + 1, wanted.count, folder.name)
    return {"game": wanted.game, "player": player, "recordings": made}


def _finished(folder: Path) -> bool:
    """Whether there is a whole recording; half a one that a killed run left is made again."""
    if not is_recording(folder):
        return False
    if read_card(folder).frames is not None:
        return True
    shutil.rmtree(folder)
    return False

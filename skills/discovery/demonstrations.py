"""Demonstrations on disk: frames, actions and events; what only labels know lies in files of its own.

    DIR/card.json                how they were made, names of actions and events
    DIR/SPLIT/0000.npz           one demonstration (train, validation, test)
    DIR/labels/SPLIT/0000.json   when its skills began, and their names

Nothing here reads labels: `labels.py` does, for supervised training, calibration and benches.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from groundup.envs.errors import UsageError
from groundup.memory.whole import whole_file, write_whole

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

SUFFIX = ".npz"
"""Of a file with one demonstration."""


class BadDemonstrations(UsageError):
    """A folder holds no demonstrations, or broken ones."""


@dataclass(frozen=True, slots=True)
class Card:
    """How demonstrations were made: `noise` by turns, `worlds` the first seed of each split."""

    game: str
    seed: int
    steps: int
    noise: Sequence[float]
    worlds: dict[str, int]
    counts: dict[str, int]
    actions: Sequence[str]
    events: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Demonstration:
    """`frames` uint8 (steps, height, width, 3), each seen before the action of the same place.

    `actions` int64 (steps,), places in the card's `actions`; `events` are (step, place in the card's
    `events`) in order of step, of the step that brought it about.
    """

    frames: NDArray[np.uint8]
    actions: NDArray[np.int64]
    events: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.actions)


def read_card(folder: Path) -> Card:
    """The card of `folder`; raises `BadDemonstrations`."""
    try:
        return Card(**json.loads((folder / "card.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BadDemonstrations(
            f"{folder} holds no demonstrations (no card.json): see `groundup demos crafter --help`."
        ) from error


def write_card(folder: Path, card: Card) -> None:
    """Write `card`, whole or not at all."""
    write_whole(folder / "card.json", json.dumps(asdict(card), indent=1).encode())


def paths(folder: Path, split: Split) -> list[Path]:
    """The files of a split, in order; raises `BadDemonstrations` when there are none."""
    found = sorted((folder / split).glob("*.npz"))
    if not found:
        raise BadDemonstrations(
            f"{folder / split} holds no demonstrations: see `groundup demos crafter --help`."
        )
    return found


def card_of(path: Path) -> Card:
    """The card that belongs to one demonstration, DIR/SPLIT/0000.npz; raises `BadDemonstrations`."""
    return read_card(path.absolute().parent.parent)


def files(folder: Path) -> list[Path]:
    """The demonstrations that lie in a folder (a split's), or else in its splits, in order."""
    found = sorted(folder.glob(f"*{SUFFIX}"))
    return found or [path for split in SPLITS for path in sorted((folder / split).glob(f"*{SUFFIX}"))]


def read(path: Path) -> Demonstration:
    """One demonstration; raises `BadDemonstrations` for a broken file."""
    try:
        with np.load(path, allow_pickle=False) as held:
            frames, actions = held["frames"], held["actions"].astype(np.int64)
            events = tuple((int(step), int(kind)) for step, kind in held["events"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise BadDemonstrations(
            f"{path} is no demonstration ({error}): delete it and make it again."
        ) from error
    if frames.ndim != 4 or frames.dtype != np.uint8 or not 0 < len(frames) == len(actions):
        raise BadDemonstrations(
            f"{path} has {len(actions)} actions for frames {frames.shape}: make it again."
        )
    return Demonstration(frames, actions, events)


def write(path: Path, demonstration: Demonstration) -> None:
    """Write one demonstration, whole or not at all."""
    held: dict[str, Any] = {
        "frames": demonstration.frames,
        "actions": demonstration.actions.astype(np.uint8),
        "events": np.array(demonstration.events, np.int32).reshape(-1, 2),
    }
    with whole_file(path) as file:
        np.savez_compressed(file, **held)

"""Demonstrations as arrays that small networks learn from: frames resized once, kept in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels
from groundup.skills.discovery.demonstrations import BadDemonstrations, Card, Split, paths, read, read_card

CELLS = 9
"""Cells across a frame: Crafter draws 9 by 9, 7 of its rows show the world."""

SAMPLES = 3
"""Pixels across a cell after resizing: enough to tell Crafter's textures apart at a fifth of the numbers."""

STRETCH = 36
"""Steps of a stretch that networks learn from: one to two skills of Crafter. With 200 latent skills stay at a
validation loss of 1.34 instead of 1.21, detectors at .097 instead of .088 (one seed each)."""

WHOLE = 104
"""Steps of a stretch that the validation loss of latent skills and detectors is taken over: as long as the
shortest of Crafter's demonstrations for it."""

USED = 0.9
"""Share of all steps that training stretches are to reach: one short demonstration shortens none of them."""

SIDE = CELLS * SAMPLES

WORLD_ROWS = {"crafter": 7 * SAMPLES}
"""Rows that show the world and may be mirrored, by game; other games' frames are not mirrored."""


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """`frames` uint8 (steps, SIDE, SIDE, 3), `actions` int64 (steps,), `events` float32 (steps, kinds)."""

    path: Path
    frames: NDArray[np.uint8]
    actions: NDArray[np.int64]
    events: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.actions)


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """A split of demonstrations in memory."""

    card: Card
    episodes: Sequence[Episode]

    def __len__(self) -> int:
        return sum(len(episode) for episode in self.episodes)

    def stretch(self, most: int) -> int:
        """The longest stretch, `most` at the most, so that `USED` of all steps are in episodes as long."""
        longest_first = np.sort([len(episode) for episode in self.episodes])[::-1]
        enough = np.searchsorted(np.cumsum(longest_first), USED * len(self))
        return min(most, int(longest_first[enough]))

    @property
    def mark(self) -> str:
        """What it is, in words: as good as never the same for other demonstrations."""
        check = 0
        for episode in self.episodes:
            check = crc32(episode.frames[::97].tobytes(), crc32(episode.actions.tobytes(), check))
        return f"{len(self.episodes)} demonstrations of {len(self)} steps ({check:08x})"


def load(folder: Path, split: Split, most: int | None = None) -> Data:
    """The first `most` demonstrations of a split; raises `BadDemonstrations`."""
    card = read_card(folder)
    return Data(card, [episode_of(path, card) for path in paths(folder, split)[:most]])


def small(frame: Pixels) -> Pixels:
    """`frame` without what no cell covers, resized by area to SIDE x SIDE."""
    height, width = (side // CELLS * CELLS for side in frame.shape[:2])
    return np.asarray(
        cv2.resize(frame[:height, :width], (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8
    )


def episode_of(path: Path, card: Card) -> Episode:
    """One demonstration; raises `BadDemonstrations`, also for what its card has no name for."""
    demonstration = read(path)
    kinds = (demonstration.actions, np.array([kind for _, kind in demonstration.events], np.int64))
    steps = np.array([step for step, _ in demonstration.events], np.int64)
    for numbers, most in ((kinds[0], card.actions), (kinds[1], card.events), (steps, demonstration.actions)):
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < len(most):
            raise BadDemonstrations(
                f"{path} has actions or events that its card does not know: make it again."
            )
    events = np.zeros((len(demonstration), len(card.events)), np.float32)
    for step, kind in demonstration.events:
        events[step, kind] = 1
    frames = np.stack([small(frame) for frame in demonstration.frames])
    return Episode(path, frames, demonstration.actions, events)


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """Stretches of demonstrations, one a row; `start` is each row's first step, `place` its episode."""

    frames: NDArray[np.uint8]
    actions: NDArray[np.int64]
    events: NDArray[np.float32]
    place: NDArray[np.int64]
    start: NDArray[np.int64]


def crops(data: Data, length: int, rows: int, rng: np.random.Generator, *, mirror: bool) -> Iterator[Crop]:
    """About one pass over `data` in stretches of `length`, `rows` at a time; half of them mirrored."""
    places = []
    for place, episode in enumerate(data.episodes):
        if len(episode) < length:
            continue
        spare = len(episode) % length
        offset = int(rng.integers(spare + 1))
        places += [(place, offset + k * length) for k in range(len(episode) // length)]
    swap = mirrored_actions(data.card.actions)
    world = WORLD_ROWS.get(data.card.game)
    order = rng.permutation(len(places))
    for begin in range(0, len(order), rows):
        taken = [places[k] for k in order[begin : begin + rows]]
        frames = np.stack([data.episodes[p].frames[s : s + length] for p, s in taken])
        actions = np.stack([data.episodes[p].actions[s : s + length] for p, s in taken])
        events = np.stack([data.episodes[p].events[s : s + length] for p, s in taken])
        if mirror and world is not None:
            turned = np.flatnonzero(rng.random(len(taken)) < 0.5)
            frames[turned, :, :world] = frames[turned, :, :world, ::-1]
            actions[turned] = swap[actions[turned]]
        yield Crop(frames, actions, events, *np.array(taken, np.int64).T)


def mirrored_actions(actions: Sequence[str]) -> NDArray[np.int64]:
    """For each action its place in a mirror: left and right change places."""
    turned = {"left": "right", "right": "left"}
    names = ["_".join(turned.get(part, part) for part in name.split("_")) for name in actions]
    return np.array([actions.index(name) if name in actions else k for k, name in enumerate(names)], np.int64)

"""Demonstrations small enough to learn in a second: two skills that cannot be told apart by a frame."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from groundup.skills.discovery.demonstrations import Card, Demonstration, write, write_card
from groundup.skills.discovery.labels import Labels, write_labels

ACTIONS = ["noop", "move_left", "move_right", "do"]
PAIRS = {"a": (1, 2), "b": (3, 0)}
"""What each skill does by turns: left, right, left, right; and do, noop, do, noop."""

STEPS, SWITCHES = 120, [30, 55, 95]


def write_toys(place: Path) -> None:
    """12 demonstrations to train on, 4 to validate, 1 to test."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 12), ("validation", 4), ("test", 1)):
        for index in range(count):
            frames = rng.integers(0, 9, (STEPS, 27, 27, 3)).astype(np.uint8)
            names = ["a", "b", "a", "b"] if index % 2 == 0 else ["b", "a", "b", "a"]
            actions = np.concatenate(
                [
                    [PAIRS[name][k % 2] for k in range(end - begin)]
                    for name, (begin, end) in zip(
                        names, itertools.pairwise([0, *SWITCHES, STEPS]), strict=True
                    )
                ]
            )
            frames += shown(np.roll(actions, 1))[:, None, None, None]
            path = place / split / f"{index:04d}.npz"
            write_labels(path, Labels(SWITCHES, names, 0.0))
            write(path, Demonstration(frames, actions, ((29, 0), (54, 0), (94, 0))))
    write_card(place, Card("toy", 0, STEPS, [0.0], {}, {}, ACTIONS, ["ended"]))


def shown(last: np.ndarray) -> np.ndarray:
    """How bright a frame is after each action."""
    return (60 * last).astype(np.uint8)

"""Statistics of features as LeRobotDataset keeps them: of each episode, and of all together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}

SPARSE = 4
"""Every so many pixels a colour is taken, in both directions."""

Stats = dict[str, Any]


def statistics(values: NDArray[Any]) -> Stats:
    """Of rows (frames,) or (frames, width), over frames; lists of `width` numbers, or of one."""
    rows = values.reshape(len(values), -1).astype(np.float64)
    basic = {"min": rows.min(0), "max": rows.max(0), "mean": rows.mean(0), "std": rows.std(0)}
    shares = dict(zip(QUANTILES, np.quantile(rows, list(QUANTILES.values()), axis=0), strict=True))
    return {name: found.tolist() for name, found in (basic | shares).items()} | {"count": [len(rows)]}


class Colours:
    """Statistics of frames as they pass, shape (3, 1, 1), in 0 to 1."""

    def __init__(self) -> None:
        self._frames = 0
        self._counts = np.zeros((3, 256), np.int64)

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Count a frame's colours, sparsely."""
        self._frames += 1
        for channel in range(3):
            self._counts[channel] += np.bincount(pixels[::SPARSE, ::SPARSE, channel].ravel(), minlength=256)

    def statistics(self) -> Stats:
        """Of all frames so far."""
        shades = np.arange(256) / 255
        total = self._counts.sum(1, keepdims=True)
        share = self._counts / total
        mean = share @ shades
        spread = np.sqrt(np.maximum(share @ shades**2 - mean**2, 0))
        reached = np.cumsum(share, axis=1)
        found = {"min": self._at(reached, 0.0), "max": self._at(reached, 1.0), "mean": mean, "std": spread}
        found |= {name: self._at(reached, level) for name, level in QUANTILES.items()}
        return {name: value.reshape(3, 1, 1).tolist() for name, value in found.items()} | {
            "count": [self._frames]
        }

    @staticmethod
    def _at(reached: NDArray[np.float64], level: float) -> NDArray[np.float64]:
        over = reached > 0 if level == 0 else reached >= level - 1e-12
        return np.asarray(over.argmax(1) / 255)


def merged(episodes: Sequence[Mapping[str, Stats]]) -> dict[str, Stats]:
    """Of all episodes together; quantiles are means weighed by frames, as the format's library merges
    them."""
    return {name: _merged([one[name] for one in episodes]) for name in episodes[0]}


def _merged(parts: Sequence[Stats]) -> Stats:
    counts = np.array([part["count"][0] for part in parts], np.float64)
    share = counts / counts.sum()

    def weighed(values: Sequence[Any]) -> NDArray[np.float64]:
        return np.tensordot(share, np.array(values, np.float64), axes=1)

    means = [np.array(part["mean"]) for part in parts]
    mean = weighed(means)
    squares = [np.array(part["std"]) ** 2 + (own - mean) ** 2 for part, own in zip(parts, means, strict=True)]
    found = {
        "min": np.min([part["min"] for part in parts], axis=0),
        "max": np.max([part["max"] for part in parts], axis=0),
        "mean": mean,
        "std": np.sqrt(weighed(squares)),
        **{name: weighed([part[name] for part in parts]) for name in QUANTILES},
    }
    return {name: value.tolist() for name, value in found.items()} | {"count": [int(counts.sum())]}


def flattened(stats: Mapping[str, Stats]) -> dict[str, Any]:
    """As columns of an episode's row."""
    return {f"stats/{name}/{kind}": value for name, found in stats.items() for kind, value in found.items()}

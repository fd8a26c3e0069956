"""How alike two crops are: part by part, in colour, forgiving of brightness and of a covered part."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels

CELL = 8
"""Side of a part in pixels of the canonical crop."""

PARTS = 16
"""About how many parts a crop is cut into, whatever its shape."""

KEPT = 0.6
"""The share of parts, the most alike, that is averaged: up to 40% may be covered."""

NOISE = 40.0
"""Variance (grey levels squared) below which a part says nothing: noise and compression."""


def canonical(crop: Pixels) -> NDArray[np.float32]:
    """The crop's parts, float (parts, CELL * CELL, 3): its shape kept roughly, its size not."""
    height, width = crop.shape[:2]
    columns = int(np.clip(round(np.sqrt(PARTS * width / height)), 2, PARTS // 2))
    rows = int(np.clip(round(PARTS / columns), 2, PARTS // 2))
    size = (columns * CELL, rows * CELL)
    how = cv2.INTER_AREA if width > size[0] else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(crop, size, interpolation=how), dtype=np.float32)
    cells = small.reshape(rows, CELL, columns, CELL, 3).swapaxes(1, 2)
    return cells.reshape(rows * columns, CELL * CELL, 3)


def likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """0 to 1 for two canonical crops of the same shape: the mean of their best KEPT parts.

    A part's likeness is the correlation over its pixels and channels about the crop's own mean
    colour, so that brightness does not count and the colour of a flat part does.
    """
    # Medians: a cover changes the mean of the whole crop, and with it every part's.
    a = a - np.median(a, axis=(0, 1)).astype(np.float32)
    b = b - np.median(b, axis=(0, 1)).astype(np.float32)
    across = (a * b).mean((1, 2))
    power = np.maximum((a * a).mean((1, 2)), (b * b).mean((1, 2)))
    each = (across + NOISE) / (power + NOISE)
    best = np.sort(each)[-max(1, round(KEPT * len(each))) :]
    return float(np.clip(best.mean(), 0, 1))

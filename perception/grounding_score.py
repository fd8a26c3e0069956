"""How alike two crops are: part by part, in colour, forgiving of brightness and of a covered part."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels

Parts = NDArray[np.float32]

CELL = 8
"""Side of a part in pixels of the canonical crop."""

PARTS = 16
"""About how many parts a crop is cut into, whatever its shape."""

KEPT = 0.6
"""The share of parts, the most alike, that is averaged: up to 40% may be covered."""

NOISE = 40.0
"""Variance (grey levels squared) below which a part says nothing: noise and compression."""


def canonical(crop: Pixels, shape: tuple[int, int] | None = None) -> Parts:
    """The crop's parts, float (parts, CELL * CELL * 3): its shape is kept roughly, its size is not.

    `shape` is the height and width by which it is cut into rows and columns, by default the crop's.
    """
    height, width = shape or (crop.shape[0], crop.shape[1])
    columns = int(np.clip(round(np.sqrt(PARTS * width / height)), 2, PARTS // 2))
    rows = int(np.clip(round(PARTS / columns), 2, PARTS // 2))
    size = (columns * CELL, rows * CELL)
    how = cv2.INTER_AREA if crop.shape[1] > size[0] else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(crop, size, interpolation=how), dtype=np.float32)
    cells = small.reshape(rows, CELL, columns, CELL, 3).swapaxes(1, 2).reshape(rows * columns, -1, 3)
    # The median part: a cover changes the mean of the whole crop, and with it every part's.
    middle = np.median(cells.mean(1), axis=0).astype(np.float32)
    return np.ascontiguousarray(cells - middle).reshape(rows * columns, -1)


def likeness(a: Parts, b: Parts) -> float:
    """0 to 1 for two canonical crops of the same shape: the mean of their best KEPT parts.

    A part's likeness is the correlation over its pixels and channels about the crop's middle
    colour, so that brightness does not count and the colour of a flat part does.
    """
    power = np.maximum(np.einsum("ij,ij->i", a, a), np.einsum("ij,ij->i", b, b))
    across = np.einsum("ij,ij->i", a, b)
    noise = NOISE * a.shape[1]
    each = np.sort((across + noise) / (power + noise))
    return float(np.clip(each[-max(1, round(KEPT * len(each))) :].mean(), 0, 1))

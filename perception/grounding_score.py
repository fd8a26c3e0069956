"""How alike two crops are: part by part, in colour, forgiving of brightness and of a covered part."""

from __future__ import annotations

from typing import NamedTuple

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

LIGHT, TINT = 50.0, 25.0
"""Grey levels: how much lighter or darker, and how much more of one colour, still counts as the same."""

NOISE = 40.0
"""Variance (grey levels squared) below which a part says nothing: noise and compression."""


class Look(NamedTuple):
    """A crop made comparable: `parts`, float (parts, CELL * CELL * 3), about its `middle` colour, RGB."""

    parts: NDArray[np.float32]
    middle: NDArray[np.float32]


def canonical(crop: Pixels, shape: tuple[int, int] | None = None) -> Look:
    """The look of a crop: its shape is kept roughly, its size is not.

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
    return Look(np.ascontiguousarray(cells - middle).reshape(rows * columns, -1), middle)


def likeness(a: Look, b: Look) -> float:
    """0 to 1 for two looks of the same shape: the mean of their best KEPT parts.

    A part's likeness is the correlation over its pixels and channels about the crop's middle colour,
    so that some brightness does not count and the colour of a flat part does. Middle colours that
    differ by more than LIGHT (all channels alike) or TINT (one from another) make it less.
    """
    power = np.maximum(np.einsum("ij,ij->i", a.parts, a.parts), np.einsum("ij,ij->i", b.parts, b.parts))
    across = np.einsum("ij,ij->i", a.parts, b.parts)
    noise = NOISE * a.parts.shape[1]
    each = np.sort((across + noise) / (power + noise))
    alike = each[-max(1, round(KEPT * len(each))) :].mean()
    apart = a.middle - b.middle
    light = abs(float(apart.mean())) / LIGHT
    tint = float(np.abs(apart - apart.mean()).max()) / TINT
    return float(np.clip(alike - 0.2 * max(0.0, light - 1) - 0.2 * max(0.0, tint - 1), 0, 1))

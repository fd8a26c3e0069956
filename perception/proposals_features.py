"""What tells a thing from a patch: numbers about each candidate box and about its neighbours.

Nothing here is about a game: size and shape, how many sources agree, texture inside, around and on
the border, and how the colour inside differs from the colour around.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels
from groundup.perception.proposals_candidates import SCALE, Candidates, Floats

Ints = NDArray[np.int32]

ALONE = 13
"""How many numbers `alone` gives a box."""

TOGETHER = 7
"""How many numbers `together` adds."""

EDGE = 4.0
"""Half the width of the border band in pixels: twice the error of a half-resolution box."""


def alone(
    half: Pixels, found: Candidates, origin: tuple[int, int] = (0, 0), width: int | None = None
) -> Floats:
    """Features of each box by itself, (n, ALONE); `half` is the frame at 1 / SCALE.

    Or it is a part of a frame of `width` pixels, whose corner is at `origin`.
    """
    boxes = found.boxes - np.array([*origin, 0, 0])
    sums = _integral(half)
    margin = np.clip(0.15 * np.minimum(boxes[:, 2], boxes[:, 3]), 4, 16) + EDGE
    inner, inner_area = _sums(sums, boxes, -EDGE)
    whole, whole_area = _sums(sums, boxes, 0.0)
    edged, edged_area = _sums(sums, boxes, EDGE)
    outer, outer_area = _sums(sums, boxes, margin)
    inside = whole / np.maximum(whole_area, 1)
    border = (edged - inner) / np.maximum(edged_area - inner_area, 1)
    around = (outer - edged) / np.maximum(outer_area - edged_area, 1)
    contrast = np.abs(inside - around)
    size = np.log(np.sqrt(boxes[:, 2] * boxes[:, 3]) / ((width or SCALE * half.shape[1]) / 20))
    shape = np.log(boxes[:, 2] / boxes[:, 3])
    columns = [size, size**2, shape, shape**2, *np.log1p(found.counts.T)]
    columns += [inside[:, 0] / 50, around[:, 0] / 50, border[:, 0] / 50]
    columns += [contrast[:, 1] / 30, np.hypot(contrast[:, 2], contrast[:, 3]) / 15]
    return np.stack(columns, 1)


def together(found: Candidates) -> tuple[Floats, NDArray[np.float32]]:
    """Features of each box among the others, (n, TOGETHER), and their IoU matrix (n, n)."""
    overlap = intersections(found.boxes)
    area = (found.boxes[:, 2] * found.boxes[:, 3]).astype(np.float32)
    iou = overlap / (area[:, None] + area - overlap)
    alike = (iou > 0.7).astype(np.float32)
    agreement = alike @ found.counts.astype(np.float32)
    inside = (overlap > 0.9 * area) & (area < 0.7 * area[:, None])
    columns = [*np.log1p(agreement.T), (agreement > 0).sum(1)]
    columns += [np.log1p(inside.sum(1)), np.log1p(inside.sum(0))]
    return np.stack(columns, 1).astype(np.float64), iou


def intersections(boxes: Floats, others: Floats | None = None) -> NDArray[np.float32]:
    """Areas of overlap of all pairs, (n, n), or of each of `boxes` with each of `others`, (n, m)."""
    x, y, w, h = boxes.astype(np.float32).T[:, :, None]
    left, top, wide, high = (boxes if others is None else others).astype(np.float32).T
    width = np.minimum(x + w, left + wide) - np.maximum(x, left)
    height = np.minimum(y + h, top + high) - np.maximum(y, top)
    return np.asarray(np.maximum(width, 0) * np.maximum(height, 0), dtype=np.float32)


def _integral(half: Pixels) -> Ints:
    """Summed areas of gradient, lightness, and the two colour axes of Lab, (h + 1, w + 1, 4)."""
    grey = cv2.cvtColor(half, cv2.COLOR_RGB2GRAY)
    across = cv2.convertScaleAbs(cv2.Sobel(grey, cv2.CV_16S, 1, 0))
    down = cv2.convertScaleAbs(cv2.Sobel(grey, cv2.CV_16S, 0, 1))
    gradient = cv2.addWeighted(across, 0.5, down, 0.5, 0)
    lab = cv2.split(cv2.cvtColor(half, cv2.COLOR_RGB2LAB))
    return np.asarray(cv2.integral(cv2.merge([gradient, *lab])), dtype=np.int32)


def _sums(sums: Ints, boxes: Floats, grow: Floats | float) -> tuple[Floats, Floats]:
    """Sums over each box grown by `grow` pixels on every side and cut at the frame, and its area."""
    height, width = sums.shape[0] - 1, sums.shape[1] - 1

    def at(edge: Floats, limit: int) -> NDArray[np.intp]:
        return np.clip(np.rint(edge / SCALE).astype(np.intp), 0, limit)

    left, right = at(boxes[:, 0] - grow, width), at(boxes[:, 0] + boxes[:, 2] + grow, width)
    top, bottom = at(boxes[:, 1] - grow, height), at(boxes[:, 1] + boxes[:, 3] + grow, height)
    flat, row = sums.reshape(-1, sums.shape[2]), width + 1
    total = flat[bottom * row + right] - flat[top * row + right]
    total += flat[top * row + left] - flat[bottom * row + left]
    area = ((right - left) * (bottom - top)).astype(np.float64)
    return total.astype(np.float64), area[:, None]

"""What Winograd's convolution does beside its matrix products, compiled by numba: one pass over memory each.

Activations lie in sheets: float (frames, height + 2, 4 * (width / 4 + 1) * channels), a border of zeros
around, columns sorted by their remainder of 4. So the six columns of all tiles of a row are six runs of
memory, and every inner loop is long and without gaps: with columns as they come the loops are as long as
there are channels, and the transforms of 64 channels at 64x64 took 0.62 ms instead of 0.26 (measured on
an AMD EPYC, one core).

Numbers that are none stay so: the compiler may only fuse products with sums.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Function = TypeVar("Function", bound=Callable[..., Any])

_TWO: Any = np.float32(2)
_FOUR: Any = np.float32(4)
_FIVE: Any = np.float32(5)
_ZERO: Any = np.float32(0)


def _compiled(function: Function) -> Function:
    """Compiled when first called, 1 s each, and kept on disk where there is a folder for it; without Python's
    lock."""
    options: dict[str, Any] = {"nogil": True, "fastmath": {"contract", "nsz"}}
    try:
        made = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither beside this file nor in the user's folder
        made = numba.njit(**options)(function)
    return cast(Function, made)


@_compiled
def _six(a: float, b: float, c: float, d: float, f: float, g: float) -> tuple[float, ...]:
    """Six inputs in a row, or in a column, transformed."""
    p, q, u, v = d - _FOUR * b, f - _FOUR * c, _TWO * (d - b), f - c
    return f - _FIVE * c + _FOUR * a, q + p, q - p, v + u, v - u, g - _FIVE * d + _FOUR * b


@_compiled
def into_tiles(x: Array, first: int, count: int, high: int, wide: int, half: Array, tiles: Array) -> None:
    """Transform rows of tiles, `count` from `first` on, counted through the frames, `high` of a frame.

    `x`: a sheet. `half`: scratch, (6, at least the sheet's row). `tiles`: (36, count * wide * channels).
    """
    row = x.shape[2]
    span = row // 4
    run = span // (wide + 1) * wide
    channels = span - run
    for number in range(count):
        frame, y = (first + number) // high, 4 * ((first + number) % high)
        r0, r1, r2 = x[frame, y], x[frame, y + 1], x[frame, y + 2]
        r3, r4, r5 = x[frame, y + 3], x[frame, y + 4], x[frame, y + 5]
        h0, h1, h2, h3, h4, h5 = half[0], half[1], half[2], half[3], half[4], half[5]
        for e in range(row):
            h0[e], h1[e], h2[e], h3[e], h4[e], h5[e] = _six(r0[e], r1[e], r2[e], r3[e], r4[e], r5[e])
        start = number * run
        end = start + run
        for i in range(6):
            s0, s1, s2 = half[i, :run], half[i, span : span + run], half[i, 2 * span : 2 * span + run]
            s3 = half[i, 3 * span : 3 * span + run]
            s4, s5 = half[i, channels:span], half[i, span + channels : 2 * span]
            t0, t1, t2 = tiles[6 * i, start:end], tiles[6 * i + 1, start:end], tiles[6 * i + 2, start:end]
            t3, t4, t5 = tiles[6 * i + 3, start:end], tiles[6 * i + 4, start:end], tiles[6 * i + 5, start:end]
            for e in range(run):
                t0[e], t1[e], t2[e], t3[e], t4[e], t5[e] = _six(s0[e], s1[e], s2[e], s3[e], s4[e], s5[e])


@_compiled
def out_of_tiles(
    products: Array,
    first: int,
    count: int,
    high: int,
    wide: int,
    half: Array,
    scales: Array,
    shifts: Array,
    x: Array,
    add: bool,
) -> None:
    """Transform products back, scale, shift, ReLU, and write them into the sheet `x`, or `add` them to it.

    `products`: (36, count * wide * channels). `half`: scratch, (4, at least 6 * wide * channels).
    `scales`: (frames,). `shifts`: (frames, 3, 3, wide * channels): of the first row, those between and the
    last; of the first column of tiles, the two in the middle and the last.
    """
    span = x.shape[2] // 4
    run = span // (wide + 1) * wide
    channels = span - run
    for number in range(count):
        frame, down = (first + number) // high, (first + number) % high
        start = number * run
        end = start + run
        for j in range(6):
            p0, p1, p2 = products[j, start:end], products[6 + j, start:end], products[12 + j, start:end]
            p3, p4, p5 = products[18 + j, start:end], products[24 + j, start:end], products[30 + j, start:end]
            at = j * run
            h0, h1 = half[0, at : at + run], half[1, at : at + run]
            h2, h3 = half[2, at : at + run], half[3, at : at + run]
            for e in range(run):
                b, c, d, f = p1[e] + p2[e], p1[e] - p2[e], p3[e] + p4[e], _TWO * (p3[e] - p4[e])
                h0[e] = p0[e] + b + d
                h1[e] = c + f
                h2[e] = b + _FOUR * d
                h3[e] = c + _FOUR * f + p5[e]
        scale = scales[frame]
        for i in range(4):
            y = 4 * down + i
            kind = 0 if y == 0 else (2 if y == 4 * high - 1 else 1)
            b0, b1, b3 = shifts[frame, kind, 0], shifts[frame, kind, 1], shifts[frame, kind, 2]
            q0, q1, q2 = half[i, :run], half[i, run : 2 * run], half[i, 2 * run : 3 * run]
            q3, q4, q5 = half[i, 3 * run : 4 * run], half[i, 4 * run : 5 * run], half[i, 5 * run : 6 * run]
            row = x[frame, y + 1]
            w0, w1 = row[span : span + run], row[2 * span : 2 * span + run]
            w2, w3 = row[3 * span : 3 * span + run], row[channels:span]
            if add:
                for e in range(run):
                    b, c, d, f = q1[e] + q2[e], q1[e] - q2[e], q3[e] + q4[e], _TWO * (q3[e] - q4[e])
                    v0 = scale * (q0[e] + b + d) + b0[e]
                    v1 = scale * (c + f) + b1[e]
                    v2 = scale * (b + _FOUR * d) + b1[e]
                    v3 = scale * (c + _FOUR * f + q5[e]) + b3[e]
                    v0 = (_ZERO if v0 < _ZERO else v0) + w0[e]
                    v1 = (_ZERO if v1 < _ZERO else v1) + w1[e]
                    v2 = (_ZERO if v2 < _ZERO else v2) + w2[e]
                    v3 = (_ZERO if v3 < _ZERO else v3) + w3[e]
                    w0[e], w1[e], w2[e], w3[e] = v0, v1, v2, v3
            else:
                for e in range(run):
                    b, c, d, f = q1[e] + q2[e], q1[e] - q2[e], q3[e] + q4[e], _TWO * (q3[e] - q4[e])
                    v0 = scale * (q0[e] + b + d) + b0[e]
                    v1 = scale * (c + f) + b1[e]
                    v2 = scale * (b + _FOUR * d) + b1[e]
                    v3 = scale * (c + _FOUR * f + q5[e]) + b3[e]
                    v0 = _ZERO if v0 < _ZERO else v0
                    v1 = _ZERO if v1 < _ZERO else v1
                    v2 = _ZERO if v2 < _ZERO else v2
                    v3 = _ZERO if v3 < _ZERO else v3
                    w0[e], w1[e], w2[e], w3[e] = v0, v1, v2, v3


@_compiled
def halve(image: Array, sorted_columns: bool, high: int, wide: int, row: Array, x: Array) -> None:
    """The largest of each 3x3 with stride 2 and padding 1, then ReLU, into the sheet `x`.

    `image`: a sheet (of nothing below zero) where `sorted_columns`, else (frames, height, width * channels).
    `high`, `wide`: rows and columns of tiles of `x`. `row`: scratch, at least a row of `image` and a column
    of zeros before it.
    """
    channels = x.shape[2] // (4 * (wide + 1))
    length = image.shape[2]
    before = 0 if sorted_columns else channels
    for frame in range(x.shape[0]):
        for y in range(4 * high):
            top = 2 * y if sorted_columns else max(2 * y - 1, 0)
            middle = 2 * y + (1 if sorted_columns else 0)
            r0, r1, r2 = image[frame, top], image[frame, middle], image[frame, middle + 1]
            row[:before] = 0
            tall = row[before : before + length]
            for e in range(length):
                a, b, c = r0[e], r1[e], r2[e]
                a = b if a < b else a
                a = c if a < c else a
                tall[e] = _ZERO if a < _ZERO else a
            for place in range(4 * wide):
                left = 2 * place
                if sorted_columns:
                    at0 = left % 4 * (2 * wide + 1) + left // 4
                    at1 = at0 + 2 * wide + 1
                    at2 = (left + 2) % 4 * (2 * wide + 1) + (left + 2) // 4
                else:
                    at0, at1, at2 = left, left + 1, left + 2
                s0 = row[at0 * channels : (at0 + 1) * channels]
                s1 = row[at1 * channels : (at1 + 1) * channels]
                s2 = row[at2 * channels : (at2 + 1) * channels]
                to = ((place + 1) % 4 * (wide + 1) + (place + 1) // 4) * channels
                target = x[frame, y + 1, to : to + channels]
                for e in range(channels):
                    a, b, c = s0[e], s1[e], s2[e]
                    a = b if a < b else a
                    target[e] = c if a < c else a


@_compiled
def scale_and_shift(x: Array, high: int, wide: int, scales: Array, shifts: Array) -> None:
    """Scale and shift each channel of a sheet in place; `scales`, `shifts`: (frames, channels)."""
    channels = x.shape[2] // (4 * (wide + 1))
    for frame in range(x.shape[0]):
        scale, shift = scales[frame], shifts[frame]
        for y in range(4 * high):
            for place in range(1, 4 * wide + 1):
                at = (place % 4 * (wide + 1) + place // 4) * channels
                part = x[frame, y + 1, at : at + channels]
                for e in range(channels):
                    part[e] = part[e] * scale[e] + shift[e]


@_compiled
def moments(x: Array, wide: int, sums: Array) -> None:
    """Each channel's sum, and that of its squares, over a frame of a sheet: (frames, 2, channels).

    Row by row, place by place, each in the sheet's own precision: so torch adds for its group norm of
    channels last, and what that rounds is in the reference's losses (see `as_input`).
    """
    channels = sums.shape[2]
    for frame in range(x.shape[0]):
        sums[frame] = 0
        some, more = sums[frame, 0], sums[frame, 1]
        for y in range(1, x.shape[1] - 1):
            for place in range(1, 4 * wide + 1):
                at = (place % 4 * (wide + 1) + place // 4) * channels
                part = x[frame, y, at : at + channels]
                for e in range(channels):
                    a = part[e]
                    some[e] += a
                    more[e] += a * a


@_compiled
def fold(
    sums: Array, numbers: float, epsilon: float, means: Array, shifts: Array, scales: Array, rows: Array
) -> None:
    """What a frame's mean and variance, of `numbers` values, do to a convolution's output.

    `sums`: as `moments` gives them; the three numbers are of their precision. `means`, `shifts`: float64
    (3, 3, wide * channels), what a mean of one takes off and what is always added. Written: `scales`
    (frames,) and `rows` (frames, 3, 3, wide * channels), as `out_of_tiles` takes them.
    """
    for frame in range(sums.shape[0]):
        mean, squares = sums[frame, 0].sum() / numbers, sums[frame, 1].sum() / numbers
        variance = squares - mean * mean
        scale = 1 / np.sqrt((variance if variance > 0 else 0 * variance) + epsilon)
        scales[frame] = scale
        off = float(mean) * float(scale)
        for down in range(3):
            for across in range(3):
                row, shift, by_mean = rows[frame, down, across], shifts[down, across], means[down, across]
                for e in range(len(row)):
                    row[e] = shift[e] - by_mean[e] * off

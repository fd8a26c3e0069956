"""The CNN in fewer multiplications: Winograd's F(4x4, 3x3) (arXiv 1509.09308, section 4), in float32.

A tile of 4x4 outputs takes 36 multiplications a pair of channels instead of 144, as 36 matrix products over
tiles. What normalises a convolution's input is folded into its weights, a factor and a shift of its output,
since a normalised border is zero as well: all that is read beside is a frame's mean and variance.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from groundup.skills.discovery.vpt.cnn import ONEDNN, ImpalaCnn, Layer, Stack
from groundup.skills.discovery.vpt.kernels import (
    Array,
    fold,
    halve,
    into_tiles,
    moments,
    out_of_tiles,
    scale_and_shift,
)
from groundup.skills.discovery.vpt.timing import seconds

TILES = (128, 256)
"""Tiles at a time of narrow and of wide convolutions: with fewer the matrix products lose, with more the
tiles leave the processor's caches (measured with others at work: the CNN of 1x takes 26.3 ms a frame with 64
tiles and 24.4 with 128, of 3x 154 ms with 128 in wide ones and 147 with 256)."""

WIDE = 192
"""Input channels from which a convolution is wide; VPT's 1x policy has up to 128, 3x from 192 on."""

ONEDNN_TILES = 256
"""The same where products are oneDNN's, which takes its time for each call."""

LARGE = 128 * 128
"""Inputs times outputs from which oneDNN's products are thought of."""

CLEARLY = 1.3
"""How many times faster oneDNN's products must be than MKL's. On an EPYC with AVX-512, which MKL does not use
there, they are 1.6 times to twice as fast (173 GFLOP/s instead of 108 with 128 channels, 223 instead of 100
with 384); without AVX-512 they are slower."""

_KERNEL = torch.tensor(
    [[6.0, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]], dtype=torch.float64
) / torch.tensor([24.0])


class Scratch:
    """Memory that all convolutions of a CNN use one after the other."""

    def __init__(self, kind: np.dtype[Any]) -> None:
        self.kind = kind
        self._held: dict[str, Array] = {}

    def take(self, name: str, *shape: int) -> Array:
        """An array with any content."""
        size = math.prod(shape)
        held = self._held.get(name)
        if held is None or held.size < size:
            held = self._held[name] = np.empty(size, self.kind)
        return held[:size].reshape(shape)


class Sheet:
    """Activations as `kernels` has them."""

    def __init__(self, frames: int, height: int, width: int, channels: int, kind: np.dtype[Any]) -> None:
        self.high, self.wide, self.channels = height // 4, width // 4, channels
        self.values: Array = np.zeros((frames, height + 2, 4 * (self.wide + 1) * channels), kind)

    def part(self, first: int, end: int) -> Sheet:
        """Some of the frames, in the same memory."""
        some = object.__new__(Sheet)
        some.high, some.wide, some.channels = self.high, self.wide, self.channels
        some.values = self.values[first:end]
        return some

    def sums(self) -> tuple[Array, Any]:
        """Of each frame its channels' sums and those of the squares, (frames, 2, channels), and of how many
        values all of them are, in the sheet's precision."""
        sums = np.empty((len(self.values), 2, self.channels), self.values.dtype)
        moments(self.values, self.wide, sums)
        return sums, self.values.dtype.type(16 * self.high * self.wide * self.channels)

    def picture(self) -> Tensor:
        """(frames, channels, height, width), a copy."""
        sorted_columns = self.values[:, 1:-1].reshape(len(self.values), 4 * self.high, 4, -1, self.channels)
        columns = sorted_columns.swapaxes(2, 3).reshape(len(self.values), 4 * self.high, -1, self.channels)
        return torch.from_numpy(columns[:, :, 1 : 4 * self.wide + 1]).permute(0, 3, 1, 2)


class Winograd:
    """A layer that is a 3x3 convolution: from a sheet into another of the same size, or added to it."""

    def __init__(self, layer: Layer, width: int, scratch: Scratch) -> None:
        convolution: Any = layer.layer
        weight = convolution.weight.double()
        self._epsilon, scale, shift = _norm(layer.norm, weight.shape[1])
        folded = (weight * scale[:, None, None]).permute(2, 3, 1, 0).flatten(0, 1)
        products = torch.kron(_KERNEL, _KERNEL) @ folded.flatten(1)
        self._weight = products.view(36, *folded.shape[1:]).to(convolution.weight.dtype)
        inputs, outputs = self._weight.shape[1:]
        self._tiles = TILES[inputs >= WIDE]
        self._multiply: Callable[..., Any] = torch.bmm
        single = self._weight.dtype == torch.float32
        if single and inputs * outputs >= LARGE and _onednn_is_faster(inputs, outputs):
            self._tiles, self._multiply = ONEDNN_TILES, _by_onednn
            self._weight = self._weight.transpose(1, 2).contiguous()  # as it wants them
        shifts = _bordered(weight, shift)
        if convolution.bias is not None:
            shifts = shifts + convolution.bias.double()[:, None, None]
        self._shifts = _over_tiles(shifts, width // 4)
        self._means = _over_tiles(_bordered(weight, scale), width // 4)
        self._scratch = scratch

    def frames(self, sheet: Sheet) -> int:
        """How many frames are best given at a time."""
        return -(-self._tiles // (sheet.high * sheet.wide))

    def __call__(self, x: Sheet, out: Sheet, *, add: bool = False) -> None:
        """Take and give sheets of as many frames, high and wide."""
        frames, row = len(x.values), x.wide * out.channels
        scales = self._scratch.take("scales", frames)
        shifts = self._scratch.take("shifts", frames, 3, 3, row)
        if self._epsilon is None:
            scales[:], shifts[:] = 1, self._shifts
        else:
            sums, numbers = x.sums()
            epsilon = sums.dtype.type(self._epsilon)
            fold(sums, numbers, epsilon, self._means, self._shifts, scales, shifts)
        into = self._scratch.take("half", 6, x.values.shape[2])
        back = self._scratch.take("back", 4, 6 * row)
        rows = max(self._tiles // x.wide, 1)
        for first in range(0, frames * x.high, rows):
            count = min(rows, frames * x.high - first)
            tiles = self._scratch.take("tiles", 36, count * x.wide * x.channels)
            products = self._scratch.take("products", 36, count * row)
            into_tiles(x.values, first, count, x.high, x.wide, into, tiles)
            self._multiply(
                torch.from_numpy(tiles).view(36, -1, x.channels),
                self._weight,
                out=torch.from_numpy(products).view(36, -1, out.channels),
            )
            out_of_tiles(products, first, count, x.high, x.wide, back, scales, shifts, out.values, add)


def _by_onednn(tiles: Tensor, weight: Tensor, *, out: Tensor) -> None:
    """36 products by oneDNN; `weight`: (36, outputs, inputs)."""
    assert ONEDNN is not None
    for one, by, to in zip(tiles, weight, out, strict=True):
        to.copy_(ONEDNN(one, by, None, "none", [], ""))


@cache
def _onednn_is_faster(inputs: int, outputs: int) -> bool:
    """Whether this processor multiplies so many tiles clearly faster by oneDNN than by MKL; timed once."""
    if ONEDNN is None:
        return False
    # Not random: whoever has seeded torch is to find its numbers as they were.
    tiles, out = torch.ones(36, ONEDNN_TILES, inputs), torch.empty(36, ONEDNN_TILES, outputs)
    weight, turned = torch.ones(36, outputs, inputs), torch.ones(36, inputs, outputs)
    ours = seconds(lambda: _by_onednn(tiles, weight, out=out))
    return CLEARLY * ours < seconds(lambda: torch.bmm(tiles, turned, out=out))


def _norm(norm: nn.Module | None, channels: int) -> tuple[float | None, Tensor, Tensor]:
    """Epsilon where a frame's own mean and variance count, and what each channel is scaled and shifted by."""
    if isinstance(norm, nn.GroupNorm):
        return norm.eps, norm.weight.double(), norm.bias.double()
    if isinstance(norm, nn.BatchNorm2d):
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
        return None, scale, norm.bias.double() - norm.running_mean.double() * scale
    return None, torch.ones(channels, dtype=torch.float64), torch.zeros(channels, dtype=torch.float64)


def _bordered(weight: Tensor, channels: Tensor) -> Tensor:
    """What a picture that is the same everywhere gives: (outputs, 3, 3), at the border and within."""
    same = channels[None, :, None, None].expand(1, -1, 3, 3)
    return functional.conv2d(same, weight, padding=1)[0]


def _over_tiles(bordered: Tensor, wide: int) -> Array:
    """(outputs, 3, 3) for a row of tiles as `out_of_tiles` takes shifts: float64 (3, 3, wide * outputs)."""
    left, middle, right = bordered.permute(2, 1, 0)
    within = [middle] * (wide - 1)
    runs = [torch.cat([left, *within], 1), torch.cat([middle, *within], 1), torch.cat([*within, right], 1)]
    return torch.stack(runs, 1).numpy()


class FastStack:
    """A stack of the CNN; its first convolution direct where it takes the frames themselves."""

    def __init__(self, stack: Stack, height: int, width: int, *, direct: bool, scratch: Scratch) -> None:
        parts: Any = stack  # nn.Module declares no types for what it holds
        self._first: Any = _direct(parts.firstconv) if direct else Winograd(parts.firstconv, width, scratch)
        self._norm: nn.GroupNorm | None = parts.n
        self._outputs: int = parts.firstconv.layer.out_channels
        self._height, self._width = height // 2, width // 2
        self._blocks = [
            (Winograd(block.conv0, width // 2, scratch), Winograd(block.conv1, width // 2, scratch))
            for block in parts.blocks
        ]
        self._scratch = scratch
        self._sheets: dict[str, Sheet] = {}

    def __call__(self, x: Tensor | Sheet) -> Sheet:
        """Frames (n, channels, height, width), or a sheet of them, to a sheet of half the size, which is
        written anew by the next call."""
        count = len(x) if isinstance(x, Tensor) else len(x.values)
        out = self._sheet("out", count, self._height, self._width)
        step = 1 if isinstance(x, Tensor) else self._blocks[0][0].frames(out)
        for first in range(0, count, step):
            part = out.part(first, min(first + step, count))
            self._halved(
                x[first : first + step] if isinstance(x, Tensor) else x.part(first, first + step), part
            )
            held = self._sheet("between", len(part.values), self._height, self._width)
            for conv0, conv1 in self._blocks:
                conv0(part, held)
                conv1(held, part, add=True)
        return out

    def _sheet(self, name: str, frames: int, height: int, width: int) -> Sheet:
        """A sheet with any content in a border of zeros, which no kernel writes."""
        held = self._sheets.get(name)
        if held is None or len(held.values) < frames:
            held = self._sheets[name] = Sheet(frames, height, width, self._outputs, self._scratch.kind)
        return held.part(0, frames)

    def _halved(self, x: Tensor | Sheet, out: Sheet) -> None:
        if isinstance(x, Tensor):
            image = self._first(x).permute(0, 2, 3, 1).contiguous().numpy()
            image = image.reshape(*image.shape[:2], -1)
        else:
            convolved = self._sheet("convolved", len(x.values), 4 * x.high, 4 * x.wide)
            self._first(x, convolved)
            image = convolved.values
        row = self._scratch.take("row", image.shape[2] + out.channels)
        halve(image, isinstance(x, Sheet), out.high, out.wide, row, out.values)
        if self._norm is not None:
            sums, numbers = out.sums()
            mean, squares = (sums.sum(2) / numbers).T[:, :, None]
            scale = 1 / np.sqrt(np.maximum(squares - mean * mean, 0) + sums.dtype.type(self._norm.eps))
            scales = scale * self._norm.weight.numpy()
            shifts = self._norm.bias.numpy() - mean * scales
            scale_and_shift(out.values, out.high, out.wide, scales, shifts)


def _direct(layer: Layer) -> Layer:
    """A copy whose weights lie as the frames do: 0.87 ms instead of 1.05 for 64 channels (measured)."""
    copied: Any = copy.deepcopy(layer)  # torch's types know no memory format of modules
    direct: Layer = copied.to(memory_format=torch.channels_last)
    return direct


class FastCnn:
    """The vectors of an ImpalaCnn that `fits`, all convolutions but the first by Winograd."""

    def __init__(self, cnn: ImpalaCnn, height: int = 128, width: int = 128) -> None:
        weight: Any = cnn.dense.layer.weight
        self._dense = cnn.dense
        scratch = Scratch(weight.detach().numpy().dtype)
        self._stacks = [
            FastStack(stack, height >> number, width >> number, direct=number == 0, scratch=scratch)
            for number, stack in enumerate(_stacks(cnn))
        ]

    def __call__(self, x: Tensor) -> Tensor:
        """Frames (n, channels, height, width) to vectors (n, 256)."""
        held: Tensor | Sheet = x
        for stack in self._stacks:
            held = stack(held)
        assert isinstance(held, Sheet)
        vectors: Tensor = self._dense(held.picture().flatten(1))
        return vectors


def fits(cnn: ImpalaCnn, height: int = 128, width: int = 128) -> bool:
    """Whether sizes are whole tiles at every stack, and norms are over a batch or all of a frame."""
    deep = 4 << len(list(_stacks(cnn)))
    groups = all(norm.num_groups == 1 for norm in cnn.modules() if isinstance(norm, nn.GroupNorm))
    return groups and height % deep == 0 and width % deep == 0


def _stacks(cnn: ImpalaCnn) -> Iterator[Stack]:
    for stack in cnn.stacks:
        assert isinstance(stack, Stack)
        yield stack

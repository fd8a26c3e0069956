"""The image half of VPT's networks: an IMPALA CNN (arXiv 1802.01561, figure 3) with normalised inputs.

Modules carry the names of VPT's state dicts, so that the files load as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

CNN_WIDTH = 256
"""Numbers the CNN gives a frame, in every VPT network."""


@dataclass(frozen=True, slots=True)
class Norms:
    """How the inputs of layers are normalised (`init_norm_kwargs` of a .model file)."""

    batch_norm: bool = False
    groups: int | None = None

    @property
    def any(self) -> bool:
        return self.batch_norm or self.groups is not None


FEW = 8
"""Rows from which oneDNN's product is taken; frame by frame is one row."""

ONEDNN = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
"""torch's own product of a linear map by oneDNN; none on processors for which torch is built without it."""


class Linear(nn.Linear):
    """A linear map, of several rows by oneDNN: MKL, which torch takes, copies the weights for each product.

    Measured on an AMD EPYC, one core, 1024 to 4096 numbers: 8 rows 3.4 ms instead of 4.4, 64 rows 9.5 instead
    of 12.6; 3072 to 12288: 29 instead of 58, 76 instead of 131.
    """

    def forward(self, x: Tensor) -> Tensor:
        on_processor = x.device.type == "cpu" and x.dtype == torch.float32
        if ONEDNN is None or len(x) < FEW or not on_processor or not torch.is_inference_mode_enabled():
            return super().forward(x)
        result: Tensor = ONEDNN(x, self.weight, self.bias, "none", [], "")
        return result


class Layer(nn.Module):
    """Normalise, then a convolution or a linear map, then ReLU; no bias where there is a norm."""

    def __init__(self, norm: nn.Module | None, layer: nn.Module, *, activate: bool = True) -> None:
        super().__init__()
        self.norm = norm
        self.layer = layer
        self.activate = activate

    def forward(self, x: Tensor) -> Tensor:
        if self.norm is not None:
            x = self.norm(x)
        x = self.layer(x)
        return functional.relu(x, inplace=True) if self.activate else x


def conv(inputs: int, outputs: int, norms: Norms, *, activate: bool = True) -> Layer:
    """A 3x3 convolution that keeps the size."""
    norm: nn.Module | None = None
    if norms.batch_norm:
        norm = nn.BatchNorm2d(inputs)
    elif norms.groups is not None:
        norm = nn.GroupNorm(norms.groups, inputs)
    return Layer(norm, nn.Conv2d(inputs, outputs, 3, padding=1, bias=norm is None), activate=activate)


def dense(inputs: int, outputs: int, *, normed: bool, activate: bool = True) -> Layer:
    """A linear map, its input layer-normalised if `normed`."""
    norm = nn.LayerNorm(inputs) if normed else None
    return Layer(norm, Linear(inputs, outputs, bias=norm is None), activate=activate)


class Block(nn.Module):
    """Two convolutions beside an identity."""

    def __init__(self, channels: int, norms: Norms) -> None:
        super().__init__()
        self.conv0 = conv(channels, channels, norms)
        self.conv1 = conv(channels, channels, norms)

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.conv1(self.conv0(x))
        return x + change


class Stack(nn.Module):
    """A convolution, pooling to half the size, and two residual blocks."""

    def __init__(
        self, inputs: int, outputs: int, norms: Norms, *, first_norms: Norms, pool_groups: int | None
    ) -> None:
        super().__init__()
        self.firstconv = conv(inputs, outputs, first_norms, activate=False)
        self.n = nn.GroupNorm(pool_groups, outputs) if pool_groups is not None else None
        self.blocks = nn.ModuleList([Block(outputs, norms) for _ in range(2)])

    def forward(self, x: Tensor) -> Tensor:
        # ReLU and the largest commute, and after pooling there is a quarter left to do.
        x = functional.relu(functional.max_pool2d(self.firstconv(x), 3, stride=2, padding=1), inplace=True)
        if self.n is not None:
            x = self.n(x)
        for block in self.blocks:
            x = block(x)
        return x


class ImpalaCnn(nn.Module):
    """Frames (n, channels, height, width) to vectors (n, 256)."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        channels: Sequence[int],
        norms: Norms,
        *,
        first_conv_norm: bool,
        pool_groups: int | None,
    ) -> None:
        super().__init__()
        height, width, inputs = shape
        stacks = []
        for number, outputs in enumerate(channels):
            first = norms if first_conv_norm or number > 0 else Norms()
            stacks.append(Stack(inputs, outputs, norms, first_norms=first, pool_groups=pool_groups))
            inputs, height, width = outputs, (height + 1) // 2, (width + 1) // 2
        self.stacks = nn.ModuleList(stacks)
        self.dense = dense(inputs * height * width, CNN_WIDTH, normed=norms.any)

    def forward(self, x: Tensor) -> Tensor:
        for stack in self.stacks:
            x = stack(x)
        result: Tensor = self.dense(x.flatten(1))
        return result


class ImageProcess(nn.Module):
    """The CNN, and a linear map to the width of the transformer."""

    def __init__(self, cnn: ImpalaCnn, width: int, norms: Norms) -> None:
        super().__init__()
        self.cnn = cnn
        self.linear = dense(CNN_WIDTH, width, normed=norms.any)


def as_input(frames: Tensor) -> Tensor:
    """uint8 (n, height, width, 3) as float32 (n, 3, height, width) in 0-1, channels last in memory.

    So the reference's frames lie as well, and its losses hold the rounding of torch's group norm for that
    layout on one thread: on the golden clip they are met within 1e-5, by channels first or in double
    precision within 1e-4. With two threads torch takes another group norm for a frame alone: within 2e-4.
    """
    return frames.permute(0, 3, 1, 2).to(torch.float32) / 255.0

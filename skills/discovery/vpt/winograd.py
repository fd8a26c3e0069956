"""Convolutions in fewer multiplications: Winograd's F(4x4, 3x3) (arXiv 1509.09308, section 4).

A tile of 4x4 outputs takes 36 multiplications a pair of channels instead of 144, as 36 matrix products over
all tiles.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from groundup.skills.discovery.vpt.cnn import ImpalaCnn, Layer
from groundup.skills.discovery.vpt.pooling import halved

LEAST_CHANNELS = 128
"""Below this the transforms cost what the products save (measured on one core with AVX-512)."""

STRIPE = 8
"""Rows of tiles at a time, of one frame: of more the transforms leave the processor's caches (measured: two
frames of 128 channels take 2.0 ms instead of 2.8)."""

_INPUT = torch.tensor(
    [
        [4.0, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
_KERNEL = torch.tensor(
    [[6.0, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]], dtype=torch.float64
) / torch.tensor([24.0])
_OUTPUT = torch.tensor([[1.0, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]])


class Winograd:
    """A 3x3 convolution of stride 1 that keeps the size, without bias; height and width divisible by 4."""

    def __init__(self, weight: Tensor) -> None:
        """Take the weights of the direct convolution, (outputs, inputs, 3, 3)."""
        kernel = _KERNEL.to(weight.device)
        products = torch.einsum("ai,bj,ocij->abco", kernel, kernel, weight.double())
        self._weight = products.flatten(0, 1).to(weight.dtype).contiguous()
        self._into = torch.kron(_INPUT, _INPUT).to(weight)
        self._out_of = torch.kron(_OUTPUT, _OUTPUT).to(weight)

    def __call__(self, x: Tensor) -> Tensor:
        """(n, inputs, height, width), channels last in memory, to the same with the outputs' channels."""
        n, channels, height, width = x.shape
        padded = functional.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1)).contiguous()
        _, row, column, _ = padded.stride()
        out = x.new_empty(n, height // 4, 4, width // 4, 4, self._weight.shape[2])
        for frame in range(n):
            for first in range(0, height // 4, STRIPE):
                tall = min(STRIPE, height // 4 - first)
                stripe = padded[frame, 4 * first :]
                tiles = stripe.as_strided(
                    (6, 6, tall, width // 4, channels), (row, column, 4 * row, 4 * column, 1)
                ).reshape(36, -1)
                products = torch.bmm((self._into @ tiles).view(36, -1, channels), self._weight)
                y = (self._out_of @ products.view(36, -1)).view(4, 4, tall, width // 4, -1)
                out[frame, first : first + tall].copy_(y.permute(2, 0, 3, 1, 4))
        return out.view(n, height, width, -1).permute(0, 3, 1, 2)


class FastCnn:
    """The vectors of an ImpalaCnn, its wide convolutions by Winograd."""

    def __init__(self, cnn: ImpalaCnn, least: int = LEAST_CHANNELS) -> None:
        self._cnn = cnn
        self._fast = {
            layer: Winograd(layer.layer.weight)
            for layer in cnn.modules()
            if isinstance(layer, Layer)
            and isinstance(layer.layer, nn.Conv2d)
            and layer.layer.bias is None
            and layer.layer.in_channels >= least
        }

    def __call__(self, x: Tensor) -> Tensor:
        """Frames (n, channels, height, width) to vectors (n, 256)."""
        stacks: Any = self._cnn.stacks  # nn.Module declares no types for what it holds
        for stack in stacks:
            x = halved(self._layer(stack.firstconv, x))
            if stack.n is not None:
                x = stack.n(x)
            for block in stack.blocks:
                x = self._layer(block.conv1, self._layer(block.conv0, x)).add_(x)
        result: Tensor = self._cnn.dense(x.flatten(1))
        return result

    def _layer(self, layer: Layer, x: Tensor) -> Tensor:
        fast = self._fast.get(layer)
        if fast is None or x.shape[2] % 4 or x.shape[3] % 4:
            result: Tensor = layer(x)
            return result
        x = fast(x if layer.norm is None else layer.norm(x))
        return functional.relu(x, inplace=True) if layer.activate else x

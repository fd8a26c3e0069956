"""The CNN in bfloat16, for processors that multiply it natively, and whether this one does."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from groundup.skills.discovery.vpt.cnn import ImpalaCnn
from groundup.skills.discovery.vpt.pooling import halved
from groundup.skills.discovery.vpt.timing import seconds

WORTH = 3.0
"""How many times faster than float32 a convolution must be. With AMX it is 8 times faster, with AVX-512 alone
1.9 times, where Winograd's in float32 is faster still, on a processor without bfloat16 five times slower
(all measured), so that noise of the clock decides nothing."""

_TRIAL = (4, 64, 32, 32)
"""Frames, channels, height, width of the convolution that is timed: one of VPT's, in 2 ms."""


class BfloatCnn:
    """The vectors of an ImpalaCnn to about two digits: weights and activations in bfloat16, sums in float32.

    Measured on real frames with random 1x weights: vectors are off by 1.5% of their spread.
    """

    def __init__(self, cnn: ImpalaCnn) -> None:
        self._cnn = copy.deepcopy(cnn).to(torch.bfloat16)

    def __call__(self, x: Tensor) -> Tensor:
        """Frames float32 (n, channels, height, width) to vectors float32 (n, 256)."""
        x = x.to(torch.bfloat16)
        stacks: Any = self._cnn.stacks  # nn.Module declares no types for what it holds
        for stack in stacks:
            x = halved(stack.firstconv(x))
            if stack.n is not None:
                x = stack.n(x)
            for block in stack.blocks:
                x = block.conv1(block.conv0(x)).add_(x)
        vectors: Tensor = self._cnn.dense(x.flatten(1))
        return vectors.to(torch.float32)


@cache
def is_native() -> bool:
    """Whether this processor convolves in bfloat16 clearly faster than in float32; timed once, in 20 ms."""
    x = torch.rand(_TRIAL).contiguous(memory_format=torch.channels_last)
    weight = torch.rand(_TRIAL[1], _TRIAL[1], 3, 3)

    def convolve(kind: torch.dtype) -> float:
        frames, weights = x.to(kind), weight.to(kind)
        return seconds(lambda: functional.conv2d(frames, weights, padding=1))

    return WORTH * convolve(torch.bfloat16) < convolve(torch.float32)

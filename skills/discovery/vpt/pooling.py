"""Pooling to half the size, as VPT's CNN does it, in fewer passes over memory than torch's own."""

from __future__ import annotations

import torch
from torch import Tensor


def halved(x: Tensor) -> Tensor:
    """The largest of each 3x3 with stride 2 and padding 1, then ReLU: equal to the bit to torch's.

    `x` is (n, channels, height, width) with even sides, channels last in memory.
    """
    if x.shape[2] % 2 or x.shape[3] % 2:
        return torch.relu(torch.nn.functional.max_pool2d(x, 3, stride=2, padding=1))
    rows = x.permute(0, 2, 3, 1)
    tall = torch.maximum(rows[:, 0::2], rows[:, 1::2])
    torch.maximum(tall[:, 1:], rows[:, 1:-1:2], out=tall[:, 1:])
    wide = torch.maximum(tall[:, :, 0::2], tall[:, :, 1::2])
    torch.maximum(wide[:, :, 1:], tall[:, :, 1:-1:2], out=wide[:, :, 1:])
    return wide.clamp_min_(0).permute(0, 3, 1, 2)

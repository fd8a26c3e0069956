"""Winograd's convolution is the direct one, and pooling is torch's."""

from __future__ import annotations

import pytest
import torch

from groundup.skills.discovery.vpt.pooling import halved
from groundup.skills.discovery.vpt.winograd import Winograd


@pytest.mark.parametrize(
    ("inputs", "outputs", "height", "width"), [(3, 5, 8, 12), (64, 32, 16, 4), (4, 4, 44, 8)]
)
def test_is_the_direct_convolution(inputs: int, outputs: int, height: int, width: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, inputs, height, width, dtype=torch.float64).contiguous(
        memory_format=torch.channels_last
    )
    weight = torch.randn(outputs, inputs, 3, 3, dtype=torch.float64)
    direct = torch.nn.functional.conv2d(x, weight, padding=1)
    torch.testing.assert_close(Winograd(weight)(x), direct, atol=1e-11, rtol=0)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("sides", [(8, 12), (7, 10)])
def test_pooling_is_torchs_to_the_bit(kind: torch.dtype, sides: tuple[int, int]) -> None:
    x = torch.randn(2, 16, *sides, generator=torch.Generator().manual_seed(0)).to(kind)
    x = x.contiguous(memory_format=torch.channels_last)
    theirs = torch.relu(torch.nn.functional.max_pool2d(x, 3, stride=2, padding=1))
    assert torch.equal(halved(x), theirs)

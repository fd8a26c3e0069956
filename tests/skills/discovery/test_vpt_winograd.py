"""The CNN by Winograd's convolution is the direct one, and pooling is torch's."""

from __future__ import annotations

import pytest
import torch

from groundup.skills.discovery.vpt import winograd
from groundup.skills.discovery.vpt.cnn import FEW, ImpalaCnn, Linear, Norms
from groundup.skills.discovery.vpt.pooling import halved
from groundup.skills.discovery.vpt.winograd import FastCnn, fits

HIGH, WIDE = 64, 32


def _cnn(norms: Norms, pool_groups: int | None, channels: tuple[int, ...] = (5, 4, 6)) -> ImpalaCnn:
    """In double precision, every number of it random."""
    torch.manual_seed(0)
    cnn = ImpalaCnn((HIGH, WIDE, 3), channels, norms, first_conv_norm=False, pool_groups=pool_groups)
    cnn = cnn.double().eval().requires_grad_(False)
    for number in [*cnn.parameters(), *(b for b in cnn.buffers() if b.is_floating_point())]:
        number.copy_(torch.rand_like(number) * 0.8 - (0.2 if number.dim() > 1 else -0.3))
    return cnn


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize(
    ("norms", "pool_groups"),
    [(Norms(), None), (Norms(groups=1), 1), (Norms(groups=1), None), (Norms(batch_norm=True), None)],
)
def test_the_cnn_is_the_direct_one(norms: Norms, pool_groups: int | None, frames: int) -> None:
    cnn = _cnn(norms, pool_groups)
    assert fits(cnn, HIGH, WIDE)
    x = torch.rand(frames, 3, HIGH, WIDE, dtype=torch.float64).contiguous(memory_format=torch.channels_last)
    fast, direct = FastCnn(cnn, HIGH, WIDE), cnn(x)
    fast(torch.rand_like(x))  # what a call leaves behind is of no effect on the next
    torch.testing.assert_close(fast(x), direct, rtol=1e-12, atol=0)
    torch.testing.assert_close(fast(x[:1]), direct[:1], rtol=1e-12, atol=0)


def test_more_tiles_than_are_taken_at_a_time() -> None:
    cnn = _cnn(Norms(groups=1), 1, (192, 2))
    x = torch.rand(1, 3, 128, 96, dtype=torch.float64)
    cnn.dense.layer.weight = torch.nn.Parameter(torch.rand(256, 2 * 32 * 24, dtype=torch.float64))
    cnn.dense.norm = None
    torch.testing.assert_close(FastCnn(cnn, 128, 96)(x), cnn(x), rtol=1e-12, atol=0)


def test_products_by_onednn_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    cnn = _cnn(Norms(groups=1), 1).float()
    x = torch.rand(3, 3, HIGH, WIDE).contiguous(memory_format=torch.channels_last)
    monkeypatch.setattr(winograd, "LARGE", 1)
    monkeypatch.setattr(winograd, "_onednn_is_faster", lambda inputs, outputs: inputs * outputs > 0)
    fast = FastCnn(cnn, HIGH, WIDE)
    monkeypatch.setattr(winograd.torch, "bmm", None)  # none of them is torch's
    with torch.inference_mode():
        torch.testing.assert_close(fast(x), cnn(x), rtol=1e-4, atol=1e-4)


def test_a_number_that_is_none_stays_so() -> None:
    cnn = _cnn(Norms(groups=1), 1)
    cnn.get_parameter("stacks.1.firstconv.layer.weight")[0, 0, 0, 0] = torch.nan
    assert torch.isnan(FastCnn(cnn, HIGH, WIDE)(torch.rand(1, 3, HIGH, WIDE, dtype=torch.float64))).any()


def test_what_does_not_fit_is_told() -> None:
    assert not fits(_cnn(Norms(groups=1), None), HIGH, WIDE - 4)
    assert not fits(_cnn(Norms(groups=2), None, (4, 4)), HIGH, WIDE)


@pytest.mark.parametrize("rows", [1, FEW, 40])
@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_map_of_several_rows_is_torchs(rows: int, bias: bool) -> None:
    torch.manual_seed(0)
    layer = Linear(48, 33, bias=bias)
    x = torch.randn(rows, 48)
    with torch.inference_mode():
        ours = layer(x)
    torch.testing.assert_close(ours, torch.nn.functional.linear(x, layer.weight, layer.bias).detach())


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("sides", [(8, 12), (7, 10)])
def test_pooling_is_torchs_to_the_bit(kind: torch.dtype, sides: tuple[int, int]) -> None:
    x = torch.randn(2, 16, *sides, generator=torch.Generator().manual_seed(0)).to(kind)
    x = x.contiguous(memory_format=torch.channels_last)
    theirs = torch.relu(torch.nn.functional.max_pool2d(x, 3, stride=2, padding=1))
    assert torch.equal(halved(x), theirs)

"""Which way losses are computed: exactly, or fast where the processor has something faster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from groundup.skills.discovery.vpt.bfloat import BfloatCnn, is_native
from groundup.skills.discovery.vpt.checked import CheckedLosses
from groundup.skills.discovery.vpt.engine import ChunkedLosses
from groundup.skills.discovery.vpt.networks import Policy
from groundup.skills.discovery.vpt.winograd import FastCnn, fits

Precision = Literal["exact", "fast"]

BATCH = 8
"""Frames; measured: of fewer the last layer's weights (34 MB at 1x) take their time and the last stack has
too few tiles, of 16 nothing is gained."""

WINOGRAD_LEAST = 1e-3
"""Nats; ten times what the golden test allows."""

BFLOAT_LEAST = 4e-3
"""Nats; less than any error measured, for policies that act alike whatever they see."""


def winograd_losses(
    policy: Policy, actions: NDArray[np.int64], frames: Iterator[NDArray[np.uint8]]
) -> CheckedLosses:
    """In float32 throughout, convolutions by Winograd: equal within 1e-4 nats on the golden clip."""
    direct = policy.net.img_process.cnn
    cnn = FastCnn(direct) if fits(direct) else direct
    return CheckedLosses(policy, actions, frames, cnn, batch=BATCH, least=WINOGRAD_LEAST, audited=False)


def bfloat_losses(
    policy: Policy, actions: NDArray[np.int64], frames: Iterator[NDArray[np.uint8]]
) -> CheckedLosses:
    """With the CNN in bfloat16; what is near a threshold is computed again in float32."""
    cnn = BfloatCnn(policy.net.img_process.cnn)
    return CheckedLosses(policy, actions, frames, cnn, batch=BATCH, least=BFLOAT_LEAST, audited=True)


def losses_of(
    policy: Policy, actions: NDArray[np.int64], frames: Iterator[NDArray[np.uint8]], precision: Precision
) -> tuple[ChunkedLosses | CheckedLosses, str]:
    """The losses of a demonstration and the name of how they are computed."""
    if next(policy.parameters()).is_cuda:
        return ChunkedLosses(policy, actions, frames), "float32 on a GPU"
    if precision == "fast" and is_native():
        return bfloat_losses(policy, actions, frames), "bfloat16, checked in float32"
    return winograd_losses(policy, actions, frames), "float32"


def device() -> torch.device:
    """Where networks run: a GPU when there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")

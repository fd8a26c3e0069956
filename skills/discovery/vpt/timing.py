"""How long a computation takes on this processor: of two equal ways the faster is taken."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import torch


def seconds(compute: Callable[[], Any]) -> float:
    """The least of three, after one to warm up; without gradients."""
    taken = []
    with torch.inference_mode():
        for _ in range(4):
            began = perf_counter()
            compute()
            taken.append(perf_counter() - began)
    return min(taken[1:])

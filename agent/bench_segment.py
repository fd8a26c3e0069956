"""How fast losses are computed: the engine beside the frame-by-frame way of the reference, in one run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from groundup.agent.machine import machine
from groundup.envs.errors import UsageError
from groundup.perception.video import frames
from groundup.skills.discovery.rules.reference import ReferenceRule
from groundup.skills.discovery.types import Losses, Segment, Track
from groundup.skills.discovery.vpt.cnn import Norms
from groundup.skills.discovery.vpt.demonstrations import shrink
from groundup.skills.discovery.vpt.engine import ChunkedLosses, FastLosses, SteppedLosses
from groundup.skills.discovery.vpt.networks import Architecture, Policy
from groundup.skills.discovery.vpt.transformer import BlockShape

SIZES = {"1x": (1024, 4, 16), "2x": (2048, 8, 16), "3x": (3072, 12, 16)}
"""Width of the transformer, factor of the CNN's channels, heads, of VPT's published policies."""

GAP_SHARE = 95
"""Percentile of loss minus mean that the gap is set to, so that random weights find boundaries at all."""


def run(video: Path, size: str, count: int) -> dict[str, Any]:
    """Frames a second of both ways on `count` frames of a video, and whether boundaries are equal."""
    if size not in SIZES:
        raise UsageError(f"There is no size {size!r}: known are {', '.join(SIZES)}.")
    torch.manual_seed(0)
    policy = Policy(architecture(size)).eval().requires_grad_(False)
    pictures = [shrink(pixels) for _, pixels in zip(range(count), frames(video), strict=False)]
    rng = np.random.default_rng(0)
    actions = np.stack([rng.integers(0, 8641, len(pictures)), rng.integers(0, 121, len(pictures))], axis=1)
    track = Track(np.zeros(len(pictures), dtype=bool), np.zeros((len(pictures), 0), dtype=np.float32))
    losses = np.array(list(ChunkedLosses(policy, actions, iter(pictures)).since(0)))
    rule = ReferenceRule(gap=float(np.percentile(losses - losses.mean(), GAP_SHARE)))

    def source() -> Iterator[NDArray[np.uint8]]:
        return iter(pictures)

    engines = {"exact": ChunkedLosses, "fast": FastLosses}
    timed = {name: _timed(rule, engine(policy, actions, source()), track) for name, engine in engines.items()}
    rows, same = [], True
    for layout, first in (("channels last", False), ("channels first", True)):
        baseline = SteppedLosses(policy, actions, source(), channels_first=first)
        stepped, expected = _timed(rule, baseline, track)
        for name, (ours, segments) in timed.items():
            equal = [s.end for s in segments] == [s.end for s in expected]
            same = same and equal
            found = f"{len(segments)} segments, boundaries {'equal' if equal else 'DIFFER'}"
            rows.append(
                {
                    "case": f"{size} {name}, {found}, baseline {layout}",
                    "ours": round(ours, 2),
                    "baseline": round(stepped, 2),
                    "ratio": round(ours / stepped, 2),
                    "unit": "frames/s",
                    "n": len(pictures),
                }
            )
    return {"results": rows, "machine": machine(torch=torch.__version__), "boundaries_equal": same}


def _timed(rule: ReferenceRule, losses: Losses, track: Track) -> tuple[float, list[Segment]]:
    began = time.perf_counter()
    segments = rule.cut(losses, track)
    return len(track) / (time.perf_counter() - began), segments


def architecture(size: str) -> Architecture:
    """The architecture of a published VPT policy."""
    width, factor, heads = SIZES[size]
    blocks = BlockShape(width, heads, 128, True, True, 4, False, True)
    channels = (16 * factor, 32 * factor, 32 * factor)
    return Architecture((128, 128, 3), channels, Norms(groups=1), 1, blocks, 4, False, 2.0)

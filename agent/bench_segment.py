"""How fast losses are computed: the engine beside the frame-by-frame way of the reference, in one run.

Stretches of the videos are taken by turns, and on each every way is timed one after the other, so that what
else the machine does meets all of them. Reported are medians over stretches: of speed, and of the ratio on
the same stretch. Time is the processor's (one thread), which waiting for others does not lengthen.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from groundup.agent.machine import machine
from groundup.envs.errors import UsageError
from groundup.perception.video import frames, probe
from groundup.skills.discovery.rules.reference import ReferenceRule
from groundup.skills.discovery.types import Losses, Segment, Track
from groundup.skills.discovery.vpt.bfloat import is_native
from groundup.skills.discovery.vpt.checked import CheckedLosses
from groundup.skills.discovery.vpt.cnn import Norms
from groundup.skills.discovery.vpt.demonstrations import shrink
from groundup.skills.discovery.vpt.engine import SteppedLosses
from groundup.skills.discovery.vpt.methods import bfloat_losses, winograd_losses
from groundup.skills.discovery.vpt.networks import Architecture, Policy
from groundup.skills.discovery.vpt.transformer import BlockShape

SIZES = {"1x": (1024, 4, 16), "2x": (2048, 8, 16), "3x": (3072, 12, 16)}
"""Width of the transformer, factor of the CNN's channels, heads, of VPT's published policies."""

GAP_SHARE = 99
"""Percentile of loss minus mean that the gap is set to, so that random weights find boundaries at all."""

Pictures = list[NDArray[np.uint8]]
Make = Callable[[Policy, NDArray[np.int64], Iterator[NDArray[np.uint8]]], Losses]
Tell = Callable[[int, int, str], None]


def _first(policy: Policy, actions: NDArray[np.int64], pictures: Iterator[NDArray[np.uint8]]) -> Losses:
    return SteppedLosses(policy, actions, pictures, channels_first=True)


BASELINES: dict[str, Make] = {"channels last": SteppedLosses, "channels first": _first}
"""Frame by frame without gradients; both meet the golden values (a test says so). The reference's frames
lie with channels last in memory, torch's default is channels first."""


@dataclass(slots=True)
class Timed:
    """What one way took on each stretch, frames a second, and how its boundaries fared."""

    speeds: list[float] = field(default_factory=list)
    segments: int = 0
    different: int = 0
    checked: int = 0


def run(
    videos: Sequence[Path], size: str, count: int, pairs: int = 5, tell: Tell = lambda *_: None
) -> dict[str, Any]:
    """Speeds on `pairs` stretches of `count` frames, and whether boundaries are equal."""
    if size not in SIZES:
        raise UsageError(f"There is no size {size!r}: known are {', '.join(SIZES)}.")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    policy = Policy(architecture(size)).eval().requires_grad_(False)
    ours: dict[str, Make] = {
        "exact": winograd_losses,
        "fast": bfloat_losses if is_native() else winograd_losses,
    }
    timed = {name: Timed() for name in [*ours, *BASELINES]}
    rng = np.random.default_rng(0)
    gap = None
    for number in range(pairs):
        pictures = _stretch(videos[number % len(videos)], number // len(videos), count)
        kinds = (rng.integers(0, 8641, len(pictures)), rng.integers(0, 121, len(pictures)))
        actions = np.stack(kinds, axis=1)
        gap = _gap(policy, actions, pictures) if gap is None else gap
        expected: list[int] | None = None
        for name, make in (BASELINES | ours).items():
            losses = make(policy, actions, iter(pictures))
            ends = _cut(timed[name], ReferenceRule(gap), losses, len(pictures))
            expected = ends if expected is None else expected
            timed[name].different += ends != expected
            tell(number + 1, pairs, f"{name}, {timed[name].speeds[-1]:.1f} frames/s")
    rows = [_row(size, way, timed[way], base, timed[base], count) for base in BASELINES for way in ours]
    same = not any(one.different for one in timed.values())
    about = machine(
        torch=torch.__version__, bfloat16="native" if is_native() else "not native, so fast is exact"
    )
    return {"results": rows, "machine": about, "boundaries_equal": same}


def _stretch(video: Path, number: int, count: int) -> Pictures:
    """`count` small frames; of a short video its last."""
    held = probe(video).frames or count
    start = max(min(number * count, held - count), 0)
    return [
        shrink(pixels)
        for place, pixels in zip(range(start + count), frames(video), strict=False)
        if place >= start
    ]


def _gap(policy: Policy, actions: NDArray[np.int64], pictures: Pictures) -> float:
    losses = np.array(list(winograd_losses(policy, actions, iter(pictures)).since(0)))
    return float(np.percentile(losses - losses.mean(), GAP_SHARE))


def _cut(timed: Timed, rule: ReferenceRule, losses: Losses, count: int) -> list[int]:
    track = Track(np.zeros(count, dtype=bool), np.zeros((count, 0), dtype=np.float32))
    began = time.process_time()
    segments: list[Segment] = rule.cut(losses, track)
    timed.speeds.append(count / (time.process_time() - began))
    timed.segments += len(segments)
    timed.checked += losses.checked if isinstance(losses, CheckedLosses) else 0
    return [segment.end for segment in segments]


def _row(size: str, way: str, ours: Timed, base: str, baseline: Timed, count: int) -> dict[str, Any]:
    ratios = [one / other for one, other in zip(ours.speeds, baseline.speeds, strict=True)]
    equal = "boundaries equal" if not ours.different else f"boundaries DIFFER in {ours.different}"
    return {
        "case": f"{size} {way}, {equal}, baseline {base}",
        "ours": round(statistics.median(ours.speeds), 2),
        "baseline": round(statistics.median(baseline.speeds), 2),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_least": round(min(ratios), 2),
        "ratio_most": round(max(ratios), 2),
        "unit": "frames a second of processor time",
        "n": len(ratios),
        "frames": count * len(ratios),
        "segments": ours.segments,
        "checked": ours.checked,
    }


def architecture(size: str) -> Architecture:
    """The architecture of a published VPT policy."""
    width, factor, heads = SIZES[size]
    blocks = BlockShape(width, heads, 128, True, True, 4, False, True)
    channels = (16 * factor, 32 * factor, 32 * factor)
    return Architecture((128, 128, 3), channels, Norms(groups=1), 1, blocks, 4, False, 2.0)

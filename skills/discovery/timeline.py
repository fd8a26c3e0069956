"""A picture of a cut video: its losses, its boundaries, and a frame of each segment."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray

from groundup.memory.whole import write_whole
from groundup.skills.discovery.segmenting import Cut

SHOWN = 12
"""Key frames at most; of more segments the longest are shown."""


def draw_timeline(cut: Cut, path: Path) -> None:
    """Write a PNG, whole or not at all: the loss of each frame, boundaries as lines, and the first frames
    of segments below."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    boundaries = cut.boundaries
    longest = sorted(boundaries, key=lambda pair: pair[0] - pair[1])[:SHOWN]
    pictures = _pictures(cut.demonstration.pictures(), sorted(first for first, _ in longest))
    figure, axes = pyplot.subplots(2, 1, figsize=(12, 4.6), height_ratios=[3, 1.4], layout="constrained")
    seen = np.flatnonzero(~np.isnan(cut.losses))
    seconds = cut.demonstration.kept[seen] / cut.fps
    axes[0].plot(seconds, cut.losses[seen], linewidth=0.8, color="#3366aa")
    for first, _ in boundaries[1:]:
        axes[0].axvline(first / cut.fps, color="#cc3333", linewidth=0.8)
    axes[0].set(
        xlim=(0, cut.demonstration.total / cut.fps),
        xlabel="seconds",
        ylabel="loss, nats",
    )
    # A name is no formula, and may hold what is no text.
    name = cut.job.video.name.encode(errors="replace").decode()
    words = f"{name}: {len(boundaries)} segments ({cut.job.rule} rule, gap {cut.gap:g})"
    axes[0].set_title(words, parse_math=False)
    axes[1].set_axis_off()
    for place, (first, pixels) in enumerate(pictures.items()):
        inset = axes[1].inset_axes((place / SHOWN, 0.0, 0.95 / SHOWN, 0.85))
        inset.imshow(pixels)
        inset.set_axis_off()
        inset.set_title(f"{first / cut.fps:.1f} s", fontsize=7)
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # of scripts that the font lacks
        figure.savefig(content, format="png", dpi=110)
    pyplot.close(figure)
    write_whole(path, content.getvalue())


def _pictures(frames: Iterator[NDArray[np.uint8]], wanted: list[int]) -> dict[int, NDArray[np.uint8]]:
    found: dict[int, NDArray[np.uint8]] = {}
    for number, pixels in enumerate(frames):
        if number in wanted:
            found[number] = pixels[::3, ::3].copy()
        if wanted and number >= wanted[-1]:
            break
    return found

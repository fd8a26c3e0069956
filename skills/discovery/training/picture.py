"""A picture of a training run: its losses by epoch."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from groundup.memory.whole import write_whole


def draw_losses(path: Path, history: Sequence[dict[str, float]], title: str) -> None:
    """Draw training and validation loss over epochs, as a PNG at `path`."""
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    epochs = range(1, len(history) + 1)
    for name, colour in (("train", "#2a7f9e"), ("validation", "#c2571a")):
        axes.plot(epochs, [row[name] for row in history], "o-", color=colour, label=name)
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss, nats")
    axes.set_title(title)
    axes.grid(alpha=0.25)
    axes.legend()
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=90)
    write_whole(path, buffer.getvalue())

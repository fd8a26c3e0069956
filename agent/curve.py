"""Pictures of a run: its learning curve, the skills that were learnt, and the agent at work."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from groundup.agent.report import RunLog, place_name
from groundup.envs.types import Pixels
from groundup.memory.frames import load_frame
from groundup.perception.observation import KEY, Observation
from groundup.skills.learner import Decision
from groundup.skills.library import Library
from groundup.skills.types import Skill

WINDOW = 50
"""Actions over which the responsive rate is averaged in the curve."""

SHOWN = 24
"""Skills in the picture, the most used first."""

COLUMNS = 6

WIDE, HIGH, HEAD = 2.0, 1.9, 0.45
"""Inches: a skill's cell in the picture, and what is left for the title above all of them.

One pair of axes holds them all: a pair for each, laid out by what is written in it, took a second for 20
skills, more than the play itself in a short run.
"""


def draw_curve(path: Path, log: RunLog, place: str | None, title: str) -> Path:
    """Draw progress by run, responsive rate and skills over the steps, as a PNG at `path`."""
    figure = Figure(figsize=(9, 7), dpi=90)
    top, middle, bottom = figure.subplots(3, 1, sharex=True)
    figure.subplots_adjust(left=0.11, right=0.985, bottom=0.07, top=0.93, hspace=0.1)
    figure.align_ylabels()
    figure.suptitle(title)
    _draw_progress(top, log, place)
    answered = np.asarray(log.responsive, float)
    if len(answered):
        window = min(WINDOW, len(answered))
        mean = np.convolve(answered, np.ones(window) / window, "valid")
        middle.plot(np.arange(window, window + len(mean)), 100 * mean, color="#2a7f9e")
    middle.set_ylim(0, 103)
    middle.set_ylabel(f"responsive, %\n(mean of {WINDOW})")
    steps = [0, *(step for step, _ in log.skills), log.steps]
    counts = [0, *(count for _, count in log.skills), len(log.skills)]
    bottom.step(steps, counts, where="post", color="#7a4fa3")
    bottom.set_ylabel("different\nskills used")
    bottom.locator_params(axis="y", integer=True)
    bottom.set_xlabel("steps (actions sent to the game)")
    for axes in (top, middle, bottom):
        axes.grid(alpha=0.25)
    return _save(_pixels(figure), path)


def _draw_progress(axes: Axes, log: RunLog, place: str | None) -> None:
    name = "progress" if place is None else place_name(place)
    axes.set_ylabel(f"{name}\nat the end of a run")
    if place is None:
        axes.text(0.5, 0.5, "no progress counter found yet", ha="center", transform=axes.transAxes)
        return
    ended = [(e.ended, e.values[place]) for e in log.episodes if place in e.values]
    if ended:
        xs, ys = zip(*ended, strict=True)
        axes.plot(xs, ys, "o", color="#c2571a", alpha=0.6, label="each run")
        mean = [float(np.mean(ys[max(0, i - 4) : i + 1])) for i in range(len(ys))]
        axes.plot(xs, mean, color="#c2571a", label="mean of the last 5")
    if place in log.running.values:
        axes.plot([log.steps], [log.running.values[place]], "^", color="#888888", label="still running")
    if ended or place in log.running.values:
        axes.legend(loc="upper left", fontsize=8)


def draw_skills(path: Path, library: Library, title: str) -> Path:
    """Draw the most used skills with what they act on, their uses and effects, as a PNG at `path`."""
    skills = library.skills()
    alike: dict[str, list[Skill]] = {}
    for skill in skills:  # the same on several screens is shown once
        alike.setdefault(skill.name, []).append(skill)
    groups = sorted(alike.values(), key=lambda group: -sum(s.statistics.uses for s in group))
    shown = groups[:SHOWN]
    rows = max(1, -(-len(shown) // COLUMNS))
    width, height = WIDE * COLUMNS, HEAD + HIGH * rows
    figure = Figure(figsize=(width, height), dpi=80)
    figure.suptitle(
        f"{title}: {len(skills)} skills of {len(groups)} kinds, the {len(shown)} most used",
        y=1 - 0.12 / height,
    )
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    for number, group in enumerate(shown):
        row, column = divmod(number, COLUMNS)
        _draw_skill(axes, (WIDE * (column + 0.5), HEAD + HIGH * row), library, group)
    return _save(_pixels(figure), path)


def _draw_skill(axes: Axes, top: tuple[float, float], library: Library, group: Sequence[Skill]) -> None:
    """Draw the most used of the skills of one name, with the uses of all; `top` is the middle of the cell's
    upper edge, in inches."""
    skill = max(group, key=lambda skill: skill.statistics.uses)
    crops = [load_frame(library.store, sha) for sha in skill.templates]
    pictures = [crop for crop in crops if crop is not None]
    if pictures:
        height = 96
        sized = [
            cv2.resize(p, (max(8, min(200, round(p.shape[1] * height / p.shape[0]))), height))
            for p in pictures[:2]
        ]
        gap = np.full((height, 12, 3), 255, np.uint8)
        joined = sized[0] if len(sized) == 1 else np.concatenate([sized[0], gap, sized[1]], axis=1)
        # As large as it fits below the three lines.
        high, wide = joined.shape[:2]
        scale = min(0.92 * WIDE / wide, 0.74 * HIGH / high) / 2
        x, y = top[0], top[1] + 0.6 * HIGH
        extent = (x - scale * wide, x + scale * wide, y + scale * high, y - scale * high)
        axes.imshow(joined, extent=extent, aspect="auto")
    effect = ", ".join(f"{v:+.3g} {_number_name(k)}" for k, v in _strongest(skill))
    uses = sum(s.statistics.uses for s in group)
    answered = sum(s.statistics.responsive for s in group) / max(1, uses)
    screens = f", {len(group)} screens" if len(group) > 1 else ""
    axes.text(
        *top,
        f"{_cut(skill.name, 30)}\n{uses} uses{screens}, {100 * answered:.0f}% answered\n"
        f"{_cut(effect, 34) or 'another screen'}",
        fontsize=7,
        ha="center",
        va="top",
    )


def _strongest(skill: Skill) -> list[tuple[str, float]]:
    return sorted(skill.effect.items(), key=lambda pair: -abs(pair[1]))[:2]


def _number_name(channel: str) -> str:
    kind, _, place = channel.partition(":")
    return place_name(place) if kind == "own" and "@" in place else place or kind


def _cut(text: str, length: int) -> str:
    text = text.replace("$", r"\$")  # matplotlib takes what stands between two of them for mathematics
    return text if len(text) <= length else f"{text[: length - 1]}…"


def draw_at_work(path: Path, obs: Observation, move: Decision, counters: Collection[str]) -> Path:
    """Draw what is seen in `obs` and where `move` goes, as a PNG at `path`; the observation has its frame.

    Blue: things; yellow: numbers, with a thick line those at the places in `counters`; red: the move.
    """
    if obs.frame is None:
        raise ValueError("an observation without its frame cannot be drawn")
    image = np.ascontiguousarray(obs.frame.pixels).copy()
    for thing in obs.things:
        if thing.keys:
            continue
        x, y, w, h = thing.box
        cv2.rectangle(image, (x, y), (x + w, y + h), (80, 170, 255), 1)
    for quantity in obs.quantities:
        x, y, w, h = quantity.box
        width = 3 if quantity.place in counters else 1
        cv2.rectangle(image, (x - 2, y - 2), (x + w + 2, y + h + 2), (255, 220, 60), width)
    first = move.first.box.center
    if move.first.keys:
        words = f"{KEY} {'+'.join(move.first.keys)}"
        cv2.putText(image, words, (16, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 60, 60), 3)
    else:
        cv2.circle(image, first, 16, (255, 60, 60), 3)
    if move.second is not None:
        cv2.arrowedLine(image, first, move.second.box.center, (255, 60, 60), 3, tipLength=0.04)
    small = cv2.resize(image, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    return _save(np.asarray(small, np.uint8), path)


def _pixels(figure: Figure) -> Pixels:
    drawn = io.BytesIO()
    figure.savefig(drawn, format="rgba", dpi=figure.dpi)
    width = round(figure.get_figwidth() * figure.dpi)
    pixels = np.frombuffer(drawn.getvalue(), np.uint8).reshape(-1, width, 4)
    return np.ascontiguousarray(pixels[..., :3])


def _save(pixels: Pixels, path: Path) -> Path:
    """Write a PNG of 192 colours: a third of the size, and nobody sees the difference."""
    Image.fromarray(pixels).quantize(192).save(path, optimize=True)
    return path

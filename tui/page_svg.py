"""Curves and graphs as SVG, for a page that is kept. Colours are classes that the page's style names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from groundup.tui.chart import Axes, Series, number
from groundup.tui.growth import Growth

WIDTH, HEIGHT = 420, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 12, 26

POINTS = 300
"""Points of a curve: more cannot be told apart on a page."""

COLOURS = 8
"""Classes c0, c1, ... that the page's style has colours for."""


def chart(title: str, axes: Axes) -> str:
    """Curves in a frame with their scale; their `colour` is the name of a class."""
    points = [point for one in axes.series for point in one.points]
    if not points:
        return f'<figure><figcaption>{escape(title)}</figcaption><p class="none">nothing to show</p></figure>'
    low = min(y for _, y in points) if axes.low is None else axes.low
    high = max(y for _, y in points) if axes.high is None else axes.high
    high = high if high > low else low + 1.0
    first = min(x for x, _ in points) if axes.first is None else axes.first
    last = max(x for x, _ in points) if axes.last is None else axes.last
    last = last if last > first else first + 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        share = min(1.0, max(0.0, (y - low) / (high - low)))
        across = LEFT + (x - first) / (last - first) * (WIDTH - LEFT - RIGHT)
        return round(across, 1), round(TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), 1)

    parts = [_grid(low, high, first, last, percent=axes.percent)]
    parts += [_curve(one, [place(x, y) for x, y in _thinned(one)]) for one in axes.series]
    legend = "".join(
        f'<span class="{one.colour}">■ {escape(one.name)}</span>' for one in axes.series if one.name
    )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg><p class="legend">{legend}</p></figure>'
    )


def _thinned(one: Series) -> list[tuple[float, float]]:
    step = max(1, math.ceil(len(one.points) / POINTS))
    return [*one.points[:-1:step], *one.points[-1:]]


def _curve(one: Series, places: Sequence[tuple[float, float]]) -> str:
    if one.dots:
        return "".join(f'<circle class="{one.colour}" cx="{x}" cy="{y}" r="2"/>' for x, y in places)
    joined = " ".join(f"{x},{y}" for x, y in places)
    return f'<polyline class="{one.colour}" points="{joined}"/>'


def _grid(low: float, high: float, first: float, last: float, *, percent: bool) -> str:
    out = []
    for share in (0.0, 0.5, 1.0):
        y = TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)
        label = number(low + share * (high - low), percent=percent)
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for x, anchor in ((first, "start"), (last, "end")):
        at = LEFT if anchor == "start" else WIDTH - RIGHT
        out.append(f'<text x="{at}" y="{HEIGHT - 8}" text-anchor="{anchor}">step {number(x)}</text>')
    return "".join(out)


def graph(growth: Growth, *, most: int = 16) -> str:
    """Scenes on a ring, ways as arrows whose width says how often they were taken."""
    known = {scene for scene, _ in growth.scenes.most_common(most)}
    scenes = [scene for scene in growth.scenes if scene in known]
    if not scenes:
        return '<p class="none">no scene was seen</p>'
    size, radius = 520, 205
    places = {}
    for i, scene in enumerate(scenes):
        angle = 2 * math.pi * i / len(scenes) - math.pi / 2
        places[scene] = (size / 2 + radius * math.cos(angle), size / 2 + radius * math.sin(angle))
    ways = [(a, b, n) for (a, b), n in growth.edges.most_common() if a != b and a in places and b in places]
    most_taken = max((count for *_, count in ways), default=1)
    seen = max(growth.scenes.values())
    parts = [
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto" markerUnits="userSpaceOnUse"><path d="M0,0 L8,4 L0,8 z" class="tip"/></marker></defs>'
    ]
    for start, end, count in ways:
        parts.append(
            _arrow(places[start], places[end], 1 + 4 * count / most_taken, f"{start} to {end}: {count}")
        )
    for scene, (x, y) in places.items():
        r = 10 + 18 * math.sqrt(growth.scenes[scene] / seen)
        label = escape(scene.removeprefix("scene "))
        parts.append(
            f'<circle class="node" cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}"><title>{escape(scene)}, seen '
            f"{growth.scenes[scene]} times</title></circle>"
            f'<text class="name" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{label}</text>'
        )
    return _svg("graph", size, size, "scenes and ways", parts)


def _arrow(start: tuple[float, float], end: tuple[float, float], width: float, words: str) -> str:
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    # Bent to one side, so that there and back are two lines.
    bend = 0.12 * length
    cx, cy = (x0 + x1) / 2 - dy * bend, (y0 + y1) / 2 + dx * bend
    x1, y1 = x1 - 30 * dx, y1 - 30 * dy
    return (
        f'<path class="way" d="M{x0:.1f},{y0:.1f} Q{cx:.1f},{cy:.1f} {x1:.1f},{y1:.1f}" '
        f'stroke-width="{width:.1f}" marker-end="url(#tip)"><title>{escape(words)}</title></path>'
    )


def path(growth: Growth) -> str:
    """Which scene the run was in at each step, as one strip, with a row for each of the commonest."""
    rows = [scene for scene, _ in growth.scenes.most_common(COLOURS)]
    if not rows:
        return ""
    height, width = 18, 860
    left = 90
    last = max(1, growth.steps)
    parts = []
    for i, scene in enumerate(rows):
        y = 4 + i * height
        parts.append(f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">{escape(scene)}</text>')
        parts.append(f'<line class="grid" x1="{left}" x2="{width}" y1="{y + 8}" y2="{y + 8}"/>')
    stretches = growth.path
    step = max(1, math.ceil(len(stretches) / 1500))
    for (begin, scene), following in zip(
        stretches[::step], [*stretches[step::step], (last + 1, "")], strict=False
    ):
        if scene in rows:
            i = rows.index(scene)
            x = left + (begin - 1) / last * (width - left)
            wide = max(1.0, (following[0] - begin) / last * (width - left))
            y = 4 + i * height
            parts.append(f'<rect class="c{i}" x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{height - 4}"/>')
    tall = 8 + len(rows) * height
    parts.append(f'<text x="{left}" y="{tall + 12}">step 1</text>')
    parts.append(f'<text x="{width}" y="{tall + 12}" text-anchor="end">step {growth.steps}</text>')
    return _svg("path", width, tall + 18, "scenes by step", parts)


def _svg(name: str, width: int, height: int, words: str, parts: Sequence[str]) -> str:
    head = f'<svg class="{name}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(words)}">'
    return f"{head}{''.join(parts)}</svg>"

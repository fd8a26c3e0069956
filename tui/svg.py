"""Makes the pictures that Textual draws of a screen smaller, for pages that show them."""

from __future__ import annotations

import re

_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_NAME = re.compile(r"terminal-\d+-")
_CLIP = re.compile(r' clip-path="url\(#line-\d+\)"')
_CLIPS = re.compile(r'<clipPath id="line-\d+">.*?</clipPath>\s*', re.DOTALL)
_ONE = re.compile(r' textLength="12\.2"')
_EDGES = ' shape-rendering="crispEdges"'
_EMPTY = re.compile(r'<text class="r\d+" x="[\d.]+" y="[\d.]+">\s*</text>')
_HALF = re.compile(r'<text class="(r\d+)" x="([\d.]+)" y="([\d.]+)">▀</text>')
_CELLS = re.compile(r'<rect fill="([^"]+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="24\.65"/>')


def smaller(svg: str) -> str:
    """The same picture in less than half the bytes, with no font from elsewhere.

    Names are short, what all rows have in common is said once, and a half block is a rectangle.
    """
    svg = _NAME.sub("", _FONTS.sub("", svg))
    svg = _ONE.sub("", _CLIPS.sub("", _CLIP.sub("", svg)))
    svg = svg.replace(_EDGES, "").replace("<g transform", f"<g{_EDGES} transform")
    svg = _HALF.sub(lambda m: _half(m[1], float(m[2]), float(m[3])), _EMPTY.sub("", svg))
    return re.sub(r"\n\s+", "\n", _joined(svg))


def _joined(svg: str) -> str:
    """Cells of one background colour as one path, where the first cell was; none lies over another."""
    first = _CELLS.search(svg)
    if first is None:
        return svg
    paths: dict[str, str] = {}
    for fill, x, y, width in _CELLS.findall(svg):
        paths[fill] = paths.get(fill, "") + f"M{x} {y}h{width}v24.65h-{width}z"
    cells = "".join(f'<path fill="{fill}" d="{path}"/>' for fill, path in paths.items())
    return svg[: first.start()] + cells + _CELLS.sub("", svg[first.start() :])


def _half(style: str, x: float, baseline: float) -> str:
    # Textual's cells are 12.2 by 24.4, and text stands 18.5 below a cell's top.
    return f'<path class="{style}" d="M{x:g} {baseline - 18.5:g}h12.5v12.2h-12.5z"/>'

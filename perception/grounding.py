"""Finds a known thing again in a new frame.

The cheap places first: near where it was, then where the picture seems to have moved to (a scrolled
map), then anywhere at a few scales, then by its text. A place is found by normalised correlation on
grey and judged in colour, part by part, so that a thing half covered is still itself
(`grounding_score`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels
from groundup.perception.grounding_frame import FrameIndex, Grey, cropped, grey_of, reduced
from groundup.perception.grounding_score import canonical, likeness
from groundup.perception.grounding_text import best_line
from groundup.perception.types import Box, TextLine

How = Literal["near", "shifted", "anywhere", "text"]

REACH = 24
"""How far in pixels a thing may be from where it is expected and still be searched for there."""

SURE = 0.9
"""A likeness that ends the search at the first place looked at."""

NEAR_ENOUGH, ANYWHERE_ENOUGH = 0.62, 0.72
"""The least likeness to be accepted, where the thing is expected and elsewhere."""

SCALES = (1.0, 0.94, 1.06, 0.9, 1.1)
PEAKS = 4
"""How many places of a coarse search are looked at closely."""

SMALL = 44
"""Templates whose shorter side is less are searched at half resolution, others at a quarter."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """How a thing looked when it was seen.

    `pixels`: uint8 RGB crop; `box`: where in its frame; `frame_size`: that frame's width and height;
    `text`: what was written on it, if anything; `context`: that frame's grey thumbnail, from which
    a later frame's scrolling is estimated (without it that step is left out).
    """

    pixels: Pixels
    box: Box
    frame_size: tuple[int, int]
    text: str = ""
    context: Grey | None = None

    @classmethod
    def cut(cls, frame: Pixels | FrameIndex, box: Box, text: str = "") -> Template:
        """The template of what `box` shows in `frame`; raises ValueError when nothing of it is inside."""
        index = frame if isinstance(frame, FrameIndex) else FrameIndex(frame)
        height, width = index.pixels.shape[:2]
        left, top = max(0, box.x), max(0, box.y)
        right, bottom = min(width, box.x + box.w), min(height, box.y + box.h)
        if right <= left or bottom <= top:
            raise ValueError(f"{box} lies outside a frame of {width}x{height}")
        inside = Box(left, top, right - left, bottom - top)
        return cls(index.crop(inside).copy(), inside, (width, height), text, index.thumbnail)


@dataclass(frozen=True, slots=True)
class Match:
    """Where a template was found, how alike it is there (0 to 1), and by which step."""

    box: Box
    score: float
    how: How


def ground(
    template: Template, frame: Pixels | FrameIndex, lines: Sequence[TextLine] = (), anywhere: bool = True
) -> Match | None:
    """The place of `template` in `frame`, or None.

    Give a `FrameIndex` when several templates are looked for in one frame: what they share is then
    computed once. `lines` is the text read in that frame, for the last step; `anywhere=False` leaves
    out the searches of the whole frame, for things that do not move.
    """
    index = frame if isinstance(frame, FrameIndex) else FrameIndex(frame)
    expected = _expected(template, index)
    best = _around(template, index, expected, "near")
    if best.score >= SURE:
        return best
    if template.context is not None:
        for dx, dy in index.shifts_from(template.context):
            moved = Box(expected.x + dx, expected.y + dy, expected.w, expected.h)
            best = max(best, _around(template, index, moved, "shifted"), key=lambda m: m.score)
    if best.score >= NEAR_ENOUGH:
        return best
    if anywhere:
        best = max(best, _anywhere(template, index), key=lambda m: m.score)
        if best.score >= ANYWHERE_ENOUGH:
            return best
    return _by_text(template, lines)


def _expected(template: Template, index: FrameIndex) -> Box:
    """Where the template's box would be if the whole frame had only changed its size."""
    across = index.pixels.shape[1] / template.frame_size[0]
    down = index.pixels.shape[0] / template.frame_size[1]
    x, y, w, h = template.box
    return Box(round(x * across), round(y * down), max(1, round(w * across)), max(1, round(h * down)))


def _around(template: Template, index: FrameIndex, box: Box, how: How) -> Match:
    """The best place within REACH of `box`, at the size of `box`."""
    window = Box(box.x - REACH, box.y - REACH, box.w + 2 * REACH, box.h + 2 * REACH)
    factor = 2 if min(box.w, box.h) >= SMALL else 1
    found = cropped(index.grey, window)
    grey = _resized(grey_of(template.pixels), box.w, box.h)
    if factor > 1:
        found, grey = reduced(found, factor), reduced(grey, factor)
    x, y = _peaks(_correlation(found, grey), 1, grey.shape)[0]
    place = Box(window.x + x * factor, window.y + y * factor, box.w, box.h)
    return _judged(template, index, _settled(grey_of(template.pixels), index, place, factor), how)


def _anywhere(template: Template, index: FrameIndex) -> Match:
    """The best place in the whole frame, at every scale of SCALES."""
    expected = _expected(template, index)
    factor = 2 if min(expected.w, expected.h) < SMALL else 4
    frame, grey = index.level(factor), grey_of(template.pixels)
    best = Match(expected, 0.0, "anywhere")
    for scale in SCALES:
        w, h = max(4, round(expected.w * scale)), max(4, round(expected.h * scale))
        small = _resized(grey, max(2, w // factor), max(2, h // factor))
        if small.shape[0] >= frame.shape[0] or small.shape[1] >= frame.shape[1]:
            continue
        for x, y in _peaks(_correlation(frame, small), PEAKS if scale == 1.0 else 2, small.shape):
            place = _settled(grey, index, Box(x * factor, y * factor, w, h), factor)
            best = max(best, _judged(template, index, place, "anywhere"), key=lambda m: m.score)
    return best


def _settled(grey: Grey, index: FrameIndex, box: Box, error: int) -> Box:
    """`box` moved by up to `error` + 1 pixels each way to where it correlates best at full resolution."""
    by = error + 1
    window = Box(box.x - by, box.y - by, box.w + 2 * by, box.h + 2 * by)
    surface = _correlation(cropped(index.grey, window), _resized(grey, box.w, box.h))
    x, y = _peaks(surface, 1, (1, 1))[0]
    return Box(window.x + x, window.y + y, box.w, box.h)


def _judged(template: Template, index: FrameIndex, box: Box, how: How) -> Match:
    score = likeness(canonical(template.pixels), canonical(_resized_crop(template, index.crop(box))))
    return Match(box, score, how)


def _resized_crop(template: Template, crop: Pixels) -> Pixels:
    height, width = template.pixels.shape[:2]
    if crop.shape[:2] == (height, width):
        return crop
    return np.asarray(cv2.resize(crop, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _resized(grey: Grey, width: int, height: int) -> Grey:
    if grey.shape == (height, width):
        return grey
    how = cv2.INTER_AREA if width < grey.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, (width, height), interpolation=how), dtype=np.uint8)


def _correlation(frame: Grey, grey: Grey) -> NDArray[np.float32]:
    surface = np.asarray(cv2.matchTemplate(frame, grey, cv2.TM_CCOEFF_NORMED), dtype=np.float32)
    # A flat patch has no correlation: OpenCV answers 1 or infinity there.
    surface[~np.isfinite(surface) | (surface > 1.001)] = 0
    return surface


def _peaks(surface: NDArray[np.float32], count: int, size: tuple[int, ...]) -> list[tuple[int, int]]:
    """The `count` highest places (x, y), at least half a template apart."""
    found = []
    for _ in range(count):
        _, _, _, (x, y) = cv2.minMaxLoc(surface)
        found.append((int(x), int(y)))
        dy, dx = max(1, size[0] // 2), max(1, size[1] // 2)
        surface[max(0, y - dy) : y + dy + 1, max(0, x - dx) : x + dx + 1] = -1
    return found


def _by_text(template: Template, lines: Sequence[TextLine]) -> Match | None:
    """The box around the line that says what the template says, if one does."""
    if not template.text:
        return None
    line, score = best_line(template.text, lines)
    if line is None:
        return None
    x, y = line.box.center
    return Match(
        Box(x - template.box.w // 2, y - template.box.h // 2, template.box.w, template.box.h), score, "text"
    )

"""Finds a known thing again in a new frame.

The cheap places first: near where it was, then where the picture seems to have moved to (a scrolled
map), then anywhere at a few scales, then by its text. A place is found by normalised correlation on
grey and judged in colour, part by part, so that a thing half covered is still itself
(`grounding_score`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels
from groundup.perception.grounding_frame import SCALES, FrameIndex, Grey, Shift, cropped, grey_of, reduced
from groundup.perception.grounding_score import canonical, likeness
from groundup.perception.grounding_text import best_line
from groundup.perception.types import Box, TextLine

How = Literal["near", "shifted", "anywhere", "text"]

REACH = 24
"""How far in pixels a thing may be from where it is expected and still be searched for there."""

SURE = 0.9
"""A likeness that ends the search at the first place looked at."""

ENOUGH: dict[How, float] = {"near": 0.70, "shifted": 0.78, "anywhere": 0.82}
"""Least likeness accepted, less up to LESS where the surroundings are the same too.

Measured on changed and on other real screenshots: 98% of the best places for things that are not
there stay below .63 near by, .79 at estimated shifts and .82 anywhere.
"""

LESS = 0.12

GONE, MORE = 0.4, 0.06
"""A likeness that means the thing is not there, and how much more another place must then have."""

UNMOVED_ENOUGH = 0.52
"""Least likeness in the very same place and surroundings: the thing with 35% covered is above .5 in
95% of the cases, what is left when it is painted out in none."""

STEP = 14
"""Pixels that a thing may move by itself; further away another of its kind is as likely."""

SAME_PLACE = 0.8
"""Least correlation of the surroundings for a place to be the same."""

UNKNOWN = 0.5

CONTEXT = 0.3
"""What surroundings count against likeness when several places are alike."""

NEAR_COARSE = 22
"""Shorter side from which the neighbourhood is searched at half resolution."""

LEVELS = (4.0, 3.0, 2.5, 2.0)
FINEST = 9
"""A template is searched for in the smallest picture (the frame at 1 / one of LEVELS) that leaves its
shorter side FINEST pixels: finding 110 elements of real screenshots is no better with 11."""

FEW_SCALES = (1.0, 0.93, 1.07)
"""Sizes of SCALES tried for a small icon: it correlates over a wider range, and costs more."""

PEAKS, LOOKED_AT = 3, 8
"""Places kept of each coarse search, and how many of all of them are looked at closely."""


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
    seeker = _Seeker(template, index)
    unmoved = seeker.place(seeker.box, "near")
    if unmoved.score >= SURE:
        return unmoved.match
    near = seeker.around(Shift(0, 0, 1.0), "near")
    here = [near] if near.score >= ENOUGH["near"] and seeker.moved(near) <= STEP else []
    here += [unmoved] if unmoved.score >= UNMOVED_ENOUGH else []
    here = [place for place in here if place.surroundings >= SAME_PLACE]
    if here:
        return max(here, key=lambda place: place.score).match
    # The same picture as then, but for the thing: it is gone, and what is like it is another.
    gone = unmoved.surroundings >= SURE and max(unmoved.score, near.score) < GONE
    places = [unmoved, near, *seeker.shifted()]
    found = [place for place in places if place.accepted(gone)]
    if not found:
        found = [place for place in (seeker.covered(),) if place.accepted(gone)]
    if not found and anywhere:
        found = [place for place in seeker.anywhere() if place.accepted(gone)]
    if found:
        return max(found, key=lambda place: place.score + CONTEXT * place.surroundings).match
    return _by_text(template, lines)


class _Place(NamedTuple):
    """A match and how alike its surroundings are, -1 to 1 (UNKNOWN without a template's context)."""

    match: Match
    surroundings: float

    @property
    def score(self) -> float:
        return self.match.score

    def accepted(self, gone: bool) -> bool:
        """Whether this place by itself is good enough to be the answer."""
        less = -MORE if gone else LESS * max(0.0, self.surroundings)
        return self.score >= ENOUGH[self.match.how] - less


class _Seeker:
    """The searches for one template in one frame."""

    def __init__(self, template: Template, index: FrameIndex) -> None:
        self.template = template
        self.index = index
        self.grey = grey_of(template.pixels)
        self.shape = (template.box.h, template.box.w)
        self.look = canonical(template.pixels, self.shape)
        across = index.pixels.shape[1] / template.frame_size[0]
        down = index.pixels.shape[0] / template.frame_size[1]
        x, y, w, h = template.box
        # Where it would be if the whole frame had only changed its size.
        self.box = Box(round(x * across), round(y * down), max(2, round(w * across)), max(2, round(h * down)))

    def moved(self, place: _Place) -> int:
        """How far a place is from the expected one, in pixels along the longer axis."""
        box = place.match.box
        return max(abs(box.x - self.box.x), abs(box.y - self.box.y))

    def around(self, shift: Shift, how: How) -> _Place:
        """The best place within REACH of where `shift` leads from the expected one."""
        box = _shifted(self.box, shift)
        window = _grown(box, REACH)
        factor = 2 if min(box.w, box.h) >= NEAR_COARSE else 1
        found = cropped(self.index.grey, window)
        if factor > 1:
            found = reduced(found, factor)
        surface = _correlation(found, self._grey(box.w / factor, box.h / factor))
        x, y, _ = _peaks(surface, 1, (1, 1))[0]
        place = Box(window.x + x * factor, window.y + y * factor, box.w, box.h)
        return self.place(self._settled(place, factor) if factor > 1 else place, how)

    def shifted(self) -> list[_Place]:
        """The best places where the picture seems to have moved to; none without a template's context."""
        context = self.template.context
        shifts = [] if context is None else self.index.shifts_from(context)
        return [self.around(shift, "shifted") for shift in shifts]

    def covered(self) -> _Place:
        """The best place within REACH when up to half of the thing is hidden.

        Each half votes with its own correlation, and the better two of the four count.
        """
        w, h = self.box.w, self.box.h
        window = _grown(self.box, REACH)
        found, grey = cropped(self.index.grey, window), self._grey(w, h)
        halves = [
            (0, 0, w, h // 2),
            (0, h - h // 2, w, h // 2),
            (0, 0, w // 2, h),
            (w - w // 2, 0, w // 2, h),
        ]
        votes = []
        for x, y, across, down in halves:
            if across >= 4 and down >= 4:
                surface = _correlation(found, grey[y : y + down, x : x + across])
                votes.append(surface[y : y + 2 * REACH + 1, x : x + 2 * REACH + 1])
        if not votes:
            return _Place(Match(self.box, 0.0, "near"), UNKNOWN)
        x, y, _ = _peaks(np.max(votes, axis=0), 1, (1, 1))[0]
        return self.place(Box(window.x + x, window.y + y, w, h), "near")

    def anywhere(self) -> list[_Place]:
        """The best places in the whole frame, at several scales."""
        side = min(self.box.w, self.box.h)
        factor = next((f for f in LEVELS if side >= f * FINEST), LEVELS[-1])
        frame = self.index.level(factor)
        peaks = []
        for scale in self._scales(factor):
            w, h = round(self.box.w * scale), round(self.box.h * scale)
            grey = self._grey(w / factor, h / factor)
            if grey.shape[0] < frame.shape[0] and grey.shape[1] < frame.shape[1]:
                found = _peaks(_correlation(frame, grey), PEAKS, grey.shape)
                peaks += [(value, Box(round(x * factor), round(y * factor), w, h)) for x, y, value in found]
        peaks.sort(key=lambda peak: -peak[0])
        return [self.place(self._settled(box, round(factor)), "anywhere") for _, box in peaks[:LOOKED_AT]]

    def _scales(self, factor: float) -> tuple[float, ...]:
        # With a context the picture's scale was estimated already, and the place looked at.
        if factor == LEVELS[-1]:
            return FEW_SCALES[:1] if self.template.context is not None else FEW_SCALES
        return FEW_SCALES if self.template.context is not None else SCALES

    def _settled(self, box: Box, error: int) -> Box:
        """`box` moved by up to `error` + 1 pixels each way to where it correlates best at full resolution."""
        window = _grown(box, error + 1)
        surface = _correlation(cropped(self.index.grey, window), self._grey(box.w, box.h))
        x, y, _ = _peaks(surface, 1, (1, 1))[0]
        return Box(window.x + x, window.y + y, box.w, box.h)

    def place(self, box: Box, how: How) -> _Place:
        """What is seen at `box`, judged."""
        match = Match(box, likeness(self.look, canonical(self.index.crop(box), self.shape)), how)
        context = self.template.context
        if context is None or (match.score < UNMOVED_ENOUGH and box != self.box):
            return _Place(match, UNKNOWN)
        return _Place(
            match, self.index.surroundings(box, context, self.template.box, self.template.frame_size)
        )

    def _grey(self, width: float, height: float) -> Grey:
        """The template in grey, of the given size but at least 2 pixels each way."""
        size = (max(2, round(width)), max(2, round(height)))
        if size == self.grey.shape[::-1]:
            return self.grey
        how = cv2.INTER_AREA if size[0] < self.grey.shape[1] else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(self.grey, size, interpolation=how), dtype=np.uint8)


def _shifted(box: Box, shift: Shift) -> Box:
    x, y = round(box.x * shift.scale) + shift.dx, round(box.y * shift.scale) + shift.dy
    return Box(x, y, max(2, round(box.w * shift.scale)), max(2, round(box.h * shift.scale)))


def _grown(box: Box, by: int) -> Box:
    return Box(box.x - by, box.y - by, box.w + 2 * by, box.h + 2 * by)


def _correlation(frame: Grey, grey: Grey) -> NDArray[np.float32]:
    surface = np.asarray(cv2.matchTemplate(frame, grey, cv2.TM_CCOEFF_NORMED), dtype=np.float32)
    # A flat patch has no correlation: OpenCV answers 1 or infinity there.
    surface[~np.isfinite(surface) | (surface > 1.001)] = 0
    return surface


def _peaks(surface: NDArray[np.float32], count: int, size: tuple[int, ...]) -> list[tuple[int, int, float]]:
    """The `count` highest places (x, y, value), at least half a template apart."""
    found = []
    for _ in range(count):
        _, value, _, (x, y) = cv2.minMaxLoc(surface)
        found.append((int(x), int(y), float(value)))
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

"""Cases to measure grounding on, made from labelled screenshots.

Each case is a template, a frame, and where in that frame the thing is (nowhere, for the absent).
The changes are made here, so that the truth is known; "other" uses two real screenshots whose
labels share a stem (`end_turn`, `deck_btn`), and the truth is the label in the second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from groundup.envs.types import Pixels
from groundup.perception.grounding import Match, Template
from groundup.perception.proposals_labels import Screenshot
from groundup.perception.types import Box

CLASSES = ("same", "shifted", "scaled", "covered", "scrolled", "other", "absent", "erased")
"""Same frame; shifted by up to 12 pixels with brightness and noise; scaled .9 to 1.1; 35% covered;
a map scrolled under a fixed frame; another screenshot; a screenshot that shows nothing of the kind;
the same screenshot with the element painted out."""

COVERED = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """`truth`: the boxes where the thing may be found; empty when it is not in the frame.

    `draw` makes the frame, the same each time: a thousand of them at once would fill the memory.
    """

    kind: str
    template: Template
    draw: Callable[[], Pixels]
    truth: tuple[Box, ...]

    def right(self, match: Match | None) -> bool:
        """Whether `match` is a right answer.

        A thing that is there: the middle of the match lies in the true box and, where the truth is
        exact, no further from its middle than 6 pixels or a fifth of its sides. One that is not: None.
        """
        if match is None or not self.truth:
            return match is None and not self.truth
        x, y = match.box.center
        return any(
            box.contains(x, y) and (self.kind == "other" or _close(match.box, box)) for box in self.truth
        )


def _close(found: Box, true: Box) -> bool:
    (x, y), (u, v) = found.center, true.center
    return abs(x - u) <= max(6, true.w / 5) and abs(y - v) <= max(6, true.h / 5)


def stem(name: str) -> str:
    """What a label says without its numbers: card2_strike and card0_strike are both card_strike."""
    return re.sub(r"\d+(?=_|$)", "", name)


def cases(shots: Sequence[Screenshot], seed: int = 0) -> Iterator[Case]:
    """Every case of every class; the same `seed` gives the same cases."""
    rng = np.random.default_rng(seed)
    for shot in shots:
        for name, box in shot.elements.items():
            template = Template.cut(shot.pixels, box)
            yield Case("same", template, partial(_as_it_is, shot.pixels), (box,))
            yield _shifted(template, shot.pixels, rng)
            yield _scaled(template, shot.pixels, rng)
            yield _covered(template, shot.pixels, rng)
            yield from _scrolled(template, shot.pixels, rng)
            if sum(stem(other) == stem(name) for other in shot.elements) == 1:
                yield _erased(template, shot.pixels)
            yield from _others(template, name, shot, shots)


def _others(template: Template, name: str, shot: Screenshot, shots: Sequence[Screenshot]) -> Iterator[Case]:
    stems = {stem(other) for other in shot.elements}
    for another in shots:
        if another is shot:
            continue
        truth = tuple(box for other, box in another.elements.items() if stem(other) == stem(name))
        if truth:
            yield Case("other", template, partial(_as_it_is, another.pixels), truth)
        # Elements are not all labelled: only screenshots with little in common surely lack this one.
        elif len(stems & {stem(other) for other in another.elements}) <= 1:
            yield Case("absent", template, partial(_as_it_is, another.pixels), ())


def _as_it_is(pixels: Pixels) -> Pixels:
    return pixels


def _shifted(template: Template, pixels: Pixels, rng: np.random.Generator) -> Case:
    dx, dy = (int(v) for v in rng.integers(-12, 13, 2))
    gain, seed = float(rng.uniform(0.85, 1.15)), int(rng.integers(2**31))

    def draw() -> Pixels:
        move = np.array([[1, 0, dx], [0, 1, dy]], dtype=np.float64)
        size = (pixels.shape[1], pixels.shape[0])
        moved = cv2.warpAffine(pixels, move, size, borderMode=cv2.BORDER_REPLICATE)
        noise = np.random.default_rng(seed).normal(0, 6, moved.shape)
        return np.asarray(np.clip(moved * gain + noise, 0, 255), dtype=np.uint8)

    x, y, w, h = template.box
    return Case("shifted", template, draw, (Box(x + dx, y + dy, w, h),))


def _scaled(template: Template, pixels: Pixels, rng: np.random.Generator) -> Case:
    """The picture resized inside a frame of the same size, cut around the element where it is larger."""
    scale = float(rng.choice([0.9, 0.95, 1.05, 1.1]))
    height, width = pixels.shape[:2]
    wide, high = round(width * scale), round(height * scale)
    x, y, w, h = template.box
    left = int(np.clip((x + w / 2) * scale - width / 2, 0, max(0, wide - width)))
    top = int(np.clip((y + h / 2) * scale - height / 2, 0, max(0, high - height)))

    def draw() -> Pixels:
        resized = cv2.resize(pixels, (wide, high), interpolation=cv2.INTER_AREA)
        part = resized[top : top + height, left : left + width]
        frame = np.zeros_like(pixels)
        frame[: part.shape[0], : part.shape[1]] = part
        return frame

    box = Box(round(x * scale) - left, round(y * scale) - top, round(w * scale), round(h * scale))
    return Case("scaled", template, draw, (box,))


def _covered(template: Template, pixels: Pixels, rng: np.random.Generator) -> Case:
    """One side of the element hidden by a piece of picture from elsewhere in the frame."""
    height, width = pixels.shape[:2]
    x, y, w, h = template.box
    side = int(rng.integers(4))
    across, down = (round(w * COVERED), h) if side < 2 else (w, round(h * COVERED))
    left, top = x + (w - across if side == 1 else 0), y + (h - down if side == 3 else 0)
    u, v = int(rng.integers(0, width - across + 1)), int(rng.integers(0, height - down + 1))

    def draw() -> Pixels:
        frame = pixels.copy()
        frame[top : top + down, left : left + across] = pixels[v : v + down, u : u + across]
        return frame

    return Case("covered", template, draw, (template.box,))


def _scrolled(template: Template, pixels: Pixels, rng: np.random.Generator) -> Iterator[Case]:
    """The middle of the frame moved up or down, its edges fixed, for elements that stay in sight."""
    height, width = pixels.shape[:2]
    top, bottom, left, right = height // 10, height * 97 // 100, width * 15 // 100, width * 72 // 100
    x, y, w, h = template.box
    if not (left < x and x + w < right and top + 5 < y and y + h < bottom - 5 and h < 0.3 * height):
        return

    def draw(by: int) -> Pixels:
        frame = pixels.copy()
        frame[top:bottom, left:right] = np.roll(pixels[top:bottom, left:right], by, 0)
        return frame

    for _ in range(3):
        by = int(rng.integers(40, 300)) * int(rng.choice([-1, 1]))
        if top + 4 < y + by and y + h + by < bottom - 4:
            yield Case("scrolled", template, partial(draw, by), (Box(x, y + by, w, h),))


def _erased(template: Template, pixels: Pixels) -> Case:
    def draw() -> Pixels:
        height, width = pixels.shape[:2]
        x, y, w, h = template.box
        quarter = (max(1, width // 4), max(1, height // 4))
        small = np.asarray(cv2.resize(pixels, quarter, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        mask = np.zeros(small.shape[:2], dtype=np.uint8)
        top, bottom, left, right = max(0, y - 2), y + h + 2, max(0, x - 2), x + w + 2
        mask[top // 4 : bottom // 4 + 1, left // 4 : right // 4 + 1] = 1
        filled = cv2.resize(cv2.inpaint(small, mask, 5, cv2.INPAINT_TELEA), (width, height))
        frame = pixels.copy()
        frame[top:bottom, left:right] = filled[top:bottom, left:right]
        return frame

    return Case("erased", template, draw, ())

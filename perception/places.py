"""Gives numbers an identity that lasts: what a number looks like (its sort) and where it stands (its place).

A place is *fixed* in a scene when nearly every visit of the scene has a number there: a player's own
numbers stand still, those of others come and go with what they belong to.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import cv2

from groundup.envs.types import Pixels
from groundup.perception.numbers import Number
from groundup.perception.observation import Quantity
from groundup.perception.types import Box

NEAR = (18, 9)
"""How far (x, y) a number may stand from its place: its width changes with its digits, its line does not."""

FIXED = 0.8
"""Share of the visits of a scene in which a fixed place holds a number."""

VISITS = 3
"""Visits of a scene before anything in it counts as fixed by that share."""

STAY = 8
"""Looks at the only screen met so far that count as a visit: a game of one screen is never left."""

BASE = 9.0
"""Height of the smallest letters in pixels; two sizes of a number must differ by half to be told apart, since
a box found around the same number has 21 to 28."""

REMEMBERED = 30
"""Visits of each scene that are looked back on."""


class Places:
    """The places met so far, and which are fixed in which scene."""

    def __init__(self) -> None:
        self._places: list[tuple[str, int, int]] = []
        self._visits: dict[str, deque[set[str]]] = {}
        self._scene = ""
        self._left: dict[str, dict[str, float]] = {}
        self._looks = 0

    def quantity(self, pixels: Pixels, number: Number) -> Quantity:
        """Name the sort and the place of `number` in a frame."""
        form = f"{number.label} {'n' if number.maximum is None else 'n/m'}".strip()
        x, y = number.box.center
        # A labelled number and a bar say by themselves what they are; a bare one only by its ink.
        sort = form if number.label or number.maximum is not None else f"{form} {_ink(pixels, number.box)}"
        return Quantity(number.box, number.value, number.maximum, sort, self._named(form, x, y))

    def _named(self, form: str, x: int, y: int) -> str:
        best, nearest = -1, 1.0
        for i, (other, px, py) in enumerate(self._places):
            distance = max(abs(px - x) / NEAR[0], abs(py - y) / NEAR[1])
            if other == form and distance <= nearest:
                best, nearest = i, distance
        if best < 0:
            self._places.append((form, x, y))
            best = len(self._places) - 1
        return _name(*self._places[best])

    def visit(self, scene: str, quantities: list[Quantity]) -> None:
        """Note what stands in an observation of `scene`.

        Coming back to a scene that stands as it was left goes on with the same visit: a list that was
        opened over a battle and closed again makes no second battle.
        """
        visits = self._visits.setdefault(scene, deque(maxlen=REMEMBERED))
        values = {q.place: q.value for q in quantities}
        self._looks += 1
        stays = len(self._visits) == 1 and self._looks >= STAY
        if not visits or stays or (scene != self._scene and values != self._left.get(scene)):
            visits.append(set())
            self._looks = 0
        self._scene = scene
        self._left[scene] = values
        visits[-1].update(values)

    def fixed(self, scene: str) -> frozenset[str]:
        """The places that hold a number in nearly every visit of `scene`, or of three scenes together."""
        visits = self._visits.get(scene, deque())
        here = {place for seen in visits for place in seen}
        if len(visits) >= VISITS:
            return frozenset(p for p in here if sum(p in seen for seen in visits) >= FIXED * len(visits))
        return frozenset(p for p in here if self._everywhere(p))

    def _everywhere(self, place: str) -> bool:
        scenes = [visits for visits in self._visits.values() if any(place in seen for seen in visits)]
        seen = [place in visit for visits in scenes for visit in visits]
        return len(scenes) >= VISITS and sum(seen) >= FIXED * len(seen)

    def absorb(self, other: Places, scenes: dict[str, str]) -> dict[str, str]:
        """Take over another library's places; `scenes` gives our name for each of its scenes.

        Returns our name for each of its places.
        """
        names = {_name(*place): self._named(*place) for place in other._places}
        for scene, visits in other._visits.items():
            ours = self._visits.setdefault(scenes.get(scene, scene), deque(maxlen=REMEMBERED))
            ours.extend({names[place] for place in seen} for seen in visits)
        return names

    def marks(self) -> dict[str, int]:
        """The documents that hold the places, each with a number that changes when the document does.

        Visits are told anew by the observations since (`visit`): their document is for snapshots.
        """
        return {"places": len(self._places), "visits": 0}

    def document(self, name: str) -> Any:
        """One of them, as JSON."""
        if name == "places":
            return [list(place) for place in self._places]
        return {scene: [sorted(seen) for seen in kept] for scene, kept in self._visits.items()}

    def load(self, documents: dict[str, Any]) -> None:
        """Replace everything by what `document` gave; other documents are left alone."""
        self._places = [(str(w), int(x), int(y)) for w, x, y in documents.get("places", [])]
        self._visits = {
            scene: deque((set(seen) for seen in kept), maxlen=REMEMBERED)
            for scene, kept in documents.get("visits", {}).items()
        }
        self._scene = ""
        self._left = {}


def _name(form: str, x: int, y: int) -> str:
    return f"{form}@{x},{y}"


def _ink(pixels: Pixels, box: Box) -> str:
    """The number's size and the colour of its glyphs in a few levels, such as "h2 red"."""
    crop = pixels[max(0, box.y) : box.y + box.h, max(0, box.x) : box.x + box.w]
    if not crop.size:
        return "h0"
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    bright = grey > level
    ink = crop[bright if bright.mean() <= 0.6 else ~bright]
    red, green, blue = (float(v) for v in (ink if len(ink) else crop.reshape(-1, 3)).mean(axis=0))
    high, low = max(red, green, blue), min(red, green, blue)
    if high - low < 50:
        colour = "white" if high > 140 else "dark"
    elif high == red:
        colour = "yellow" if green - blue > 40 and green > 0.6 * red else "red"
    else:
        colour = "green" if high == green else "blue"
    return f"h{round(1.5 * math.log2(max(1.0, box.h / BASE)))} {colour}"

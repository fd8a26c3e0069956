"""Names for things: the exact kind by words or look, and the coarse look that kinds back off to.

Two things are of one kind when the same title is written on them, or, where nothing is written, when
their pictures are alike. Names are given in the order of appearance and are stable within a library.
"""

from __future__ import annotations

import difflib
import math
import re
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels
from groundup.perception.observation import Thing
from groundup.perception.types import Box, TextLine

SIDE = 12
"""Side of the thumbnail that looks are compared by: so small that breathing by 2 px is lost."""

ALIKE = 20.0
"""Mean difference of two thumbnails, in levels of 255, below which they show one kind."""

SPELLING = 0.86
"""Similarity (difflib ratio) above which two titles are one title misread: one letter in seven."""

SHAPE = np.array([0.6, 0.4])
"""By how many powers of two two looks of one kind may differ in area and in aspect."""

STEP = 1.0
"""Levels of brightness by which a thing must be brighter than all of its kind to be noted."""

Thumbnail = NDArray[np.float32]


class Kinds:
    """The kinds met so far."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._brightest: dict[str, float] = {}
        self._thumbnails: Thumbnail = np.zeros((0, SIDE * SIDE * 3), np.float32)
        self._shapes: NDArray[np.float64] = np.zeros((0, 2))

    def thing(self, pixels: Pixels, box: Box, lines: list[TextLine]) -> Thing:
        """The thing in `box`, with the `lines` that are written on it."""
        crop = pixels[box.y : box.y + box.h, box.x : box.x + box.w]
        title = self._title(lines)
        if not title:
            kind = self._look(_unwritten(crop, box, lines), box)
            return Thing(box, kind, coarse_look(crop, box), written(lines))
        return Thing(box, title, coarse_look(crop, box, self._most(title, crop)), written(lines))

    def _most(self, title: str, crop: Pixels) -> float:
        """The brightness of the brightest thing seen with that title, this one included."""
        bright = float(_small(crop)[..., 2].mean())
        if bright > self._brightest.get(title, 0.0) + STEP:
            self._brightest[title] = bright
        return max(bright, self._brightest[title])

    def _title(self, lines: list[TextLine]) -> str:
        """The topmost line with a word in it, as it was first spelt; "" if nothing is written."""
        worded = [line for line in lines if re.search(r"[^\W\d_]{3,}", line.text)]
        if not worded:
            return ""
        top = min(worded, key=lambda line: line.box.y).text.lower()
        title = re.sub(r"\s+", " ", re.sub(r"\d+", "", top)).strip()
        known = self._titles.get(title)
        if known is not None:
            return known
        marks = re.sub(r"[\w\s]", "", title)
        close = difflib.get_close_matches(title, dict.fromkeys(self._titles.values()), n=3, cutoff=SPELLING)
        # A mark (as in "name+") tells kinds apart, however alike the letters are.
        same = next((c for c in close if re.sub(r"[\w\s]", "", c) == marks and len(title) >= 5), title)
        self._titles[title] = same
        return same

    def _look(self, crop: Pixels, box: Box) -> str:
        thumbnail = cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
        return self._named(thumbnail, np.array([math.log2(box.w * box.h), math.log2(box.w / box.h)]))

    def _named(self, thumbnail: Thumbnail, shape: NDArray[np.float64]) -> str:
        alike = np.flatnonzero((np.abs(self._shapes - shape) <= SHAPE).all(axis=1))
        if len(alike):
            distances = np.abs(self._thumbnails[alike] - thumbnail).mean(axis=1)
            nearest = int(distances.argmin())
            if distances[nearest] < ALIKE:
                return f"look {alike[nearest]}"
        self._thumbnails = np.vstack([self._thumbnails, thumbnail])
        self._shapes = np.vstack([self._shapes, shape])
        return f"look {len(self._thumbnails) - 1}"

    def marks(self) -> dict[str, int]:
        """The documents that hold the kinds, each with a number that changes when the document does."""
        looks = {f"look {i}": 1 for i in range(len(self._thumbnails))}
        # Each note adds more than a level, so the sum's whole part changes with it.
        bright = int(sum(self._brightest.values()))
        return {"titles": len(self._titles), "brightest": bright, **looks}

    def document(self, name: str) -> Any:
        """One of them, as JSON."""
        if name == "titles":
            return self._titles
        if name == "brightest":
            return self._brightest
        i = int(name.split()[1])
        return [self._thumbnails[i].astype(int).tolist(), self._shapes[i].tolist()]

    def load(self, documents: dict[str, Any]) -> None:
        """Replace everything by what `document` gave; other documents are left alone."""
        self._titles = dict(documents.get("titles", {}))
        self._brightest = dict(documents.get("brightest", {}))
        looks = [documents[f"look {i}"] for i in range(sum(name.startswith("look ") for name in documents))]
        self._thumbnails = np.array([look for look, _ in looks], np.float32).reshape(-1, SIDE * SIDE * 3)
        self._shapes = np.array([shape for _, shape in looks], np.float64).reshape(-1, 2)

    def absorb(self, other: Kinds) -> dict[str, str]:
        """Take over another library's kinds; returns our name for each of its looks."""
        for title, same in other._titles.items():
            self._titles.setdefault(title, self._titles.get(same, same))
        for title, bright in other._brightest.items():
            self._brightest[title] = max(bright, self._brightest.get(title, 0.0))
        pairs = zip(other._thumbnails, other._shapes, strict=True)
        return {f"look {i}": self._named(thumbnail, shape) for i, (thumbnail, shape) in enumerate(pairs)}


def _unwritten(crop: Pixels, box: Box, lines: list[TextLine]) -> Pixels:
    """The crop with what is written on it painted over: a pile of 10 looks like a pile of 11.

    Each line's box is filled with the median colour of its edge, where its ink does not reach.
    """
    if not lines:
        return crop
    out = crop.copy()
    for line in lines:
        left, top = max(0, line.box.x - box.x), max(0, line.box.y - box.y)
        patch = out[top : line.box.y - box.y + line.box.h, left : line.box.x - box.x + line.box.w]
        if patch.size:
            edge = np.concatenate([patch[0], patch[-1], patch[:, 0], patch[:, -1]])
            patch[:] = np.median(edge, axis=0)
    return out


def written(lines: list[TextLine]) -> str:
    """What `lines` say in reading order, in lower case, parted by "|"."""
    return " | ".join(x.text for x in sorted(lines, key=lambda x: (x.box.y // 8, x.box.x))).lower()


def coarse_look(crop: Pixels, box: Box, brightest: float | None = None) -> str:
    """Size, brightness and colourfulness in a few levels, such as "128x160 b3 c2".

    With `brightest`, the mean brightness (0 to 255) of the brightest of its kind, brightness is told beside
    that, in quarters ("128x160 r4 c2"): a dark picture in full light is no dimmed one.
    """
    hsv = _small(crop)
    width, height = (2 ** round(math.log2(side)) for side in (box.w, box.h))
    bright = float(hsv[..., 2].mean())
    level = f"b{int(bright) // 43}" if brightest is None else f"r{round(4 * bright / max(1.0, brightest))}"
    return f"{width}x{height} {level} c{int(hsv[..., 1].mean()) // 64}"


def _small(crop: Pixels) -> Pixels:
    """The crop in 8 by 8 pixels of hue, saturation and value."""
    small = cv2.resize(crop, (8, 8), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2HSV), dtype=np.uint8)

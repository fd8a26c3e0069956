"""Puts an observation together from a settled frame: things, text, quantities, scene.

The only place that knows in which order the parts of perception work, and which of them need a frame.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from time import perf_counter
from typing import Any

from groundup.envs.types import Frame
from groundup.perception import steady
from groundup.perception.change import Mask
from groundup.perception.kinds import Kinds, written
from groundup.perception.numbers import Number, numbers
from groundup.perception.observation import Observation, Quantity, key_things
from groundup.perception.places import Places
from groundup.perception.proposals import propose
from groundup.perception.proposals_group import group
from groundup.perception.scene import SceneIndex
from groundup.perception.text import TextReader
from groundup.perception.types import Box, Proposal, TextLine

LARGEST = 0.12
"""Share of the frame above which a box is a background to other things, not a thing."""

SMALLEST = 14
"""Pixels of the shorter side below which nothing is aimed at (the labelled elements have 18 and more)."""

SWITCHED = 0.15
"""Share of the screen that must have changed for good before it can be another kind of screen."""


BESIDE = 8
"""Pixels, a glyph's width, beside a number in which a change makes it be read again. Only where keys can be
pressed, as in games with a desktop's small type: elsewhere numbers stand alone, and neighbours move."""

ALWAYS = 0.8
"""Share of all looks in which words must stand to say nothing of what is at hand."""


class Perceiver:
    """Frames in, observations out; what it has learnt of kinds, places and scenes can be kept."""

    def __init__(self, reader: TextReader | None = None, *, keys: tuple[str, ...] = ()) -> None:
        """`keys`: those that the game takes; they stand among the things of every observation."""
        self.reader = reader or TextReader()
        self.kinds = Kinds()
        self.places = Places()
        self.scenes = SceneIndex()
        self._proposals: list[Proposal] = []
        self._lines: list[TextLine] = []
        self._last: Observation | None = None
        self._keys = key_things(keys)
        self._looks = 0
        self._stood: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}

    def perceive(self, frame: Frame, lasting: Mask | None = None) -> Observation:
        """Perceive a settled frame; `lasting` marks what changed for good since the last one (None: all)."""
        if self._last is None or (lasting is not None and lasting.mean() > SWITCHED):
            lasting = None
        if lasting is not None and self._last is not None and self._last.frame is not None:
            lasting = steady.rewritten(lasting, self._lines, self._last.frame.pixels, frame.pixels)
        lines = self._lines = self._timed("text", self.reader, frame, lasting)
        if lasting is None:
            self._proposals = self._timed("proposals", propose, frame.pixels)
        else:
            self._proposals = self._timed(
                "proposals", steady.proposals, frame.pixels, self._proposals, lasting
            )
        boxes = self._timed("group", self._boxes, self._proposals, lines, frame)
        scene = self._last.scene if self._last is not None else ""
        if lasting is None:
            scene = f"scene {self._timed('scene', self.scenes.classify, frame, lines)}"
        self._last = self._timed("kinds", self._assemble, frame, boxes, lines, scene, lasting)
        return self._last.with_keys(self._keys, self._said(lines)) if self._keys else self._last

    def _said(self, lines: list[TextLine]) -> frozenset[str]:
        """The words on screen that do not always stand there."""
        words = _words(lines)
        self._looks += 1
        self._stood.update(words)
        return frozenset(word for word in words if self._stood[word] < ALWAYS * self._looks)

    def _boxes(self, proposals: list[Proposal], lines: list[TextLine], frame: Frame) -> list[Box]:
        area = frame.width * frame.height
        return [
            p.box
            for p in group(proposals, lines)
            if p.box.area <= LARGEST * area and min(p.box.w, p.box.h) >= SMALLEST
        ]

    def _assemble(
        self, frame: Frame, boxes: list[Box], lines: list[TextLine], scene: str, lasting: Mask | None
    ) -> Observation:
        last = self._last if lasting is not None else None
        kept = steady.things(last.things, lasting) if last is not None and lasting is not None else []
        boxes = [thing.box for thing in kept] + steady.fresh(boxes, kept, lasting)
        inside = _inside(boxes, lines)
        things = [replace(thing, text=written(texts)) for thing, texts in zip(kept, inside, strict=False)]
        pairs = list(zip(boxes, inside, strict=True))
        things += [self.kinds.thing(frame.pixels, box, texts) for box, texts in pairs[len(kept) :]]
        # Several lines of words are a text: its numbers belong to the thing, not to the game's state.
        texts = [box for box, found in pairs if sum(_worded(line) for line in found) >= 2]
        alone = [n for n in numbers(lines) if _stands_alone(n, texts)]
        quantities = _one_per_place([self.places.quantity(frame.pixels, n) for n in alone])
        if last is not None and lasting is not None:
            beside = BESIDE if self._keys else 0
            quantities = steady.quantities(last.quantities, quantities, lasting, beside=beside)
        self.places.visit(scene, quantities)
        return Observation(scene, tuple(things), tuple(quantities), self.places.fixed(scene), frame)

    def _timed(self, name: str, call: Any, *args: Any) -> Any:
        begin = perf_counter()
        result = call(*args)
        self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - begin
        return result

    def marks(self) -> dict[str, int]:
        """The documents that hold what was learnt, each with a number that changes when the document does."""
        return {**self.kinds.marks(), **self.places.marks(), **self.scenes.marks()}

    def document(self, name: str) -> Any:
        """One of them, as JSON."""
        holders: tuple[Kinds | Places | SceneIndex, ...] = (self.kinds, self.places, self.scenes)
        return next(part for part in holders if name in part.marks()).document(name)

    def load(self, documents: dict[str, Any]) -> None:
        """Replace everything learnt by what `document` gave."""
        self.kinds.load(documents)
        self.places.load(documents)
        self.scenes.load(documents)
        self._last = None

    def absorb(self, other: Perceiver) -> dict[str, str]:
        """Take over what another one learnt; returns our name for each of its looks, scenes and places."""
        scenes = self.scenes.absorb(other.scenes)
        return {**self.kinds.absorb(other.kinds), **scenes, **self.places.absorb(other.places, scenes)}


def _inside(boxes: list[Box], lines: list[TextLine]) -> list[list[TextLine]]:
    """For each box the lines whose middle lies in it and in no smaller box."""
    inside: list[list[TextLine]] = [[] for _ in boxes]
    for line in lines:
        holders = [i for i, box in enumerate(boxes) if box.contains(*line.box.center)]
        if holders:
            inside[min(holders, key=lambda i: boxes[i].area)].append(line)
    return inside


def _words(lines: list[TextLine]) -> frozenset[str]:
    plain = (" ".join(re.findall(r"[^\W\d_]{3,}", line.text.lower())) for line in lines)
    return frozenset(words for words in plain if words)


def _worded(line: TextLine) -> bool:
    return re.search(r"[^\W\d_]{3,}", line.text) is not None


def _stands_alone(number: Number, written: list[Box]) -> bool:
    return number.maximum is not None or not any(box.contains(*number.box.center) for box in written)


def _one_per_place(quantities: list[Quantity]) -> list[Quantity]:
    return list({q.place: q for q in quantities}.values())

"""Tells what kind of screen a frame shows, by its embedding and by the words that always stand there.

A scene is known by a few example embeddings, by its anchors (words with the part of the screen
they stand in, digits removed, kept while nearly every visit has them) and by its headings, the words in the
tallest letters. Numbers, units and what lies in a hand do not make another scene.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Frame
from groundup.perception.embedding import FrameEmbedder
from groundup.perception.types import TextLine

Vector = NDArray[np.float32]

ALIKE = 0.86
"""Least likeness of a frame to a scene. Of 140 labelled frames of the embedded game, in six orders, 3 came to
a scene of another kind with .86 and 14 with .78 (the list of a pile and a choice among cards, which have a
cosine of .82); the 11 kinds of screen made 14 scenes and 10. One scene for two kinds misleads for good, two
for one kind cost a few more tries."""

WORDS = 0.15
"""How much likeness missing anchors take away (lists of cards under two headings have a cosine of .89),
and how much it gives when those stand there that no other scene has."""

HEADED = 0.18
"""How much likeness is taken away where other words are in the tallest letters. Cards under "Your deck",
"Discard pile" and "Put a discarded card on your draw pile" look alike, and are dead in the first two. Of
1,500 frames of three games of the embedded game, in nine orders, 71 came to a scene of another kind without
it, 34 with .1, 4 with .18, in 153, 173 and 184 scenes. Where words that a scene never had counted against it,
too, there were 311: spoils by the names of their cards."""

SMALL, TALL = 0.7, 0.9
"""Shares of the tallest letters' height from which on a line is a heading in part and whole."""

LASTING = 0.7
"""Share of a scene's visits in which a word must stand to be an anchor."""

EXAMPLES = 6
"""Example embeddings kept of a scene."""

NEW_EXAMPLE = 0.94
"""Cosine to all examples below which a frame becomes another example of its scene."""

GRID = (8, 8)
"""Columns and rows of the parts of the screen in which words are told apart."""


@dataclass(frozen=True, slots=True)
class _Writing:
    """What is written on a screen: words with where they stand, and heading words with how tall, 0 to 1."""

    words: set[str]
    headings: dict[str, float]


@dataclass(slots=True)
class _Scene:
    examples: list[Vector] = field(default_factory=list)
    visits: int = 0
    words: dict[str, int] = field(default_factory=dict)
    headings: dict[str, float] = field(default_factory=dict)

    @property
    def anchors(self) -> set[str]:
        """The words that stood there in nearly every visit; none before the second."""
        if self.visits < 2:
            return set()
        return {w for w, n in self.words.items() if n >= LASTING * self.visits}

    @property
    def headed(self) -> dict[str, float]:
        """The words that are nearly always in tall letters there, and how tall they are."""
        often = max(self.headings.values(), default=0.0) / 2.0
        return {word: tall / self.visits for word, tall in self.headings.items() if tall >= often}

    @property
    def writing(self) -> _Writing:
        """What is written there in most visits."""
        return _Writing({w for w, n in self.words.items() if n >= LASTING * self.visits}, self.headed)

    def likeness(self, vector: Vector, writing: _Writing, common: set[str]) -> float:
        """How well a frame fits, about 0 to 1; `common` are words that other scenes have as well."""
        best = max(float(example @ vector) for example in self.examples)
        headed = self.headed
        if headed:
            there = sum(min(tall, writing.headings.get(word, 0.0)) for word, tall in headed.items())
            best -= HEADED * (1.0 - there / sum(headed.values()))
        words, anchors = writing.words, self.anchors
        if anchors:
            best -= WORDS * len(anchors - words) / len(anchors)
        own = anchors - common
        if own:
            best += WORDS * len(own & words) / len(own)
        return best

    def learn(self, vector: Vector, writing: _Writing) -> None:
        if all(float(example @ vector) < NEW_EXAMPLE for example in self.examples):
            self.examples = [*self.examples[-(EXAMPLES - 1) :], vector]
        self.visits += 1
        # A word not seen in the first visits is no anchor, so the list stays short.
        fresh = writing.words if self.visits <= 3 else writing.words & self.words.keys()
        for word in fresh:
            self.words[word] = self.words.get(word, 0) + 1
        for word, tall in writing.headings.items():
            if self.visits <= 3 or word in self.headings:
                self.headings[word] = round(self.headings.get(word, 0.0) + tall, 3)


class SceneIndex:
    """The scenes met so far; ids count up from 0."""

    def __init__(self, embed: Callable[[Frame], Vector] | None = None) -> None:
        """`embed`: a frame's embedding of unit length, EfficientNet's by default."""
        self._embed = embed
        self._scenes: list[_Scene] = []
        self._last = -1

    def classify(self, frame: Frame, lines: list[TextLine]) -> int:
        """The id of the scene that a settled frame shows; a new one when it is like none."""
        if self._embed is None:
            self._embed = FrameEmbedder()
        vector = np.ravel(self._embed(frame)).astype(np.float32)
        writing = _Writing(_anchors(frame, lines), _headings(lines))
        likeness = self._likeness(vector, writing)
        best = int(np.argmax(likeness)) if likeness else -1
        if best < 0 or likeness[best] < ALIKE:
            self._scenes.append(_Scene())
            best = len(self._scenes) - 1
        # One look at a screen that stays is one visit: a long fight must not outvote ten short ones.
        if best != self._last or self._scenes[best].visits < 2:
            self._scenes[best].learn(vector, writing)
        self._last = best
        return best

    def _likeness(self, vector: Vector, writing: _Writing) -> list[float]:
        count = Counter(word for scene in self._scenes for word in scene.words)
        common = {word for word, n in count.items() if n > 1}
        return [scene.likeness(vector, writing, common) for scene in self._scenes]

    def absorb(self, other: SceneIndex) -> dict[str, str]:
        """Take over another library's scenes; returns our name for each of its names ("scene 3")."""
        names: dict[str, str] = {}
        for i, scene in enumerate(other._scenes):
            likeness = np.max([self._likeness(e, scene.writing) for e in scene.examples], axis=0).tolist()
            best = int(np.argmax(likeness)) if likeness else -1
            if best < 0 or likeness[best] < ALIKE:
                self._scenes.append(scene)
                best = len(self._scenes) - 1
            names[f"scene {i}"] = f"scene {best}"
        return names

    def marks(self) -> dict[str, int]:
        """The documents that hold the scenes, each with a number that changes when the document does."""
        return {
            f"scene {i}": len(scene.examples) + scene.visits.bit_length()
            for i, scene in enumerate(self._scenes)
        }

    def document(self, name: str) -> Any:
        """One of them, as JSON."""
        scene = self._scenes[int(name.split()[1])]
        examples = [b64encode(example.astype("<f2").tobytes()).decode() for example in scene.examples]
        return {
            "examples": examples,
            "visits": scene.visits,
            "words": scene.words,
            "headings": scene.headings,
        }

    def load(self, documents: dict[str, Any]) -> None:
        """Replace everything by what `document` gave; other documents are left alone."""
        self._scenes = []
        for i in range(sum(name.startswith("scene ") for name in documents)):
            row = documents[f"scene {i}"]
            examples = [
                np.frombuffer(b64decode(example), "<f2").astype(np.float32) for example in row["examples"]
            ]
            # Older libraries hold no headings: theirs are learnt in the next visits.
            headings = dict(row.get("headings", {}))
            self._scenes.append(_Scene(examples, int(row["visits"]), dict(row["words"]), headings))
        self._last = -1


def _anchors(frame: Frame, lines: list[TextLine]) -> set[str]:
    """The words in `lines` with the part of the screen that they stand in; digits and marks are left out."""
    out: set[str] = set()
    for line in lines:
        words = " ".join(re.findall(r"[^\W\d_]{3,}", line.text.lower()))
        if words:
            x, y = line.box.center
            out.add(f"{words}@{x * GRID[0] // frame.width},{y * GRID[1] // frame.height}")
    return out


def _headings(lines: list[TextLine]) -> dict[str, float]:
    """The words in the tallest letters, 0 to 1 by how near their height is to that of the tallest."""
    worded = [(line.box.h, re.findall(r"[^\W\d_]{3,}", line.text.lower())) for line in lines]
    tallest = max((height for height, words in worded if words), default=1)
    out: dict[str, float] = {}
    for height, words in worded:
        tall = min(1.0, (height / tallest - SMALL) / (TALL - SMALL))
        if tall > 0.0:
            out.update({word: max(tall, out.get(word, 0.0)) for word in words})
    return out

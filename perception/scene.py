"""Tells what kind of screen a frame shows, by its embedding and by the words that always stand there.

A scene is known by a few example embeddings and by its anchors: words with the part of the screen
they stand in, digits removed, kept while nearly every visit has them. Numbers, units and what lies in
a hand do not make another scene.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable
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

LASTING = 0.7
"""Share of a scene's visits in which a word must stand to be an anchor."""

EXAMPLES = 6
"""Example embeddings kept of a scene."""

NEW_EXAMPLE = 0.94
"""Cosine to all examples below which a frame becomes another example of its scene."""

GRID = (8, 8)
"""Columns and rows of the parts of the screen in which words are told apart."""


class _Scene:
    def __init__(self) -> None:
        self.examples: list[Vector] = []
        self.visits = 0
        self.words: dict[str, int] = {}

    @property
    def anchors(self) -> set[str]:
        """The words that stood there in nearly every visit; none before the second."""
        if self.visits < 2:
            return set()
        return {w for w, n in self.words.items() if n >= LASTING * self.visits}

    def likeness(self, vector: Vector, words: set[str], common: set[str]) -> float:
        """How well a frame fits, about 0 to 1; `common` are words that other scenes have as well."""
        best = max(float(example @ vector) for example in self.examples)
        anchors = self.anchors
        if anchors:
            best -= WORDS * len(anchors - words) / len(anchors)
        own = anchors - common
        if own:
            best += WORDS * len(own & words) / len(own)
        return best

    def learn(self, vector: Vector, words: set[str]) -> None:
        if all(float(example @ vector) < NEW_EXAMPLE for example in self.examples):
            self.examples = [*self.examples[-(EXAMPLES - 1) :], vector]
        self.visits += 1
        # A word not seen in the first visits is no anchor, so the list stays short.
        fresh = words if self.visits <= 3 else words & self.words.keys()
        for word in fresh:
            self.words[word] = self.words.get(word, 0) + 1


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
        words = _anchors(frame, lines)
        likeness = self._likeness(vector, words)
        best = int(np.argmax(likeness)) if likeness else -1
        if best < 0 or likeness[best] < ALIKE:
            self._scenes.append(_Scene())
            best = len(self._scenes) - 1
        # One look at a screen that stays is one visit: a long fight must not outvote ten short ones.
        if best != self._last or self._scenes[best].visits < 2:
            self._scenes[best].learn(vector, words)
        self._last = best
        return best

    def _likeness(self, vector: Vector, words: set[str]) -> list[float]:
        count = Counter(word for scene in self._scenes for word in scene.words)
        common = {word for word, n in count.items() if n > 1}
        return [scene.likeness(vector, words, common) for scene in self._scenes]

    def absorb(self, other: SceneIndex) -> dict[str, str]:
        """Take over another library's scenes; returns our name for each of its names ("scene 3")."""
        names: dict[str, str] = {}
        for i, scene in enumerate(other._scenes):
            words = {w for w, n in scene.words.items() if n >= LASTING * scene.visits}
            likeness = np.max([self._likeness(e, words) for e in scene.examples], axis=0).tolist()
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
        return {"examples": examples, "visits": scene.visits, "words": scene.words}

    def load(self, documents: dict[str, Any]) -> None:
        """Replace everything by what `document` gave; other documents are left alone."""
        self._scenes = []
        for i in range(sum(name.startswith("scene ") for name in documents)):
            row, scene = documents[f"scene {i}"], _Scene()
            scene.examples = [
                np.frombuffer(b64decode(example), "<f2").astype(np.float32) for example in row["examples"]
            ]
            scene.visits, scene.words = int(row["visits"]), dict(row["words"])
            self._scenes.append(scene)
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

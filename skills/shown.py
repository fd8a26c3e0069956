"""Which choices somebody made who showed the game: a reason to make them before anything else is known.

How often a kind of thing was chosen is told against how often it stood there: a button that ends a turn is
always there, and is pressed when nothing else is left to do. What stood there and was never chosen is not
worth a try for being new. Where keys are taken, which mean something else by what is selected, the words on
screen tell when a choice was made. What is tried here outweighs all this in time: it is where to begin, not
what to believe.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

WORTH, OFTEN = 0.7, 0.6
"""Worth, in progress, of a choice that was shown, and of one that was made whenever it could be beside that:
more than that of a choice never made (`chooser.NOVELTY`), so that what was shown is done first."""

PASSED_BY = 0.6
"""Progress taken off what was never chosen however often it stood there: what its being new is worth."""

SEEN = 4.0
"""Times that a thing stood there unchosen by which half of that is taken off."""

OWN = 8.0
"""Tries of one's own by which what was shown counts half, as `choices.SHRINK` has it for returns."""


DOUBT = 1.0
"""Times that a word must have stood on screen by which what it tells counts half, beside the share of all."""


class Shown:
    """Shown choices, by scene and kind: how often chosen, how often it stood there, and with which words."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, list[float]]] = {}
        self._cues: dict[str, dict[str, Counter[str]]] = {}

    def note(
        self, scene: str, kind: str, present: Iterable[str], words: frozenset[str] = frozenset()
    ) -> None:
        """Somebody chose `kind` in `scene`, where things of the kinds `present` and `words` stood."""
        kinds = self._counts.setdefault(scene, {})
        for other in {kind, *present}:
            counts = kinds.setdefault(other, [0.0, 0.0])
            counts[0] += other == kind
            counts[1] += 1.0
        cues = self._cues.setdefault(scene, {})
        for word in words:
            cues.setdefault(word, Counter())[kind] += 1

    def worth(self, scene: str, kind: str, tries: float, words: frozenset[str] = frozenset()) -> float:
        """What having been shown is worth, in progress; `tries` of that choice include those shown."""
        chosen, seen = self._counts.get(scene, {}).get(kind, (0.0, 0.0))
        if not chosen:
            return -PASSED_BY * seen / (seen + SEEN) * OWN / (OWN + tries)
        share, told = self._told(scene, kind, chosen / seen, words)
        # What was shown in other cases only was passed by in this one.
        fits = min(1.0, share * seen / chosen)
        worth = fits * (WORTH + OFTEN * share) - (1.0 - fits) * PASSED_BY * told / (told + SEEN)
        own = max(0.0, tries - chosen)
        return worth * OWN / (OWN + own)

    def _told(self, scene: str, kind: str, share: float, words: frozenset[str]) -> tuple[float, float]:
        """How often `kind` is chosen by the word that tells most, and how often that word stood there.

        `share`: how often it is chosen in all.
        """
        cues = self._cues.get(scene, {})
        rows = [cues[word] for word in words if word in cues]
        told = [((row[kind] + DOUBT * share) / (row.total() + DOUBT), float(row.total())) for row in rows]
        return max(told, key=lambda one: (abs(_odds(one[0]) - _odds(share)), *one), default=(share, 0.0))

    def knows(self, scene: str, words: frozenset[str]) -> bool:
        """Whether it was shown what to do in such a case: most of the `words` stood on screen then, too."""
        cues = self._cues.get(scene, {})
        return 2 * sum(word in cues for word in words) > len(words)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-friendly copy: the counts as `shown`, what the words tell as `cues`."""
        return {
            "shown": {scene: {k: list(v) for k, v in kinds.items()} for scene, kinds in self._counts.items()},
            "cues": {
                scene: {word: dict(sorted(row.items())) for word, row in sorted(cues.items())}
                for scene, cues in self._cues.items()
            },
        }

    def load(self, data: dict[str, Any]) -> None:
        """Replace everything by what `to_dict` gave."""
        self._counts = {
            scene: {kind: [float(chosen), float(seen)] for kind, (chosen, seen) in kinds.items()}
            for scene, kinds in data.get("shown", {}).items()
        }
        self._cues = {
            scene: {word: Counter(row) for word, row in cues.items()}
            for scene, cues in data.get("cues", {}).items()
        }


def _odds(share: float) -> float:
    """The logarithm of the odds of something that is at most nearly certain."""
    share = min(0.99, max(0.01, share))
    return math.log(share / (1.0 - share))

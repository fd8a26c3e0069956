"""Which choices somebody made who showed the game: a reason to make them before anything else is known.

How often a kind of thing was chosen is told against how often it stood there: a button that ends a turn is
always there, and is pressed when nothing else is left to do. What stood there and was never chosen is not
worth a try for being new. What is tried here outweighs all this in time: it is where to begin, not what to
believe.
"""

from __future__ import annotations

from collections.abc import Iterable

WORTH, OFTEN = 0.7, 0.6
"""Worth, in progress, of a choice that was shown, and of one that was made whenever it could be beside that:
more than that of a choice never made (`chooser.NOVELTY`), so that what was shown is done first."""

PASSED_BY = 0.6
"""Progress taken off what was never chosen however often it stood there: what its being new is worth."""

SEEN = 4.0
"""Times that a thing stood there unchosen by which half of that is taken off."""

OWN = 8.0
"""Tries of one's own by which what was shown counts half, as `choices.SHRINK` has it for returns."""


class Shown:
    """Counts of shown choices, by scene and kind: how often chosen, how often it stood there."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, list[float]]] = {}

    def note(self, scene: str, kind: str, present: Iterable[str]) -> None:
        """Somebody chose `kind` in `scene`, where things of the kinds `present` stood."""
        kinds = self._counts.setdefault(scene, {})
        for other in {kind, *present}:
            counts = kinds.setdefault(other, [0.0, 0.0])
            counts[0] += other == kind
            counts[1] += 1.0

    def worth(self, scene: str, kind: str, tries: float) -> float:
        """What having been shown is worth, in progress; `tries` of that choice include those shown."""
        chosen, seen = self._counts.get(scene, {}).get(kind, (0.0, 0.0))
        if not chosen:
            return -PASSED_BY * seen / (seen + SEEN) * OWN / (OWN + tries)
        own = max(0.0, tries - chosen)
        return (WORTH + OFTEN * chosen / seen) * OWN / (OWN + own)

    def to_dict(self) -> dict[str, dict[str, list[float]]]:
        """A JSON-friendly copy."""
        return {scene: {k: list(v) for k, v in kinds.items()} for scene, kinds in self._counts.items()}

    def load(self, data: dict[str, dict[str, list[float]]]) -> None:
        """Replace everything by what `to_dict` gave."""
        self._counts = {
            scene: {kind: [float(chosen), float(seen)] for kind, (chosen, seen) in kinds.items()}
            for scene, kinds in data.items()
        }

"""Whether a model's advice is worth asking for: what came of it, beside what came of trying alone."""

from __future__ import annotations

ENOUGH = 15
"""Moves of each sort before they are compared."""

WORSE = 0.2
"""How much smaller the share of advised moves that had an effect may be."""

PAUSE = 200
"""Moves without advice once it was worse."""


class Trust:
    """Counts moves with an effect, advised and not."""

    def __init__(self) -> None:
        self._advised = [0.0, 0.0]
        self._own = [0.0, 0.0]
        self._moves = 0
        self._until = 0

    def came(self, *, advised: bool, happened: bool) -> None:
        """A move that was tried had an effect, or none."""
        counts = self._advised if advised else self._own
        counts[0] += 1.0
        counts[1] += happened

    def worth(self, moves: int) -> bool:
        """Whether advice is worth asking for after so many moves."""
        if moves < self._until:
            return False
        (n, good), (m, well) = self._advised, self._own
        if n >= ENOUGH and m >= ENOUGH and good / n < well / m - WORSE:
            self._until = moves + PAUSE
            self._advised = [n / 2, good / 2]  # so that it gets another chance
            return False
        return True

"""A circuit breaker: who does not answer is left alone for a while, and longer each time.

The usual three states (Nygard, Release It!, 2007): closed, open, and half-open for one trial.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

FAILURES = 3
"""Failures one after the other that open it."""

FIRST, LONGEST = 30.0, 600.0
"""Seconds that it stays open at first and at the most; doubled each time."""


class Breaker:
    """Says whether to ask; told what came of it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._pause = FIRST
        self._until = -math.inf

    @property
    def open(self) -> bool:
        """Whether asking is of no use now."""
        return self._clock() < self._until

    def succeeded(self) -> bool:
        """An answer came; returns whether it had been open."""
        was = self._failures >= FAILURES
        self._failures, self._pause, self._until = 0, FIRST, -math.inf
        return was

    def failed(self) -> float | None:
        """No answer came; returns the seconds that it is open from now on, None while it is closed."""
        self._failures += 1
        if self._failures < FAILURES:
            return None
        pause = self._pause
        self._until = self._clock() + pause
        self._pause = min(LONGEST, 2 * pause)
        return pause

    def shut(self) -> None:
        """Stay open for good."""
        self._failures, self._until = FAILURES, math.inf

"""How many moves were dead lately, and how wary that makes of the next one.

A few moves may be dead, more at first: without them nothing is learnt. Whoever has used these up owes, and
pays by moves that are answered. Trials have an allowance of their own, so that what is learnt does not hang
on how the rest went: while it is used up nothing unknown is tried. While too many of all moves were dead, the
chance of another one weighs more.
"""

from __future__ import annotations

from collections import Counter

from groundup.perception.observation import Observation

from .moves import Decision
from .situation import any_changed

FREE, TRIALS, SHARE = 12.0, 0.01, 0.02
"""Dead moves allowed at the start of a campaign, and the shares of all moves for dead trials and for all that
is dead: 22 and 32 of the first 1,000, of which the paper's agent has 77 and 14 dead in two games
(../shared/research.md section 1: 92.3% and 98.6% answered). In Freeciv some 20 more come of what nobody can
help: a server that answers late, people that are killed. With 10 at the start people were left without a city
in one of three games: that key does nothing but where the right unit stands well."""

HEAVY = 4.0
"""Dead moves owed by which the price of another one doubles."""

DEAREST = 3.0
"""The price at most, so that a game which answers little is still played."""

STUCK = 4.0
"""Moves since any number on screen changed by which half of what makes it dearer is let off. In a dialogue
over the game the way out is unknown: whoever dares nothing opens and closes the same menu for ever."""

BOLD = 12
"""So many of them from which what was never tried is worth a try for the words on it."""

OVER = 8
"""Dead moves from which the run of the game is over, nothing being left to play with: in a row, after any
that was answered, or since any number on screen changed, after the first that did (a menu may still open).
What has changed a number most often must be among the moves since then: while new keys were tried with no
unit left to obey them, a game of seed 122 was given up at turn 6, where the key that ends a turn would have
gone on. While Freeciv could be played there were at most 3 in a row and 6 without a change (1,500 steps of
four seeds); before that, people that were killed clicked on for 20."""


class Wariness:
    """Counts the moves of the campaign at hand; not kept, since another one begins with new allowances."""

    def __init__(self) -> None:
        self._tried = self._owed = -FREE
        self._idle = 0
        self._row: int | None = None
        self._still: int | None = None
        self._changers: Counter[str] = Counter()
        self._in_vain = False

    def note(
        self, before: Observation, move: Decision, responses: tuple[bool, ...], after: Observation
    ) -> None:
        """One more move; `responses` says for each of its actions whether it was answered."""
        for answered in responses:
            dead = 0.0 if answered else 1.0
            self._row = 0 if answered else None if self._row is None else self._row + 1
            self._owed = max(-FREE, self._owed + dead - SHARE)
            self._tried = max(-FREE, self._tried + dead * (move.kind == "probe") - TRIALS)
        if any_changed(before.values, after.values):
            self._idle = self._still = 0
            self._in_vain = False
            self._changers[move.skill] += 1
        else:
            self._idle += 1
            self._in_vain |= self._changers[move.skill] == max(self._changers.values(), default=0)
            if self._still is not None:
                self._still += responses.count(False)

    @property
    def spare(self) -> bool:
        """Whether another dead trial is allowed."""
        return self._tried <= 0.0

    @property
    def price(self) -> float:
        """What a dead move costs, in the usual price: 1, or more where too many were dead."""
        return 1.0 + min(DEAREST - 1.0, max(0.0, self._owed) / HEAVY) / (1.0 + self._idle / STUCK)

    @property
    def over(self) -> bool:
        """Whether nothing is answered any more."""
        return self._in_vain and max(self._row or 0, self._still or 0) >= OVER

    def begin(self) -> None:
        """Another run of the game begins."""
        self._row = self._still = None
        self._idle = 0
        self._in_vain = False

    @property
    def bold(self) -> bool:
        """Whether nothing has changed for so long that anything is worth a try."""
        return self._idle >= BOLD

"""Trying what was never tried, in games that take keys: there is far more of it than moves to spend.

Where a game is played by mouse alone, what is on screen is what can be done, and the `Chooser` weighs the
unknown against the known in every choice. Keys are always there, and most do nothing most of the time. So
what is likely to be answered is chosen, and a share of the moves, large at first, goes to the unknown.
"""

from __future__ import annotations

from random import Random

from groundup.perception.observation import Observation, Thing

from .choices import Choices
from .grammar import Grammar
from .moves import Decision
from .shown import Shown
from .wariness import Wariness

EARLY, LEAST = 10.0, 0.03
"""Moves by which half of them are spent on the unknown, and the least share: some 60 of the first 1,000."""

HOPE, KEY_HOPE = 0.28, 0.08
"""Least chance of an answer at which a thing, or a key in another case, is tried at all."""

NEW, OFTEN = 0.5, 0.6
"""Share of the words on screen that never stood there when a key was pressed, above which the case is another
one, and the share of moves spent on the unknown in it: there may be no second chance soon."""

KEYS = 0.7
"""Share of these that goes to keys rather than to things on screen; in another case all does."""


class Explorer:
    """Decides now and then on something unknown."""

    def __init__(
        self, rng: Random, grammar: Grammar, choices: Choices, wariness: Wariness, shown: Shown
    ) -> None:
        self._rng = rng
        self._shown = shown
        self._wariness = wariness
        self._grammar = grammar
        self._choices = choices

    def decide(self, obs: Observation) -> Decision | None:
        """A key or thing to try, or None to choose among what is known; None where there are no
        keys, or too many moves were dead."""
        if not self._wariness.spare or not any(thing.keys for thing in obs.things):
            return None
        share = max(LEAST, EARLY / (EARLY + self._choices.made))
        unheard = max(self._grammar.unheard(obs, thing) for thing in obs.things if thing.keys)
        # Who was shown what to do in such a case does that first.
        new = unheard > NEW and not self._shown.knows(obs.scene, obs.words)
        if new:
            share = max(share, OFTEN)
        if self._rng.random() > share:
            return None
        ways = [self._key, self._thing] if new or self._rng.random() < KEYS else [self._thing, self._key]
        found = ways[0](obs) or ways[1](obs)
        return None if found is None else Decision("probe", found, why="unknown")

    def _key(self, obs: Observation) -> Thing | None:
        """A key in another case: the more of what is written now never stood there when it was pressed the
        better, then the less it was tried. It may have been dead for want of what it needs."""
        ranked = [
            (-unheard, self._choices.tried_anywhere(thing.kind), self._rng.random(), thing)
            for chance, thing in self._grammar.usable(obs)
            if thing.keys and chance >= KEY_HOPE and (unheard := self._grammar.unheard(obs, thing)) > 0.0
        ]
        return min(ranked)[3] if ranked else None

    def _thing(self, obs: Observation) -> Thing | None:
        """The thing likeliest to be answered of a kind never tried here."""
        ranked = [
            (chance + 0.1 * self._rng.random(), i, thing)
            for i, (chance, thing) in enumerate(self._grammar.usable(obs))
            if not thing.keys
            and chance >= HOPE
            and not self._choices.tries(obs.scene, thing.kind)
            and not (thing.text and self._grammar.lifeless(obs.scene, thing))
        ]
        return max(ranked)[2] if ranked else None

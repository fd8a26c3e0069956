"""How well boundaries were found: one-to-one matching within a tolerance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Score:
    """Boundaries found, true ones, and how many of them were matched."""

    found: int = 0
    true: int = 0
    matched: int = 0

    @property
    def precision(self) -> float:
        """The share of found boundaries that are true; 0 when none was found."""
        return self.matched / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """The share of true boundaries that were found; 0 when there are none."""
        return self.matched / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """2 matched / (found + true); 1 when there was nothing to find and nothing was found."""
        return 2 * self.matched / (self.found + self.true) if self.found + self.true else 1.0


def match(found: Sequence[int], true: Sequence[int], tolerance: int) -> int:
    """The most pairs of a found and a true boundary at most `tolerance` frames apart, each used once.

    Taking, in order of time, the earliest partner that still fits is optimal when all tolerances are the
    same (intervals of equal length; TRECVID's shot boundary task counts likewise).
    """
    truths = sorted(true)
    matched = at = 0
    for boundary in sorted(found):
        while at < len(truths) and truths[at] < boundary - tolerance:
            at += 1
        if at < len(truths) and truths[at] <= boundary + tolerance:
            matched += 1
            at += 1
    return matched


def score(pairs: Iterable[tuple[Sequence[int], Sequence[int]]], tolerance: int) -> Score:
    """Found and true boundaries of several demonstrations, counted together."""
    total = Score()
    for found, true in pairs:
        hits = match(found, true, tolerance)
        total = Score(total.found + len(found), total.true + len(true), total.matched + hits)
    return total


def purity(parts: Iterable[tuple[Sequence[int], Sequence[int], int]]) -> float:
    """The share of steps that belong to the skill with most steps of their segment; 1 without a mixed one.

    `parts` are found boundaries, true ones and the number of steps of demonstrations. Unlike F1 it is high
    for short segments whatever they are: compare at equal mean length.
    """
    held = total = 0
    for found, true, steps in parts:
        for begin, end in pairwise([0, *sorted(found), steps]):
            edges = [begin, *(at for at in sorted(true) if begin < at < end), end]
            held += max(b - a for a, b in pairwise(edges))
        total += steps
    return held / total if total else 1.0

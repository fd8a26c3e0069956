"""Finds a thing by what is written on it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from groundup.perception.types import TextLine

ALIKE = 0.8
"""Least similarity of two readings of one text: one wrong letter in a word of six is still the word."""


def best_line(text: str, lines: Sequence[TextLine]) -> tuple[TextLine | None, float]:
    """The line most like `text` and their similarity times its confidence; None below ALIKE.

    Case and blanks do not count. Of equally similar lines the more confident wins.
    """
    wanted = _plain(text)
    best: tuple[TextLine | None, float] = (None, 0.0)
    for line in lines:
        alike = SequenceMatcher(None, wanted, _plain(line.text)).ratio()
        if wanted and alike >= ALIKE and alike * line.confidence > best[1]:
            best = (line, alike * line.confidence)
    return best


def _plain(text: str) -> str:
    return "".join(text.casefold().split())

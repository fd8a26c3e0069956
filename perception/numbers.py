"""Finds the numbers in what was read, with what they say about themselves.

The module does not know what a number means; that is learnt from how it moves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from groundup.perception.types import Box, TextLine

_DIGITS = r"\d{1,3}(?:[,' ]\d{3})+(?!\d)|\d+"
_PATTERN = re.compile(
    rf"(?<![\d.])(?P<sign>[+\-–−]?)\s?(?P<value>(?:{_DIGITS})(?:\.\d+)?)"
    rf"(?:\s?(?P<joint>[/x×*])\s?(?P<second>{_DIGITS}))?(?P<unit>[%kKmM]?)(?![\w]|\.\d)"
)
_VERSION = re.compile(r"\bv?\d+(?:\.\d+){2,}\b|\bv\d+(?:\.\d+)+|\d+(?:[-:]\d+){2,}|\d+:\d\d\b", re.IGNORECASE)
_SCALE = {"k": 1e3, "m": 1e6}


@dataclass(frozen=True, slots=True)
class Number:
    """A number on screen.

    `value` is what counts (72 of "72/80", 10 of "5x2"), `maximum` the second number of "72/80",
    `factors` the two of "5x2". `label` holds the line's other words in lower case, `box` the estimated
    place of the number's own glyphs in pixels, `confidence` (0 to 1) the line's.
    """

    value: float
    maximum: float | None
    label: str
    box: Box
    confidence: float
    factors: tuple[float, float] | None = None


def numbers(lines: Iterable[TextLine]) -> list[Number]:
    """Every number in `lines`, in their order; version strings, dates and clocks are no numbers."""
    return [number for line in lines for number in _in_line(line)]


def _in_line(line: TextLine) -> list[Number]:
    text = _plain(line.text)
    text = _VERSION.sub(lambda found: " " * len(found[0]), text)
    found = list(_PATTERN.finditer(text))
    label = " ".join(re.findall(r"[^\W\d_]{2,}", _PATTERN.sub(" ", text))).casefold()
    return [_number(line, text, match, label) for match in found]


def _plain(text: str) -> str:
    """Circled and full-width digits as plain ones, one character for one, so that places stay."""
    return "".join(_digit(char) for char in text)


def _digit(char: str) -> str:
    if char.isascii():
        return char
    value = unicodedata.numeric(char, None)
    if value is not None and unicodedata.category(char) in ("No", "Nd") and 0 <= value <= 9:
        return f"{value:.0f}"
    return "/" if char in "／⁄" else char


def _number(line: TextLine, text: str, match: re.Match[str], label: str) -> Number:
    value = _value(match["value"]) * _SCALE.get(match["unit"].lower(), 1.0)
    maximum = factors = None
    if match["second"]:
        second = _value(match["second"])
        if match["joint"] == "/":
            maximum = second
        else:
            factors = (value, second)
            value *= second
    if match["sign"] not in ("", "+"):
        value = -value
    return Number(value, maximum, label, _part(line.box, text, match), line.confidence, factors)


def _value(digits: str) -> float:
    return float(re.sub(r"[,' ]", "", digits))


def _part(box: Box, text: str, match: re.Match[str]) -> Box:
    """The share of the line's box that the match takes, as if all characters were equally wide."""
    start, end = match.span()
    start += len(match[0]) - len(match[0].lstrip())
    left = box.x + round(box.w * start / len(text))
    right = box.x + round(box.w * end / len(text))
    return Box(left, box.y, max(1, right - left), box.h)

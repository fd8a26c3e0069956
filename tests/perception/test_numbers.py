"""Numbers in lines of text."""

from __future__ import annotations

import pytest

from groundup.perception.numbers import numbers
from groundup.perception.types import Box, TextLine


def line(text: str) -> TextLine:
    return TextLine(Box(100, 20, 10 * len(text), 16), text, 0.9)


@pytest.mark.parametrize(
    ("text", "value", "maximum", "label"),
    [
        ("72/80", 72, 80, ""),
        ("72 / 80", 72, 80, ""),
        ("Floor 3", 3, None, "floor"),
        ("Score: 1,234", 1234, None, "score"),
        ("1 234 567", 1234567, None, ""),
        ("+7", 7, None, ""),
        ("-4", -4, None, ""),
        ("−4", -4, None, ""),
        ("①", 1, None, ""),
        ("云 99", 99, None, ""),
        ("Deal 6 damage.", 6, None, "deal damage"),
        ("50%", 50, None, ""),
        ("12.5k", 12500, None, ""),
        ("0", 0, None, ""),
        ("L5", 5, None, ""),
        ("(5)", 5, None, ""),
    ],
)
def test_forms(text: str, value: float, maximum: float | None, label: str) -> None:
    (found,) = numbers([line(text)])
    assert (found.value, found.maximum, found.label) == (value, maximum, label)
    assert found.confidence == 0.9


def test_a_product_keeps_its_factors() -> None:
    (found,) = numbers([line("5x2")])
    assert (found.value, found.factors) == (10, (5, 2))


@pytest.mark.parametrize(
    "text", ["V2.3.4", "1.0.12", "12-18-2022", "10:47:35", "10:47", "the Ironclad", "x2y", ""]
)
def test_no_numbers(text: str) -> None:
    assert numbers([line(text)]) == []


def test_several_in_a_line_have_their_own_boxes() -> None:
    first, second = numbers([line("gold 12  hp 7/9")])
    assert (first.value, second.value, second.maximum) == (12, 7, 9)
    assert first.box == Box(150, 20, 20, 16)
    assert second.box == Box(220, 20, 30, 16)

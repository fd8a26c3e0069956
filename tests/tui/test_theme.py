"""The colours can be told from what is behind them."""

from __future__ import annotations

import pytest
from textual.theme import Theme

from groundup.tui.theme import DARK, LIGHT

COLOURS = ("primary", "secondary", "accent", "success", "warning", "error")


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2, definitions)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2, definitions)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_the_definition() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("behind", ["background", "surface", "panel"])
def test_text_stands_out(theme: Theme, behind: str) -> None:
    ground = getattr(theme, behind)
    assert contrast(theme.foreground or "", ground) >= 7.0
    for name in COLOURS:
        assert contrast(getattr(theme, name), ground) >= 4.5, name

"""Colours, light and dark.

On each of the three backgrounds plain text stands out by 7 to 1 or more, coloured text by 4.5 to 1 (WCAG 2.2,
1.4.6 and 1.4.3).
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="groundup-dark",
    primary="#6cb6ff",
    secondary="#c8a2f0",
    accent="#f4bf4f",
    success="#7ad08a",
    warning="#f4bf4f",
    error="#ff8a80",
    foreground="#e6e9ef",
    background="#10141b",
    surface="#161b24",
    panel="#202736",
    dark=True,
    variables={"block-cursor-text-style": "none", "footer-key-foreground": "#f4bf4f"},
)

LIGHT = Theme(
    name="groundup-light",
    primary="#0b5394",
    secondary="#6a3d9a",
    accent="#8a4b00",
    success="#1b6e2c",
    warning="#8a4b00",
    error="#a31515",
    foreground="#1c2330",
    background="#f6f7f9",
    surface="#ffffff",
    panel="#e4e8ef",
    dark=False,
    variables={"block-cursor-text-style": "none", "footer-key-foreground": "#8a4b00"},
)

PALETTE = ("primary", "accent", "success", "secondary", "error")
"""The theme's colours that curves take in turn."""

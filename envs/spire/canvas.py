"""A frame being drawn: blits in virtual coordinates."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal

import pygame

from groundup.envs.spire.geometry import Rect, View
from groundup.envs.spire.layout import UiState
from groundup.envs.spire.paint import CREAM, INK, Brush, Color, Pen, mix


@dataclass(slots=True)
class Canvas:
    """The screen, the brush at its scale, and the number of the frame."""

    screen: pygame.Surface
    brush: Brush
    view: View
    frame: int
    ui: UiState

    def put(self, picture: pygame.Surface, x: float, y: float) -> None:
        """Blit with its top left corner at a virtual point."""
        left, top = self.view.origin
        k = self.view.scale
        self.screen.blit(picture, (round(x * k + left), round(y * k + top)))

    def stamp(self, key: Hashable, box: Rect, draw: Callable[[Pen], None]) -> None:
        """A cached picture at a box."""
        self.put(self.brush.picture(key, box.w, box.h, draw), box.x, box.y)

    def write(
        self,
        text: str,
        x: float,
        y: float,
        size: int,
        color: Color = CREAM,
        align: Literal["left", "middle"] = "middle",
        outline: Color | None = INK,
    ) -> None:
        """Text whose middle (or left edge) is at x, its vertical middle at y."""
        picture = self.brush.text(text, size, color, outline)
        k = self.view.scale
        width, height = picture.get_width() / k, picture.get_height() / k
        self.put(picture, x if align == "left" else x - width / 2, y - height / 2)

    def hovered(self, box: Rect) -> bool:
        """Whether the pointer is on a box."""
        return box.contains(*self.ui.pointer)

    def plate(self, name: str, box: Rect, color: Color, bright: bool, radius: float = 10) -> None:
        """A button's ground: brighter under the pointer."""

        def paint(pen: Pen) -> None:
            pen.rect(Rect(0, 0, box.w, box.h), INK, radius)
            pen.rect(Rect(2, 2, box.w - 4, box.h - 4), mix(color, CREAM, 0.55 if bright else 0.3), radius - 2)
            pen.rect(
                Rect(5, 5, box.w - 10, box.h - 10), mix(color, CREAM, 0.16 if bright else 0.0), radius - 4
            )
            pen.rect(
                Rect(7, 7, box.w - 14, box.h * 0.36), mix(color, CREAM, 0.26 if bright else 0.1), radius - 5
            )

        self.stamp(("plate", name, box.w, box.h, color, bright), box, paint)

    def breath(self, phase: float, frames: int = 32) -> float:
        """-1, 0 or 1 virtual pixels: sprites breathe."""
        step = int(self.frame + phase * frames) % frames
        return (0.0, 1.0, 1.0, 0.0, -1.0, -1.0)[step * 6 // frames]

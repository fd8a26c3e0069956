"""Rectangles on a virtual screen of 1280x720, which drawing and hit-testing share."""

from __future__ import annotations

from typing import NamedTuple

WIDTH, HEIGHT = 1280, 720


class Rect(NamedTuple):
    """Left, top, width, height in virtual pixels."""

    x: float
    y: float
    w: float
    h: float

    @property
    def cx(self) -> float:
        """Horizontal middle."""
        return self.x + self.w / 2

    @property
    def cy(self) -> float:
        """Vertical middle."""
        return self.y + self.h / 2

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies inside."""
        return self.x <= x < self.x + self.w and self.y <= y < self.y + self.h


class View:
    """How the virtual screen lies in a frame of `width` by `height` pixels: scaled whole, centred."""

    def __init__(self, width: int, height: int) -> None:
        """`scale` is frame pixels per virtual pixel, `origin` the frame pixel where the screen begins."""
        self.width, self.height = width, height
        self.scale = min(width / WIDTH, height / HEIGHT)
        self.origin = (width - WIDTH * self.scale) / 2, (height - HEIGHT * self.scale) / 2

    def to_virtual(self, x: float, y: float) -> tuple[float, float]:
        """A frame pixel's middle on the virtual screen."""
        left, top = self.origin
        return (x + 0.5 - left) / self.scale, (y + 0.5 - top) / self.scale

    def to_frame(self, rect: Rect) -> tuple[int, int, int, int]:
        """A virtual rectangle in whole frame pixels."""
        left, top = self.origin
        return (
            round(rect.x * self.scale + left),
            round(rect.y * self.scale + top),
            max(1, round(rect.w * self.scale)),
            max(1, round(rect.h * self.scale)),
        )

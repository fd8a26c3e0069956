"""The one place where pixels of a frame and places on the desktop are turned into each other.

A frame's pixel and a unit of the desktop's input are the same on X11. On a HiDPI screen of macOS a unit is
`scale` pixels wide (2, or 1.25 and 1.5 where a system scales so). Monitors left of or above the first one
have negative coordinates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from groundup.envs.types import Point


class Rect(NamedTuple):
    """A rectangle on the desktop: left, top, width, height in units of its input."""

    x: int
    y: int
    w: int
    h: int

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies inside (right and bottom edges excluded)."""
        return self.x <= x < self.x + self.w and self.y <= y < self.y + self.h

    def overlap(self, other: Rect) -> int:
        """The area that both cover."""
        w = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        h = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        return max(0, w) * max(0, h)


@dataclass(frozen=True, slots=True)
class Viewport:
    """A window's client area on the desktop, and how many pixels of a frame one unit there has."""

    area: Rect
    scale: float = 1.0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its frames in pixels."""
        return round(self.area.w * self.scale), round(self.area.h * self.scale)

    def to_window(self, point: Point) -> Point:
        """The unit of the window, counted from its top left corner, that a frame's pixel lies in."""
        return _unit(point[0], self.scale, self.area.w), _unit(point[1], self.scale, self.area.h)

    def to_screen(self, point: Point) -> Point:
        """The unit of the desktop that a frame's pixel lies in; raises ValueError outside of the frame."""
        width, height = self.size
        if not (0 <= point[0] < width and 0 <= point[1] < height):
            raise ValueError(f"{point} lies outside of a frame of {width}x{height}")
        x, y = self.to_window(point)
        return self.area.x + x, self.area.y + y

    def to_frame(self, place: Point) -> Point:
        """The frame's pixel in the middle of a unit of the desktop; raises ValueError outside of the area."""
        if not self.area.contains(*place):
            raise ValueError(f"{place} lies outside of {self.area}")
        width, height = self.size
        return (
            min(width - 1, math.floor((place[0] - self.area.x + 0.5) * self.scale)),
            min(height - 1, math.floor((place[1] - self.area.y + 0.5) * self.scale)),
        )


def _unit(pixel: int, scale: float, most: int) -> int:
    return min(most - 1, math.floor((pixel + 0.5) / scale))


def scale_at(area: Rect, monitors: list[tuple[Rect, float]]) -> float:
    """The scale of the monitor that shows most of `area`; 1 where none does."""
    best = max(monitors, key=lambda monitor: area.overlap(monitor[0]), default=None)
    return best[1] if best is not None and area.overlap(best[0]) else 1.0


def shown(area: Rect, monitors: list[tuple[Rect, float]]) -> bool:
    """Whether all of `area` lies on monitors (which do not overlap, or show the same)."""
    if any(area.overlap(monitor) == area.w * area.h for monitor, _ in monitors):
        return True
    distinct = {monitor for monitor, _ in monitors}
    return sum(area.overlap(monitor) for monitor in distinct) >= area.w * area.h

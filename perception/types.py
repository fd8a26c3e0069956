"""What is seen in a frame, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in pixels of the frame: left, top, width, height."""

    x: int
    y: int
    w: int
    h: int

    @property
    def center(self) -> tuple[int, int]:
        """The middle, as x, y."""
        return self.x + self.w // 2, self.y + self.h // 2

    @property
    def area(self) -> int:
        """Width times height in square pixels."""
        return self.w * self.h

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies inside (right and bottom edges excluded)."""
        return self.x <= x < self.x + self.w and self.y <= y < self.y + self.h

    def intersection(self, other: Box) -> int:
        """The area of overlap in square pixels."""
        w = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        h = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        return max(0, w) * max(0, h)

    def iou(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        overlap = self.intersection(other)
        union = self.area + other.area - overlap
        return overlap / union if union else 0.0


@dataclass(frozen=True, slots=True)
class Proposal:
    """A place that may be clickable; a higher `score` is more likely to be one."""

    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text that was read: where, what, and how sure (0 to 1)."""

    box: Box
    text: str
    confidence: float

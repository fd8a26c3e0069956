"""What rules have in common that cut where a curve has a peak: the curve decides, this cuts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from groundup.skills.discovery.peaks import APART, Curve, peaks
from groundup.skills.discovery.types import Cause, Losses, Segment, Track


@dataclass(frozen=True, slots=True)
class PeakRule:
    """Cut before each frame where `curve` peaks at `height` or more, more than `apart` frames from others."""

    name: str
    curve: Callable[[Losses, Track], Curve]
    height: float
    cause: Cause = "loss"
    apart: int = APART

    def cut(self, losses: Losses, track: Track) -> list[Segment]:
        """Segments in order that cover every frame once."""
        found = [pair for pair in peaks(self.curve(losses, track), self.apart) if pair[1] >= self.height]
        segments, start = [], 0
        for frame, high in sorted(found):
            segments.append(Segment(start, frame, high, self.cause))
            start = frame
        if start < len(track):
            segments.append(Segment(start, len(track), 0.0, "end"))
        return segments

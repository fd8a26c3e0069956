"""The reference's rule: a loss above the segment's mean by a gap ends the segment (arXiv 2503.10684, 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from groundup.skills.discovery.types import Losses, Segment, Track


@dataclass(frozen=True, slots=True)
class ReferenceRule:
    """The constants are those of the reference code for recorded actions."""

    gap: float = 18.0
    min_length: int = 2
    max_length: int = 12_800
    gui_discount: float = 0.75
    name: str = "reference"

    def cut(self, losses: Losses, track: Track) -> list[Segment]:
        """Segments in order that cover every frame once; the memory starts anew after each."""
        segments: list[Segment] = []
        start = 0
        while start < len(losses):
            segment = self._next(losses, track, start)
            segments.append(segment)
            start = segment.end
        return segments

    def _next(self, losses: Losses, track: Track, start: int) -> Segment:
        total = over = 0.0
        count = 0
        for count, raw in enumerate(losses.since(start), 1):
            frame = start + count - 1
            loss = raw * self.gui_discount if track.gui[frame] else raw
            total += loss
            over = loss - total / count
            if count >= self.min_length and over > self.gap:
                return Segment(start, frame + 1, over, "loss")
            if count >= self.max_length:
                return Segment(start, frame + 1, over, "length")
        return Segment(start, start + count, over, "end")

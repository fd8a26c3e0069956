"""The rule of the published method: a loss far above the mean since the last boundary begins a new skill.

Source: arXiv 2503.10684, section 3, with what its public code does beyond the paper: the mean includes the
frame itself and needs two losses, the very first frame never counts, a surprise that comes too early counts
as soon as the segment is long enough, one event is used up by each boundary at or after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from groundup.skills.discovery.types import Cause, Losses, Segment, Track

GAP_RECORDED = 18.0
GAP_PREDICTED = 17.0
"""Nats, with recorded actions and with actions an inverse dynamics model predicted; for VPT's 3x policy."""

MIN_LENGTH = 2
MAX_LENGTH = 12_800
GUI_DISCOUNT = 0.75
"""Of the loss of frames with an open menu."""


@runtime_checkable
class Checkable(Protocol):
    """Losses computed roughly, any of which can be computed again, better and better."""

    @property
    def tolerance(self) -> float:
        """Nats; no loss, and no mean of losses, is off by more."""

    def closer(self, start: int, frame: int) -> Iterator[tuple[list[float], float]]:
        """Better losses of frames up to `frame`, and how far it may still be off; memory empty before
        `start`.

        May leave out the earliest where they are many; at least the last is there.
        """


@dataclass(frozen=True, slots=True)
class ReferenceRule:
    """Cut where the loss exceeds its mean by `gap`, at events, and after `max_length` frames."""

    gap: float = GAP_RECORDED
    min_length: int = MIN_LENGTH
    max_length: int = MAX_LENGTH
    gui_discount: float = GUI_DISCOUNT
    name: str = "reference"

    def cut(self, losses: Losses, track: Track) -> list[Segment]:
        """Segments in order that cover every frame once; a segment's score is loss minus mean at its end."""
        events = iter(sorted(frame for frame, _ in track.events))
        pending = next(events, len(track))
        segments: list[Segment] = []
        start = 0
        while start < len(track):
            found = self._next(losses, track, start, pending)
            if found is None:
                segments.append(Segment(start, len(track), 0.0, "end"))
                break
            segments.append(found)
            if found.end >= pending:
                pending = next(events, len(track))
            start = found.end
        return segments

    def _next(self, losses: Losses, track: Track, start: int, pending: int) -> Segment | None:
        """The segment that begins at `start`, if a boundary ends it."""
        # The frame of a boundary has been seen before memory was emptied, and is not seen again.
        fed = start + 1 if start else 0
        mean = _Mean()
        surprised = False
        doubtful = losses if isinstance(losses, Checkable) else None
        for frame, value in enumerate(_until(losses, fed), start=fed):
            # Only the video's first frame, and not if an event is due, is seen without counting.
            if frame == 0 and pending > 0:
                continue
            discount = self.gui_discount if track.gui[frame] else 1.0
            excess = mean.add(value * discount)
            if mean.count > 1:
                if doubtful is not None and abs(excess - self.gap) <= doubtful.tolerance:
                    excess = self._checked(doubtful, track, fed, frame, mean)
                surprised = surprised or excess > self.gap
            cause = self._cause(frame - start, surprised, frame >= pending)
            if cause is not None:
                return Segment(start, frame, excess, cause)
        return None

    def _cause(self, length: int, surprised: bool, event: bool) -> Cause | None:
        if length < self.min_length:
            return None
        if event:
            return "event"
        if surprised:
            return "loss"
        return "length" if length >= self.max_length else None

    def _checked(self, losses: Checkable, track: Track, fed: int, frame: int, mean: _Mean) -> float:
        """How far the frame's loss is above the mean, as exactly as it takes to tell which side it is on."""
        for values, tolerance in losses.closer(fed, frame):
            first = frame + 1 - len(values)
            discounts = [self.gui_discount if gui else 1.0 for gui in track.gui[first : frame + 1]]
            mean.replace([value * discount for value, discount in zip(values, discounts, strict=True)])
            if abs(mean.excess - self.gap) > tolerance:
                break
        return mean.excess


def _until(losses: Losses, start: int) -> Iterator[float]:
    return losses.since(start) if start < len(losses) else iter(())


class _Mean:
    """A running mean whose latest values can be replaced."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._sum = 0.0

    @property
    def count(self) -> int:
        return len(self._values)

    @property
    def excess(self) -> float:
        """How far the latest value is above the mean, itself included."""
        return self._values[-1] - self._sum / len(self._values)

    def add(self, value: float) -> float:
        self._values.append(value)
        self._sum += value
        return self.excess

    def replace(self, values: list[float]) -> None:
        """Put `values` in the place of the latest; those that were never counted are left out."""
        kept = values[-len(self._values) :]
        self._values[len(self._values) - len(kept) :] = kept
        self._sum = 0.0
        for value in self._values:
            self._sum += value

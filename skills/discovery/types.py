"""What boundary detection speaks in: a scored demonstration, rules, and the segments they cut.

Nothing here knows which network scored the frames, nor how the video was decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Cause = Literal["loss", "event", "length", "actions", "end"]
"""Why a segment ended: a loss out of the ordinary, an external event, the longest length, another mix of
actions, or the end of the demonstration."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Frames `start` to `end` (exclusive) of a demonstration; `score` says how sure its end is, in the
    rule's own unit, and `cause` why it ended there."""

    start: int
    end: int
    score: float
    cause: Cause


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What is known of a demonstration's frames beside their loss; every array has one row a frame.

    `gui` bool (frames,): whether an inventory or menu was open. `events` are (frame, name), in order of
    frame. `actions` float32 (frames, kinds): how much of each kind of action was done; (frames, 0) when
    unknown.
    """

    gui: NDArray[np.bool_]
    actions: NDArray[np.float32]
    events: Sequence[tuple[int, str]] = field(default_factory=tuple)

    def __len__(self) -> int:
        return len(self.gui)


Pictures = Iterator[NDArray[np.uint8]]
"""Frames as they were recorded, RGB (height, width, 3); what reads them says what is wrong with them."""


class Shown(Protocol):
    """A demonstration as a policy takes it: of `total` frames it sees those numbered `kept`, int64 (n,).

    `track` is over kept frames; `done` says in words what was done at each of all frames.
    """

    @property
    def total(self) -> int: ...
    @property
    def kept(self) -> NDArray[np.int64]: ...
    @property
    def track(self) -> Track: ...
    @property
    def done(self) -> Sequence[str]: ...
    def pictures(self) -> Pictures: ...


@dataclass(frozen=True, slots=True, eq=False)
class Filed:
    """What is on file of a demonstration, whatever cuts it: `events` are (frame, name), by number of all
    frames; `done` is None where nothing was recorded."""

    pictures: Callable[[], Pictures]
    events: Sequence[tuple[int, str]]
    done: Sequence[str] | None


class Losses(Protocol):
    """The surprise of an action-prediction policy at a demonstration: -log p(action taken), nats a frame."""

    def __len__(self) -> int:
        """The number of frames."""

    def since(self, start: int) -> Iterator[float]:
        """The losses of frames `start`, `start` + 1, ... with the policy's memory empty before `start`.

        Taking one value must not compute the whole rest; starting again elsewhere is cheap, since what
        does not depend on memory is kept.
        """


class Rule(Protocol):
    """A way to cut a demonstration."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""

    def cut(self, losses: Losses, track: Track) -> list[Segment]:
        """Segments in order that cover every frame once; empty only for a demonstration without frames."""

"""A segmented video as a file: what `groundup segment --json` prints, with what a person needs to judge it.

A JSON document with the keys of `segment --json` (`video`, `frames`, `fps`, `rule`, `boundaries` as inclusive
[first, last] frames, `causes`), and, where they were kept:

- `losses`: nats, one a frame, or one each `loss_every` frames;
- `events`: [[frame, name], ...];
- `key_frames`: [[frame, base64 of a JPEG or PNG], ...];
- `accepted`: first frames of segments whose boundary a person has accepted (written here).

A person's changes go back into the same file, whole, in one move.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from groundup.memory.errors import UsageError
from groundup.memory.whole import write_whole

LARGEST = 512 << 20
"""Bytes of a file that is read: a day of video at 30 frames a second has 50 MB of losses."""

_Frame = Annotated[int, Field(ge=0)]


class _File(BaseModel):
    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    video: str
    frames: Annotated[int, Field(ge=1)]
    fps: Annotated[float, Field(gt=0)] = 20.0
    rule: str = ""
    boundaries: list[tuple[_Frame, _Frame]]
    causes: list[str] = []
    losses: list[float] = []
    loss_every: Annotated[int, Field(ge=1)] = 1
    events: list[tuple[_Frame, str]] = []
    key_frames: list[tuple[_Frame, str]] = []
    accepted: list[_Frame] = []

    @model_validator(mode="after")
    def _in_order(self) -> _File:
        following = 0
        for first, last in self.boundaries:
            if first != following or last < first:
                raise ValueError(f"the segment from {first} to {last} does not follow frame {following - 1}")
            following = last + 1
        if following != self.frames:
            raise ValueError(f"its segments end at frame {following - 1}, the video at {self.frames - 1}")
        return self


@dataclass(frozen=True, slots=True)
class Segmentation:
    """A segmented video; `starts` are the first frames of its segments, the first is 0."""

    path: Path
    video: str
    frames: int
    fps: float
    rule: str
    starts: tuple[int, ...]
    causes: tuple[str, ...]
    losses: tuple[tuple[float, float], ...]
    events: tuple[tuple[int, str], ...]
    key_frames: tuple[tuple[int, str], ...]
    accepted: frozenset[int]
    document: dict[str, Any] = field(repr=False)

    def end(self, number: int) -> int:
        """The last frame of a segment."""
        return self.starts[number + 1] - 1 if number + 1 < len(self.starts) else self.frames - 1

    @property
    def title(self) -> str:
        """The video and how it was cut, in a line."""
        size = f"{self.frames} frames at {self.fps:g} a second"
        return f"{self.video}: {size}, {len(self.starts)} segments {self.rule}"

    def cause(self, number: int) -> str:
        """Why a segment began: the cause that ended the one before."""
        if number == 0:
            return "the start"
        return self.causes[number - 1] if number - 1 < len(self.causes) else "?"

    def facts(self, number: int) -> tuple[tuple[str, str], ...]:
        """What is known of a segment, as (name, words)."""
        start, end = self.starts[number], self.end(number)
        events = [f"{name} at {frame}" for frame, name in self.events if start <= frame <= end]
        picture = self.picture(number)
        return (
            ("frames", f"{start} to {end}, {(end - start + 1) / self.fps:.1f} s"),
            ("cut by", self.cause(number)),
            ("boundary", "accepted" if start in self.accepted else "as it was found"),
            ("events", ", ".join(events) or "none"),
            ("picture", f"frame {picture[0]}" if picture else "none kept"),
        )

    def moved(self, number: int, by: int) -> Segmentation:
        """The same with a segment's start moved, no further than its neighbours let it."""
        if number <= 0:
            return self
        least, most = self.starts[number - 1] + 1, self.end(number)
        start = min(most, max(least, self.starts[number] + by))
        starts = (*self.starts[:number], start, *self.starts[number + 1 :])
        return replace(self, starts=starts, accepted=self.accepted - {self.starts[number]} | {start})

    def accept(self, number: int) -> Segmentation:
        """The same with a segment's start accepted, or no longer."""
        return replace(self, accepted=self.accepted ^ {self.starts[number]})

    def picture(self, number: int) -> tuple[int, bytes] | None:
        """The key frame nearest to a segment's start, within it, and its number."""
        frames = [frame for frame, _ in self.key_frames]
        at = bisect.bisect_left(frames, self.starts[number])
        if at == len(frames) or frames[at] > self.end(number):
            return None
        try:
            return frames[at], base64.b64decode(self.key_frames[at][1], validate=True)
        except (binascii.Error, ValueError):
            return None

    def save(self) -> None:
        """Write the boundaries back; raises `UsageError` when the file cannot be written."""
        boundaries = [[start, self.end(i)] for i, start in enumerate(self.starts)]
        document = self.document | {"boundaries": boundaries, "accepted": sorted(self.accepted)}
        try:
            write_whole(self.path, json.dumps(document))
        except OSError as error:
            raise UsageError(
                f"{self.path} cannot be written ({error.strerror}): nothing was changed."
            ) from error


def read_segmentation(path: Path) -> Segmentation:
    """A segmented video; raises `UsageError` with a sentence when the file is none."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is larger than {LARGEST >> 20} MB: this is no segmented video.")
        document = json.loads(path.read_bytes())
        read = _File.model_validate(document)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read ({error.strerror}): give a file of groundup segment."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        raise UsageError(f"{path} is no segmented video: {place}: {first['msg']}.") from error
    except ValueError as error:
        raise UsageError(f"{path} is no segmented video: it is not JSON.") from error
    every = read.loss_every
    return Segmentation(
        path=path,
        video=read.video,
        frames=read.frames,
        fps=read.fps,
        rule=read.rule,
        starts=tuple(first for first, _ in read.boundaries),
        causes=tuple(read.causes),
        losses=tuple((float(i * every), loss) for i, loss in enumerate(read.losses)),
        events=tuple(sorted(read.events)),
        key_frames=tuple(sorted(read.key_frames)),
        accepted=frozenset(read.accepted),
        document=document,
    )

"""A video with its actions, as a VPT policy takes it: the frames that count, small, and what was done at
each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from groundup.perception import video
from groundup.skills.discovery.types import Pictures, Shown, Track
from groundup.skills.discovery.vpt.actions import Actions, as_kinds, from_bins, is_null_quantised, to_joint
from groundup.skills.discovery.vpt.cursor import ARROW, Pointer, draw_cursor
from groundup.skills.discovery.vpt.networks import InverseDynamics
from groundup.skills.discovery.vpt.recordings import ActionsUnusable, Recording, from_actions, worded

SIDE = 128
"""Pixels of the square frames that VPT's networks see."""

WINDOW = 32
"""Frames that the inverse dynamics model sees at a time, as in the reference's code."""

Progress = Callable[[int], None]
"""Told how many frames have been seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where frames come from: a whole video, or `length` frames of it from `start` seconds on."""

    path: Path
    start: float = 0.0
    length: int | None = None
    pointer: Pointer = ARROW

    def pictures(self) -> Pictures:
        """The frames as they were recorded, RGB. Raises VideoUnusable."""
        if self.length is None:
            return video.frames(self.path)
        return video.piece(self.path, self.start, self.length)


@dataclass(frozen=True, slots=True, eq=False)
class Demonstration:
    """The frames of a video at which something was done.

    `kept` int64 (n,): their numbers in the video. `track` is over kept frames. `joint` int64 (n, 2): the
    policy's choices. `total` is the number of frames in the video.
    """

    source: Source
    recording: Recording
    kept: NDArray[np.int64]
    track: Track
    joint: NDArray[np.int64]

    @property
    def total(self) -> int:
        return len(self.recording)

    @property
    def done(self) -> Sequence[str]:
        """What was done at each frame of the video, in words."""
        return worded(self.recording)

    def pictures(self) -> Pictures:
        """All frames of the video as they were recorded. Raises VideoUnusable."""
        return self.source.pictures()

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """The kept frames as the policy sees them, (128, 128, 3) RGB. Raises VideoUnusable,
        ActionsUnusable."""
        keep = np.zeros(self.total, dtype=bool)
        keep[self.kept] = True
        number = -1
        for number, pixels in enumerate(self.source.pictures()):
            if number >= self.total:
                break
            if keep[number]:
                x, y = self.recording.cursor[number]
                if not np.isnan(x):
                    draw_cursor(pixels, float(x), float(y), self.source.pointer)
                yield shrink(pixels)
        if number + 1 != self.total:
            found = f"more than {self.total}" if number >= self.total else str(number + 1)
            raise ActionsUnusable(
                f"{self.source.path} has {found} frames, but {self.total} actions were recorded: "
                "they belong to another video, or one of the two was cut."
            )


def shrink(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A frame at the size of VPT's networks, whatever its shape, bilinear without smoothing as they know
    it."""
    return np.asarray(cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def demonstration(
    source: Source, recording: Recording, events: Iterable[tuple[int, str]] = (), *, drop_small: bool = False
) -> Demonstration:
    """Leave out the frames where nothing was done, and give events the number of the next kept frame.

    `drop_small` leaves out those as well whose action is null once its camera is in bins: the paper says so,
    the reference's code means to but does not.
    """
    skipped = recording.skipped | is_null_quantised(recording.actions) if drop_small else recording.skipped
    kept = np.flatnonzero(~skipped)
    placed = [(int(np.searchsorted(kept, frame)), name) for frame, name in sorted(events)]
    actions = recording.actions[kept]
    track = Track(
        gui=recording.gui[kept],
        actions=as_kinds(actions),
        events=tuple((frame, name) for frame, name in placed if frame < len(kept)),
    )
    return Demonstration(source, recording, kept, track, to_joint(actions))


def predicted(source: Source, idm: InverseDynamics, progress: Progress | None = None) -> Recording:
    """What an inverse dynamics model says was done at each frame of a video. Raises VideoUnusable."""
    small = map(shrink, source.pictures())
    buttons, camera, memory = [], [], idm.empty()
    place = next(idm.parameters()).device
    while window := list(islice(small, WINDOW)):
        with torch.inference_mode():
            pressed, bins, memory = idm.actions(torch.from_numpy(np.stack(window)).to(place), memory)
        buttons.append(pressed.cpu().numpy().astype(bool))
        camera.append(from_bins(bins.cpu().numpy()))
        if progress is not None:
            progress(sum(map(len, buttons)))
    return from_actions(Actions(np.concatenate(buttons), np.concatenate(camera)))


def in_video(demo: Shown, start: int, end: int) -> tuple[int, int]:
    """The first and last frame of the video that kept frames `start` to `end` (exclusive) stand for.

    As the reference has it, frames that were left out belong to the segment before them.
    """
    kept = demo.kept
    first = int(kept[start]) if start else 0
    return first, int(kept[end]) - 1 if end < len(kept) else int(kept[-1])

"""The pictures of a recording: written as frames come, read as a stream; PyAV is imported late.

The video is lossless (H.264 in RGB, 4:4:4), since what is seen in a frame is named by its colours: a thing
must look in a recording as it does in the game. It is written in fragments of a second, so that what a
killed process leaves can be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import numpy as np

from groundup.envs.errors import GroundupError, MissingPart
from groundup.envs.recordings import (
    VIDEO,
    ActionsWriter,
    Card,
    Input,
    RecordingUnusable,
    mend_actions,
    read_card,
    read_ticks,
)
from groundup.envs.types import Frame, Pixels

FRAGMENT_SECONDS = 1
"""What of the pictures is lost at most when the recorder is killed."""

_KEY_FRAMES = 250
"""Frames from one whole picture to the next at most; a menu game's recording is 2.5 times larger with 20."""

_OPTIONS = {"crf": "0", "preset": "superfast", "tune": "zerolatency", "g": str(_KEY_FRAMES)}
"""x264's: lossless; measured on frames of 1280x720 of the embedded game."""


class VideoWriter:
    """Writes `video.mp4` of a recording, frame by frame."""

    def __init__(self, folder: Path, card: Card) -> None:
        """Raises `MissingPart` without PyAV, `GroundupError` when it cannot be written."""
        av = _av()
        self._path = folder / VIDEO
        self._size = card.size
        options = {
            "movflags": "+empty_moov+default_base_moof",
            "frag_duration": str(1_000_000 * FRAGMENT_SECONDS),
            "flush_packets": "1",
        }
        try:
            self._container: Any = av.open(str(self._path), "w", options=options)
            rate = Fraction(card.fps).limit_denominator(1001)
            self._stream = self._container.add_stream("libx264rgb", rate=rate, options=dict(_OPTIONS))
        except (OSError, ValueError) as error:
            raise self._cannot(error) from error
        self._stream.width, self._stream.height = card.size
        self._stream.pix_fmt = "rgb24"
        self._open = True

    def write(self, pixels: Pixels) -> None:
        """Append a frame, uint8 RGB; raises `GroundupError`, ValueError for another size than the card's."""
        if pixels.shape != (self._size[1], self._size[0], 3):
            raise ValueError(f"a frame of shape {pixels.shape} in a recording of {self._size}")
        av = _av()
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        try:
            self._container.mux(self._stream.encode(frame))
        except OSError as error:
            raise self._cannot(error) from error

    def close(self) -> None:
        """Finish the file; may be called twice."""
        if not self._open:
            return
        self._open = False
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except OSError as error:
            raise self._cannot(error) from error

    def _cannot(self, error: Exception) -> GroundupError:
        reason = getattr(error, "strerror", None) or str(error)
        return GroundupError(f"{self._path} cannot be written ({reason}): make room, or give another folder.")


class RecordingWriter:
    """Writes a whole recording: `frame` for each picture, `add` for each input after it.

    A context manager.
    """

    def __init__(self, folder: Path, card: Card) -> None:
        """Begin one in `folder`. Raises `UsageError` where there is one, `MissingPart`, `GroundupError`."""
        _av()
        self._actions = ActionsWriter(folder, card)
        self._video = VideoWriter(folder, card)

    def frame(self, pixels: Pixels, t: float) -> None:
        """The next picture, on screen from `t` seconds after the first one on."""
        self._actions.tick(t)
        self._video.write(pixels)

    def add(self, event: Input) -> None:
        """Mouse or keyboard did something since the last picture."""
        self._actions.add(event)

    def close(self) -> None:
        """Finish video, lines and card; may be called twice."""
        try:
            self._video.close()
        finally:
            self._actions.close()

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_frames(folder: Path) -> Iterator[Frame]:
    """The pictures of a recording with their times, as many as have a line as well.

    Raises `RecordingUnusable`, `MissingPart`.
    """
    for index, t, picture in _pictures(folder):
        yield Frame(_pixels(picture), t, index)


class FrameReader:
    """The pictures of a recording, forwards: what is passed over is not turned into pixels."""

    def __init__(self, folder: Path) -> None:
        self._pictures = _pictures(folder)

    def forward(self, index: int) -> Frame | None:
        """The next frame from number `index` on, or the last one there is; None when there are no more.

        Raises `RecordingUnusable`, `MissingPart`.
        """
        found: tuple[int, float, Any] | None = None
        for found in self._pictures:
            if found[0] >= index:
                break
        return None if found is None else Frame(_pixels(found[2]), found[1], found[0])


def _pictures(folder: Path) -> Iterator[tuple[int, float, Any]]:
    """Number and time of each frame, and the frame as PyAV has it."""
    card = read_card(folder)
    for tick, picture in zip(read_ticks(folder), _decoded(folder / VIDEO), strict=False):
        if (picture.width, picture.height) != tuple(card.size):
            raise RecordingUnusable(f"{folder / VIDEO} has frames of another size than its card says.")
        yield tick.index, tick.t, picture


def _pixels(picture: Any) -> Pixels:
    return np.asarray(picture.to_ndarray(format="rgb24"), dtype=np.uint8)


def mend(folder: Path) -> int:
    """Make lines and frames agree in number, as in a finished recording; returns how many there are.

    Raises `RecordingUnusable`, `MissingPart`, `GroundupError`.
    """
    card = read_card(folder)
    if card.frames is not None:
        return card.frames
    count = sum(1 for _ in _decoded(folder / VIDEO))
    mend_actions(folder, count)
    return count


def _decoded(path: Path) -> Iterator[Any]:
    """Frames up to the end, or to where a killed recorder broke off."""
    av = _av()
    if not path.is_file():
        raise RecordingUnusable(f"{path.parent} is no recording: it has no {VIDEO}.")
    try:
        container = av.open(str(path))
    except (av.FFmpegError, ValueError) as error:
        raise RecordingUnusable(f"{path} holds no pictures that can be read.") from error
    with container:
        if not container.streams.video:
            raise RecordingUnusable(f"{path} holds no pictures that can be read.")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        try:
            yield from container.decode(stream)
        except av.FFmpegError:
            return


def _av() -> ModuleType:
    try:
        import av
    except ImportError as error:
        raise MissingPart("Recordings need PyAV: run `pip install 'groundup[video]'`.") from error
    return av

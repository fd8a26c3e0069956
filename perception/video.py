"""Decoding videos as a stream of frames, whatever they are called and however long they are.

Frames come as OpenCV gives them, to the bit (both convert colours by swscale; checked by a test), so that
networks see what they were trained with.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from groundup.envs.errors import UsageError


class VideoUnusable(UsageError):
    """A file is no video, is damaged, has no frames, or is in a format that nothing here decodes."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video's header says; `frames` is None where it does not say, `fps` is the mean rate."""

    path: Path
    width: int
    height: int
    fps: float
    frames: int | None


def probe(path: Path) -> VideoInfo:
    """What the header of a video says. Raises VideoUnusable."""
    with _opened(path) as (_, stream):
        rate = stream.average_rate or stream.guessed_rate or 20
        return VideoInfo(path, stream.width, stream.height, float(rate), stream.frames or None)


def frames(path: Path) -> Iterator[NDArray[np.uint8]]:
    """The frames of a video, uint8 RGB (height, width, 3), upright, one after the other.

    A variable frame rate changes nothing: each frame that is stored comes once. Raises VideoUnusable, at the
    end too, when the file holds less than its header says.
    """
    count, packets = 0, 0
    with _opened(path) as (container, stream):
        stream.thread_type = "AUTO"
        promised = stream.frames
        # An AVI holds a variable rate as places without a frame, and its header counts them.
        by_place = container.format.name == "avi"
        try:
            for packet in container.demux(stream):
                if by_place and packet.dts is not None:
                    packets = packet.dts + 1
                elif not by_place:
                    packets += packet.size > 0
                for frame in packet.decode():
                    count += 1
                    yield _upright(frame)
        except av.FFmpegError as error:
            raise VideoUnusable(f"{path} is damaged after frame {count} ({error.strerror}).") from error
    if count == 0:
        raise VideoUnusable(f"{path} has no frames.")
    if packets < promised:
        raise VideoUnusable(f"{path} is truncated: it holds {packets} of {promised} frames; fetch it again.")


def piece(path: Path, start: float, length: int) -> Iterator[NDArray[np.uint8]]:
    """`length` frames from `start` seconds on, as `frames` gives them; what is before is not decoded.

    Raises VideoUnusable, at the end too, where the video has fewer.
    """
    count = 0
    with _opened(path) as (container, stream):
        stream.thread_type = "AUTO"
        half = 0.5 / float(stream.average_rate or stream.guessed_rate or 20)
        try:
            base = stream.time_base or Fraction(1, 1)
            container.seek(max(int((start - half) / base), 0), stream=stream, backward=True)
            for frame in container.decode(stream):
                if frame.time is None or frame.time < start - half:
                    continue
                if count == length:
                    break
                count += 1
                yield _upright(frame)
        except av.FFmpegError as error:
            raise VideoUnusable(f"{path} is damaged {start:.1f} seconds on ({error.strerror}).") from error
    if count < length:
        raise VideoUnusable(f"{path} has {count} of {length} frames from {start:.1f} seconds on.")


def _upright(frame: VideoFrame) -> NDArray[np.uint8]:
    pixels = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    if not path.is_file():
        raise VideoUnusable(f"There is no video {path}.")
    try:
        # As an absolute path: FFmpeg takes what is before a colon for a protocol.
        container = av.open(str(path.absolute()))
    except (av.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise VideoUnusable(f"{path} is not a video that can be read ({reason}).") from error
    with container:
        # The picture of an album's cover is a stream, too.
        moving = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
        if not moving:
            raise VideoUnusable(f"{path} holds no moving pictures.")
        stream = moving[0]
        if stream.codec_context is None:
            raise VideoUnusable(f"{path} is in a format nothing here decodes: convert it to H.264.")
        yield container, stream

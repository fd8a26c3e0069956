"""Cutting a video into clips that hold exactly the frames asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

QUALITY = "18"
"""H.264's constant rate factor: hardly to be told from the original."""


class Clip:
    """A video that is written frame by frame (H.264), and is there once it is closed; a context that fails
    leaves nothing behind."""

    def __init__(self, path: Path, fps: float, *, between_keys: int | None = None) -> None:
        self._path, self._part = path, path.with_suffix(".part.mp4")
        options = {"crf": QUALITY} | ({"g": str(between_keys)} if between_keys else {})
        # As an absolute path: FFmpeg takes what is before a colon for a protocol.
        self._container: OutputContainer = av.open(str(self._part.absolute()), "w")
        rate = Fraction(fps).limit_denominator(1001)
        stream: Any = self._container.add_stream("h264", rate=rate, options=options)
        self._stream: VideoStream = stream
        self._stream.pix_fmt = "yuv420p"
        self._started = False

    def __enter__(self) -> Clip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.close()
        finally:
            self._part.unlink(missing_ok=True)

    @property
    def megabytes(self) -> float:
        """What is on disk so far; nothing is while the encoder holds the first frames."""
        return self._part.stat().st_size / 2**20 if self._part.exists() else 0.0

    def add(self, pixels: NDArray[np.uint8]) -> tuple[int, int]:
        """Append an RGB frame; gives the height and width that are kept: H.264 in this form has even
        sides."""
        even = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]
        if not self._started:
            self._stream.height, self._stream.width = even.shape[:2]
            self._started = True
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
        self._container.mux(self._stream.encode(frame))
        return even.shape[0], even.shape[1]

    def close(self) -> None:
        """Finish the file and give it its name."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._part.replace(self._path)


def write_clips(
    pictures: Iterator[NDArray[np.uint8]], pieces: Sequence[tuple[int, int]], fps: float, folder: Path
) -> list[Path]:
    """Write each piece, (first, last) frame, as `0000.mp4` and so on; the frames are read once.

    Frames are encoded again, so that a clip can begin at any frame. A clip that was not finished is not left
    behind. Raises VideoUnusable, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    stream = enumerate(pictures)
    for number, (first, last) in enumerate(pieces):
        path = folder / f"{number:04}.mp4"
        with Clip(path, fps) as clip:
            for place, pixels in stream:
                if place >= first:
                    clip.add(pixels)
                if place >= last:
                    break
        written.append(path)
    return written

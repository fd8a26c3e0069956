"""Cutting a video into clips that hold exactly the frames asked for."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av

from groundup.perception.video import frames


def write_clips(video: Path, pieces: Sequence[tuple[int, int]], fps: float, folder: Path) -> list[Path]:
    """Write each piece, (first, last) frame, as `0000.mp4` and so on; the video is decoded once.

    Frames are encoded again (H.264, crf 18), so that a clip can begin at any frame. A clip that was not
    finished is not left behind. Raises VideoUnusable, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    stream = enumerate(frames(video))
    for number, (first, last) in enumerate(pieces):
        path = folder / f"{number:04}.mp4"
        part = path.with_suffix(".part.mp4")
        try:
            with av.open(str(part), "w") as container:
                output = container.add_stream(
                    "h264", rate=Fraction(fps).limit_denominator(1001), options={"crf": "18"}
                )
                output.pix_fmt = "yuv420p"
                for place, pixels in stream:
                    if place >= first:
                        # H.264 in this pixel format has even sides.
                        even = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]
                        if place == first:
                            output.height, output.width = even.shape[:2]
                        container.mux(output.encode(av.VideoFrame.from_ndarray(even.copy(), format="rgb24")))
                    if place >= last:
                        break
                container.mux(output.encode(None))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        written.append(path)
    return written

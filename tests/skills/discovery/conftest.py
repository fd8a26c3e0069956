"""Where the reference's own values lie, and a video of a few frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from tests import needs

MakeVideo = Callable[..., Path]


@pytest.fixture(scope="session")
def data() -> Path:
    """The reference's own values."""
    return needs.shared("data")


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    """Writes a small video whose frames differ, and says where."""

    def make(name: str = "v.mp4", frames: int = 12, seed: int = 0, size: tuple[int, int] = (64, 48)) -> Path:
        path = tmp_path / name
        rng = np.random.default_rng(seed)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("h264", rate=20, options={"crf": "10"})
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for number in range(frames):
                pixels = np.full((size[1], size[0], 3), (number * 20) % 255, dtype=np.uint8)
                pixels[:16, :16] = rng.integers(0, 255, 3)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode(None))
        return path

    return make

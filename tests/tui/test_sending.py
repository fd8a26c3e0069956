"""Accepted segments become skills of the library that is watched, by a key."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import av
import numpy as np
import pytest

from groundup.memory.lock import WriterLock
from groundup.memory.store import Store
from groundup.tui.app import WatchApp
from groundup.tui.feed import Feed
from groundup.tui.segments import read_segmentation
from tests.tui.conftest import settled


@pytest.fixture
def segmented(tmp_path: Path) -> Path:
    """A video of three colours, cut where they change, and its record."""
    with av.open(str(tmp_path / "colours.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=20)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(30):
            pixels = np.full((96, 160, 3), (30 + 80 * (number // 10), 90, 200), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    record = {
        "video": "/somewhere/else/colours.mp4",
        "frames": 30,
        "boundaries": [[0, 9], [10, 19], [20, 29]],
        "causes": ["loss", "loss", "end"],
    }
    path = tmp_path / "colours.json"
    path.write_text(json.dumps(record))
    return path


def pressed(library: Path, segmented: Path, *keys: str) -> list[str]:
    """What was said after these keys on the Segments screen."""
    feed = Feed(str(library))
    app = WatchApp(feed, segments=read_segmentation(segmented))
    said: list[str] = []

    async def act() -> None:
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            app.action_go("segments")
            await settled(pilot)
            for key in keys:
                await pilot.press(key)
                await settled(pilot)
            while any(worker.group == "send" and not worker.is_finished for worker in app.workers):
                await pilot.pause(0.1)
            said.extend(note.message for note in app._notifications)

    try:
        asyncio.run(act())
    finally:
        feed.close()
    return said


def skills(library: Path) -> list[str]:
    with Store.open(library, readonly=True) as store:
        return [one.description for one in store.skills() if one.provenance == "demonstration"]


def test_what_is_accepted_is_sent(library: Path, segmented: Path) -> None:
    assert "Accept segments first" in pressed(library, segmented, "s")[-1]
    assert skills(library) == []
    assert "1 segments are skills" in pressed(library, segmented, "n", "a", "s")[-1]
    (sent,) = skills(library)
    assert "frames 10 to 19" in sent


def test_a_library_that_is_written_or_a_video_that_is_gone_is_a_sentence(
    library: Path, segmented: Path
) -> None:
    with WriterLock(library, wait=0.0):
        assert "is being written by process" in pressed(library, segmented, "a", "s")[-1]
    segmented.with_suffix(".mp4").unlink()
    assert "is not there: put it beside" in pressed(library, segmented, "s")[-1]
    assert skills(library) == []

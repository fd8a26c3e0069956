"""Recordings: written and read, cut off, damaged, and as what cuts demonstrations reads them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from groundup.envs.errors import GroundupError, UsageError
from groundup.envs.recording_video import RecordingWriter, mend, read_frames
from groundup.envs.recordings import (
    ACTIONS,
    CARD,
    MASKED,
    VIDEO,
    ActionsWriter,
    Card,
    Input,
    RecordingUnusable,
    read_card,
    read_ticks,
)
from groundup.envs.types import Pixels
from groundup.perception import video
from groundup.skills.discovery.vpt.recordings import read_recording

SIZE = (161, 90)
"""Odd on purpose."""


def picture(index: int) -> Pixels:
    rng = np.random.default_rng(index)
    return rng.integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)


def card() -> Card:
    return Card("duel", SIZE, 20.0, seed=7, player="a script")


CLICK = (
    Input(0.11, "move", 40, 30),
    Input(0.12, "press", 40, 30, "left"),
    Input(0.14, "release", 40, 30, "left"),
)


def record(folder: Path, frames: int = 6) -> None:
    with RecordingWriter(folder, card()) as writer:
        for index in range(frames):
            writer.frame(picture(index), index / 20)
            if index == 2:
                for event in CLICK:
                    writer.add(event)
            if index == 3:
                writer.add(Input(0.16, "key_down", key="w"))
                writer.add(Input(0.17, "scroll", 40, 30, dy=120))
            if index == 4:
                writer.add(Input(0.21, "key_up", key="w"))
                writer.add(Input(0.22, "key_down", key=MASKED))


def test_what_is_written_is_read_to_the_bit(tmp_path: Path) -> None:
    record(tmp_path)
    assert read_card(tmp_path) == Card("duel", SIZE, 20.0, seed=7, player="a script", frames=6)
    ticks = list(read_ticks(tmp_path))
    assert [tick.index for tick in ticks] == list(range(6))
    assert ticks[2].inputs == CLICK
    assert [tick.pointer for tick in ticks] == [None, None, *[(40, 30)] * 4]
    assert ticks[3].inputs[1] == Input(0.17, "scroll", 40, 30, dy=120)
    frames = list(read_frames(tmp_path))
    assert all(np.array_equal(frame.pixels, picture(index)) for index, frame in enumerate(frames))
    assert [frame.t for frame in frames] == [tick.t for tick in ticks]


def test_what_cuts_demonstrations_reads_it_as_it_is(tmp_path: Path) -> None:
    record(tmp_path)
    read = read_recording(tmp_path / ACTIONS)
    assert len(read) == len(list(video.frames(tmp_path / VIDEO))) == 6
    assert read.actions.buttons[2].any()
    assert read.gui.tolist() == [False, False, True, True, True, True]
    assert read.cursor[2].tolist() == [40 * 8, 30 * 8]
    keys = [json.loads(line)["keyboard"] for line in (tmp_path / ACTIONS).read_text().splitlines()]
    assert [line["keys"] for line in keys] == [[], [], [], ["key.keyboard.w"], ["key.keyboard.w"], []]
    assert MASKED not in json.dumps(keys)


def test_a_click_within_one_frame_is_held_in_it(tmp_path: Path) -> None:
    record(tmp_path)
    mice = [json.loads(line)["mouse"] for line in (tmp_path / ACTIONS).read_text().splitlines()]
    assert [mouse["buttons"] for mouse in mice] == [[], [], [0], [], [], []]
    assert [mouse["newButtons"] for mouse in mice] == [[], [], [0], [], [], []]


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import numpy as np
from groundup.envs.recording_video import RecordingWriter
from groundup.envs.recordings import Card
writer = RecordingWriter(Path(sys.argv[1]), Card("duel", (160, 90), 20.0))
index = 0
while True:
    writer.frame(np.full((90, 160, 3), index % 251, np.uint8), index / 20)
    index += 1
    if index == 100:
        print("going", flush=True)
"""


def test_a_killed_recorder_leaves_a_readable_recording(tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder), str(Path(__file__).parents[2])], stdout=subprocess.PIPE
    ) as recorder:
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == b"going\n"
        recorder.send_signal(signal.SIGKILL)
        recorder.wait()
    assert read_card(folder).frames is None
    seen = [int(frame.pixels[0, 0, 0]) for frame in read_frames(folder)]
    assert len(seen) >= 79  # all but the last second
    assert seen == [index % 251 for index in range(len(seen))]
    assert mend(folder) == len(read_recording(folder / ACTIONS)) == read_card(folder).frames


def test_lines_are_made_as_many_as_frames(tmp_path: Path) -> None:
    record(tmp_path)
    (tmp_path / CARD).write_text((tmp_path / CARD).read_text().replace('"frames": 6', '"frames": null'))
    lines = (tmp_path / ACTIONS).read_text().splitlines(keepends=True)
    (tmp_path / ACTIONS).write_text("".join(lines[:3]) + lines[3][:50])
    assert [tick.index for tick in read_ticks(tmp_path)] == [0, 1, 2]
    assert mend(tmp_path) == 6
    ticks = list(read_ticks(tmp_path))
    assert len(ticks) == len(read_recording(tmp_path / ACTIONS)) == 6
    assert ticks[2].inputs == CLICK
    assert ticks[5].inputs == ()
    assert ticks[5].pointer == (40, 30)


def test_a_recording_is_not_written_over(tmp_path: Path) -> None:
    record(tmp_path)
    before = (tmp_path / ACTIONS).read_bytes()
    with pytest.raises(UsageError, match="holds a recording already"):
        ActionsWriter(tmp_path, card())
    assert (tmp_path / ACTIONS).read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (CARD, b"[]", "does not say that it is one"),
        (CARD, b"{", "no card of a recording"),
        (CARD, b'{"format": "groundup recording", "version": 99}', "version 99"),
        (
            CARD,
            b'{"format": "groundup recording", "version": 1, "game": "x", "size": [0, 5], "fps": 20}',
            "size",
        ),
        (ACTIONS, b'{"mouse": {}}\n', "line 1 is no line of a recording"),
        (ACTIONS, b"[" * 100_000 + b"\n", "line 1 is no line of a recording"),
        (ACTIONS, b'{"groundup": {"index": 0, "t": -1}}\n', r"line 1: t: .* greater"),
        (VIDEO, b"no video", "no pictures"),
    ],
)
def test_damage_is_named(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    record(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingUnusable, match=says):
        list(read_frames(tmp_path))


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingUnusable, match=r"it has no recording\.json"):
        read_card(tmp_path)


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GroundupError, match="cannot be written"):
        ActionsWriter(tmp_path / "file" / "recording", card())


def test_recordings_without_pictures_need_no_pyav() -> None:
    code = "import sys, groundup.envs.recordings, groundup.envs.recording_video; print('av' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

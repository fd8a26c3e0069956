"""A person's play in a real window, recorded: pictures, mouse and keyboard on one clock."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from groundup.agent.doctor_window import capturing, delivering
from groundup.envs.recording_video import read_frames
from groundup.envs.recordings import MASKED, Input, read_card, read_ticks
from groundup.envs.window import Query, find
from groundup.envs.window_profile import Profile
from groundup.envs.window_record import Recorded, _Camera, record
from groundup.envs.window_x11 import X11Windows
from tests import needs

from .desk import open_program, screen, wait_until

PROFILE = Profile.model_validate({"name": "test", "input": {"keys": ["b", "shift+enter"]}})


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Recorded]]:
    needs.programs("make setup-live", "ffmpeg", "xdotool")
    folder = tmp_path_factory.mktemp("recording")
    done = threading.Event()
    with screen():
        program = open_program(tmp_path_factory.mktemp("program"), "A Game", (641, 401))

        def play() -> None:
            time.sleep(2.0)
            for keys in (
                ("mousemove", "--sync", "640", "400"),
                ("click", "1"),
                ("key", "b"),
                ("key", "z"),
                ("key", "shift+Return"),
                ("click", "5"),
            ):
                subprocess.run(["xdotool", *keys], check=True)
                time.sleep(0.2)
            time.sleep(0.5)
            other = open_program(tmp_path_factory.mktemp("other"), "Other")
            windows = X11Windows()
            area = find(windows, Query("Other")).area
            windows.close()
            there = (str(area.x + area.w // 2), str(area.y + area.h // 2))
            time.sleep(0.5)
            for keys in (("key", "b"), ("mousemove", "--sync", *there), ("click", "3")):
                subprocess.run(["xdotool", *keys], check=True)
            wait_until(lambda: other.events("button"))
            time.sleep(0.5)
            other.close()
            done.set()

        threading.Thread(target=play, daemon=True).start()
        report = record(
            Query("A Game"), folder / "demo", profile=PROFILE, until=done.is_set, player="xdotool"
        )
        program.close()
        yield folder / "demo", report


def test_a_recording_has_a_line_for_each_picture(recording: tuple[Path, Recorded]) -> None:
    folder, report = recording
    card = read_card(folder)
    assert (card.game, card.size, card.fps, card.player) == ("test", (641, 401), 20.0, "xdotool")
    ticks = list(read_ticks(folder))
    assert len(ticks) == card.frames == report.frames >= 40
    assert report.ended == "asked to stop"
    steps = [b.t - a.t for a, b in pairwise(ticks)]
    assert all(abs(step - 0.05) < 0.001 for step in steps)
    assert sum(1 for _ in read_frames(folder)) == report.frames


def test_inputs_are_kept_in_order_typed_text_masked_and_other_windows_left_out(
    recording: tuple[Path, Recorded],
) -> None:
    folder, report = recording
    inputs: list[Input] = [event for tick in read_ticks(folder) for event in tick.inputs]
    assert len(inputs) == report.inputs
    assert [event.t for event in inputs] == sorted(event.t for event in inputs)
    pressed = [event for event in inputs if event.kind == "press"]
    assert [event.button for event in pressed] == ["left"]
    downs = [event.key for event in inputs if event.kind == "key_down"]
    assert downs == ["b", MASKED, "shift", "enter"]
    assert report.masked == 1
    assert [(event.dx, event.dy) for event in inputs if event.kind == "scroll"] == [(0.0, 100.0)]


def test_the_picture_after_a_click_shows_it(recording: tuple[Path, Recorded]) -> None:
    folder, _ = recording
    ticks = list(read_ticks(folder))
    press = next(i for i, t in enumerate(ticks) for e in t.inputs if e.kind == "press")
    point = next(e.point for e in ticks[press].inputs if e.kind == "press")
    assert point is not None
    frames = [frame.pixels for frame in read_frames(folder)]
    assert tuple(frames[press - 2][point[1], point[0]]) == (40, 60, 90)
    assert tuple(frames[press + 10][point[1], point[0]]) == (250, 200, 40)


def test_a_picture_that_ffmpeg_dropped_at_the_end_has_no_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """ffmpeg tells of a picture before it writes it, and one in twenty recordings ended between the two."""
    needs.programs("make setup-live", "ffmpeg")
    told: list[int] = []
    close = _Camera.close

    def dropping(camera: _Camera) -> None:
        close(camera)
        told.append(camera.written)
        camera.written -= 3

    monkeypatch.setattr(_Camera, "close", dropping)
    with screen():
        program = open_program(tmp_path, "A Game", (641, 401))
        counted = iter(range(60))
        folder = tmp_path / "demo"
        report = record(Query("A Game"), folder, profile=PROFILE, until=lambda: next(counted, 60) == 60)
        program.close()
    assert report.frames == told[0] - 3 == read_card(folder).frames == len(list(read_ticks(folder)))


def test_doctor_sees_all_input_arrive() -> None:
    with screen():
        assert "ms median" in capturing()
        assert delivering() == "50 of 50 clicks and 50 of 50 keys arrived"

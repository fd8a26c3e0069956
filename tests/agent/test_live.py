"""The command line plays in real windows: a small program's, and a real Freeciv's."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from groundup.envs.recording_video import read_frames
from groundup.envs.recordings import read_card, read_ticks
from groundup.envs.window import Query, find
from groundup.envs.window_x11 import X11Windows
from tests import needs
from tests.envs.desk import Program, open_program, screen, wait_until

PROFILE = """\
name = "probe"
[input]
keys = ["a", "space"]
[timing]
frame = 40
"""

TEXT_WINDOW = Path(__file__).parents[1] / "envs" / "text_window.py"

EXAMPLE = Path(__file__).parents[2] / "examples" / "freeciv_person.py"

GROUNDUP = str(Path(sys.executable).with_name("groundup"))


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with screen() as name:
        yield name


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([GROUNDUP, *arguments], capture_output=True, text=True, check=False)


def test_a_window_is_looked_at_and_played_in(display: str, tmp_path: Path) -> None:  # noqa: ARG001
    (tmp_path / "programs").mkdir()
    profile = tmp_path / "probe.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    program = open_program(tmp_path / "programs", "A Game", (640, 400))
    try:
        which = ("--window", "A Ga", "--window-profile", str(profile), "--json")
        looked = _run("play", *which, "--dry-run", "--out", str(tmp_path / "look"))
        assert looked.returncode == 0, looked.stderr
        assert json.loads(looked.stdout)["picture"].endswith("dry-run.png")
        assert not program.events("key")
        assert not program.events("button")
        played = _run("play", *which, "--steps", "6", "--library", str(tmp_path / "l.db"))
        assert played.returncode == 0, played.stderr
        report = json.loads(played.stdout)
        assert (report["game"], report["steps"]) == ("probe", 6)
        received = [e for e in (*program.events("key"), *program.events("button")) if e["down"]]
        assert 1 <= len(received) <= 6
        command = [GROUNDUP, "play", *which, "--steps", "500", "--library", str(tmp_path / "l.db")]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        before = len(program.events())
        wait_until(lambda: len(program.events()) > before + 3)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
        assert running.returncode == 130, err
        assert json.loads(out)["steps"] < 500
        wait_until(lambda: not _down(program))
        listed = _run("skills", "list", "--library", str(tmp_path / "l.db"), "--json")
        assert listed.returncode == 0
    finally:
        program.close()
    missing = _run("play", "--window", "Chess")
    assert missing.returncode == 2
    assert "No window has the title 'Chess'" in missing.stderr


def test_a_signal_ends_a_run_in_its_first_pause_and_at_a_question(display: str, tmp_path: Path) -> None:  # noqa: ARG001
    needs.programs("make setup-live", "xdotool")
    (tmp_path / "programs").mkdir()
    profile = tmp_path / "probe.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    program = open_program(tmp_path / "programs", "A Game", (640, 400))
    which = ("--window", "A Game", "--window-profile", str(profile), "--json")
    try:
        wait_until(lambda: _titled("A Game"))
        windows = X11Windows()
        handle = str(find(windows, Query("A Game")).handle)
        windows.close()
        for place, said, number, more in (
            ("1000", "off the screen", signal.SIGTERM, ()),
            ("100", "do it? [y/n/q]", signal.SIGINT, ("--confirm",)),
        ):
            subprocess.run(["xdotool", "windowmove", handle, place, "100"], check=True)
            library, err = tmp_path / f"{place}.db", tmp_path / f"{place}.err"
            command = [GROUNDUP, "play", *which, "--steps", "50", "--library", str(library), *more]
            with open(err, "w", encoding="utf-8") as out:
                pipe = subprocess.PIPE
                running = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=out, text=True)
            try:
                wait_until(lambda err=err, said=said: said in err.read_text("utf-8"))
                running.send_signal(number)
                # Its input stays open: nobody answers the question.
                assert running.wait(60) == 130, err.read_text("utf-8")
                assert running.stdout is not None
                assert json.loads(running.stdout.read())["steps"] == 0
            finally:
                running.kill()
                running.communicate()
            with closing(sqlite3.connect(library)) as database:
                assert database.execute("select status from run").fetchall() == [("stopped",)]
        assert not program.events("button")
        assert not program.events("key")
    finally:
        program.close()


def test_a_real_game_is_played_and_scored_as_a_recorded_person_played_it(tmp_path: Path) -> None:
    """`examples/freeciv_person.py`: what was clicked and pressed on one map is done on another."""
    needs.programs("make setup-live", "freeciv-server", "freeciv-gtk3.22", "xdotool")
    few = ("--turns", "2", "--steps", "12", "--no-untaught")
    shown = subprocess.run(
        [sys.executable, str(EXAMPLE), str(tmp_path), *few], capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    report = json.loads(shown.stdout)
    # Five units are told what to do on the first turn, four on the second; each turn is ended by a click.
    assert report["learnt"]["actions"] == 5 + 4 + 2
    assert report["learnt"]["uses"] >= 5
    taught = report["taught"]
    assert taught["steps"] == 12
    assert taught["truth"]["turns"] >= 2
    assert set(taught["truth"]) >= {"turns", "cities", "technologies", "score"}
    assert taught["responsive_rate"] >= 0.5


def test_a_text_of_the_profile_ends_the_run(display: str, tmp_path: Path) -> None:  # noqa: ARG001
    """A window says "Level 3" until it is touched, then what the profile names."""
    profile = tmp_path / "probe.toml"
    profile.write_text(PROFILE + '[safety]\nstop_text = ["multiplayer lobby"]\n', encoding="utf-8")
    words = ("Words", "Level 3", "Multiplayer Lobby")
    window = subprocess.Popen([sys.executable, str(TEXT_WINDOW), *words], stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _titled("Words"))
        which = ("--window", "Words", "--window-profile", str(profile), "--json")
        library = str(tmp_path / "l.db")
        played = _run("play", *which, "--steps", "60", "--library", library)
        assert played.returncode == 0, played.stderr
        assert "'multiplayer lobby' can be read on screen" in played.stderr
        assert json.loads(played.stdout)["steps"] < 60
        again = _run("play", *which, "--resume", "--library", library)
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["resumed"]
    finally:
        window.terminate()
        window.wait()


def test_a_screen_that_dies_ends_the_run_with_a_sentence_and_all_that_was_learnt(tmp_path: Path) -> None:
    needs.programs("make setup-live", "Xvfb", "openbox")
    (tmp_path / "programs").mkdir()
    profile = tmp_path / "probe.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    library = str(tmp_path / "l.db")
    which = ("--window", "A Game", "--window-profile", str(profile), "--json", "--library", library)
    before = _children(os.getpid(), "Xvfb")
    with screen():
        (server,) = set(_children(os.getpid(), "Xvfb")) - set(before)
        program = open_program(tmp_path / "programs", "A Game", (640, 400))
        with open(tmp_path / "err", "w", encoding="utf-8") as err:
            command = [GROUNDUP, "play", *which, "--steps", "500"]
            running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, text=True)
            wait_until(lambda: len([e for e in program.events() if e["kind"] in ("key", "button")]) > 3)
            os.kill(server, signal.SIGKILL)
            out, _ = running.communicate(timeout=60)
        program.close()
    said = [line for line in (tmp_path / "err").read_text("utf-8").splitlines() if "%" not in line]
    assert running.returncode == 1, said
    assert out == ""
    assert "does not answer any more" in said[-1], said
    assert not any("Traceback" in line or "Error" in line for line in said), said
    with screen():
        program = open_program(tmp_path / "programs", "A Game", (640, 400))
        played = _run("play", *which, "--resume", "--steps", "3")
        program.close()
    assert played.returncode == 0, played.stderr
    report = json.loads(played.stdout)
    assert report["resumed"]
    assert report["steps"] >= 3


def test_a_recorder_that_is_killed_leaves_what_can_be_read(display: str, tmp_path: Path) -> None:  # noqa: ARG001
    needs.programs("make setup-live", "ffmpeg", "xdotool")
    (tmp_path / "programs").mkdir()
    program = open_program(tmp_path / "programs", "A Game", (640, 400))
    demo = tmp_path / "demo"
    try:
        command = [GROUNDUP, "record", str(demo), "--window", "A Game"]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: (demo / "actions.jsonl").exists() and len(list(read_ticks(demo))) > 10)
        for x in range(500, 780, 40):
            subprocess.run(["xdotool", "mousemove", "--sync", str(x), "400", "click", "1"], check=True)
            time.sleep(0.4)
        camera = wait_until(lambda: _children(running.pid, "ffmpeg"))
        running.kill()
        running.wait()
        wait_until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in camera))
    finally:
        program.close()
    assert read_card(demo).frames is None
    ticks, frames = list(read_ticks(demo)), list(read_frames(demo))
    assert len(frames) >= len(ticks) - 30
    presses = [event for tick in ticks for event in tick.inputs if event.kind == "press"]
    assert len(presses) >= 6
    assert tuple(frames[-1].pixels[presses[0].y, presses[0].x]) == (250, 200, 40)  # type: ignore[index]
    learnt = _run("segment", str(demo), "--seed-library", str(tmp_path / "taught.db"), "--json")
    assert learnt.returncode == 0, learnt.stderr
    (report,) = json.loads(learnt.stdout)["recordings"]
    assert report["actions"] >= 6


def _down(program: Program) -> set[tuple[str, object]]:
    """Keys and buttons that the window knows to be down."""
    last = {
        (kind, event["name"]): event["down"] for kind in ("key", "button") for event in program.events(kind)
    }
    return {name for name, down in last.items() if down}


def _titled(title: str) -> bool:
    windows = X11Windows()
    try:
        return any(window.title == title for window in windows.all())
    finally:
        windows.close()


def _children(parent: int, name: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = path.read_text(encoding="utf-8").split(" (", 1)
        except OSError:
            continue
        program, numbers = rest.rsplit(") ", 1)
        if program == name and int(numbers.split()[1]) == parent:
            found.append(int(pid))
    return found

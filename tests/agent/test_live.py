"""The command line plays in real windows: a small program's, and a real Freeciv's."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.envs.desk import needs, open_program, screen, wait_until

PROFILE = """\
name = "probe"
[input]
keys = ["a", "space"]
[timing]
frame = 40
"""

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
        time.sleep(0.3)
        for name in {e["name"] for e in program.events("key")}:
            assert program.events("key")[-1]["down"] is False, name
        listed = _run("skills", "list", "--library", str(tmp_path / "l.db"), "--json")
        assert listed.returncode == 0
    finally:
        program.close()
    missing = _run("play", "--window", "Chess")
    assert missing.returncode == 2
    assert "No window has the title 'Chess'" in missing.stderr


def test_a_real_game_is_played_and_scored(display: str) -> None:  # noqa: ARG001
    needs("freeciv-server", "freeciv-gtk3.22")
    played = _run("play", "freeciv", "--steps", "12", "--seed", "3", "--json")
    assert played.returncode == 0, played.stderr
    report = json.loads(played.stdout)
    assert report["steps"] == 12
    assert report["truth"]["turns"] >= 1
    assert set(report["truth"]) >= {"turns", "cities", "technologies", "score"}
    assert 0.0 <= report["responsive_rate"] <= 1.0

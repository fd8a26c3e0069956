"""The dashboard in a real terminal: tmux draws it, takes keys, changes its size, and is left as it was."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import needs

ROOT = Path(__file__).parents[2]


class Tmux:
    """One terminal on a server of its own, with a shell in it."""

    def __init__(self) -> None:
        self._server = f"groundup-{uuid.uuid4().hex[:8]}"
        self.run("new-session", "-d", "-x", "120", "-y", "40", "-s", "t", "bash --norc --noprofile")
        self.type(f"cd {ROOT}; PS1='ready> '; clear")
        self.until(lambda text: text.strip() == "ready>")

    def run(self, *words: str) -> str:
        command = ["tmux", "-L", self._server, "-f", "/dev/null", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def type(self, line: str) -> None:
        self.run("send-keys", "-t", "t", "-l", line)
        self.run("send-keys", "-t", "t", "Enter")

    def key(self, name: str) -> None:
        self.run("send-keys", "-t", "t", name)

    def text(self) -> str:
        return self.run("capture-pane", "-p", "-t", "t")

    def until(self, holds: Callable[[str], bool], seconds: float = 20) -> str:
        end = time.monotonic() + seconds
        while not holds(text := self.text()):
            assert time.monotonic() < end, text
            time.sleep(0.1)
        return text

    def watch(self, library: Path, shows: str = "decision of step 240") -> None:
        self.type(f"{sys.executable} -m groundup.agent.cli watch --library {library}; echo code=$?")
        self.until(lambda text: shows in text)

    def clean(self) -> None:
        """The shell is back: what is typed shows, is run, and no mode is left over."""
        self.until(lambda text: "code=" in text and text.rstrip().endswith("ready>"))
        self.type("stty -a | tr ';' '\\n' | grep -ow -e '-\\?echo' -e '-\\?icanon'; echo typed")
        text = self.until(lambda text: text.count("typed") >= 2)
        assert "\necho\n" in text
        assert "\nicanon\n" in text
        modes = "#{alternate_on} #{mouse_any_flag} #{mouse_all_flag} #{cursor_flag}"
        assert self.run("display-message", "-p", "-t", "t", modes).split() == ["0", "0", "0", "1"]

    def child(self) -> int:
        """The dashboard's process."""
        shell = self.run("display-message", "-p", "-t", "t", "#{pane_pid}").strip()
        return int(subprocess.check_output(["ps", "-o", "pid=", "--ppid", shell], text=True).split()[0])

    def close(self) -> None:
        subprocess.run(["tmux", "-L", self._server, "kill-server"], check=False, capture_output=True)


def _terminal() -> Iterator[Tmux]:
    needs.programs("apt-get install tmux", "tmux")
    opened = Tmux()
    yield opened
    opened.close()


tmux = pytest.fixture(_terminal, name="tmux")
second_tmux = pytest.fixture(_terminal, name="second_tmux")


def test_keys_sizes_and_leaving(tmux: Tmux, library: Path) -> None:
    tmux.watch(library)
    tmux.key("3")
    tmux.until(lambda text: "strike, then look 4" in text and "came by" in text)
    tmux.run("resize-window", "-t", "t", "-x", "80", "-y", "24")
    tmux.until(lambda text: max(map(len, text.splitlines())) <= 80 and "5 skills" in text)
    tmux.run("resize-window", "-t", "t", "-x", "120", "-y", "40")
    tmux.key("2")
    tmux.until(lambda text: "skills kept" in text)
    tmux.key("q")
    tmux.until(lambda text: "code=0" in text)
    tmux.clean()


def test_ended_from_outside_it_gives_the_terminal_back(tmux: Tmux, library: Path) -> None:
    tmux.watch(library)
    os.kill(tmux.child(), signal.SIGTERM)
    tmux.clean()


def test_a_crash_gives_the_terminal_back(tmux: Tmux, library: Path) -> None:
    code = (
        "import sys; from groundup.tui.run_screen import RunScreen; "
        "RunScreen.action_proposals = lambda self: 1 / 0; "
        "from groundup.agent.cli import main; main(['watch', '--library', sys.argv[1]])"
    )
    tmux.type(f'{sys.executable} -c "{code}" {library}; echo code=$?')
    tmux.until(lambda text: "decision of step 240" in text)
    tmux.key("p")
    tmux.clean()


def test_when_its_parent_is_killed_it_leaves(tmux: Tmux, library: Path) -> None:
    watch = f"{sys.executable} -m groundup.agent.cli watch --library {library}"
    tmux.type(f"sh -c '{watch}; true'; echo code=$?")
    tmux.until(lambda text: "decision of step 240" in text)
    parents = subprocess.check_output(["ps", "-ww", "-eo", "pid=,ppid=,args="], text=True).splitlines()
    rows = [line.split(None, 2) for line in parents]
    (dashboard,) = [row for row in rows if row[2].startswith(watch)]
    os.kill(int(dashboard[1]), signal.SIGKILL)
    gone = time.monotonic() + 30
    while Path(f"/proc/{dashboard[0]}").exists() and time.monotonic() < gone:
        time.sleep(0.1)
    assert not Path(f"/proc/{dashboard[0]}").exists()
    tmux.type("clear; echo code=0")  # what the shell said meanwhile went with the dashboard's screen
    tmux.clean()


def test_when_its_terminal_is_gone_it_leaves(tmux: Tmux, library: Path) -> None:
    tmux.watch(library)
    dashboard = Path(f"/proc/{tmux.child()}")
    tmux.close()
    end = time.monotonic() + 30
    while dashboard.exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert not dashboard.exists()


def test_two_watch_one_live_run(tmux: Tmux, second_tmux: Tmux, tmp_path: Path) -> None:
    library = tmp_path / "live.db"
    words = ["play", "spire", "--steps", "100000", "--library", str(library), "--out", str(tmp_path)]
    run = subprocess.Popen(
        [sys.executable, "-m", "groundup.agent.cli", *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    both = (tmux, second_tmux)
    try:
        end = time.monotonic() + 60
        while not library.exists():
            assert time.monotonic() < end
            assert run.poll() is None
            time.sleep(0.1)
        for terminal in both:
            terminal.watch(library, "● live")
        tmux.key("Space")
        for terminal in both:
            terminal.until(lambda text: "▮▮ paused" in text)
        second_tmux.until(lambda text: _steps(text) == _steps(tmux.text()))
        steps = _steps(second_tmux.text())
        second_tmux.key(".")
        for terminal in both:
            terminal.until(lambda text: "▮▮ paused" in text and _steps(text) > steps)
        second_tmux.key("Space")
        for terminal in both:
            terminal.until(lambda text: "● live" in text and _steps(text) > steps + 2)
        tmux.key("q")
        tmux.until(lambda text: "code=0" in text)
        second_tmux.key("x")
        second_tmux.until(lambda text: "Type yes" in text)
        second_tmux.type("yes")
        assert run.wait(30) == 0
        second_tmux.until(lambda text: f"stopped {_steps(text)}/100000" in text)
    finally:
        run.kill()
        run.wait()


def _steps(text: str) -> int:
    """Steps done, as the bar above says."""
    found = re.search(r"(\d+)/100000", text)
    return int(found[1]) if found else -1

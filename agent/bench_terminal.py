"""A program in a terminal of its own, for `groundup bench watch`: what it has painted, its memory, its CPU.

The terminal is a pseudo-terminal that answers what an xterm answers and draws nothing. Linux's /proc says
what a process uses.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from groundup.envs.errors import MissingPart

SIZE = (120, 40)
"""Columns and rows."""

ANSWER = b"\x1b[?62;22c"
"""What a terminal without graphics says of itself (primary device attributes: level 2, colours)."""

_KEPT = 50_000
"""Letters of what was written that are kept for searching."""

_CONTROLS = re.compile(r"\x1b(\[[0-9;?<>=]*[A-Za-z]|\][^\x07\x1b]*(\x07|\x1b\\))")


class Terminal:
    """A program that runs in a terminal until `close`; `began` is when it was started."""

    def __init__(self, command: Sequence[str]) -> None:
        if not Path("/proc/self/stat").exists():
            raise MissingPart("This measurement reads /proc: run it on Linux.")
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environment.pop("NO_COLOR", None)
        self.began = time.monotonic()
        self._child = subprocess.Popen(
            list(command), stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
        )
        os.close(theirs)
        self._file = ours
        self._text = ""

    def until(self, words: str, seconds: float) -> float | None:
        """Read until `words` have been written; the moment, None when they were not in so many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._file], [], [], min(left, 0.05))[0]:
                try:
                    read = os.read(self._file, 1 << 16)
                except OSError:  # it has ended
                    return None
                if b"\x1b[c" in read:
                    os.write(self._file, ANSWER)
                self._text = self._text[-_KEPT:] + _CONTROLS.sub("", read.decode("utf-8", "replace"))
                if words and words in self._text:
                    return time.monotonic()
        return None

    def settle(self, seconds: float) -> None:
        """Let it write for so long."""
        self.until("", seconds)

    def peak_mb(self) -> float:
        """The most memory it has had, in MB."""
        status = Path(f"/proc/{self._child.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+)", status)
        assert found is not None
        return int(found[1]) * 1024 / 1e6

    def cpu(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self._child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it."""
        self._child.send_signal(signal.SIGTERM)
        self.until("", 0.5)
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        os.close(self._file)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def dashboard(library: Path) -> list[str]:
    """The command that watches a library."""
    return [sys.executable, "-m", "groundup.agent.cli", "watch", "--library", str(library)]


BARE = """
from textual.app import App
from textual.widgets import Footer, Label
class Bare(App):
    BINDINGS = [("q", "quit", "Quit")]
    looks = 0
    def compose(self):
        yield Label("bare", id="bare")
        yield Footer()
    def on_mount(self):
        self.set_interval(0.2, self.look)
    def look(self):
        self.looks += 1
        self.query_one("#bare").update(f"looked {self.looks} times")
Bare().run()
"""
"""An app of the same framework that shows one line and changes it as often as the dashboard looks: what the
framework itself costs."""


def bare() -> list[str]:
    """The command that runs it."""
    return [sys.executable, "-c", BARE]

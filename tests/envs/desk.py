"""A real screen for tests: Xvfb with openbox, and small programs with real windows on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundup.envs.launch import Programs
from groundup.envs.launch_screen import open_screen
from tests import needs

SECONDS = 180.0
"""A window is up, an event written down, a run begun, within this time even on a loaded machine."""


@contextmanager
def screen() -> Iterator[str]:
    """A new display with a window manager, in $DISPLAY meanwhile."""
    needs.programs("make setup-live", "Xvfb", "openbox")
    before = os.environ.pop("DISPLAY", None)
    programs = Programs()
    try:
        yield open_screen(programs)
    finally:
        programs.close()
        os.environ.pop("DISPLAY", None)
        if before is not None:
            os.environ["DISPLAY"] = before


def wait_until(what: Callable[[], Any]) -> Any:
    """What `what` gives once it is true; fails when that takes too long."""
    end = time.monotonic() + SECONDS
    while not (found := what()):
        if time.monotonic() > end:
            raise AssertionError("it did not come about")
        time.sleep(0.02)
    return found


@dataclass
class Program:
    """A running probe (`envs/window_probe.py`), and what it has received."""

    process: subprocess.Popen[bytes]
    log: Path
    title: str
    seen: int = field(default=0)

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """All events so far, or those of one kind."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        rows = [json.loads(line) for line in lines]
        return [row for row in rows if kind is None or row["kind"] == kind]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()


def open_program(folder: Path, title: str = "A Game", size: tuple[int, int] = (640, 400)) -> Program:
    """Open a window and wait until its program listens."""
    log = folder / f"{title.replace(' ', '-')}-{len(list(folder.iterdir()))}.jsonl"
    command = [
        sys.executable,
        "-m",
        "groundup.envs.window_probe",
        str(log),
        title,
        str(size[0]),
        str(size[1]),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    program = Program(process, log, title)
    wait_until(lambda: program.events("ready"))
    return program

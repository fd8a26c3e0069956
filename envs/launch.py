"""Starts the programs that a game needs, and stops exactly what it started.

Each program dies with this one, however that ends: `setpriv --pdeathsig`. What a program has started in turn
is known by a mark in its environment, and ended with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from groundup.envs.errors import GroundupError, MissingPart, UnknownGame
from groundup.envs.window import Window

LAUNCHERS = "groundup.launchers"
"""The entry-point group in which packages name what starts their games."""

START_SECONDS = 30.0
"""A program is up within this time, or will not come: Freeciv takes 2 to 4 s, ten times that is a slow
machine."""

END_SECONDS = 5.0
"""A program that was asked to end is killed after this time."""

NOBODY = 65534
"""The user that programs run as which refuse to run as root."""

MARK = "GROUNDUP_STARTED"
"""In the environment of all that was started for a game: its folder."""

GAMES = "/usr/games"
"""Where Debian puts games; not in everybody's PATH."""


class LaunchFailed(GroundupError):
    """A program did not start, or has ended."""


class Programs:
    """What was started for one game: programs, in the order in which they need each other, and a folder."""

    def __init__(self) -> None:
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._after: list[Callable[[], None]] = []
        self.folder = Path(tempfile.mkdtemp(prefix="groundup-"))
        give(self.folder)

    def start(
        self,
        name: str,
        command: list[str],
        *,
        env: dict[str, str] | None = None,
        unprivileged: bool = False,
        listens: bool = False,
        talks: bool = False,
        folder: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program; what it prints goes to NAME.log in the folder.

        `unprivileged`: as nobody where we are root; `listens`: it reads from its `stdin`, a pipe; `talks`: it
        also answers on its `stdout`, another one; `folder`: the one it works in.
        Raises `MissingPart` when there is no such program.
        """
        program = found(command[0])
        if program is None:
            raise MissingPart(
                f"{command[0]} is not installed: run `make setup-live`, or apt-get install its package."
            )
        before = ["setpriv", "--pdeathsig", "TERM"]
        if unprivileged and os.getuid() == 0:
            before += [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                [*before, "--", program, *command[1:]],
                stdin=subprocess.PIPE if listens or talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else log,
                stderr=log,
                cwd=folder or self.folder,
                env={**os.environ, MARK: str(self.folder), **(env or {})},
                # Ctrl-C is for us; what we started is ended in its order.
                start_new_session=True,
            )
        self._running.append((name, process))
        return process

    def check(self) -> None:
        """Raise `LaunchFailed` when a program has ended by itself."""
        for name, process in self._running:
            if process.poll() is not None:
                raise LaunchFailed(f"{name} has ended (code {process.returncode}): {self._last_words(name)}")

    def wait_for(self, what: str, ready: Callable[[], bool]) -> None:
        """Wait until `ready`; raises `LaunchFailed` when a program ends first or it takes too long."""
        end = time.monotonic() + START_SECONDS
        pause = threading.Event()
        while not ready():
            self.check()
            if time.monotonic() > end:
                raise LaunchFailed(f"{what} did not come up within {START_SECONDS:g} s: see {self.folder}.")
            pause.wait(0.05)

    def printed(self, name: str) -> str:
        """What a program has printed so far."""
        try:
            return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def __len__(self) -> int:
        """How many programs were started and not stopped."""
        return len(self._running)

    @property
    def pids(self) -> dict[str, int]:
        """The process of each program."""
        return {name: process.pid for name, process in self._running}

    def stop(self, keep: int = 0) -> None:
        """End the programs, the last started first, but for the `keep` first ones."""
        while len(self._running) > keep:
            _, process = self._running.pop()
            _end(process)

    def subfolder(self, name: str) -> Path:
        """A new folder in the folder, which a program that is not privileged may write to."""
        path = self.folder / name
        path.mkdir()
        give(path)
        return path

    def after(self, undo: Callable[[], None]) -> None:
        """Call `undo` once everything has been ended."""
        self._after.append(undo)

    def close(self) -> None:
        """End all programs, and what they have started, and remove the folder; may be called twice."""
        self.stop()
        _kill_marked(str(self.folder))
        while self._after:
            self._after.pop()()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _last_words(self, name: str) -> str:
        lines = [line.strip() for line in self.printed(name).splitlines() if line.strip()]
        return (lines[-1] if lines else "it said nothing").rstrip(".") + "."


@dataclass(frozen=True, slots=True)
class Launched:
    """A game that runs: its window, the programs started for it, and what its own record says."""

    window: Window
    programs: Programs
    truth: Callable[[], dict[str, Any]] | None = None


def launchers() -> dict[str, EntryPoint]:
    """The games that can be started from here, by name: entry points of the group `groundup.launchers`."""
    return {entry.name: entry for entry in entry_points(group=LAUNCHERS)}


def launch(name: str, seed: int = 0) -> Launched:
    """Start a game; raises `UnknownGame`, `MissingPart`, `LaunchFailed`."""
    known = launchers()
    if name not in known:
        raise UnknownGame(
            f"No game {name!r} can be started from here: there is {', '.join(sorted(known)) or 'none'}."
        )
    start: Callable[..., Launched] = known[name].load()
    return start(seed=seed)


def give(*paths: Path) -> None:
    """Let programs that are not privileged write there."""
    if os.getuid() == 0:
        for path in paths:
            os.chown(path, NOBODY, NOBODY)


def free_port() -> int:
    """A port of this machine that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def found(program: str) -> str | None:
    """Where a program is, also among Debian's games."""
    return shutil.which(program) or shutil.which(program, path=GAMES)


def require(packages: dict[str, str]) -> None:
    """Raise `MissingPart` naming the Debian packages of the programs that are not there."""
    missing = sorted({package for program, package in packages.items() if found(program) is None})
    if missing:
        raise MissingPart(
            f"{', '.join(missing)} must be installed: run `make setup-live`, or "
            f"`sudo apt-get install {' '.join(missing)}`."
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _kill_marked(mark: str) -> None:
    """Kill what outlived the program that started it, as a game does whose launcher was killed."""
    wanted = f"{MARK}={mark}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # it has ended, or is somebody else's
            if wanted in path.read_bytes().split(b"\0"):
                os.kill(int(path.parent.name), signal.SIGKILL)

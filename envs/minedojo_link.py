"""MineDojo in a process and a Python environment of its own, asked by messages over its standard streams.

MineDojo 0.1 needs gym 0.21 and other packages of 2022; nothing of them is imported here. The messages are
described in `minedojo_child.py`, the other end.
"""

from __future__ import annotations

import json
import os
import selectors
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from groundup.envs.errors import GroundupError, MissingPart
from groundup.envs.launch import END_SECONDS, LaunchFailed, Programs, require
from groundup.envs.window_stop import Stop

VARIABLE = "GROUNDUP_MINEDOJO"
"""Names the Python interpreter that has MineDojo, where it is not in `FOLDER`."""

CHILD = Path(__file__).with_name("minedojo_child.py")

LOOK_SECONDS = 0.1
"""Time between two looks at whether the run is to end, while an answer is awaited."""


class MineDojoFailed(GroundupError):
    """MineDojo has refused something, or its Minecraft did not start."""


FOLDER = Path(sys.prefix) / "minedojo"
"""Where `minedojo_setup.py` makes MineDojo's environment: in the folder of our own."""


def command() -> list[str]:
    """How the other end is started; raises `MissingPart` when its environment is not there."""
    named = os.environ.get(VARIABLE)
    python = Path(named) if named else FOLDER / "bin" / "python"
    if not python.is_file():
        raise MissingPart(
            f"MineDojo's own Python environment is not at {python}: run `make setup-minedojo` or "
            f"`python -m groundup.envs.minedojo_setup`, or name its interpreter in ${VARIABLE}."
        )
    # Isolated: the script's folder, where modules have names of the standard library's, is not searched.
    return [str(python), "-I", str(CHILD)]


class Link:
    """One such process, and all that it starts."""

    def __init__(self, command: Sequence[str], stop: Stop) -> None:
        """Start it; awaited answers are given up when `stop` is set. Raises `MissingPart`."""
        require({"setpriv": "util-linux"})
        self._stop = stop
        self._programs = Programs()
        process = self._programs.start("MineDojo", list(command), talks=True)
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._requests, self._replies = process, process.stdin, process.stdout
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._replies, selectors.EVENT_READ)

    def ask(self, do: str, **what: Any) -> tuple[dict[str, Any], bytes]:
        """Its reply, and the raw bytes that go with it.

        Raises `MineDojoFailed` for a request that it cannot do, `LaunchFailed` when it has ended, `Stopped`.
        """
        text = json.dumps({"do": do, **what}).encode()
        try:
            self._requests.write(struct.pack(">I", len(text)) + text)
            self._requests.flush()
        except OSError:
            self._ended()
        (length,) = struct.unpack(">I", self._read(4))
        reply: dict[str, Any] = json.loads(self._read(length))
        raw = self._read(reply.pop("bytes"))
        if "error" in reply:
            raise MineDojoFailed(f"MineDojo answered {do!r} with {reply['error'].rstrip('.')}.")
        return reply, raw

    def close(self) -> None:
        """End it and all that it started; may be called twice."""
        self._ready.close()
        self._programs.close()

    def _read(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            if not self._ready.select(LOOK_SECONDS):
                self._stop.raise_if_set()
                continue
            part = os.read(self._replies.fileno(), count - len(parts))
            if not part:
                self._ended()
            parts += part
        return bytes(parts)

    def _ended(self) -> NoReturn:
        """Say with which words it has ended."""
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            raise LaunchFailed("MineDojo does not answer any more.") from None
        self._programs.check()
        raise AssertionError("a program that has ended was not found out")

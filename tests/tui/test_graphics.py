"""Pictures by whatever the terminal says it has, in pseudo-terminals that answer as real ones do."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

KITTY = b"\x1b_Gi="
ATTRIBUTES = b"\x1b[c"
CELL_SIZE = b"\x1b[16t"

Answer = Callable[[bytes], bytes]


def kitty(asked: bytes) -> bytes:
    """Kitty: graphics by its own protocol, no Sixel (https://sw.kovidgoyal.net/kitty/graphics-protocol/)."""
    said = b""
    if KITTY in asked:
        number = asked.partition(KITTY)[2].partition(b",")[0]
        said += b"\x1b_Gi=" + number + b";OK\x1b\\"
    return said + (b"\x1b[?62;c" if ATTRIBUTES in asked else b"") + size(asked)


def sixel(asked: bytes) -> bytes:
    """foot, or xterm as a VT340: attribute 4 is Sixel (https://invisible-island.net/xterm/ctlseqs)."""
    return (b"\x1b[?62;4;22c" if ATTRIBUTES in asked else b"") + size(asked)


def plain(asked: bytes) -> bytes:
    """A terminal that has colours only; 14 and 40 are other attributes that hold a 4."""
    return b"\x1b[?62;14;22;40c" if ATTRIBUTES in asked else b""


def silent(asked: bytes) -> bytes:  # noqa: ARG001
    """One that answers nothing."""
    return b""


def size(asked: bytes) -> bytes:
    return b"\x1b[6;20;10t" if CELL_SIZE in asked else b""


def shown(library: Path, answer: Answer, done: bytes) -> bytes:
    """All that the dashboard writes to such a terminal until it has written `done` and a while longer."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "groundup.agent.cli", "watch", "--library", str(library)]
    child = subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    written, end = b"", time.monotonic() + 60
    try:
        while time.monotonic() < end and done not in written:
            if select.select([ours], [], [], 0.1)[0]:
                read = os.read(ours, 1 << 16)
                written += read
                os.write(ours, answer(read))
    finally:
        child.send_signal(signal.SIGTERM)
        while child.poll() is None or select.select([ours], [], [], 0)[0]:
            try:
                if select.select([ours], [], [], 0.2)[0]:
                    written += os.read(ours, 1 << 16)
            except OSError:  # it has ended
                break
        child.wait(60)
        os.close(ours)
    return written


@pytest.mark.parametrize(
    ("answer", "begins"),
    [(kitty, b",m=1,f=100"), (sixel, b"\x1bP0;0;0q"), (plain, "▀".encode()), (silent, "▀".encode())],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_picture_comes_as_the_terminal_takes_it(library: Path, answer: Answer, begins: bytes) -> None:
    written = shown(library, answer, begins)
    assert begins in written
    if answer in (plain, silent):
        assert b"\x1bP" not in written
        assert written.count(b"\x1b_G") <= 1  # the question
    else:
        assert "▀".encode() not in written

"""Segments that a person has accepted, sent to a library as skills.

A process of `groundup segment` does it: what makes a skill of a segment looks at the video, its actions and
what is written on it, none of which the dashboard loads.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from groundup.memory.errors import UsageError


def command(segmented: Path, library: str) -> list[str]:
    """The command that makes skills of a segmented video."""
    words = ["segment", str(segmented.absolute()), "--seed-library", library, "--json"]
    return [sys.executable, "-m", "groundup.agent.cli", *words]


async def send(segmented: Path, library: str) -> int:
    """Send the accepted segments of the file to the library; how many there were. Raises `UsageError`."""
    child = await asyncio.create_subprocess_exec(
        *command(segmented, library),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, said = await child.communicate()
    except asyncio.CancelledError:
        child.kill()
        await child.wait()
        raise
    if child.returncode:
        lines = said.decode("utf-8", "replace").strip().splitlines() or ["it ended without a word"]
        raise UsageError(lines[-1].removeprefix("groundup: "))
    return int(json.loads(out)["skills"])

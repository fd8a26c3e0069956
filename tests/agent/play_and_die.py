"""Plays the example game in children that are killed at random moments; run by test_kill.py.

Every child is forked from here, so that the imports are paid for once. Prints one JSON line for each life:
the steps that the child told of before it died, and the steps and events that the library then holds.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import cv2

from groundup.agent.cli_play import PlayOptions, play
from groundup.memory.store import Store


def live(library: Path, resume: bool, told: int) -> None:
    """One life of the agent: play, and tell of each step by a line."""

    def tell(done: int, total: int, words: str) -> None:  # noqa: ARG001
        os.write(told, f"{done}\n".encode())

    play(
        PlayOptions("examples.shapes:make", None if resume else 2000, library=str(library), resume=resume),
        tell,
    )


def kill_after(library: Path, resume: bool, seconds: float) -> list[int]:
    """Let a child live for `seconds` after its first step, and kill it; returns the steps it told of."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        live(library, resume, write)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as lines:
        first = lines.readline()
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return [int(line) for line in (first, *lines) if line.endswith(b"\n")]


def main() -> None:
    """Arguments: the library, the number of lives, a seed."""
    library, lives, chance = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    cv2.setNumThreads(1)  # a thread pool does not outlive a fork
    for life in range(lives):
        told = kill_after(library, life > 0, chance.uniform(0, 0.25))
        with Store.open(library, readonly=True) as store:
            run = store.runs()[-1]
            events = store.events(run.id, limit=100_000)
            steps = [e.data["step"] for e in events if e.kind == "step"]
            row = {"told": told, "steps": run.steps, "status": run.status, "logged": steps}
            row |= {"runs": len(store.runs()), "seqs": [e.seq for e in events]}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

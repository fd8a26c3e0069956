"""What `groundup doctor --window` measures: how fast a window is captured, whether input arrives in it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from groundup.envs.errors import GroundupError
from groundup.envs.types import Click, KeyPress
from groundup.envs.window import NoSuchWindow, Query, find
from groundup.envs.window_capture import MssCapture
from groundup.envs.window_open import desktop, open_window
from groundup.envs.window_profile import Profile

SIZE = (1280, 800)
"""Width and height of the window that is opened, smaller where the screen is."""

CAPTURES, PRESSES = 100, 100
"""Pictures taken; clicks and keys sent, half of each."""

WAIT_SECONDS = 60.0
"""The window is up, and what was sent has arrived, within this time."""

TITLE = "groundup doctor"

PROFILE = Profile.model_validate({"name": "doctor", "input": {"keys": ["a"]}})


def capturing() -> str:
    """How long a picture of a window takes; a sentence. Raises `GroundupError`."""
    with _window():
        windows = desktop()
        capture = MssCapture()
        try:
            area = find(windows, Query(TITLE)).area
            took = []
            for _ in range(CAPTURES):
                begin = time.perf_counter()
                capture.grab(area)
                took.append(1000 * (time.perf_counter() - begin))
        finally:
            capture.close()
            windows.close()
    return (
        f"{statistics.median(took):.1f} ms median of {CAPTURES} for {area.w}x{area.h}, most {max(took):.1f}"
    )


def delivering() -> str:
    """How much of 100 clicks and keys arrives; raises `GroundupError` when it is not all of it."""
    with _window() as log:
        env = open_window(Query(TITLE), profile=PROFILE, patience=WAIT_SECONDS).env
        try:
            width, height = env.size
            for i in range(PRESSES // 2):
                env.act(Click(20 + i * (width - 40) // PRESSES, height // 3 + i))
                env.act(KeyPress(("a",)))
        finally:
            env.close()
        with suppress(GroundupError):
            _wait(lambda: sum(_arrived(log).values()) >= PRESSES)
        arrived = _arrived(log)
    if sum(arrived.values()) != PRESSES:
        raise GroundupError(
            f"of {PRESSES // 2} clicks {arrived['button']} arrived, of as many keys {arrived['key']}"
        )
    return f"{arrived['button']} of {PRESSES // 2} clicks and {arrived['key']} of {PRESSES // 2} keys arrived"


@contextmanager
def _window() -> Iterator[Path]:
    """A window that writes down what it receives; gives the file."""
    monitor = _first_monitor()
    # A frame and a panel take some of the screen.
    size = min(SIZE[0], monitor[0] - 20), min(SIZE[1], monitor[1] - 60)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "events.jsonl")
        command = [sys.executable, "-m", "groundup.envs.window_probe", str(log), TITLE, *map(str, size)]
        probe = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(lambda: log.exists() and bool(log.read_text(encoding="utf-8")) and _listed())
            yield log
        finally:
            probe.terminate()
            probe.wait()


def _first_monitor() -> tuple[int, int]:
    windows = desktop()
    try:
        area = windows.monitors()[0][0]
        return area.w, area.h
    finally:
        windows.close()


def _listed() -> bool:
    """Whether the window manager names the window: a little after its program says that it is up."""
    windows = desktop()
    try:
        find(windows, Query(TITLE))
    except NoSuchWindow:
        return False
    finally:
        windows.close()
    return True


def _arrived(log: Path) -> Counter[str]:
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return Counter(str(event["kind"]) for event in events if event.get("down"))


def _wait(ready: Callable[[], bool]) -> None:
    end, pause = time.monotonic() + WAIT_SECONDS, threading.Event()
    while not ready():
        if time.monotonic() > end:
            raise GroundupError(f"the window did not answer within {WAIT_SECONDS:g} s")
        pause.wait(0.05)

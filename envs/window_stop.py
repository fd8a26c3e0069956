"""Whether a person has ended the run, or moved the mouse and so paused it; shared by the threads that act and
watch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from groundup.envs.errors import Stopped

QUIET_SECONDS = 2.0
"""The mouse must have been still for so long before a run goes on that a person's moving it has paused."""


class Stop:
    """Set once, by whoever sees the reason first; `raise_if_set` and `wait` end in `Stopped` from then on."""

    def __init__(self) -> None:
        self._set = threading.Event()
        self._reason = ""
        self._moved = -QUIET_SECONDS

    def set(self, reason: str) -> None:
        """End the run: `reason` completes "The run was ended: ..."."""
        if not self._set.is_set():
            self._reason = reason
            self._set.set()

    def is_set(self) -> bool:
        """Whether the run is to end."""
        return self._set.is_set()

    def raise_if_set(self) -> None:
        """Raise `Stopped` when the run is to end."""
        if self._set.is_set():
            raise Stopped(f"The run was ended: {self._reason}; all that was learnt is kept.")

    def wait(self, seconds: float) -> None:
        """Wait; raises `Stopped` at once when the run is to end."""
        self._set.wait(max(0.0, seconds))
        self.raise_if_set()

    def moved(self) -> None:
        """A person moves the mouse."""
        self._moved = time.monotonic()

    @property
    def still(self) -> bool:
        """Whether no person has moved the mouse lately."""
        return time.monotonic() - self._moved >= QUIET_SECONDS


class Ender:
    """Ends a run from a signal's handler, in a thread of its own; called, it returns at once.

    A handler may come between any two steps of the thread that acts, while that holds a lock of the display
    or of `Stop`: what takes a lock there waits for ever. `SimpleQueue.put` takes none.
    """

    def __init__(self, stop: Stop, release: Callable[[], None] = lambda: None) -> None:
        """`release` lets go of all that is held down."""
        self._stop = stop
        self._release = release
        self._asked: SimpleQueue[str | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="groundup-ender", daemon=True)
        self._thread.start()

    def __call__(self) -> None:
        """End the run; a signal's handler may call it."""
        self._asked.put("Ctrl-C was pressed, or a signal came")

    def close(self) -> None:
        """End the thread; may be called twice."""
        self._asked.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (reason := self._asked.get()) is not None:
            self._stop.set(reason)
            self._release()

"""Whether a person has ended the run, or moved the mouse and so paused it; shared by the threads that act and
watch."""

from __future__ import annotations

import threading
import time

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

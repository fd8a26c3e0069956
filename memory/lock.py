"""One writer at a time: a lock beside the library that names who holds it.

The lock is the operating system's (flock), so it ends with its process however that ends; the file
holds the pid only for the sentence that a second writer gets.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from groundup.envs.errors import LibraryUnusable
from groundup.memory.records import RunRecord

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def writer(library: Path) -> int | None:
    """The process that writes to the library at `library`, without touching its lock; None when none does.

    A killed one leaves its number behind; it counts no longer.
    """
    try:
        number = int(library.with_name(library.name + ".lock").read_text())
    except (OSError, ValueError):
        return None
    return number if lives(number) else None


def lives(process: int) -> bool:
    """Whether a process of this number runs."""
    try:
        os.kill(process, 0)
    except PermissionError:  # another user's
        return True
    except (OSError, OverflowError):
        return False
    return True


def writes(library: Path, run: RunRecord, runs: Sequence[RunRecord]) -> bool:
    """Whether some process writes this one of the library's `runs` now.

    A killed run is left as one that goes on; since there is one writer and it writes with each step, it is of
    those the one that was written last.
    """
    later = any(one.status == "running" and one.updated > run.updated for one in runs if one.id != run.id)
    return not later and writer(library) is not None


class WriterLock:
    """The right to write to the library at `library`, held until `release`.

    Raises `LibraryUnusable` with the holder's pid when another has it for longer than `wait` seconds.
    """

    def __init__(self, library: Path, *, wait: float) -> None:
        self._path = library.with_name(library.name + ".lock")
        deadline = time.monotonic() + wait
        while (file := self._try()) is None:
            if time.monotonic() >= deadline:
                raise LibraryUnusable(
                    f"The library {library} is being written by process {self._holder()}: "
                    "wait until that run has ended, or give another --library."
                )
            time.sleep(0.05)
        self._file: int | None = file

    def _try(self) -> int | None:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(file)
            # The holder removes the file at its end: a lock on a removed file excludes nobody.
            if os.stat(self._path).st_ino != os.fstat(file).st_ino:
                raise BlockingIOError
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        except (BlockingIOError, FileNotFoundError, PermissionError):
            os.close(file)
            return None
        except OSError:  # a full disk, for one; the lock is ours, so nobody else's goes
            with suppress(OSError):
                self._path.unlink()
            os.close(file)
            raise
        return file

    def _holder(self) -> str:
        try:
            return self._path.read_text().strip() or "unknown"
        except OSError:
            return "unknown"

    def release(self) -> None:
        """Let the next writer in; may be called twice."""
        if self._file is not None:
            # Windows does not remove an open file; there the next writer takes over the one that is left.
            with suppress(PermissionError):
                self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def __enter__(self) -> WriterLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

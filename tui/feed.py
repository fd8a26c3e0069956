"""The one thread that reads the library: a store belongs to a thread, and the screen waits for neither."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from groundup.tui.source import Source, open_source
from groundup.tui.state import RunState

_T = TypeVar("_T")


class Feed:
    """A library that is read in a thread of its own; raises `LibraryUnusable` or `UsageError` when made.

    `state` is that of the run whose id begins with `run`, or of the latest.
    """

    def __init__(self, location: str, run: str | None = None) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="library")
        self.location = location
        try:
            self.source: Source = self._thread.submit(open_source, location).result()
            try:
                self.state: RunState = self._thread.submit(self._open, run).result()
            except BaseException:
                self._thread.submit(self.source.close).result()
                raise
        except BaseException:
            self._thread.shutdown()
            raise

    def _open(self, run: str | None) -> RunState:
        return self.source.open_run(self.source.run(run))

    async def ask(self, call: Callable[..., _T], *arguments: Any) -> _T:
        """The answer to a call that reads the library."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: call(*arguments))

    def now(self, call: Callable[..., _T], *arguments: Any) -> _T:
        """The same for those who have nothing to do meanwhile."""
        return self._thread.submit(call, *arguments).result()

    def close(self) -> None:
        """Let go of the library, after what was asked; may be called twice."""
        try:
            self._thread.submit(self.source.close)
        except RuntimeError:  # it has been closed before
            return
        self._thread.shutdown()

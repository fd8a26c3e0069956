"""The one thread that reads the library: a store belongs to a thread, and the screen waits for neither."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from groundup.memory.glance import Glance
from groundup.tui import opening
from groundup.tui.source import Source
from groundup.tui.state import RunState

_T = TypeVar("_T")


class Feed:
    """A library that is read in a thread of its own; raises `LibraryUnusable` or `UsageError` when made.

    `state` is that of the run whose id begins with `run`, or of the latest.
    """

    def __init__(self, location: str, run: str | None = None) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="library")
        self.location = location
        self.source = Source(location)
        try:
            self.state: RunState = self._thread.submit(self._open, run).result()
        except BaseException:
            self._thread.submit(self.source.close).result()
            self._thread.shutdown()
            raise

    def _open(self, run: str | None) -> RunState:
        """The first state, by a glance at the file where one will do: the store then opens later."""
        glance = Glance.open(self.location)
        if glance is None:
            return self.source.open_run(self.source.run(run))
        try:
            self.source.name = glance.name
            state = opening.opened(glance, opening.named(glance, run))
            sha = str(state.look.get("frame", ""))
            image = glance.frame(sha)
        except sqlite3.Error:  # the store has a sentence for it
            return self.source.open_run(self.source.run(run))
        finally:
            glance.close()
        if image is not None:
            self.source.frames[sha] = image
        return state

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

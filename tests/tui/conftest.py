"""A fixed library, a fixed time zone, and the dashboard driven without a terminal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from groundup.tui.app import WatchApp
from groundup.tui.feed import Feed
from tests.tui.libraries import make

Drive = Callable[..., WatchApp]

QUIET = 7
"""Looks in a row, each after all messages, that find nothing being read: longer than between two polls."""


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """The fixed library."""
    return make(tmp_path / "fixed.db")


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the whole log is counted and shown."""
    app = pilot.app
    assert isinstance(app, WatchApp)
    for _ in range(100):
        await pilot.pause(0.05)
        if not app.counting and app.growth.next_seq >= app.state.next_seq:
            break
    quiet = 0  # a read that has ended may start another by what it changed: a row that is chosen, its picture
    for _ in range(200):
        await pilot.pause(0.05)
        busy = any(not worker.is_finished and worker.group != "count" for worker in app.workers)
        quiet = 0 if busy else quiet + 1
        if quiet == QUIET:
            break


@pytest.fixture
def drive() -> Drive:
    """Runs the dashboard on a library, calls `act` with its pilot, and gives the app as it ended."""

    def run(
        location: Path,
        act: Callable[[Pilot[None]], Awaitable[None]],
        *,
        size: tuple[int, int] = (120, 40),
        beside: tuple[Path, ...] = (),
    ) -> WatchApp:
        feed, others = Feed(str(location)), [Feed(str(other)) for other in beside]
        app = WatchApp(feed, beside=others)

        async def driven() -> None:
            async with app.run_test(size=size) as pilot:
                await settled(pilot)
                await act(pilot)

        try:
            asyncio.run(driven())
        finally:
            for one in (feed, *others):
                one.close()
        return app

    return run

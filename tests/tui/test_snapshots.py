"""Each screen at three sizes looks as it did when a person last looked at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from groundup.tui.app import WatchApp
from groundup.tui.feed import Feed
from groundup.tui.segments import read_segmentation
from groundup.tui.theme import LIGHT
from tests.tui.conftest import settled
from tests.tui.segmented import write_segments

SIZES = ((80, 24), (120, 40), (300, 100))
SCREENS = ("run", "growth", "skills", "scenes", "segments", "log")
Compare = Callable[..., bool]


@pytest.fixture
def app(library: Path, tmp_path: Path) -> Iterator[WatchApp]:
    """The dashboard on the fixed library, with a segmented video."""
    feed = Feed(str(library))
    yield WatchApp(feed, segments=read_segmentation(write_segments(tmp_path / "video.json")))
    feed.close()


def go(screen: str, *keys: str) -> Callable[[Pilot[Any]], Any]:
    async def before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, WatchApp)
        app.action_go(screen)
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)

    return before


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("screen", SCREENS)
def test_screen(snap_compare: Compare, app: WatchApp, screen: str, size: tuple[int, int]) -> None:
    assert snap_compare(app, terminal_size=size, run_before=go(screen))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_skill_page(snap_compare: Compare, app: WatchApp, size: tuple[int, int]) -> None:
    assert snap_compare(app, terminal_size=size, run_before=go("skills", "ctrl+end", "enter"))


def test_light(snap_compare: Compare, app: WatchApp) -> None:
    assert snap_compare(app, terminal_size=(120, 40), run_before=go("run", "d"))
    assert app.theme == LIGHT.name


def test_without_colour(snap_compare: Compare, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    feed = Feed(str(library))
    try:
        assert snap_compare(WatchApp(feed), terminal_size=(120, 40), run_before=go("run"))
    finally:
        feed.close()


def test_too_small(snap_compare: Compare, app: WatchApp) -> None:
    assert snap_compare(app, terminal_size=(50, 12), run_before=go("run"))

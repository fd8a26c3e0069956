"""Pictures of a screen are made small, and say the same."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from xml.etree import ElementTree

from groundup.tui.app import WatchApp, screenshot
from groundup.tui.feed import Feed
from groundup.tui.svg import smaller
from tests.tui.conftest import settled


def test_a_smaller_picture_has_the_same_words_in_the_same_places(library: Path) -> None:
    feed = Feed(str(library))
    app = WatchApp(feed)
    drawn: list[str] = []

    async def draw() -> None:
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(pilot)
            drawn.append(app.export_screenshot())

    asyncio.run(draw())
    feed.close()
    small = smaller(drawn[0])
    assert len(small) < len(drawn[0]) / 2
    assert "@font-face" not in small
    assert words(small) == words(drawn[0])
    halves = re.findall(r'y="([\d.]+)"[^>]*>▀<', drawn[0])
    assert small.count("h12.5v12.2h-12.5z") == len(halves) > 100
    assert small.count("v24.65h-") == len(re.findall(r'<rect fill[^>]*height="24.65"', drawn[0]))


def test_a_picture_of_a_screen_is_written(library: Path, tmp_path: Path) -> None:
    feed = Feed(str(library))
    screenshot(feed, "skills", tmp_path / "skills.svg", (80, 24))
    feed.close()
    assert any("strike," in word for word, _, _ in words((tmp_path / "skills.svg").read_text()))


def words(svg: str) -> list[tuple[str, str | None, str | None]]:
    """What is written where, without blanks and half blocks."""
    texts = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    found = [(text.text or "", text.get("x"), text.get("y")) for text in texts]
    return [one for one in found if one[0].strip() not in ("", "▀")]

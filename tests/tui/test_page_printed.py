"""The page of a run as a real browser prints it."""

from __future__ import annotations

import re
from pathlib import Path

from groundup.tui.page import write_report
from tests.tui.browser import browser

A4 = (718, 1047)
"""Pixels inside the margins of a sheet: 210 by 297 mm less 10 mm on each side, at 96 to the inch."""

UNWISE = """() => [...document.querySelectorAll("figure, .skill, tr, svg, .facts div")]
  .filter(one => getComputedStyle(one).breakInside !== "avoid").map(one => one.outerHTML.slice(0, 60))"""
"""What a sheet's end may cut in two, though it should not."""

WIDER = """() => [...document.querySelectorAll("body *")]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 60))"""
"""What is wider than the sheet."""

HEADS = """() => [...document.querySelectorAll("table")]
  .map(one => one.tHead && getComputedStyle(one.tHead).display)"""


def test_a_run_prints_with_nothing_cut(library: Path, tmp_path: Path) -> None:
    written = tmp_path / "report.html"
    write_report(str(library), None, written)
    with browser(*A4) as page:
        page.goto(written.as_uri())
        page.emulate_media(media="print")
        assert page.locator("figure").count() >= 5
        assert page.locator("table").count() >= 1
        assert page.evaluate(UNWISE) == []
        assert page.evaluate(WIDER) == []
        heads = page.evaluate(HEADS)
        assert set(heads) == {"table-header-group"}  # that is what a browser repeats on each sheet
        pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert len(pages) >= 2

"""A real browser for tests: Debian's chromium, by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, sync_playwright

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def browser(width: int, height: int) -> Iterator[Page]:
    """An empty page of so many pixels; the test is skipped where there is no browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sentence = "chromium is missing: run apt-get install chromium."
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started.new_page(viewport={"width": width, "height": height})
        started.close()

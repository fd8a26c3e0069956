"""The dashboard in a real browser, and what it refuses."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from groundup.memory.lock import WriterLock
from tests.tui.browser import browser
from tests.tui.libraries import RUN, make, step_event

ROOT = Path(__file__).parents[2]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Path]:
    """A library that some process writes."""
    path = make(tmp_path / "live.db", live=True)
    with WriterLock(path, wait=0.0):
        yield path


@pytest.fixture
def address(live: Path) -> Iterator[str]:
    """Where the dashboard is served, with its token."""
    command = [sys.executable, "-m", "groundup.agent.cli", "watch", "--web", "--library", str(live)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    found = re.search(r"http://\S+", child.stdout.readline())
    assert found is not None
    yield found[0]
    child.send_signal(signal.SIGINT)
    child.wait(20)
    child.stdout.close()


def answer(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_only_who_has_the_token_gets_an_answer(address: str) -> None:
    bare = address.partition("?")[0]
    port = bare.rstrip("/").rpartition(":")[2]
    assert answer(address) == 200
    assert answer(bare) == 403
    assert answer(f"{bare}?token=wrong") == 403
    assert answer(f"{bare}static/js/textual.js") == 403
    assert answer(f"{bare}ws") == 403
    assert answer(address, Origin="http://elsewhere.example") == 403
    assert answer(address, Origin="null") == 403
    assert answer(address, Host="elsewhere.example") == 403
    assert answer(address, Host=f"elsewhere.example:{port}") == 403
    assert answer(address, Origin=bare.rstrip("/")) == 200
    # Another name of this machine is another origin: the page's scripts and its socket are refused there.
    assert answer(address, Host=f"localhost:{port}") == 403
    with urllib.request.urlopen(address, timeout=10) as response:
        assert response.headers["Set-Cookie"].startswith(f"groundup-watch-{port}=")
    with socket.socket() as outside:  # no other address of this machine listens
        assert outside.connect_ex(("127.0.0.2", int(port))) != 0


def test_a_port_in_use_is_a_sentence(live: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        words = [sys.executable, "-m", "groundup.agent.cli", "watch", "--web", "--port", port]
        done = subprocess.run(
            [*words, "--library", str(live)], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert f"Port {port}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_browser_shows_a_live_run_and_takes_keys(address: str, live: Path, tmp_path: Path) -> None:
    elsewhere: list[str] = []
    origin = address.partition("/?")[0]

    def picture(name: str) -> Image.Image:
        page.screenshot(path=tmp_path / name)
        return Image.open(tmp_path / name).convert("RGB")

    def until(name: str, seen: Callable[[Image.Image], bool]) -> Image.Image:
        """The picture in which it is seen, or the last after 30 s."""
        for _ in range(60):
            page.wait_for_timeout(500)
            if seen(shown := picture(name)):
                break
        return shown

    with browser(1200, 800) as page:
        page.on("request", lambda r: None if r.url.startswith((origin, "data:")) else elsewhere.append(r.url))
        page.goto(address)
        page.wait_for_selector("body.-first-byte", timeout=90_000)
        before: list[bytes] = []

        def still(image: Image.Image) -> bool:
            before.append(image.tobytes())
            return len(image.getcolors(1 << 20) or ()) > 50 and before[-1:] == before[-2:-1]

        run = until("run.png", still)
        add_step(live)
        later = until("later.png", lambda image: image.tobytes() != run.tobytes())
        page.keyboard.press("3")  # without a click into the page
        skills = until("skills.png", lambda image: blue(image) > 4 * blue(run))
    assert elsewhere == []
    assert before[-1] == before[-2]  # it stood still until there was something new
    assert len(run.getcolors(1 << 20) or ()) > 50  # the frame, and more than a blank page
    assert run.tobytes() != later.tobytes()
    # The chosen row of the table is one bar of the theme's blue, which the first screen has only on its tab.
    assert blue(skills) > 4 * blue(run)


def blue(image: Image.Image) -> int:
    """Pixels of the colour that marks what is chosen."""
    return sum(count for count, colour in image.getcolors(1 << 20) or () if colour == (108, 182, 255))


def add_step(library: Path) -> None:
    """One more step in the log, as the process that holds the library would write it."""
    connection = sqlite3.connect(library)
    with connection:
        last = connection.execute("SELECT max(seq) FROM event").fetchone()[0]
        row = (RUN, last + 1, 1.8e9, "step", json.dumps(step_event(241)))
        connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?)", row)
        connection.execute("UPDATE run SET steps = 241")
    connection.close()

"""The first sight of a library: the same as the store gives, without what takes long to import."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from groundup.memory.controls import ask
from groundup.memory.glance import SCHEMA, Glance
from groundup.memory.lock import WriterLock
from groundup.memory.migrations import CURRENT
from groundup.memory.store import Store
from groundup.tui import opening
from groundup.tui.feed import Feed
from groundup.tui.source import Source
from groundup.tui.state import RunState
from tests.tui.libraries import RUN, make

ROOT = Path(__file__).parents[2]


def glanced(path: Path, run: str | None = None) -> RunState:
    glance = Glance.open(str(path))
    assert glance is not None
    with closing(glance):
        return opening.opened(glance, opening.named(glance, run))


def stored(path: Path, run: str | None = None) -> RunState:
    with closing(Source(str(path))) as source:
        state = source.open_run(source.run(run))
    bare = [replace(one, state={}) for one in state.runs]  # what resuming needs is left out at first
    state.runs, state.run = bare, None if state.run is None else replace(state.run, state={})
    return state


def test_it_is_for_the_schema_of_today() -> None:
    """A newer schema: look whether `glance.py` still asks for what is there, then take its number over."""
    assert SCHEMA == CURRENT


def test_it_is_what_the_store_gives(tmp_path: Path) -> None:
    path = make(tmp_path / "made.db", live=True)
    ask(str(path), RUN, "note", {"text": "ß"})
    assert asdict(glanced(path)) == asdict(stored(path))
    with WriterLock(path, wait=0.0):
        state = glanced(path)
        assert asdict(state) == asdict(stored(path))
    assert state.live
    assert state.pending == ["note"]
    assert state.look
    assert len(state.times) == 40


def test_of_several_runs_one_is_named(tmp_path: Path) -> None:
    path = make(tmp_path / "made.db")
    with Store.open(path) as store:
        store.start_run("made", "local", run_id="20990101-later")
    assert glanced(path).run == stored(path).run
    assert asdict(glanced(path, RUN[:8])) == asdict(stored(path, RUN[:8]))


def test_of_two_unfinished_runs_only_the_one_that_is_written_is_live(tmp_path: Path) -> None:
    path = make(tmp_path / "made.db", live=True)
    with Store.open(path) as store:
        store.start_run("made", "local", run_id="20990101-later")
    with WriterLock(path, wait=0.0):
        for read in (glanced, stored):
            assert read(path, RUN).status == "died"
            assert read(path, "2099").live
        with closing(Source(str(path))) as source:  # and so it stays while it is watched
            for run, live in ((RUN, False), ("2099", True)):
                state = source.open_run(source.run(run))
                state.bring(source.news(state))
                assert state.live is live


def test_a_library_without_runs(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    Store.open(path).close()
    assert asdict(glanced(path)) == asdict(stored(path))


def test_what_it_cannot_read_is_the_stores(tmp_path: Path) -> None:
    path = make(tmp_path / "made.db", steps=3)
    assert Glance.open(str(tmp_path / "missing.db")) is None
    assert Glance.open(str(tmp_path)) is None
    assert Glance.open("postgresql+psycopg://nobody@127.0.0.1:1/none") is None
    (tmp_path / "text.db").write_text("no database")
    assert Glance.open(str(tmp_path / "text.db")) is None
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO migration VALUES (?, 'newer', 0)", (SCHEMA + 1,))
    assert Glance.open(str(path)) is None
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM migration WHERE number >= ?", (SCHEMA,))
    assert Glance.open(str(path)) is None


@pytest.mark.parametrize("library", ["made", "empty"])
def test_the_first_picture_waits_for_nothing_heavy(tmp_path: Path, library: str) -> None:
    path = tmp_path / "library.db"
    if library == "made":
        make(path, steps=5)
    else:
        Store.open(path).close()
    code = (
        "import sys; import groundup.tui.app; from groundup.tui.feed import Feed; feed = Feed(sys.argv[1]); "
        "sha = feed.state.look.get('frame'); "
        "assert sha is None or feed.now(feed.source.picture, sha) is not None; "
        "print([m for m in ('sqlalchemy', 'numpy', 'pydantic') if m in sys.modules]); feed.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_the_store_takes_over(library: Path) -> None:
    feed = Feed(str(library))
    try:
        assert feed.source.name == str(library)
        assert feed.now(feed.source.news, feed.state).runs[0].id == RUN
    finally:
        feed.close()

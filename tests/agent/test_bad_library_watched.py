"""What watching says of a library that is newer, damaged, or was left in mid-write: one sentence."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from groundup.memory.store import Store
from tests.agent.conftest import ROOT, Groundup
from tests.agent.test_bad_input import one_sentence

WAYS = (("watch",), ("watch", "--plain"), ("watch", "--web"), ("report",))

DIES = """
import os, sys
from pathlib import Path
from groundup.memory.store import Store
store = Store.open(Path(sys.argv[1]))
run = store.start_run("made", "local", seed=0, run_id="20260101-000000-killed")
store.append_event(run.id, "start", {"steps": 100})
with store.step():
    store.save_run_state(run.id, {}, steps=7)
    os._exit(9)
"""


@pytest.mark.parametrize("words", WAYS, ids=" ".join)
def test_a_newer_library(groundup: Groundup, home: Path, words: tuple[str, ...]) -> None:
    library = home / "newer.db"
    Store.open(library).close()
    connection = sqlite3.connect(library)
    with connection:
        connection.execute("INSERT INTO migration VALUES (999, 'from the future', 0)")
    connection.close()
    one_sentence(groundup(*words, "--library", str(library)), "newer")


@pytest.mark.parametrize("words", WAYS, ids=" ".join)
def test_a_damaged_library(groundup: Groundup, home: Path, words: tuple[str, ...]) -> None:
    library = home / "damaged.db"
    with Store.open(library) as store:
        store.start_run("made", "local", seed=0)
    data = bytearray(library.read_bytes())
    data[1024:] = b"\x5a" * (len(data) - 1024)
    library.write_bytes(data)
    one_sentence(groundup(*words, "--library", str(library)), "damaged.db")
    assert library.read_bytes() == data


def test_a_run_that_died_in_mid_write(groundup: Groundup, home: Path) -> None:
    """What was committed is shown, and that its process is gone; what was not is as if it had never been."""
    library = home / "died.db"
    done = subprocess.run([sys.executable, "-c", DIES, str(library)], cwd=ROOT, check=False)
    assert done.returncode == 9
    with (home / "died.db-wal").open("ab") as log:
        log.write(b"half a page")
    shown = groundup("watch", "--plain", "--library", str(library))
    assert shown.code == 0, shown.err
    assert "20260101-000000-killed" in shown.out
    assert "died: its process is gone" in shown.out
    assert "Traceback" not in shown.err

"""Each wrong use is one sentence on stderr and exit code 2, with nothing written or lost."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from groundup.memory.lock import WriterLock
from groundup.memory.store import Store
from groundup.perception.embedding import TextEmbedder
from groundup.skills.library import Library
from tests.agent.conftest import GAME, ROOT, Groundup, Ran


def one_sentence(ran: Ran, *words: str) -> None:
    """It failed as wrong use does, and says so in one line that holds these words."""
    assert ran.code == 2, ran.err
    assert ran.out == ""
    lines = ran.err.strip().splitlines()
    assert len(lines) == 1, ran.err
    assert lines[0].startswith("groundup: ")
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("nosuchgame",), "nosuchgame"),
        (("no.such.module:make",), "no.such.module"),
        (("examples.shapes:nothing",), "nothing"),
        ((GAME, "--policy", "clairvoyant"), "local, random, elements, reference"),
        ((GAME, "--steps", "0"), "1 or more"),
        ((GAME, "--steps", "-5"), "1 or more"),
        ((GAME, "--steps", "many"), "valid int"),
        ((GAME, "--size", "big"), "1280x720"),
        ((GAME, "--minutes", "0"), "more than 0"),
        ((GAME, "--resume"), "no library"),
        ((GAME, "--resume", "--seed", "1"), "--seed"),
        ((GAME, "--nonsense"), "--nonsense"),
        ((".relative:make",), ".relative"),
        ((GAME, "--seed", "-1"), "from 0"),
        ((GAME, "--seed", str(1 << 63)), "from 0"),
        ((GAME, "--out", "README.md"), "README.md"),
        ((GAME, "--out", "README.md/pictures"), "README.md"),
    ],
)
def test_wrong_words(groundup: Groundup, home: Path, arguments: tuple[str, ...], word: str) -> None:
    one_sentence(groundup("play", *arguments, "--json"), word)
    assert sorted(p.name for p in home.iterdir()) == ["models"]


def test_a_library_that_is_no_database(groundup: Groundup, home: Path) -> None:
    library = home / "notes.txt"
    library.write_text("these are my notes\n" * 100)
    one_sentence(groundup("play", GAME, "--library", str(library)), "notes.txt")
    assert library.read_text() == "these are my notes\n" * 100


def test_a_database_of_something_else(groundup: Groundup, home: Path) -> None:
    library = home / "other.db"
    with sqlite3.connect(library) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    before = library.read_bytes()
    one_sentence(groundup("play", GAME, "--library", str(library)), "other.db")
    assert library.read_bytes() == before


def test_a_newer_library(groundup: Groundup, home: Path) -> None:
    library = home / "newer.db"
    Store.open(library).close()
    connection = sqlite3.connect(library)
    with connection:
        connection.execute("INSERT INTO migration VALUES (999, 'from the future', 0)")
    connection.close()
    one_sentence(groundup("play", GAME, "--library", str(library)), "newer")


def test_a_read_only_library(groundup: Groundup, home: Path) -> None:
    library = home / "mine.db"
    Store.open(library).close()
    library.chmod(0o444)
    before = library.read_bytes()
    one_sentence(groundup("play", GAME, "--library", str(library)), "mine.db")
    assert library.read_bytes() == before


def test_a_library_that_stays_locked(groundup: Groundup, home: Path) -> None:
    library = home / "busy.db"
    Store.open(library).close()
    lock = WriterLock(library, wait=0.0)
    try:
        one_sentence(groundup("play", GAME, "--library", str(library)), "busy.db")
    finally:
        lock.release()


def test_frames_of_another_size_than_the_library(groundup: Groundup, home: Path) -> None:
    assert groundup("play", GAME, "--steps", "2", "--library", str(home / "a.db")).code == 0
    ran = groundup("play", "spire", "--steps", "2", "--library", str(home / "a.db"))
    one_sentence(ran, "640x480", "1280x720")


def test_a_corrupt_index_is_rebuilt_with_a_note(
    groundup: Groundup, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert groundup("play", GAME, "--steps", "20").code == 0
    first = groundup("skills", "search", "circle", "--game", "shapes", "--json").json
    assert first["skills"]
    embedder = TextEmbedder()
    with Library.open(home / "shapes.db", embed=lambda text: embedder([text])[0]) as library:
        library.search("circle")  # whoever may write keeps the index
    (index,) = home.glob("*.index")
    index.write_bytes(b"rubbish")
    again = groundup("skills", "search", "circle", "--game", "shapes", "--json").json
    assert [s["id"] for s in again["skills"]] == [s["id"] for s in first["skills"]]
    assert "building it again" in caplog.text


def test_a_missing_model_package_is_named_with_the_command_that_brings_it(
    groundup: Groundup, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    from groundup.perception import text_recognition

    real = text_recognition.find_spec
    monkeypatch.setattr(
        text_recognition, "find_spec", lambda name: None if name == "rapidocr" else real(name)
    )
    one_sentence(groundup("play", GAME, "--steps", "2"), "rapidocr", "pip install")
    assert not list(home.glob("*.db"))


@pytest.mark.parametrize("seeds", ["", "3:3", "a:b", "-1:2"])
def test_seeds_of_a_bench(groundup: Groundup, seeds: str) -> None:
    one_sentence(groundup("bench", "spire", "--seeds", seeds), "0:5")


def test_debug_prints_the_traceback(groundup: Groundup) -> None:
    ran = groundup("play", "nosuchgame", "--debug")
    assert ran.code == 2
    assert "Traceback" in ran.err


FULL_DISK = """
import resource, sys
from groundup.agent import cli_play  # what is imported may still write its caches
from groundup.agent.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
main(sys.argv[1:])
"""


def test_a_disk_that_fills_up_during_a_run(groundup: Groundup, home: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, "play", GAME, "--steps", "500"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    one_sentence(Ran(done.returncode, done.stdout, done.stderr.splitlines()[-1]), "shapes.db")
    with Store.open(home / "shapes.db", readonly=True) as store:
        (run,) = store.runs()
        assert run.steps > 0
    ran = groundup("play", GAME, "--resume", "--steps", str(run.steps + 3), "--json")
    assert ran.code == 0, ran.err
    assert ran.json["run"] == run.id

"""Each way in which a library cannot be used: one sentence, nothing written, nothing lost."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest

from groundup.envs.errors import LibraryUnusable
from groundup.memory.lock import WriterLock
from groundup.memory.migrations import CURRENT
from groundup.memory.records import SkillRecord
from groundup.memory.store import Store


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "library.db"
    with Store.open(path) as store:
        store.put_skill(SkillRecord("s", "kept"))
    return path


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def contents(folder: Path) -> dict[str, bytes]:
    """All files but SQLite's own of the moment: shared memory, and a log that holds nothing."""
    files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    passing = {
        name for name, data in files.items() if name.endswith("-shm") or (name.endswith("-wal") and not data)
    }
    return {name: data for name, data in files.items() if name not in passing}


@pytest.fixture
def untouched(tmp_path: Path, library: Path) -> Iterator[Callable[[Path], LibraryUnusable]]:
    """Opens a path and expects a refusal that changes nothing in the folder."""

    def refuse(path: Path) -> LibraryUnusable:
        before = contents(tmp_path)
        with pytest.raises(LibraryUnusable) as caught:
            Store.open(path, wait=0.1)
        assert contents(tmp_path) == before
        sentence = str(caught.value)
        assert sentence.endswith(".")
        assert "\n" not in sentence
        return caught.value

    yield refuse
    with Store.open(library) as store:
        assert store.get_skill("s") == SkillRecord("s", "kept")


Refuse = Callable[[Path], LibraryUnusable]


def test_not_a_database(tmp_path: Path, untouched: Refuse) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are notes, not skills.")
    assert "is not a groundup library" in str(untouched(path))


def test_somebody_elses_database(tmp_path: Path, untouched: Refuse) -> None:
    path = tmp_path / "contacts.db"
    change(path, "CREATE TABLE contact (name TEXT)")
    assert "is not a groundup library" in str(untouched(path))


def test_a_database_that_is_damaged(tmp_path: Path, library: Path, untouched: Refuse) -> None:
    path = tmp_path / "damaged.db"
    data = bytearray(library.read_bytes())
    data[100:4096] = b"\xff" * 3996
    path.write_bytes(data)
    assert "is damaged" in str(untouched(path))


def test_cut_short(tmp_path: Path, untouched: Refuse) -> None:
    path = tmp_path / "short.db"
    path.write_bytes(b"SQLite format 3\0" + bytes(20))
    assert "is not a groundup library" in str(untouched(path))


def test_a_reader_waits_for_a_library_that_is_being_made(tmp_path: Path, library: Path) -> None:
    begun = tmp_path / "begun.db"
    change(begun, "PRAGMA journal_mode = WAL")  # a file with a head and no tables
    made = Timer(0.2, shutil.copy, (library, begun))
    with WriterLock(begun, wait=0.0):
        with pytest.raises(LibraryUnusable, match="is being written"):
            Store.open(begun, readonly=True, wait=0.1)
        made.start()
        with Store.open(begun, readonly=True, wait=0.6) as store:
            assert store.get_skill("s") == SkillRecord("s", "kept")
    made.join()


def test_a_folder(tmp_path: Path, untouched: Refuse) -> None:
    assert "is a folder" in str(untouched(tmp_path))


def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for readonly in (False, True):
        with pytest.raises(LibraryUnusable, match="is no file"):
            Store.open(tmp_path / "pipe", readonly=readonly)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_the_home_of_nobody() -> None:
    with pytest.raises(LibraryUnusable, match="home of nobody"):
        Store.open("~nobody-of-that-name/library.db")


def test_missing_and_not_to_be_made(tmp_path: Path) -> None:
    for readonly in (False, True):
        with pytest.raises(LibraryUnusable, match="There is no library at"):
            Store.open(tmp_path / "none" / "library.db", create=False, readonly=readonly)
    assert list(tmp_path.iterdir()) == []


def test_newer(library: Path, untouched: Refuse) -> None:
    change(library, f"INSERT INTO migration VALUES ({CURRENT + 1}, 'from the future', 0)")
    error = untouched(library)
    assert f"newer groundup (schema {CURRENT + 1}" in str(error)
    with pytest.raises(LibraryUnusable, match="newer groundup"):
        Store.open(library, readonly=True)
    change(library, f"DELETE FROM migration WHERE number > {CURRENT}")


def test_read_only_file(library: Path, untouched: Refuse) -> None:
    library.chmod(0o444)
    assert "is read-only" in str(untouched(library))
    with Store.open(library, readonly=True) as store:
        assert store.count_skills() == 1
    library.chmod(0o644)


def test_read_only_folder_is_read_without_writing(tmp_path: Path, library: Path) -> None:
    if os.geteuid() == 0:
        # The system lets root write everywhere: give the file away to see what others would see.
        script = (
            "import os, sys; from pathlib import Path; from groundup.memory.store import Store\n"
            "from groundup.envs.errors import LibraryUnusable\n"
            "os.chdir(sys.argv[1]); os.setgid(65534); os.setuid(65534)\n"
        )
    else:
        script = (
            "import os, sys; from pathlib import Path; from groundup.memory.store import Store\n"
            "from groundup.envs.errors import LibraryUnusable\n"
            "os.chdir(sys.argv[1])\n"
        )
    script += (
        "with Store.open('library.db', readonly=True) as store: print(store.count_skills())\n"
        "try: Store.open('library.db')\n"
        "except LibraryUnusable as error: print(error)\n"
    )
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith(("pytest", "popen")):
            folder.chmod(0o755)
    tmp_path.chmod(0o555)
    library.chmod(0o444)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    tmp_path.chmod(0o755)
    skills, sentence = done.stdout.splitlines()
    assert skills == "1"
    assert "is read-only" in sentence
    assert [path.name for path in tmp_path.iterdir()] == ["library.db"]


def run_script(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
    )


FULL_DISK = """
import resource, sys
from groundup.envs.errors import LibraryUnusable
from groundup.memory.store import Store
if sys.argv[2] == "before":
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    with Store.open(sys.argv[1]) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
        for step in range(10_000):
            with store.step():
                store.put_knowledge("a", str(step), "x" * 3000)
                store.put_knowledge("b", str(step), "x" * 3000)
            print(step)
except LibraryUnusable as error:
    print(error)
"""


READ_ON_A_FULL_DISK = """
import resource, sys
from groundup.envs.errors import LibraryUnusable
from groundup.memory.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    with Store.open(sys.argv[1], readonly=True) as store:
        print(store.count_skills())
except LibraryUnusable as error:
    print(error)
"""


def test_a_library_on_a_full_disk_is_read(library: Path) -> None:
    assert run_script(READ_ON_A_FULL_DISK, str(library)).stdout.strip() == "1"


def test_a_library_on_a_full_disk_is_not_read_while_its_log_holds_more(library: Path) -> None:
    log = library.with_name(library.name + "-wal")
    log.write_bytes(b"more")
    assert "cannot be read or written" in run_script(READ_ON_A_FULL_DISK, str(library)).stdout
    assert log.read_bytes() == b"more"


def test_no_more_may_be_written_during_a_run(library: Path) -> None:
    *steps, sentence = run_script(FULL_DISK, str(library), "during").stdout.splitlines()
    assert "cannot be read or written" in sentence or "is full" in sentence
    assert len(steps) > 10
    with Store.open(library) as store:
        kept = {str(step) for step in range(len(steps))}
        assert set(store.get_knowledge("a")) == set(store.get_knowledge("b")) == kept
        assert store.get_skill("s") is not None


def test_no_room_for_a_new_library(tmp_path: Path) -> None:
    (sentence,) = run_script(FULL_DISK, str(tmp_path / "new.db"), "before").stdout.splitlines()
    assert "cannot be read or written" in sentence or "is full" in sentence
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_during_a_run(library: Path) -> None:
    with Store.open(library) as store:
        # What SQLite says at its limit of pages is what it says on a full disk (SQLITE_FULL).
        store._db.connection.exec_driver_sql("PRAGMA max_page_count = 60")
        done: list[str] = []

        def play() -> None:
            while True:
                with store.step():
                    store.put_knowledge("a", str(len(done)), "x" * 3000)
                    store.put_knowledge("b", str(len(done)), "x" * 3000)
                done.append(str(len(done)))

        with pytest.raises(LibraryUnusable, match="is full: free some space"):
            play()
        store._db.connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        store.put_knowledge("a", "after", 1)  # the same store goes on once there is room
    with Store.open(library) as store:
        assert set(store.get_knowledge("b")) == set(done)
        assert set(store.get_knowledge("a")) == {*done, "after"}
        assert len(done) > 5


def test_a_second_writer_is_told_who_is_first(tmp_path: Path, library: Path) -> None:
    script = (
        "import sys; from groundup.memory.store import Store\n"
        "with Store.open(sys.argv[1]): print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(library)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        before = library.read_bytes()
        with pytest.raises(LibraryUnusable, match=f"being written by process {holder.pid}:"):
            Store.open(library, wait=0.1)
        assert library.read_bytes() == before
        with Store.open(library, readonly=True) as reader:
            assert reader.count_skills() == 1
        holder.kill()
    with Store.open(library) as store:  # the lock ended with its holder
        assert store.count_skills() == 1
    assert not (tmp_path / "library.db.lock").exists()


def test_locked_by_another_program(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groundup.memory.database.BUSY_SECONDS", 0.1)
    other = sqlite3.connect(library, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Store.open(library) as store:
        with pytest.raises(LibraryUnusable, match="stays locked"):
            store.put_skill(SkillRecord("t", "not kept"))
        other.execute("ROLLBACK")
        other.close()
        assert store.count_skills() == 1
        store.put_skill(SkillRecord("t", "kept now"))
        assert store.count_skills() == 2


def test_an_address_that_is_none(tmp_path: Path) -> None:
    for url in ("nosuchdatabase://host/name", "mysql://host/name"):
        with pytest.raises(LibraryUnusable, match="only SQLite files and PostgreSQL"):
            Store.open(url)
    with pytest.raises(LibraryUnusable, match="is not the address of a library"):
        Store.open("postgresql+psycopg://host:port/name")
    with pytest.raises(LibraryUnusable, match="names no file"):
        Store.open("sqlite://")
    with Store.open(f"sqlite:///{tmp_path / 'by-url.db'}") as store:
        assert store.path == tmp_path / "by-url.db"

"""A file is seen whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from groundup.memory.whole import whole_file, write_whole


def test_folders_are_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "words.txt"
    write_whole(path, "häuser")
    assert path.read_text(encoding="utf-8") == "häuser"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    write_whole(path, b"before")

    def fail() -> None:
        with whole_file(path) as file:
            file.write(b"aft")
            file.flush()
            raise RuntimeError("half")

    with pytest.raises(RuntimeError, match="half"):
        fail()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_what_stood_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept"
    write_whole(path, b"before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    write_whole(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_what_is_no_plain_file_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[bytes] = []
    listener = threading.Thread(target=lambda: heard.append(pipe.read_bytes()))
    listener.start()
    write_whole(pipe, "said")
    listener.join(30)
    assert heard == [b"said"]
    assert pipe.is_fifo()

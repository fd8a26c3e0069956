"""`groundup segment` in unlucky circumstances: odd names, two runs, what others left, what nobody foresaw."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from groundup.envs.errors import GroundupError
from groundup.skills.discovery import batch
from groundup.skills.discovery.batch import Records, writing
from groundup.skills.discovery.extras import sweep
from groundup.skills.discovery.jobs import Job
from tests import needs

from .test_segment import _actions, _video


@pytest.fixture
def golden() -> Path:
    return needs.shared("data/vpt-golden")


def test_unlucky_names_and_folders(
    groundup: Any, golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colon, half a formula, no UTF-8, the folder one is in, a folder that is not there yet, twice."""
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"take:1 $_{$ v\xe9.mp4")
    _actions(tmp_path / "v.jsonl")
    shutil.move(_video(tmp_path / "v.mp4"), tmp_path / name)
    ran = groundup(
        *("segment", name, name, "--actions", "v.jsonl", "--policy", str(golden / "policy.model")),
        *("--gap", "3", "--clips", ".", "--timeline", "t.png", "--out", "new/cuts.jsonl"),
    )
    assert ran.code == 0
    assert "Warning" not in ran.err
    assert (tmp_path / "0000.mp4").is_file()
    assert (tmp_path / "t.png").is_file()
    (line,) = (tmp_path / "new" / "cuts.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["video"] == name
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["cuts.jsonl"]


def test_a_last_line_without_its_end_is_kept_if_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "cuts.jsonl"
    path.write_text('{"video": "a.mp4"}\n{"video": "b.mp4"}')
    records = Records(path)
    assert set(records.done) == {"a.mp4", "b.mp4"}
    records.add({"video": "c.mp4"})
    assert path.read_text() == '{"video": "a.mp4"}\n{"video": "b.mp4"}\n{"video": "c.mp4"}\n'
    path.write_text('{"video": "a.mp4"}\n{"video": "b')
    assert set(Records(path).done) == {"a.mp4"}
    path.write_text('{"buttons": []}')
    with pytest.raises(GroundupError, match="line 1 is no record"):
        Records(path)
    assert path.read_text() == '{"buttons": []}'


def test_halves_that_killed_workers_left_are_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    folder = tmp_path / "clips"
    (folder / f"v.{ended.pid}.part").mkdir(parents=True)
    (folder / f".v.{ended.pid}.part").touch()
    others = {f"v.{os.getpid()}.part", f"v.1.{ended.pid}.part", "v.part"}
    for name in others:
        (folder / name).touch()
    sweep(folder / "v")
    assert {path.name for path in folder.iterdir()} == others


def test_two_runs_do_not_add_to_one_file(groundup: Any, golden: Path, tmp_path: Path) -> None:
    video, out = _video(tmp_path / "v.mp4"), tmp_path / "cuts.jsonl"
    with writing(out):
        ran = groundup("segment", str(video), "--policy", str(golden / "policy.model"), "--out", str(out))
    assert ran.code == 2
    assert "is being written by another run" in ran.err
    assert not out.exists()


def test_a_video_in_which_nothing_is_done(groundup: Any, golden: Path, tmp_path: Path) -> None:
    video = _video(tmp_path / "v.mp4")
    (tmp_path / "a.jsonl").write_text("{}\n" * 6)
    shared = ("segment", str(video), "--actions", str(tmp_path / "a.jsonl"), "--json")
    shared = (*shared, "--policy", str(golden / "policy.model"))
    assert groundup(*shared, "--timeline", str(tmp_path / "t.png")).json["boundaries"] == []
    ran = groundup(*shared, "--lerobot", str(tmp_path / "set"))
    assert ran.code == 2
    assert "nothing is done in it" in ran.err
    ran = groundup(*shared, "--gap", "nan")
    assert ran.code == 2
    assert "--gap nan" in ran.err


def test_whatever_goes_wrong_with_a_video_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Job) -> None:
        raise RuntimeError("as nobody foresaw")

    monkeypatch.setattr(batch, "segment_video", broken)
    assert batch.record_of(Job(Path("v.mp4"), Path("p.model"))) == (
        None,
        "RuntimeError: as nobody foresaw",
    )

"""Killing the process at random moments loses at most the step in progress."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from groundup.memory.store import Store
from tests.agent.conftest import GAME, ROOT, Groundup

LIVES = 20


def test_nothing_is_lost_in_twenty_kills(groundup: Groundup, home: Path) -> None:
    library = home / "shapes.db"
    driver = Path(__file__).with_name("play_and_die.py")
    done = subprocess.run(
        [sys.executable, str(driver), str(library), str(LIVES), "5"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lives = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lives) == LIVES
    before = 0
    for life in lives:
        assert life["runs"] == 1
        assert life["status"] == "running"
        assert life["seqs"] == list(range(len(life["seqs"])))
        assert life["told"][-1] <= life["steps"], "a step that was told of is lost"
        assert life["logged"] == sorted(set(life["logged"]))
        assert life["logged"][-1] == life["steps"]
        assert life["steps"] > before, "the run was not resumed where it was killed"
        before = life["steps"]
    ran = groundup("play", GAME, "--resume", "--steps", str(before + 5), "--json")
    assert ran.code == 0, ran.err
    assert ran.json["resumed"] is True
    assert ran.json["steps"] >= before + 5
    with Store.open(library, readonly=True) as store:
        assert [run.status for run in store.runs()] == ["done"]


def test_ctrl_c_ends_a_run_with_everything_kept(home: Path) -> None:
    command = [sys.executable, "-m", "groundup.agent.cli", "play", GAME, "--steps", "100000", "--json"]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    library = home / "shapes.db"
    steps = 0
    while steps < 5 and child.poll() is None:
        if library.exists() and library.stat().st_size:
            with Store.open(library, readonly=True) as store:
                steps = max((run.steps for run in store.runs()), default=0)
        time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate()
    assert child.returncode == 130, err
    report = json.loads(out)
    assert report["steps"] >= steps
    with Store.open(library, readonly=True) as store:
        (run,) = store.runs()
        assert (run.status, run.steps) == ("stopped", report["steps"])

"""A run does what is asked of it from another process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from groundup.agent.steering import MEANWHILE_SECONDS, Steering
from groundup.memory.controls import ask
from groundup.memory.edits import pinned
from groundup.memory.store import Store
from tests.agent.conftest import GAME, ROOT


def until(holds: Callable[[], bool], seconds: float = 30) -> float:
    """Wait until something holds; how long that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


class Playing:
    """A run in a process of its own, and a reader of its library."""

    def __init__(self, library: Path, *more: str) -> None:
        self.path = library
        words = ["play", GAME, "--steps", "100000", "--library", str(library), "--out", str(library.parent)]
        self.child = subprocess.Popen(
            [sys.executable, "-m", "groundup.agent.cli", *words, *more],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            until(library.exists, 60)
            until(lambda: bool(self._runs()), 60)
            self.run = self._runs()[0]
            until(lambda: self.steps > 3, 60)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.child.kill()
        self.child.wait()
        assert self.child.stderr is not None
        self.child.stderr.close()

    def _runs(self) -> list[str]:
        try:
            with Store.open(self.path, readonly=True) as store:
                return [run.id for run in store.runs()]
        except Exception:  # it is just being made
            return []

    @property
    def steps(self) -> int:
        with Store.open(self.path, readonly=True) as store:
            run = store.get_run(self.run)
            assert run is not None
            return run.steps

    @property
    def open(self) -> int:
        with Store.open(self.path, readonly=True) as store:
            return len(store.controls.open(self.run))

    def ask(self, what: str, value: dict[str, object] | None = None) -> None:
        ask(self.path, self.run, what, value)  # type: ignore[arg-type]
        until(lambda: not self.open)


@pytest.fixture
def playing(tmp_path: Path) -> Iterator[Playing]:
    one = Playing(tmp_path / "live.db")
    yield one
    one.close()


def test_pause_step_resume_note_budget(playing: Playing) -> None:
    playing.ask("pause")
    time.sleep(1.0)  # a step that was in progress is done first
    held = playing.steps
    time.sleep(0.5)
    assert playing.steps == held
    playing.ask("step")
    until(lambda: playing.steps > held)
    time.sleep(0.4)
    assert held < playing.steps <= held + 2  # a move of two steps is two actions
    playing.ask("note", {"text": "hello"})
    playing.ask("nonsense")
    with Store.open(playing.path, readonly=True) as store:
        skill = store.skills()[0]
    playing.ask("skill", {"edit": {"skill": skill.id, "name": "my name"}})
    playing.ask("skill", {"edit": {"skill": skill.id, "pinned": True}})
    playing.ask("skill", {"edit": {"skill": "nobody", "pinned": True}})
    wanted = playing.steps + 5
    playing.ask("budget", {"steps": wanted})
    playing.ask("resume")
    assert playing.child.wait(30) == 0
    with Store.open(playing.path, readonly=True) as store:
        run = store.get_run(playing.run)
        assert run is not None
        assert run.status == "done"
        assert wanted <= run.steps <= wanted + 1
        renamed = store.get_skill(skill.id)
        assert renamed is not None
        assert renamed.name == "my name"
        assert pinned(store) == {skill.id}
        said = [e.data for e in store.lookups.events_before(run.id, 1 << 40, kinds=("control",))]
    assert [one["what"] for one in said] == [
        *("pause", "step", "note", "nonsense"),
        *("skill", "skill", "skill", "budget", "resume"),
    ]
    assert ["refused" in one for one in said] == [False, False, False, True, False, False, True, False, False]
    assert said[2]["text"] == "hello"
    assert said[4]["undo"] == {"skill": skill.id, "name": skill.name}


def test_what_is_asked_within_a_step_is_taken_up_there_but_a_skill_is_not_changed(tmp_path: Path) -> None:
    library = tmp_path / "live.db"
    with Store.open(library) as store:
        run = store.start_run("made", "local").id
        steering = Steering(store, run, steps=100)
        for what, value in (("budget", {"steps": 7}), ("skill", {"edit": {}}), ("pause", {})):
            ask(library, run, what, value)
        time.sleep(MEANWHILE_SECONDS)
        steering.meanwhile()
        assert steering.steps == 7
        assert [control.what for control in store.controls.open(run)] == ["skill", "pause"]
        ends = iter((False, True, True))
        assert steering.halts(lambda: next(ends))  # takes up the rest, and waits
        assert not store.controls.open(run)


def test_stop_keeps_everything_and_the_run_can_be_resumed(playing: Playing) -> None:
    playing.ask("stop")
    assert playing.child.wait(30) == 0
    with Store.open(playing.path, readonly=True) as store:
        run = store.get_run(playing.run)
        assert run is not None
        assert run.status == "stopped"
        assert not store.get_knowledge("lessons")
        assert store.get_knowledge("learner")


def test_no_model_is_asked_after_a_stop(tmp_path: Path) -> None:
    playing = Playing(tmp_path / "live.db", "--policy", "scripted")
    try:
        playing.ask("stop")
        assert playing.child.wait(30) == 0
    finally:
        playing.close()
    with Store.open(playing.path, readonly=True) as store:
        asked = [
            e.data["question"] for e in store.lookups.events_before(playing.run, 1 << 40, kinds=("model",))
        ]
        assert store.skills()
    assert "describe" in asked
    assert "names" not in asked


def test_watchers_that_read_and_ask_do_not_stop_it(playing: Playing) -> None:
    readers = [Store.open(playing.path, readonly=True) for _ in range(2)]
    began = playing.steps
    for i in range(12):
        playing.ask("note", {"text": str(i)})
        ends = {reader.lookups.last_event(playing.run) for reader in readers}
        assert min(ends) > 0
    for reader in readers:
        notes = reader.lookups.events_before(playing.run, 1 << 40, kinds=("control",))
        assert [one.data["text"] for one in notes] == [str(i) for i in range(12)]
        reader.close()
    assert playing.child.poll() is None
    assert playing.steps > began

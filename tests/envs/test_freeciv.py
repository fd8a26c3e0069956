"""A real Freeciv: launched, played through its window, scored from its own record, stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from groundup.envs.errors import GameEnded, MissingPart, Withheld
from groundup.envs.freeciv import Freeciv, make
from groundup.envs.freeciv_record import record, saved, saves
from groundup.envs.games import Game
from groundup.envs.launch import Programs, launch
from groundup.envs.types import Click, KeyPress
from tests import needs

from .desk import screen, wait_until


@pytest.fixture(scope="module")
def game() -> Iterator[Game]:
    needs.programs("make setup-live", "freeciv-server", "freeciv-gtk3.22")
    with screen():
        opened = make()
        opened.env.reset(seed=5)
        yield opened
        opened.env.close()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"


def test_turns_are_played_and_the_record_counts_them(game: Game) -> None:
    assert game.truth is not None
    env = game.env
    assert env.size[0] >= 1000
    before = env.observe().pixels
    for turn in (2, 3, 4):
        env.act(KeyPress(("shift+enter",)))
        wait_until(lambda turn=turn: game.truth()["turns"] == turn)  # type: ignore[misc]
    assert game.truth()["cities"] == 0
    wait_until(lambda: (env.observe().pixels != before).any())


def test_the_score_log_and_the_saves_agree(game: Game) -> None:
    assert game.truth is not None
    folder = game.truth.__self__._folder  # type: ignore[attr-defined]
    wait_until(lambda: saved(saves(folder)[-1], "Agent")["turn"] == record(folder, "Agent")["turns"])
    kept, logged = saved(saves(folder)[-1], "Agent"), record(folder, "Agent")
    assert kept == {name: logged[name] for name in ("cities", "gold", "technologies")} | {
        "turn": logged["turns"]
    }


def test_the_menus_and_the_chat_are_neither_shown_nor_touched(game: Game) -> None:
    width, height = game.env.size
    pixels = game.env.observe().pixels
    for x, y in ((30, 10), (int(0.28 * width), int(0.97 * height))):
        assert not pixels[y, x].any()
        with pytest.raises(Withheld):
            game.env.act(Click(x, y))
    with pytest.raises(Withheld):
        game.env.act(KeyPress(("ctrl", "q")))


def test_a_client_that_closes_ends_the_run_of_the_game_and_another_begins(game: Game) -> None:
    freeciv = game.truth.__self__  # type: ignore[attr-defined]
    client = next(pid for name, pid in freeciv.programs.pids.items() if name.startswith("client"))
    os.kill(client, signal.SIGTERM)

    def until_it_is_gone() -> bool:
        try:
            game.env.observe()
        except GameEnded:
            return True
        return False

    wait_until(until_it_is_gone)
    game.env.reset()
    assert game.truth is not None
    assert game.truth()["turns"] == 1
    assert game.truth()["seed"] == 6


def test_what_was_started_is_stopped_and_nothing_else(game: Game) -> None:
    others = launch("freeciv", seed=9)
    pids = list(others.programs.pids.values())
    assert all(_alive(pid) for pid in pids)
    others.programs.close()
    assert not any(_alive(pid) for pid in pids)
    assert not others.programs.folder.exists()
    game.env.observe()


def test_the_command_starts_a_screen_and_stops_all_on_a_signal(tmp_path: Path) -> None:
    needs.programs("make setup-live", "Xvfb", "openbox", "freeciv-server", "freeciv-gtk3.22")
    env = {k: v for k, v in os.environ.items() if k != "DISPLAY"}
    command = [str(Path(sys.executable).with_name("groundup")), "launch", "freeciv", "--json"]
    with open(tmp_path / "err", "w", encoding="utf-8") as err:
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, env=env, text=True)
        assert running.stdout is not None
        report = json.loads(running.stdout.readline())
        assert report["window"] == "Freeciv"
        assert {name.split("-")[0] for name in report["pids"]} == {"Xvfb", "openbox", "server", "client"}
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 0
        running.stdout.close()
    assert not any(_alive(pid) for pid in report["pids"].values())


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groundup.envs.launch.found", lambda program: None if "free" in program else program)
    with pytest.raises(MissingPart, match="freeciv-client-gtk3, freeciv-server must be installed"):
        Freeciv()


def test_a_program_that_dies_is_said_with_its_last_words() -> None:
    from groundup.envs.launch import LaunchFailed

    programs = Programs()
    try:
        programs.start("shell", ["sh", "-c", "echo no screen here; exit 3"])
        with pytest.raises(LaunchFailed, match=r"shell has ended \(code 3\): no screen here."):
            programs.wait_for("The shell", lambda: False)
    finally:
        programs.close()

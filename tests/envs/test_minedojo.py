"""MineDojo's real package in its own environment; only the Minecraft behind it is a double (`malmo.py`)."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from groundup.envs.conformance import check_env
from groundup.envs.errors import ActionRefused, GroundupError, MissingPart, Stopped, UsageError
from groundup.envs.games import Game
from groundup.envs.launch import LaunchFailed
from groundup.envs.minedojo import game_of, make, require_java, tasks_of
from groundup.envs.minedojo_actions import ACCEPTS, DUG, KEYS, PRESSED, TURNS, angles
from groundup.envs.minedojo_link import CHILD, Link, command
from groundup.envs.types import Action, Click, Drag, Hold, KeyPress, Move, Scroll, TypeText, Wait
from groundup.envs.window_stop import Stop
from tests import needs

from .desk import wait_until
from .malmo import Malmo

STAND_IN = Path(__file__).with_name("minedojo_stand_in.py")
SIZE = (160, 96)
TASK = "harvest_wool_with_shears_and_sheep"

STILL = {"forward", "back", "left", "right", "jump", "sneak", "sprint", "use", "attack", "drop"}
"""Commands that are 0 or 1 in each step."""


def python() -> str:
    """MineDojo's interpreter."""
    try:
        return command()[0]
    except MissingPart as error:
        needs.missing(str(error))


def start(malmo: Malmo, stop: Stop | None = None, *program: str) -> Link:
    return Link([python(), "-I", str(STAND_IN), str(malmo.port), str(CHILD), *program], stop or Stop())


@pytest.fixture(scope="module")
def malmo() -> Iterator[Malmo]:
    server = Malmo(inventory={0: ("diamond_sword", 1), 2: ("log", 3), 3: ("shears", 1)})
    yield server
    server.close()


@pytest.fixture
def another() -> Iterator[Malmo]:
    """A Malmo of one's own, for a game of one's own."""
    server = Malmo()
    yield server
    server.close()


@pytest.fixture(scope="module")
def game(malmo: Malmo) -> Iterator[Game]:
    stop = Stop()
    opened = game_of(start(malmo, stop), stop, TASK, SIZE, lambda _: None)
    opened.env.reset(seed=3)
    yield opened
    opened.env.close()


def commands(game: Game, malmo: Malmo, action: Action) -> list[dict[str, str]]:
    """What reaches Malmo for an action: of each step what is not at rest."""
    malmo.commands.clear()
    game.env.act(action)
    return [
        {
            name: value
            for name, value in step.items()
            if not (name in STILL and value == "0") and value not in ("none", "0.0 0.0")
        }
        for step in malmo.commands
    ]


def turned(step: dict[str, str]) -> tuple[float, float]:
    pitch, yaw = (float(value) for value in step["camera"].split())
    return pitch, yaw


# -- the real package -------------------------------------------------------------------------


def test_all_tasks_have_names_and_prompts_that_serve_as_goals(game: Game) -> None:
    tasks = tasks_of(game.env._link)  # type: ignore[attr-defined]
    assert len(tasks) == 3131
    assert sum(name.startswith("creative:") for name in tasks) == 1558
    assert tasks[TASK] == "shear a sheep with shears and a sheep nearby"
    assert set(tasks.values()) == set(game.goals)
    assert "find material and craft to obtain 8 paper" in game.goals
    assert all(goal.strip() for goal in game.goals)


def test_a_frame_is_minecrafts_picture(game: Game, malmo: Malmo) -> None:
    game.env.act(KeyPress(("right",)))
    frame = game.env.observe()
    assert frame.pixels.shape == (SIZE[1], SIZE[0], 3)
    assert np.array_equal(frame.pixels, malmo.picture())
    assert frame.pixels[0, 0, 0] == malmo.yaw % 256 != 0


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("w", "forward"),
        ("s", "back"),
        ("a", "left"),
        ("d", "right"),
        ("space", "jump"),
        ("shift", "sneak"),
        ("ctrl", "sprint"),
    ],
)
def test_a_key_is_held(key: str, command: str, game: Game, malmo: Malmo) -> None:
    assert commands(game, malmo, KeyPress((key,))) == [{command: "1"}] * PRESSED
    assert commands(game, malmo, Hold((key,), 0.5)) == [{command: "1"}] * 10


def test_chords_are_held_together_and_contradictions_refused(game: Game, malmo: Malmo) -> None:
    for chord in (("w", "ctrl"), ("w+ctrl",)):
        assert commands(game, malmo, KeyPress(chord)) == [{"forward": "1", "sprint": "1"}] * PRESSED
    for refused in (("w", "s"), ("a", "d"), ("space", "shift"), ("q", "1")):
        with pytest.raises(ActionRefused):
            game.env.act(KeyPress(refused))


def test_buttons_press_where_the_camera_looks(game: Game, malmo: Malmo) -> None:
    assert commands(game, malmo, Click(10, 10)) == [{"attack": "1"}] * PRESSED
    assert commands(game, malmo, Click(10, 10, "right")) == [{"use": "1"}]


@pytest.mark.parametrize("point", [(80, 48), (0, 0), (159, 95), (100, 20)])
def test_moving_to_a_point_turns_the_camera_there(point: tuple[int, int], game: Game, malmo: Malmo) -> None:
    (step,) = commands(game, malmo, Move(*point))
    wanted = angles(point, SIZE)
    got = turned(step) if step else (0.0, 0.0)
    assert got == pytest.approx(wanted, abs=0.5)


def test_angles_are_those_of_a_field_of_view_of_70_degrees() -> None:
    pitch, yaw = angles((SIZE[0] // 2, 0), SIZE)
    assert pitch == pytest.approx(-35, abs=0.5)
    assert yaw == pytest.approx(0, abs=0.5)
    assert angles((0, 48), SIZE)[1] == pytest.approx(-angles((159, 48), SIZE)[1])


def test_arrows_turn_the_camera_by_a_notch(game: Game, malmo: Malmo) -> None:
    for key, degrees in TURNS.items():
        (step,) = commands(game, malmo, KeyPress((key,)))
        assert turned(step) == degrees
    first, *rest = commands(game, malmo, KeyPress(("w", "left")))
    assert (first["forward"], turned(first)) == ("1", (0.0, -15.0))
    assert rest == [{"forward": "1"}] * (PRESSED - 1)


def test_a_drag_holds_the_button_from_the_first_point_to_the_last(game: Game, malmo: Malmo) -> None:
    steps = commands(game, malmo, Drag(((80, 48), (150, 48))))
    assert len(steps) == DUG + 2
    assert "attack" not in steps[0]
    assert all(step["attack"] == "1" for step in steps[1:])
    assert sum(turned(step)[1] for step in steps if "camera" in step) == pytest.approx(
        angles((150, 48), SIZE)[1], abs=1.0
    )


def test_slots_are_equipped_by_number_and_empty_ones_are_not(game: Game, malmo: Malmo) -> None:
    first, *rest = commands(game, malmo, KeyPress(("4",)))
    assert first == {"equip": "shears"}
    assert not any(rest)
    assert not any(commands(game, malmo, KeyPress(("9",))))
    assert commands(game, malmo, KeyPress(("q",)))[0] == {"drop": "1"}


def test_what_can_be_crafted_is_crafted_by_its_name(game: Game, malmo: Malmo) -> None:
    assert commands(game, malmo, TypeText("planks"))[0] == {"craft": "planks"}
    assert not any(commands(game, malmo, TypeText("diamond pickaxe")))  # nothing to make it of
    with pytest.raises(ActionRefused, match="of the name 'happiness'"):
        game.env.act(TypeText("happiness"))


def test_every_key_gives_an_action_of_the_real_space(game: Game) -> None:
    numbers = game.env._numbers  # type: ignore[attr-defined]
    assert len(numbers.values) == 8
    assert numbers.values[:3] == (3, 3, 4)
    assert numbers.values[3:6] == (361, 361, 8)
    assert (numbers.values[6], numbers.values[7]) == (len(numbers.crafts), 36)
    for action in [KeyPress((key,)) for key in ACCEPTS.keys] + [Wait(0.1), Drag(((0, 0), (159, 95)))]:
        for step in numbers.steps(action, SIZE):
            assert all(0 <= value < count for value, count in zip(step, numbers.values, strict=True)), action
    assert set(KEYS) <= set(ACCEPTS.keys)


def test_it_is_an_env(another: Malmo) -> None:
    opened = game_of(start(another), Stop(), "open-ended", SIZE, lambda _: None)
    kinds = ["playthrough", "survival", "creative:7", "techtree_from_barehand_to_wooden_sword"]
    kinds += ["combat_spider_forest_iron_armors_wooden_sword_shield", "harvest_8_paper", "open-ended"]
    for task in kinds:
        opened.env._link.ask("make", task=task, size=SIZE, seed=1, degrees=1.0)  # type: ignore[attr-defined]
    assert check_env(opened.env, deterministic=False) == []


def test_what_it_does_not_take_is_refused(game: Game) -> None:
    for action in (Scroll(1, 1, 0, 10), KeyPress(("f5",)), Click(1, 1, "wheel"), Drag(((1, 1),))):
        with pytest.raises(ActionRefused):
            game.env.act(action)


def test_a_seed_is_the_worlds_and_a_task_that_is_over_begins_anew(game: Game, malmo: Malmo) -> None:
    assert "3" in malmo.missions[0]
    missions = len(malmo.missions)
    game.env.reset(seed=4)
    assert len(malmo.missions) == missions + 1
    assert game.truth is not None
    assert game.truth()["task"] == TASK
    before = game.truth()["ended"]
    # Wool enough: MineDojo's own rule says that the task is done.
    malmo.inventory[5] = ("wool", 1)
    game.env.act(Wait(0.05))
    del malmo.inventory[5]
    assert game.truth()["ended"] == before + 1
    assert game.truth()["reward"] > 0
    game.env.observe()


# -- what can go wrong ------------------------------------------------------------------------


def test_an_unknown_task_is_named(another: Malmo) -> None:
    with pytest.raises(UsageError, match="no task 'fly': GROUNDUP_MINEDOJO_TASK must be one of its 3,131"):
        game_of(start(another), Stop(), "fly", SIZE, lambda _: None)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _running(word: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", word.encode()]:
            found.append(int(path.parent.name))
    return found


def test_a_child_that_dies_is_one_sentence_and_leaves_nothing_running(another: Malmo) -> None:
    length = f"{86_000 + os.getpid() % 400}.5"
    opened = game_of(start(another, None, "sleep", length), Stop(), TASK, SIZE, lambda _: None)
    try:
        opened.env.reset(seed=1)
        (minecraft,) = wait_until(lambda: _running(length))
        os.kill(opened.env._link._process.pid, signal.SIGKILL)  # type: ignore[attr-defined]
        with pytest.raises(LaunchFailed, match=r"^MineDojo has ended \(code -9\): .*"):
            opened.env.observe()
    finally:
        opened.env.close()
    wait_until(lambda: not _alive(minecraft))
    opened.env.close()


def test_an_answer_that_is_awaited_is_given_up_at_a_stop(another: Malmo) -> None:
    stop = Stop()
    opened = game_of(start(another, stop), stop, TASK, SIZE, lambda _: None)
    child = opened.env._link._process.pid  # type: ignore[attr-defined]
    try:
        opened.env.reset(seed=1)
        os.kill(child, signal.SIGSTOP)
        assert opened.stop is not None
        opened.stop()
        with pytest.raises(Stopped, match="Ctrl-C"):
            opened.env.observe()
    finally:
        opened.env.close()
    assert not _alive(child)


def test_a_missing_environment_is_named_with_the_command_that_makes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GROUNDUP_MINEDOJO", "/nowhere/bin/python")
    with pytest.raises(MissingPart, match="not at /nowhere/bin/python: run `make setup-minedojo`"):
        make()


def _java(folder: Path, version: str) -> Path:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("version", "sentence"), [("17.0.15", "this machine's is 17.0.15"), (None, "has none")]
)
def test_another_java_than_8_is_named(
    version: str | None, sentence: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path if version is None else _java(tmp_path / "jdk", version)
    monkeypatch.setenv("JAVA_HOME", str(home))
    with pytest.raises(MissingPart, match=rf"needs a JDK 8, and .*{sentence}: install one"):
        require_java()


def test_a_minecraft_that_does_not_start_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Real MineDojo starts its real launcher, with a Java that ends at once."""
    monkeypatch.setenv("GROUNDUP_MINEDOJO", python())
    monkeypatch.setenv("JAVA_HOME", str(_java(tmp_path / "jdk", "1.8.0_342")))
    opened = make(size=SIZE)
    try:
        with pytest.raises(
            GroundupError, match=r"MineDojo's Minecraft did not start: .*It needs a JDK 8"
        ) as raised:
            opened.env.reset(seed=1)
        assert "\n" not in str(raised.value)
        assert len(str(raised.value)) < 400
    finally:
        opened.env.close()


def test_our_own_environment_stays_without_it() -> None:
    assert not {"minedojo", "gym"} & set(sys.modules)

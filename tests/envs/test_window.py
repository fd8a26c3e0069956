"""A real window under Xvfb: found, seen, acted on, guarded, watched."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from groundup.envs.conformance import check_env
from groundup.envs.errors import GroundupError, Stopped, UsageError, Withheld
from groundup.envs.games import Game
from groundup.envs.launch_screen import needed
from groundup.envs.types import Click, DoubleClick, Drag, Hold, KeyPress, Move, Scroll, TypeText, Wait
from groundup.envs.window import NoSuchWindow, Query, find
from groundup.envs.window_guard import _Held
from groundup.envs.window_open import open_window
from groundup.envs.window_profile import Profile, load_profile
from groundup.envs.window_x11 import X11Windows
from tests import needs

from .desk import Program, open_program, screen, wait_until

PROFILE = Profile.model_validate(
    {
        "name": "test",
        "input": {
            "right_click": True,
            "double_click": True,
            "drag": True,
            "scroll": True,
            "text": True,
            "keys": ["a", "space", "enter", "shift+enter"],
        },
        "timing": {"frame": 20},
        "safety": {"refused": ["ctrl+s"]},
        "forbidden": [{"x": 0.9, "y": 0.0, "w": 0.1, "h": 0.1, "why": "a test"}],
    }
)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with screen() as name:
        yield name


@pytest.fixture
def program(display: str, tmp_path: Path) -> Iterator[Program]:  # noqa: ARG001
    running = open_program(tmp_path)
    yield running
    running.close()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def game(program: Program, told: list[str]) -> Iterator[Game]:  # noqa: ARG001
    opened = open_window(Query("A Game"), profile=PROFILE, tell=told.append, patience=20)
    opened.env.observe()
    yield opened
    opened.env.close()


def xdotool(*arguments: str) -> str:
    """A person's hand: another program that moves the same mouse and keyboard."""
    needs.programs("make setup-live", "xdotool")
    done = subprocess.run(["xdotool", *arguments], capture_output=True, text=True, check=False)
    return done.stdout


def _handle() -> int:
    windows = X11Windows()
    try:
        return find(windows, Query("A Game")).handle
    finally:
        windows.close()


# -- finding ----------------------------------------------------------------------------------


def test_windows_are_found_by_title_class_and_process(program: Program) -> None:
    windows = X11Windows()
    try:
        window = find(windows, Query("A Game"))
        assert window.area[2:] == (640, 400)
        assert find(windows, Query("A Ga")).handle == window.handle
        assert find(windows, Query(pid=program.process.pid)).handle == window.handle
        assert find(windows, Query(name=window.name)).handle == window.handle
    finally:
        windows.close()


def test_an_exact_title_goes_before_one_that_only_begins_so(program: Program, tmp_path: Path) -> None:
    other = open_program(tmp_path, "A Game Editor")
    windows = X11Windows()
    try:
        assert find(windows, Query("A Game")).pid == program.process.pid
        with pytest.raises(NoSuchWindow, match=r"2 windows have the title 'A Ga'.*'A Game Editor'"):
            find(windows, Query("A Ga"))
        with pytest.raises(NoSuchWindow, match="No window has the title 'Chess': there is 'A Game'"):
            find(windows, Query("Chess"))
    finally:
        windows.close()
        other.close()


def test_a_window_too_small_for_a_game_is_refused(display: str, tmp_path: Path) -> None:  # noqa: ARG001
    small = open_program(tmp_path, "Small", (160, 120))
    try:
        with pytest.raises(NoSuchWindow, match="160x120 pixels: make it at least 200x150"):
            open_window(Query("Small"), profile=PROFILE)
    finally:
        small.close()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DISPLAY": ""}, "DISPLAY is not set"),
        ({"DISPLAY": "", "WAYLAND_DISPLAY": "wayland-0"}, "This is Wayland"),
        ({"DISPLAY": ":4711"}, "The display :4711 does not answer"),
    ],
)
def test_without_a_display_one_sentence_says_so(
    environment: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=sentence):
        open_window(Query("A Game"), profile=PROFILE)


def test_a_desktop_needs_no_screen_of_ours(display: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    assert set(needed()) == {"setpriv"}
    monkeypatch.delenv("DISPLAY")
    assert set(needed()) == {"setpriv", "openbox", "Xvfb"}


# -- seeing and acting ------------------------------------------------------------------------


def test_a_window_is_an_env(program: Program) -> None:  # noqa: ARG001
    game = open_window(Query("A Game"), profile=PROFILE)
    assert check_env(game.env, deterministic=False) == []


def test_frames_show_the_client_area_without_what_is_forbidden(game: Game) -> None:
    frame = game.env.observe()
    assert frame.pixels.shape == (400, 640, 3)
    assert tuple(frame.pixels[200, 320]) == (40, 60, 90)
    assert not frame.pixels[:40, 576:].any()
    assert frame.pixels[39, 575].any()


def test_clicks_arrive_where_the_frame_says(game: Game, program: Program) -> None:
    for x, y in ((5, 6), (320, 200), (634, 392)):
        game.env.act(Click(x, y))
        wait_until(
            lambda x=x, y=y: {"at": [x, y], "down": False}.items() <= program.events("button")[-1].items()
        )
    frame = wait_until(lambda: (f := game.env.observe()).pixels[200, 320, 0] == 250 and f)
    assert tuple(frame.pixels[200, 320]) == (250, 200, 40)


def test_every_key_and_click_of_a_hundred_arrives(game: Game, program: Program) -> None:
    for i in range(50):
        game.env.act(Click(20 + 10 * (i % 40), 100 + i))
        game.env.act(KeyPress(("a",)))
    wait_until(lambda: sum(e["down"] for e in program.events("key")) >= 50)
    assert [e["at"] for e in program.events("button") if e["down"]] == [
        [20 + 10 * (i % 40), 100 + i] for i in range(50)
    ]
    assert sum(e["down"] for e in program.events("key")) == 50


def test_chords_characters_double_clicks_wheel_and_holds(game: Game, program: Program) -> None:
    env = game.env
    env.act(KeyPress(("shift+enter",)))
    wait_until(lambda: any(e["name"] == "return" and e["mod"] for e in program.events("key")))
    env.act(TypeText("aB<"))
    wait_until(lambda: sum(e["name"] == "b" and e["mod"] for e in program.events("key")) >= 1)
    env.act(DoubleClick(50, 60))
    env.act(Click(70, 80, "right"))
    env.act(Scroll(100, 100, 0, 200))
    env.act(Hold(("space",), 0.3))
    wait_until(lambda: len([e for e in program.events("key") if e["name"] == "space"]) == 2)
    buttons = [e["name"] for e in program.events("button") if e["down"]]
    assert buttons == [1, 1, 3, 5, 5]
    down, up = (e for e in program.events("key") if e["name"] == "space")
    assert up["t"] - down["t"] >= 250


def test_a_drag_is_a_way_and_not_a_leap(game: Game, program: Program) -> None:
    game.env.act(Drag(((100, 100), (300, 100), (300, 250))))
    wait_until(lambda: len(program.events("button")) == 2)
    press, release = program.events("button")
    assert (press["at"], release["at"]) == ([100, 100], [300, 250])
    ways = [e["at"] for e in program.events("move") if press["t"] <= e["t"] <= release["t"]]
    assert len(ways) >= 20
    assert all(y == 100 or x == 300 for x, y in ways)


def test_relative_moves_are_only_for_games_that_hold_the_pointer(program: Program) -> None:  # noqa: ARG001
    camera = PROFILE.model_copy(update={"input": PROFILE.input.model_copy(update={"mouse": "relative"})})
    for profile, refused in ((PROFILE, True), (camera, False)):
        game = open_window(Query("A Game"), profile=profile)
        guard = game.env._desk.guard  # type: ignore[attr-defined]
        try:
            game.env.act(Move(100, 100))
            if refused:
                with pytest.raises(Withheld):
                    guard.turn(50, -20)
            else:
                before = guard._devices.pointer()
                guard.turn(50, -20)
                after = guard._devices.pointer()
                assert (after[0] - before[0], after[1] - before[1]) == (50, -20)
        finally:
            game.env.close()


# -- the guard --------------------------------------------------------------------------------


REFUSED = [
    KeyPress(("alt", "tab")),
    KeyPress(("alt+f4",)),
    KeyPress(("altleft", "f4")),
    KeyPress(("win",)),
    KeyPress(("winleft", "d")),
    KeyPress(("ctrl", "alt", "delete")),
    KeyPress(("ctrlright", "altright", "t")),
    KeyPress(("printscreen",)),
    KeyPress(("f5",)),
    KeyPress(("f12",)),
    KeyPress(("ctrl", "s")),
    KeyPress(()),
    Hold(("alt", "tab"), 0.1),
    Hold(("a",), 4000.0),
    Click(640, 10),
    Click(-1, 10),
    Click(600, 10),
    Drag(((10, 10), (600, 10))),
    Drag(((560, 10), (630, 80))),
    Scroll(10, 10, 0, 5_100),
    Scroll(10, 10, -1_000_000_000, 0),
    Click(10, 10, "wheel"),
    KeyPress(("ctrl", "c")),
    KeyPress(("",)),
    Move(10, 400),
    TypeText("a\x1bb"),
    Wait(1e9),
]


def test_the_guard_refuses(game: Game, program: Program, told: list[str]) -> None:
    for action in REFUSED:
        told.clear()
        try:
            game.env.act(action)
        except Withheld:
            assert "refused" in told[-1], action
        else:
            pytest.fail(f"{action} was not refused")
    assert not program.events("key")
    assert not program.events("button")


def test_another_window_in_front_pauses_and_gets_no_input(
    game: Game, program: Program, told: list[str], tmp_path: Path
) -> None:
    other = open_program(tmp_path, "Other", (640, 400))
    done = threading.Event()

    def act() -> None:
        game.env.act(Click(320, 200))
        done.set()

    threading.Thread(target=act, daemon=True).start()
    wait_until(lambda: told)
    assert "another window is in front" in told[0]
    assert not done.wait(0.5)
    other.close()
    xdotool("windowactivate", str(_handle()))  # the connection of `act` is for one thread
    assert done.wait(15)
    assert told[-1] == "Going on."
    assert not other.events("button")
    wait_until(lambda: program.events("button"))


TROUBLES = [
    (("windowminimize",), ("windowactivate",), "it is minimised"),
    (("windowsize", "500", "380"), ("windowsize", "640", "400"), "instead of 640x400"),
    (("windowmove", "1000", "100"), ("windowmove", "100", "100"), "off the screen"),
]
"""What happens to a window, what brings it back, and what is said meanwhile."""


def test_a_window_that_cannot_be_played_in_pauses_the_run_until_it_is_back(
    game: Game, told: list[str]
) -> None:
    handle = str(_handle())
    for (change, *there), (back, *home), sentence in TROUBLES:
        told.clear()
        xdotool(change, handle, *there)
        wait_until(lambda: game.env._trouble())  # type: ignore[attr-defined]
        frames: list[object] = []
        thread = threading.Thread(target=lambda seen=frames: seen.append(game.env.observe()), daemon=True)
        time.sleep(0.15)  # longer than a look at the window is good for
        thread.start()
        wait_until(lambda said=sentence: any(said in line for line in told))
        assert not frames
        xdotool(back, handle, *home)
        thread.join(15)
        assert frames
        assert told[-1] == "Going on."


def test_a_window_that_moves_is_followed(game: Game, program: Program) -> None:
    handle = str(_handle())
    xdotool("windowmove", handle, "300", "250")
    time.sleep(0.3)
    game.env.act(Click(33, 44))
    wait_until(lambda: program.events("button"))
    assert program.events("button")[0]["at"] == [33, 44]


def test_a_closed_window_is_waited_for_and_found_again(
    game: Game, program: Program, told: list[str], tmp_path: Path
) -> None:
    program.close()
    frames: list[object] = []
    thread = threading.Thread(target=lambda: frames.append(game.env.observe()), daemon=True)
    thread.start()
    wait_until(lambda: any("is closed" in line for line in told))
    again = open_program(tmp_path, "A Game")
    thread.join(15)
    try:
        assert frames
    finally:
        again.close()


def test_a_window_that_does_not_come_back_ends_the_run(program: Program) -> None:
    game = open_window(Query("A Game"), profile=PROFILE, patience=0.5)
    try:
        program.close()
        with pytest.raises(GroundupError, match=r"is closed for 0.5 seconds"):
            game.env.observe()
    finally:
        game.env.close()


# -- a person ---------------------------------------------------------------------------------


def _held_action(game: Game, action: object) -> tuple[threading.Thread, list[BaseException]]:
    raised: list[BaseException] = []

    def act() -> None:
        try:
            game.env.act(action)  # type: ignore[arg-type]
        except (Stopped, Withheld) as error:
            raised.append(error)

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread, raised


@pytest.mark.parametrize("way", ["stop key", "corner", "signal"])
def test_a_person_ends_the_run_and_every_key_is_released(way: str, game: Game, program: Program) -> None:
    needs.programs("make setup-live", "xdotool")
    thread, raised = _held_action(game, Hold(("space",), 20.0))
    wait_until(lambda: program.events("key"))
    began = time.monotonic()
    if way == "stop key":
        xdotool("key", "F12")
    elif way == "corner":
        xdotool("mousemove", "0", "0")
    else:
        assert game.stop is not None
        game.stop()
    thread.join(15)
    wait_until(lambda: [e["down"] for e in program.events("key") if e["name"] == "space"] == [True, False])
    assert time.monotonic() - began < 10
    assert raised
    with pytest.raises(Stopped):
        game.env.act(Click(100, 100))
    with pytest.raises(Stopped):
        game.env.observe()
    assert not program.events("button")


def test_a_drag_that_is_ended_lets_go_of_the_button(game: Game, program: Program) -> None:
    slow = Drag(tuple((20 + 20 * i, 50 + 10 * (i % 2)) for i in range(25)))
    game.env._desk.guard._timing = PROFILE.timing.model_copy(update={"drag": 10_000})  # type: ignore[attr-defined]
    thread, raised = _held_action(game, slow)
    wait_until(lambda: program.events("button"))
    assert game.stop is not None
    game.stop()
    thread.join(15)
    assert raised
    wait_until(lambda: len(program.events("button")) == 2)


def test_a_hold_is_given_up_when_another_window_comes_to_the_front(
    game: Game, program: Program, tmp_path: Path
) -> None:
    thread, raised = _held_action(game, Hold(("space",), 30.0))
    wait_until(lambda: program.events("key"))
    began = time.monotonic()
    other = open_program(tmp_path, "Other", (640, 400))
    try:
        thread.join(60)
        assert time.monotonic() - began < 29
        assert "another window" in str(raised[0])
        assert not game.env._desk.guard._held  # type: ignore[attr-defined]
    finally:
        other.close()


def test_a_person_who_takes_the_mouse_in_a_drag_gets_it(game: Game, program: Program) -> None:
    game.env._desk.guard._timing = PROFILE.timing.model_copy(update={"drag": 10_000})  # type: ignore[attr-defined]
    thread, raised = _held_action(game, Drag(((20, 50), (520, 300))))
    wait_until(lambda: program.events("button"))
    xdotool("mousemove", "300", "30")
    thread.join(9)
    assert "the mouse is moved by hand" in str(raised[0])
    wait_until(lambda: program.events("button")[-1]["down"] is False)


def test_a_corner_ends_the_run_also_after_a_click_beside_it(game: Game) -> None:
    game.env._desk.guard._places.append((1, 1))  # type: ignore[attr-defined]
    xdotool("mousemove", "0", "0")
    wait_until(game.env._desk.stop.is_set)  # type: ignore[attr-defined]


def test_ctrl_c_during_a_drag_ends_it_and_lets_go(program: Program) -> None:
    """The handler comes while the thread that drags speaks with the X server: it must not do so itself."""
    moments = (0.05, 0.21, 0.37, 0.11, 0.02)
    script = Path(__file__).with_name("ended_drag.py")
    command = [sys.executable, str(script), str(len(moments))]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    try:
        for seconds in moments:
            before = len(program.events("button"))
            assert running.stdout.readline() == "dragging\n"
            wait_until(lambda before=before: len(program.events("button")) > before)
            time.sleep(seconds)
            running.send_signal(signal.SIGINT)
            ended, _, _ = select.select([running.stdout], [], [], 20)
            assert ended, "it hangs"
            assert running.stdout.readline() == "ended\n"
            wait_until(lambda: program.events("button")[-1]["down"] is False)
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


def test_a_handler_that_interrupts_who_holds_the_lock_ends_the_run(game: Game, program: Program) -> None:
    """As a signal's handler does: called while this very thread sets the stop, or holds the devices."""
    guard, stop = game.env._desk.guard, game.env._desk.stop  # type: ignore[attr-defined]
    assert game.stop is not None
    display = guard._devices._display.display
    with guard._lock, stop._set._cond:
        display.send_recv_lock.acquire()
        try:
            guard._held.append(_Held("key", "a"))
            game.stop()
        finally:
            display.send_recv_lock.release()
    wait_until(stop.is_set)
    wait_until(lambda: not guard._held)
    assert not any(event["down"] for event in program.events("key"))


def test_a_person_who_moves_the_mouse_pauses_the_run(game: Game, program: Program, told: list[str]) -> None:
    xdotool("mousemove", "500", "500")
    wait_until(lambda: not game.env._desk.stop.still)  # type: ignore[attr-defined]
    thread, _ = _held_action(game, Click(100, 100))
    wait_until(lambda: told)
    assert "moved by hand" in told[0]
    assert not program.events("button")
    thread.join(15)
    wait_until(lambda: program.events("button"))


def test_what_is_not_confirmed_is_not_done(program: Program) -> None:
    asked: list[object] = []

    def confirm(action: object) -> bool:
        asked.append(action)
        return len(asked) > 1

    game = open_window(Query("A Game"), profile=PROFILE, confirm=confirm)
    try:
        with pytest.raises(Withheld, match="not confirmed"):
            game.env.act(Click(10, 10))
        game.env.act(Click(20, 20))
        wait_until(lambda: program.events("button"))
        assert program.events("button")[0]["at"] == [20, 20]
        assert len(asked) == 2
    finally:
        game.env.close()


def test_a_run_can_be_ended_at_a_question(program: Program) -> None:
    asked, answered = threading.Event(), threading.Event()

    def confirm(_: object) -> bool:
        asked.set()
        return answered.wait(60)

    game = open_window(Query("A Game"), profile=PROFILE, confirm=confirm)
    try:
        thread, raised = _held_action(game, Click(10, 10))
        assert asked.wait(20)
        assert game.stop is not None
        game.stop()
        thread.join(15)
        assert raised
        assert not program.events("button")
    finally:
        answered.set()
        game.env.close()


def _blackened(game: Game, pictures: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many pictures are black."""
    capture = game.env._desk.capture  # type: ignore[attr-defined]
    real, shots = capture.grab, []

    def grab(area: object) -> np.ndarray:
        shots.append(area)
        pixels: np.ndarray = real(area)
        return pixels * 0 if len(shots) <= pictures else pixels

    monkeypatch.setattr(capture, "grab", grab)


def test_a_locked_screen_pauses_the_run(game: Game, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    _blackened(game, 3, monkeypatch)
    assert game.env.observe().pixels.any()
    assert told == [
        "Paused: the screen is black, locked or off; the run goes on when it is back.",
        "Going on.",
    ]


def test_a_screen_that_stays_locked_ends_the_run(
    game: Game, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _blackened(game, 1 << 30, monkeypatch)
    monkeypatch.setattr(game.env, "_patience", 0.5)
    with pytest.raises(GroundupError, match=r"the screen is black, locked or off for 0.5 seconds"):
        game.env.observe()
    assert len(told) == 1


def test_shipped_profiles_are_valid() -> None:
    from groundup.envs.window_profile import shipped

    assert set(shipped()) >= {
        "slay-the-spire", "civilization-v", "civilization-vi", "freeciv", "minetest", "template",
    }  # fmt: skip
    for name in shipped():
        assert load_profile(name).name == name

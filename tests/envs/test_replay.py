"""From inputs to actions, a game recorded, and the recording played again."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from groundup.envs.conformance import check_env
from groundup.envs.errors import ActionRefused, UsageError
from groundup.envs.recorded_actions import Recorded, actions_of
from groundup.envs.recorder import RecordingEnv
from groundup.envs.recordings import MASKED, Input, Tick, read_card, read_ticks
from groundup.envs.replay import ReplayEnv
from groundup.envs.types import Accepts, Action, Click, Drag, Env, Frame, Hold, KeyPress, Move, Scroll, Wait

PLUS, SIZE = (80, 90), (160, 120)


class Counting:
    """A button that counts; it lights up under the pointer."""

    name, size = "counting", SIZE
    accepts = Accepts(click=True, drag=True, keys=("w",))

    def __init__(self) -> None:
        self.count, self.index, self.pointer = 0, 0, (0, 0)

    def observe(self) -> Frame:
        self.index += 1
        image = np.full((120, 160, 3), 30, np.uint8)
        lit = abs(self.pointer[0] - PLUS[0]) < 20 and abs(self.pointer[1] - PLUS[1]) < 10
        cv2.rectangle(image, (60, 80), (100, 100), (200, 180, 60) if lit else (120, 90, 30), -1)
        image[:20, : 4 * self.count] = (240, 240, 240)
        return Frame(image, self.index / 20, self.index)

    def act(self, action: Action) -> None:
        match action:
            case Move(x, y):
                self.pointer = (x, y)
            case Click(x, y):
                self.pointer = (x, y)
                self.count += abs(x - PLUS[0]) < 20 and abs(y - PLUS[1]) < 10
            case Drag(path):
                self.pointer = path[-1]
                self.count += 5
            case KeyPress():
                self.count += 10
            case _:
                raise ActionRefused(f"not {action}")

    def reset(self, *, seed: int | None = None) -> Frame:  # noqa: ARG002
        self.count = 0
        return self.observe()

    def close(self) -> None:
        """Nothing is held."""


class Slow(Counting):
    """It counts five frames after the click."""

    def __init__(self) -> None:
        super().__init__()
        self.due: list[int] = []

    def observe(self) -> Frame:
        self.count = sum(due <= self.index for due in self.due)
        return super().observe()

    def act(self, action: Action) -> None:
        if isinstance(action, Click):
            self.due.append(self.index + 5)
        else:
            super().act(action)


def count(frame: Frame) -> int:
    return int((frame.pixels[10, :, 0] > 200).sum()) // 4


def watch(env: Env, frames: int) -> list[int]:
    return [count(env.observe()) for _ in range(frames)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings") / "counting"
    env = RecordingEnv(Counting(), folder, fps=20, seed=3, player="a test")
    env.reset()
    watch(env, 5)
    for action in (Click(*PLUS), Click(5, 5), Drag(((20, 20), (60, 60), (120, 40))), KeyPress(("w",))):
        if isinstance(action, Click):
            env.act(Move(action.x, action.y))
            watch(env, 2)
        env.act(action)
        env.act(Wait(0.3))
    with pytest.raises(ActionRefused):
        env.act(Scroll(1, 1, 0, 10))
    env.close()
    env.close()
    return folder


def test_what_was_done_is_read_back(recording: Path) -> None:
    assert read_card(recording).frames == 6 + 4 + 24
    assert actions_of(read_ticks(recording)) == [
        Recorded(Click(*PLUS), 5, 7, 7),
        Recorded(Click(5, 5), 13, 15, 15),
        Recorded(Drag(((20, 20), (60, 60), (120, 40), (120, 40))), 21, 21, 21),
        Recorded(KeyPress(("w",)), 27, 27, 27),
    ]


def test_it_waits_for_what_was_done(recording: Path) -> None:
    env = ReplayEnv(recording)
    assert env.accepts == Accepts(click=True, drag=True, keys=("w",))
    assert watch(env, 20) == [0] * 20
    env.act(Move(*PLUS))
    lit = env.observe()
    assert lit.pixels[90, 80, 0] == 200
    env.act(KeyPress(("w",)))  # not what comes now
    assert watch(env, 5) == [0] * 5
    env.act(Click(*PLUS))
    assert watch(env, 10) == [1] * 10
    env.act(Click(100, 100))
    env.act(Drag(((1, 1), (90, 90))))
    assert count(env.observe()) == 6
    env.act(KeyPress(("w",)))
    assert watch(env, 30) == [16] * 30
    assert env.coming is None
    assert count(env.reset()) == 0
    env.close()


def test_near_enough_can_be_asked_for(recording: Path) -> None:
    env = ReplayEnv(recording, within=10)
    env.reset()
    env.act(Click(10, 10))
    assert watch(env, 10)[-1] == 0
    env.act(Click(PLUS[0] + 5, PLUS[1]))
    assert watch(env, 10)[-1] == 1


def test_what_is_not_waited_for_happens_by_itself(recording: Path) -> None:
    env = ReplayEnv(recording, takes=Accepts(click=False, keys=("w",)))
    assert watch(env, 40)[-1] == 6
    env.act(KeyPress(("w",)))
    assert watch(env, 3)[-1] == 16


def test_a_replay_is_an_env_like_any_other(recording: Path) -> None:
    assert check_env(ReplayEnv(recording)) == []


def test_a_recording_is_not_recorded_over(recording: Path) -> None:
    with pytest.raises(UsageError, match="holds a recording already"):
        RecordingEnv(Counting(), recording, fps=20)


def ticks(*events: Input) -> list[Tick]:
    """A frame every 0.05 seconds."""
    last = max(int(event.t * 20) for event in events)
    return [
        Tick(index, index / 20, None, tuple(event for event in events if int(event.t * 20) == index))
        for index in range(last + 1)
    ]


def actions(*events: Input) -> list[Action]:
    return [recorded.action for recorded in actions_of(ticks(*events))]


def test_a_hand_that_trembles_clicks_and_one_that_moves_drags() -> None:
    press = Input(1.0, "press", 50, 50, "left")
    assert actions(press, Input(1.1, "release", 53, 52, "left")) == [Click(50, 50)]
    assert actions(press, Input(1.1, "release", 90, 50, "left")) == [Drag(((50, 50), (90, 50)))]
    assert actions(press) == []
    assert actions(Input(1.0, "press", 5, 5, "right"), Input(1.1, "release", 5, 5, "right")) == [
        Click(5, 5, "right")
    ]
    assert actions(Input(1.0, "press", 5, 5, "right"), Input(1.1, "release", 95, 5, "right")) == []


def test_the_pointer_arrives_before_it_presses() -> None:
    way = [Input(0.1 + 0.05 * i, "move", 10 * i, 10) for i in range(6)]
    rest = [Input(0.6, "press", 52, 11, "left"), Input(0.65, "release", 52, 11, "left")]
    assert actions_of(ticks(*way, *rest)) == [Recorded(Click(52, 11), 7, 12, 13)]


def test_what_follows_a_click_is_shown_until_the_next_one_at_the_same_place(tmp_path: Path) -> None:
    """Turns ended one after the other, with the pointer left where it is: the answers come late."""
    env = RecordingEnv(Slow(), tmp_path / "r", fps=20)
    env.reset()
    env.act(Move(*PLUS))
    for _ in range(3):
        watch(env, 3)
        env.act(Click(*PLUS))
        watch(env, 9)
    env.close()
    first, *others = actions_of(read_ticks(tmp_path / "r"))
    assert first.arrived < first.pressed
    assert all(recorded.arrived == recorded.pressed for recorded in others)
    replay = ReplayEnv(tmp_path / "r")
    seen = []
    for _ in range(3):
        replay.act(Move(*PLUS))
        watch(replay, 3)
        replay.act(Click(*PLUS))
        seen.append(watch(replay, 20))
    assert [(after[0], after[-1]) for after in seen] == [(0, 1), (1, 2), (2, 3)]


def test_keys_chords_and_held_keys() -> None:
    down, up = Input(1.0, "key_down", key="ctrl"), Input(1.5, "key_up", key="ctrl")
    s = Input(1.1, "key_down", key="s"), Input(1.2, "key_up", key="s")
    assert actions(down, *s, up) == [KeyPress(("ctrl", "s"))]
    assert actions(Input(1.0, "key_down", key="w"), Input(2.0, "key_up", key="w")) == [Hold(("w",), 1.0)]
    assert actions(Input(1.0, "key_down", key=MASKED), Input(1.1, "key_up", key=MASKED)) == []


def test_turns_of_the_wheel_are_one_action() -> None:
    turns = [Input(1.0 + 0.1 * i, "scroll", 40, 40, dy=30) for i in range(4)]
    later = Input(3.0, "scroll", 40, 40, dy=-30)
    assert actions(*turns, later) == [Scroll(40, 40, 0, 120), Scroll(40, 40, 0, -30)]

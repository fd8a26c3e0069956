"""Tiny games with one trait each: late answers, fades, hover effects, pulses, keys only."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from groundup.envs.errors import ActionRefused, UsageError
from groundup.envs.types import (
    Accepts,
    Action,
    Click,
    DoubleClick,
    Drag,
    Frame,
    Hold,
    KeyPress,
    Move,
    Pixels,
    Scroll,
    TypeText,
    Wait,
)
from groundup.perception.observation import Thing
from groundup.perception.types import Box
from groundup.skills.executor import LIMIT, Executor, accepted
from groundup.skills.learner import Decision

PLUS, PAGE, NOTHING = (150, 230), (450, 230), (320, 320)


class Tiny:
    """A number and two buttons: one adds to the number, one turns the page."""

    name, size = "tiny", (640, 360)

    def __init__(self, accepts: Accepts | None = None, *, delay: int = 0, fade: int = 1) -> None:
        self.accepts = accepts or Accepts()
        self.delay, self.fade = delay, fade
        self.sent: list[Action] = []
        self.t = self.number = self.page = 0
        self.pointer = (0, 0)
        self.due = -1
        self.shown = self.paint()
        self.mix = 1.0

    def paint(self) -> Pixels:
        image = np.full((360, 640, 3), ((40, 50, 70), (90, 60, 50))[self.page % 2], np.uint8)
        for (x, y), word in ((PLUS, "plus"), (PAGE, "page")):
            lit = abs(self.pointer[0] - x) < 50 and abs(self.pointer[1] - y) < 30
            cv2.rectangle(
                image, (x - 50, y - 30), (x + 50, y + 30), (160, 130, 90) if lit else (110, 80, 40), -1
            )
            cv2.putText(image, word, (x - 40, y + 5), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
        cv2.putText(image, str(self.number), (40, 55), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (240, 240, 240), 2)
        self.adorn(image)
        return image

    def adorn(self, image: Pixels) -> None:
        """Draw what moves by itself."""

    def observe(self) -> Frame:
        self.t += 1
        if self.t == self.due:
            self.shown, self.mix = self.paint(), 0.0
            self.number += self.sent[-1] in (Click(*PLUS), KeyPress(("a",)))
            self.page += self.sent[-1] == Click(*PAGE)
        self.mix = min(1.0, self.mix + 1 / self.fade)
        now = self.paint()
        if self.mix < 1.0:
            now = np.asarray(cv2.addWeighted(now, self.mix, self.shown, 1.0 - self.mix, 0), dtype=np.uint8)
        return Frame(now, self.t / 20, self.t)

    def act(self, action: Action) -> None:
        self.sent.append(action)
        if isinstance(action, Move | Click):
            self.pointer = (action.x, action.y)
        if action in (Click(*PLUS), Click(*PAGE), KeyPress(("a",))):
            self.due = self.t + 1 + self.delay

    def reset(self, *, seed: int | None = None) -> Frame:
        del seed
        return self.observe()

    def close(self) -> None:
        """Nothing to release."""


class Blinking(Tiny):
    def adorn(self, image: Pixels) -> None:
        if self.t // 3 % 2:
            cv2.rectangle(image, (560, 300), (600, 340), (255, 255, 255), -1)


class Restless(Tiny):
    def adorn(self, image: Pixels) -> None:
        image[:] = np.random.default_rng(self.t).integers(0, 255, image.shape, dtype=np.uint8)


class NoPointer(Tiny):
    def act(self, action: Action) -> None:
        if isinstance(action, Move):
            raise ActionRefused("no pointer here")
        super().act(action)
        self.pointer = (0, 0)


class Wrong(Tiny):
    """Gives something else than it promises once the first button was pressed."""

    def __init__(self, picture: object) -> None:
        super().__init__()
        self.picture = picture

    def observe(self) -> Frame:
        frame = super().observe()
        return Frame(self.picture, frame.t, frame.index) if self.number else frame  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((300, 640, 3), np.uint8),
        np.zeros((360, 640), np.uint8),
        np.zeros((360, 640, 3), np.float32),
        None,
    ],
)
def test_a_frame_that_was_not_promised_is_refused_in_a_sentence(picture: object) -> None:
    executor = Executor(Wrong(picture))
    executor.act(Click(*NOTHING))
    with pytest.raises(UsageError, match=r"tiny gave .*\(360, 640, 3\)"):
        executor.act(Click(*PLUS))


@pytest.mark.parametrize(
    "game", [Tiny(), Tiny(delay=5), Tiny(fade=4), Tiny(delay=3, fade=4), Blinking(), NoPointer()]
)
def test_answers_are_told_from_silence_and_hovering(game: Tiny) -> None:
    executor = Executor(game)
    for _ in range(12):
        assert not executor.act(Click(*NOTHING)).responsive
        change = executor.act(Click(*PLUS))
        assert change.responsive
        assert all(box.intersection(Box(20, 20, 80, 50)) for box in change.boxes)
        assert executor.act(Click(*PAGE)).fraction > 0.5
    assert game.number == game.page == 12


@pytest.mark.parametrize("fade", [12, 20])
def test_a_long_fade_to_another_screen_is_waited_out(fade: int) -> None:
    game = Tiny(fade=fade)
    executor = Executor(game)
    for _ in range(4):
        assert executor.act(Click(*PAGE)).fraction > 0.5
        assert game.mix > 0.9


def test_no_more_is_awaited_than_the_answers_have_taken() -> None:
    game = Tiny()
    executor = Executor(game)
    for _ in range(8):
        executor.act(Click(*PLUS))
        executor.act(Click(*NOTHING))
    before = game.t
    executor.act(Click(*NOTHING))
    assert game.t - before <= 4


def test_a_screen_that_never_rests_is_taken_as_it_is() -> None:
    game = Restless()
    executor = Executor(game)
    executor.look()
    before = game.t
    executor.act(Click(*NOTHING))
    assert game.t - before <= 2 * LIMIT


def test_keys_are_pressed_without_a_pointer() -> None:
    game = Tiny(Accepts(click=False, keys=("a",)))
    executor = Executor(game)
    assert executor.act(KeyPress(("a",))).responsive
    assert not executor.act(Wait(0.1)).responsive
    assert game.sent == [KeyPress(("a",)), Wait(0.1)]


def test_what_the_game_does_not_take_is_never_sent() -> None:
    game = Tiny(Accepts(click=True, keys=("a",)))
    executor = Executor(game)
    refused: list[Action] = [
        Click(9, 9, "right"),
        Click(9, 9, "wheel"),
        Click(640, 9),
        Click(9, -1),
        DoubleClick(9, 9),
        Drag(((9, 9), (20, 20))),
        Scroll(9, 9, 0, 10),
        KeyPress(("b",)),
        KeyPress(("a", "b")),
        KeyPress(()),
        Hold(("b",), 1.0),
        TypeText("a"),
    ]
    for action in refused:
        with pytest.raises(ActionRefused, match="does not take"):
            executor.act(action)
    assert game.sent == []


def test_what_is_accepted() -> None:
    everything = Accepts(True, True, True, True, True, True, ("a", "ctrl"))
    for action in (
        Click(1, 1, "right"),
        DoubleClick(1, 1),
        Drag(((1, 1), (2, 2))),
        Scroll(1, 1, 0, 10),
        TypeText("x"),
        KeyPress(("ctrl", "a")),
        Hold(("a",), 0.5),
        Move(1, 1),
        Wait(1.0),
    ):
        assert accepted(action, everything, (10, 10))
    assert not accepted(Drag(((1, 1),)), everything, (10, 10))
    assert not accepted(Move(1, 1), Accepts(click=False), (10, 10))


class Scrolling(Tiny):
    """A map, with a mark on it, that moves when the button "plus" is pressed, as when a unit is centred."""

    mark = (470, 300)

    def adorn(self, image: Pixels) -> None:
        rng = np.random.default_rng(5)
        noise = rng.integers(20, 140, (24, 60, 3), np.uint8)
        land = cv2.resize(noise, (960, 360), interpolation=cv2.INTER_CUBIC)
        x, y = self.mark[0] + 100, self.mark[1]
        cv2.circle(land, (x, y), 14, (220, 60, 60), -1)
        cv2.circle(land, (x, y), 6, (240, 240, 90), -1)
        left = 100 + 60 * self.number
        buttons = image[200:261].copy()
        image[:] = land[:, left : left + 640]
        image[200:261] = buttons


def test_a_second_step_is_found_again_where_the_first_has_moved_it() -> None:
    game = Scrolling()
    executor = Executor(game)
    executor.look()
    button, mark = (
        Thing(Box(x - 15, y - 15, 30, 30), name, name)
        for name, (x, y) in (("plus", PLUS), ("mark", game.mark))
    )
    outcome = executor.carry_out(Decision("use", button, mark), holding=False)
    first, second = (action for action in outcome.actions if isinstance(action, Click))
    assert (first.x, first.y) == PLUS
    assert game.number == 1
    assert abs(second.x - (game.mark[0] - 60)) <= 2
    assert abs(second.y - game.mark[1]) <= 2

"""A run of a game that shows no end is over when nothing is answered any more: another one begins."""

from __future__ import annotations

import numpy as np

from groundup.agent.session import Session
from groundup.envs.types import Accepts, Action, Frame, KeyPress
from groundup.perception.observation import Observation, Quantity, Thing
from groundup.perception.perceiver import Perceiver
from groundup.perception.types import Box
from groundup.skills.learner import Learner
from groundup.skills.moves import Decision
from groundup.skills.wariness import OVER, Wariness


class _Mortal:
    """Answers the key a by another square until it was pressed eight times; then nothing."""

    name, size = "mortal", (240, 200)
    accepts = Accepts(click=True, keys=("a", "b"))

    def __init__(self) -> None:
        self.games = 0
        self._index = 0
        self._pressed = 0

    def observe(self) -> Frame:
        self._index += 1
        pixels = np.full((200, 240, 3), 90, np.uint8)
        left = 20 + 24 * self._pressed
        pixels[80:120, left : left + 20] = 240
        return Frame(pixels, self._index / 30, self._index)

    def act(self, action: Action) -> None:
        if action == KeyPress(("a",)) and self._pressed < 8:
            self._pressed += 1

    def reset(self, *, seed: int | None = None) -> Frame:  # noqa: ARG002
        self.games += 1
        self._pressed = 0
        return self.observe()

    def close(self) -> None: ...


def test_another_run_begins_when_nothing_is_answered_any_more() -> None:
    env = _Mortal()
    session = Session(env, Learner(0, endless=True), Perceiver(keys=env.accepts.keys))
    session.play(8 + OVER + 20, until=lambda: env.games > 0)
    assert env.games == 1
    assert len(session.tally.episodes) == 1
    assert session.tally.responsive[-OVER:] == [False] * OVER
    session.play(session.tally.steps + 12)
    assert any(session.tally.responsive[-12:])


def _seen(number: float) -> Observation:
    return Observation("map", (), (Quantity(Box(1, 1, 9, 9), number, None, "n", "turn n@5,5"),))


def _play(wariness: Wariness, answered: bool, was: float, now: float) -> None:
    key = Thing(Box(0, 0, 1, 1), "key a", "")
    wariness.note(_seen(was), Decision("use", key), (answered,), _seen(now))


def test_menus_that_still_open_do_not_keep_a_run_alive_in_which_no_number_changes() -> None:
    wariness = Wariness()
    _play(wariness, answered=True, was=1, now=2)
    for _ in range(OVER - 1):
        _play(wariness, answered=False, was=2, now=2)
        _play(wariness, answered=True, was=2, now=2)
    assert not wariness.over
    _play(wariness, answered=False, was=2, now=2)
    assert wariness.over
    wariness.begin()
    assert not wariness.over


def test_dead_moves_between_which_numbers_change_end_nothing() -> None:
    wariness = Wariness()
    for turn in range(3 * OVER):
        _play(wariness, answered=False, was=turn, now=turn)
        _play(wariness, answered=True, was=turn, now=turn + 1)
    assert not wariness.over


def test_a_game_that_never_answered_is_not_begun_again() -> None:
    env = _Mortal()
    env._pressed = 8
    session = Session(env, Learner(0, endless=True), Perceiver(keys=env.accepts.keys))
    session.play(2 * OVER)
    assert env.games == 0

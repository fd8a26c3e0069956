"""A real Minetest: a world opened, walked in, looked around in, through its window."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from groundup.envs.games import Game
from groundup.envs.minetest import Minetest, make, read_log
from groundup.envs.types import Hold, Move
from tests import needs

from .desk import screen, wait_until


@pytest.fixture(scope="module")
def game() -> Iterator[Game]:
    needs.programs("make setup-live", "minetest")
    with screen():
        opened = make()
        yield opened
        opened.env.close()


def _last(game: Game) -> dict[str, float]:
    minetest: Minetest = game.truth.__self__  # type: ignore[attr-defined]

    def places() -> list[dict[str, float]]:
        return [row for row in read_log(minetest._world) if row["kind"] == "at"]

    return wait_until(places)[-1]  # type: ignore[no-any-return]


def test_keys_walk_and_the_record_says_so(game: Game) -> None:
    assert game.env.observe().pixels.any()
    before = _last(game)
    for key in ("w", "a", "s", "d"):
        game.env.act(Hold((key,), 0.8))

    def moved() -> bool:
        now = _last(game)
        return math.hypot(now["x"] - before["x"], now["z"] - before["z"]) > 0.01 or now["y"] != before["y"]

    wait_until(moved)
    assert game.truth is not None
    assert game.truth()["worlds"] == 1


def test_moving_to_a_point_turns_the_camera_there(game: Game) -> None:
    width, height = game.env.size
    before = _last(game)["yaw"]
    game.env.act(Move(width // 2 + 100, height // 2))
    # 100 pixels of the frame are 55 of the mouse, at 0.2 degrees each; to the right yaw falls.
    turned = wait_until(lambda: (before - _last(game)["yaw"]) % (2 * math.pi))
    assert math.degrees(turned) == pytest.approx(11.0, abs=1.0)

"""`groundup demos record` on the embedded game, and `groundup bench demos` where it must refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundup.agent.bench_demos import Played, _row
from groundup.envs.recorded_actions import actions_of
from groundup.envs.recordings import CARD, read_card, read_ticks
from groundup.envs.replay import ReplayEnv
from groundup.envs.spire import demonstrator
from groundup.envs.types import Click, Drag
from tests.agent.conftest import Groundup

FEW = 8


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstrator, "LONGEST", FEW)


def test_a_scripted_player_is_recorded_at_the_mouse(groundup: Groundup, tmp_path: Path) -> None:
    command = ("demos", "record", "spire", "--seed", "31", "--out", str(tmp_path / "demos"), "--json")
    ran = groundup(*command)
    assert ran.code == 0, ran.err
    (made,) = ran.json["recordings"]
    folder = Path(made["recording"])
    assert folder.name == "spire-sensible-31"
    card = read_card(folder)
    assert (card.game, card.size, card.seed, card.player) == ("spire", (1280, 720), 31, "sensible")
    actions = actions_of(read_ticks(folder))
    assert FEW <= len(actions) <= FEW + 1  # a card and its aim are two
    assert {type(recorded.action) for recorded in actions} == {Click, Drag}
    _screens_follow_the_clicks(folder)
    before = (folder / "video.mp4").stat().st_mtime_ns
    again = groundup(*command).json
    assert again["recordings"] == ran.json["recordings"]
    assert (folder / "video.mp4").stat().st_mtime_ns == before
    # Half a recording is made again.
    (folder / CARD).write_text((folder / CARD).read_text().replace(str(card.frames), "null"))
    assert groundup(*command).json["recordings"][0]["frames"] == card.frames
    ran = groundup("bench", "demos", str(folder), "--seeds", "30:33")
    assert ran.code == 2
    assert "[31] were demonstrated" in ran.err


def _screens_follow_the_clicks(folder: Path) -> None:
    env = ReplayEnv(folder)
    title = env.reset()
    env.act(Click(640, 460))
    shown = [env.observe() for _ in range(10)]
    assert (shown[-1].pixels != title.pixels).mean() > 0.5
    env.close()


def test_what_cannot_be_recorded_is_said(groundup: Groundup, tmp_path: Path) -> None:
    ran = groundup("demos", "record", "chess", "--out", str(tmp_path))
    assert ran.code == 2
    assert "games with one are spire" in ran.err
    ran = groundup("demos", "record", "spire", "--player", "nobody", "--out", str(tmp_path))
    assert ran.code == 2
    assert "choose one of sensible, attack, random" in ran.err


def test_the_rows_of_the_bench_have_ratio_and_spread() -> None:
    ours = [Played(1, [4, 6], 0.9, 0.5), Played(2, [9], 0.9, 0.5)]
    empty = [Played(1, [2, 2], 0.8, 0.0), Played(2, [5], 0.8, 0.0)]
    row = _row("floors a run", 300, ours, empty, lambda played: played.a_run)
    assert (row["ours"], row["baseline"], row["ratio"], row["n"]) == (7.0, 3.5, 2.0, 2)
    assert row["spread"] == pytest.approx(2.0)
    assert row["baseline_spread"] == pytest.approx(1.5)

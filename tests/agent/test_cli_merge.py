"""Libraries of several agents become one, under one set of names."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundup.agent.cli_merge import merge_libraries, rename
from groundup.agent.knowledge import Knowledge, load
from groundup.agent.session import Session
from groundup.envs.errors import UsageError
from groundup.envs.games import open_game
from groundup.perception.perceiver import Perceiver
from groundup.skills.keeper import Keeper
from groundup.skills.learner import Learner
from groundup.skills.library import Library
from tests.agent.conftest import GAME


def _learn(path: Path, seed: int) -> Learner:
    game = open_game(GAME)
    game.env.reset(seed=seed)
    learner, perceiver = Learner(seed), Perceiver()
    with Library.open(path, frame_size=game.env.size, game="shapes") as library:
        run = library.store.start_run("shapes", "local").id
        knowledge = Knowledge(library.store, run, learner, perceiver)
        session = Session(game.env, learner, perceiver, keeper=Keeper(library, run), knowledge=knowledge)
        session.play(12)
    game.env.close()
    return learner


def test_names_are_replaced_wherever_they_stand() -> None:
    document = {"scene 1|look 2": [1], "own:floor n@639,23": {"x": "scene 1@3,1"}, "look 22": "n/m@89,23"}
    names = {
        "scene 1": "scene 7",
        "look 2": "look 5",
        "floor n@639,23": "floor n@640,23",
        "n/m@89,23": "n/m@90,23",
    }
    assert rename(document, names) == {
        "scene 7|look 5": [1],
        "own:floor n@640,23": {"x": "scene 7@3,1"},
        "look 22": "n/m@90,23",
    }


def test_what_cannot_be_merged_leaves_nothing_behind(tmp_path: Path) -> None:
    small, large = str(tmp_path / "small.db"), str(tmp_path / "large.db")
    Library.open(small, frame_size=(640, 480)).close()
    Library.open(large, frame_size=(1280, 720)).close()
    with pytest.raises(UsageError, match="different sizes"):
        merge_libraries([small, large], str(tmp_path / "all.db"))
    for sources, target in (([small, small], "all.db"), ([small, large], "large.db")):
        with pytest.raises(UsageError, match="named twice"):
            merge_libraries(sources, str(tmp_path / target))
    assert {path.name for path in tmp_path.glob("*.db")} == {"small.db", "large.db"}


def test_merged_libraries_know_what_each_knew(tmp_path: Path) -> None:
    learners = [_learn(tmp_path / f"{seed}.db", seed) for seed in (1, 2)]
    done = merge_libraries([str(tmp_path / "1.db"), str(tmp_path / "2.db")], str(tmp_path / "all.db"))
    with Library.open(tmp_path / "all.db", readonly=True) as library:
        assert done["total"] == len(library) >= 1
        together, eyes = Learner(0), Perceiver()
        load(library.store, together, eyes)
    uses = [sum(learner.effects.uses(s) for s in learner.effects.skills()) for learner in learners]
    assert sum(together.effects.uses(s) for s in together.effects.skills()) == sum(uses) > 0

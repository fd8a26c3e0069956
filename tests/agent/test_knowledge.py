"""What is kept of each step brings a learner back to where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundup.agent.knowledge import SNAPSHOT, Knowledge, load
from groundup.agent.session import Session
from groundup.envs.games import open_game
from groundup.perception.perceiver import Perceiver
from groundup.skills.keeper import Keeper
from groundup.skills.learner import Learner
from groundup.skills.library import Library
from tests.agent.conftest import GAME


@pytest.mark.parametrize("moves", [7, SNAPSHOT + 3])
def test_a_learner_loaded_from_snapshot_and_lessons_knows_the_same(tmp_path: Path, moves: int) -> None:
    game = open_game(GAME)
    game.env.reset(seed=4)
    learner, perceiver = Learner(4), Perceiver()
    with Library.open(tmp_path / "a.db") as library:
        run = library.store.start_run("shapes", "local").id
        knowledge = Knowledge(library.store, run, learner, perceiver)
        session = Session(game.env, learner, perceiver, keeper=Keeper(library, run), knowledge=knowledge)
        seen: list[int] = []
        session.play(10_000, until=lambda: len(seen) >= moves, on_step=lambda step: seen.append(step.done))
    with Library.open(tmp_path / "a.db", readonly=True) as library:
        for frozen in (False, True):
            again, eyes = Learner(4, learning=not frozen), Perceiver()
            load(library.store, again, eyes)
            assert again.learning is not frozen
            assert again.counters.to_dict() == learner.counters.to_dict()
            assert again.effects.to_dict() == learner.effects.to_dict()
            assert _but_tolls(again) == _but_tolls(learner)
            assert eyes.marks() == perceiver.marks()


def _but_tolls(learner: Learner) -> dict[str, dict[str, list[float]]]:
    """Choices without what they cost: a cost still open at the snapshot is lost when it is loaded."""
    return {
        scene: {kind: row[:4] for kind, row in table.items()}
        for scene, table in learner.choices.to_dict().items()
    }

"""What is learnt in the example game, a game of quite another kind than cards, is used in games never met.

The same by hand: `groundup play shapes:make --steps 100`, then `--seed 1000 --steps 40 --frozen` and, with
another library, `--policy random`.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from statistics import mean

from examples.shapes import Shapes
from groundup.agent.cli_play import PlayOptions, play
from groundup.envs.types import Click
from tests.agent.conftest import GAME

SEEDS = (0, 1)
LEARNT, FROZEN = 100, 40
"""Actions to learn from, and those that count afterwards."""

OTHERS = 1000
"""Added to a seed for games that were not learnt on."""


def test_learnt_it_scores_many_times_as_much_as_random_clicks(home: Path, tmp_path: Path) -> None:
    learnt, random, games = [], [], []
    for seed in SEEDS:
        library = str(home / f"{seed}.db")
        _play(PlayOptions(GAME, LEARNT, seed, library, out=tmp_path))
        scores = _play(PlayOptions(GAME, FROZEN, OTHERS + seed, library, out=tmp_path, frozen=True))
        other = str(home / f"random-{seed}.db")
        learnt.append(sum(scores))
        games.append(mean(scores))
        random.append(sum(_play(PlayOptions(GAME, FROZEN, OTHERS + seed, other, "random", out=tmp_path))))
    assert mean(learnt) > 5 * mean(random), f"{learnt} points, by random clicks {random}"
    # It knows which shapes to click, not only where shapes are.
    assert mean(games) > 2 * mean(_blind(seed) for seed in SEEDS), f"{games} points a game"


def _play(options: PlayOptions) -> list[int]:
    """The score of each game, by the game's own record, the one still running included."""
    truth = play(options, lambda *_: None).report["truth"]
    return [*truth["scores_per_run"], truth["score"]]


def _blind(seed: int) -> float:
    """The mean score of games in which every click hits a shape, each as likely as the others."""
    chance, env = Random(seed), Shapes()
    env.reset(seed=OTHERS + seed)
    while len(env.scores) < 100:
        _, x, y = chance.choice(env._shapes)
        env.act(Click(int(x), int(y)) if env.lives else Click(320, 300))
    return mean(env.scores)

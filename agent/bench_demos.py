"""`groundup bench demos`: what a library learnt from recordings is worth to a new learner's first steps.

Each seed is played twice in the same game: with a copy of the library that was learnt from the recordings,
and with an empty one. Floors are the game's own record, which is read here and nowhere near what plays.
"""

from __future__ import annotations

import math
import shutil
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from groundup.agent.imitation import POLICY, learn_from
from groundup.agent.knowledge import Knowledge, load
from groundup.agent.machine import machine
from groundup.agent.policies import make_policy
from groundup.agent.session import Session
from groundup.envs.errors import UsageError
from groundup.envs.games import open_game
from groundup.envs.recordings import read_card
from groundup.perception.perceiver import Perceiver
from groundup.skills.keeper import Keeper
from groundup.skills.learner import Learner
from groundup.skills.library import Library

Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Played:
    """A new learner's first steps: `floors` of each run that it began, the last one as it stood at the end.

    `shown` is the share of the uses of skills that were of a demonstrated one.
    """

    seed: int
    floors: list[int]
    responsive: float
    shown: float

    @property
    def a_run(self) -> float:
        """Floors a run."""
        return statistics.mean(self.floors)


def run(recordings: Sequence[Path], seeds: Sequence[int], steps: int, tell: Tell) -> dict[str, Any]:
    """Learn from `recordings`, then play each seed with and without. Raises `UsageError`."""
    if steps < 1:
        raise UsageError("--steps must be 1 or more.")
    cards = [read_card(folder) for folder in recordings]
    if not cards:
        raise UsageError("Give recordings to learn from, such as those of groundup demos record.")
    both = sorted({card.seed for card in cards if card.seed is not None} & set(seeds))
    if both:
        raise UsageError(f"Seeds {both} were demonstrated: play others with --seeds.")
    cv2.setNumThreads(1)
    folder = Path(tempfile.mkdtemp(prefix="groundup-bench-"))
    try:
        library = folder / "demonstrated.db"
        taught = learn_from(recordings, str(library), tell)
        ours: list[Played] = []
        empty: list[Played] = []
        for seed in seeds:
            ours.append(measure(cards[0].game, seed, steps, library))
            empty.append(measure(cards[0].game, seed, steps, None))
            words = f"seed {seed}: {ours[-1].a_run:.1f} floors a run, {empty[-1].a_run:.1f} without"
            tell(len(ours), len(seeds), words)
    finally:
        shutil.rmtree(folder)
    return {
        "results": [_row(name, steps, ours, empty, count) for name, count in _MEASURES.items()],
        "rows": [
            {
                "seed": one.seed,
                "floors": one.floors,
                "floors_empty": other.floors,
                "responsive": one.responsive,
                "responsive_empty": other.responsive,
                "demonstrated": one.shown,
            }
            for one, other in zip(ours, empty, strict=True)
        ],
        "demonstrations": taught["recordings"],
        "machine": machine(),
    }


def _total(played: Played) -> float:
    return float(sum(played.floors))


def _best(played: Played) -> float:
    return float(max(played.floors))


_MEASURES: dict[str, Callable[[Played], float]] = {
    "floors in all runs": _total,
    "floors a run": lambda played: played.a_run,
    "floors of the best run": _best,
}


def _row(
    name: str, steps: int, ours: list[Played], empty: list[Played], count: Callable[[Played], float]
) -> dict[str, Any]:
    mine, theirs = [count(played) for played in ours], [count(played) for played in empty]
    base = statistics.mean(theirs)
    return {
        "case": f"{name}, first {steps} steps",
        "ours": statistics.mean(mine),
        "baseline": base,
        "ratio": statistics.mean(mine) / base if base else None,
        "unit": "floors",
        "n": len(ours),
        "spread": _error(mine),
        "baseline_spread": _error(theirs),
    }


def _error(values: list[float]) -> float:
    """The standard error of the mean over seeds; 0 for one seed."""
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def measure(game_name: str, seed: int, steps: int, library: Path | None) -> Played:
    """The first `steps` steps of a new learner, from a copy of `library` or from nothing."""
    folder = Path(tempfile.mkdtemp(prefix="groundup-bench-"))
    game = open_game(game_name)
    if game.truth is None or not {"floors", "floors_per_run"} <= game.truth().keys():
        raise UsageError(f"{game_name} keeps no record of floors: only a game that does can be benched.")
    try:
        path = folder / "library.db"
        if library is not None:
            shutil.copy(library, path)
        with Library.open(path, frame_size=game.env.size, game=game.env.name) as opened:
            policy = make_policy("local", seed, game.env)
            perceiver = Perceiver(keys=game.env.accepts.keys)
            assert isinstance(policy, Learner)
            load(opened.store, policy, perceiver)
            record = opened.store.start_run(game.env.name, "local", seed=seed)
            shown = {skill.id for skill in opened.skills() if skill.provenance == POLICY}
            session = Session(
                game.env,
                policy,
                perceiver,
                keeper=Keeper(opened, record.id, value=policy.choices.value),
                knowledge=Knowledge(opened.store, record.id, policy, perceiver),
            )
            game.env.reset(seed=seed)
            session.play(steps)
            uses = [
                use.skill in shown for skill in opened.skills() for use in _uses(opened, skill.id, record.id)
            ]
        truth = game.truth()
        floors = [*truth["floors_per_run"], truth["floors"]]
    finally:
        game.env.close()
        shutil.rmtree(folder)
    responsive = session.tally.responsive
    return Played(
        seed,
        [int(count) for count in floors],
        round(sum(responsive) / max(1, len(responsive)), 4),
        round(sum(uses) / max(1, len(uses)), 4),
    )


def _uses(library: Library, skill: str, run: str) -> list[Any]:
    return [use for use in library.store.uses(skill) if use.run == run]


def as_text(report: dict[str, Any]) -> str:
    """The results as lines, the spread beside each mean."""
    lines = [
        f"{row['case']:44} {row['ours']:6.2f} ± {row['spread']:.2f}, empty library {row['baseline']:6.2f} ± "
        f"{row['baseline_spread']:.2f}" + (f", {row['ratio']:.2f} times" if row["ratio"] else "")
        for row in report["results"]
    ]
    for row in report["rows"]:
        lines += [
            f"seed {row['seed']}: {row['floors']} against {row['floors_empty']} floors a run, "
            f"{row['responsive']:.0%} against {row['responsive_empty']:.0%} answered, "
            f"{row['demonstrated']:.0%} of uses were of skills that were shown"
        ]
    return "\n".join(
        [*lines, "± is the standard error over seeds; the last run of a seed counts as it stood."]
    )

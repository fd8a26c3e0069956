"""`groundup bench controller`: what controllers do when they are shown a clip, by how segments were cut.

Every controller gets the same clips, true segments of test demonstrations without noise, and the same
beginnings, in worlds that no demonstration was made in. What is still to be chosen is tried with clips of
the validation demonstrations, in worlds of that split. A task's success is read from the game's own state.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundup.agent.machine import machine
from groundup.envs.errors import UsageError
from groundup.envs.types import Pixels
from groundup.skills.discovery.demonstrations import Card, Split, paths, read, read_card
from groundup.skills.discovery.labels import read_labels
from groundup.skills.discovery.training.checkpoint import CARD, BadCheckpoint
from groundup.skills.discovery.training.controller import follow, goal_of, wander
from groundup.skills.discovery.training.reading import read_controller, read_policy

if TYPE_CHECKING:
    from groundup.envs.crafter_tasks import Beginning

BASELINE = "fixed"
"""What the others are measured against."""

SHORTEST_CLIP, LONGEST_CLIP = 10, 60
"""Steps of the clips that are shown."""

Tell = Callable[[int, int, str], None]
Clips = Mapping[str, Sequence[Pixels]]
Player = Callable[["Beginning", int], bool]
"""Whether a task gets done from a beginning, in a try of a number."""


def run(
    folder: Path, models: Path, seeds: Sequence[int], tries: int, tell: Tell, split: Split = "test"
) -> dict[str, Any]:
    """Let all controllers `models/controller-NAME-SEED` play; raises `UsageError` when there are none."""
    card = read_card(folder)
    names = controllers(models, seeds)
    starts = _beginnings(card, split, tries)
    shown = clips(folder, split, sorted(starts), tries)
    starts = {skill: own for skill, own in starts.items() if skill in shown}
    players: list[tuple[str, int, Player]] = [("demonstrator", 0, lambda start, _: start.demonstrate())]
    for seed in seeds:
        if (models / f"policy-{seed}" / CARD).exists():
            players.append(("no goal", seed, wandering(models / f"policy-{seed}", seed)))
        players += [(n, seed, following(models / f"controller-{n}-{seed}", shown, seed)) for n in names[seed]]
    return {
        **measure(starts, players, tell),
        "tries": {skill: len(own) for skill, own in starts.items()},
        "split": split,
        "machine": machine(),
    }


def measure(
    starts: Mapping[str, Sequence[Beginning]], players: Sequence[tuple[str, int, Player]], tell: Tell
) -> dict[str, Any]:
    """Let all players, each with a name and a seed of training, try every task from every beginning."""
    rows: list[dict[str, Any]] = []
    for done, (name, seed, player) in enumerate(players):
        success = {
            skill: statistics.mean(player(start, number) for number, start in enumerate(own))
            for skill, own in starts.items()
        }
        rows.append({"case": name, "seed": seed, "mean": statistics.mean(success.values()), "tasks": success})
        tell(done + 1, len(players), f"{name}, seed {seed}: {rows[-1]['mean']:.3f}")
    return {"results": _results(rows, sum(map(len, starts.values()))), "rows": rows}


def controllers(models: Path, seeds: Sequence[int]) -> dict[int, list[str]]:
    """The NAMEs of `models/controller-NAME-SEED` by seed; raises `BadCheckpoint` for a seed without any."""
    names = {
        seed: sorted(
            path.parent.name.removeprefix("controller-").removesuffix(f"-{seed}")
            for path in models.glob(f"controller-*-{seed}/{CARD}")
        )
        for seed in seeds
    }
    missing = [seed for seed, own in names.items() if not own]
    if missing or not seeds:
        raise BadCheckpoint(
            f"{models} holds no controller-NAME-{missing[0] if missing else 'SEED'}: "
            "train some, see `groundup train --help`."
        )
    return names


def clips(folder: Path, split: Split, skills: Sequence[str], count: int) -> Clips:
    """`count` clips of each skill: the first true segments of a split's demonstrations without noise.

    Raises `UsageError` for a skill that no clip shows; the validation split is small: left out there.
    """
    found: dict[str, list[Pixels]] = {skill: [] for skill in skills}
    for path in paths(folder, split):
        labels = read_labels(path)
        if labels.noise:
            continue
        frames = read(path).frames
        bounds = itertools.pairwise([0, *labels.switches, len(frames)])
        for skill, (begin, end) in zip(labels.skills, bounds, strict=True):
            enough = len(found.get(skill, ())) >= count
            if skill in found and not enough and SHORTEST_CLIP <= end - begin <= LONGEST_CLIP:
                found[skill].append(frames[begin:end])
    lacking = [skill for skill, own in found.items() if not own]
    if lacking and split == "test":
        raise UsageError(f"No clip shows {lacking[0]!r}: make more demonstrations, some with noise 0.")
    return {skill: [own[k % len(own)] for k in range(count)] for skill, own in found.items() if own}


def _beginnings(card: Card, split: Split, tries: int) -> dict[str, list[Beginning]]:
    if card.game != "crafter":
        raise UsageError(f"No tasks are known for {card.game}: give demonstrations of Crafter.")
    from groundup.envs.crafter_tasks import beginnings

    starts: dict[str, list[Beginning]] = {}
    # The worlds after those of its demonstrations are set aside for a split, and no other split has them.
    for start in beginnings(card.worlds[split] + card.counts[split], tries):
        starts.setdefault(start.skill, []).append(start)
    return starts


def following(folder: Path, shown: Clips, seed: int) -> Player:
    """The controller in `folder`, shown clip k of a task's skill in try k; raises `BadCheckpoint`."""
    controller = read_controller(folder)

    def play(start: Beginning, number: int) -> bool:
        goal = goal_of(controller, shown[start.skill][number])
        return start.play(follow(controller, goal, _draw(seed, number)).next)

    return play


def wandering(folder: Path, seed: int) -> Player:
    """The policy in `folder`, which is shown nothing; raises `BadCheckpoint`."""
    policy = read_policy(folder)
    return lambda start, number: start.play(wander(policy, _draw(seed, number)).next)


def _draw(seed: int, number: int) -> int:
    return seed * 1000 + number


def _results(rows: Sequence[dict[str, Any]], n: int) -> list[dict[str, Any]]:
    by: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by.setdefault(row["case"], []).append(row)
    means = {name: [row["mean"] for row in own] for name, own in by.items()}
    baseline = statistics.mean(means[BASELINE]) if BASELINE in means else None
    return [
        {
            "case": name,
            "ours": statistics.mean(means[name]),
            "spread": statistics.pstdev(means[name]),
            "seeds": len(own),
            "baseline": baseline,
            "ratio": statistics.mean(means[name]) / baseline if baseline else None,
            "unit": "share of tries in which the task was done, mean over tasks",
            "n": n * len(own),
            "tasks": {task: statistics.mean(row["tasks"][task] for row in own) for task in own[0]["tasks"]},
        }
        for name, own in by.items()
    ]


def as_text(report: dict[str, Any]) -> str:
    """The table for people: a column a controller, a row a task."""
    results = report["results"]
    lines = [f"{'task':18}" + "".join(f"{row['case'][:14]:>15}" for row in results)]
    lines += [
        f"{task:18}" + "".join(f"{row['tasks'][task]:15.2f}" for row in results) for task in report["tries"]
    ]
    lines.append(f"{'mean':18}" + "".join(f"{row['ours']:15.3f}" for row in results))
    lines.append(f"{'± over seeds':18}" + "".join(f"{row['spread']:15.3f}" for row in results))
    lines.append(f"{'tries':18}" + "".join(f"{row['n']:15}" for row in results))
    return "\n".join(lines)

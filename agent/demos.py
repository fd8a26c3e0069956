"""`groundup demos crafter`: scripted demonstrations with known switches; no world is in two splits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

from groundup.envs.errors import UsageError
from groundup.skills.discovery.demonstrations import SPLITS, Card, Split, read_card, write_card
from groundup.skills.processes import processes

WORLDS = 1_000_000
"""Seeds of worlds set aside for one seed of demonstrations; each split has a third of them."""

SHARES: dict[Split, float] = {"train": 15 / 22, "validation": 2 / 22, "test": 5 / 22}


@dataclass(frozen=True, slots=True)
class Demos:
    """What to make: `episodes` in all, of at most `steps` steps, noise levels by turns."""

    folder: Path
    episodes: int
    seed: int
    steps: int
    noise: Sequence[float]


def split_counts(episodes: int) -> dict[Split, int]:
    """How many of `episodes` each split gets, at least one."""
    counts = {split: max(1, round(share * episodes)) for split, share in SHARES.items()}
    counts["train"] += episodes - sum(counts.values())
    return counts


def make_card(demos: Demos) -> Card:
    """The card of `demos`; raises `UsageError` for what cannot be made."""
    from groundup.envs.crafter_demonstrator import ACHIEVEMENTS, ACTIONS

    if demos.episodes < 3 or demos.steps < 1 or demos.seed < 0:
        raise UsageError("--episodes must be 3 or more, --steps 1 or more, --seed 0 or more.")
    if not demos.noise or min(demos.noise) < 0 or max(demos.noise) > 1:
        raise UsageError("--noise takes shares between 0 and 1, such as 0,0.05,0.1,0.2.")
    worlds: dict[str, int] = {
        split: demos.seed * WORLDS + place * (WORLDS // len(SPLITS)) for place, split in enumerate(SPLITS)
    }
    counts: dict[str, int] = {str(split): count for split, count in split_counts(demos.episodes).items()}
    return Card(
        "crafter",
        demos.seed,
        demos.steps,
        list(demos.noise),
        worlds,
        counts,
        list(ACTIONS),
        list(ACHIEVEMENTS),
    )


def run(demos: Demos, jobs: int, tell: Callable[[int, int, str], None]) -> Card:
    """Make what is missing, `jobs` at a time; raises `UsageError` for a folder of other demonstrations."""
    card = make_card(demos)
    if (demos.folder / "card.json").exists():
        there = read_card(demos.folder)
        if there != card:
            raise UsageError(f"{demos.folder} holds other demonstrations: give another --out.")
    write_card(demos.folder, card)
    wanted = [(split, index) for split in SPLITS for index in range(card.counts[split])]
    missing = [one for one in wanted if not _path(demos.folder, *one).exists()]
    done = len(wanted) - len(missing)
    if jobs <= 1:
        for split, index in missing:
            make_one(demos.folder, card, split, index)
            done += 1
            tell(done, len(wanted), "demonstrations")
        return card
    with processes(jobs) as pool:
        waiting = [pool.submit(make_one, demos.folder, card, *one) for one in missing]
        try:
            for future in as_completed(waiting):
                future.result()
                done += 1
                tell(done, len(wanted), "demonstrations")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return card


def make_one(folder: Path, card: Card, split: Split, index: int) -> None:
    """Make one demonstration; its labels are written first, so that no demonstration lacks them."""
    from groundup.envs.crafter_demonstrator import demonstrate
    from groundup.skills.discovery.demonstrations import Demonstration, write
    from groundup.skills.discovery.labels import Labels, write_labels

    noise = card.noise[index % len(card.noise)]
    shown = demonstrate(card.worlds[split] + index, card.steps, noise)
    path = _path(folder, split, index)
    events = tuple((step, list(card.events).index(name)) for step, name in shown.events)
    write_labels(path, Labels(shown.switches, shown.skills, noise))
    write(path, Demonstration(shown.frames, shown.actions.astype(int), events))


def _path(folder: Path, split: Split, index: int) -> Path:
    return folder / split / f"{index:04d}.npz"

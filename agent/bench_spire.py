"""`groundup bench spire`: learn, freeze, play; floors from the game's own record.

The record (`Game.truth`) is read here and nowhere near what plays. The scripted players beside ours see
the engine; a game offers them by an entry point of the group `groundup.yardsticks` under its own name.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import tempfile
from collections.abc import Callable
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import cv2

from groundup.agent.bench_spire_report import EFFECTIVE, WINDOW, Options, median, summary
from groundup.agent.knowledge import Knowledge, load
from groundup.agent.policies import POLICIES, make_policy
from groundup.agent.policy import Policy
from groundup.agent.report import place_name, rate
from groundup.agent.session import Session, Step
from groundup.envs.errors import UsageError
from groundup.envs.games import Game, open_game
from groundup.memory.whole import write_whole
from groundup.perception.perceiver import Perceiver
from groundup.skills.keeper import Keeper
from groundup.skills.learner import Learner
from groundup.skills.library import Library
from groundup.skills.processes import processes

FROZEN_SEEDS = 10_000
"""Added to a seed for its frozen runs: they are games that were not learnt on."""

Tell = Callable[[int, int, str], None]


def parse_seeds(text: str) -> tuple[int, ...]:
    """The seeds of "0:5" (5 left out) or "7"; raises `UsageError`."""
    match = re.fullmatch(r"(\d+)(?::(\d+))?", text.strip())
    first = int(match[1]) if match else 0
    end = first + 1 if match and match[2] is None else int(match[2]) if match else 0
    if end <= first:
        raise UsageError(f"--seeds {text!r} are no seeds: give first:end, such as 0:5.")
    return tuple(range(first, end))


def run(options: Options, jobs: int, tell: Tell) -> dict[str, Any]:
    """Measure each seed and sum up; `jobs` seeds at a time (0: one a core, at most 2)."""
    if options.learn < 0 or options.runs <= 0 or options.cut <= 0:
        raise UsageError("--learn must be 0 or more, --runs and --cut 1 or more.")
    if options.policy not in POLICIES:
        raise UsageError(f"No policy is called {options.policy!r}: choose one of {', '.join(POLICIES)}.")
    if options.library is not None:
        with Library.open(options.library, create=False, readonly=True):
            pass  # an unusable one is refused before anything is played
    if options.keep is not None:
        _folder(options.keep)
    jobs = min(jobs or 2, os.cpu_count() or 1, len(options.seeds))
    measured: dict[int, dict[str, Any]] = {}
    if jobs <= 1:
        for seed in options.seeds:
            measured[seed] = measure(options, seed)
            tell(len(measured), len(options.seeds), _seed_words(measured[seed]))
    else:
        with processes(jobs) as pool:
            waiting = {pool.submit(measure, options, seed): seed for seed in options.seeds}
            for done in as_completed(waiting):
                measured[waiting[done]] = done.result()
                tell(len(measured), len(options.seeds), _seed_words(done.result()))
    return summary(options, [measured[seed] for seed in options.seeds])


def _folder(keep: str) -> None:
    try:
        Path(keep).expanduser().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--keep {keep} is no folder to write in: {error.strerror}.") from error


def _seed_words(row: dict[str, Any]) -> str:
    return f"seed {row['seed']}: {statistics.mean(row['floors']):.1f} floors"


def measure(options: Options, seed: int) -> dict[str, Any]:
    """Learn and play with one seed, in a library of its own that is thrown away."""
    cv2.setNumThreads(1)  # the seeds beside this one need the other cores
    folder = Path(tempfile.mkdtemp(prefix="groundup-bench-"))
    game = open_game(options.game)
    if game.truth is None or not {"runs", "floors", "floors_per_run"} <= game.truth().keys():
        raise UsageError(f"{options.game} keeps no record of floors: only a game that does can be benched.")
    try:
        path = folder / "library.db"
        _copy(options.library, path)
        with Library.open(path, frame_size=game.env.size, game=game.env.name) as library:
            policy, perceiver, watch = _learn(options, seed, game, library)
            learnt = len(library)

            def frozen() -> Session:
                if not isinstance(policy, Learner):
                    policy.learning = False  # type: ignore[attr-defined]
                    return Session(game.env, policy, perceiver)
                # Read back from the library: what counts is what was kept.
                return Session(game.env, *_knowing(options, seed, game, library, learning=False))

            played = _play_runs(game, options, FROZEN_SEEDS + seed, frozen)
            row = {
                "seed": seed,
                "floors": played.floors,
                "cut": played.cut,
                "responsive_rate": rate(played.responsive),
                "frozen_steps": len(played.responsive),
                "step_ms": median(watch.step_ms or played.step_ms),
                "frozen_step_ms": median(played.step_ms),
                "first_play": watch.first_play,
                "effective_from": watch.effective_from,
                "learn_responsive_rate": rate(watch.responsive),
                "learn_runs": watch.runs,
                "skills": learnt,
                "counters": {role: watch.found(role, played.matches) for role in ("progress", "survival")},
                "yardsticks": _yardsticks(options.game, options.runs, FROZEN_SEEDS + seed),
            }
        if options.campaign:
            row["campaign"] = _campaign(options, seed, game, path)
        if options.keep is not None:
            kept = Path(options.keep).expanduser()
            shutil.move(path, kept / f"seed-{seed}.db")
            # A bench that is stopped has lost none of the seeds that were done.
            write_whole(kept / f"seed-{seed}.json", json.dumps(row, indent=2) + "\n")
    finally:
        game.env.close()
        shutil.rmtree(folder)
    return row


def _copy(library: str | None, path: Path) -> None:
    """Start from `library`: its file and what is not merged into it yet."""
    if library is None:
        return
    source = Path(library).expanduser()
    if not source.is_file():
        raise UsageError(f"{library} is no file: a bench starts from a library's file.")
    for suffix in ("", "-wal"):
        part = source.with_name(source.name + suffix)
        if part.exists():
            shutil.copy(part, path.with_name(path.name + suffix))


@dataclass(slots=True)
class _LearningWatch:
    """What is measured while learning."""

    policy: Policy
    first_play: int | None = None
    effective_from: int | None = None
    runs: int = 0
    responsive: list[bool] = field(default_factory=list)
    step_ms: list[float] = field(default_factory=list)
    _effective: list[bool] = field(default_factory=list)
    _found: dict[str, int] = field(default_factory=dict)

    def __call__(self, step: Step) -> None:
        used = step.lesson.skill is not None
        if self.first_play is None and (step.lesson.skill or "").endswith(" >"):
            self.first_play = step.done
        self._effective = [*self._effective[1 - WINDOW :], used]
        share = sum(self._effective) / WINDOW
        if self.effective_from is None and share >= EFFECTIVE:
            self.effective_from = step.done
        if step.lesson.ended:
            self.runs += 1
            for role in ("progress", "survival"):
                if self.policy.counters.place(role) is None:
                    self._found.pop(role, None)
                else:
                    self._found.setdefault(role, self.runs)

    def found(self, role: str, matches: _Matches) -> dict[str, Any] | None:
        """The counter in that role at the end, the runs it took, and what the game's record calls it."""
        place = self.policy.counters.place("progress" if role == "progress" else "survival")
        if place is None:
            return None
        key, share = matches.best(place)
        return {
            "name": place_name(place),
            "after_runs": self._found.get(role, 0),
            "is": key,
            "agrees": round(share, 3),
        }


class _Matches:
    """How often the number at a place was the same as each number in the game's record."""

    def __init__(self) -> None:
        self._reads: dict[str, int] = {}
        self._equal: dict[tuple[str, str], int] = {}

    def see(self, values: dict[str, float], truth: dict[str, Any]) -> None:
        for place, value in values.items():
            self._reads[place] = self._reads.get(place, 0) + 1
            for key, true in truth.items():
                if isinstance(true, int | float) and true == value:
                    self._equal[place, key] = self._equal.get((place, key), 0) + 1

    def best(self, place: str) -> tuple[str | None, float]:
        reads = self._reads.get(place, 0)
        shares = {key: n / reads for (at, key), n in self._equal.items() if at == place}
        key = max(shares, key=lambda k: shares[k], default=None)
        return key, 0.0 if key is None else shares[key]


def _learn(
    options: Options, seed: int, game: Game, library: Library
) -> tuple[Policy, Perceiver, _LearningWatch]:
    policy, perceiver = _knowing(options, seed, game, library)
    watch = _LearningWatch(policy)
    if options.learn == 0:
        return policy, perceiver, watch
    session, knowledge, keeper = _learning(options, seed, game, library, policy, perceiver)
    game.env.reset(seed=seed)
    session.play(options.learn, on_step=watch)
    knowledge.snapshot()
    if keeper is not None:
        keeper.tend()
        keeper.revalue()
    watch.responsive, watch.step_ms = session.tally.responsive, session.tally.step_ms
    return policy, perceiver, watch


def _knowing(
    options: Options, seed: int, game: Game, library: Library, *, learning: bool = True
) -> tuple[Policy, Perceiver]:
    """A new player that knows what the library does."""
    policy, perceiver = make_policy(options.policy, seed, game.env, learning=learning), Perceiver()
    if isinstance(policy, Learner):
        load(library.store, policy, perceiver)
    return policy, perceiver


def _learning(
    options: Options, seed: int, game: Game, library: Library, policy: Policy, perceiver: Perceiver
) -> tuple[Session, Knowledge, Keeper | None]:
    """A session of `policy` that keeps in the library what it learns."""
    learner = policy if isinstance(policy, Learner) else None
    run = library.store.start_run(game.env.name, options.policy, seed=seed)
    keeper = Keeper(library, run.id, value=learner.choices.value) if learner is not None else None
    knowledge = Knowledge(library.store, run.id, learner, perceiver)
    if library.store.get_knowledge("lessons"):
        knowledge.snapshot()  # those of a copied library, before new ones take their places
    session = Session(game.env, policy, perceiver, keeper=keeper, knowledge=knowledge)
    return session, knowledge, keeper


def _campaign(options: Options, seed: int, game: Game, path: Path) -> dict[str, Any]:
    """The frozen runs' games once more, in one new campaign that begins with that library and learns on."""
    again = path.with_name("campaign.db")
    _copy(str(path), again)
    with Library.open(again, frame_size=game.env.size, game=game.env.name) as library:

        def begin() -> Session:
            known = _knowing(options, seed, game, library)
            return _learning(options, seed, game, library, *known)[0]

        played = _play_runs(game, options, FROZEN_SEEDS + seed, begin)
    return {
        "floors": played.floors,
        "cut": played.cut,
        "responsive_rate": rate(played.responsive),
        "steps": len(played.responsive),
    }


@dataclass(slots=True)
class _Played:
    """What runs came to."""

    floors: list[int] = field(default_factory=list)
    cut: int = 0
    responsive: list[bool] = field(default_factory=list)
    step_ms: list[float] = field(default_factory=list)
    matches: _Matches = field(default_factory=_Matches)


def _play_runs(game: Game, options: Options, seed: int, begin: Callable[[], Session]) -> _Played:
    """Play the runs asked for; one that lasts too long is counted as it stands, and a new game begun."""
    played = _Played()
    truth = game.truth
    assert truth is not None
    while len(played.floors) < options.runs:
        game.env.reset(seed=seed + 1000 * played.cut)
        session = begin()
        wanted = options.runs - len(played.floors)
        began, ended = 0, 0

        def over(wanted: int = wanted, session: Session = session) -> bool:
            nonlocal began, ended
            now = int(truth()["runs"])
            if now > ended:
                began, ended = session.tally.steps, now
            return ended >= wanted or session.tally.steps - began >= options.cut

        def see(step: Step) -> None:
            played.matches.see(step.observation.own, truth())

        session.play(options.runs * options.cut, until=over, on_step=see)
        floors = [int(floor) for floor in truth()["floors_per_run"]][:wanted]
        if len(floors) < wanted:
            floors.append(int(truth()["floors"]))
            played.cut += 1
        played.floors += floors
        played.responsive += session.tally.responsive
        played.step_ms += session.tally.step_ms
    return played


def _yardsticks(game: str, runs: int, seed: int) -> dict[str, list[int]]:
    """The floors of the game's scripted players, where it offers some."""
    found = [entry for entry in entry_points(group="groundup.yardsticks") if entry.name == game]
    if not found:
        return {}
    module = found[0].load()
    return {name: module.play_runs(player, runs, seed) for name, player in module.PLAYERS.items()}

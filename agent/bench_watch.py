"""`groundup bench watch`: what the dashboard costs, beside a bare app of the same framework.

A long run is opened (first paint, memory), a live one is followed at a fixed rate (share of a core, lag),
one that plays is asked to pause and to go on, and a game is played in pairs, watched and not, in turn. Times
are of the machine as it is at that moment; `cpu` is processor time, which other programs disturb less.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from groundup.agent.bench_terminal import Terminal, bare, dashboard
from groundup.agent.machine import machine
from groundup.envs.errors import GroundupError
from groundup.memory.controls import ask
from groundup.memory.frames import encode
from groundup.memory.glance import Glance
from groundup.memory.records import JsonObject
from groundup.memory.store import Store

BATCH = 20_000
"""Events written in one transaction while a long log is made."""

PATIENCE = 300.0
"""Seconds that anything may take to show before it is an error."""

MARK_SECONDS = 1.0
"""Time between two events whose way to the screen is timed."""

WARM = 5
"""Steps that a run has done before it is asked."""

ASK_SECONDS = 0.37
"""Time between two requests: no multiple of a step's, so that they come at all moments of it."""

ENDS = 60
"""Steps of a run of the game in the log that is made."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement: `ratio` is how many times less ours is than the baseline, where there is one.

    `spread` are the least and greatest of the `n`; `cpu` is ours in processor time, where that says more.
    """

    case: str
    ours: float
    baseline: float | None
    ratio: float | None
    unit: str
    n: int
    spread: tuple[float, float]
    cpu: float | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured: `pairs` of runs of `steps` of a game, `repeats` of all that is over quickly.

    `requests` are made of one more run of the game; with no `pairs` no game is played.
    """

    events: int = 1_000_000
    rate: float = 200.0
    seconds: float = 20.0
    game: str = "spire"
    pairs: int = 4
    steps: int = 150
    repeats: int = 5
    requests: int = 20


def run(options: Options, say: Say) -> dict[str, Any]:
    """Measure all of it."""
    results = [_help(options.repeats)]
    with tempfile.TemporaryDirectory(prefix="groundup-bench-") as name:
        folder = Path(name)
        say(f"make a log of {options.events:,} events")
        long = folder / "long.db"
        make_log(long, options.events)
        say("open it")
        results += _opening(long, options)
        long.unlink()
        say(f"follow a run of {options.rate:g} events a second")
        results += _following(folder / "live.db", options)
        if options.pairs:
            say("ask a run to pause and to go on")
            results += _asking(folder / "asked.db", options)
            results += _playing(folder, options, say)
    return {"results": [asdict(one) for one in results], "machine": machine()}


def _result(
    case: str,
    ours: Sequence[float],
    unit: str,
    baseline: Sequence[float] = (),
    cpu: Sequence[float] = (),
) -> Result:
    mine = statistics.median(ours)
    theirs = statistics.median(baseline) if baseline else None
    return Result(
        case,
        round(mine, 4),
        None if theirs is None else round(theirs, 4),
        None if theirs is None or not mine else round(theirs / mine, 3),
        unit,
        len(ours),
        (round(min(ours), 4), round(max(ours), 4)),
        round(statistics.median(cpu), 4) if cpu else None,
    )


# A log as a run writes it


def step_event(step: int) -> JsonObject:
    """A step's event, of the size and keys that a run writes; the same for the same step."""
    reward = 1.0 if step % 25 == 0 else 0.02 * (step % 7 - 3)
    return {
        "step": step,
        "move": ("use", "use", "probe", "pass")[step % 4],
        "on": f"look {step % 9}",
        "then": None,
        "why": "plan",
        "skill": f"look {step % 9}",
        "reward": round(reward, 4),
        "responsive": [step % 6 != 0],
        "change": {"at:bar": -6.0},
        "ended": step % ENDS == 0,
        "scene": f"scene {step // 5 % 12}",
        "own": {"floor n@639,23": float(step % 60 // 8), "n/m@89,23": 80.0 - step % 60},
        "from": f"scene {(step - 1) // 5 % 12}",
        "drag": False,
        "points": [[300 + step % 50, 500]],
        "parts": {"survival": round(reward, 4)},
        "ms": {"decide": 1.5, "act": 40.0, "game": 60.0, "perceive": 55.0, "learn": 1.0, "keep": 3.0},
    }


def look_event(step: int, frame: str) -> JsonObject:
    """What was seen and weighed before a step."""
    boxes = [[30 * i, 400, 24, 60] for i in range(20)]
    kinds = [f"look {i}" for i in range(8)]
    return {
        "step": step,
        "frame": frame,
        "size": [1280, 720],
        "scene": f"scene {step // 5 % 12}",
        "chosen": kinds[step % 8],
        "points": [[300, 500]],
        "things": boxes,
        "numbers": [[600, 16, 40, 18, 3.0, "floor"]],
        "candidates": [{"kind": k, "value": 1.5, "visits": 40, "p": 0.9, "count": 1} for k in kinds],
    }


def make_log(path: Path, events: int) -> str:
    """A library with one finished run of so many events, every fourth a look; returns the run's id."""
    pixels = np.zeros((360, 640, 3), np.uint8)
    pixels[100:200, 100:300] = (200, 90, 60)
    with Store.open(path) as store:
        run = store.start_run("made", "local", seed=0)
        frame = store.put_frame(encode(pixels))
        step = 0
        for first in range(0, events, BATCH):
            with store.step():
                for number in range(first, min(events, first + BATCH)):
                    t = run.started + 0.1 * number
                    if number % 4 == 0:
                        store.append_event(run.id, "look", look_event(step + 1, frame), t=t)
                    else:
                        step += 1
                        store.append_event(run.id, "step", step_event(step), t=t)
        store.save_run_state(run.id, {}, steps=step, status="done")
    return run.id


# What is measured


def _help(repeats: int) -> Result:
    ours, theirs = [], []
    for _ in range(repeats):
        ours.append(_timed([*dashboard(Path("x"))[:4], "--help"]))
        theirs.append(_timed([sys.executable, "-c", "import typer"]))
    return _result("groundup watch --help, beside importing typer", ours, "s", theirs)


def _timed(command: Sequence[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - began


def _painted(terminal: Terminal, words: str) -> float:
    moment = terminal.until(words, PATIENCE)
    if moment is None:
        raise GroundupError(f"The dashboard did not show {words!r} in {PATIENCE:.0f} seconds.")
    return moment


def _opening(path: Path, options: Options) -> list[Result]:
    with Store.open(path, readonly=True) as store:
        run = store.runs()[-1]
    ours, cpu, memory, theirs, their_memory = [], [], [], [], []
    for number in range(options.repeats):
        with Terminal(dashboard(path)) as terminal:
            ours.append(_painted(terminal, f"decision of step {run.steps}") - terminal.began)
            cpu.append(terminal.cpu())
            if number == 0:  # the whole log is counted meanwhile
                _painted(terminal, f"{run.steps // ENDS} runs of the game")
            terminal.settle(1.0)
            memory.append(terminal.peak_mb())
        with Terminal(bare()) as terminal:
            theirs.append(_painted(terminal, "bare") - terminal.began)
            terminal.settle(1.0)
            their_memory.append(terminal.peak_mb())
    long = f"a run of {options.events:,} events"
    return [
        _result(f"{long}: its last decision is painted, beside a bare app", ours, "s", theirs, cpu),
        _result(f"{long}: most memory, all of it counted", [max(memory)], "MB", [max(their_memory)]),
    ]


def _following(path: Path, options: Options) -> list[Result]:
    with Store.open(path) as store:
        run = store.start_run("made", "local", seed=0)
        store.append_event(run.id, "start", {"steps": 10**6})
        store.append_event(run.id, "step", step_event(1))
        with Terminal(dashboard(path)) as terminal:
            _painted(terminal, "decision of step 1")
            terminal.settle(2.0)
            share, lags = _follow(store, run.id, terminal, options)
    if not lags:
        raise GroundupError(f"Nothing new was painted in {options.seconds:g} seconds: give more --seconds.")
    with Terminal(bare()) as terminal:
        _painted(terminal, "bare")
        terminal.settle(2.0)
        used, began = terminal.cpu(), time.monotonic()
        terminal.settle(options.seconds / 2)
        idle = (terminal.cpu() - used) / (time.monotonic() - began)
    at = f"following {options.rate:g} events a second"
    return [
        _result(f"{at}: share of a core, beside a bare app that changes a line", [share], "cores", [idle]),
        _result(f"{at}: lag from commit to screen, median", lags, "s"),
        _result(f"{at}: lag, the longest", [max(lags)], "s"),
    ]


def _follow(store: Store, run: str, terminal: Terminal, options: Options) -> tuple[float, list[float]]:
    """The share of a core that the dashboard takes while events come, and how late each mark was painted."""
    lags: list[float] = []
    mark, asked, until = "", 0.0, 0
    used, began, step = terminal.cpu(), time.monotonic(), 1
    while (now := time.monotonic()) - began < options.seconds:
        while step < (now - began) * options.rate:
            step += 1
            event = step_event(step)
            if not mark and now - asked > MARK_SECONDS:
                # It stands long enough to be painted at all: the dashboard looks five times a second.
                mark, until = f"mark-{step}", step + round(options.rate * 0.45)
                event["on"] = mark
                store.append_event(run, "step", event)
                asked = time.monotonic()
                continue
            if mark and step < until:
                event["on"] = mark
            store.append_event(run, "step", event)
        seen = terminal.until(mark, 0.02)
        if mark and (seen is not None or time.monotonic() - asked > 3.0):
            lags.append((seen or time.monotonic()) - asked)
            mark = ""
    return (terminal.cpu() - used) / (time.monotonic() - began), lags


def _asking(path: Path, options: Options) -> list[Result]:
    """How long after it was written each of so many requests was taken up by a run that plays.

    Beside the length of its steps, within which it looks too.
    """
    child = _start(path, options.game, 10**6, 0)
    try:
        _wait(lambda: _steps(path) >= WARM, "The run did not begin to play", child)
        with Store.open(path, readonly=True) as store:
            run = store.runs()[-1].id
            for number in range(options.requests):
                asked = ask(path, run, "resume" if number % 2 else "pause")
                _wait(
                    partial(_is_taken, store, run, asked), "The run did not take up what it was asked", child
                )
                time.sleep(ASK_SECONDS)
            rows = store.controls.latest(run, limit=options.requests)
            last = store.lookups.last_event(run)
            events = store.lookups.events_from(run, 0, last + 1, limit=last + 1, kinds=("step",))
        steps = [sum(event.data["ms"].values()) / 1000 for event in events]
        late = [row.taken - row.asked for row in rows if row.taken is not None]
        ask(path, run, "stop")
        child.wait(PATIENCE)
    finally:
        child.kill()
        child.wait()
    case = "a request to pause or go on until it is taken up, beside a step"
    return [
        _result(f"{case}, median", late, "s", steps),
        _result(f"{case}, the longest", [max(late)], "s", [max(steps)]),
    ]


def _wait(done: Callable[[], bool], trouble: str, child: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        if child.poll() is not None or time.monotonic() > end:
            raise GroundupError(f"{trouble}: play by itself to see why.")
        time.sleep(0.05)


def _is_taken(store: Store, run: str, number: int) -> bool:
    return any(one.id == number and one.taken is not None for one in store.controls.latest(run, limit=1))


def _steps(library: Path) -> int:
    glance = Glance.open(str(library))
    if glance is None:
        return 0
    with closing(glance):
        return max((run.steps for run in glance.runs()), default=0)


def _playing(folder: Path, options: Options, say: Say) -> list[Result]:
    """Pairs of the same steps with the same seed, watched and not; who goes first takes turns."""
    watched, alone = _Played([], []), _Played([], [])
    for pair in range(options.pairs):
        order = (watched, alone) if pair % 2 else (alone, watched)
        for one in order:
            say(f"play, pair {pair + 1} of {options.pairs}, {'watched' if one is watched else 'not watched'}")
            library = folder / f"pair-{pair}-{'watched' if one is watched else 'alone'}.db"
            one.add(*_play(library, options, pair, watch=one is watched))
    return [
        _paired(f"playing {options.game}, a step, watched beside not", watched.wall, alone.wall),
        _paired("the same in the player's processor time", watched.cpu, alone.cpu),
    ]


@dataclass(frozen=True, slots=True)
class _Played:
    wall: list[float]
    cpu: list[float]

    def add(self, wall: float, cpu: float) -> None:
        self.wall.append(wall)
        self.cpu.append(cpu)


def _paired(case: str, watched: Sequence[float], alone: Sequence[float]) -> Result:
    """The medians in milliseconds; `ratio` and `spread` are of the pairs: 0.97 is three percent slower."""
    ratios = [theirs / mine for mine, theirs in zip(watched, alone, strict=True)]
    return Result(
        case,
        round(1000 * statistics.median(watched), 2),
        round(1000 * statistics.median(alone), 2),
        round(statistics.median(ratios), 3),
        "ms",
        len(ratios),
        (round(min(ratios), 3), round(max(ratios), 3)),
    )


def _play(library: Path, options: Options, seed: int, *, watch: bool) -> tuple[float, float]:
    """Seconds of a step, from the first to the last in the log; processor time of all by its steps."""
    child = _start(library, options.game, options.steps, seed)
    terminal, used = None, 0.0
    try:
        while child.returncode is None:
            if watch and terminal is None and _has_run(library):
                terminal = Terminal(dashboard(library))
            if terminal is None:
                time.sleep(0.1)
            else:
                terminal.settle(0.1)
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                child.returncode = os.waitstatus_to_exitcode(status)
                used = usage.ru_utime + usage.ru_stime
    finally:
        if terminal is not None:
            terminal.close()
        if child.returncode is None:
            child.kill()
            child.wait()
    if child.returncode:
        raise GroundupError(f"groundup play {options.game} failed: run it by itself to see why.")
    with Store.open(library, readonly=True) as store:
        run = store.runs()[-1]
        last = store.lookups.last_event(run.id)
        events = store.lookups.events_from(run.id, 0, last + 1, limit=last + 1, kinds=("step",))
    return (events[-1].t - events[0].t) / max(1, len(events) - 1), used / len(events)


def _start(library: Path, game: str, steps: int, seed: int) -> subprocess.Popen[bytes]:
    """A run that plays in another process."""
    words = ["play", game, "--steps", str(steps), "--seed", str(seed), "--json"]
    words += ["--library", str(library), "--out", str(library.with_suffix(""))]
    return subprocess.Popen(
        [sys.executable, "-m", "groundup.agent.cli", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _has_run(library: Path) -> bool:
    glance = Glance.open(str(library))
    if glance is None:
        return False
    with closing(glance):
        return bool(glance.runs())

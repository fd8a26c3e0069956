"""What a run came to: its numbers, read from its log, as JSON and as text.

The log is the one source, so that a run that was killed and resumed is counted whole. This module
knows no game: what a number on screen is called comes from the screen.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from groundup.agent.spending import EVENT as MODEL
from groundup.agent.spending import Spending, as_lines
from groundup.memory.records import Event
from groundup.memory.store import Store
from groundup.perception.counters import CounterFinder
from groundup.perception.observation import Observation
from groundup.perception.types import Box
from groundup.skills.keeper import EVENT as SKILLS

LAST = 0.3
"""Share of the steps, counted from the end, that "last" figures look at (design, section 6)."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One run of the game: how many steps, at which step it ended, and the last value at each place."""

    steps: int
    ended: int
    values: dict[str, float]


@dataclass(slots=True)
class RunLog:
    """What a run's log holds, in counts that stay small however long it is."""

    steps: int = 0
    responsive: list[bool] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    running: Episode = field(default_factory=lambda: Episode(0, 0, {}))
    skills: list[tuple[int, int]] = field(default_factory=list)
    """After which step how many different skills had been used, where that grew."""
    kept: Counter[str] = field(default_factory=Counter)
    """How many skills were learnt, composed, merged and pruned."""
    calls: Spending = field(default_factory=Spending)
    """What asking a model took."""

    def take(self, events: Iterable[Event]) -> None:
        """Count these events too."""
        known: set[str] = set()
        for event in events:
            if event.kind == "step":
                self._step(event.data, known)
            elif event.kind == SKILLS:
                self.kept.update({name: int(count) for name, count in event.data.items()})
            elif event.kind == MODEL:
                self.calls.take(event.data)

    def _step(self, data: dict[str, Any], known: set[str]) -> None:
        done = int(data["step"])
        self.responsive.extend(bool(r) for r in data["responsive"])
        began = self.running.ended - self.running.steps
        if data["ended"]:
            self.episodes.append(Episode(done - began, done, self.running.values))
            self.running = Episode(0, done, {})
            began = done
        values = {**self.running.values, **data["own"]}
        self.running = Episode(done - began, done, values)
        self.steps = done
        skill = data.get("skill")
        if skill and skill not in known:
            known.add(skill)
            self.skills.append((done, len(known)))


def read_log(store: Store, run: str) -> RunLog:
    """The counts of a run's whole log."""
    log = RunLog()
    log.take(_all_events(store, run))
    return log


def _all_events(store: Store, run: str) -> Iterable[Event]:
    after = -1
    while events := store.events(run, after=after):
        yield from events
        after = events[-1].seq


class CounterWatch:
    """Where each number was last seen, so that counters can be shown with their box and value."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Box, float]] = {}

    def see(self, obs: Observation) -> None:
        """Note the numbers of one observation."""
        for quantity in obs.quantities:
            self._last.pop(quantity.place, None)  # what was seen last stands last
            self._last[quantity.place] = (quantity.box, quantity.value)

    def report(self, finder: CounterFinder) -> list[dict[str, Any]]:
        """The counters found, as `play --json` gives them; box and last are null when not seen lately."""
        out = []
        seen = finder.named(self._last)
        for counter in finder.found:
            box, last = seen.get(counter.place, (None, None))
            out.append(
                {
                    "name": place_name(counter.place),
                    "role": counter.role,
                    "fit": round(counter.fit, 3),
                    "place": counter.place,
                    "box": None if box is None else list(box),
                    "last": last,
                }
            )
        return out


def place_name(place: str) -> str:
    """What a person may call the number at a place: the words beside it, else where it stands."""
    form, _, where = place.rpartition("@")
    label = form.removesuffix("n/m").removesuffix("n").strip()
    if label:
        return label
    return f"{'bar' if form.endswith('n/m') else 'number'} at {where}"


def progress(log: RunLog, place: str | None) -> dict[str, Any]:
    """The part of the report on episodes and how far they came."""

    def reached(episode: Episode) -> float | None:
        return None if place is None else episode.values.get(place)

    late = [e for e in log.episodes if e.ended > (1 - LAST) * log.steps] or [log.running]
    means = [value for e in late if (value := reached(e)) is not None]
    every = [value for e in (*log.episodes, log.running) if (value := reached(e)) is not None]
    return {
        "episodes": [{"steps": e.steps, "progress": reached(e)} for e in log.episodes],
        "running": {"steps": log.running.steps, "progress": reached(log.running)},
        "progress_name": None if place is None else place_name(place),
        "progress_best": max(every, default=None),
        "progress_mean_last": statistics.mean(means) if means else None,
    }


def responsiveness(log: RunLog) -> dict[str, float | None]:
    """The share of actions that the screen answered, of all and of the last ones."""
    late = log.responsive[int((1 - LAST) * len(log.responsive)) :]
    return {"responsive_rate": rate(log.responsive), "responsive_rate_last": rate(late)}


def rate(values: list[bool]) -> float | None:
    """The share that is true; None of nothing."""
    return round(sum(values) / len(values), 4) if values else None


def skill_counts(log: RunLog, total: int) -> dict[str, int]:
    """How many skills came and went in the whole run, and how many the library holds."""
    return {name: log.kept[name] for name in ("learnt", "composed", "merged", "pruned")} | {"total": total}


def step_times(step_ms: list[float], seconds: dict[str, float], steps: int) -> dict[str, Any]:
    """Median and 95th percentile of a step in ms without the game's own time; the parts are means."""
    ordered = sorted(step_ms)
    parts = {name: round(1000 * value / max(1, steps), 2) for name, value in seconds.items()}
    return {
        "p50": round(statistics.median(ordered), 1) if ordered else None,
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 1) if ordered else None,
        "by_part": dict(sorted(parts.items(), key=lambda pair: -pair[1])),
    }


def as_text(report: dict[str, Any]) -> str:
    """The report of `play` for a person, some ten lines."""
    name = report["progress_name"] or "progress"
    reached = [e["progress"] for e in report["episodes"]]
    mean = report["progress_mean_last"]
    late = "" if mean is None else f", mean of the last {_number(mean)}"
    lines = [
        f"run {report['run']}: {report['game']}, policy {report['policy']}, seed {report['seed']}"
        + (" (resumed)" if report["resumed"] else ""),
        f"  steps       {report['steps']}, {len(report['episodes'])} runs of the game ended",
        f"  {name[:11]:11} best {_number(report['progress_best'])}{late}; by run: {_series(reached)}",
    ]
    if report["truth"]:
        truth = ", ".join(f"{key} {_short(value)}" for key, value in report["truth"].items())
        lines.append(f"  its record  {truth}")
    skills, times = report["skills"], report["step_ms"]
    lines += [
        f"  responsive  {_percent(report['responsive_rate'])} of actions, "
        f"{_percent(report['responsive_rate_last'])} of the last",
        f"  skills      {skills['learnt']} learnt, {skills['composed']} composed, {skills['merged']} merged, "
        f"{skills['pruned']} pruned in this run; {skills['total']} in the library",
        f"  counters    {_counters(report['counters'])}",
        f"  step        {_number(times['p50'])} ms median, {_number(times['p95'])} ms p95 "
        f"({', '.join(f'{part} {ms:g}' for part, ms in list(times['by_part'].items())[:6])})",
        *as_lines(report),
        f"  library     {report['library']}",
    ]
    lines += [f"  picture     {path}" for path in report["pictures"]]
    return "\n".join(lines)


def _counters(counters: list[dict[str, Any]]) -> str:
    shown = [f"{c['name']} ({c['role']}, last {_number(c['last'])})" for c in counters]
    return "; ".join(shown) or "none yet"


def _series(values: list[float | None]) -> str:
    shown = " ".join(_number(v) for v in values[-12:])
    return f"... {shown}" if len(values) > 12 else shown or "none ended"


def _short(value: object) -> str:
    if isinstance(value, list | tuple):
        return _series(list(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(value: float | None) -> str:
    return "?" if value is None else f"{round(value, 1):g}"


def _percent(value: float | None) -> str:
    return "?" if value is None else f"{100 * value:.1f}%"

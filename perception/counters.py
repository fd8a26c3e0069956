"""Finds the numbers on screen that measure progress and survival, and tells when a run has ended.

It is given the own numbers of each observation and knows nothing else: no labels, no positions.

A *run* ends when the lasting numbers that moved since its start stand at their first values again
(lasting: on more than one kind of screen, so that what every fight or level resets does not count). A
*progress counter* rises in at least 90% of its changes,
starts every run alike, ends above the next start, changes on fewer than half of the reads, and ends
higher the longer a run lasts. A *survival counter* starts every run alike and ends it about at its lowest.
Rules and their measured rates: ../shared/research.md section 6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

RISES = 0.9
"""Share of changes that must be rises for progress (a misread number falls now and then)."""

READS = 0.5
"""A progress counter changes on fewer than this share of reads; a clock changes on most."""

RANK = 0.3
"""Least rank correlation of a run's final value with its length, less two standard errors of one over so many
runs: where runs are of like length, or early ones are slow, eight of them rank a true counter below 0 by
chance."""

LOW = 0.45
"""A survival counter's last reading lies below this share of its start: the blow that ends a run is often
not shown."""

NEARLY = 0.1
"""Share of its start by which a survival counter's last reading may lie above its lowest: some is given back
between the blows."""

ALIKE = 0.8
"""Share of runs that must start at the same value, and of moved numbers that must be back for a run to have
ended."""

SPENT = 0.25
"""Share of its start to which a number must have fallen for its return alone to end a run."""

SPREAD = 0.4
"""Share of all kinds of screen on which a place must hold a number to be a lasting one."""

FINE = 0.1
"""Fit added for the progress counter that changes most often, and a share of it for the others."""

KEPT = 40
"""Runs looked back on."""

WITHIN, STRIDE, TICKING = 60, 2.0, 0.9
"""Reads of a run after which a number that began at 0 or 1 and only ever rose, by 1 or little more at a time,
is taken for a progress counter until runs can be compared. What changes on nearly all reads is a clock."""

CLIMBED, CLIMBED_ENDLESS = 4, 12
"""Rises that it must have made; more in a game of turns that may never end: much is counted up there, and no
run will be compared. In the logs of nine learners of the embedded game
eight had the floor so after 143 to 222 steps, the ninth when its second run ended, and none anything else."""

MISSED = 5
"""Reads in a row in which a counter may be missed and still be found again under another name."""

PANEL = 3
"""So many numbers with the same words that stand elsewhere by the same way are a panel that was moved."""

STEP = 3.0
"""Progress counted at most for one move, so that a misread number does not outweigh all others."""

VISIBLE = 0.5
"""A survival counter is on screen in at least this share of all reads."""

STAYS = 0.7
"""Share of a run's reads until which it is seen at least: years BCE end low too, and the run goes on."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A number that was found to matter: where it stands, its part, and how well the rule fits (0 to 1)."""

    place: str
    role: Literal["progress", "survival"]
    fit: float


@dataclass(slots=True)
class _Series:
    """One place in one run: first, last, lowest value, how often read, changed, risen and at the lowest.

    A value counts once a second read agrees or goes on the same way: 1.5% misread numbers break the rules
    otherwise.
    """

    first: float
    last: float
    low: float
    reads: int = 1
    changes: int = 0
    rises: int = 0
    at_low: int = 1
    doubt: float | None = None
    until: int = 0
    """The run's reads when it was last read; 0 where an older groundup did not count them."""

    def read(self, value: float, now: int) -> None:
        self.reads += 1
        self.until = now
        if value == self.last:
            self.doubt = None
        elif self.doubt is None or not (self.last < self.doubt <= value or self.last > self.doubt >= value):
            self.doubt = value
            return
        else:
            # Seen again, or passed on the same way: a number that moves with every move is not misread.
            self.changes += 1
            self.rises += self.doubt > self.last
            self.last, self.doubt = self.doubt, None if value == self.doubt else value
        if self.last < self.low:
            self.low, self.at_low = self.last, 1
        elif self.last == self.low:
            self.at_low += 1


@dataclass(slots=True)
class _Run:
    reads: int = 0
    series: dict[str, _Series] = field(default_factory=dict)


class CounterFinder:
    """Watches the own numbers from observation to observation."""

    def __init__(self, *, endless: bool = False) -> None:
        """`endless`: a run of the game may have no end. Then one number alone that is back at its start, as
        points to spend each turn are, ends none, and a number must have risen more often to be progress."""
        self._endless = endless
        self._start: dict[str, float] = {}
        self._scenes: dict[str, set[str]] = {}
        self._run = _Run()
        self._done: list[_Run] = []
        self._found: tuple[Counter, ...] = ()
        self._names: dict[str, str] = {}
        self._known: str | None = None
        self._away = False

    @property
    def runs(self) -> int:
        """Runs that have ended."""
        return len(self._done)

    @property
    def begun(self) -> bool:
        """Whether any number of the run at hand was read yet."""
        return bool(self._run.reads)

    @property
    def found(self) -> tuple[Counter, ...]:
        """The counters found so far, the best progress counter first."""
        return self._found

    def place(self, role: Literal["progress", "survival"]) -> str | None:
        """The place of the best counter in that role."""
        return next((c.place for c in self._found if c.role == role), None)

    def named(self, shown: dict[str, T]) -> dict[str, T]:
        """The numbers by place; a counter that has another name now (`follow`) stands under its first one. Of
        several names the last counts."""
        return {self._names.get(place, place): value for place, value in shown.items()}

    @property
    def places(self) -> set[str]:
        """The places of all counters, by every name they had."""
        first = {counter.place for counter in self._found}
        return first | {other for other, place in self._names.items() if place in first}

    def gain(self, was: dict[str, float], now: dict[str, float]) -> float:
        """The progress between all the numbers before and after a move, 0 to `STEP`."""
        place = self.place("progress")
        was, now = self.named(was), self.named(now)
        if place is None or place not in was or place not in now:
            return 0.0
        return max(0.0, min(STEP, now[place] - was[place]))

    def read(self, scene: str, values: dict[str, float]) -> bool:
        """Take in one observation's own numbers by place; True when a run was seen to end and another begins
        here."""
        if not values:
            return False
        values = self.named(values)
        for place in values:
            self._scenes.setdefault(place, set()).add(scene)
        back, away = self._is_back(values), self._away
        self._away = False
        if back and away and self._done:
            self._run = _Run()  # how it would have ended is not known: it is compared with no other
        elif back:
            self.end()
        self._run.reads += 1
        for place, value in values.items():
            series = self._run.series.get(place)
            if series is None:
                self._run.series[place] = _Series(value, value, value, until=self._run.reads)
            else:
                series.read(value, self._run.reads)
        self._look_within()
        return back and not away

    def looked_away(self) -> None:
        """Nobody looked since the last reading: where another run begins by the next one, the one at hand was
        cut off, and did not end by what was done."""
        self._away = True

    def follow(self, shown: dict[str, float]) -> None:
        """Find numbers under another name, before `read`: of those `shown`, some stand where none stood.

        A panel may be folded or moved: its numbers stand elsewhere, all by the same way. The progress counter
        may have other words beside it (BCE, then CE) and goes on where it stopped. Each keeps its first name:
        the next run begins with that. Only within a run that may have no end.
        """
        if not self._endless:
            return
        self._names |= self._moved(shown)
        shown = self.named(shown)
        place = self.place("progress")
        series = self._run.series.get(place) if place is not None else None
        if place is None or series is None or place in shown or series.last < CLIMBED_ENDLESS:
            return
        last = series.last if series.doubt is None else max(series.last, series.doubt)
        most = last + STRIDE * min(self._run.reads - series.until + 1, MISSED)
        words = _words(place)
        going_on = [
            other
            for other, value in shown.items()
            if other not in self._run.series
            and (last < value <= most or (value == last and _words(other) == words))
        ]
        if len(going_on) == 1:
            self._names[going_on[0]] = place

    def _moved(self, shown: dict[str, float]) -> dict[str, str]:
        """First names of what stands elsewhere by the same way, at least `PANEL` numbers with their words."""
        named = self.named(shown)
        new = [place for place in shown if place in named and place not in self._run.series]
        if len(new) < PANEL:
            return {}
        gone = [
            place
            for place, series in self._run.series.items()
            if place not in named and series.until >= self._run.reads - MISSED
        ]
        stood = {place: place for place in gone} | {o: p for o, p in self._names.items() if p in gone}
        ways: dict[tuple[int, int], dict[str, str]] = {}
        for other, (old, first) in product(new, stood.items()):
            if _words(other) == _words(old):
                (x, y), (u, v) = _position(other), _position(old)
                ways.setdefault((x - u, y - v), {})[other] = first
        most = max(ways.values(), key=len, default={})
        return most if len(most) >= PANEL else {}

    def _look_within(self) -> None:
        """Look for a progress counter within a run, before there are two to compare."""
        if len(self._done) < 2 and self._run.reads >= WITHIN and self.place("progress") is None:
            self._found = (*_climbers(self._run, self._lasting, self._climbed), *self._found)
            self._known = self.place("progress")

    def _compare(self) -> None:
        """Look for counters in the runs that have ended."""
        self._found = _judge(self._done, self._lasting, self._known)
        if len(self._done) == 1:
            self._found = (*_climbers(self._done[0], self._lasting, self._climbed), *self._found)

    def end(self) -> None:
        """The run has ended."""
        self._done.append(self._run)
        del self._done[:-KEPT]
        self._run = _Run()
        self._start = _starts(self._done)
        self._compare()

    @property
    def _climbed(self) -> int:
        return CLIMBED_ENDLESS if self._endless else CLIMBED

    @property
    def _lasting(self) -> set[str]:
        """Places on many kinds of screen; all where there is but one kind."""
        kinds = len({scene for scenes in self._scenes.values() for scene in scenes})
        least = max(2.0, SPREAD * kinds)
        return {p for p, scenes in self._scenes.items() if len(scenes) >= least} or set(self._scenes)

    def _is_back(self, values: dict[str, float]) -> bool:
        lasting = self._lasting
        moved = {
            p: self._start.get(p, s.first)
            for p, s in self._run.series.items()
            if p in values and p in lasting and s.last != self._start.get(p, s.first)
        }
        back = sum(values[p] == start for p, start in moved.items())
        if len(moved) == 1 and back and not self._endless:
            # One number alone may be refilled within a run, but hardly from next to nothing.
            (place, start), *_ = moved.items()
            series = self._run.series[place]
            lowest = series.last if series.doubt is None else min(series.last, series.doubt)
            return lowest <= SPENT * start
        return len(moved) >= 2 and back >= ALIKE * len(moved)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-friendly copy."""
        return {
            "scenes": {p: sorted(scenes) for p, scenes in self._scenes.items()},
            "names": self._names,
            "known": self._known,
            "run": _pack(self._run),
            "done": [_pack(r) for r in self._done],
        }

    def load(self, data: dict[str, Any]) -> None:
        """Replace everything by what `to_dict` gave."""
        self._scenes = {p: set(scenes) for p, scenes in data.get("scenes", {}).items()}
        self._names = {str(other): str(place) for other, place in data.get("names", {}).items()}
        self._known = data.get("known")
        self._run = _unpack(data["run"]) if "run" in data else _Run()
        self._done = [_unpack(r) for r in data.get("done", [])]
        self._start = _starts(self._done)
        self._compare()
        self._look_within()


def _words(place: str) -> str:
    return place.rpartition("@")[0]


def _position(place: str) -> tuple[int, int]:
    x, _, y = place.rpartition("@")[2].partition(",")
    return int(x), int(y)


def _climbs(series: _Series, rises: int) -> bool:
    """Whether a number has counted up from 0 or 1, by 1 or little more, at least `rises` times."""
    return (
        series.first in (0.0, 1.0)
        and series.rises == series.changes >= rises
        and series.last - series.first <= STRIDE * series.changes
    )


def _climbers(run: _Run, lasting: set[str], rises: int) -> tuple[Counter, ...]:
    """Numbers that count up from the start of the run; their fit is the share of reads without change."""
    return tuple(
        Counter(place, "progress", 1.0 - series.changes / series.reads)
        for place, series in run.series.items()
        if place in lasting and _climbs(series, rises) and series.changes < TICKING * series.reads
    )


def _starts(runs: list[_Run]) -> dict[str, float]:
    """The commonest first value at each place: one run may begin with a misread number."""
    firsts: dict[str, list[float]] = {}
    for run in runs:
        for place, series in run.series.items():
            firsts.setdefault(place, []).append(series.first)
    return {place: max(values, key=values.count) for place, values in firsts.items()}


def _pack(run: _Run) -> list[Any]:
    return [
        run.reads,
        {
            p: [s.first, s.last, s.low, s.reads, s.changes, s.rises, s.at_low, s.doubt, s.until]
            for p, s in run.series.items()
        },
    ]


def _unpack(data: list[Any]) -> _Run:
    return _Run(int(data[0]), {p: _Series(*row) for p, row in data[1].items()})


def _judge(runs: list[_Run], lasting: set[str], known: str | None) -> tuple[Counter, ...]:
    """The counters that the runs agree on. Who plays well may change one with every move, as a clock does:
    the `known` place, which did not change so often when it was found within a run, is no clock."""
    if not runs:
        return ()
    total = sum(r.reads for r in runs)
    places = {p for r in runs for p in r.series} & lasting
    progress: list[Counter] = []
    survival: list[Counter] = []
    changes: dict[str, int] = {}
    for place in sorted(places):
        seen = [(r.reads, r.series[place]) for r in runs if place in r.series]
        if len(seen) < 0.6 * len(runs):
            continue
        fit = _progress_fit(seen, math.inf if place == known else READS) if len(runs) > 1 else 0.0
        if fit > 0:
            progress.append(Counter(place, "progress", fit))
            changes[place] = sum(s.changes for _, s in seen)
        fit = _survival_fit(seen, total)
        if fit > 0:
            survival.append(Counter(place, "survival", fit))
    # Of two that count evenly the finer one measures more: floors climbed before cards gathered on the way.
    most = max(changes.values(), default=1)
    progress = [replace(c, fit=c.fit + FINE * changes[c.place] / most) for c in progress]
    return (*sorted(progress, key=lambda c: -c.fit), *sorted(survival, key=lambda c: -c.fit))


def _alike(firsts: list[float]) -> float:
    return max(firsts.count(v) for v in set(firsts)) / len(firsts)


def _progress_fit(seen: list[tuple[int, _Series]], clock: float) -> float:
    """How well it fits; what changes on that share of reads is a clock."""
    series = [s for _, s in seen]
    changes = sum(s.changes for s in series)
    reads = sum(s.reads for s in series)
    if changes < 2 or changes >= clock * reads:
        return 0.0
    rises = sum(s.rises for s in series) / changes
    alike = _alike([s.first for s in series])
    above = sum(a.last > b.first for a, b in pairwise(series)) / max(1, len(series) - 1)
    if rises < RISES or alike < ALIKE or above < 0.5:
        return 0.0
    lengths, finals = [n for n, _ in seen], [s.last for s in series]
    if len(seen) >= 4:
        rank = _rank_correlation(lengths, finals)
        if rank < RANK - 2.0 / math.sqrt(len(seen) - 1):
            return 0.0
    else:
        rank = 0.5
    # Of several counters the one that moves in the fewest, evenest steps counts stages, not their spoils.
    gains = [(s.last - s.first) / s.changes for s in series if s.changes]
    even = 1.0 / (1.0 + float(np.std(gains)) / max(1e-9, abs(float(np.mean(gains)))))
    unit = 1.0 / (1.0 + abs(float(np.mean(gains)) - 1.0))
    return 0.4 * rises * alike + 0.2 * max(0.0, rank) + 0.25 * even + 0.15 * unit


def _survival_fit(seen: list[tuple[int, _Series]], total: int) -> float:
    series = [s for _, s in seen]
    if sum(s.reads for s in series) < VISIBLE * total or _alike([s.first for s in series]) < ALIKE:
        return 0.0
    ended_low = [
        s.last <= LOW * s.first
        and s.last <= s.low + NEARLY * s.first
        and s.changes > 0
        and s.first > 0
        and (not s.until or s.until >= STAYS * reads)
        for reads, s in seen
    ]
    share = sum(ended_low) / len(series)
    lingering = sum(s.at_low for s in series) / sum(s.reads for s in series)
    if share < 0.6 or lingering > 0.35:
        return 0.0
    left = [s.last / s.first if s.first > 0 else 1.0 for s in series]
    return share * (1.0 - lingering) * (1.0 - 0.3 * sum(left) / len(series))


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """From 1 on, the same for equal values: `scipy.stats.rankdata`, whose import took as long as half of all
    others of `play`."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks


def _rank_correlation(a: list[int], b: list[float]) -> float:
    x, y = _ranks(a), _ranks(b)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])

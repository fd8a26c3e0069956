"""The state of a run as it is opened, from the end of its log, by whatever can read the library first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from groundup.memory.errors import UsageError
from groundup.memory.records import Control, Event, RunRecord
from groundup.tui.state import News, RunState

TAIL = 400
"""Events read from the end of a log when it is opened."""


class Reader(Protocol):
    """What opening a run asks of a library: memory's `Glance` and `Source` answer it."""

    @property
    def name(self) -> str:
        """Its path or URL, without a password."""

    def runs(self) -> list[RunRecord]:
        """The runs, oldest first."""

    def count_skills(self) -> int:
        """How many skills are in use."""

    def last_event(self, run: str) -> int:
        """The number of a run's last event; -1 when it has none."""

    def events_from(self, run: str, first: int, before: int, *, limit: int = 200) -> list[Event]:
        """At most `limit` events from `first` to `before` (exclusive), the earliest ones, in order."""

    def events_before(
        self, run: str, before: int, *, limit: int = 200, since: int = 0, kinds: Sequence[str] = ()
    ) -> list[Event]:
        """At most `limit` events from `since` to `before` (exclusive), the latest ones, in order."""

    def latest_controls(self, run: str) -> list[Control]:
        """The last controls of a run, taken up or not, in order."""

    def is_written(self, run: RunRecord, runs: Sequence[RunRecord]) -> bool:
        """Whether some process writes this one of the library's runs now."""


def named(reader: Reader, beginning: str | None) -> RunRecord | None:
    """The run whose id begins so, else the latest; None in a library without runs."""
    runs = reader.runs()
    if not beginning:
        return runs[-1] if runs else None
    found = [run for run in runs if run.id.startswith(beginning)]
    exact = [run for run in found if run.id == beginning]
    if len(exact or found) != 1:
        what = "No run's id begins" if not found else f"{len(found)} runs' ids begin"
        known = ", ".join(run.id for run in runs[-3:]) or "none"
        raise UsageError(f"{what} with {beginning!r}: the last runs of {reader.name} are {known}.")
    return (exact or found)[0]


def opened(reader: Reader, run: RunRecord | None) -> RunState:
    """The state of a run from the end of its log."""
    state = RunState(library=reader.name, run=run)
    news = News(runs=reader.runs(), skills=reader.count_skills())
    if run is not None:
        last = reader.last_event(run.id)
        state.take(reader.events_from(run.id, 0, 1))
        for kind in ("counters", "control", "look"):
            state.take(reader.events_before(run.id, last + 1, limit=1, kinds=(kind,)))
        state.take(reader.events_before(run.id, last + 1, limit=TAIL, since=last - TAIL))
        controls, written = reader.latest_controls(run.id), reader.is_written(run, news.runs)
        news = News(news.runs, news.skills, run, controls=controls, written=written)
    state.bring(news)
    return state

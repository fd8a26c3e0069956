"""The report's first sentences say how far the run at hand got, too."""

from __future__ import annotations

from groundup.memory.records import Event
from groundup.tui.growth import Growth
from groundup.tui.page import verdict
from groundup.tui.state import RunState

FLOOR = "floor n@639,23"


def _log(floors: list[float], ends: int) -> Growth:
    """A log of steps on these floors; with the step `ends` a run of the game has ended and the next begun."""
    found = [{"place": FLOOR, "name": "floor", "role": "progress", "fit": 1.0}]
    events = [Event("run", 0, 0.0, "counters", {"step": 0, "found": found})]
    for step, floor in enumerate(floors, 1):
        data = {"step": step, "scene": "map", "own": {FLOOR: floor}, "ended": step == ends}
        events.append(Event("run", step, float(step), "step", data))
    growth = Growth()
    growth.take(events)
    return growth


def test_the_run_that_has_not_ended_is_told_of() -> None:
    said = verdict(RunState(), _log([1, 2, 1, 9, 16], ends=3))
    assert "Its best run of the game ended at floor 2. The one that has not ended stands at floor 16." in said


def test_nothing_is_told_where_no_number_measures_progress() -> None:
    growth = _log([1, 2, 1, 5], ends=3)
    growth.found = []
    assert "stands at" not in verdict(RunState(), growth)

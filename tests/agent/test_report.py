"""The report is counted from the log alone."""

from __future__ import annotations

from typing import Any

from groundup.agent.report import RunLog, place_name, progress, responsiveness, step_times
from groundup.memory.records import Event

FLOOR = "floor n@450,18"


def step(
    done: int, floor: float, *, ended: bool = False, responsive: bool = True, skill: str | None = "a"
) -> Event:
    data: dict[str, Any] = {"step": done, "own": {FLOOR: floor}, "ended": ended, "skill": skill}
    return Event("run", done, 0.0, "step", data | {"responsive": [responsive]})


def test_episodes_end_with_what_stood_before_the_new_start() -> None:
    log = RunLog()
    log.take([step(1, 0), step(2, 3), step(3, 0, ended=True), step(4, 1), step(5, 2)])
    report = progress(log, FLOOR)
    assert report["episodes"] == [{"steps": 3, "progress": 3}]
    assert report["running"] == {"steps": 2, "progress": 2}
    assert report["progress_name"] == "floor"
    assert report["progress_best"] == 3


def test_last_progress_is_of_the_episodes_that_ended_late_else_of_the_running_one() -> None:
    log = RunLog()
    log.take([step(1, 9), step(2, 0, ended=True), *(step(n, 4) for n in range(3, 11))])
    assert progress(log, FLOOR)["progress_mean_last"] == 4
    log.take([step(11, 0, ended=True)])
    assert progress(log, FLOOR)["progress_mean_last"] == 4


def test_without_a_counter_nothing_is_made_up() -> None:
    log = RunLog()
    log.take([step(1, 0), step(2, 0, ended=True)])
    report = progress(log, None)
    assert report["episodes"] == [{"steps": 2, "progress": None}]
    assert (report["progress_name"], report["progress_best"], report["progress_mean_last"]) == (
        None,
        None,
        None,
    )


def test_rates() -> None:
    log = RunLog()
    log.take([step(n, 0, responsive=n > 5) for n in range(1, 11)])
    assert responsiveness(log) == {"responsive_rate": 0.5, "responsive_rate_last": 1.0}


def test_names_of_places() -> None:
    assert place_name("floor n@450,18") == "floor"
    assert place_name("n/m@60,18") == "bar at 60,18"
    assert place_name("n@160,18") == "number at 160,18"


def test_step_times() -> None:
    times = step_times([10.0, 20.0, 30.0], {"perceive": 0.03, "decide": 0.003}, 3)
    assert times == {"p50": 20.0, "p95": 20.0, "by_part": {"perceive": 10.0, "decide": 1.0}}

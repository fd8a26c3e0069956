"""`groundup bench watch`, small: its shape, and that what it opens is a log as the dashboard reads it."""

from __future__ import annotations

from pathlib import Path

from groundup.agent.bench_watch import make_log
from groundup.memory.store import Store
from groundup.tui.source import Source
from tests.agent.conftest import GAME, Groundup


def test_the_bench_has_the_shape_that_others_read(groundup: Groundup) -> None:
    few = ("--events", "1000", "--seconds", "4", "--pairs", "1", "--steps", "10", "--repeats", "1")
    few += ("--requests", "4")
    ran = groundup("bench", "watch", "--game", GAME, *few, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["machine"]["cores"]
    results = ran.json["results"]
    for one in results:
        assert one.keys() == {"case", "ours", "baseline", "ratio", "unit", "n", "spread", "cpu"}
        assert one["ours"] > 0, one
        assert (one["baseline"] is None) == (one["ratio"] is None)
        assert one["spread"][0] <= one["spread"][1]
    cases = " ".join(one["case"] for one in results)
    for part in (
        "--help",
        "a run of 1,000 events",
        "most memory",
        "following 200 events",
        "playing",
        "lag",
        "a request",
    ):
        assert part in cases


def test_the_long_log_is_one_that_the_dashboard_reads(tmp_path: Path) -> None:
    path = tmp_path / "long.db"
    run = make_log(path, 1000)
    with Store.open(path, readonly=True) as store:
        assert store.lookups.last_event(run) == 999
    source = Source(str(path))
    state, growth = source.open_run(source.run(run)), source.growth(run)
    assert source.picture(state.look["frame"]) is not None
    assert state.last["step"] == growth.steps == 750
    assert growth.ended == 750 // 60
    source.close()

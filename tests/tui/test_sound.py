"""Logs of others: what is not as it should be is taken as missing, and never ends the dashboard."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from groundup.envs.errors import LibraryUnusable
from groundup.memory.records import Event, to_json
from groundup.memory.store import Store
from groundup.tui.growth import Growth
from groundup.tui.page import page, write_report
from groundup.tui.plain import lines, watch
from groundup.tui.sound import sound
from groundup.tui.source import Source
from groundup.tui.state import RunState
from tests.tui.conftest import Drive, settled
from tests.tui.libraries import RUN, look_event, model_event, step_event

KINDS = ("step", "look", "start", "counters", "skills", "control", "model")
FIELDS = sorted(
    {*step_event(1), *look_event(1, "", ""), *model_event(), "found", "steps", "what", "text", "learnt"}
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def test_what_a_run_writes_is_left_as_it_is(library: Path) -> None:
    with Store.open(library, readonly=True) as store:
        events = store.events(RUN, limit=10_000)
    assert {event.kind for event in events} == set(KINDS)
    assert all(sound(event) is event for event in events)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """A library with a run and nothing else."""
    path = tmp_path_factory.mktemp("bare") / "bare.db"
    with Store.open(path) as store:
        store.start_run("made", "local", run_id=RUN)
    with closing(Source(str(path))) as source:
        yield source


@given(kind=st.sampled_from(KINDS), data=st.dictionaries(st.sampled_from(FIELDS), ODD, max_size=8) | ODD)
def test_whatever_an_event_holds_it_can_be_counted_and_told(bare: Source, kind: str, data: Any) -> None:
    state, growth = RunState(run=bare.run(None)), Growth()
    for number, event in enumerate(
        (Event(RUN, 0, 0.0, "step", step_event(1)), Event(RUN, 1, 1.0, kind, data))
    ):
        state.take([event])
        growth.take([event])
        assert state.next_seq == number + 1
    assert lines(state, growth)
    assert page(bare, state, growth)


def test_screens_and_the_report_stand_odd_events(library: Path, drive: Drive, tmp_path: Path) -> None:
    said: list[str] = []
    odd = {"step": "many", "reward": "x", "own": [1], "responsive": 3, "ms": {"a": "b"}, "scene": 5}
    with closing(sqlite3.connect(library)) as connection, connection:
        for kind in ("step", "look", "counters"):
            connection.execute(
                "UPDATE event SET data = ? WHERE seq = (SELECT max(seq) FROM event WHERE kind = ?)",
                (to_json(odd | {"frame": 3, "candidates": [1], "found": [{}]}), kind),
            )
        connection.execute("UPDATE event SET data = json_set(data, '$.change', 'x') WHERE kind = 'step'")
        for name, effect in (("%", "{}"), ("defend", "[1]"), ("end turn", '{"own:floor": "x"}')):
            statistics = '{"uses": "x", "reward_sum": null, "responsive": 3, "value": [1]}'
            change = "UPDATE skill SET statistics = ?, effect = ? WHERE name LIKE ?"
            connection.execute(change, (statistics, effect, name))

    async def act(pilot: Pilot[None]) -> None:
        for key in (*"123", "down", "enter", "escape", *"461"):
            await pilot.press(key)
            await settled(pilot)

    drive(library, act)
    assert write_report(str(library), None, tmp_path / "report.html")["bytes"] > 1000
    with closing(Source(str(library))) as source:
        watch(source, None, said.append)
    assert "skills: defend in scene 1, 0 uses, ? answered" in said


def test_a_text_that_is_no_json_is_a_sentence(library: Path) -> None:
    with closing(sqlite3.connect(library)) as connection, connection:
        connection.execute("UPDATE event SET data = '{oops' WHERE seq = (SELECT max(seq) FROM event)")
    with closing(Source(str(library))) as source, pytest.raises(LibraryUnusable, match="damaged"):
        source.open_run(source.run(None))

"""What is said of a run: from its log, and of nothing else."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from groundup.memory.records import Event
from groundup.memory.store import Store
from groundup.tui import facts
from groundup.tui.growth import Growth
from groundup.tui.source import Source
from groundup.tui.state import RunState
from tests.tui.libraries import RUN, look_event, model_event, step_event


def test_a_step_that_was_not_looked_at_names_its_own_scene() -> None:
    state = RunState()
    for number, (kind, data) in enumerate(
        (("look", look_event(5, "")), ("step", step_event(5)), ("step", step_event(6)))
    ):
        state.take([Event(RUN, number, 0.0, kind, data)])
    assert state.look["scene"] == "scene 0"
    assert facts.decision(state).title == "decision of step 6"
    assert facts.decision(state).rows[1] == ("seen in scene 1",)
    del state.last["from"]  # an older log
    assert facts.decision(state).rows[1] == ("seen in ?",)
    state.look = look_event(6, "")
    assert facts.decision(state).rows[1] == ("seen in scene 1",)


def grown(library: Path) -> Growth:
    with closing(Source(str(library))) as source:
        return source.growth(RUN)


def test_what_a_model_took_is_counted_from_the_log(library: Path) -> None:
    growth = grown(library)
    assert growth.curve.total("calls") == 6
    assert growth.curve.total("tokens") == 5400
    assert growth.cost is not None
    assert round(growth.cost, 6) == 0.012
    assert ("model calls", "6") in facts.skills(growth).rows
    assert ("cost", "$0.01") in facts.skills(growth).rows


def test_a_cost_without_a_price_is_not_known(library: Path) -> None:
    with Store.open(library) as store:
        store.append_event(RUN, "model", model_event(cost_usd=None))
    growth = grown(library)
    assert growth.cost is None
    assert ("model calls", "7") in facts.skills(growth).rows
    assert ("cost", "?") in facts.skills(growth).rows

"""Learning from recordings: clicks become skills that a new agent carries out in another game."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from examples.shapes import Shapes
from groundup.agent.imitation import meant, thing_at
from groundup.envs.recorder import RecordingEnv
from groundup.envs.recordings import ACTIONS, CARD
from groundup.envs.types import Click, Drag, KeyPress, Move, Scroll
from groundup.memory.store import Store
from groundup.perception.observation import Observation, Thing, key_things
from groundup.perception.types import Box
from groundup.skills.library import Library
from tests.agent.conftest import GAME, Groundup

CLICKS = 18
"""Two stages of three levels with three shapes each."""


def shown(folder: Path, seed: int = 5) -> Path:
    """A recording of somebody who knows which shapes are wanted."""
    game = Shapes()
    env = RecordingEnv(game, folder, fps=20, seed=seed, player="knows the shapes")
    env.reset(seed=seed)
    for _ in range(40):
        env.observe()
    for _ in range(CLICKS):
        x, y = next((int(x), int(y)) for kind, x, y in game._shapes if kind == game.wanted)
        env.act(Move(x + 3, y - 4))
        for _ in range(3):
            env.observe()
        env.act(Click(x + 3, y - 4))
        for _ in range(10):
            env.observe()
    env.close()
    return folder


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shown(tmp_path_factory.mktemp("demos") / "shapes-knows")


def test_a_recording_becomes_skills_that_a_new_agent_uses(
    groundup: Groundup, recording: Path, tmp_path: Path
) -> None:
    library = tmp_path / "taught.db"
    ran = groundup("segment", str(recording.parent), "--seed-library", str(library), "--json")
    assert ran.code == 0, ran.err
    (row,) = ran.json["recordings"]
    assert row["recording"] == "shapes-knows"
    assert row["actions"] == CLICKS
    assert row["learnt"] + row["missed"] == CLICKS
    # What ends a level deals as many shapes anew: until it is known which numbers count, that is nothing.
    assert row["uses"] >= CLICKS * 2 / 3
    listed = groundup("skills", "list", "--library", str(library), "--json").json["skills"]
    assert {skill["provenance"] for skill in listed} <= {"demonstration", "composed"}
    assert any("shown in shapes-knows" in skill["description"] for skill in listed)
    _others_see_it(library)
    again = groundup("segment", str(recording), "--seed-library", str(library), "--json").json
    assert again["recordings"] == []
    assert again["known"] == [str(recording)]
    steps = ("--steps", "15", "--seed", "77", "--frozen", "--json")
    taught = groundup("play", GAME, "--library", str(library), *steps).json
    empty = groundup("play", GAME, *steps).json
    assert taught["truth"]["score"] > 2 * (empty["truth"]["score"] + sum(empty["truth"]["scores_per_run"]))


def _others_see_it(library: Path) -> None:
    """The dashboard reads runs and skills by the same queries as those of play."""
    with Store.open(library, readonly=True) as store:
        (run,) = store.runs()
        assert (run.policy, run.status, run.seed) == ("demonstration", "done", 5)
        events = store.events(run.id)
        assert events[0].data["recording"] == "shapes-knows"
        looks = [event for event in events if event.kind == "look"]
        assert looks
        assert store.get_frame(looks[0].data["frame"])


def test_another_game_is_refused_and_nothing_is_written(
    groundup: Groundup, recording: Path, tmp_path: Path
) -> None:
    library = tmp_path / "other.db"
    with Library.open(library, frame_size=(640, 480), game="chess"):
        pass
    ran = groundup("segment", str(recording), "--seed-library", str(library))
    assert ran.code == 2
    assert "is of chess" in ran.err
    with Library.open(library, readonly=True) as opened:
        assert len(opened) == 0
        assert opened.store.runs() == []


def test_a_damaged_recording_leaves_the_library_as_it_was(
    groundup: Groundup, recording: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(recording, broken)
    lines = (broken / ACTIONS).read_text().splitlines(keepends=True)
    (broken / ACTIONS).write_text("".join([*lines[:90], "{}\n", *lines[91:]]))
    library = tmp_path / "library.db"
    ran = groundup("segment", str(broken), "--seed-library", str(library))
    assert ran.code == 2
    assert "line 91" in ran.err
    with Library.open(library, readonly=True) as opened:
        assert len(opened) == 0
        assert opened.store.runs() == []


def test_what_is_no_recording_is_said(groundup: Groundup, recording: Path, tmp_path: Path) -> None:
    ran = groundup("segment", str(tmp_path), "--seed-library", str(tmp_path / "library.db"))
    assert ran.code == 2
    assert "no recording" in ran.err
    ran = groundup("segment", str(recording))
    assert ran.code == 2
    assert "--seed-library" in ran.err
    card = tmp_path / "wide"
    shutil.copytree(recording, card)
    document = json.loads((card / CARD).read_text()) | {"size": [800, 600]}
    (card / CARD).write_text(json.dumps(document))
    ran = groundup("segment", str(card), str(recording), "--seed-library", str(tmp_path / "library.db"))
    assert ran.code == 2
    assert "several games or sizes" in ran.err


BUTTON, LABEL = Thing(Box(100, 100, 80, 40), "ok", "b"), Thing(Box(120, 110, 20, 20), "icon", "i")
SCREEN = Observation("scene 0", (BUTTON, LABEL), ())


def test_the_thing_that_was_meant_is_the_smallest_under_the_pointer_or_the_nearest() -> None:
    assert thing_at(SCREEN, (130, 120)) is LABEL
    assert thing_at(SCREEN, (105, 105)) is BUTTON
    assert thing_at(SCREEN, (190, 150)) is BUTTON
    assert thing_at(SCREEN, (300, 300)) is None
    assert thing_at(Observation("scene 0", (), ()), (1, 1)) is None


def test_what_was_done_becomes_a_move() -> None:
    click = meant(SCREEN, Click(105, 105), None)
    assert click is not None
    assert (click.first, click.second) == (BUTTON, None)
    second = meant(SCREEN, Click(105, 105), LABEL)
    assert second is not None
    assert (second.first, second.second) == (LABEL, BUTTON)
    drag = meant(SCREEN, Drag(((130, 120), (300, 5), (105, 105))), None)
    assert drag is not None
    assert (drag.first, drag.second, drag.drag) == (LABEL, BUTTON, True)
    assert meant(SCREEN, Drag(((105, 105), (106, 106))), None) is None
    assert meant(SCREEN, Click(500, 500), None) is None
    assert meant(SCREEN, Scroll(105, 105, 0, 5), None) is None
    assert meant(SCREEN, KeyPress(("b",)), None) is None
    keyed = SCREEN.with_keys(key_things(("b", "shift+enter")), frozenset())
    pressed = meant(keyed, KeyPress(("shift", "enter")), None)
    assert pressed is not None
    assert pressed.first.keys == ("shift", "enter")
    assert thing_at(keyed, (0, 0)) is None

"""Every key does what the footer says, in the app itself, on a real library."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import DataTable, Input

from groundup.memory.edits import pinned
from groundup.memory.lock import WriterLock
from groundup.memory.store import Store
from groundup.tui.app import WatchApp
from groundup.tui.base import Chart, Panel
from groundup.tui.feed import Feed
from groundup.tui.scenes_screen import ScenesScreen
from groundup.tui.segments import read_segmentation
from groundup.tui.skill_page import SkillPage
from groundup.tui.skills_screen import SkillsScreen
from groundup.tui.theme import DARK, LIGHT
from tests.tui.conftest import Drive, settled
from tests.tui.libraries import RUN, make, step_event
from tests.tui.segmented import STARTS, write_segments

AppPilot = Pilot[None]


async def keys(pilot: AppPilot, *pressed: str) -> None:
    for key in pressed:
        await pilot.press(key)
    await settled(pilot)


async def said(pilot: AppPilot, words: str) -> None:
    """Wait until a notice says so."""
    for _ in range(200):
        if any(words in notice.message for notice in pilot.app._notifications):
            return
        await pilot.pause(0.05)
    raise AssertionError(f"{words!r} is not in {[notice.message for notice in pilot.app._notifications]}")


def names(pilot: AppPilot) -> list[str]:
    table = pilot.app.screen.query_one(DataTable)
    return [str(table.get_cell_at((row, 1))) for row in range(table.row_count)]


def test_numbers_go_to_screens_and_a_click_does_too(drive: Drive, library: Path) -> None:
    async def act(pilot: AppPilot) -> None:
        for key, name in zip("123456", ("run", "growth", "skills", "scenes", "segments", "log"), strict=True):
            await keys(pilot, key)
            assert pilot.app.current_mode == name
        await pilot.click("Tab")  # the first one
        assert pilot.app.current_mode == "run"

    drive(library, act)


def test_colours_help_palette_and_quit(drive: Drive, library: Path) -> None:
    async def act(pilot: AppPilot) -> None:
        await keys(pilot, "d")
        assert pilot.app.theme == LIGHT.name
        await keys(pilot, "d")
        assert pilot.app.theme == DARK.name
        await keys(pilot, "question_mark")
        assert pilot.app.screen.query("HelpPanel")
        await keys(pilot, "question_mark")
        assert not pilot.app.screen.query("HelpPanel")
        await keys(pilot, "question_mark", "escape")
        assert not pilot.app.screen.query("HelpPanel")
        await keys(pilot, "ctrl+p")
        await pilot.press(*"growth")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.5)
        assert pilot.app.current_mode == "growth"
        await pilot.press("q")

    drive(library, act)


def test_another_run_is_chosen(drive: Drive, library: Path) -> None:
    with Store.open(library) as store:
        store.start_run("made", "local", run_id="20270101-000000-newer")

    async def act(pilot: AppPilot) -> None:
        app = pilot.app
        assert isinstance(app, WatchApp)
        assert app.state.run is not None
        assert app.state.run.id == "20270101-000000-newer"
        await pilot.press("w")
        await pilot.pause(0.3)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert app.state.run.id == RUN
        assert app.growth.steps == 240

    drive(library, act)


def test_a_damaged_run_is_a_sentence_and_the_one_that_is_watched_stays(drive: Drive, library: Path) -> None:
    with Store.open(library) as store:
        store.start_run("made", "local", run_id="20270101-000000-newer")
    with closing(sqlite3.connect(library)) as connection, connection:
        connection.execute("UPDATE event SET data = '{oops' WHERE seq = (SELECT max(seq) FROM event)")

    async def act(pilot: AppPilot) -> None:
        app = pilot.app
        assert isinstance(app, WatchApp)
        await pilot.press("w")
        await pilot.pause(0.3)
        await pilot.press("down", "enter")
        await said(pilot, "damaged")
        assert app.state.run is not None
        assert app.state.run.id == "20270101-000000-newer"

    drive(library, act)


def test_controls_are_asked_of_a_live_run_and_of_no_other(tmp_path: Path, drive: Drive) -> None:
    path = make(tmp_path / "live.db", live=True)

    async def asked(pilot: AppPilot) -> None:
        await keys(pilot, "space")
        await keys(pilot, "space")  # what was asked is still open: go on
        await keys(pilot, "full_stop")
        await pilot.press("n")
        await pilot.press(*"hello", "enter")
        await settled(pilot)
        await pilot.press("b")
        await pilot.pause(0.2)
        pilot.app.screen.query_one(Input).value = "900"
        await keys(pilot, "enter")
        for word in ("no", "yes"):
            await pilot.press("x")
            await pilot.press(*word, "enter")
            await settled(pilot)

    with WriterLock(path, wait=0.0):
        drive(path, asked)
    with Store.open(path, readonly=True) as store:
        rows = [(c.what, c.value) for c in store.controls.latest(RUN)]
    assert rows == [
        ("pause", {}),
        ("resume", {}),
        ("step", {}),
        ("note", {"text": "hello"}),
        ("budget", {"steps": 900}),
        ("stop", {}),
    ]

    async def refused(pilot: AppPilot) -> None:
        await keys(pilot, "space")
        assert "not being played" in str([n.message for n in pilot.app._notifications])

    drive(path, refused)


def test_the_frame_says_of_which_step_it_is(drive: Drive, tmp_path: Path) -> None:
    async def act(pilot: AppPilot) -> None:
        assert pilot.app.screen.query_one("#frame").border_title == "frame of step 240"
        assert pilot.app.screen.query_one("#decision").border_title == "decision of step 241"

    drive(make(tmp_path / "more.db", steps=241), act)


def test_proposals_are_hidden_and_shown(drive: Drive, library: Path) -> None:
    async def act(pilot: AppPilot) -> None:
        picture: Any = pilot.app.screen.query_one("#frame")
        assert picture._marks.things
        await keys(pilot, "p")
        assert not picture._marks.things
        await keys(pilot, "p")
        assert picture._marks.things

    drive(library, act)


def test_a_run_of_another_library_is_laid_over(drive: Drive, library: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other.db", steps=100)

    async def act(pilot: AppPilot) -> None:
        await keys(pilot, "2", "o")
        await keys(pilot, "enter")
        chart: Any = pilot.app.screen.query_one("#answered", Chart)
        series = chart._axes.series
        assert [one.name for one in series] == [RUN, f"other.db {RUN}"]
        assert series[1].points[-1][0] == 100
        reward: Any = pilot.app.screen.query_one("#reward", Chart)
        assert [len(one.points) for one in reward._axes.series] == [4, 1]  # runs of the game that ended
        with Store.open(other) as store:
            store.append_event(RUN, "step", step_event(101))
        for _ in range(100):  # it is followed
            await pilot.pause(0.1)
            if chart._axes.series[1].points[-1][0] == 101:
                break
        assert chart._axes.series[1].points[-1][0] == 101
        await keys(pilot, "c")
        assert len(chart._axes.series) == 1

    drive(library, act, beside=(other,))


def test_names_of_curves_that_are_too_long_are_cut_and_the_axes_stay(
    drive: Drive, library: Path, tmp_path: Path
) -> None:
    async def act(pilot: AppPilot) -> None:
        await keys(pilot, "2", "o")
        await keys(pilot, "enter")
        shown = "\n".join(lines(pilot)[1:])
        assert f"■ {RUN}  ■ other.db…" in shown
        assert len(re.findall("240 *│", shown)) == 6

    drive(library, act, size=(80, 24), beside=(make(tmp_path / "other.db", steps=100),))


def test_skills_are_searched_sorted_and_filtered(drive: Drive, library: Path) -> None:
    async def act(pilot: AppPilot) -> None:
        await keys(pilot, "3")
        assert names(pilot) == ["strike, then look 4", "defend", "end turn", "open [map]", "<b>return</b>"]
        for _ in range(4):
            await keys(pilot, "o")
        assert names(pilot) == sorted(names(pilot))
        await keys(pilot, "o", "slash")
        await pilot.press(*"TURN", "enter")
        await settled(pilot)
        assert sorted(names(pilot)) == ["<b>return</b>", "end turn"]
        await keys(pilot, "escape")
        assert len(names(pilot)) == 5
        await keys(pilot, "slash")
        await pilot.press(*"nothing", "enter")
        await settled(pilot)
        panel: Any = pilot.app.screen.query_one("#facts", Panel)
        assert panel._shown.rows == (("no skill here: Esc shows all",),)
        await keys(pilot, "escape")
        picture: Any = pilot.app.screen.query_one("#crop")
        assert picture._image is not None
        await keys(pilot, "f")
        assert names(pilot) == ["<b>return</b>"]
        await keys(pilot, "escape", "ctrl+home", "m")
        assert names(pilot)[0] == "strike, then look 4"
        assert len(names(pilot)) == 5

    drive(library, act)


def test_a_skill_is_renamed_pinned_retired_and_each_undone(drive: Drive, library: Path) -> None:
    first = "5ki110000000"

    def kept() -> tuple[str, bool, str | None]:
        with Store.open(library, readonly=True) as store:
            record = store.get_skill(first)
            assert record is not None
            return record.name, first in pinned(store), record.retired

    async def act(pilot: AppPilot) -> None:
        await keys(pilot, "3", "r")
        pilot.app.screen.query_one(Input).value = "hit it"
        await keys(pilot, "enter")
        assert kept() == ("hit it", False, None)
        assert "hit it" in names(pilot)
        await keys(pilot, "i")
        assert kept() == ("hit it", True, None)
        await keys(pilot, "x")
        assert kept() == ("hit it", True, "retired by hand")
        assert "hit it" not in names(pilot)
        await keys(pilot, "u")
        assert kept() == ("hit it", True, None)
        await keys(pilot, "u")
        assert kept() == ("hit it", False, None)
        await keys(pilot, "u")
        assert kept() == ("strike, then look 4", False, None)
        await keys(pilot, "u")
        assert kept() == ("strike, then look 4", False, None)
        await keys(pilot, "x")
        assert len(names(pilot)) == 4
        await keys(pilot, "z")
        table = pilot.app.screen.query_one(DataTable)
        assert sorted(str(table.get_cell_at((row, 0))) for row in range(5)) == [" ", " ", " ", " ", "×"]

    drive(library, act)


def test_the_cursor_stays_in_its_row_when_a_skill_is_retired(drive: Drive, library: Path) -> None:
    async def act(pilot: AppPilot) -> None:
        await keys(pilot, "3")
        before = names(pilot)
        await keys(pilot, "down", "x")
        assert names(pilot) == [before[0], *before[2:]]
        assert pilot.app.screen.query_one(DataTable).cursor_row == 1

    drive(library, act)


def test_the_last_columns_are_left_out_where_there_is_no_room(drive: Drive, library: Path) -> None:
    def heads(pilot: AppPilot) -> list[str]:
        return [str(c.label) for c in pilot.app.screen.query_one(DataTable).ordered_columns]

    async def act(pilot: AppPilot) -> None:
        await pilot.resize_terminal(150, 40)
        await keys(pilot, "3")
        assert heads(pilot)[-2:] == ["scene", "came by"]
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert heads(pilot)[-1] not in ("scene", "came by")
        assert "q Quit" in lines(pilot)[-1]
        table = pilot.app.screen.query_one(DataTable)
        assert table.virtual_size.width <= table.scrollable_content_region.width

    drive(library, act)


def test_a_skill_is_exported_and_taken_over(drive: Drive, library: Path, tmp_path: Path) -> None:
    from groundup.skills.library import Library

    bundle = tmp_path / "out.zip"

    async def act(pilot: AppPilot) -> None:
        await keys(pilot, "3", "e")
        pilot.app.screen.query_one(Input).value = str(bundle)
        await keys(pilot, "enter")

    drive(library, act)
    with Library.open(tmp_path / "other.db") as other:
        assert other.import_bundle(bundle).added == 1
        (skill,) = other.skills()
        assert skill.name == "strike, then look 4"
        assert all(other.store.get_frame(sha) for sha in skill.templates)


def test_a_skill_that_cannot_be_exported_is_a_sentence_that_stays(
    drive: Drive, library: Path, tmp_path: Path
) -> None:
    (tmp_path / "there.zip").touch()

    async def act(pilot: AppPilot) -> None:
        await keys(pilot, "3", "e")
        pilot.app.screen.query_one(Input).value = str(tmp_path / "there.zip")
        await pilot.press("enter")
        await said(pilot, "there.zip exists already")

    drive(library, act)


def test_changes_of_a_live_run_go_through_it(tmp_path: Path, drive: Drive) -> None:
    path = make(tmp_path / "live.db", live=True)

    async def act(pilot: AppPilot) -> None:
        await keys(pilot, "3", "i")

    with WriterLock(path, wait=0.0):
        drive(path, act)
    with Store.open(path, readonly=True) as store:
        (control,) = store.controls.open(RUN)
        assert control.value == {"edit": {"skill": "5ki110000000", "pinned": True}}
        assert not pinned(store)


def test_a_skill_page_opens_and_its_keys_work(drive: Drive, library: Path) -> None:
    async def act(pilot: AppPilot) -> None:
        await keys(pilot, "3", "ctrl+end", "enter")
        page = pilot.app.screen
        assert isinstance(page, SkillPage)
        before: Any = page.query_one("#before")
        assert before._image is not None
        tree: Any = page.query_one("#lineage")
        parents = [str(node.label) for node in tree.root.children[0].children]
        assert parents == ["strike, then look 4", "defend"]
        await keys(pilot, "i")
        await keys(pilot, "x", "u", "u")
        await keys(pilot, "r")
        pilot.app.screen.query_one(Input).value = "another"
        await keys(pilot, "enter")
        await keys(pilot, "e")
        await keys(pilot, "escape")
        with Store.open(library, readonly=True) as store:
            record = store.get_skill("5ki110000004")
            assert record is not None
            assert (record.name, record.retired) == ("another", None)
            assert not pinned(store)
        await keys(pilot, "escape")
        assert isinstance(pilot.app.screen, SkillsScreen)

    drive(library, act)


def test_scenes_are_stepped_through(drive: Drive, library: Path) -> None:
    async def act(pilot: AppPilot) -> None:
        await keys(pilot, "4")
        screen: Any = pilot.app.screen
        assert isinstance(screen, ScenesScreen)
        first = screen._chosen
        await keys(pilot, "n")
        assert screen._chosen != first
        await keys(pilot, "p")
        assert screen._chosen == first
        panel: Any = screen.query_one("#ways", Panel)
        assert any(row[0].startswith("→") for row in panel._shown.rows)
        picture: Any = screen.query_one("#picture")
        assert picture._image is not None

    drive(library, act)


def test_boundaries_are_accepted_and_moved(library: Path, tmp_path: Path) -> None:
    file = write_segments(tmp_path / "video.json")
    feed = Feed(str(library))
    app = WatchApp(feed, segments=read_segmentation(file))

    async def act() -> None:
        async with app.run_test(size=(120, 40)) as pilot:
            await keys(pilot, "5", "n", "a")
            assert json.loads(file.read_text())["accepted"] == [STARTS[1]]
            await keys(pilot, "right_square_bracket", "right_curly_bracket", "left_square_bracket")
            await keys(pilot, "left_curly_bracket", "right_curly_bracket")
            read = read_segmentation(file)
            assert read.starts[1] == STARTS[1] + 10
            assert read.accepted == {STARTS[1] + 10}
            assert read.end(0) == STARTS[1] + 9
            assert read.document["seconds"] == 1.5
            await keys(pilot, "p", "left_square_bracket")
            assert read_segmentation(file).starts[0] == 0

    asyncio.run(act())
    feed.close()


def test_the_log_is_filtered_and_shows_all_of_an_event(drive: Drive, library: Path) -> None:
    async def act(pilot: AppPilot) -> None:
        await keys(pilot, "6")
        table = pilot.app.screen.query_one(DataTable)
        last = int(str(table.get_cell_at((table.row_count - 1, 0))))
        assert last == pilot.app.state.next_seq - 1  # type: ignore[attr-defined]
        await keys(pilot, "o")
        assert table.row_count > 200
        await keys(pilot, "k")
        assert {str(table.get_cell_at((row, 2))) for row in range(table.row_count)} == {"control"}
        content: Any = pilot.app.screen.query_one("#content")
        assert "looks well" in str(content.content)
        await keys(pilot, "escape", "slash")
        await pilot.press(*"progress", "enter")
        await settled(pilot)
        assert 0 < table.row_count < 30
        await keys(pilot, "escape", "l")
        assert table.row_count == 200

    drive(library, act)


def test_a_terminal_made_too_small_says_so_on_every_screen_and_recovers(drive: Drive, library: Path) -> None:
    async def act(pilot: AppPilot) -> None:
        for key in "123456":
            await keys(pilot, key)
            full = lines(pilot)
            await pilot.resize_terminal(50, 12)
            await settled(pilot)
            assert "This terminal has 50 columns" in lines(pilot)[1]
            assert "".join(lines(pilot)[3:-1]).strip() == ""  # nothing of the screen is left beside it
            await pilot.resize_terminal(120, 40)
            await settled(pilot)
            assert lines(pilot) == full

    drive(library, act)


def lines(pilot: AppPilot) -> list[str]:
    """What the screen shows, without colours."""
    return ["".join(part.text for part in strip) for strip in pilot.app.screen._compositor.render_strips()]

"""The skills in a table to search, sort and filter; changed by a keystroke, and back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Input, Static

from groundup.memory.errors import GroundupError
from groundup.tui import facts
from groundup.tui.base import SENTENCE_SECONDS, Panel, WatchScreen, begin
from groundup.tui.picture import Picture, decode
from groundup.tui.skill_page import SkillPage, effects

if TYPE_CHECKING:
    from groundup.memory.lookups import SkillLine

SORTS: tuple[tuple[str, Callable[[SkillLine], Any]], ...] = (
    ("uses", lambda line: -int(line.statistics.get("uses", 0))),
    ("reward", lambda line: -mean_reward(line)),
    ("answered", lambda line: (-answered(line), -int(line.statistics.get("uses", 0)))),
    ("last used", lambda line: -int(line.statistics.get("last_used", 0))),
    ("name", lambda line: line.name.lower()),
)

AGAIN_SECONDS = 2.0
"""Time between two reads of the table while a run goes on."""


def mean_reward(line: SkillLine) -> float:
    """The mean reward of a use."""
    uses = int(line.statistics.get("uses", 0))
    return float(line.statistics.get("reward_sum", 0.0)) / uses if uses else 0.0


def answered(line: SkillLine) -> float:
    """The share of uses that the screen answered."""
    uses = int(line.statistics.get("uses", 0))
    return int(line.statistics.get("responsive", 0)) / uses if uses else 0.0


class SkillTable(DataTable[Text]):
    """The table; its width says how many columns there are."""

    def on_resize(self) -> None:
        """Have its columns chosen anew."""
        if isinstance(self.screen, SkillsScreen):
            self.screen.lay_out()


class SkillsScreen(WatchScreen):
    """The table, and what the chosen skill acts on beside it."""

    NAME = "skills"
    CSS = """
    SkillsScreen SkillTable { width: 1fr; }
    SkillsScreen #side { width: 44; }
    SkillsScreen.-narrow #side { width: 26; }
    SkillsScreen.-wide #side { width: 90; }
    SkillsScreen #crop { height: 8; background: $surface; }
    SkillsScreen.-high #crop { height: 14; }
    SkillsScreen #search { display: none; }
    SkillsScreen #search.-asked { display: block; }
    SkillsScreen #told { height: 1; color: $text-muted; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/"),
        Binding("m", "similar", "Alike"),
        Binding("o", "sort", "Order"),
        Binding("f", "filter", "Filter", show=False),  # with it, q is cut off at 80 columns
        Binding("z", "retired", "Retired", show=False),
        Binding("r", "rename", "Rename"),
        Binding("i", "pin", "Pin"),
        Binding("x", "retire", "Retire"),
        Binding("e", "export", "Export"),
        Binding("u", "undo", "Undo"),
        Binding("escape", "everything", "Everything", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[SkillLine] = []
        self._shown: list[SkillLine] = []
        self._pinned: set[str] = set()
        self._text = ""
        self._sort = 0
        self._filter = ""
        self._retired = False
        self._alike: dict[str, float] = {}
        self._like = ""
        self._read_at = 0.0
        self._cells: list[tuple[str, ...]] = []
        self._pictured = ""

    def body(self) -> ComposeResult:
        yield Input(placeholder="words of a name or description; Enter searches", id="search", classes="body")
        yield Static("", id="told", classes="body", markup=False)
        with Horizontal(classes="body"):
            yield SkillTable(cursor_type="row", zebra_stripes=True)
            with Vertical(id="side"):
                yield Picture(id="crop")
                yield Panel(id="facts")

    def on_mount(self) -> None:
        """Name the columns."""
        self._name_columns(len("skill"))
        self.query_one(DataTable).focus()

    def _name_columns(self, width: int) -> None:
        """Begin an empty table whose skills' names have at most `width` cells.

        A column that finds its own width does so after it was drawn, and its head then stands askew. The last
        ones are left out where there is no room for them.
        """
        table = self.query_one(DataTable)
        table.clear(columns=True)
        table.add_column("", key="mark", width=1)
        table.add_column("skill", key="name", width=width)
        for name, cells in (("uses", 5), ("ans.", 4), ("reward", 6)):
            table.add_column(Text(name, justify="right"), key=name, width=cells)
        room = table.size.width - table.styles.scrollbar_size_vertical
        for name, cells in (("scene", 10), ("came by", 9)):
            taken = sum(column.get_render_width(table) for column in table.ordered_columns)
            if taken + cells + 2 * table.cell_padding <= room:
                table.add_column(name, key=name, width=cells)

    def lay_out(self) -> None:
        """Choose the columns anew, for another width."""
        if self._cells:
            self._cells = []
            self._fill()

    def fresh(self) -> None:
        """Read the table again, when it is time."""
        wait = AGAIN_SECONDS if self.watch_app.state.live else 5 * AGAIN_SECONDS
        if time.monotonic() - self._read_at > wait:
            self._read_again()

    def _read_again(self) -> None:
        self._read_at = time.monotonic()
        begin(self, self._read, group="skills", exclusive=True)

    async def _read(self) -> None:
        app = self.watch_app
        source = app.feed.source
        found = await app.read(lambda: source.skills(self._text, retired=self._retired))
        if found is None:
            return
        self._lines, self._pinned = found
        self._fill()

    def _fill(self) -> None:
        shown = [line for line in self._lines if not self._filter or line.provenance == self._filter]
        if self._alike:
            shown = [line for line in shown if line.id in self._alike]
            shown.sort(key=lambda line: -self._alike[line.id])
        else:
            shown.sort(key=SORTS[self._sort][1])
        table = self.query_one(DataTable)
        chosen = self._chosen()
        cells = [self._row(line) for line in shown]
        if cells != self._cells:
            self._cells, self._shown = cells, shown
            top, at = table.scroll_y, table.cursor_row
            self._name_columns(max(map(cell_len, ("skill", *(row[1] for row in cells)))))
            for line, row in zip(shown, cells, strict=True):
                style = "dim" if line.retired else ""
                table.add_row(
                    *(
                        Text(cell, style=style, justify="right" if 2 <= i <= 4 else "left", no_wrap=True)
                        for i, cell in enumerate(row[: len(table.columns)])
                    ),
                    key=line.id,
                )
            ids = [line.id for line in shown]
            if chosen is not None:  # where it is now; where it was, if it is gone
                table.move_cursor(row=ids.index(chosen.id) if chosen.id in ids else at, scroll=False)
                table.scroll_to(y=top, animate=False)
        self._tell_what()
        self._show_side()

    def _row(self, line: SkillLine) -> tuple[str, ...]:
        mark = "◆" if line.id in self._pinned else "×" if line.retired else " "
        uses = str(line.statistics.get("uses", 0))
        reward = f"{mean_reward(line):+.2f}"
        return (mark, line.name, uses, facts.percent(answered(line)), reward, line.scene, line.provenance)

    def _tell_what(self) -> None:
        words = [f"{len(self._shown)} skill{'' if len(self._shown) == 1 else 's'}"]
        if len(self._lines) >= 5000:
            words[0] = "the first 5,000 skills: / searches all"
        words.append(f"like {self._like}" if self._alike else f"by {SORTS[self._sort][0]}")
        if self._text:
            words.append(f"that hold {self._text!r}")
        if self._filter:
            words.append(f"{self._filter} only")
        words.append("retired ones too" if self._retired else "without retired ones (z)")
        self.query_one("#told", Static).update(", ".join(words))

    def _chosen(self) -> SkillLine | None:
        row = self.query_one(DataTable).cursor_row
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:  # noqa: ARG002
        """Show what the chosen skill acts on."""
        self._show_side()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open the skill's page."""
        if event.row_key.value:
            self.app.push_screen(SkillPage(event.row_key.value))

    def _show_side(self) -> None:
        line = self._chosen()
        if line is None:
            words = "no skill here: Esc shows all" if self._lines or self._text else "no skill learnt yet"
            self.query_one("#facts", Panel).show(facts.Section("skill", ((words,),)))
            self.query_one("#crop", Picture).show(None, words="")
            self._pictured = ""
            return
        rows = [
            ("does", line.description.partition(":")[0]),
            ("in", line.scene),
            ("uses", f"{line.statistics.get('uses', 0)}, {facts.percent(answered(line))} answered"),
            ("reward", f"{mean_reward(line):+.3f} a use"),
            *effects(line.effect)[:4],
        ]
        if line.retired:
            rows.append(("retired", line.retired))
        self.query_one("#facts", Panel).show(facts.Section(line.name, tuple(rows)))
        if line.id != self._pictured:
            self._pictured = line.id
            begin(self, partial(self._show_crop, line.id), group="crop", exclusive=True)

    async def _show_crop(self, skill_id: str) -> None:
        app = self.watch_app
        record = await app.read(app.feed.source.skill, skill_id)
        sha = record.frames[0] if record is not None and record.frames else None
        data = await app.read(app.feed.source.picture, sha)
        words = "no picture" if sha is None else "its picture was dropped" if data is None else ""
        self.query_one("#crop", Picture).show(decode(data), words=words)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search for what was typed."""
        self._text = event.value.strip()
        event.input.remove_class("-asked")
        self._alike.clear()
        self.query_one(DataTable).focus()
        self._read_again()

    def action_search(self) -> None:
        """Ask what to search for."""
        box = self.query_one("#search", Input)
        box.add_class("-asked")
        box.focus()

    def action_everything(self) -> None:
        """Show all skills again."""
        self._text = self._filter = ""
        self._alike.clear()
        box = self.query_one("#search", Input)
        box.value = ""
        box.remove_class("-asked")
        self.query_one(DataTable).focus()
        self._read_again()

    async def action_similar(self) -> None:
        """Show the skills most like the chosen one."""
        line, app = self._chosen(), self.watch_app
        if line is None:
            return
        found = await app.read(app.feed.source.similar, line.id)
        self._alike = {line.id: 2.0, **dict((found or [])[:100])}
        self._like = line.name
        self._fill()
        self.query_one(DataTable).move_cursor(row=0)

    def action_sort(self) -> None:
        """Take the next order."""
        self._sort = (self._sort + 1) % len(SORTS)
        self._alike.clear()
        self._fill()

    def action_filter(self) -> None:
        """Show only those that came about in one way, the next each time."""
        ways = ["", *sorted({line.provenance for line in self._lines})]
        self._filter = ways[(ways.index(self._filter) + 1) % len(ways)] if self._filter in ways else ""
        self._fill()

    def action_retired(self) -> None:
        """Show those that are no longer used, too, or not."""
        self._retired = not self._retired
        self._read_again()

    # Changing

    def action_rename(self) -> None:
        """Ask for another name."""
        line = self._chosen()
        if line is not None:
            rename(self, line.id, line.name, self._read_soon)

    async def action_pin(self) -> None:
        """Keep the skill whatever happens, or no longer."""
        line = self._chosen()
        if line is not None and await self.watch_app.edit(
            {"skill": line.id, "pinned": line.id not in self._pinned}
        ):
            self._read_soon()

    async def action_retire(self) -> None:
        """Use the skill no longer, or use it again."""
        line = self._chosen()
        if line is not None:
            reason = None if line.retired else "retired by hand"
            if await self.watch_app.edit({"skill": line.id, "retired": reason}):
                self._read_soon()

    def action_export(self) -> None:
        """Ask where to write the skill."""
        line = self._chosen()
        if line is not None:
            export(self, line.id, line.name)

    async def action_undo(self) -> None:
        """Take back the last change."""
        await undo(self, self._read_soon)

    def _read_soon(self) -> None:
        """Now, and once more when a live run has had the time to do it."""
        self._read_again()
        if self.watch_app.state.live:
            self.set_timer(0.7, self._read_again)


def rename(screen: WatchScreen, skill_id: str, name: str, then: Callable[[], None]) -> None:
    """Ask for another name of a skill."""
    app = screen.watch_app

    async def named(text: str) -> None:
        if await app.edit({"skill": skill_id, "name": text}):
            then()

    app.question("Its new name:", named, name)


def export(screen: WatchScreen, skill_id: str, name: str) -> None:
    """Ask where to write a skill, and write it."""
    app = screen.watch_app
    file = re.sub(r"[^\w-]+", "-", name).strip("-")[:40] or "skill"

    async def written(text: str) -> None:
        try:
            await app.feed.ask(app.feed.source.export, [skill_id], Path(text).expanduser())
        except GroundupError as error:
            app.notify(str(error), severity="error", timeout=SENTENCE_SECONDS)
        else:
            app.notify(f"Written to {text}: groundup skills import {text} takes it over.")

    app.question("Write it to:", written, f"{file}.zip")


async def undo(screen: WatchScreen, then: Callable[[], None]) -> None:
    """Take back the last change of a skill."""
    app = screen.watch_app
    if not app.undo:
        app.notify("Nothing to undo.")
        return
    if await app.edit(app.undo[-1], undoing=True):
        app.undo.pop()
        then()

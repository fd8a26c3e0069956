"""The log: events in pages, filtered, each with its whole content."""

from __future__ import annotations

import json
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import DataTable, Input, Static

from groundup.memory.records import Event
from groundup.tui import facts
from groundup.tui.base import WatchScreen, begin
from groundup.tui.sound import sound
from groundup.tui.source import SEARCHED

PAGE = 200
"""Events read at a time."""

WORDS = 200
"""Cells for what an event says; a column that finds its own width does so after it was drawn, askew."""

MOST = 2000
"""Events held in the table; older ones come again when one goes there."""


class LogScreen(WatchScreen):
    """A table of events, the latest last; it follows a live run while the last one is chosen."""

    NAME = "log"
    CSS = """
    LogScreen DataTable { width: 3fr; }
    LogScreen #detail { width: 2fr; border-left: solid $primary 60%; padding: 0 1; }
    LogScreen.-narrow #detail { width: 32; }
    LogScreen #filter { display: none; }
    LogScreen #filter.-asked { display: block; }
    LogScreen #told { height: 1; color: $text-muted; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/"),
        Binding("k", "kind", "Kind"),
        Binding("escape", "everything", "Everything"),
        Binding("o", "older", "Older"),
        Binding("l", "latest", "Latest"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._events: list[Event] = []
        self._run = ""
        self._kinds: list[str] = []
        self._kind = ""
        self._text = ""
        self._next = 0
        self._busy = False
        self._searched = 0

    def body(self) -> ComposeResult:
        yield Input(placeholder="what an event holds; Enter searches", id="filter", classes="body")
        yield Static("", id="told", classes="body", markup=False)
        with Horizontal(classes="body"):
            yield DataTable(cursor_type="row", zebra_stripes=True)
            with VerticalScroll(id="detail"):
                yield Static("", id="content", markup=False)

    def on_mount(self) -> None:
        """Name the columns."""
        table = self.query_one(DataTable)
        table.add_column("#", key="seq", width=7)
        table.add_column("time", key="t", width=8)
        table.add_column("kind", key="kind", width=8)
        table.add_column("what", key="what", width=WORDS)
        table.focus()

    def fresh(self) -> None:
        """Follow the run; begin anew when another is watched."""
        run = self.watch_app.state.run
        if run is None:
            self._tell("no run yet")
        elif run.id != self._run:
            self._run = run.id
            self._load(None)
        elif self.watch_app.state.next_seq > self._next and not self._busy:
            table = self.query_one(DataTable)
            if table.row_count == 0 or table.cursor_row >= table.row_count - 1:
                begin(self, self._follow, group="log", exclusive=True)

    def _load(self, before: int | None) -> None:
        self._busy = True
        begin(self, partial(self._page, before), group="log", exclusive=True)

    async def _page(self, before: int | None) -> None:
        """Show the events before a number, the latest of all for None, above those that are shown."""
        app = self.watch_app
        try:
            kinds = (self._kind,) if self._kind else ()
            # What a live run writes meanwhile is left to what follows, which would show it a second time.
            end = app.state.next_seq if before is None else before
            found = await app.read(app.feed.source.log, self._run, end, kinds, self._text, PAGE)
            if found is None:
                return
            self._searched = max(0, end - SEARCHED) if self._text else 0
            self._events = found if before is None else [*found, *self._events][:MOST]
            if before is None:
                self._next = end
            self._fill(len(found) - 1)
        finally:
            self._busy = False

    async def _follow(self) -> None:
        app = self.watch_app
        first, self._next = self._next, app.state.next_seq
        kinds = (self._kind,) if self._kind else ()
        found = await app.read(
            lambda: app.feed.source.events_from(self._run, first, self._next, kinds=kinds, text=self._text)
        )
        if found:
            table = self.query_one(DataTable)
            for event in found:
                self._events.append(event)
                table.add_row(*_row(event), key=str(event.seq))
            if len(self._events) > MOST:
                self._events = self._events[-PAGE:]
                self._fill(len(self._events) - 1)
            table.move_cursor(row=table.row_count - 1)
        self._tell()

    def _fill(self, row: int) -> None:
        table = self.query_one(DataTable)
        table.clear()
        for event in self._events:
            table.add_row(*_row(event), key=str(event.seq))
        if table.row_count:
            table.move_cursor(row=max(0, row))
        else:
            self.query_one("#content", Static).update("")
        self._tell()

    def _tell(self, words: str = "") -> None:
        if not words:
            shown = f"{len(self._events)} of {self.watch_app.state.next_seq} events"
            kind = f", kind {self._kind}" if self._kind else ""
            text = f", that hold {self._text!r}" if self._text else ""
            more = f"; searched back to {self._searched}, o goes on" if self._searched else ""
            words = f"{shown}{kind}{text}{more}"
        told = self.query_one("#told", Static)
        if str(told.content) != words:
            told.update(words)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show the whole content of the chosen event."""
        if 0 <= event.cursor_row < len(self._events):
            one = self._events[event.cursor_row]
            words = json.dumps(one.data, indent=1, ensure_ascii=False)
            self.query_one("#content", Static).update(
                Text(f"event {one.seq}, {one.kind}, {facts.when(one.t)}\n{_compact(words)}")
            )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search for what was typed."""
        self._text = event.value.strip()
        event.input.remove_class("-asked")
        self.query_one(DataTable).focus()
        self._load(None)

    def action_search(self) -> None:
        """Ask what to search for."""
        box = self.query_one("#filter", Input)
        box.add_class("-asked")
        box.focus()

    def action_kind(self) -> None:
        """Show one kind of event after the other, then all again."""
        self._busy = True
        begin(self, self._next_kind, group="log", exclusive=True)

    async def _next_kind(self) -> None:
        app = self.watch_app
        kinds = ["", *(await app.read(app.feed.source.kinds, self._run) or [])]
        at = kinds.index(self._kind) if self._kind in kinds else 0
        self._kind = kinds[(at + 1) % len(kinds)]
        await self._page(None)

    def action_everything(self) -> None:
        """Show all events again."""
        self._kind = self._text = ""
        box = self.query_one("#filter", Input)
        box.value = ""
        box.remove_class("-asked")
        self.query_one(DataTable).focus()
        self._load(None)

    def action_older(self) -> None:
        """Read the page before those shown."""
        if self._searched or self._events:
            self._load(self._searched or self._events[0].seq)

    def action_latest(self) -> None:
        """Go to the end and follow."""
        self._load(None)


def _row(event: Event) -> tuple[str | Text, ...]:
    style = {"step": "", "look": "dim", "control": "bold", "note": "bold"}.get(event.kind, "")
    return (
        Text(str(event.seq), style="dim", justify="right"),
        Text(facts.when(event.t), style="dim"),
        Text(event.kind, style=style),
        Text(_words(event), style=style, no_wrap=True),
    )


def _words(event: Event) -> str:
    data = sound(event).data
    match event.kind:
        case "step":
            then = f" > {data['then']}" if data.get("then") else ""
            answered = "" if all(data.get("responsive") or [False]) else ", no answer"
            reward = float(data.get("reward") or 0.0)
            shown = f", reward {facts.signed(reward)}" if reward else ""
            ended = ", a run ended" if data.get("ended") else ""
            words = f"{data.get('step')}: {data.get('move')} {data.get('on')}{then}{answered}{shown}{ended}"
            return words[:WORDS]
        case "look":
            return f"{data.get('step')}: {data.get('scene')}, {len(data.get('things', ()))} things"
        case "counters":
            return ", ".join(f"{one.get('name')} ({one.get('role')})" for one in data.get("found", []))
    return ", ".join(f"{name} {value}" for name, value in data.items())[:WORDS]


def _compact(words: str) -> str:
    """Lists of numbers on one line each: a look has a hundred boxes."""
    out: list[str] = []
    depth = 0
    for line in words.splitlines():
        bare = line.strip()
        if depth:
            out[-1] += bare if bare in ("]", "],") else f"{bare} "
            depth -= bare in ("]", "],")
            depth += bare.endswith("[")
            continue
        out.append(line)
        depth = int(bare.endswith("[") and bool(line[:2].strip() == "") and len(line) - len(bare) >= 2)
    return "\n".join(out)

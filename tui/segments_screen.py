"""A video's timeline: its losses, where it was cut and why; boundaries to accept or to move."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Static

from groundup.memory.errors import UsageError
from groundup.tui.base import Chart, Panel, WatchScreen, begin, colours
from groundup.tui.chart import Axes, Series
from groundup.tui.facts import Section
from groundup.tui.picture import Picture, decode
from groundup.tui.segments import Segmentation
from groundup.tui.sending import send

AROUND = 150
"""Frames to each side of a boundary that the near view shows: 7.5 seconds at 20 a second."""

NONE = (
    "No video is open here: groundup watch --segments FILE opens what `groundup segment --json` has written. "
    "docs/watch.md says what the file holds."
)


class SegmentsScreen(WatchScreen):
    """The whole loss curve, the stretch around the chosen boundary, its key frame, and all segments."""

    NAME = "segments"
    CSS = """
    SegmentsScreen #none { padding: 1 2; }
    SegmentsScreen .-out { display: none; }
    SegmentsScreen #whole { height: 9; }
    SegmentsScreen.-high #whole { height: 14; }
    SegmentsScreen #near { height: 1fr; min-height: 6; }
    SegmentsScreen #left { width: 1fr; }
    SegmentsScreen #key { height: 1fr; background: $surface; }
    SegmentsScreen #right { width: 1fr; }
    SegmentsScreen DataTable { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "accept", "Accept"),
        Binding("left_square_bracket", "move(-1)", "Earlier", key_display="["),
        Binding("right_square_bracket", "move(1)", "Later", key_display="]"),
        Binding("left_curly_bracket", "move(-10)", "10 earlier", key_display="{", show=False),
        Binding("right_curly_bracket", "move(10)", "10 later", key_display="}", show=False),
        Binding("s", "send", "Send"),
        Binding("n", "step(1)", "Next"),
        Binding("p", "step(-1)", "Previous"),
    ]

    def body(self) -> ComposeResult:
        yield Static("", id="none", classes="body", markup=False)
        with Vertical(classes="body", id="all"):
            yield Chart("loss", id="whole")
            with Horizontal():
                with Vertical(id="left"):
                    yield Chart("around the boundary", id="near")
                    yield DataTable(cursor_type="row", zebra_stripes=True)
                with Vertical(id="right"):
                    yield Picture(id="key")
                    yield Panel(id="facts")

    def on_mount(self) -> None:
        """Fill the table, once: a video does not change while one looks."""
        seg = self.watch_app.segments
        none = self.query_one("#none", Static)
        none.update(NONE)
        none.set_class(seg is not None, "-out")
        self.query_one("#all").set_class(seg is None, "-out")
        if seg is None:
            return
        table = self.query_one(DataTable)
        for name, width in (("#", 5), ("from", 8), ("to", 8), ("seconds", 7), ("cut by", 9), ("", 2)):
            table.add_column(name, key=name or "sign", width=width)
        for number in range(len(seg.starts)):
            table.add_row(*_row(seg, number), key=str(number))
        table.focus()
        self._show()

    def fresh(self) -> None:
        """Colours may have changed."""
        self._show()

    @property
    def _number(self) -> int:
        return max(0, self.query_one(DataTable).cursor_row)

    def _show(self) -> None:
        seg = self.watch_app.segments
        if seg is None or not self.query_one(DataTable).columns:
            return
        number = self._number
        palette = colours(self.watch_app)
        start = seg.starts[number]
        marks = [(float(s), palette[2] if s in seg.accepted else palette[3]) for s in seg.starts[1:]]
        chosen = (float(start), palette[1])
        loss = Series("", seg.losses, palette[0])
        whole = Axes([loss], marks=[*marks, chosen], first=0.0, last=float(seg.frames))
        self.query_one("#whole", Chart).show(whole, seg.title)
        first, last = max(0, start - AROUND), min(seg.frames, start + AROUND)
        points = tuple(point for point in seg.losses if first <= point[0] <= last)
        near = [mark for mark in (*marks, chosen) if first <= mark[0] <= last]
        self.query_one("#near", Chart).show(
            Axes([Series("", points, palette[0])], marks=near, first=float(first), last=float(last)),
            f"frames {first} to {last}",
        )
        self.query_one("#facts", Panel).show(Section(f"segment {number + 1}", seg.facts(number)))
        picture = seg.picture(number)
        image = decode(picture[1]) if picture else None
        self.query_one("#key", Picture).show(image, words="no key frame was kept for this segment")

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:  # noqa: ARG002
        """Show the chosen segment."""
        self._show()

    def action_step(self, by: int) -> None:
        """Go to the next or the previous segment."""
        table = self.query_one(DataTable)
        if table.row_count:
            table.move_cursor(row=min(table.row_count - 1, max(0, self._number + by)))

    def action_accept(self) -> None:
        """Accept the boundary where the segment begins, or no longer."""
        seg = self.watch_app.segments
        if seg is not None:
            self._change(seg.accept(self._number))

    def action_move(self, by: int) -> None:
        """Move the boundary where the segment begins."""
        seg = self.watch_app.segments
        if seg is not None:
            self._change(seg.moved(self._number, by))

    def action_send(self) -> None:
        """Make skills of the accepted segments, in the library that is watched."""
        app = self.watch_app
        seg = app.segments
        if seg is None:
            return
        if not seg.accepted:
            app.notify("Accept segments first (a): those are sent.", severity="warning")
            return
        app.notify(f"Sending {len(seg.accepted)} segments to the library ...")

        async def sending() -> None:
            try:
                count = await send(seg.path, app.feed.location)
            except UsageError as error:
                app.notify(str(error), severity="error", timeout=15)
            else:
                app.notify(f"{count} segments are skills of the library now: 3 shows them.")

        begin(self, sending, group="send", exclusive=True)

    def _change(self, changed: Segmentation) -> None:
        app = self.watch_app
        try:
            changed.save()
        except UsageError as error:
            app.notify(str(error), severity="error")
            return
        app.segments = changed
        table = self.query_one(DataTable)
        number = self._number
        for one in (number - 1, number):
            if one >= 0:
                for column, cell in zip(table.columns, _row(changed, one), strict=True):
                    table.update_cell(str(one), column, cell)
        self._show()


def _row(seg: Segmentation, number: int) -> tuple[Text, ...]:
    start, end = seg.starts[number], seg.end(number)
    cells = (str(number + 1), str(start), str(end), f"{(end - start + 1) / seg.fps:.1f}")
    sign = "✓" if start in seg.accepted else ""
    return (*(Text(cell, justify="right") for cell in cells), Text(seg.cause(number)), Text(sign))

"""Kinds of screen, and what leads from one to the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import DataTable

from groundup.tui.base import Panel, WatchScreen, begin, colours
from groundup.tui.chart import Canvas
from groundup.tui.facts import Section
from groundup.tui.growth import Growth
from groundup.tui.picture import Picture, decode

DRAWN = 14
"""Scenes drawn, the most seen first: more do not fit on a ring that can be read."""


class Graph(Widget):
    """Scenes on a ring in the order they were met, ways as lines; those of the chosen one stand out."""

    DEFAULT_CSS = (
        "Graph { height: 1fr; min-height: 8; border: round $primary 60%; border-title-color: $accent; }"
    )

    def __init__(self) -> None:
        super().__init__(id="graph")
        self.border_title = "ways between scenes"
        self._growth = Growth()
        self._chosen = ""
        self._colours: Sequence[str] = ("",) * 5
        self._steps = -1

    def show(self, growth: Growth, chosen: str, palette: Sequence[str]) -> None:
        """Show a run's scenes."""
        key = (growth.steps, chosen, palette[0])
        if key != (self._steps, self._chosen, self._colours[0]) or growth is not self._growth:
            self._growth, self._chosen, self._colours, self._steps = growth, chosen, palette, growth.steps
            self.refresh()

    def render(self) -> Text:
        """The ring."""
        growth = self._growth
        known = {scene for scene, _ in growth.scenes.most_common(DRAWN)}
        scenes = [scene for scene in growth.scenes if scene in known]
        width, height = self.content_size
        if not scenes or width < 20 or height < 5:
            return Text("no scene seen yet" if not scenes else "too small to draw", style="dim")
        canvas = Canvas(width, height)
        longest = max(len(_short(scene)) for scene in scenes) + 2
        middle = (width / 2, (height - 1) / 2)
        radius = (max(2.0, width / 2 - longest / 2 - 1), max(1.0, (height - 1) / 2))
        places = {}
        for i, scene in enumerate(scenes):
            angle = 2 * math.pi * i / len(scenes) - math.pi / 2
            places[scene] = (middle[0] + radius[0] * math.cos(angle), middle[1] + radius[1] * math.sin(angle))
        ways = [(a, b, n) for (a, b), n in growth.edges.items() if a != b and a in places and b in places]

        def mine(way: tuple[str, str, int]) -> bool:
            return self._chosen in way[:2]

        for start, end, _ in sorted(ways, key=mine):
            colour = self._colours[1] if self._chosen in (start, end) else self._colours[3]
            (x0, y0), (x1, y1) = places[start], places[end]
            canvas.line((round(2 * x0), round(4 * y0 + 2)), (round(2 * x1), round(4 * y1 + 2)), colour)
        taken: set[tuple[int, int]] = set()
        for scene, (x, y) in places.items():
            label = f" {_short(scene)} "
            left = min(max(0, round(x - len(label) / 2)), width - len(label))
            row = _free(round(y), left, len(label), height, taken)
            taken |= {(row, left + i) for i in range(len(label))}
            here = scene == self._chosen
            colour = self._colours[1] if here else self._colours[0]
            canvas.write(left, row, label, f"bold reverse {colour}" if here else f"reverse {colour}")
        return Text("\n").join(canvas.lines())


class ScenesScreen(WatchScreen):
    """A table of scenes, their graph, and the chosen scene's picture and ways."""

    NAME = "scenes"
    CSS = """
    ScenesScreen #left { width: 1fr; }
    ScenesScreen #right { width: 1fr; }
    ScenesScreen DataTable { height: 9; }
    ScenesScreen.-high DataTable { height: 14; }
    ScenesScreen #picture { height: 1fr; background: $surface; }
    ScenesScreen #ways { height: auto; max-height: 60%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next(1)", "Next scene"),
        Binding("p", "next(-1)", "Previous"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []
        self._chosen = ""
        self._pictured: tuple[str, int] = ("", -1)

    def body(self) -> ComposeResult:
        with Horizontal(classes="body"):
            with Vertical(id="left"):
                yield DataTable(cursor_type="row")
                yield Graph()
            with Vertical(id="right"):
                yield Picture(id="picture")
                yield Panel(id="ways")

    def on_mount(self) -> None:
        """Name the columns."""
        table = self.query_one(DataTable)
        table.add_column("scene", key="scene", width=14)
        for name, width in (("seen", 7), ("share", 5), ("ways", 4)):
            table.add_column(Text(name, justify="right"), key=name, width=width)
        table.focus()

    def fresh(self) -> None:
        """Show the scenes as they are now."""
        app = self.watch_app
        growth = app.growth
        table = self.query_one(DataTable)
        ranked = growth.scenes.most_common(200)
        whole = sum(growth.scenes.values()) or 1
        names = [scene for scene, _ in ranked]
        if names != self._names:
            self._names = names
            table.clear()
            for scene in names:
                table.add_row(scene, "", "", "", key=scene)
            if self._chosen in names:
                table.move_cursor(row=names.index(self._chosen))
        for scene, count in ranked:
            ways = sum(1 for (start, end) in growth.edges if start == scene and end != scene)
            for column, words in (
                ("seen", str(count)),
                ("share", f"{100 * count / whole:.0f}%"),
                ("ways", str(ways)),
            ):
                cell = Text(words, justify="right")
                if table.get_cell(scene, column) != cell:
                    table.update_cell(scene, column, cell)
        if self._chosen not in names:
            self._chosen = names[0] if names else ""
        self._show()

    def _show(self) -> None:
        app = self.watch_app
        growth = app.growth
        self.query_one(Graph).show(growth, self._chosen, colours(app))
        rows = []
        for start, end, count, skill in growth.ways(self._chosen)[:12]:
            if start == end:
                way = "stays"
            elif start == self._chosen:
                way = f"→ {end}"
            else:
                way = f"← {start}"
            rows.append((way, f"{count}×", skill or "(no skill)"))
        title = f"{self._chosen}: ways, and the skill most used for each" if self._chosen else "ways"
        self.query_one("#ways", Panel).show(Section(title, tuple(rows) or (("no way seen yet", "", ""),)))
        run = app.state.run
        key = (self._chosen, growth.scenes[self._chosen] // 20)
        if run is not None and self._chosen and key != self._pictured:
            self._pictured = key
            begin(self, partial(self._picture, run.id, self._chosen), group="picture", exclusive=True)

    async def _picture(self, run: str, scene: str) -> None:
        app = self.watch_app
        data = await app.read(app.feed.source.scene_picture, run, scene)
        words = f"no picture of {scene} was kept" if data is None else ""
        self.query_one("#picture", Picture).show(decode(data), words=words)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Choose the scene under the cursor."""
        if 0 <= event.cursor_row < len(self._names) and self._names[event.cursor_row] != self._chosen:
            self._chosen = self._names[event.cursor_row]
            self._show()

    def action_next(self, by: int) -> None:
        """Choose the next or the previous scene."""
        table = self.query_one(DataTable)
        if table.row_count:
            table.move_cursor(row=(table.cursor_row + by) % table.row_count)


def _free(row: int, left: int, cells: int, height: int, taken: set[tuple[int, int]]) -> int:
    """The row nearest to `row` where `cells` cells from `left` on are not taken; `row` if there is none."""
    for near in sorted(range(height), key=lambda one: abs(one - row)):
        if not any((near, left + i) in taken for i in range(cells)):
            return near
    return row


def _short(scene: str) -> str:
    return scene if len(scene) <= 16 else f"{scene[:15]}…"

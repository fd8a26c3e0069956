"""What all screens of the dashboard have in common: the bar above, the keys below, panels of facts."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Label, Static

from groundup.tui import facts
from groundup.tui.chart import Axes, draw
from groundup.tui.theme import PALETTE

if TYPE_CHECKING:
    from groundup.tui.app import WatchApp

TABS = (
    ("1", "run", "Run"),
    ("2", "growth", "Growth"),
    ("3", "skills", "Skills"),
    ("4", "scenes", "Scenes"),
    ("5", "segments", "Segments"),
    ("6", "log", "Log"),
)

_NUMBER = re.compile(r"|\?|[-+]?[\d.]+[%×kM]?( ms)?")

_LETTER = re.compile("[!-~]")

NOT_YET = "-not-yet"
"""Class of a screen that stands before there is anything to paint on."""

NORMAL, WIDE = 110, 200
"""Columns from which a screen is no longer `-narrow`, and from which it is `-wide`."""

HIGH, TALL = 36, 70
"""Rows from which a screen is `-high`, and from which it is `-tall`."""

SENTENCE_SECONDS = 15.0
"""Time that a sentence on what went wrong stays, to be read and acted on."""

SMALLEST = (60, 18)
"""Columns and rows below which nothing useful fits; 80 by 24 is what is laid out for."""


def begin(node: DOMNode, work: Callable[[], Awaitable[None]], *, group: str, exclusive: bool = False) -> None:
    """Do `work` beside the rest; `exclusive` ends what is still being done of its group."""
    # As a call rather than its result: one that is ended before it began leaves nothing that waits.
    node.run_worker(cast("Any", work), group=group, exclusive=exclusive)


class TitleBar(Horizontal):
    """The screens to go to, and the run in a few words."""

    DEFAULT_CSS = """
    TitleBar { height: 1; background: $panel; }
    TitleBar #name { color: $accent; text-style: bold; padding: 0 1; }
    TitleBar .tab { padding: 0 1; color: $foreground; }
    TitleBar .tab:hover { background: $primary 30%; }
    TitleBar .-here { background: $primary; color: $background; text-style: bold; }
    TitleBar #state { width: 1fr; text-align: right; padding: 0 1; }
    """

    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here

    def compose(self) -> ComposeResult:
        yield Label("groundup", id="name")
        for key, name, words in TABS:
            yield Tab(key, name, words, here=name == self._here)
        yield Label("", id="state", markup=False)

    def tell(self, words: str) -> None:
        """Say how the run stands."""
        label = self.query_one("#state", Label)
        if str(label.content) != words:
            label.update(words, layout=False)  # it has all the room there is


class Tab(Label):
    """The name of a screen; a click goes there."""

    def __init__(self, key: str, name: str, words: str, *, here: bool) -> None:
        super().__init__(f"{key} {words}", classes="tab -here" if here else "tab", markup=False)
        self._goes_to = name

    async def on_click(self) -> None:
        """Go there."""
        await self.app.run_action(f"go('{self._goes_to}')")


class Keys(Footer):
    """The keys below; to make them takes as long as all the facts, so those are painted first."""

    def compose(self) -> ComposeResult:
        if not self.screen.has_class(NOT_YET):
            yield from super().compose()


class WatchScreen(Screen[None]):
    """A screen of the dashboard; `fresh` is called when there is something new, and when it is shown."""

    NAME: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = []

    _ready = False
    """Whether all that it is made of stands."""

    def on_mount(self) -> None:
        """Its parts stand now."""
        self._ready = True

    @property
    def watch_app(self) -> WatchApp:
        """The dashboard."""
        from groundup.tui.app import WatchApp

        assert isinstance(self.app, WatchApp)
        return self.app

    def compose(self) -> ComposeResult:
        self._make_room()
        yield TitleBar(self.NAME)
        yield Static("", id="trouble", markup=False)
        yield from self.body()
        yield Keys(show_command_palette=False, compact=self.app.size.width < NORMAL)

    def body(self) -> ComposeResult:
        """What stands between the bars."""
        yield from ()

    def on_screen_resume(self) -> None:
        """Be up to date when it is shown."""
        self.tell()

    def on_resize(self) -> None:
        """Lay out anew."""
        self._make_room()
        self.call_after_refresh(self.tell)

    def _make_room(self) -> None:
        """Say by classes how much room there is: Textual's own breakpoints do so after a first layout."""
        width, height = self.app.size
        self.update_classes(
            {
                NOT_YET: not self.watch_app.begun,
                "-narrow": width < NORMAL,
                "-wide": width >= WIDE,
                "-high": HIGH <= height < TALL,
                "-tall": height >= TALL,
            },
            animate=False,
        )

    def tell(self) -> None:
        """Bring the bars up to date, then the rest."""
        if not (self._ready and self.watch_app.begun and self.is_attached and self.app.is_running):
            return
        app = self.watch_app
        if self.has_class(NOT_YET):
            self._make_room()
            self.call_after_refresh(self.query_one(Keys).refresh, recompose=True)
        state = app.state
        steps = f" {state.run.steps}{f'/{state.wanted}' if state.wanted else ''}" if state.run else ""
        sign = {"live": "● ", "paused": "▮▮ ", "died": "✖ "}.get(state.status.partition(",")[0], "")
        self.query_one(TitleBar).tell(f"{sign}{state.status}{steps}")
        small = self.app.size.width < SMALLEST[0] or self.app.size.height < SMALLEST[1]
        words = app.trouble
        if small:
            words = (
                f"This terminal has {self.app.size.width} columns and {self.app.size.height} rows: "
                f"enlarge it to {SMALLEST[0]} by {SMALLEST[1]}, or use --plain."
            )
        trouble = self.query_one("#trouble", Static)
        if str(trouble.content) != words:
            trouble.update(words)
            trouble.display = bool(words)
        self.set_class(small, "-too-small")
        self.query_one(Footer).compact = self.app.size.width < NORMAL
        self.fresh()

    def fresh(self) -> None:
        """Show what is new."""


class Panel(Static):
    """A section of facts in a frame with its title."""

    DEFAULT_CSS = """
    Panel { height: auto; border: round $primary 60%; border-title-color: $accent; padding: 0 1; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__("", id=id)
        self._shown: facts.Section | None = None
        self._shape: tuple[int, tuple[str, ...]] = (0, ())

    def show(self, section: facts.Section) -> None:
        """Show a section; nothing is drawn again when it is the same."""
        if section == self._shown:
            return
        self._shown = section
        self.border_title = section.title.replace("[", r"\[")
        width = self.content_size.width
        before, self._shape = self._shape, (width, _shape(section, width))
        # To lay out all anew for other words in as many lines was a quarter of what following costs.
        self.update(_Facts(section), layout=not width or self._shape != before)


class Chart(Widget):
    """Curves in a frame with their title."""

    DEFAULT_CSS = """
    Chart { height: 1fr; min-height: 6; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    Chart { border: round $primary 60%; border-title-color: $accent; }
    """

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(id=id)
        self.border_title = title
        self._axes: Axes | None = None

    def show(self, axes: Axes | None, title: str | None = None) -> bool:
        """Show other curves, if they are others; their colours are names of the theme's."""
        if title is not None:
            self.border_title = title.replace("[", r"\[")
        changed = axes != self._axes
        if changed:
            self._axes = axes
            self.refresh()
        return changed

    def render(self) -> Text:
        """The curves and their names."""
        axes = self._axes
        width, height = self.content_size
        if axes is None or not any(one.points for one in axes.series):
            return Text("nothing to show yet", style="dim")
        names = [Text("■ ", one.colour).append(one.name, "") for one in axes.series if one.name]
        legend = [Text("  ").join(names)] if names else []
        return Text("\n").join([*legend, *draw(axes, width, height - len(legend), "dim")])


def _columns(section: facts.Section) -> tuple[int, int]:
    """How many columns a section has, and which of them takes the room that is left."""
    count = max((len(row) for row in section.rows), default=1)
    return count, 0 if section.head else count - 1


def _widest(width: int) -> int:
    """Cells that names take at the most, of all that there are: they share them with the facts."""
    return max(8, width // 2 - 1)


def _shape(section: facts.Section, width: int) -> tuple[str, ...]:
    """What a section's height depends on: a row each, with the lengths of the words of one that may need
    several lines."""
    count, wide = _columns(section)
    rows = [section.head, *section.rows] if section.head else section.rows
    others = [
        min(_widest(width), max((cell_len(row[i]) for row in rows if i < len(row)), default=0))
        for i in range(count)
        if i != wide
    ]
    room = width - sum(others) - (count - 1)
    cells = [row[wide] if wide < len(row) else "" for row in rows]
    return tuple(_LETTER.sub("x", cell) if cell_len(cell) > room else "" for cell in cells)


@dataclass(frozen=True, slots=True)
class _Facts:
    """A section's rows, for as many cells as there are: known only when they are drawn."""

    section: facts.Section

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _table(self.section, _widest(options.max_width))


def _table(section: facts.Section, widest: int) -> Table:
    """A section's rows, numbers to the right; names take `widest` cells at the most."""
    width, widely = _columns(section)
    table = Table.grid(padding=(0, 1), expand=True)
    for i in range(width):
        numbers = i > 0 and all(_NUMBER.fullmatch(row[i]) for row in section.rows if i < len(row))
        names = i == 0 and width > 1
        wide = i == widely
        table.add_column(
            ratio=1 if wide else None,
            justify="right" if numbers else "left",
            no_wrap=numbers or names,
            max_width=None if wide else widest,
            overflow="ellipsis" if numbers or names else "fold",
        )
    if section.head:
        table.add_row(*(Text(cell, style="dim") for cell in section.head))
    for row in section.rows:
        bold = "bold" if row[0].startswith("▶") else ""
        named = "bold" if width == 2 else bold
        table.add_row(*(Text(cell, style=bold if i else named) for i, cell in enumerate(row)))
    return table


def colours(app: WatchApp) -> tuple[str, ...]:
    """The colours that curves take in turn, as the theme has them now."""
    variables = app.theme_variables
    return tuple(variables[name] for name in PALETTE)

"""The run as it happens: the frame, what was weighed, what came of it."""

from __future__ import annotations

import time
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll

from groundup.tui import facts
from groundup.tui.base import Chart, Panel, WatchScreen, begin, colours
from groundup.tui.chart import Axes, Series
from groundup.tui.picture import Marks, Picture, decode

CURVES = 4
"""Counters shown as curves."""

CURVES_SECONDS = 1.0
"""Time between two pictures of the curves: to draw them takes as long as all the facts together."""


class RunScreen(WatchScreen):
    """The current frame with what was seen and done on it, beside the facts of the step."""

    NAME = "run"
    CSS = """
    RunScreen #left { width: 3fr; }
    RunScreen #right { width: 2fr; min-width: 38; scrollbar-gutter: stable; }
    RunScreen #frame { height: auto; max-height: 70%; background: $surface; }
    RunScreen #frame { border: round $primary 60%; border-title-color: $accent; }
    RunScreen #curves { height: 1fr; min-height: 7; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause/resume"),
        Binding("full_stop", "step", "Step", key_display="."),
        Binding("x", "stop", "Stop"),
        Binding("n", "note", "Note"),
        Binding("b", "budget", "Budget"),
        Binding("p", "proposals", "Proposals"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._marked = True
        self._sha = ""
        self._loading = False
        self._curves_due = 0.0

    def body(self) -> ComposeResult:
        with Horizontal(classes="body"):
            with Vertical(id="left"):
                yield Picture(id="frame")
                yield Chart("counters", id="curves")
            with VerticalScroll(id="right"):
                for name in ("overview", "decision", "candidates", "verdict", "time", "counters", "growth"):
                    yield Panel(id=name)

    def fresh(self) -> None:
        """Show the state as it is now."""
        app = self.watch_app
        state, growth = app.state, app.growth
        for name, section in (
            ("decision", facts.decision(state)),
            ("candidates", facts.candidates(state)),
            ("verdict", facts.verdict(state)),
            ("time", facts.step_time(state)),
            ("counters", facts.counters(state)),
            ("growth", facts.skills(growth)),
            ("overview", facts.overview(state, growth)),
        ):
            self.query_one(f"#{name}", Panel).show(section)
        if not state.live or time.monotonic() >= self._curves_due:
            self._show_curves()
        frame = self.query_one("#frame", Picture)
        frame.border_title = f"frame of step {state.look['step']}" if "step" in state.look else "frame"
        sha = str(state.look.get("frame", ""))
        if sha != self._sha and not self._loading:
            self._loading = True
            # Pillow takes a while to be imported: the facts are painted meanwhile.
            self.call_after_refresh(begin, self, partial(self._show_frame, sha), group="frame")
        elif not sha:
            words = "no picture in this log" if state.run else "no run yet: groundup play spire --steps 300"
            frame.show(None, words=words)

    def _show_curves(self) -> None:
        app = self.watch_app
        state = app.state
        shown = {str(one["place"]): str(one.get("name")) for one in state.found}
        if not shown:  # none found yet: those that change most often say most
            changing = sorted(
                state.values, key=lambda place: -len({value for _, value in state.values[place]})
            )
            shown = {place: facts.channel(place) for place in changing[:CURVES]}
        series = [
            Series(name, tuple(state.values[place]), colour)
            for (place, name), colour in zip(list(shown.items())[:CURVES], colours(app), strict=False)
            if state.values.get(place)
        ]
        title = "counters found" if state.found else "numbers on screen (no counter found yet)"
        if self.query_one("#curves", Chart).show(Axes(series), title):
            self._curves_due = time.monotonic() + CURVES_SECONDS

    async def _show_frame(self, sha: str) -> None:
        app = self.watch_app
        try:
            look = app.state.look
            data = await app.read(app.feed.source.picture, sha)
            self._sha = sha
            size = look.get("size") or (0, 0)
            marks = Marks(
                (int(size[0]), int(size[1])) if size[0] else None,
                look.get("things", ()) if self._marked else (),
                look.get("numbers", ()) if self._marked else (),
                look.get("points", ()),
            )
            words = "this picture was dropped to keep the library small"
            self.query_one("#frame", Picture).show(decode(data), marks, words)
        finally:
            self._loading = False

    def action_pause(self) -> None:
        """Pause the run, or let it go on."""
        app = self.watch_app
        asked = [what for what in app.state.pending if what in ("pause", "step", "resume")]
        waiting = asked[-1] != "resume" if asked else app.state.paused
        app.control("resume" if waiting else "pause")

    def action_step(self) -> None:
        """One step, then wait."""
        self.watch_app.control("step")

    def action_stop(self) -> None:
        """Stop the run, when that is meant."""
        app = self.watch_app
        app.question(
            "Type yes to stop the run; all that was learnt is kept, --resume goes on with it.",
            lambda text: app.control("stop") if text.lower() == "yes" else None,
        )

    def action_note(self) -> None:
        """Write a note into the log."""
        app = self.watch_app
        app.question("A note for the log:", lambda text: app.control("note", {"text": text}))

    def action_budget(self) -> None:
        """Change how many steps the run is to do."""
        app = self.watch_app

        def asked(text: str) -> None:
            if not text.isdigit() or int(text) < 1:
                app.notify("Give a whole number of steps, 1 or more.", severity="warning")
            else:
                app.control("budget", {"steps": int(text)})

        app.question("Steps to do in all:", asked, str(app.state.wanted or ""), number=True)

    def action_proposals(self) -> None:
        """Show or hide what could be acted on."""
        self._marked = not self._marked
        self._sha = ""
        self.fresh()

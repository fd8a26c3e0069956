"""Is it getting better: curves over the steps, several runs or agents over each other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid

from groundup.memory.errors import GroundupError
from groundup.tui import facts
from groundup.tui.base import SENTENCE_SECONDS, Chart, WatchScreen, begin, colours
from groundup.tui.chart import Axes, Series
from groundup.tui.dialogs import Choice
from groundup.tui.feed import Feed
from groundup.tui.growth import KEPT, Growth

SMOOTH = 12
"""Points that a rate is taken over: a twelfth of a short run's curve is noise, less hides nothing."""

MOST = 4
"""Runs laid over the one that is watched: as many as there are colours left."""


FOLLOW_SECONDS = 1.0
"""Time between two looks at a run that is laid over."""


@dataclass(slots=True)
class _Other:
    """Another run, of this or another library, and what it has added up to so far."""

    feed: Feed
    run: str
    name: str
    growth: Growth


class GrowthScreen(WatchScreen):
    """Six charts; every chart has one curve a run where several are shown."""

    NAME = "growth"
    CSS = """
    GrowthScreen Grid { grid-size: 2 3; grid-gutter: 0; }
    GrowthScreen.-wide Grid { grid-size: 3 2; }
    GrowthScreen Chart { height: 100%; min-height: 4; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "lay_over", "Lay a run over"),
        Binding("c", "clear", "Only this run"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._others: list[_Other] = []

    def body(self) -> ComposeResult:
        with Grid(classes="body"):
            yield Chart("skills kept", id="skills")
            yield Chart("progress", id="progress")
            yield Chart("reward of a step", id="reward")
            yield Chart("answered", id="answered")
            yield Chart("exploring", id="exploring")
            yield Chart("model cost, $", id="cost")

    def fresh(self) -> None:
        """Draw the curves as they are now."""
        app = self.watch_app
        palette = colours(app)
        run = app.state.run
        shown = [(run.id if run else "", app.growth, palette[0])]
        for other, colour in zip(self._others, palette[1:], strict=False):
            shown.append((other.name, other.growth, colour))
        alone = len(shown) == 1
        growth = app.growth
        ended = any(other.ended for _, other, _ in shown)
        axes = {
            "skills": _skills(growth, palette) if alone else _each(shown, _learnt),
            "progress": _progress(growth, palette) if alone else _each(shown, Growth.reached),
            "reward": _each(shown, Growth.earned if ended else lambda g: _rate(g, "reward", "moves")),
            "answered": _each(shown, lambda g: _rate(g, "answered", "actions"), share=True),
            "exploring": _shares(growth, palette)
            if alone
            else _each(shown, lambda g: _rate(g, "probe", "moves"), share=True),
            "cost": _each(shown, _cost, low=0.0),
        }
        waiting = " (still counting)" if app.counting else ""
        found = growth.progress()
        titles = {
            "skills": "skills kept",
            "progress": f"{found[1]} at the end of a run" if found else "progress: no counter found yet",
            "reward": "reward of a run of the game" if ended else "reward of a step",
            "answered": "answered by the screen",
            "exploring": "exploring and exploiting" if alone else "exploring",
            "cost": f"model cost: {facts.money(growth.cost)}, {growth.curve.total('calls'):.0f} calls",
        }
        for name, one in axes.items():
            self.query_one(f"#{name}", Chart).show(one, titles[name] + waiting)

    def action_lay_over(self) -> None:
        """Ask for a run to lay over this one."""
        app = self.watch_app
        options = []
        for number, feed in enumerate((app.feed, *app.beside)):
            where = "" if number == 0 else f"{feed.source.name}: "
            for run in feed.state.runs:
                if app.state.run is None or (number, run.id) != (0, app.state.run.id):
                    words = f"{where}{run.id}  {run.game}, {run.policy}, {run.steps} steps"
                    options.append((f"{number} {run.id}", words))
        if not options:
            app.notify("There is no other run: --beside LIBRARY brings those of another library.")
            return
        if len(self._others) >= MOST:
            app.notify(f"{MOST} runs are laid over already: c clears them.", severity="warning")
            return

        def chosen(name: str | None) -> None:
            if name is None:
                return
            number, _, run = name.partition(" ")
            feed = (app.feed, *app.beside)[int(number)]
            other = _Other(
                feed, run, f"{feed.source.name.rpartition('/')[2]} {run}" if number != "0" else run, Growth()
            )
            self._others.append(other)
            begin(self, partial(self._count, other), group="count")

        self.app.push_screen(Choice("Which run to lay over this one?", options[::-1][:200]), chosen)

    async def _count(self, other: _Other) -> None:
        """Count another run's log, then what comes, as long as it is laid over."""
        try:
            while other in self._others:
                events, after, more = await other.feed.ask(
                    other.feed.source.next_events, other.run, other.growth.next_seq
                )
                other.growth.take(events)
                other.growth.next_seq = after
                if events:
                    self.tell()
                await asyncio.sleep(0.01 if more else FOLLOW_SECONDS)
        except GroundupError as error:
            self.watch_app.notify(str(error), severity="error", timeout=SENTENCE_SECONDS)

    def action_clear(self) -> None:
        """Take away the runs that were laid over."""
        self._others.clear()
        self.fresh()


def _rate(growth: Growth, name: str, by: str) -> list[tuple[float, float]]:
    return growth.curve.rates(name, by, window=max(1, min(SMOOTH, growth.steps // 8)))


def _learnt(growth: Growth) -> list[tuple[float, float]]:
    return growth.curve.sums("learnt")


def _cost(growth: Growth) -> list[tuple[float, float]]:
    return [] if growth.cost is None else growth.curve.sums("cost")


def _each(
    shown: Sequence[tuple[str, Growth, str]],
    points: object,
    *,
    share: bool = False,
    low: float | None = None,
) -> Axes:
    assert callable(points)
    names = len(shown) > 1
    series = [Series(name if names else "", tuple(points(growth)), colour) for name, growth, colour in shown]
    if share:
        return Axes(series, 0.0, 1.0, percent=True)
    return Axes(series, low)


def _skills(growth: Growth, palette: Sequence[str]) -> Axes:
    series = [
        Series(f"{name} {growth.curve.total(name):.0f}", tuple(growth.curve.sums(name)), colour)
        for name, colour in zip(KEPT, (palette[0], palette[2], palette[1], palette[4]), strict=True)
        if name == "learnt" or growth.curve.total(name)
    ]
    return Axes(series, 0.0)


def _progress(growth: Growth, palette: Sequence[str]) -> Axes:
    reached = growth.reached()
    means = [
        (x, sum(y for _, y in reached[max(0, i - 4) : i + 1]) / min(5, i + 1))
        for i, (x, _) in enumerate(reached)
    ]
    last = float(growth.steps) or None
    return Axes(
        [
            Series("each run", tuple(reached), palette[0], dots=True),
            Series("mean of the last 5", tuple(means), palette[1]),
        ]
        if reached
        else [],
        0.0,
        first=0.0,
        last=last,
    )


def _shares(growth: Growth, palette: Sequence[str]) -> Axes:
    series = []
    for name, words, colour in (
        ("probe", "explore", palette[0]),
        ("use", "use", palette[2]),
        ("pass", "pass", palette[1]),
    ):
        points = _rate(growth, name, "moves")
        if points:
            series.append(Series(f"{words} {facts.percent(points[-1][1])}", tuple(points), colour))
    return Axes(series, 0.0, 1.0, percent=True)

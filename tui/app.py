"""The dashboard: one library, one run at a time, six screens. It reads, and asks; it never plays."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.app import App, ScreenStackError, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from groundup.memory.errors import GroundupError, UsageError
from groundup.memory.records import JsonObject, What
from groundup.tui.base import SENTENCE_SECONDS, WatchScreen, begin
from groundup.tui.dialogs import Choice, Question
from groundup.tui.feed import Feed
from groundup.tui.growth import Growth
from groundup.tui.run_screen import RunScreen
from groundup.tui.state import RunState
from groundup.tui.svg import smaller
from groundup.tui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from groundup.tui.segments import Segmentation

POLL_SECONDS = 0.2
"""Time between two looks at the library: what happens shows within half a second, drawing included."""

LEAVING_SECONDS = 5.0
"""Time to leave in when the process that started the dashboard is gone."""

TROUBLED_SECONDS = 2.0
"""The same while the library cannot be read."""

_T = TypeVar("_T")


def _screen(name: str) -> Screen[Any]:
    """One of the other screens: imported when it is first shown, so that the first is painted sooner."""
    module = import_module(f"groundup.tui.{name}_screen")
    screen: Screen[Any] = getattr(module, f"{name.title()}Screen")()
    return screen


class WatchApp(App[None]):
    """Shows what `feed` reads; `beside` are other libraries whose runs can be laid over this one's."""

    TITLE = "groundup watch"
    ENABLE_COMMAND_PALETTE = True
    CSS = """
    Screen { background: $background; }
    #trouble { display: none; background: $error; color: $background; padding: 0 1; }
    .-too-small > .body, .-not-yet > .body { display: none !important; }
    Footer { background: $panel; }
    * { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; scrollbar-background: $surface;
        scrollbar-color: $primary 40%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "go('run')", "Run", show=False),
        Binding("2", "go('growth')", "Growth", show=False),
        Binding("3", "go('skills')", "Skills", show=False),
        Binding("4", "go('scenes')", "Scenes", show=False),
        Binding("5", "go('segments')", "Segments", show=False),
        Binding("6", "go('log')", "Log", show=False),
        Binding("w", "choose_run", "Which run", show=False),
        Binding("d", "dark", "Dark/light", show=False),
        Binding("question_mark", "keys", "Keys", key_display="?"),
        Binding("escape", "hide_keys", "Hide keys", show=False, priority=True),
        Binding("ctrl+p", "command_palette", "Commands", show=False),
        Binding("q", "quit", "Quit"),
    ]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "run": RunScreen,
        **{name: partial(_screen, name) for name in ("growth", "skills", "scenes", "segments", "log")},
    }
    DEFAULT_MODE = "run"

    def __init__(
        self, feed: Feed, *, beside: Sequence[Feed] = (), segments: Segmentation | None = None
    ) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.set_reactive(App.theme, DARK.name)  # a change later would lay out everything a second time
        self.feed = feed
        self.beside = tuple(beside)
        self.segments = segments
        self.growth = Growth()
        self.counting = True
        self.trouble = ""
        self.undo: list[JsonObject] = []
        self.begun = False
        self._looking = False
        self._next = 0.0

    @property
    def state(self) -> RunState:
        """The run that is watched."""
        return self.feed.state

    def on_mount(self) -> None:
        """Make ready to be ended from outside."""
        if not self.is_headless and threading.current_thread() is threading.main_thread():
            # Ended from outside, it gives the terminal back first.
            for number in (signal.SIGTERM, signal.SIGHUP):
                with contextlib.suppress(NotImplementedError):
                    asyncio.get_running_loop().add_signal_handler(number, self.exit)
        if self.segments is not None and self.state.run is None:
            self.switch_mode("segments")
        self.call_later(self._begin)

    def _begin(self) -> None:
        """Show what is known, then look at the library: the first look opens it, which takes a while.

        What a screen paints while the app is being mounted is thrown away, so this comes after that.
        """
        self.begun = True
        self._tell()
        self.screen.call_after_refresh(self._begin_to_read)

    def _begin_to_read(self) -> None:
        if not gc.isenabled():  # see start.py
            gc.freeze()
            gc.enable()
        self.set_interval(POLL_SECONDS, self._look)
        begin(self, self._count, group="count", exclusive=True)

    async def read(self, call: Callable[..., _T], *arguments: Any) -> _T | None:
        """What a call to the library gives; None when it cannot be read now, which the bar then says."""
        try:
            return await self.feed.ask(call, *arguments)
        except GroundupError as error:
            self._say_trouble(str(error))
            return None

    async def _look(self) -> None:
        if self._looking or time.monotonic() < self._next:
            return
        self._looking = True
        try:
            state = self.state
            if state.run is None and state.runs:
                await self._watch_run(state.runs[-1].id)
            news = await self.feed.ask(self.feed.source.news, state)
            if state is self.state:
                state.bring(news)
            self._say_trouble("")
        except GroundupError as error:
            self._next = time.monotonic() + TROUBLED_SECONDS
            self._say_trouble(str(error))
        finally:
            self._looking = False
        self._tell()

    def _tell(self) -> None:
        """Let the screen that is shown say what is new; between two screens there is none."""
        with contextlib.suppress(ScreenStackError):
            if isinstance(self.screen, WatchScreen):
                self.screen.tell()

    def _say_trouble(self, sentence: str) -> None:
        if sentence != self.trouble:
            self.trouble = sentence
            self._tell()

    async def _count(self) -> None:
        """Count the run's whole log bit by bit, then what comes."""
        while True:
            run, growth, more = self.state.run, self.growth, False
            if run is not None:
                with contextlib.suppress(GroundupError):  # the look above says what is wrong
                    events, after, more = await self.feed.ask(
                        self.feed.source.next_events, run.id, growth.next_seq
                    )
                    growth.take(events)
                    growth.next_seq = after
            self.counting = more
            await asyncio.sleep(0.01 if more else POLL_SECONDS)

    async def _watch_run(self, run_id: str) -> None:
        source = self.feed.source
        self.feed.state = await self.feed.ask(lambda: source.open_run(source.run(run_id)))
        self.growth = Growth()
        begin(self, self._count, group="count", exclusive=True)
        self._tell()

    # What keys and commands do

    def action_go(self, name: str) -> None:
        """Show a screen."""
        self.switch_mode(name)

    def action_dark(self) -> None:
        """Change between dark and light."""
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name
        self._tell()

    def action_keys(self) -> None:
        """Show all keys, or hide them."""
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_hide_keys(self) -> None:
        """Hide the list of keys."""
        self.action_hide_help_panel()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Escape hides the list of keys while it is there, and is the screen's own else."""
        return action != "hide_keys" or bool(self.screen.query("HelpPanel"))

    def action_choose_run(self) -> None:
        """Ask which run to watch."""
        runs = sorted(self.state.runs, key=lambda run: -run.started)[:200]
        if not runs:
            self.notify("This library has no run yet.", severity="warning")
            return
        options = [(r.id, f"{r.id}  {r.game}, {r.policy}, {r.steps} steps, {r.status}") for r in runs]

        async def chosen(run_id: str | None) -> None:
            if run_id is None:
                return
            try:
                await self._watch_run(run_id)
            except GroundupError as error:
                self.notify(str(error), severity="error", timeout=SENTENCE_SECONDS)

        self.push_screen(Choice("Which run?", options), chosen)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """What the command palette offers: the screens, the controls, what the screen's own keys do."""
        for name, words in (
            ("run", "the run as it happens"),
            ("growth", "curves of skills, progress and reward"),
            ("skills", "what was learnt"),
            ("scenes", "kinds of screen and the ways between them"),
            ("segments", "a video's timeline"),
            ("log", "every event"),
        ):
            yield SystemCommand(f"Go to {name.title()}", words, lambda name=name: self.action_go(name))
        yield SystemCommand("Which run", "Watch another run of this library", self.action_choose_run)
        yield SystemCommand("Dark or light", "Change the colours", self.action_dark)
        yield SystemCommand("Keys", "Show all keys", self.action_keys)
        for what in ("pause", "resume", "step", "stop"):
            yield SystemCommand(
                f"Run: {what}", f"Ask the run to {what}", lambda what=what: self.control(what)
            )
        yield SystemCommand("Quit", "Leave the dashboard; the run goes on", self.exit)

    def control(self, what: What, value: JsonObject | None = None) -> None:
        """Ask something of the run."""
        run = self.state.run
        if run is None or not self.state.live:
            self.notify("This run is not being played now.", severity="warning")
            return

        async def asking() -> None:
            try:
                await self.feed.ask(self.feed.source.ask, run.id, what, value)
            except GroundupError as error:
                self.notify(str(error), severity="error")

        begin(self, asking, group="control")

    async def edit(self, change: JsonObject, *, undoing: bool = False) -> bool:
        """Change a skill; what undoes it is remembered."""
        try:
            back = await self.feed.ask(self.feed.source.edit, self.state, change)
        except GroundupError as error:
            self.notify(str(error), severity="error")
            return False
        if back is not None and not undoing:
            self.undo.append(back)
        return True

    def question(
        self, words: str, then: Callable[[str], Any], value: str = "", *, number: bool = False
    ) -> None:
        """Ask for a line of text and go on with it, unless Escape is pressed."""

        async def answered(text: str | None) -> None:
            if text is not None and text.strip():
                result = then(text.strip())
                if asyncio.iscoroutine(result):
                    await result

        self.push_screen(Question(words, value, whole_number=number), answered)


def show(feed: Feed, *, beside: Sequence[Feed] = (), segments: Segmentation | None = None) -> None:
    """Show the dashboard until it is left; raises `UsageError` where there is no terminal."""
    served = "TEXTUAL_DRIVER" in os.environ
    if not served and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("There is no terminal here: use --plain for lines, or --web for a browser.")
    from groundup.tui.graphics import means

    means()  # the terminal can be asked only before the dashboard has it
    app = WatchApp(feed, beside=beside, segments=segments)
    if not served:
        _leave_with_parent(app)
    app.run()


def _leave_with_parent(app: WatchApp) -> None:
    """End when the process that started the dashboard is gone: the terminal is then somebody else's."""
    parent = os.getppid()

    def watching() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        # Where the terminal is gone too, Textual can wait for ever to write its last.
        end = threading.Timer(LEAVING_SECONDS, os._exit, (1,))
        end.daemon = True
        end.start()
        with contextlib.suppress(Exception):
            app.call_from_thread(app.exit)

    threading.Thread(target=watching, daemon=True, name="parent").start()


def screenshot(
    feed: Feed, name: str, path: Path, size: tuple[int, int], *, segments: Segmentation | None = None
) -> None:
    """Write a picture of one screen as SVG, without a terminal; raises `UsageError` when it cannot be."""

    async def take() -> str:
        app = WatchApp(feed, segments=segments)
        async with app.run_test(size=size) as pilot:
            app.action_go(name)
            await pilot.pause()
            while app.counting or any(not w.is_finished for w in app.workers if w.group != "count"):
                await pilot.pause(0.05)
            await pilot.pause(0.6)
            return smaller(app.export_screenshot(title=f"groundup watch: {name}"))

    picture = asyncio.run(take())
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): give another --svg.") from error

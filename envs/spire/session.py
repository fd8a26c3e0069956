"""The mouse: clicks and drags on the virtual screen become commands to the rules."""

from __future__ import annotations

from collections.abc import Sequence

from groundup.envs.spire.layout import HAND_TOP, Layout, Ui, UiState, Widget, arrange
from groundup.envs.spire.run import Command, Run


class Session:
    """One player at the screen: the rules, what the screen remembers, and the presses that were refused."""

    def __init__(self, run: Run) -> None:
        """Begin with the pointer off the screen."""
        self.run = run
        self.ui = UiState()
        self.refused: list[str] = []
        """Keys of widgets pressed in vain since the last frame, for a short shake."""
        self.played: list[Widget] = []
        """Cards played since the last frame, as they lay, for their flight."""
        self._arranged: Layout | None = None

    @property
    def layout(self) -> Layout:
        """What stands where now."""
        if self._arranged is None:
            self._arranged = arrange(self.run, self.ui)
        return self._arranged

    def move(self, x: float, y: float) -> None:
        """Move the pointer."""
        if (x, y) != self.ui.pointer:
            self.ui.pointer = (x, y)
            self._arranged = None

    def click(self, x: float, y: float) -> None:
        """Press and release at one point."""
        self.move(x, y)
        widget = self.layout.hit(x, y)
        self._press(widget, y)
        self._arranged = None

    def drag(self, path: Sequence[tuple[float, float]]) -> None:
        """Press at the first point and release at the last; a card is carried along."""
        first, last = path[0], path[-1]
        self.move(*first)
        start = self.layout.hit(*first)
        if start and start.kind == "card" and isinstance(start.press, Ui) and start.press.verb == "select":
            self.ui.selected = None
            if start.lit:
                self.ui.selected = start.value
                self._arranged = None
                self.move(*last)
                self._drop(start.value, last)
            else:
                self.refused.append(start.key)
                self.move(*last)
            self.ui.selected = None
        else:
            self.move(*last)
            end = self.layout.hit(*last)
            # A press that wanders off its widget is no press, as in any toolkit.
            if start and end and start.key == end.key:
                self._press(end, last[1])
        self._arranged = None

    def _drop(self, card: int, at: tuple[float, float]) -> None:
        widget = self.layout.hit(*at)
        aimed = widget if widget and isinstance(widget.press, Ui) and widget.press.verb == "aim" else None
        self._play(card, aimed, at[1])

    def _press(self, widget: Widget | None, y: float) -> None:
        selected, self.ui.selected = self.ui.selected, None
        press = widget.press if widget else None
        if isinstance(press, Command):
            self._command(press)
        elif isinstance(press, Ui) and press.verb == "select":
            self._select(widget, press.index, selected)
        elif isinstance(press, Ui) and press.verb != "aim":
            self._on_screen(press)
        elif selected is not None:
            self._play(selected, widget, y)

    def _select(self, widget: Widget | None, index: int, before: int | None) -> None:
        if widget and not widget.lit:
            self.refused.append(widget.key)
        elif index != before:  # pressing the raised card again lays it down
            self.ui.selected = index

    def _on_screen(self, press: Ui) -> None:
        match press.verb:
            case "overlay":
                self.ui.overlay = None if self.ui.overlay == press.overlay else press.overlay
                self.ui.page = 0
            case "close":
                self.ui.overlay, self.ui.page = None, 0
            case "toggle":
                self.ui.toggles[press.index] = not self.ui.toggles[press.index]
            case "page":
                self.ui.page = press.index

    def _play(self, card: int, widget: Widget | None, y: float) -> None:
        """Play a card on the enemy pressed, or, when it needs none, anywhere above the hand."""
        view = self.run.fight
        if view is None or card >= len(view.hand):
            return
        held = view.hand[card]
        slot = widget.press.index if widget and isinstance(widget.press, Ui) else None
        if self.run.cards[held.id].targeted:
            if slot is not None and slot in held.targets:
                self._command(Command("play", card, slot))
        elif y < HAND_TOP and held.targets:
            self._command(Command("play", card, held.targets[0]))

    def _command(self, command: Command) -> None:
        held = [w for w in self.layout.widgets if w.key == f"hand{command.index}"]
        if self.run.do(command):
            self.ui.selected, self.ui.page = None, 0
            if command.verb == "play":
                self.played += held

"""Questions to the person who watches: a line of text, a yes, one of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

_CSS = """
{0} {{ align: center middle; }}
{0} > Vertical {{
    width: 64; max-width: 95%; height: auto; max-height: 90%;
    border: round $primary; background: $surface; padding: 0 1;
}}
{0} Label {{ width: 100%; margin: 0 0 1 0; }}
{0} OptionList {{ height: auto; max-height: 16; border: none; background: $surface; }}
"""


class Question(ModalScreen[str | None]):
    """Asks for a line of text; None when Escape was pressed."""

    DEFAULT_CSS = _CSS.format("Question")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, words: str, value: str = "", *, whole_number: bool = False) -> None:
        super().__init__()
        self._words, self._value, self._whole = words, value, whole_number

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(self._words, markup=False)
            yield Input(self._value, type="integer" if self._whole else "text", max_length=400)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter gives the text."""
        self.dismiss(event.value)

    def action_cancel(self) -> None:
        """Escape gives nothing."""
        self.dismiss(None)


class Choice(ModalScreen[str | None]):
    """Asks for one of several; gives its name, None when Escape was pressed."""

    DEFAULT_CSS = _CSS.format("Choice")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, words: str, options: Sequence[tuple[str, str]]) -> None:
        """`options` are (name, words)."""
        super().__init__()
        self._words, self._options = words, options

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(self._words, markup=False)
            yield OptionList(
                *(Option(words.replace("[", r"\["), id=f"n{i}") for i, (_, words) in enumerate(self._options))
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click gives the option's name."""
        self.dismiss(self._options[event.option_index][0])

    def action_cancel(self) -> None:
        """Escape gives nothing."""
        self.dismiss(None)

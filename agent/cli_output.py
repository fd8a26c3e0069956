"""What all commands have in common: options, errors as sentences, one JSON document, progress."""

from __future__ import annotations

import json
import os
import re
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from importlib.metadata import requires
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundup.envs.errors import GroundupError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

STOPPED = 130
"""Exit code of a command that Ctrl-C has ended, as shells have it (128 + SIGINT)."""

EVERY_SECONDS = 10.0
"""Time between two plain lines of progress."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
Debug = Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.")]
LibraryOption = Annotated[
    str | None,
    typer.Option("--library", help="The library, a path or URL. [default: $GROUNDUP_HOME/GAME.db]"),
]


@contextmanager
def guarded(*, debug: bool, json: bool) -> Iterator[None]:
    """Turn errors into one sentence on stderr and an exit code; with `json` nothing else reaches stdout."""
    try:
        # Whatever a library prints goes to stderr; our own output goes to sys.__stdout__.
        with redirect_stdout(sys.stderr) if json else nullcontext():
            yield
    except GroundupError as error:
        _explain(str(error), debug)
        raise typer.Exit(error.exit_code) from error
    except ModuleNotFoundError as error:
        _explain(f"The package {error.name} is missing: run `pip install {_wanting(error.name)}`.", debug)
        raise typer.Exit(2) from error
    except BrokenPipeError:
        # The reader has seen enough (`| head`); the shell's own tools say nothing either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())  # type: ignore[union-attr]
        raise typer.Exit(141) from None
    except OSError as error:
        _explain(f"{error.strerror or error}: {error.filename or 'no file named'}.", debug)
        raise typer.Exit(1) from error
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except Exception as error:
        _explain(f"{type(error).__name__}: {error}; run again with --debug for the traceback.", debug)
        raise typer.Exit(1) from error


def _wanting(module: str | None) -> str:
    """What to install for a missing module: the extra that names its package, else all of groundup again."""
    extra = re.compile(rf"{re.escape(module or '')}[\W_].*extra == .(?!dev)(\w+)")
    found = (extra.match(requirement) for requirement in requires("groundup") or ())
    return next((f"'groundup[{match[1]}]'" for match in found if match), "groundup")


def _explain(sentence: str, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    print(f"groundup: {' '.join(sentence.split())}", file=sys.stderr)


def print_json(document: dict[str, Any]) -> None:
    """Print a JSON document on the real stdout."""
    text = json.dumps(document, ensure_ascii=False, default=_plain)
    print(printable(text), file=sys.__stdout__, flush=True)


def printable(text: str) -> str:
    """A text with what is no UTF-8, as the name of a file may be, escaped as JSON has it."""
    return text.encode(errors="backslashreplace").decode()


def _plain(value: Any) -> Any:
    """What JSON holds of a numpy number or array."""
    return value.tolist()


class Progress:
    """A bar on a terminal, a plain line now and then elsewhere; always on stderr."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._said = time.monotonic()

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self._bar = Bar(*columns, console=Console(stderr=True))
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int, words: str) -> None:
        """Show that `done` of `total` is done."""
        if self._bar is not None:
            if self._task is None:
                self._task = self._bar.add_task(self._what, total=total)
            self._bar.update(self._task, completed=done, total=total, description=f"{self._what}: {words}")
        elif time.monotonic() - self._said >= EVERY_SECONDS:
            self._said = time.monotonic()
            print(f"{self._what}: {done} of {total}, {words}", file=sys.stderr, flush=True)

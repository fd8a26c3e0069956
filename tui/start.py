"""Starts the dashboard the way that was asked for: in this terminal, as lines, or in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from groundup.memory.errors import UsageError


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What was asked for; `run` None is the latest, `port` 0 a free one."""

    library: str
    run: str | None = None
    beside: Sequence[str] = ()
    segments: Path | None = None
    plain: bool = False
    web: bool = False
    port: int = 0


def watch(options: WatchOptions) -> None:
    """Show the library until one leaves; raises `UsageError` or `LibraryUnusable` with a sentence."""
    if options.plain and options.web:
        raise UsageError("--plain prints lines and --web shows a page: give one of them.")
    if options.plain:
        _print(options)
    elif options.web:
        from groundup.tui.web import serve

        _check(options)
        serve(options)
    else:
        _show(options)


def _check(options: WatchOptions) -> None:
    """Say what is wrong now, rather than in the browser."""
    from groundup.tui.feed import Feed
    from groundup.tui.segments import read_segmentation

    for location in (options.library, *options.beside):
        Feed(location, options.run if location == options.library else None).close()
    if options.segments is not None:
        read_segmentation(options.segments)


def _print(options: WatchOptions) -> None:
    from groundup.tui import plain
    from groundup.tui.source import open_source

    source = open_source(options.library)
    try:
        plain.watch(source, options.run, lambda line: print(line, flush=True))
    finally:
        source.close()


def _show(options: WatchOptions) -> None:
    from groundup.tui.app import show
    from groundup.tui.feed import Feed

    segments = None
    if options.segments is not None:
        from groundup.tui.segments import read_segmentation

        segments = read_segmentation(options.segments)
    with ExitStack() as stack:
        feeds: list[Feed] = []
        for location in (options.library, *options.beside):
            feed = Feed(location, options.run if not feeds else None)
            stack.callback(feed.close)
            feeds.append(feed)
        show(feeds[0], beside=feeds[1:], segments=segments)

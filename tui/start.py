"""Starts the dashboard the way that was asked for: in this terminal, as lines, or in a browser."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from groundup.memory.errors import UsageError

if TYPE_CHECKING:
    from groundup.tui.segments import Segmentation

PICTURE = (120, 40)
"""Columns and rows of a picture of a screen."""


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
    svg: Path | None = None
    screen: str = "run"


def watch(options: WatchOptions) -> None:
    """Show the library until one leaves; raises `UsageError` or `LibraryUnusable` with a sentence."""
    if options.plain + options.web + (options.svg is not None) > 1:
        raise UsageError(
            "--plain prints lines, --web shows a page and --svg writes a picture: give one of them."
        )
    if options.beside and (options.plain or options.svg is not None):
        raise UsageError(
            "--beside is for curves over each other on a screen: leave it out with --plain and --svg."
        )
    if options.svg is not None:
        _draw(options, options.svg)
    elif options.plain:
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

    for location in (options.library, *options.beside):
        Feed(location, options.run if location == options.library else None).close()
    _segments(options)


def _print(options: WatchOptions) -> None:
    from groundup.tui import plain
    from groundup.tui.source import open_source

    segments = _segments(options)
    source = open_source(options.library)
    try:
        for line in plain.segment_lines(segments) if segments is not None else ():
            print(line, flush=True)
        plain.watch(source, options.run, lambda line: print(line, flush=True))
    finally:
        source.close()


def _draw(options: WatchOptions, svg: Path) -> None:
    from groundup.tui.app import WatchApp, screenshot
    from groundup.tui.feed import Feed

    if options.screen not in WatchApp.MODES:
        raise UsageError(f"--screen {options.screen!r} is none: give one of {', '.join(WatchApp.MODES)}.")
    with closing(Feed(options.library, options.run)) as feed:
        screenshot(feed, options.screen, svg, PICTURE, segments=_segments(options))
    print(svg)


def _segments(options: WatchOptions) -> Segmentation | None:
    if options.segments is None:
        return None
    from groundup.tui.segments import read_segmentation

    return read_segmentation(options.segments)


def _show(options: WatchOptions) -> None:
    # All that is imported and built for the first picture stays: to look for garbage in it meanwhile takes a
    # seventh of the time. The dashboard goes on with that when it has painted.
    gc.disable()
    from groundup.tui.app import show
    from groundup.tui.feed import Feed

    segments = _segments(options)
    with ExitStack() as stack:
        feeds: list[Feed] = []
        for location in (options.library, *options.beside):
            feed = Feed(location, options.run if not feeds else None)
            stack.callback(feed.close)
            feeds.append(feed)
        show(feeds[0], beside=feeds[1:], segments=segments)

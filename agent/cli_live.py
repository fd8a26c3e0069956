"""`groundup launch` and `record`: a real game started and stopped; somebody playing recorded."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from groundup.agent.cli_output import Debug, Json, guarded, print_json


def launch(
    game: Annotated[str, typer.Argument(help="A game that can be started from here.")],
    seed: Annotated[int, typer.Option(help="Seed of the game.")] = 0,
    minutes: Annotated[float | None, typer.Option(help="End it after so many minutes.")] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Start a real game, with a screen where there is none; Ctrl-C stops all that was started."""
    with guarded(debug=debug, json=json):
        from groundup.envs.errors import UsageError
        from groundup.envs.launch import launch as start

        if minutes is not None and not minutes > 0:
            raise UsageError(f"--minutes {minutes:g} is no time to run: give more than 0.")
        ended = _on_signals()
        running = start(game, seed)
        try:
            report = {
                "game": game,
                "seed": seed,
                "display": os.environ.get("DISPLAY"),
                "window": running.window.title,
                "pids": running.programs.pids,
            }
            if json:
                print_json(report)
            else:
                started = ", ".join(f"{name} ({pid})" for name, pid in running.programs.pids.items())
                print(f"{game} runs on display {report['display']}: {started}.", flush=True)
                play = f"groundup play --window '{running.window.title}'"
                print(f"Play it with: DISPLAY={report['display']} {play}", flush=True)
            end = math.inf if minutes is None else time.monotonic() + 60 * minutes
            while not ended() and (left := end - time.monotonic()) > 0:
                running.programs.check()
                time.sleep(min(0.2, left))
        finally:
            running.programs.close()


def _on_signals() -> Callable[[], bool]:
    """Gives a function that says whether Ctrl-C was pressed, or SIGTERM came.

    No `threading.Event`: to set it takes a lock, which the thread that the handler interrupts may hold.
    """
    asked = False

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        nonlocal asked
        asked = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    return lambda: asked


def record(
    folder: Annotated[Path, typer.Argument(help="Folder for the recording; made if it is not there.")],
    window: Annotated[str | None, typer.Option(help="The window's title, or how it begins.")] = None,
    window_class: Annotated[str | None, typer.Option(help="Its class.")] = None,
    window_pid: Annotated[int | None, typer.Option(help="The process that owns it.")] = None,
    window_profile: Annotated[
        str | None, typer.Option(help="What is known of it: a name or a .toml file. [default: by the title]")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after so many minutes.")] = None,
    player: Annotated[str, typer.Option(help="Who plays, for the card.")] = "",
    show_keys: Annotated[
        bool, typer.Option("--show-keys", help="Keep what is typed; by default only the game's keys are.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Record somebody playing: the window's picture, mouse and keyboard; Ctrl-C ends it."""
    with guarded(debug=debug, json=json):
        from groundup.envs.errors import UsageError
        from groundup.envs.window import Query
        from groundup.envs.window_record import record as start

        query = Query(window, window_class, window_pid)
        if query == Query():
            raise UsageError("Which window? Name it with --window, --window-class or --window-pid.")
        if minutes is not None and not minutes > 0:
            raise UsageError(f"--minutes {minutes:g} is no time to record: give more than 0.")
        end = math.inf if minutes is None else time.monotonic() + 60 * minutes
        ended = _on_signals()
        done = start(
            query,
            folder,
            profile=window_profile,
            until=lambda: ended() or time.monotonic() >= end,
            show_keys=show_keys,
            player=player,
        )
        if json:
            print_json(asdict(done))
        else:
            print(
                f"{done.folder}: {done.frames} frames, {done.inputs} inputs, {done.masked} keys masked; "
                f"{done.ended}."
            )

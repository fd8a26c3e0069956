"""The command line: `groundup play`, `segment`, `demos`, `train`, `watch`, ...

Only what `--help` needs is imported here; each command imports its own parts when it runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Annotated

import typer

from groundup.agent import cli_model
from groundup.agent.cli_bench import bench
from groundup.agent.cli_demos import demos
from groundup.agent.cli_live import launch, record
from groundup.agent.cli_output import STOPPED, Debug, Json, LibraryOption, Progress, guarded, print_json
from groundup.agent.cli_segmenting import calibrate, segment
from groundup.agent.cli_skills import skills
from groundup.agent.cli_train import train

app = typer.Typer(
    name="groundup",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(skills, name="skills")
app.add_typer(bench, name="bench")
app.add_typer(demos, name="demos")


@app.command(epilog="Example: groundup play spire --steps 300 --seed 0")
def play(
    game: Annotated[str, typer.Argument(help="A game by name, or module:factory of your own.")] = "spire",
    steps: Annotated[
        int | None, typer.Option(help="Actions to send to the game in all. [default: 300]")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the game and of the agent. [default: 0]")] = None,
    library: Annotated[
        str | None,
        typer.Option(help="Where skills are kept, a path or URL. [default: $GROUNDUP_HOME/GAME.db]"),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            help="local, random, elements, reference; with a model: openai, transformers, scripted, "
            "reference-vlm. [default: local]"
        ),
    ] = None,
    model: cli_model.Model = None,
    base_url: cli_model.BaseUrl = None,
    key_file: cli_model.KeyFile = None,
    profile: cli_model.Profile = None,
    max_cost: cli_model.MaxCost = None,
    max_calls: cli_model.MaxCalls = None,
    device: cli_model.Device = None,
    dtype: cli_model.Dtype = None,
    size: Annotated[str | None, typer.Option(help="Size of the frames, such as 1280x720.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the pictures. [default: $GROUNDUP_HOME/runs/RUN]")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Stop after so many minutes, with everything kept.")
    ] = None,
    visible: Annotated[bool, typer.Option("--visible", help="Show the game in a window.")] = False,
    window: Annotated[
        str | None, typer.Option(help="Play in the desktop's window of this title, or whose title begins so.")
    ] = None,
    window_class: Annotated[str | None, typer.Option(help="The same by the window's class.")] = None,
    window_pid: Annotated[int | None, typer.Option(help="The same by the process that owns it.")] = None,
    window_profile: Annotated[
        str | None,
        typer.Option(help="What is known of that window: a name or a .toml file. [default: by the title]"),
    ] = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Ask before each action on a real window.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the latest unfinished run of the library.")
    ] = False,
    frozen: Annotated[bool, typer.Option("--frozen", help="Use what is known and learn nothing.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say and draw what would be done first, and do nothing.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Play a game and learn from it; prints progress, then a summary."""
    with guarded(debug=debug, json=json):
        from groundup.agent import cli_play
        from groundup.agent.model_options import ModelOptions
        from groundup.agent.report import as_text
        from groundup.envs.window import Query

        meant = Query(window, window_class, window_pid)
        options = cli_play.PlayOptions(
            game=game,
            steps=steps,
            seed=seed,
            library=library,
            policy=policy,
            size=None if size is None else cli_play.parse_size(size),
            visible=visible,
            resume=resume,
            frozen=frozen,
            out=out,
            minutes=minutes,
            model=ModelOptions(model, base_url, key_file, profile, device, dtype, max_cost, max_calls),
            window=None if meant == Query() else meant,
            window_profile=window_profile,
            confirm=confirm,
        )
        if dry_run:
            print_json(cli_play.look(options))
            return
        with Progress("playing") as progress:
            played = cli_play.play(options, progress)
        if json:
            print_json(played.report)
        else:
            print(as_text(played.report))
        if played.interrupted:
            raise typer.Exit(STOPPED)


app.command(epilog="Example: groundup launch freeciv")(launch)
app.command(epilog="Example: groundup record out/demos/0 --window Freeciv")(record)
app.command(
    epilog="Example: groundup segment demo.mp4 --actions demo.jsonl --policy foundation-model-3x.model"
)(segment)
app.command(epilog="Example: groundup calibrate demo.mp4 --policy my.model --idm 4x_idm.model --length 200")(
    calibrate
)
app.command(epilog="Example: groundup train policy out/crafter --out out/models/policy-0 --seed 0")(train)


@app.command(epilog="Example: groundup watch --library out/spire.db")
def watch(
    run: Annotated[
        str | None, typer.Argument(help="A run, or how its id begins. [default: the latest]")
    ] = None,
    library: LibraryOption = None,
    game: Annotated[str, typer.Option(help="The game whose library is meant when none is named.")] = "spire",
    beside: Annotated[
        list[str] | None,
        typer.Option(help="Another library, whose runs can be laid over this one's; may be given again."),
    ] = None,
    segments: Annotated[
        Path | None, typer.Option(help="A segmented video, as groundup segment --json writes it.")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Print the same facts as lines.")] = False,
    web: Annotated[bool, typer.Option("--web", help="Show it in a browser on this machine.")] = False,
    port: Annotated[int, typer.Option(help="Port of --web; 0 takes a free one.", min=0, max=65535)] = 0,
    svg: Annotated[
        Path | None, typer.Option(help="Write a picture of a screen to this file instead of showing it.")
    ] = None,
    screen: Annotated[
        str, typer.Option(help="The screen of --svg: run, growth, skills, scenes, segments, log.")
    ] = "run",
    debug: Debug = False,
) -> None:
    """Watch a run as it happens, and everything that was learnt."""
    with guarded(debug=debug, json=False):
        from groundup.tui.start import WatchOptions
        from groundup.tui.start import watch as start

        start(
            WatchOptions(
                library=library or _library_of(game),
                run=run,
                beside=tuple(beside or ()),
                segments=segments,
                plain=plain,
                web=web,
                port=port,
                svg=svg,
                screen=screen,
            )
        )


@app.command(epilog="Example: groundup report --library out/spire.db --out report.html")
def report(
    run: Annotated[
        str | None, typer.Argument(help="A run, or how its id begins. [default: the latest]")
    ] = None,
    library: LibraryOption = None,
    game: Annotated[str, typer.Option(help="The game whose library is meant when none is named.")] = "spire",
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write one page on a run, to keep: curves, skills, the path through the scenes."""
    with guarded(debug=debug, json=json):
        from groundup.tui.page import write_report

        written = write_report(library or _library_of(game), run, out)
        if json:
            print_json(written)
        else:
            print(f"{written['page']}: {written['bytes'] / 1e6:.1f} MB on run {written['run']}")


def _library_of(game: str) -> str:
    from groundup.agent.settings import library_of

    return library_of(game)


@app.command(epilog="Example: groundup doctor")
def doctor(
    window: Annotated[
        bool,
        typer.Option("--window", help="Open a small window and measure capture, mouse and keyboard in it."),
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Say what works on this machine, what is missing, and how to get it."""
    with guarded(debug=debug, json=json):
        from groundup.agent.doctor import as_text, examine

        report = examine(window=window)
        if json:
            print_json(report)
        else:
            print(as_text(report))
        if not report["ok"]:
            raise typer.Exit(1)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"groundup {version('groundup')}")
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """An agent that learns to play computer games from the ground up: pixels in, mouse out, skills kept."""


def _called(given: Sequence[str]) -> typer.Typer:
    """The command line with only the command that is called: to build all of them takes 50 ms."""
    commands = [
        one for one in app.registered_commands if given and getattr(one.callback, "__name__", "") == given[0]
    ]
    if not commands:
        return app
    one = copy(app)
    one.registered_commands, one.registered_groups = commands, []
    return one


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0, 1 failed, 2 wrong use, 130 stopped by Ctrl-C."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = typer.main.get_group(_called(given)).main(
            args=given, prog_name="groundup", standalone_mode=False
        )
    except typer.TyperException as error:
        said = error.format_message()
        message = " ".join(said.split()).rstrip(".")
        if said.startswith("Usage:"):  # a group called without a command: its whole help, as it is laid out
            print(said, file=sys.stderr)
        elif message:
            print(f"groundup: {message}: see --help.", file=sys.stderr)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        print("groundup: stopped.", file=sys.stderr)
        sys.exit(STOPPED)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()

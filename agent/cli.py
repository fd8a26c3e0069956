"""The command line: `groundup play`, `skills`, `bench`, `doctor`.

Only what `--help` needs is imported here; each command imports its own parts when it runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from groundup.agent.cli_bench import bench
from groundup.agent.cli_demos import demos
from groundup.agent.cli_output import STOPPED, Debug, Json, Progress, guarded, print_json
from groundup.agent.cli_skills import skills
from groundup.agent.cli_train import train

app = typer.Typer(
    name="groundup",
    help="An agent that learns to play computer games from the ground up: pixels in, mouse out, skills kept.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(skills, name="skills")
app.add_typer(bench, name="bench")
app.add_typer(demos, name="demos")
app.command(epilog="Example: groundup train policy out/crafter --out out/models/policy-0 --seed 0")(train)


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
        str | None, typer.Option(help="local, random, elements or reference. [default: local]")
    ] = None,
    size: Annotated[str | None, typer.Option(help="Size of the frames, such as 1280x720.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the pictures. [default: $GROUNDUP_HOME/runs/RUN]")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Stop after so many minutes, with everything kept.")
    ] = None,
    visible: Annotated[bool, typer.Option("--visible", help="Show the game in a window.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the latest unfinished run of the library.")
    ] = False,
    frozen: Annotated[bool, typer.Option("--frozen", help="Use what is known and learn nothing.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done first, and do nothing.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Play a game and learn from it; prints progress, then a summary."""
    with guarded(debug=debug, json=json):
        from groundup.agent import cli_play
        from groundup.agent.report import as_text

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


@app.command(epilog="Example: groundup doctor")
def doctor(json: Json = False, debug: Debug = False) -> None:
    """Say what works on this machine, what is missing, and how to get it."""
    with guarded(debug=debug, json=json):
        from groundup.agent.doctor import as_text, examine

        report = examine()
        if json:
            print_json(report)
        else:
            print(as_text(report))
        if not report["ok"]:
            raise typer.Exit(1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0, 1 failed, 2 wrong use, 130 stopped by Ctrl-C."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = typer.main.get_command(app).main(args=given, prog_name="groundup", standalone_mode=False)
    except typer.TyperException as error:
        message = " ".join(error.format_message().split()).rstrip(".")
        if message:
            print(f"groundup: {message}: see --help.", file=sys.stderr)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        print("groundup: stopped.", file=sys.stderr)
        sys.exit(STOPPED)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()

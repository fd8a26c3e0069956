"""`groundup demos`: scripts that play, for training, for measuring boundary detection, and to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groundup.agent.cli_output import Debug, Json, Progress, guarded, print_json

demos = typer.Typer(help="Make demonstrations: scripts play, and are recorded.", no_args_is_help=True)


@demos.command(epilog="Example: groundup demos record spire --count 3 --seed 9000 --out out/demos")
def record(
    game: Annotated[str, typer.Argument(help="A game that brings scripted players.")],
    out: Annotated[Path, typer.Option(help="Folder to write recordings to; what is finished is kept.")],
    count: Annotated[int, typer.Option(help="Recordings.", min=1)] = 1,
    runs: Annotated[int, typer.Option(help="Runs of the game in each.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the first recording; each has the next one.", min=0)] = 0,
    player: Annotated[str | None, typer.Option(help="Which scripted player. [default: a good one]")] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Record a scripted player at the mouse: frames and inputs, for groundup segment --seed-library."""
    with guarded(debug=debug, json=json):
        from groundup.agent import demos_record as recording

        wanted = recording.Wanted(game, out, count, runs, seed, player)
        with Progress("recording") as progress:
            report = recording.run(wanted, progress)
        if json:
            print_json(report)
        else:
            print(f"{len(report['recordings'])} recordings of {report['player']} in {out}")


@demos.command(epilog="Example: groundup demos crafter --episodes 440 --seed 0 --out out/crafter")
def crafter(
    out: Annotated[Path, typer.Option(help="Folder to write to; what is there already is kept.")],
    episodes: Annotated[int, typer.Option(help="Demonstrations in all three splits.")] = 440,
    seed: Annotated[int, typer.Option(help="Seed; other seeds have other worlds.")] = 0,
    steps: Annotated[int, typer.Option(help="Steps of a demonstration.")] = 400,
    noise: Annotated[
        str, typer.Option(help="Shares of actions replaced by random ones, by turns.")
    ] = "0,0.05,0.1,0.2",
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Let a script chain skills in Crafter: frames, actions, events, and its switches apart as labels."""
    with guarded(debug=debug, json=json):
        from groundup.agent import demos as making
        from groundup.envs.errors import UsageError

        try:
            levels = [float(part) for part in noise.split(",")]
        except ValueError as error:
            raise UsageError(f"--noise {noise!r} are no shares: give some, such as 0,0.1.") from error
        with Progress("demos") as progress:
            card = making.run(making.Demos(out, episodes, seed, steps, levels), jobs, progress)
        if json:
            print_json({"out": str(out), "seed": seed, "counts": card.counts, "worlds": card.worlds})
        else:
            print(f"{sum(card.counts.values())} demonstrations in {out}: {card.counts}")


@demos.command(epilog="Example: groundup demos describe out/crafter")
def describe(
    data: Annotated[Path, typer.Argument(help="Folder of demonstrations, as `groundup demos` makes.")],
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Count what is there: splits, worlds, lengths of segments, skills and their achievements, noise."""
    with guarded(debug=debug, json=json):
        from groundup.agent import demos_facts

        facts = demos_facts.describe(data)
        if json:
            print_json(facts)
        else:
            print(demos_facts.as_text(facts))

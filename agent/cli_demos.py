"""`groundup demos`: demonstrations with known skills, for training and for measuring boundary detection."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groundup.agent.cli_output import Debug, Json, Progress, guarded, print_json

demos = typer.Typer(help="Make demonstrations whose skills are known.", no_args_is_help=True)


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

"""`groundup train`: small networks from demonstrations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groundup.agent.cli_output import Debug, Json, Progress, guarded, print_json

KINDS = ("policy", "idm", "latent", "detector", "controller")


def train(
    kind: Annotated[
        str,
        typer.Argument(
            help="policy, idm, latent (skills without labels), detector (with labels) or controller."
        ),
    ],
    data: Annotated[Path, typer.Argument(help="Folder of demonstrations, as `groundup demos` makes.")],
    out: Annotated[Path, typer.Option(help="Folder for the checkpoint, as out/models/policy-0.")],
    seed: Annotated[int, typer.Option(help="Seed of everything that is left to chance.")] = 0,
    epochs: Annotated[int, typer.Option(help="Passes over the demonstrations, at most.")] = 8,
    rate: Annotated[
        float | None, typer.Option(help="Learning rate. [default: 0.002; detector 0.001]")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            help="detector: the policy whose encoder it begins with; controller: the one it sees by."
        ),
    ] = None,
    segments: Annotated[
        str,
        typer.Option(
            help="controller only: how its segments are cut: fixed, reference, combined, latent, true."
        ),
    ] = "latent",
    length: Annotated[
        int, typer.Option(help="controller only: steps that a segment shall have on average.")
    ] = 29,
    latent: Annotated[
        Path | None, typer.Option(help="controller only: the latent skills that cut its segments.")
    ] = None,
    episodes: Annotated[
        int | None, typer.Option(help="controller only: demonstrations to learn from, at most.", min=1)
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished epoch.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Train a network on demonstrations; stops early, keeps the best, can be interrupted and resumed."""
    with guarded(debug=debug, json=json):
        from groundup.envs.errors import UsageError

        if kind not in KINDS:
            raise UsageError(f"{kind!r} cannot be trained: choose one of {', '.join(KINDS)}.")
        if epochs < 1 or seed < 0:
            raise UsageError("--epochs must be 1 or more and --seed 0 or more.")
        if rate is not None and not 0 < rate < float("inf"):
            raise UsageError(f"--rate {rate:g} is no learning rate: give a number above 0, as 0.002.")
        from groundup.skills.discovery.training.commands import Cutting
        from groundup.skills.discovery.training.commands import train as run
        from groundup.skills.discovery.training.loop import Plan

        rate = rate if rate is not None else 0.001 if kind == "detector" else 0.002
        plan = Plan(out, seed, epochs, rate=rate, resume=resume)
        with Progress(f"train {kind}") as progress:
            card = run(kind, data, plan, policy, progress, Cutting(segments, length, latent, episodes))
        if json:
            print_json(
                {
                    "out": str(out),
                    "kind": kind,
                    "seed": seed,
                    "epochs": card.epochs,
                    "validation": card.validation,
                    "made": card.made,
                }
            )
        else:
            print(f"{kind} in {out}: validation loss {card.validation:.3f} after {card.epochs} epochs")

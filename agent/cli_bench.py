"""`groundup bench`: how well the agent learns, how fast and how right its parts are."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundup.agent.cli_output import Debug, Json, Progress, guarded, print_json

if TYPE_CHECKING:
    from groundup.skills.discovery.demonstrations import Split

bench = typer.Typer(help="Measure: what is learnt, perception, the library.", no_args_is_help=True)


@bench.command(epilog="Example: groundup bench spire --learn 1000 --runs 10 --seeds 0:5")
def spire(
    learn: Annotated[
        int, typer.Option(help="Steps to learn from an empty library; 0 to learn nothing.")
    ] = 1000,
    runs: Annotated[int, typer.Option(help="Runs to play with learning frozen.")] = 10,
    seeds: Annotated[str, typer.Option(help="Seeds, first:end (end left out).")] = "0:5",
    policy: Annotated[str, typer.Option(help="local, random, elements or reference.")] = "local",
    library: Annotated[
        str | None, typer.Option(help="Start from a copy of this library instead of an empty one.")
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(help="Folder to keep each seed's library and row in, as seed-0.db and seed-0.json."),
    ] = None,
    campaign: Annotated[
        bool,
        typer.Option("--campaign", help="Play the same games once more in a new campaign that learns on."),
    ] = False,
    cut: Annotated[int, typer.Option(help="Steps after which a run is counted as it stands.")] = 1500,
    jobs: Annotated[int, typer.Option(help="Seeds at a time; 0 for one a core, at most 2.")] = 0,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Learn, freeze, play: floors by seed and over all, beside scripted players that see the engine."""
    with guarded(debug=debug, json=json):
        from groundup.agent import bench_spire
        from groundup.agent.bench_spire_report import Options, as_text

        wanted = bench_spire.parse_seeds(seeds)
        options = Options("spire", learn, runs, wanted, policy, library, cut, keep, campaign)
        with Progress("bench") as progress:
            report = bench_spire.run(options, jobs, progress)
        _print(report, json, as_text(report))


@bench.command(epilog="Example: groundup bench demos out/demos/* --seeds 20:25 --steps 300")
def demos(
    recordings: Annotated[list[Path], typer.Argument(help="Recordings, as `groundup demos record` makes.")],
    seeds: Annotated[
        str, typer.Option(help="Seeds of game and learner, first:end (end left out).")
    ] = "20:25",
    steps: Annotated[int, typer.Option(help="First steps of each learner.", min=1)] = 300,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """A new learner's first steps with a library learnt from recordings, beside those with an empty one."""
    with guarded(debug=debug, json=json):
        from groundup.agent import bench_demos
        from groundup.agent.bench_spire import parse_seeds

        with Progress("bench") as progress:
            report = bench_demos.run(recordings, parse_seeds(seeds), steps, progress)
        _print(report, json, bench_demos.as_text(report))


@bench.command(epilog="Example: groundup bench perception --screens ../shared/data/screens")
def perception(
    screens: Annotated[Path, typer.Option(help="Folder of screenshots.")] = Path("../shared/data/screens"),
    labels: Annotated[
        Path | None, typer.Option(help="Labelled elements. [default: elements.json in the folder]")
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Proposals, text and grounding on screenshots, beside the reference's grounding."""
    with guarded(debug=debug, json=json):
        from groundup.agent import bench_perception

        report = bench_perception.run(screens, labels or screens / "elements.json")
        _print(report, json, table(report))


@bench.command(epilog="Example: groundup bench segment ../shared/data/minecraft/short.mp4 --size 1x")
def segment(
    videos: Annotated[list[Path], typer.Argument(help="Videos to take frames from, by turns.")],
    size: Annotated[str, typer.Option(help="1x, 2x or 3x: the size of VPT's policy.")] = "1x",
    frames: Annotated[int, typer.Option(help="Frames of a stretch to score.", min=2)] = 128,
    pairs: Annotated[int, typer.Option(help="Stretches, each scored in every way.", min=1)] = 5,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Scoring frames with random weights at VPT's sizes, beside doing it frame by frame."""
    with guarded(debug=debug, json=json):
        from groundup.agent import bench_segment

        with Progress("bench") as progress:
            report = bench_segment.run(videos, size, frames, pairs, progress)
        _print(report, json, table(report))


@bench.command(epilog="Example: groundup bench library --sizes 10000,100000")
def library(
    sizes: Annotated[str, typer.Option(help="Numbers of skills to retrieve from.")] = "10000,100000,1000000",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Retrieving, looking up and writing, beside the reference's pickles in SQLite."""
    with guarded(debug=debug, json=json):
        from groundup.agent import bench_library
        from groundup.envs.errors import UsageError

        try:
            counts = [int(part) for part in sizes.split(",")]
        except ValueError:
            counts = []
        if not counts or min(counts) <= 0:
            raise UsageError(f"--sizes {sizes!r} are no numbers of skills: give some, such as 10000,100000.")
        report = bench_library.run(counts, say=lambda words: print(f"bench: {words}", file=sys.stderr))
        _print(report, json, table(report))


@bench.command(epilog="Example: groundup bench discovery out/crafter --models out/models --seeds 0:3")
def discovery(
    data: Annotated[Path, typer.Argument(help="Folder of demonstrations, as `groundup demos` makes.")],
    models: Annotated[Path, typer.Option(help="Folder with policy-SEED, latent-SEED and detector-SEED.")],
    seeds: Annotated[str, typer.Option(help="Seeds of training, first:end (end left out).")] = "0:3",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Rules that find skill boundaries, beside baselines and a supervised detector."""
    with guarded(debug=debug, json=json):
        from groundup.agent import bench_discovery
        from groundup.agent.bench_spire import parse_seeds
        from groundup.skills.discovery.training.checkpoint import threads

        threads(1)
        with Progress("bench") as progress:
            report = bench_discovery.run(data, models, parse_seeds(seeds), progress)
        _print(report, json, bench_discovery.as_text(report))


@bench.command(epilog="Example: groundup bench controller out/crafter --models out/models --seeds 0:2")
def controller(
    data: Annotated[Path, typer.Argument(help="Folder of demonstrations, as `groundup demos` makes.")],
    models: Annotated[Path, typer.Option(help="Folder with controller-NAME-SEED, and policy-SEED.")],
    seeds: Annotated[str, typer.Option(help="Seeds of training, first:end (end left out).")] = "0:3",
    tries: Annotated[int, typer.Option(help="Tries of each task.", min=1)] = 10,
    validation: Annotated[
        bool, typer.Option("--validation", help="Clips and worlds of the validation split.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """What controllers do when they are shown a clip of an atomic task, by how their segments were cut."""
    with guarded(debug=debug, json=json):
        from groundup.agent import bench_controller
        from groundup.agent.bench_spire import parse_seeds
        from groundup.skills.discovery.training.checkpoint import threads

        threads(1)
        with Progress("bench") as progress:
            split: Split = "validation" if validation else "test"
            report = bench_controller.run(data, models, parse_seeds(seeds), tries, progress, split)
        _print(report, json, bench_controller.as_text(report))


@bench.command(epilog="Example: groundup bench watch --events 1000000 --pairs 4")
def watch(
    events: Annotated[int, typer.Option(help="Events of the long run that is opened.", min=1000)] = 1_000_000,
    rate: Annotated[
        float, typer.Option(help="Events a second of the run that is followed.", min=1, max=1000)
    ] = 200,
    seconds: Annotated[float, typer.Option(help="How long it is followed.", min=3)] = 20,
    game: Annotated[str, typer.Option(help="The game that is played, watched and not.")] = "spire",
    pairs: Annotated[int, typer.Option(help="Pairs of such runs; 0 leaves them out.", min=0)] = 4,
    steps: Annotated[int, typer.Option(help="Steps of each.", min=10)] = 150,
    repeats: Annotated[int, typer.Option(help="Times that what is over quickly is done.", min=1)] = 5,
    requests: Annotated[
        int, typer.Option(help="Requests to pause or go on that a run is asked.", min=1)
    ] = 20,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """What the dashboard costs: opening a long run, following a live one, slowing down play."""
    with guarded(debug=debug, json=json):
        from groundup.agent import bench_watch

        options = bench_watch.Options(events, rate, seconds, game, pairs, steps, repeats, requests)
        report = bench_watch.run(options, lambda words: print(f"bench: {words}", file=sys.stderr))
        _print(report, json, table(report))


@bench.command(epilog="Example: groundup bench models --steps 1000 --seed 0")
def models(
    steps: Annotated[int, typer.Option(help="Steps to play with each policy.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of game and agents.")] = 0,
    game: Annotated[str, typer.Option(help="The game to play.")] = "spire",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """What asking a model costs, beside the paper's schedule, counted on a server here."""
    with guarded(debug=debug, json=json):
        from groundup.agent import bench_models

        with Progress("bench") as progress:
            report = bench_models.run(game, steps, seed, progress)
        _print(report, json, table(report))


def table(report: dict[str, Any]) -> str:
    """The results of a bench as lines, and the machine."""
    lines = [f"{'case':62} {'ours':>10} {'baseline':>10} {'ratio':>8}  unit (n)"]
    for row in report["results"]:
        ours, baseline, ratio = (_cell(row[key]) for key in ("ours", "baseline", "ratio"))
        lines.append(
            f"{row['case'][:62]:62} {ours:>10} {baseline:>10} {ratio:>8}  {row['unit']} ({row['n']})"
        )
    return "\n".join([*lines, f"machine: {json_module.dumps(report['machine'])}"])


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _print(report: dict[str, Any], json: bool, text: str) -> None:
    if json:
        print_json(report)
    else:
        print(text)

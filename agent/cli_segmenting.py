"""`groundup segment` and `groundup calibrate`: their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groundup.agent import cli_model
from groundup.agent.cli_output import Debug, Json, Progress, guarded, print_json, printable

Videos = Annotated[
    list[Path],
    typer.Argument(
        help="Videos, one folder of videos, one LeRobotDataset (v3.0), or demonstrations of `groundup demos`."
    ),
]
Policy = Annotated[
    Path,
    typer.Option(
        help="A VPT .model file with its .weights beside it; for demonstrations of `groundup demos` a folder "
        "that `groundup train` made."
    ),
]
PolicyWeights = Annotated[Path | None, typer.Option(help="Weights, if not beside the .model file.")]
Actions = Annotated[Path | None, typer.Option(help="Recorded actions, JSON lines, one a frame.")]
Events = Annotated[Path | None, typer.Option(help="Events that end a skill, JSON lines.")]
Idm = Annotated[
    Path | None,
    typer.Option(
        help="An inverse dynamics model (.model, or a folder that `groundup train` made), where actions were "
        "not recorded."
    ),
]
IdmWeights = Annotated[Path | None, typer.Option(help="Its weights, if not beside it.")]
Cursor = Annotated[
    Path | None, typer.Option(help="PNG of the pointer to draw in menus. [default: a plain arrow]")
]
DropSmall = Annotated[
    bool, typer.Option("--drop-small", help="Leave out frames whose camera moves less than its bins show.")
]
RuleName = Annotated[
    str,
    typer.Option(help="How to cut: reference, smoothed, histogram, combined, combined-events, latent."),
]


def segment(
    videos: Annotated[
        list[Path],
        typer.Argument(
            help="Videos, a folder of videos, a LeRobotDataset (v3.0), demonstrations of `groundup demos`, "
            "or recordings of a mouse game."
        ),
    ],
    policy: Annotated[
        Path | None,
        typer.Option(
            help="A VPT .model file with its .weights beside it, for videos; a folder that `groundup train` "
            "made, for demonstrations of `groundup demos`."
        ),
    ] = None,
    policy_weights: PolicyWeights = None,
    actions: Actions = None,
    events: Events = None,
    idm: Idm = None,
    idm_weights: IdmWeights = None,
    rule: RuleName = "reference",
    gap: Annotated[
        float | None,
        typer.Option(
            help="Nats above the mean loss; of other rules the height of a peak. "
            "[default: 18 with recorded, 17 with predicted actions]"
        ),
    ] = None,
    min_length: Annotated[int, typer.Option(help="Shortest segment, frames.", min=1)] = 2,
    max_length: Annotated[int, typer.Option(help="Longest segment, frames.", min=1)] = 12_800,
    fast: Annotated[
        bool,
        typer.Option(
            "--fast/--exact",
            help="Compute roughly where the processor does that faster, and exactly near the gap.",
        ),
    ] = False,
    drop_small: DropSmall = False,
    cursor: Cursor = None,
    clips: Annotated[
        Path | None, typer.Option(help="Folder for a clip of each segment; of several videos a folder each.")
    ] = None,
    timeline: Annotated[
        Path | None,
        typer.Option(help="PNG to draw losses and boundaries in; of several videos a folder of them."),
    ] = None,
    lerobot: Annotated[
        Path | None,
        typer.Option(
            help="Folder for a LeRobotDataset (v3.0), a segment an episode; of several, a folder each."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="FILE.jsonl to add records to, or FILE.csv.")] = None,
    seed_library: Annotated[
        str | None,
        typer.Option(help="Library that gets the segments as skills, or what recordings of a mouse teach."),
    ] = None,
    reasoner: Annotated[
        str | None,
        typer.Option(help="Who names the segments in the library: openai, transformers, scripted."),
    ] = None,
    model: cli_model.Model = None,
    base_url: cli_model.BaseUrl = None,
    key_file: cli_model.KeyFile = None,
    profile: cli_model.Profile = None,
    max_cost: cli_model.MaxCost = None,
    max_calls: cli_model.MaxCalls = None,
    device: cli_model.Device = None,
    dtype: cli_model.Dtype = None,
    workers: Annotated[int, typer.Option(help="Videos at a time.", min=1)] = 1,
    engine: Annotated[str, typer.Option(help="Who cuts several videos: local processes, or ray.")] = "local",
    address: Annotated[
        str | None, typer.Option(help="Of a Ray cluster. [default: one of this machine, for this run]")
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Cut demonstration videos into skills where the actions surprise a policy."""
    with guarded(debug=debug, json=json):
        from groundup.agent import cli_seed
        from groundup.agent.model_options import ModelOptions

        asked = ModelOptions(model, base_url, key_file, profile, device, dtype, max_cost, max_calls)
        cli_seed.check_naming(reasoner, asked, seed_library)
        if seed_library is not None and policy is None and [one.suffix for one in videos] == [".json"]:
            from groundup.agent import cli_segmented

            with Progress("seeding") as progress, cli_seed.naming(reasoner, asked) as namer:
                sent = cli_segmented.seed(videos[0], seed_library, progress, namer)
            if json:
                print_json(sent)
            else:
                print(cli_segmented.as_text(sent))
            return
        if seed_library is not None and policy is None:
            if reasoner is not None:
                raise cli_seed.no_names()
            with Progress("learning") as progress:
                taught = cli_seed.from_recordings(videos, seed_library, progress)
            if json:
                print_json(taught)
            else:
                print(cli_seed.as_text(taught))
            return
        if policy is None:
            raise cli_seed.no_policy(videos)
        from groundup.agent import cli_segment
        from groundup.skills.discovery.jobs import Job

        job = Job(
            video=videos[0],
            policy=policy,
            policy_weights=policy_weights,
            actions=actions,
            events=events,
            idm=idm,
            idm_weights=idm_weights,
            rule=rule,
            gap=gap,
            min_length=min_length,
            max_length=max_length,
            drop_small=drop_small,
            precision="fast" if fast else "exact",
            cursor=cursor,
        )
        options = cli_segment.SegmentOptions(
            out, clips, timeline, lerobot, workers, engine, address, seed_library
        )
        with cli_seed.naming(reasoner, asked) as namer, Progress("segmenting") as progress:
            report = cli_segment.segment(videos, job, options, progress, namer)
        if json:
            print_json(report)
        else:
            print(printable(cli_segment.as_text(report)))
        if report.get("failed"):
            raise typer.Exit(1)


def calibrate(
    videos: Videos,
    policy: Policy,
    policy_weights: PolicyWeights = None,
    actions: Actions = None,
    events: Events = None,
    idm: Idm = None,
    idm_weights: IdmWeights = None,
    rule: RuleName = "reference",
    length: Annotated[float | None, typer.Option(help="Mean length of segments wanted, frames.")] = None,
    rate: Annotated[float | None, typer.Option(help="Segments a minute wanted, instead.")] = None,
    drop_small: DropSmall = False,
    cursor: Cursor = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Pick the gap of a rule for a policy, from videos without labels; prints it for `segment --gap`."""
    with guarded(debug=debug, json=json):
        from groundup.agent import cli_segment
        from groundup.skills.discovery.jobs import Job

        job = Job(
            video=videos[0],
            policy=policy,
            policy_weights=policy_weights,
            actions=actions,
            events=events,
            idm=idm,
            idm_weights=idm_weights,
            rule=rule,
            drop_small=drop_small,
            cursor=cursor,
        )
        with Progress("calibrating") as progress:
            report = cli_segment.calibrate(videos, job, length, rate, progress)
        if json:
            print_json(report)
        else:
            print(
                f"--rule {report['rule']} --gap {report['gap']:.4g}: {report['segments']} segments, "
                f"{report['mean_length']} frames long on average (wanted {report['wanted_length']})"
            )

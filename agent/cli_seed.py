"""What `groundup segment --seed-library` does: learn from recordings, make skills of cut videos."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundup.agent.cli_output import Progress
from groundup.agent.model_options import ModelOptions
from groundup.agent.settings import Settings
from groundup.envs.errors import UsageError
from groundup.envs.recordings import is_recording

if TYPE_CHECKING:
    from groundup.agent.reason.naming import Naming
    from groundup.skills.discovery.jobs import Job
    from groundup.skills.discovery.segmenting import Cut


REASONERS = ("openai", "transformers", "scripted")
"""Who can be asked for names: a server, a checkpoint here, a script."""


def check_naming(reasoner: str | None, options: ModelOptions, library: str | None) -> None:
    """Raise `UsageError` for options of a model that go with nothing."""
    if reasoner is None:
        if options.given:
            raise UsageError("--model and what goes with it are for naming segments: give --reasoner.")
        return
    if reasoner not in REASONERS:
        raise UsageError(f"No reasoner is called {reasoner!r}: choose one of {', '.join(REASONERS)}.")
    if library is None:
        raise UsageError("--reasoner names segments in a library: give it by --seed-library.")


def no_names() -> UsageError:
    """What to say when a model is to name what recordings teach."""
    return UsageError(
        "--reasoner names segments: leave it out for recordings, `groundup play` has their skills named."
    )


@contextmanager
def naming(reasoner: str | None, options: ModelOptions) -> Iterator[Naming | None]:
    """Who names segments, if anyone; raises `UsageError` before anything is cut when it cannot answer."""
    if reasoner is None:
        yield None
        return
    from groundup.agent.reason.naming import Naming

    namer = Naming(reasoner, options, Settings().home, _say)
    try:
        yield namer
    finally:
        namer.close()


def _say(sentence: str) -> None:
    print(f"groundup: {sentence}", file=sys.stderr, flush=True)


def from_recordings(paths: Sequence[Path], library: str, progress: Progress) -> dict[str, Any]:
    """Learn from recordings, given one by one or as a folder of them. Raises `UsageError`."""
    from groundup.agent.imitation import learn_from

    return learn_from(recordings_in(paths), library, progress)


def recordings_in(paths: Sequence[Path]) -> list[Path]:
    """The recordings that are meant: each path that is one, and those in each folder. Raises `UsageError`."""
    found: list[Path] = []
    for path in paths:
        if is_recording(path):
            found.append(path)
            continue
        inside = recordings_of(path) if path.is_dir() else []
        if not inside:
            raise no_policy([path])
        found += inside
    return found


def recordings_of(folder: Path) -> list[Path]:
    """The recordings that lie in a folder, in order of name."""
    return sorted(one for one in folder.iterdir() if is_recording(one))


def no_policy(paths: Sequence[Path]) -> UsageError:
    """What to say when there is nothing to cut with."""
    if any(is_recording(path) for path in paths):
        return UsageError(
            f"{paths[0]} is a recording: give --seed-library to learn from it, or --policy to cut its video."
        )
    return UsageError(f"{paths[0]} is no recording made by groundup: to cut a video, give --policy.")


def seed_videos(
    cuts: Sequence[tuple[Job, dict[str, Any]]],
    location: str,
    progress: Progress,
    namer: Naming | None = None,
    whole: Cut | None = None,
) -> dict[str, Any]:
    """Make a skill of each segment of each video that was cut; how many `skills` there are, and what naming
    them took of a `model` where one does.

    `whole` is what was cut just now. Records hold no actions: where those were predicted and nothing is
    `whole`, they are predicted again.
    """
    from groundup.perception.embedding import FrameEmbedder, TextEmbedder
    from groundup.perception.text import TextReader
    from groundup.skills.discovery.seeding import Seeder
    from groundup.skills.discovery.segmenting import prepare
    from groundup.skills.library import Library

    texts = TextEmbedder()
    with Library.open(location, embed=lambda text: texts([text])[0]) as library:
        seeder = Seeder(library, FrameEmbedder(), TextReader())
        count = 0
        for number, (job, record) in enumerate(cuts, start=1):
            done = whole.demonstration.done if whole is not None else None
            if done is None and job.idm is not None and job.kind == "idm":
                done = prepare(job, progress).demonstration.done
            skills = seeder.seed(job, record, done)
            count += len(skills)
            if namer is not None:
                namer.name(library, skills)
            progress(number, len(cuts), f"{count} skills in the library")
    return {"skills": count} | ({"model": namer.summary()} if namer is not None else {})


def as_text(report: dict[str, Any]) -> str:
    """What was learnt, as a person reads it."""
    lines = [
        f"{row['recording']}: {row['actions']} actions, {row['uses']} uses of skills, "
        f"{row['skills']} new skills, {row['missed']} actions on nothing that was seen"
        for row in report["recordings"]
    ]
    lines += [f"{path}: known already" for path in report["known"]]
    return "\n".join([*lines, f"{report['library']}: {report['skills']} skills"])

"""What `groundup segment` does: jobs from options, records to files, a summary."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundup.agent.cli_output import Progress, printable
from groundup.agent.cli_seed import recordings_of, seed_videos
from groundup.envs.errors import GroundupError, UsageError
from groundup.envs.recordings import ACTIONS, VIDEO, is_recording
from groundup.memory.whole import can_hold, write_whole
from groundup.skills.discovery.batch import Records, segment_all, unfinished, videos_in, writing
from groundup.skills.discovery.demonstrations import files
from groundup.skills.discovery.extras import write_extras
from groundup.skills.discovery.jobs import Extras, Job, check
from groundup.skills.discovery.lerobot.reading import is_dataset, read_episodes
from groundup.skills.discovery.segmenting import noted, prepare, segment_video

if TYPE_CHECKING:
    from groundup.agent.reason.naming import Naming


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """Where to write what, and who does it; a job holds how to cut."""

    out: Path | None = None
    clips: Path | None = None
    timeline: Path | None = None
    lerobot: Path | None = None
    workers: int = 1
    engine: str = "local"
    address: str | None = None
    seed_library: str | None = None

    @property
    def records(self) -> Path | None:
        """The file that records are added to; a CSV is written anew."""
        return self.out if self.out is not None and self.out.suffix == ".jsonl" else None


def segment(
    videos: Sequence[Path],
    job: Job,
    options: SegmentOptions,
    progress: Progress,
    namer: Naming | None = None,
) -> dict[str, Any]:
    """Cut one video, several, or those of a folder or dataset; the document to print."""
    _check(options)
    jobs = jobs_of(videos, replace(job, extras=Extras(options.clips, options.timeline, options.lerobot)))
    for one in jobs:
        check(one)
    single = len(jobs) == 1 and (is_recording(videos[0]) or not videos[0].is_dir())
    if not single and (job.actions is not None or job.events is not None):
        raise UsageError(
            "--actions and --events belong to one video; of several, NAME.jsonl beside each holds its "
            "actions."
        )
    with writing(options.records) if options.records is not None else nullcontext():
        if single:
            return _one(jobs[0], options, progress, namer)
        return _many(_with_extras(jobs, options), options, progress, namer)


def _one(job: Job, options: SegmentOptions, progress: Progress, namer: Naming | None) -> dict[str, Any]:
    if options.engine != "local":
        raise UsageError("--engine ray is for several videos.")
    if options.records is not None:
        unfinished([job], Records(options.records))
    _refuse_old(job)
    cut = segment_video(job, progress)
    record = cut.to_json()
    write_extras(cut)  # first: a record says that they are there
    if options.out is not None:
        _write_record(record, options.out)
    if options.seed_library is not None:
        record |= seed_videos([(job, record)], options.seed_library, progress, namer, cut)
    return record


def jobs_of(videos: Sequence[Path], job: Job) -> list[Job]:
    """A job a video, a recording of ours, a demonstration, or an episode of a dataset. Raises UsageError."""
    if len(videos) == 1 and is_dataset(videos[0]):
        return [replace(job, video=videos[0], episode=one) for one in read_episodes(videos[0])]
    folder = len(videos) == 1 and videos[0].is_dir() and not is_recording(videos[0])
    paths = list(dict.fromkeys(videos))
    if folder:
        paths = [*videos_in(videos[0]), *recordings_of(videos[0]), *files(videos[0])]
    if not paths:
        raise UsageError(f"{videos[0]} holds no videos and no demonstrations.")
    if len(paths) == 1 and not folder and not is_recording(paths[0]):
        return [replace(job, video=paths[0])]
    return [_beside(job, path) for path in paths]


def _check(options: SegmentOptions) -> None:
    if options.out is not None and options.out.suffix not in (".jsonl", ".csv"):
        raise UsageError(f"{options.out} should end with .jsonl or .csv.")
    if options.engine not in ("local", "ray"):
        raise UsageError(f"There is no engine {options.engine!r}: known are local and ray.")
    if options.address is not None and options.engine != "ray":
        raise UsageError("--address belongs to --engine ray.")
    for name, folder in (
        ("clips", options.clips),
        ("timeline", options.timeline and options.timeline.absolute().parent),
        ("lerobot", options.lerobot),
    ):
        if folder is not None and not can_hold(folder):
            raise UsageError(f"--{name} cannot be written in {folder}: name another place.")


def _with_extras(jobs: Sequence[Job], options: SegmentOptions) -> list[Job]:
    """Of several videos each has its own clips, timeline and dataset, called by its name in the folders that
    are given. Raises UsageError where two have one name."""
    if not any((options.clips, options.timeline, options.lerobot)):
        return list(jobs)
    names = [job.called for job in jobs]
    if double := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(
            f"Two videos are called {double}: cut them in two runs, with other folders for --clips, "
            "--timeline and --lerobot."
        )
    return [
        replace(
            job,
            extras=Extras(
                options.clips and options.clips / name,
                options.timeline and options.timeline / f"{name}.png",
                options.lerobot and options.lerobot / name,
            ),
        )
        for job, name in zip(jobs, names, strict=True)
    ]


def _refuse_old(job: Job) -> None:
    """Raise UsageError, before anything is cut, for a dataset that is there: it may be of another cut."""
    folder = job.extras.lerobot
    if folder is not None and folder.exists():
        raise UsageError(f"{folder} is there already: give --lerobot a folder that is not.")


def _many(
    jobs: list[Job], options: SegmentOptions, progress: Progress, namer: Naming | None
) -> dict[str, Any]:
    if options.records is None:
        raise UsageError(
            "Several videos need --out FILE.jsonl: it keeps what is done, so that a run can go on."
        )
    records = Records(options.records)
    left = unfinished(jobs, records)
    for job in jobs:
        if job.name not in records.done:
            _refuse_old(job)
            continue
        wanted = (job.extras.clips, job.extras.timeline, job.extras.lerobot)
        if missing := [path for path in wanted if path is not None and not path.exists()]:
            raise UsageError(
                f"{options.out} holds {job.name}, which was cut without {missing[0]}: give another --out."
            )
    if options.engine == "ray":
        from groundup.skills.discovery.cluster import segment_on_ray

        failures = segment_on_ray(left, options.workers, options.address, records.add, progress)
    else:
        failures = segment_all(left, options.workers, records.add, progress)
    cut = [(job, records.done[job.name]) for job in jobs if job.name in records.done]
    report = {
        "videos": [record for _, record in cut],
        "failed": [asdict(f) for f in failures],
        "resumed": len(jobs) - len(left),
    }
    if options.seed_library is not None:
        report |= seed_videos(cut, options.seed_library, progress, namer)
    return report


def _beside(job: Job, path: Path) -> Job:
    """The job for a video or a recording, with the actions that lie beside it if none were given."""
    recording = is_recording(path)
    video = path / VIDEO if recording else path
    actions = path / ACTIONS if recording else path.with_suffix(".jsonl")
    if job.actions is None and actions.is_file():
        job = replace(job, actions=actions)
    return replace(job, video=video)


def calibrate(
    videos: Sequence[Path], job: Job, length: float | None, rate: float | None, progress: Progress
) -> dict[str, Any]:
    """Pick the gap at which segments are `length` frames long on average, or `rate` come a minute."""
    from groundup.skills.discovery.calibrating import calibrate as pick

    if (length is None) == (rate is None):
        raise UsageError("Give either --length, in frames, or --rate, in segments a minute.")
    if rate is not None and not rate > 0:
        raise UsageError(f"--rate {rate:g} is none: give how many segments a minute are wanted.")
    jobs = jobs_of(videos, job)
    ready = [prepare(one, progress) for one in jobs]
    kept = sum(len(one.demonstration.kept) for one in ready)
    minutes = sum(one.demonstration.total / one.fps for one in ready) / 60
    wanted = length if length is not None else kept / max((rate or 0.0) * minutes, 1e-9)
    found = pick(job.rule, [(noted(one.losses, progress), one.demonstration.track) for one in ready], wanted)
    for one in ready:
        one.finish()
    return {
        "rule": job.rule,
        "gap": found.gap,
        "segments": found.segments,
        "mean_length": round(found.length, 2),
        "wanted_length": round(wanted, 2),
        "per_minute": round(found.segments / minutes, 2),
        "videos": len(ready),
        "frames": kept,
        "actions": jobs[0].kind,
    }


def _write_record(record: dict[str, Any], path: Path) -> None:
    if path.suffix == ".jsonl":
        records = Records(path)
        if record["video"] not in records.done:
            records.add(record)
    else:
        try:
            write_whole(path, printable(_as_csv(record)))
        except OSError as error:
            raise GroundupError(
                f"{path} cannot be written ({error.strerror}): make room, or choose another."
            ) from error


def _as_csv(record: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "first", "last", "start_seconds", "cause", "score"])
    for (first, last), cause, score in zip(
        record["boundaries"], record["causes"], record["scores"], strict=True
    ):
        writer.writerow([record["file"], first, last, round(first / record["fps"], 3), cause, score])
    return text.getvalue()


def as_text(report: dict[str, Any]) -> str:
    """The summary a person reads."""
    if "videos" not in report:
        lines = [
            f"{first:7} - {last:<7} {cause:7} {score:+.2f}"
            for (first, last), cause, score in zip(
                report["boundaries"], report["causes"], report["scores"], strict=True
            )
        ]
        return "\n".join(
            [*lines, f"{report['video']}: {len(lines)} segments, {report['frames_per_second']} frames/s"]
        )
    lines = [f"{failed['video']}: skipped, {failed['error']}" for failed in report["failed"]]
    done = f"{len(report['videos'])} videos cut ({report['resumed']} before), {len(report['failed'])} skipped"
    return "\n".join([*lines, done])

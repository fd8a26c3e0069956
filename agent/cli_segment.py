"""What `groundup segment` does: jobs from options, records to files, a summary."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from groundup.agent.cli_output import Progress
from groundup.agent.cli_seed import seed_videos
from groundup.envs.errors import GroundupError, UsageError
from groundup.skills.discovery.batch import Records, segment_all, unfinished, videos_in
from groundup.skills.discovery.segmenting import Cut, Job, segment_video


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """Where to write what; a job holds how to cut."""

    out: Path | None = None
    clips: Path | None = None
    timeline: Path | None = None
    workers: int = 1
    seed_library: str | None = None


def segment(videos: Sequence[Path], job: Job, options: SegmentOptions, progress: Progress) -> dict[str, Any]:
    """Cut one video, several, or those of a folder; the document to print."""
    if options.out is not None and options.out.suffix not in (".jsonl", ".csv"):
        raise UsageError(f"{options.out} should end with .jsonl or .csv.")
    folder = len(videos) == 1 and videos[0].is_dir()
    paths = videos_in(videos[0]) if folder else list(videos)
    if not paths:
        raise UsageError(f"{videos[0]} holds no videos.")
    if len(paths) == 1 and not folder:
        job = replace(job, video=paths[0])
        if options.out is not None and options.out.suffix == ".jsonl":
            unfinished([job], Records(options.out))
        cut = segment_video(job, progress)
        record = cut.to_json()
        _write_one(cut, record, options)
        if options.seed_library is not None:
            record["skills"] = seed_videos([(job, record)], options.seed_library, progress, cut)
        return record
    if job.actions is not None or job.events is not None or options.clips or options.timeline:
        raise UsageError(
            "--actions, --events, --clips and --timeline belong to one video; of several, NAME.jsonl beside "
            "each holds its actions."
        )
    return _many([_beside(replace(job, video=path)) for path in paths], options, progress)


def _many(jobs: list[Job], options: SegmentOptions, progress: Progress) -> dict[str, Any]:
    if options.out is None or options.out.suffix != ".jsonl":
        raise UsageError(
            "Several videos need --out FILE.jsonl: it keeps what is done, so that a run can go on."
        )
    records = Records(options.out)
    left = unfinished(jobs, records)
    failures = segment_all(left, options.workers, records.add, progress)
    cut = [(job, records.done[str(job.video)]) for job in jobs if str(job.video) in records.done]
    report = {
        "videos": [record for _, record in cut],
        "failed": [asdict(f) for f in failures],
        "resumed": len(jobs) - len(left),
    }
    if options.seed_library is not None:
        report["skills"] = seed_videos(cut, options.seed_library, progress)
    return report


def _beside(job: Job) -> Job:
    actions = job.video.with_suffix(".jsonl")
    return replace(job, actions=actions) if actions.is_file() else job


def _write_one(cut: Cut, record: dict[str, Any], options: SegmentOptions) -> None:
    if options.out is not None:
        _write_record(record, options.out)
    if options.clips is not None:
        from groundup.perception.clips import write_clips

        write_clips(cut.job.video, cut.boundaries, cut.fps, options.clips)
    if options.timeline is not None:
        from groundup.skills.discovery.timeline import draw_timeline

        draw_timeline(cut, options.timeline)


def _write_record(record: dict[str, Any], path: Path) -> None:
    if path.suffix == ".jsonl":
        records = Records(path)
        if record["video"] not in records.done:
            records.add(record)
    else:
        _write_whole(path, _as_csv(record))


def _as_csv(record: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "first", "last", "start_seconds", "cause", "score"])
    for (first, last), cause, score in zip(
        record["boundaries"], record["causes"], record["scores"], strict=True
    ):
        writer.writerow([record["file"], first, last, round(first / record["fps"], 3), cause, score])
    return text.getvalue()


def _write_whole(path: Path, text: str) -> None:
    """Write a file at once or not at all. Raises GroundupError."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise GroundupError(
            f"{path} cannot be written ({error.strerror}): make room, or choose another."
        ) from error


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

"""What `groundup segment FILE.json --seed-library` does: skills of what a person has looked through."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundup.agent.cli_output import Progress
from groundup.agent.cli_seed import seed_videos
from groundup.envs.errors import UsageError

if TYPE_CHECKING:
    from groundup.agent.reason.naming import Naming
    from groundup.tui.segments import Segmentation


def seed(file: Path, library: str, progress: Progress, namer: Naming | None = None) -> dict[str, Any]:
    """Make a skill of each accepted segment, of all when none was accepted. Raises `UsageError`."""
    from groundup.skills.discovery.jobs import Job
    from groundup.tui.segments import read_segmentation

    segmented = read_segmentation(file)
    video = _video(segmented)
    actions = video.with_suffix(".jsonl")
    numbers = [i for i, start in enumerate(segmented.starts) if start in segmented.accepted]
    chosen = numbers or list(range(len(segmented.starts)))
    record = {
        "boundaries": [[segmented.starts[i], segmented.end(i)] for i in chosen],
        "causes": [segmented.causes[i] if i < len(segmented.causes) else "a person" for i in chosen],
        "fps": segmented.fps,
    }
    # What it was cut with is of no matter any more: the boundaries are a person's.
    job = Job(video=video, policy=video, actions=actions if actions.is_file() else None)
    seeded = seed_videos([(job, record)], library, progress, namer)
    return {"video": str(video), "accepted": len(numbers), "library": library} | seeded


def _video(segmented: Segmentation) -> Path:
    """The video's file: where the record says, or beside the record."""
    named = Path(segmented.video)
    for path in (named, segmented.path.parent / named, segmented.path.parent / named.name):
        if path.is_file():
            return path
    raise UsageError(f"The video {segmented.video} is not there: put it beside {segmented.path}.")


def as_text(report: dict[str, Any]) -> str:
    """The same for a person."""
    return f"{report['library']}: {report['skills']} segments of {report['video']} as skills"

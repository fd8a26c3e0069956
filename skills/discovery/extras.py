"""What is written of a cut video beside its record: clips, a timeline, a dataset; each whole or not.

What they need (pictures, tables) is imported when it is asked for: few workers are.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from groundup.envs.errors import GroundupError
from groundup.memory.lock import lives
from groundup.skills.discovery.segmenting import Cut


def write_extras(cut: Cut) -> None:
    """Write what the cut's job asks for. Raises GroundupError on a full disk."""
    extras = cut.job.extras
    for path, write in (
        (extras.clips, _write_clips),
        (extras.timeline, _draw_timeline),
        (extras.lerobot, _write_dataset),
    ):
        if path is None:
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            sweep(path.absolute())
            write(cut, path)
        except OSError as error:
            raise GroundupError(
                f"{path} cannot be written ({error.strerror or error}): make room, or choose another."
            ) from error


def sweep(path: Path) -> None:
    """Remove the halves of `path` that killed processes have left beside it."""
    for old in path.parent.iterdir():
        half = re.fullmatch(rf"\.?{re.escape(path.name)}\.(\d+)\.part", old.name)
        if half is None or lives(int(half[1])):
            continue
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink(missing_ok=True)


def _write_clips(cut: Cut, folder: Path) -> None:
    """All clips or none; a folder that is there keeps what else it holds."""
    from groundup.perception.clips import write_clips

    folder = folder.absolute()  # "." has no name
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    try:
        written = write_clips(cut.demonstration.pictures(), cut.boundaries, cut.fps, part)
        folder.mkdir(exist_ok=True)
        for path in written:
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _draw_timeline(cut: Cut, path: Path) -> None:
    from groundup.skills.discovery.timeline import draw_timeline

    draw_timeline(cut, path)


def _write_dataset(cut: Cut, folder: Path) -> None:
    from groundup.skills.discovery.lerobot.writing import write_dataset

    write_dataset(cut, folder)

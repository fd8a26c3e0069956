"""Many videos by several processes: what is done is kept, what fails is said, what was killed is done
again."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from groundup.envs.errors import GroundupError, LibraryUnusable, UsageError
from groundup.memory.lock import WriterLock
from groundup.skills.discovery.extras import write_extras
from groundup.skills.discovery.jobs import Job
from groundup.skills.discovery.segmenting import segment_video
from groundup.skills.processes import processes

PATIENCE = 3
"""How often in a row workers may die with no video done before the rest is given up."""

SUFFIXES = frozenset((".mp4", ".m4v", ".mkv", ".avi", ".mov", ".webm", ".ts", ".flv", ".wmv", ".mpg"))


@dataclass(frozen=True, slots=True)
class Failure:
    """A video that could not be cut, and why."""

    video: str
    error: str


def videos_in(folder: Path) -> list[Path]:
    """The videos of a folder, in order of name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """The right to add to a file of records, whose folder is made: two runs at once would write a video
    twice, and one cut off the line that the other is writing. Raises UsageError, GroundupError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        lock = WriterLock(path, wait=0.0)
    except LibraryUnusable as error:
        raise UsageError(
            f"{path} is being written by another run: wait until it has ended, or give another --out."
        ) from error
    except OSError as error:
        raise GroundupError(f"{path} cannot be written ({error.strerror}): give another --out.") from error
    with lock:
        yield


class Records:
    """A JSON lines file with one record a video; only whole lines count, and each is on disk when it is
    told."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.done: dict[str, dict[str, Any]] = {}
        if path.exists():
            self._recover()

    def add(self, record: dict[str, Any]) -> None:
        """Append a record; on a full disk what was there stays whole. Raises GroundupError."""
        # A name that is no UTF-8 is escaped as JSON has it.
        line = (json.dumps(record, ensure_ascii=False) + "\n").encode(errors="backslashreplace")
        before = self._path.stat().st_size if self._path.exists() else 0
        try:
            with self._path.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            if self._path.exists():
                os.truncate(self._path, before)
            raise GroundupError(
                f"{self._path} cannot be written ({error.strerror}): make room and run again, "
                "what is done is kept."
            ) from error
        self.done[record["video"]] = record

    def has(self, job: Job) -> bool:
        """Whether the video is done. Raises UsageError where it was cut with other options."""
        record = self.done.get(job.name)
        if record is None:
            return False
        before, now = record.get("options") or {}, job.options
        changed = [
            f"{name} {before.get(name)} instead of {now[name]}"
            for name in now
            if before.get(name) != now[name]
        ]
        if changed:
            raise UsageError(
                f"{self._path} holds {job.name} cut with other options ({', '.join(changed)}): "
                "give the same, or another file with --out."
            )
        return True

    def _recover(self) -> None:
        """Take what is whole, and cut off half a line that a killed run left."""
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if _is_json(content[len(whole) :]):  # a whole line whose end was left out, as by an editor
            whole = content + b"\n"
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                record = json.loads(line)
                self.done[record["video"]] = record
            except (ValueError, KeyError, TypeError) as error:
                raise GroundupError(
                    f"{self._path}, line {number} is no record of a video: give another file with --out."
                ) from error
        if len(whole) < len(content):
            os.truncate(self._path, len(whole))
        elif len(whole) > len(content):
            with self._path.open("ab") as file:
                file.write(b"\n")


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def segment_all(
    jobs: Sequence[Job],
    workers: int,
    keep: Callable[[dict[str, Any]], None],
    progress: Callable[[int, int, str], None],
) -> list[Failure]:
    """Cut many videos in `workers` processes; `keep` gets each record once. Gives what failed."""
    pending = {job.name: replace(job, threads=1) for job in jobs}
    failures: list[Failure] = []
    deaths = 0
    while pending and deaths < PATIENCE:
        before = len(pending)
        try:
            _round(
                pending,
                workers,
                keep,
                failures,
                lambda words: progress(len(jobs) - len(pending), len(jobs), words),
            )
        except BrokenProcessPool:
            deaths = 0 if len(pending) < before else deaths + 1
    failures += [
        Failure(video, "its process died again and again, is there memory enough?") for video in pending
    ]
    return failures


def _round(
    pending: dict[str, Job],
    workers: int,
    keep: Callable[[dict[str, Any]], None],
    failures: list[Failure],
    tell: Callable[[str], None],
) -> None:
    """One pool of processes over what is left. Raises BrokenProcessPool when one of them dies."""
    with processes(workers) as pool:
        futures = {pool.submit(record_of, job): video for video, job in pending.items()}
        try:
            for future in as_completed(futures):
                video = futures[future]
                record, error = future.result()
                if record is not None:
                    keep(record)
                else:
                    failures.append(Failure(video, error))
                del pending[video]
                tell(Path(video).name)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def record_of(job: Job) -> tuple[dict[str, Any] | None, str]:
    """The record of a video, all else that is asked for being written, or the sentence that says why there is
    none."""
    try:
        cut = segment_video(job)
        write_extras(cut)
        return cut.to_json(), ""
    except GroundupError as error:
        return None, str(error)
    except Exception as error:  # whatever it is, the other videos are cut
        return None, f"{type(error).__name__}: {error}"


def unfinished(jobs: Iterable[Job], records: Records) -> list[Job]:
    """The jobs whose video has no record yet. Raises UsageError where one was made with other options."""
    return [job for job in jobs if not records.has(job)]

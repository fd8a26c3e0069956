"""Many videos on a Ray cluster: as `batch.segment_all` does it, with Ray's workers in place of processes.

Videos, actions and models are read by the workers where they are, so on several machines the paths must be
the same everywhere (a shared disk). Records are kept by this process alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from groundup.envs.errors import GroundupError, MissingPart
from groundup.skills.discovery.batch import PATIENCE, Failure, record_of
from groundup.skills.discovery.jobs import Job

Record = tuple[dict[str, Any] | None, str]


def segment_on_ray(
    jobs: Sequence[Job],
    workers: int,
    address: str | None,
    keep: Callable[[dict[str, Any]], None],
    progress: Callable[[int, int, str], None],
) -> list[Failure]:
    """Cut many videos, `workers` at a time; `keep` gets each record once. Gives what failed.

    Without an `address` a cluster is started on this machine, and ended. Raises MissingPart, GroundupError.
    """
    # A program that cuts videos reports nothing to anyone; read by Ray when it is imported.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ModuleNotFoundError as error:
        raise MissingPart("Ray is not installed: run `pip install 'groundup[scale]'`.") from error
    try:
        local: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False}
        ray.init(address=address, log_to_driver=False, **({} if address else local))
    except Exception as error:  # Ray raises bare ones, as when its processes do not answer in time.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        where = f"at {address}" if address else "to be had on this machine"
        raise GroundupError(f"There is no Ray cluster {where}: {reason}") from error
    try:
        return _all(ray, jobs, workers, keep, progress)
    finally:
        ray.shutdown()


def _all(
    ray: Any,
    jobs: Sequence[Job],
    workers: int,
    keep: Callable[[dict[str, Any]], None],
    progress: Callable[[int, int, str], None],
) -> list[Failure]:
    # A worker that dies has its video given to another, a few times.
    task = ray.remote(num_cpus=1, max_retries=PATIENCE)(record_of)
    waiting = [replace(job, threads=1) for job in reversed(jobs)]
    running: dict[Any, Job] = {}
    failures: list[Failure] = []
    while waiting or running:
        # No more than can run, so that what is stopped has not been begun.
        while waiting and len(running) < 2 * workers:
            job = waiting.pop()
            running[task.remote(job)] = job
        (ready, *_), _ = ray.wait(list(running), num_returns=1)
        job = running.pop(ready)
        record, error = _result(ray, ready)
        if record is not None:
            keep(record)
        else:
            failures.append(Failure(job.name, error))
        progress(len(jobs) - len(waiting) - len(running), len(jobs), Path(job.name).name)
    return failures


def _result(ray: Any, ready: Any) -> Record:
    try:
        found: Record = ray.get(ready)
    except ray.exceptions.RayError as error:
        return None, f"its worker failed ({type(error).__name__}): {str(error).splitlines()[0]}"
    return found

"""`groundup bench library`: what finding and keeping skills costs, beside the reference's way.

The reference is the bottom-up agent's own lookup (AngusDujw/Bottom-Up-Agent, LongMemory.get_state):
every row is read from SQLite, its pickled feature loaded, and its cosine taken, one row at a time.
Written anew here from its description in research.md section 1; nothing else of it is used.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import cv2
import faiss
import numpy as np

from groundup.agent.machine import machine
from groundup.memory.arrays import Vectors
from groundup.memory.frames import keep_frame
from groundup.memory.records import SkillRecord
from groundup.skills.library import TEXT_SPACE, Library
from groundup.skills.types import RelativeBox, Skill, SkillStep, Target

DIMENSIONS = 384
"""Of MiniLM's text embeddings."""

Cosine = Callable[[Vectors, Vectors], float]
_T = TypeVar("_T")

RETRIEVED = 16
_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement: `ratio` is how many times faster ours is than the baseline, where there is one.

    `cpu` is ours in CPU time of the thread: what it would be if nothing else ran on the machine.
    """

    case: str
    ours: float
    baseline: float | None
    ratio: float | None
    unit: str
    n: int
    cpu: float


def run(
    sizes: Sequence[int] = (10_000, 100_000, 1_000_000),
    *,
    lookup_skills: int = 10_000,
    baseline_lookups: int = 3,
    queries: int = 200,
    steps: int = 1000,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Measure retrieval, lookup and the writes of a step; medians in milliseconds, on one thread.

    `sizes` are numbers of skills to retrieve `RETRIEVED` from, `lookup_skills` those in the lookup that
    is set beside the reference's, of which `baseline_lookups` are timed. `say` is told what is under way.
    """
    tell = say or (lambda _: None)
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    folder = Path(tempfile.mkdtemp(prefix="groundup-bench-"))
    try:
        results: list[Result] = []
        for size in sizes:
            tell(f"retrieve {RETRIEVED} of {size:,}")
            results.append(_retrieve(folder, size, queries, seed))
        tell(f"look up one of {lookup_skills:,} skills, ours and the reference's way")
        results += _lookup(folder, lookup_skills, queries, baseline_lookups, seed)
        tell(f"the writes of {steps:,} steps")
        results += _step_writes(folder, steps, seed)
    finally:
        faiss.omp_set_num_threads(threads)
        shutil.rmtree(folder)
    return {
        "results": [asdict(result) for result in results],
        "machine": machine(faiss=faiss.__version__, sqlite=sqlite3.sqlite_version),
    }


def _retrieve(folder: Path, size: int, queries: int, seed: int) -> Result:
    """The time to find the nearest skills in a library of `size` and read them, through the library."""
    chance = np.random.default_rng(seed)
    with _filled(folder / f"retrieve-{size}.db", size, chance) as library:
        wanted = _some_like_them(library, queries, chance)
        _build(library, wanted[0])
        times = _times(lambda vector: library.nearest(vector, RETRIEVED), wanted)
    return _result(f"retrieve {RETRIEVED} of {size:,} skills", times)


def _lookup(folder: Path, size: int, queries: int, baseline_lookups: int, seed: int) -> list[Result]:
    """The nearest one of `size` skills, against the reference's scan on the same vectors."""
    chance = np.random.default_rng(seed)
    with _filled(folder / "lookup.db", size, chance) as library:
        wanted = _some_like_them(library, queries, chance)
        _build(library, wanted[0])
        ours = _times(lambda vector: library.nearest(vector, 1), wanted)
        rows = [
            (int(label), vector)
            for labels, vectors in library.store.vectors.after(TEXT_SPACE)
            for label, vector in zip(labels, vectors, strict=True)
        ]
    results = []
    with closing(_pickled(folder / "reference.db", rows)) as reference:
        for name, cosine in _cosines():
            times = _times(partial(_scan, reference, cosine), wanted[:baseline_lookups])
            case = f"look up 1 of {size:,} skills; baseline: pickles in SQLite, each row's cosine by {name}"
            results.append(_result(case, ours, times))
    return results


def _step_writes(folder: Path, steps: int, seed: int) -> list[Result]:
    """What a step of a run writes, as one transaction and as the reference does: a commit for each write."""
    chance = np.random.default_rng(seed)
    skill = _skill(0)
    with Library.open(folder / "steps.db") as library:
        skill = library.add(skill)
        run = library.store.start_run("bench", "local").id
        ours = _times(partial(_write_step, library, skill, run), range(steps))
        noise = chance.integers(0, 255, (72, 128, 3), np.uint8)
        frames = [cv2.resize(np.roll(noise, n, 0), (1280, 720)) for n in range(20)]
        kept = _times(partial(keep_frame, library.store), frames)
    with closing(sqlite3.connect(folder / "commits.db")) as reference:
        reference.execute("CREATE TABLE written (id INTEGER PRIMARY KEY, kind TEXT, data TEXT)")
        each = _times(partial(_commit_step, reference), range(min(steps, 100)))
    return [
        _result("the writes of one step; baseline: a commit for each", ours, each),
        _result("keep one 1280x720 screenshot as JPEG", kept),
    ]


def _write_step(library: Library, skill: Skill, run: str, step: int) -> None:
    store = library.store
    with store.step():
        for kind, data in _events(step):
            store.append_event(run, kind, data)
        library.record_use(skill, run=run, step=step, reward=0.5, responsive=True, deltas={"number 3": -6.0})
        for key, document in _documents(step):
            store.put_knowledge("effects", key, document)
        store.save_run_state(run, _state(step), steps=step)


def _commit_step(connection: sqlite3.Connection, step: int) -> None:
    everything = [*_events(step), *_documents(step), ("use", {"step": step}), ("state", _state(step))]
    for kind, data in everything:
        connection.execute("INSERT INTO written (kind, data) VALUES (?, ?)", (kind, json.dumps(data)))
        connection.commit()


def _events(step: int) -> list[tuple[str, dict[str, Any]]]:
    kinds = ("observation", "choice", "action", "verdict")
    return [
        (kind, {"step": step, "scene": "fight", "numbers": list(range(10)), "ms": 12.5}) for kind in kinds
    ]


def _documents(step: int) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"kind {(step + n) % 50}", {"uses": step, "sums": [0.5] * 20, "squares": [0.25] * 20})
        for n in range(5)
    ]


def _state(step: int) -> dict[str, Any]:
    return {
        "step": step,
        "episode": 3,
        "recent": [{"scene": "fight", "skill": f"skill {n}"} for n in range(20)],
    }


def _filled(path: Path, size: int, chance: np.random.Generator) -> Library:
    """A library of `size` skills with vectors that lie in clumps, as those of texts do."""
    library = Library.open(path)
    centres = chance.normal(size=(max(16, size // 100), DIMENSIONS)).astype(np.float32)
    for first in range(0, size, _BATCH):
        count = min(_BATCH, size - first)
        ids = [f"skill-{number}" for number in range(first, first + count)]
        vectors = centres[chance.integers(0, len(centres), count)]
        vectors = vectors + chance.normal(size=vectors.shape).astype(np.float32)
        with library.store.step():
            library.store.put_skills([_record(number) for number in range(first, first + count)])
            library.store.vectors.put(TEXT_SPACE, dict(zip(ids, vectors, strict=True)))
    return library


def _some_like_them(library: Library, count: int, chance: np.random.Generator) -> Vectors:
    """Vectors near to some in the library, (count, dimensions)."""
    labels = chance.choice(library.store.vectors.labels(TEXT_SPACE), count, replace=False)
    rows = library.store.vectors.of([int(label) for label in labels])[1]
    return rows + 0.3 * chance.normal(size=rows.shape).astype(np.float32)


def _build(library: Library, vector: Vectors) -> None:
    """Build the index, with all cores: only searching is measured."""
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    library.nearest(vector, 1)
    faiss.omp_set_num_threads(1)


def _skill(number: int) -> Skill:
    target = Target("card", f"Strike {number}", RelativeBox(0.1, 0.8, 0.1, 0.15))
    return Skill(f"skill-{number}", f"Play Strike {number}", "hits", "fight", (SkillStep("click", target),))


def _record(number: int) -> SkillRecord:
    steps = [
        {
            "action": "click",
            "target": {"kind": "card", "text": f"Strike {number}", "box": [0.1, 0.8, 0.1, 0.15]},
        }
    ]
    return SkillRecord(f"skill-{number}", f"Play Strike {number}", "hits", "fight", steps)


def _pickled(path: Path, rows: Sequence[tuple[int, Vectors]]) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE states (id INTEGER PRIMARY KEY, state_feature BLOB, mcts TEXT, skill_clusters TEXT)"
    )
    connection.executemany(
        "INSERT INTO states VALUES (?, ?, '{}', '[]')", ((label, pickle.dumps(row)) for label, row in rows)
    )
    connection.commit()
    return connection


def _scan(connection: sqlite3.Connection, cosine: Cosine, vector: Vectors) -> int:
    """The reference's lookup: the pickles are those written a moment ago by `_pickled`."""
    best, nearest = -1.0, -1
    for number, feature, *_ in connection.execute("SELECT * FROM states").fetchall():
        similarity = cosine(vector.reshape(1, -1), pickle.loads(feature).reshape(1, -1))
        if similarity > best:
            best, nearest = similarity, number
    return nearest


def _cosines() -> list[tuple[str, Cosine]]:
    """scikit-learn's cosine, which the reference calls, where it is installed; and the fastest plain one."""

    def plain(a: Vectors, b: Vectors) -> float:
        return float(a[0] @ b[0] / (np.linalg.norm(a) * np.linalg.norm(b)))

    try:
        from sklearn.metrics.pairwise import cosine_similarity
    except ImportError:
        return [("numpy", plain)]
    return [
        ("scikit-learn (the reference's)", lambda a, b: float(cosine_similarity(a, b)[0][0])),
        ("numpy", plain),
    ]


def _result(case: str, ours: _Times, baseline: _Times | None = None) -> Result:
    theirs = None if baseline is None else baseline.clock
    ratio = None if theirs is None else round(theirs / ours.clock, 1)
    return Result(case, ours.clock, theirs, ratio, "ms", ours.n, ours.cpu)


@dataclass(frozen=True, slots=True)
class _Times:
    """Medians in milliseconds, on the clock and of the thread's CPU, over `n` inputs."""

    clock: float
    cpu: float
    n: int


def _times(work: Callable[[_T], object], inputs: Iterable[_T]) -> _Times:
    """How long `work` takes on an input."""
    clock, cpu = [], []
    for value in inputs:
        start, used = time.perf_counter(), time.thread_time()
        work(value)
        cpu.append(time.thread_time() - used)
        clock.append(time.perf_counter() - start)
    return _Times(_median(clock), _median(cpu), len(clock))


def _median(seconds: Sequence[float]) -> float:
    return round(float(np.median(seconds)) * 1000, 4)

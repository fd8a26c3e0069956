"""`groundup bench perception`: how well and how fast things are found, on anybody's screenshots.

Proposals stand beside plain ranked Canny contours, grounding beside the bottom-up agent's way
(AngusDujw/Bottom-Up-Agent: the best of five rotations of a full-resolution template match, accepted
from .8 on). Both baselines are written anew here from their descriptions (research.md sections 1, 5).
Times are medians of CPU time on one thread, taken in turn with the baseline's: what else runs on the
machine counts little, and for both alike.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np

from groundup.agent.machine import machine
from groundup.envs.types import Pixels
from groundup.perception.grounding import Match, Template, ground
from groundup.perception.grounding_cases import CLASSES, Case, cases
from groundup.perception.grounding_frame import FrameIndex
from groundup.perception.proposals import propose
from groundup.perception.proposals_labels import Screenshot, read_screenshots, recall
from groundup.perception.types import Box

_T = TypeVar("_T")

ANGLES = (-8, -4, 0, 4, 8)
REFERENCE_THRESHOLD = 0.8
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement; `ratio` is how many times better ours is, where both are above zero."""

    case: str
    ours: float
    baseline: float
    ratio: float | None
    unit: str
    n: int


def run(
    screens: Path, labels: Path, *, groundings: int = 24, say: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Measure on the pictures in `screens` with the elements in `labels`; raises `UsageError` on bad input.

    `groundings` is how many cases of each class are grounded both ways (the reference takes about half a
    second for each). The answer is `results`, as dicts of `Result`, and `machine`.
    """
    shots = read_screenshots(screens, labels)
    tell = say or (lambda _: None)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        results = [*_proposals(shots, tell), *_groundings(shots, groundings, tell)]
    finally:
        cv2.setNumThreads(threads)
    measured_on = machine(opencv=cv2.__version__) | _sizes(shots)
    return {"results": [asdict(result) for result in results], "machine": measured_on}


def _sizes(shots: Sequence[Screenshot]) -> dict[str, Any]:
    sizes = sorted({f"{shot.pixels.shape[1]}x{shot.pixels.shape[0]}" for shot in shots})
    return {"screenshots": len(shots), "sizes": sizes}


def contours(pixels: Pixels, limit: int = 100) -> list[Box]:
    """The baseline for proposals: Canny at two thresholds, boxes of the contours, the fullest first.

    Of 24 variants tried (closing, least side, thresholds, order) the one with the best recall.
    """
    height, width = pixels.shape[:2]
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    found: list[tuple[float, Box]] = []
    for low, high in ((50, 150), (100, 250)):
        edges = cv2.Canny(grey, low, high)
        for contour in cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]:
            box = Box(*cv2.boundingRect(contour))
            if min(box.w, box.h) >= 14 and box.area < 0.15 * width * height:
                found.append((cv2.contourArea(contour) / box.area * np.log(box.area), box))
    kept: list[Box] = []
    for _, box in sorted(found, key=lambda pair: -pair[0]):
        if all(box.iou(other) < 0.5 for other in kept):
            kept.append(box)
            if len(kept) == limit:
                break
    return kept


def rotated(template: Template, frame: Pixels) -> Match | None:
    """The baseline for grounding: the best of five rotations of a template match in full resolution."""
    height, width = template.pixels.shape[:2]
    if height > frame.shape[0] or width > frame.shape[1]:
        return None
    best = (-1.0, (0, 0))
    for angle in ANGLES:
        turn = cv2.getRotationMatrix2D((width // 2, height // 2), angle, 1.0)
        turned = cv2.warpAffine(template.pixels, turn, (width, height))
        _, score, _, place = cv2.minMaxLoc(cv2.matchTemplate(frame, turned, cv2.TM_CCOEFF_NORMED))
        best = max(best, (score, (int(place[0]), int(place[1]))))
    score, (x, y) = best
    return Match(Box(x, y, width, height), score, "anywhere") if score >= REFERENCE_THRESHOLD else None


def _proposals(shots: Sequence[Screenshot], tell: Callable[[str], None]) -> list[Result]:
    tell("proposals")
    ours_ms: list[float] = []
    baseline_ms: list[float] = []
    ours, baseline = [], []
    for shot in shots:
        for _ in range(REPEATS):
            proposals = _timed(partial(propose, shot.pixels), ours_ms)
            boxes = _timed(partial(contours, shot.pixels), baseline_ms)
        elements = list(shot.elements.values())
        ours.append((elements, [p.box for p in proposals]))
        baseline.append((elements, boxes))
    n = sum(len(shot.elements) for shot in shots)
    results = []
    for limit in (50, 100):
        a = recall([(elements, boxes[:limit]) for elements, boxes in ours])
        b = recall([(elements, boxes[:limit]) for elements, boxes in baseline])
        for name, mine, other in (
            (f"proposals: centre recall@{limit}", a.centre, b.centre),
            (f"proposals: centre recall@{limit}, area within 4x", a.sized, b.sized),
            (f"proposals: recall@{limit} at IoU .5", a.tight, b.tight),
        ):
            results.append(_result(name, mine, other, "share", n, more=True))
    times = (float(np.median(ours_ms)), float(np.median(baseline_ms)))
    return [*results, _result("proposals: time of a frame", *times, "CPU ms", len(ours_ms), more=False)]


def _groundings(shots: Sequence[Screenshot], count: int, tell: Callable[[str], None]) -> list[Result]:
    by_class: dict[str, list[Case]] = defaultdict(list)
    for case in cases(shots):
        by_class[case.kind].append(case)
    results = []
    spent: dict[bool, list[tuple[float, float]]] = defaultdict(list)
    for kind in CLASSES:
        tell(f"grounding: {kind}")
        some = _spread(by_class[kind], count)
        if some:
            right, times = _ground_class(some)
            ours, theirs = (float(share) for share in np.mean(right, axis=0))
            results.append(_result(f"grounding, {kind}: right", ours, theirs, "share", len(some), more=True))
            results.append(_time(f"grounding, {kind}: time", times))
            spent[bool(some[0].truth)] += times
    for present, times in spent.items():
        results.append(_time(f"grounding, {'in' if present else 'out of'} sight: time", times))
    return results


def _ground_class(some: Sequence[Case]) -> tuple[list[tuple[bool, bool]], list[tuple[float, float]]]:
    """For each case whether ours and the baseline are right, and the CPU milliseconds each took."""
    ours_ms: list[float] = []
    baseline_ms: list[float] = []
    right = []
    for case in some:
        frame = case.draw()
        index = FrameIndex(frame)
        # Shared by all templates of a frame, so made before the clock starts.
        index.prepare()
        ours = case.right(_timed(partial(ground, case.template, index), ours_ms))
        right.append((ours, case.right(_timed(partial(rotated, case.template, frame), baseline_ms))))
    return right, list(zip(ours_ms, baseline_ms, strict=True))


def _time(case: str, spent: Sequence[tuple[float, float]]) -> Result:
    ours, baseline = (float(value) for value in np.median(np.array(spent), axis=0))
    return _result(case, ours, baseline, "CPU ms", len(spent), more=False)


def _spread(items: Sequence[_T], count: int) -> list[_T]:
    """At most `count` of the items, evenly over them."""
    if len(items) <= count:
        return list(items)
    return [items[i * len(items) // count] for i in range(count)]


def _timed(call: Callable[[], _T], into: list[float]) -> _T:
    start = time.thread_time()
    answer = call()
    into.append((time.thread_time() - start) * 1000)
    return answer


def _result(case: str, ours: float, baseline: float, unit: str, n: int, more: bool) -> Result:
    above, below = (ours, baseline) if more else (baseline, ours)
    return Result(
        case, round(ours, 4), round(baseline, 4), round(above / below, 3) if below else None, unit, n
    )

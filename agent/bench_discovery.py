"""`groundup bench discovery`: rules that cut demonstrations, beside baselines and a supervised detector.

Every method is calibrated alike: on the validation demonstrations its one threshold is set so that segments
have the true mean length there; that number is all that it learns of labels. On the test demonstrations
nothing is counted before it is scored.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from groundup.agent.bench_discovery_models import Models, load_models
from groundup.agent.machine import machine
from groundup.envs.errors import UsageError
from groundup.skills.discovery.labels import Labels, read_labels
from groundup.skills.discovery.measure import purity, score
from groundup.skills.discovery.peaks import Curve, above, height_for, mean_length, smooth
from groundup.skills.discovery.rules.combined import combined_curve, combined_with_events, last_events
from groundup.skills.discovery.rules.histogram import histogram_change
from groundup.skills.discovery.rules.latent import latent_curve
from groundup.skills.discovery.rules.latent_events import latent_events_curve, weights
from groundup.skills.discovery.rules.smoothed import smoothed_loss
from groundup.skills.discovery.training.data import Data, Episode, load
from groundup.skills.discovery.training.fit_latent import boundary_posterior
from groundup.skills.discovery.training.scoring import SkilledLosses, track_of
from groundup.skills.discovery.training.segments import calibrate_gap, reference_cuts
from groundup.skills.discovery.training.supervised import boundary_probability
from groundup.skills.discovery.types import Losses, Track

TOLERANCES = (2, 5)
EVENTS = ("events only", "combined-events", "latent-events", "supervised-events")
"""Methods that are told events; they are measured against the supervised detector that is told them too."""

Found = list[list[int]]
Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A split with all that methods may read of it."""

    episodes: Sequence[Episode]
    losses: Sequence[Losses]
    tracks: Sequence[Track]


def run(folder: Path, models: Path, seeds: Sequence[int], tell: Tell) -> dict[str, Any]:
    """Score every method with the models of each seed; raises `UsageError` when one is missing."""
    if not seeds:
        raise UsageError("--seeds names no seed: give first:end, such as 0:3.")
    validation, test = load(folder, "validation"), load(folder, "test")
    labels = {
        split: [read_labels(e.path) for e in data.episodes]
        for split, data in (("validation", validation), ("test", test))
    }
    length = mean_length(
        [len(e) for e in validation.episodes], [one.switches for one in labels["validation"]]
    )
    rows: list[dict[str, Any]] = []
    for done, seed in enumerate(seeds):
        held = load_models(models, seed)
        found = _found(held, seed, validation, test, length)
        steps = [len(episode) for episode in test.episodes]
        rows += [_row(seed, name, each, labels["test"], steps) for name, each in found.items()]
        tell(done + 1, len(seeds), f"seed {seed}")
    return {
        "length": length,
        "rows": rows,
        "results": _results(rows, len(test.episodes)),
        "true": sum(len(one.switches) for one in labels["test"]),
        "machine": machine(),
    }


def _found(models: Models, seed: int, validation: Data, test: Data, length: float) -> dict[str, Found]:
    ours, theirs = _score(models, validation), _score(models, test)
    says = weights(zip(ours.losses, ours.tracks, strict=True))
    rng = np.random.default_rng(seed)
    curves: dict[str, Callable[[Scored, int], Curve]] = {
        "random": lambda s, k: rng.random(len(s.tracks[k])) + 1e-9,
        "content change": lambda s, k: content_change(s.episodes[k]),
        "action histogram": lambda s, k: histogram_change(s.losses[k], s.tracks[k]),
        "smoothed loss": lambda s, k: smoothed_loss(s.losses[k], s.tracks[k]),
        "combined": lambda s, k: combined_curve(s.losses[k], s.tracks[k]),
        "latent": lambda s, k: latent_curve(s.losses[k], s.tracks[k]),
        "supervised": lambda s, k: _supervised(models, s.episodes[k], events=False),
        "events only": lambda s, k: last_events(s.tracks[k]) + 1e-3 * rng.random(len(s.tracks[k])),
        "combined-events": lambda s, k: combined_with_events(s.losses[k], s.tracks[k]),
        "latent-events": lambda s, k: latent_events_curve(s.losses[k], s.tracks[k], says=says),
        "supervised-events": lambda s, k: _supervised(models, s.episodes[k], events=True),
    }
    found = {name: _cut(curve, ours, theirs, length) for name, curve in curves.items()}
    found["fixed length"] = [list(range(round(length), len(t), round(length))) for t in theirs.tracks]
    gap = calibrate_gap(ours.losses, length)
    found["reference"] = [reference_cuts(gap, one) for one in theirs.losses]
    return found


def _cut(curve: Callable[[Scored, int], Curve], ours: Scored, theirs: Scored, length: float) -> Found:
    height = height_for([curve(ours, k) for k in range(len(ours.tracks))], length)
    return [above(curve(theirs, k), height) for k in range(len(theirs.tracks))]


def _score(models: Models, data: Data) -> Scored:
    names = list(data.card.events)
    return Scored(
        data.episodes,
        [SkilledLosses(models.policy, e, boundary_posterior(models.latent, e)) for e in data.episodes],
        [track_of(e, len(data.card.actions), names) for e in data.episodes],
    )


def _supervised(models: Models, episode: Episode, *, events: bool) -> Curve:
    return smooth(boundary_probability(models.detector, episode, events=events))


def content_change(episode: Episode) -> Curve:
    """The mean absolute change of pixels between frames, as PySceneDetect's content detector but in RGB."""
    change = np.abs(np.diff(episode.frames.astype(np.int16), axis=0)).mean((1, 2, 3))
    return np.concatenate([[0.0], change])


def _row(
    seed: int, name: str, found: Found, labels: Sequence[Labels], steps: Sequence[int]
) -> dict[str, Any]:
    switches = [one.switches for one in labels]
    row: dict[str, Any] = {
        "seed": seed,
        "method": name,
        "found": sum(map(len, found)),
        "purity": purity(zip(found, switches, steps, strict=True)),
    }
    for tolerance in TOLERANCES:
        row[f"f1@{tolerance}"] = score(
            ((f, one.switches) for f, one in zip(found, labels, strict=True)), tolerance
        ).f1
    for noise in sorted({one.noise for one in labels}):
        part = [(f, one.switches) for f, one in zip(found, labels, strict=True) if one.noise == noise]
        row[f"f1@2 noise {noise}"] = score(part, 2).f1
    return row


def _results(rows: Sequence[dict[str, Any]], episodes: int) -> list[dict[str, Any]]:
    by = {(row["method"], row["seed"]): row for row in rows}
    seeds = sorted({row["seed"] for row in rows})
    results = []
    for name in dict.fromkeys(row["method"] for row in rows):
        best = "supervised-events" if name in EVENTS else "supervised"
        f1 = [by[name, s]["f1@2"] for s in seeds]
        share = [
            (by[name, s]["f1@2"] - by["random", s]["f1@2"]) / (by[best, s]["f1@2"] - by["random", s]["f1@2"])
            for s in seeds
        ]
        results.append(
            {
                "case": name,
                "ours": statistics.mean(f1),
                "spread": statistics.pstdev(f1),
                "f1@5": statistics.mean(by[name, s]["f1@5"] for s in seeds),
                "found": statistics.mean(by[name, s]["found"] for s in seeds),
                "purity": statistics.mean(by[name, s]["purity"] for s in seeds),
                "baseline": statistics.mean(by[best, s]["f1@2"] for s in seeds),
                "ratio": statistics.mean(share),
                "ratio_spread": statistics.pstdev(share),
                "unit": "F1 at 2 frames; ratio (F1 - random) / (supervised - random)",
                "n": episodes * len(seeds),
                "noise": {
                    key.removeprefix("f1@2 noise "): statistics.mean(by[name, s][key] for s in seeds)
                    for key in by[name, seeds[0]]
                    if key.startswith("f1@2 noise ")
                },
            }
        )
    return results


def as_text(report: dict[str, Any]) -> str:
    """The table for people."""
    lines = [
        f"{'method':20} {'F1@2':>12} {'F1@5':>6} {'found':>7} {'purity':>7} "
        f"{'(F1 - random) / (supervised - random)':>38}"
    ]
    lines += [
        f"{row['case']:20} {row['ours']:.3f} ± {row['spread']:.3f} {row['f1@5']:6.3f} {row['found']:7.0f} "
        f"{row['purity']:7.3f} "
        f"{row['ratio']:30.2f} ± {row['ratio_spread']:.2f}"
        for row in report["results"]
    ]
    return "\n".join(
        [*lines, f"true boundaries: {report['true']}; mean length on validation {report['length']:.1f}"]
    )

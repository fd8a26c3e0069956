"""What a folder of demonstrations holds, counted from its files and labels: `groundup demos describe`."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from groundup.skills.discovery.demonstrations import SPLITS, paths, read, read_card
from groundup.skills.discovery.labels import read_labels

PERCENTILES = (5, 25, 50, 75, 95)

SELDOM = 0.05
"""A skill in whose segments an achievement comes about less often counts as one without."""


def describe(folder: Path) -> dict[str, Any]:
    """Demonstrations, segments, skills, noise and worlds of `folder`; raises `BadDemonstrations`."""
    card = read_card(folder)
    lengths: list[int] = []
    noise: Counter[float] = Counter()
    splits: dict[str, dict[str, int]] = {}
    with_event: dict[str, list[bool]] = {}
    for split in SPLITS:
        steps = segments = 0
        for path in paths(folder, split):
            labels, shown = read_labels(path), read(path)
            noise[labels.noise] += 1
            steps += len(shown)
            events = np.array([step for step, _ in shown.events], int)
            bounds = list(itertools.pairwise([0, *labels.switches, len(shown)]))
            segments += len(bounds)
            for skill, (begin, end) in zip(labels.skills, bounds, strict=True):
                lengths.append(end - begin)
                with_event.setdefault(skill, []).append(bool(((events >= begin) & (events < end)).any()))
        count = len(paths(folder, split))
        splits[split] = {
            "demonstrations": count,
            "steps": steps,
            "segments": segments,
            "first_world": card.worlds[split],
            "last_world": card.worlds[split] + count - 1,
        }
    worlds = [set(range(one["first_world"], one["last_world"] + 1)) for one in splits.values()]
    return {
        "splits": splits,
        "shared_worlds": sum(len(a & b) for a, b in itertools.combinations(worlds, 2)),
        "segment_length": {
            "mean": float(np.mean(lengths)),
            "sd": float(np.std(lengths)),
            **{f"p{p}": float(np.percentile(lengths, p)) for p in PERCENTILES},
        },
        "noise": {str(level): count for level, count in sorted(noise.items())},
        "skills": {
            name: {"segments": len(own), "with_event": float(np.mean(own))}
            for name, own in sorted(with_event.items())
        },
        "without_achievement": sorted(name for name, own in with_event.items() if np.mean(own) < SELDOM),
    }


def as_text(facts: dict[str, Any]) -> str:
    """The same for people."""
    lines = [
        f"{split:12} {one['demonstrations']:5} demonstrations, {one['steps']:7} steps, {one['segments']:6} "
        f"segments, worlds {one['first_world']}-{one['last_world']}"
        for split, one in facts["splits"].items()
    ]
    length = facts["segment_length"]
    lines.append(
        f"segments of {length['mean']:.1f} ± {length['sd']:.1f} steps; percentiles "
        + ", ".join(f"{p}%: {length[f'p{p}']:.0f}" for p in PERCENTILES)
    )
    lines.append("noise: " + ", ".join(f"{level} in {n}" for level, n in facts["noise"].items()))
    lines += [
        f"{name:16} {one['segments']:5} segments, an achievement in {one['with_event']:4.0%}"
        for name, one in facts["skills"].items()
    ]
    lines.append(f"worlds shared by splits: {facts['shared_worlds']}")
    return "\n".join(lines)

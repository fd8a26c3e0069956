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

OFTEN = 0.1
"""Share of a skill's segments in which an achievement comes about that belongs to it.

One that would belong to more than half of all skills belongs to none: zombies attack at any time.
"""


def describe(folder: Path) -> dict[str, Any]:
    """Demonstrations, segments, skills, noise and worlds of `folder`; raises `BadDemonstrations`."""
    card = read_card(folder)
    lengths: list[int] = []
    noise: Counter[float] = Counter()
    splits: dict[str, dict[str, int]] = {}
    segments_of: Counter[str] = Counter()
    came: dict[str, Counter[str]] = {}
    for split in SPLITS:
        steps = segments = 0
        for path in paths(folder, split):
            labels, shown = read_labels(path), read(path)
            noise[labels.noise] += 1
            steps += len(shown)
            bounds = list(itertools.pairwise([0, *labels.switches, len(shown)]))
            segments += len(bounds)
            for skill, (begin, end) in zip(labels.skills, bounds, strict=True):
                lengths.append(end - begin)
                segments_of[skill] += 1
                names = {card.events[kind] for step, kind in shown.events if begin <= step < end}
                came.setdefault(skill, Counter()).update(names)
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
        **_achievements(segments_of, came),
    }


def _achievements(segments: Counter[str], came: dict[str, Counter[str]]) -> dict[str, Any]:
    shares = {
        skill: {name: count / segments[skill] for name, count in own.items()}
        for skill, own in sorted(came.items())
    }
    skills_of = Counter(name for own in shares.values() for name, share in own.items() if share >= OFTEN)
    everywhere = sorted(name for name, count in skills_of.items() if count > len(shares) / 2)
    skills = {
        skill: {
            "segments": segments[skill],
            "achievements": {
                name: round(share, 3)
                for name, share in sorted(own.items(), key=lambda one: -one[1])
                if share >= OFTEN and name not in everywhere
            },
        }
        for skill, own in shares.items()
    }
    without = [skill for skill, one in skills.items() if not one["achievements"]]
    return {"skills": skills, "in_most_skills": everywhere, "without_achievement": without}


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
        f"{name:16} {one['segments']:5} segments; "
        + (", ".join(f"{kind} in {share:.0%}" for kind, share in one["achievements"].items()) or "-")
        for name, one in facts["skills"].items()
    ]
    lines.append(f"without an achievement of their own: {', '.join(facts['without_achievement']) or '-'}")
    lines.append(f"worlds shared by splits: {facts['shared_worlds']}")
    return "\n".join(lines)

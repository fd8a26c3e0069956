"""Which skills do nearly the same, and how two of them become one."""

from __future__ import annotations

from dataclasses import replace

from groundup.skills.types import Skill

MIN_IOU = 0.5
"""Boxes that overlap by half are the same place: the usual bar for two boxes of one object (PASCAL VOC)."""


def absorb(kept: Skill, other: Skill) -> Skill:
    """`kept` with the evidence of `other` added, effects weighted by uses, and `other` among its parents."""
    ours, theirs = kept.statistics.uses, other.statistics.uses
    effect = {**other.effect, **kept.effect}
    for name in kept.effect.keys() & other.effect.keys():
        if theirs:
            effect[name] = (kept.effect[name] * ours + other.effect[name] * theirs) / (ours + theirs)
    parents = dict.fromkeys((*kept.parents, *other.parents, other.id))
    parents.pop(kept.id, None)
    return replace(
        kept,
        effect=dict(sorted(effect.items())),
        statistics=kept.statistics.plus(other.statistics),
        parents=tuple(parents),
    )


def near_duplicates(skills: list[Skill], min_iou: float = MIN_IOU) -> list[list[Skill]]:
    """Groups of two or more skills that do nearly the same, the most used first in each.

    Nearly the same: the same scene, actions and keys, on targets of the same kind and text whose boxes
    overlap by `min_iou` with those of the group's first.
    """
    alike: dict[tuple[object, ...], list[list[Skill]]] = {}
    for skill in sorted(skills, key=lambda one: (-one.statistics.uses, one.id)):
        groups = alike.setdefault(_look(skill), [])
        for group in groups:
            if _overlap(group[0], skill) >= min_iou:
                group.append(skill)
                break
        else:
            groups.append([skill])
    return [group for groups in alike.values() for group in groups if len(group) > 1]


def _look(skill: Skill) -> tuple[object, ...]:
    """What near duplicates have in common exactly."""
    steps = tuple(
        (step.action, step.keys, *((t.kind, t.text) if t else None for t in (step.target, step.destination)))
        for step in skill.steps
    )
    return skill.scene, steps


def _overlap(one: Skill, other: Skill) -> float:
    """The smallest overlap (IoU) between the boxes of their targets; 1 when there are none."""
    worst = 1.0
    for mine, theirs in zip(one.steps, other.steps, strict=True):
        for a, b in ((mine.target, theirs.target), (mine.destination, theirs.destination)):
            if a is not None and b is not None:
                worst = min(worst, a.box.iou(b.box))
    return worst

"""Skills as values: what to do, on what, and what is known of how it goes.

Places are fractions of the frame, so that a skill says nothing of a window's size. This module knows
nothing of where skills are kept or how they are chosen.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from groundup.envs.errors import GroundupError

Fraction = Annotated[float, Field(ge=-1.0, le=2.0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=2**53)]


class SkillInvalid(GroundupError):
    """What should be a skill is none."""


class RelativeBox(NamedTuple):
    """A rectangle in fractions of the frame: left, top, width, height, each about 0 to 1."""

    x: Fraction
    y: Fraction
    w: Fraction
    h: Fraction

    def iou(self, other: RelativeBox) -> float:
        """Intersection over union, 0 to 1."""
        w = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        h = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        overlap = max(0.0, w) * max(0.0, h)
        union = self.w * self.h + other.w * other.h - overlap
        return overlap / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Target:
    """How a thing on screen is found again: its kind, its text, where it was, and a picture of it.

    `template_sha` is the hash of the picture in the store; None when sight is not needed.
    """

    kind: str
    text: str
    box: RelativeBox
    template_sha: str | None = None


@dataclass(frozen=True, slots=True)
class SkillStep:
    """One action: `action` names its type ("click", "drag", "key"), targets stand for coordinates."""

    action: str
    target: Target | None = None
    destination: Target | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statistics:
    """The evidence on a skill, summed up.

    `value` is the progress that was backed up to it, `last_used` a step's number.
    """

    uses: Count = 0
    responsive: Count = 0
    reward_sum: Number = 0.0
    reward_sq_sum: Number = 0.0
    value: Number = 0.0
    last_used: int = 0

    @property
    def mean(self) -> float:
        """The mean reward of a use; 0 before the first."""
        return self.reward_sum / self.uses if self.uses else 0.0

    @property
    def spread(self) -> float:
        """The standard deviation of the reward; 0 before the second use."""
        if self.uses < 2:
            return 0.0
        variance = (self.reward_sq_sum - self.reward_sum**2 / self.uses) / (self.uses - 1)
        return math.sqrt(max(0.0, variance))

    @property
    def responsive_rate(self) -> float:
        """The share of uses that the screen answered; 0 before the first."""
        return self.responsive / self.uses if self.uses else 0.0

    def after(self, reward: float, responsive: bool, *, step: int) -> Statistics:
        """The statistics after one more use at `step`."""
        return Statistics(
            uses=self.uses + 1,
            responsive=self.responsive + int(responsive),
            reward_sum=self.reward_sum + reward,
            reward_sq_sum=self.reward_sq_sum + reward * reward,
            value=self.value,
            last_used=step,
        )

    def plus(self, other: Statistics) -> Statistics:
        """Both bodies of evidence as one; the value is their mean weighted by uses."""
        uses = self.uses + other.uses
        weighted = self.value * self.uses + other.value * other.uses
        return Statistics(
            uses=uses,
            responsive=self.responsive + other.responsive,
            reward_sum=self.reward_sum + other.reward_sum,
            reward_sq_sum=self.reward_sq_sum + other.reward_sq_sum,
            value=weighted / uses if uses else max(self.value, other.value),
            last_used=max(self.last_used, other.last_used),
        )


@dataclass(frozen=True, slots=True)
class Skill:
    """A sequence of steps that is worth doing in a scene.

    `precondition` says when it applies, `effect` what it does to each number on screen (mean change),
    `provenance` how it came about ("explored", "planned", "refined"; "composed": of two others that
    followed each other regularly, its first two parents; its effect is the sum of theirs),
    `parents` the ids of the skills it came from, `version` how often it has changed.
    """

    id: str
    name: str
    description: str
    scene: str
    steps: tuple[SkillStep, ...]
    precondition: dict[str, Any] = field(default_factory=dict)
    effect: dict[str, Number] = field(default_factory=dict)
    statistics: Statistics = Statistics()
    provenance: str = "explored"
    parents: tuple[str, ...] = ()
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1

    def to_json(self) -> dict[str, Any]:
        """The skill as a JSON object; `skill_from_json` gives it back."""
        document: dict[str, Any] = _skills().dump_python(self, mode="json")
        return document

    @property
    def templates(self) -> tuple[str, ...]:
        """The hashes of the pictures that its targets need, each once."""
        targets = (target for step in self.steps for target in (step.target, step.destination))
        return tuple(
            dict.fromkeys(target.template_sha for target in targets if target and target.template_sha)
        )


def skill_from_json(document: object) -> Skill:
    """The skill behind a JSON object; raises `SkillInvalid` with the first thing that is wrong with it."""
    try:
        return _skills().validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SkillInvalid(f"This is not a skill: {place or 'the document'}: {first['msg']}.") from error


def steps_to_json(steps: tuple[SkillStep, ...]) -> list[dict[str, Any]]:
    """Steps as JSON objects."""
    document: list[dict[str, Any]] = _steps().dump_python(steps, mode="json")
    return document


def steps_key(scene: str, steps: tuple[SkillStep, ...]) -> str:
    """The same for skills that do the same thing on the same things in the same scene; 32 hex digits.

    A target is told by its kind, text and picture, and by its box to a hundredth of the frame.
    """
    document = [scene]
    for step in steps:
        for target in (step.target, step.destination):
            if target is None:
                document.append("-")
            else:
                place = [round(side, 2) for side in target.box]
                document.append(json.dumps([target.kind, target.text, place, target.template_sha]))
        document.append(json.dumps([step.action, step.keys]))
    return hashlib.sha256("\n".join(document).encode()).hexdigest()[:32]


@cache
def _skills() -> TypeAdapter[Skill]:
    return TypeAdapter(Skill)


@cache
def _steps() -> TypeAdapter[tuple[SkillStep, ...]]:
    return TypeAdapter(tuple[SkillStep, ...])

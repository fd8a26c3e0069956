"""Skills as the store and bundles keep them, and back."""

from __future__ import annotations

from dataclasses import asdict, fields

from groundup.memory.bundles import BundledSkill
from groundup.memory.records import SkillRecord
from groundup.skills.types import Skill, skill_from_json

_FIELDS = tuple(field.name for field in fields(Skill))  # asdict would copy all that is inside


def from_record(record: SkillRecord) -> Skill:
    """The skill behind a record; raises `SkillInvalid` when it is none."""
    return skill_from_json({name: getattr(record, name) for name in _FIELDS})


def to_record(skill: Skill) -> SkillRecord:
    """A skill as a record that is in use, with the pictures that its targets need."""
    return SkillRecord(**{**skill.to_json(), "parents": skill.parents, "frames": skill.templates})


def to_bundled(record: SkillRecord) -> BundledSkill:
    """A record as a bundle holds it."""
    values = asdict(record)
    del values["retired"]
    return BundledSkill(**{**values, "parents": list(record.parents), "frames": list(record.frames)})

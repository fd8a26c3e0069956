"""Records as rows of the tables, and back."""

from __future__ import annotations

from groundup.memory.records import JsonObject, RunRecord, SkillRecord, UseRecord, from_json, to_json
from groundup.memory.transaction import AnyRow


def skill_row(skill: SkillRecord) -> JsonObject:
    """A skill as a row."""
    return {
        "id": skill.id,
        "name": skill.name,
        "description": skill.description,
        "scene": skill.scene,
        "steps": to_json(skill.steps),
        "precondition": to_json(skill.precondition),
        "effect": to_json(skill.effect),
        "statistics": to_json(skill.statistics),
        "provenance": skill.provenance,
        "parents": to_json(list(skill.parents)),
        "version": skill.version,
        "retired": skill.retired,
        "frames": to_json(list(skill.frames)),
    }


def skill_record(row: AnyRow) -> SkillRecord:
    """A row as a skill."""
    return SkillRecord(
        id=row.id,
        name=row.name,
        description=row.description,
        scene=row.scene,
        steps=from_json(row.steps),
        precondition=from_json(row.precondition),
        effect=from_json(row.effect),
        statistics=from_json(row.statistics),
        provenance=row.provenance,
        parents=tuple(from_json(row.parents)),
        version=row.version,
        retired=row.retired,
        frames=tuple(from_json(row.frames)),
    )


def run_row(run: RunRecord) -> JsonObject:
    """A run as a row."""
    return {
        "id": run.id,
        "game": run.game,
        "policy": run.policy,
        "seed": run.seed,
        "steps": run.steps,
        "status": run.status,
        "state": to_json(run.state),
        "started": run.started,
        "updated": run.updated,
    }


def run_record(row: AnyRow) -> RunRecord:
    """A row as a run."""
    return RunRecord(
        row.id,
        row.game,
        row.policy,
        row.seed,
        row.steps,
        row.status,
        from_json(row.state),
        row.started,
        row.updated,
    )


def use_row(use: UseRecord) -> JsonObject:
    """A use of a skill as a row."""
    return {
        "skill": use.skill,
        "run": use.run,
        "step": use.step,
        "reward": float(use.reward),
        "responsive": bool(use.responsive),
        "deltas": to_json(use.deltas),
    }


def use_record(row: AnyRow) -> UseRecord:
    """A row as a use of a skill."""
    return UseRecord(row.skill, row.run, row.step, row.reward, bool(row.responsive), from_json(row.deltas))

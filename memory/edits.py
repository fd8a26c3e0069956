"""Changes to a skill by hand: rename, pin, retire, and back; each gives the change that undoes it.

The run that writes the library applies them when there is one, the watcher itself when there is none.
What a skill's steps mean is of no matter here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from groundup.memory.records import JsonObject
from groundup.memory.store import Store

PINNED = "pinned"
"""Section of knowledge with a document for each skill that a person wants kept."""

TEXT_SPACE = "skill-text"
"""The space of vectors made of names: what is renamed needs a new one, which the next search makes."""

LONGEST_NAME = 200
"""Letters; what a bundle takes."""


def pinned(store: Store) -> set[str]:
    """The ids of the skills that are pinned."""
    return set(store.get_knowledge(PINNED))


def apply_edit(store: Store, edit: JsonObject) -> JsonObject:
    """Change a skill in one step and return the edit that undoes it.

    `edit` is {"skill": id} with one of "name" (text), "pinned" (bool), "retired" (reason, or None to use it
    again). Raises `ValueError` with a sentence for what cannot be done; nothing is changed then.
    """
    skill_id = str(edit.get("skill", ""))
    record = store.get_skill(skill_id)
    if record is None:
        raise ValueError(f"There is no skill {skill_id!r}.")
    match edit:
        case {"name": str(name)}:
            name = " ".join(name.split())[:LONGEST_NAME]
            if not name:
                raise ValueError("A skill needs a name of one letter or more.")
            with store.step():
                store.put_skill(replace(record, name=name, version=record.version + 1))
                store.vectors.delete(TEXT_SPACE, [skill_id])
            return {"skill": skill_id, "name": record.name}
        case {"pinned": bool(wanted)}:
            was = skill_id in pinned(store)
            with store.step():
                if wanted:
                    store.put_knowledge(PINNED, skill_id, {"pinned": True})
                else:
                    store.delete_knowledge(PINNED, [skill_id])
            return {"skill": skill_id, "pinned": was}
        case {"retired": (str() | None) as reason}:
            with store.step():
                store.put_skill(replace(record, retired=reason))
                if reason is not None:
                    store.vectors.delete(TEXT_SPACE, [skill_id])
            return {"skill": skill_id, "retired": record.retired}
    raise ValueError(f"This is no change of a skill: {_shown(edit)}.")


def _shown(edit: Any) -> str:
    return repr(edit)[:80]

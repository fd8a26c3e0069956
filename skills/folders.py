"""Skills as SKILL folders, the form in which agents share them: SKILL.md and files beside it.

The front matter of SKILL.md has `name` (at most 64 characters, a-z, 0-9 and hyphen, equal to the folder's
name), `description` (at most 1024) and a `metadata` map; the body stays under 500 lines (agentskills.io).
`skill.json` beside it is the skill itself, `frames/` its pictures by their hash. What comes from elsewhere
is parsed and checked, and nothing of it is executed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from groundup.envs.errors import UsageError
from groundup.memory.frames import decode
from groundup.skills.library import Library
from groundup.skills.types import Skill, SkillInvalid, SkillStep, Target, skill_from_json

DOCUMENT, SKILL, FRAMES = "SKILL.md", "skill.json", "frames"

NAME_LIMIT, DESCRIPTION_LIMIT = 64, 1024
"""The format's limits: characters of name and description."""

_FILE_LIMIT = 4_000_000
"""Bytes of a skill's document, or of one of its pictures, that are read at most."""

_STEPS = 100
"""Steps that SKILL.md tells of; `skill.json` has all of them."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class FoldersInvalid(UsageError):
    """A folder holds no skills, or what is in it is not to be trusted."""


def export_folders(library: Library, folder: Path, skills: Iterable[Skill] | None = None) -> int:
    """Write all skills, or these, as a folder each in `folder`; returns how many.

    Raises `FoldersInvalid` when something is in the way, OSError.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FoldersInvalid(f"{folder} exists already: give a new name.")
    chosen = library.skills() if skills is None else list(skills)
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for skill in chosen:
        name = _folder_name(skill, taken)
        taken.add(name)
        part = folder / f".{name}.part"
        try:
            _write(library, skill, name, part)
            part.replace(folder / name)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return len(chosen)


def is_skill_folders(folder: Path) -> bool:
    """Whether `folder` is a SKILL folder or holds some."""
    return next(_folders(folder), None) is not None


def import_folders(library: Library, folder: Path) -> int:
    """Take over the skills of a SKILL folder, or of those in a folder; all or nothing, returns how many.

    A skill whose id the library has already gets a new one, and that id among its parents. Raises
    `FoldersInvalid` or `SkillInvalid` with one sentence.
    """
    found = [(_read(one), one) for one in _folders(folder)]
    if not found:
        raise FoldersInvalid(f"{folder} holds no {DOCUMENT} with a {SKILL} beside it.")
    with library.store.step():
        for skill, one in found:
            for sha in skill.templates:
                library.store.put_frame(_picture(one, sha))
            if not skill.id or library.get(skill.id) is not None:
                skill = replace(skill, id="", parents=tuple(filter(None, (*skill.parents, skill.id))))
            library.add(skill)
    return len(found)


def _folders(folder: Path) -> Iterator[Path]:
    if (folder / DOCUMENT).is_file() and (folder / SKILL).is_file():
        yield folder
        return
    if folder.is_dir():
        for one in sorted(folder.iterdir()):
            if (one / DOCUMENT).is_file() and (one / SKILL).is_file():
                yield one


def _folder_name(skill: Skill, taken: set[str]) -> str:
    """A name by the format's rules that no other folder has."""
    words = "-".join(re.findall(r"[a-z0-9]+", skill.name.lower())) or "skill"
    name = words[:NAME_LIMIT].strip("-")
    if name in taken:
        tail = re.sub(r"[^a-z0-9]", "", skill.id.lower())[:12] or str(len(taken))
        name = f"{words[: NAME_LIMIT - len(tail) - 1].strip('-')}-{tail}"
    number = 2
    while name in taken:
        name = f"{words[: NAME_LIMIT - 8].strip('-')}-{number}"
        number += 1
    return name


def _write(library: Library, skill: Skill, name: str, folder: Path) -> None:
    (folder / FRAMES).mkdir(parents=True)
    (folder / SKILL).write_text(json.dumps(skill.to_json(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    for sha in skill.templates:
        image = library.store.get_frame(sha)
        if image is not None:
            (folder / FRAMES / sha).write_bytes(image)
    (folder / DOCUMENT).write_text(document(skill, name, library.game or ""), "utf-8")


def document(skill: Skill, name: str, game: str) -> str:
    """The text of SKILL.md; strings of the front matter are written as JSON, which YAML reads as they are."""
    description = " ".join((skill.description or skill.name).split())[:DESCRIPTION_LIMIT]
    facts = {
        "id": skill.id,
        "title": " ".join(skill.name.split()),
        "game": game,
        "scene": skill.scene,
        "provenance": skill.provenance,
        "version": str(skill.version),
        "uses": str(skill.statistics.uses),
    }
    lines = ["---", f"name: {name}", f"description: {_quoted(description)}", "metadata:"]
    lines += [f"  {key}: {_quoted(value)}" for key, value in facts.items() if value]
    lines += ["---", "", f"# {' '.join(skill.name.split())}", "", description, "", "## Steps", ""]
    lines += [f"{number}. {_step(step)}" for number, step in enumerate(skill.steps[:_STEPS], start=1)]
    if len(skill.steps) > _STEPS:
        lines.append(f"{_STEPS + 1}. and {len(skill.steps) - _STEPS} more, in `{SKILL}`")
    if skill.effect:
        lines += ["", "## What it changes", ""]
        lines += [
            f"- {' '.join(key.split())}: {value:+g}" for key, value in sorted(skill.effect.items())[:_STEPS]
        ]
    statistics = skill.statistics
    if statistics.uses:
        lines += ["", "## Evidence", ""]
        lines.append(
            f"{statistics.uses} uses, {statistics.responsive_rate:.0%} answered, "
            f"mean reward {statistics.mean:+.3f}."
        )
    lines += ["", f"The skill itself is in `{SKILL}`, the pictures of what it acts on in `{FRAMES}/`.", ""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _step(step: SkillStep) -> str:
    words = [step.action]
    if step.keys:
        words.append(", ".join(step.keys))
    words += [_target(target) for target in (step.target, step.destination) if target is not None]
    return " — ".join(" ".join(word.split()) for word in words)[:2000]


def _target(target: Target) -> str:
    text = f" “{target.text}”" if target.text else ""
    picture = f" (`{FRAMES}/{target.template_sha}`)" if target.template_sha else ""
    return f"{target.kind}{text}{picture}"


def _read(folder: Path) -> Skill:
    header = _inside(folder, DOCUMENT).decode("utf-8", "replace").splitlines()[:2]
    name = header[1].partition("name:")[2].strip().strip("\"'") if len(header) == 2 else ""
    if header[:1] != ["---"] or not _NAME.fullmatch(name) or len(name) > NAME_LIMIT:
        raise FoldersInvalid(
            f"{folder / DOCUMENT} does not begin with front matter that has a name by the rules."
        )
    if name != folder.resolve().name:
        raise FoldersInvalid(f"{folder} is called otherwise in its {DOCUMENT} ({name}): name both alike.")
    try:
        return skill_from_json(json.loads(_inside(folder, SKILL)))
    except (ValueError, RecursionError) as error:
        raise FoldersInvalid(f"{folder / SKILL} is not JSON: export the skill again.") from error
    except SkillInvalid as error:
        raise SkillInvalid(f"{folder / SKILL}: {error}") from error


def _picture(folder: Path, sha: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{64}", sha):
        raise FoldersInvalid(f"{folder / SKILL} names a picture {sha[:40]!r}, which is no hash.")
    image = _inside(folder, f"{FRAMES}/{sha}")
    if hashlib.sha256(image).hexdigest() != sha:
        raise FoldersInvalid(f"{folder} is damaged: its picture {sha[:12]} is not what its name says.")
    try:
        decode(image)
    except ValueError as error:
        raise FoldersInvalid(f"{folder} is damaged: {sha[:12]} is no picture.") from error
    return image


def _inside(folder: Path, name: str) -> bytes:
    """A file of the folder. Raises `FoldersInvalid` where it is missing, too large, or leads elsewhere."""
    base = folder.resolve()
    path = (base / name).resolve()
    if not path.is_relative_to(base):
        raise FoldersInvalid(f"{folder} is not to be trusted: {name} leads out of it.")
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_LIMIT + 1)
    except OSError as error:
        raise FoldersInvalid(f"{folder} lacks {name} ({error.strerror}): export the skill again.") from error
    if len(data) > _FILE_LIMIT:
        raise FoldersInvalid(f"{folder / name} is larger than {_FILE_LIMIT} bytes: it was not read.")
    return data

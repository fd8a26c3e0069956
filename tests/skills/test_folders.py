"""Skills as SKILL folders: out, back in, and what is not to be trusted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from groundup.memory.frames import keep_frame
from groundup.skills.folders import (
    DOCUMENT,
    NAME_LIMIT,
    SKILL,
    FoldersInvalid,
    export_folders,
    import_folders,
    is_skill_folders,
)
from groundup.skills.library import Library
from groundup.skills.types import RelativeBox, Skill, SkillInvalid, SkillStep, Statistics, Target


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library.db", game="duel") as opened:
        sha = keep_frame(opened.store, np.full((20, 30, 3), 90, np.uint8))
        target = Target('strike: "quoted"\nand more', "6", RelativeBox(0.1, 0.2, 0.1, 0.1), sha)
        for name, description in (
            ("Strike, then look 42", "click strike"),
            ("strike then look 42", "x" * 3000),
        ):
            opened.add(
                Skill(
                    "",
                    name,
                    description,
                    "scene 2",
                    (SkillStep("click", target), SkillStep("hold", keys=("forward x12",))),
                    effect={"at:bar": -6.0},
                    statistics=Statistics(uses=4, responsive=4, reward_sum=2.0),
                    provenance="demonstration",
                )
            )
        opened.add(Skill("", "终了" * 50, "", "scene 1", (SkillStep("click", target),)))
        yield opened


def header(document: str) -> dict[str, str]:
    lines = document.split("---\n")[1].splitlines()
    return dict(line.split(": ", 1) for line in lines if not line.startswith(" ") and ": " in line)


def test_every_skill_is_a_folder_by_the_rules_and_comes_back_the_same(
    library: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "skills"
    assert export_folders(library, folder) == 3
    names = sorted(one.name for one in folder.iterdir())
    assert len(names) == 3
    for name in names:
        text = (folder / name / DOCUMENT).read_text()
        assert header(text)["name"] == name
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert len(name) <= NAME_LIMIT
        assert 0 < len(json.loads(header(text)["description"])) <= 1024
        assert len(text.splitlines()) < 500
    assert is_skill_folders(folder)
    assert is_skill_folders(folder / names[0])
    with Library.open(tmp_path / "other.db") as other:
        assert import_folders(other, folder) == 3
        assert sorted(other.skills(), key=lambda s: s.id) == sorted(library.skills(), key=lambda s: s.id)
        assert all(other.store.get_frame(sha) for skill in other.skills() for sha in skill.templates)
        assert import_folders(other, folder / names[0]) == 1
        (again,) = [skill for skill in other.skills() if skill.parents]
        assert other.get(again.parents[0]) is not None


def test_what_is_there_already_is_not_written_over(library: Library, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(FoldersInvalid, match="exists already"):
        export_folders(library, tmp_path / "mine")
    with pytest.raises(FoldersInvalid, match=r"holds no SKILL\.md"):
        import_folders(library, tmp_path / "mine")


def _swap_picture(folder: Path) -> None:
    next((folder / "frames").iterdir()).write_bytes(b"something else")


def _lead_out(folder: Path) -> None:
    (folder / SKILL).unlink()
    (folder / SKILL).symlink_to("/etc/hostname")


def _odd_hash(folder: Path) -> None:
    document = json.loads((folder / SKILL).read_text())
    document["steps"][0]["target"]["template_sha"] = "../../../etc/passwd"
    (folder / SKILL).write_text(json.dumps(document))


def _no_skill(folder: Path) -> None:
    (folder / SKILL).write_text('{"id": 3}')


def _no_json(folder: Path) -> None:
    (folder / SKILL).write_text("[" * 100_000)


def _other_name(folder: Path) -> None:
    (folder / DOCUMENT).write_text("---\nname: other\ndescription: x\n---\n")


def _no_header(folder: Path) -> None:
    (folder / DOCUMENT).write_text("# A skill\n")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_swap_picture, "not what its name says"),
        (_lead_out, "leads out of it"),
        (_odd_hash, "is no hash"),
        (_no_skill, "not a skill"),
        (_no_json, "not JSON"),
        (_other_name, "name both alike"),
        (_no_header, "front matter"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_not_to_be_trusted_is_refused_and_nothing_is_kept(
    library: Library, tmp_path: Path, spoil: object, says: str
) -> None:
    folder = tmp_path / "skills"
    export_folders(library, folder)
    assert callable(spoil)
    spoil(sorted(folder.iterdir())[-1])
    with Library.open(tmp_path / "other.db") as other:
        with pytest.raises((FoldersInvalid, SkillInvalid), match=says):
            import_folders(other, folder)
        assert len(other) == 0

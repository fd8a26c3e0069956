"""A bundle from somebody else: what is right is read, what is not is refused before it can do harm."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from groundup.memory import bundles
from groundup.memory.bundles import (
    Bundle,
    BundledScene,
    BundledSkill,
    BundleInvalid,
    read_bundle,
    write_bundle,
)

PICTURE = b"\xff\xd8\xff a picture"
SHA = hashlib.sha256(PICTURE).hexdigest()


def example() -> Bundle:
    return Bundle(
        game="game",
        frame_size=[64, 48],
        scenes=[BundledScene(id="fight", data={"look": [1, 2.5]}, frame=SHA)],
        skills=[
            BundledSkill(id="s", name="Strike", steps=[{"action": "click"}], parents=["p"], frames=[SHA])
        ],
        knowledge={"effects": {"Strike": {"n": [1, None, "x"]}}},
    )


@pytest.mark.parametrize("name", ["shared.zip", "shared"])
def test_a_bundle_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    write_bundle(tmp_path / name, example(), iter([(SHA, PICTURE)]))
    with read_bundle(tmp_path / name) as reader:
        assert reader.bundle == example()
        assert reader.picture(SHA) == PICTURE
        assert reader.picture("0" * 64) is None
        (skill,) = reader.bundle.skill_records()
        assert (skill.id, skill.parents, skill.frames) == ("s", ("p",), (SHA,))
    with pytest.raises(BundleInvalid, match="exists already"):
        write_bundle(tmp_path / name, example(), iter([]))


def refused(path: Path) -> str:
    with pytest.raises(BundleInvalid) as caught, read_bundle(path) as reader:
        reader.picture(SHA)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def as_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def as_folder(path: Path, members: dict[str, bytes]) -> Path:
    for name, data in members.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


GOOD = example().model_dump_json().encode()


def changed(**changes: object) -> bytes:
    return json.dumps({**json.loads(GOOD), **changes}).encode()


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"import os",
        b'{"format": "groundup-bundle-2"}',
        b"[" * 100_000,
        changed(skills="none"),
        changed(skills=[{"id": 1, "name": "x"}]),
        changed(skills=[{"id": "s", "name": "x", "version": 10**30}]),
        changed(skills=[{"id": "s", "name": "x", "effect": {"hp": "six"}}]),
        changed(skills=[{"id": "s", "name": "x", "frames": ["../../etc/passwd"]}]),
        changed(skills=[{"id": "s", "name": "x", "retired": "no such field"}]),
        changed(skills=[{"id": "s", "name": "x" * 1000}]),
        GOOD.replace(b"2.5", b"2.5}"),
        changed(frame_size=[1, 2, 3]),
        changed(frame_size=["a", "b"]),
        changed(knowledge={"section": ["not", "by", "key"]}),
        changed(code="print(1)"),
    ],
)
def test_a_document_of_the_wrong_shape(tmp_path: Path, document: bytes) -> None:
    assert "is not a groundup bundle" in refused(as_zip(tmp_path / "b.zip", {"bundle.json": document}))


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/passwd", "frames/../../evil", "frames/x", "frames/" + "A" * 64, "C:\\evil", "evil.py"],
)
def test_a_member_that_has_no_place_in_a_bundle(tmp_path: Path, name: str) -> None:
    path = as_zip(tmp_path / "b.zip", {"bundle.json": GOOD, name: b"x"})
    assert "it holds" in refused(path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["b.zip"]


@pytest.mark.parametrize("make", [as_zip, as_folder])
def test_a_picture_that_is_none(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    script = b"#!/bin/sh"
    path = make(tmp_path / "b.zip", {"bundle.json": GOOD, f"frames/{SHA}": script})
    assert "is damaged" in refused(path)
    wrong = hashlib.sha256(script).hexdigest()
    path = make(tmp_path / "c.zip", {"bundle.json": GOOD, f"frames/{wrong}": script})
    with pytest.raises(BundleInvalid, match="is damaged"), read_bundle(path) as reader:
        reader.picture(wrong)


@pytest.mark.parametrize("make", [as_zip, as_folder])
def test_a_bundle_that_is_too_large(tmp_path: Path, make, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(bundles, "MAX_DOCUMENT", 10_000)
    monkeypatch.setattr(bundles, "MAX_PICTURE", 10_000)
    bomb = bytes(20_000)
    assert "is larger than" in refused(make(tmp_path / "a.zip", {"bundle.json": bomb}))
    assert "is larger than" in refused(make(tmp_path / "b.zip", {"bundle.json": GOOD, f"frames/{SHA}": bomb}))
    monkeypatch.setattr(bundles, "MAX_PICTURES", 5)
    assert "is larger than" in refused(
        make(tmp_path / "c.zip", {"bundle.json": GOOD, f"frames/{SHA}": PICTURE})
    )


def test_a_zip_that_lies_about_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MAX_DOCUMENT", 10_000)
    path = as_zip(tmp_path / "b.zip", {"bundle.json": bytes(20_000)})
    data = path.read_bytes().replace((20_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path.write_bytes(data)
    assert refused(path)


def test_a_link_that_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(GOOD)
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "bundle.json").symlink_to(tmp_path / "secret")
    assert "leads out of it" in refused(folder)


def test_not_a_bundle_at_all(tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_bytes(b"PK notes")
    assert "is not a groundup bundle" in refused(tmp_path / "notes.zip")
    assert "There is no bundle at" in refused(tmp_path / "missing.zip")
    (tmp_path / "empty").mkdir()
    assert "holds no bundle.json" in refused(tmp_path / "empty")

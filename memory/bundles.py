"""Bundles: skills, scenes, knowledge and pictures in one file or folder, for sharing.

A bundle comes from other people. It is parsed and checked, never executed; nothing of it is unpacked
to disk, no name in it leads out of its folder, and every size is limited before it is read.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from groundup.envs.errors import UsageError
from groundup.memory.records import SceneRecord, SkillRecord
from groundup.memory.whole import whole_file

MAX_DOCUMENT = 64 << 20
"""Bytes of JSON: some 100,000 skills."""

MAX_PICTURE = 4 << 20
MAX_PICTURES = 512 << 20
"""Bytes of one picture and of all; a screenshot of 1280x720 is 114 KB (research.md section 5)."""

_DOCUMENT = "bundle.json"
_SHA = r"[0-9a-f]{64}"
_PICTURE = re.compile(rf"frames/({_SHA})")
_IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")

_Name = Annotated[str, Field(max_length=200)]
_Sha = Annotated[str, Field(pattern=rf"^{_SHA}$")]


class BundleInvalid(UsageError):
    """What should be a bundle is none, or one that is not to be trusted."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class BundledScene(_Strict):
    """A scene in a bundle; see `SceneRecord`."""

    id: _Name
    name: _Name = ""
    data: dict[str, Any] = {}
    frame: _Sha | None = None


class BundledSkill(_Strict):
    """A skill in a bundle; see `SkillRecord`. What its steps mean is checked by who takes it over."""

    id: _Name
    name: _Name
    description: Annotated[str, Field(max_length=10_000)] = ""
    scene: _Name = ""
    steps: Annotated[list[dict[str, Any]], Field(max_length=1000)] = []
    precondition: dict[str, Any] = {}
    effect: dict[str, float] = {}
    statistics: dict[str, Any] = {}
    provenance: _Name = ""
    parents: Annotated[list[_Name], Field(max_length=1000)] = []
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1
    frames: Annotated[list[_Sha], Field(max_length=1000)] = []


class Bundle(_Strict):
    """All that a bundle says; its pictures are read one by one (`BundleReader.picture`).

    `frame_size` is (width, height) of the frames that the skills were learnt on.
    """

    format: Literal["groundup-bundle-1"] = "groundup-bundle-1"
    game: _Name | None = None
    frame_size: Annotated[list[int], Field(min_length=2, max_length=2)] | None = None
    scenes: list[BundledScene] = []
    skills: list[BundledSkill] = []
    knowledge: dict[_Name, dict[_Name, Any]] = {}

    def skill_records(self) -> Iterator[SkillRecord]:
        """Its skills as the store keeps them."""
        for skill in self.skills:
            values = skill.model_dump()
            yield SkillRecord(**{**values, "parents": tuple(skill.parents), "frames": tuple(skill.frames)})

    def scene_records(self) -> Iterator[SceneRecord]:
        """Its scenes as the store keeps them."""
        for scene in self.scenes:
            yield SceneRecord(scene.id, scene.name, scene.data, scene.frame)


class _Source(Protocol):
    def read(self, name: str, limit: int) -> bytes | None:
        """The bytes of a member, None when there is none; `BundleInvalid` beyond `limit`."""
        ...


class BundleReader:
    """An open bundle: its document, parsed, and its pictures on demand."""

    def __init__(self, source: _Source, name: str) -> None:
        self._source = source
        self._name = name
        self._left = MAX_PICTURES
        document = source.read(_DOCUMENT, MAX_DOCUMENT)
        if document is None:
            raise BundleInvalid(f"{name} is not a groundup bundle: it holds no {_DOCUMENT}.")
        try:
            self.bundle = Bundle.model_validate_json(document)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or _DOCUMENT
            raise BundleInvalid(f"{name} is not a groundup bundle: {place}: {first['msg']}.") from error

    def picture(self, sha: str) -> bytes | None:
        """The encoded picture of that hash, checked against it; None when the bundle does not hold it."""
        image = self._source.read(f"frames/{sha}", min(MAX_PICTURE, self._left))
        if image is None:
            return None
        self._left -= len(image)
        if hashlib.sha256(image).hexdigest() != sha or not image.startswith(_IMAGE_STARTS):
            raise BundleInvalid(f"{self._name} is damaged: its picture {sha[:12]} is not what its name says.")
        return image


@contextmanager
def read_bundle(path: str | Path) -> Iterator[BundleReader]:
    """Open a bundle, a .zip file or a folder; raises `BundleInvalid` with one sentence."""
    place = Path(path)
    if place.is_dir():
        yield BundleReader(_Folder(place), str(path))
        return
    if not place.exists():
        raise BundleInvalid(f"There is no bundle at {path}: check the path.")
    try:
        with zipfile.ZipFile(place) as archive:
            yield BundleReader(_Archive(archive, str(path)), str(path))
    except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError) as error:
        raise BundleInvalid(f"{path} is not a groundup bundle ({error}).") from error


def write_bundle(path: str | Path, bundle: Bundle, pictures: Iterator[tuple[str, bytes]]) -> None:
    """Write a bundle to a .zip file, or to a folder for any other name; pictures are (hash, encoded).

    Raises `BundleInvalid` when something is there already.
    """
    place = Path(path)
    document = bundle.model_dump_json(indent=1).encode()
    if place.exists() and not (place.is_dir() and not any(place.iterdir())):
        raise BundleInvalid(f"{path} exists already: give a new name.")
    try:
        if place.suffix != ".zip":
            (place / "frames").mkdir(parents=True, exist_ok=True)
            (place / _DOCUMENT).write_bytes(document)
            for sha, image in pictures:
                (place / "frames" / sha).write_bytes(image)
            return
        with whole_file(place) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_DOCUMENT, document)
            for sha, image in pictures:
                archive.writestr(f"frames/{sha}", image, zipfile.ZIP_STORED)
    except OSError as error:
        raise BundleInvalid(f"The bundle {path} cannot be written ({error.strerror}).") from error


class _Archive:
    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        for member in archive.namelist():
            if member not in (_DOCUMENT, "frames/") and not _PICTURE.fullmatch(member):
                raise BundleInvalid(f"{name} is not a groundup bundle: it holds {member[:80]!r}.")

    def read(self, name: str, limit: int) -> bytes | None:
        try:
            member = self._archive.getinfo(name)
        except KeyError:
            return None
        if member.file_size > limit:
            raise _too_large(name, limit)
        with self._archive.open(member) as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise _too_large(name, limit)
        return data


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def read(self, name: str, limit: int) -> bytes | None:
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder):
            raise BundleInvalid(f"{self._folder} is not to be trusted: {name} leads out of it.")
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise _too_large(name, limit)
        return data


def _too_large(name: str, limit: int) -> BundleInvalid:
    return BundleInvalid(f"The bundle's {name} is larger than {limit} bytes: it was not read.")

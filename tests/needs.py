"""What a test needs and this machine may not have: the test is skipped then, and fails with CI=true, where
everything must be there."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from groundup.envs.launch import GAMES

SHARED = Path(__file__).parents[2] / "shared"


def missing(sentence: str) -> NoReturn:
    """Something is not here; the sentence says what, and what brings it."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def package(name: str, extra: str) -> None:
    """A package that an extra of groundup brings; it is not imported here."""
    if importlib.util.find_spec(name) is None:
        missing(f"{name} is not installed: run `pip install 'groundup[{extra}]'`.")


def programs(command: str, *names: str) -> str:
    """The path of the last program; all must be installed, by that command otherwise."""
    found = [shutil.which(name) or shutil.which(name, path=GAMES) for name in names]
    absent = [name for name, path in zip(names, found, strict=True) if path is None]
    if absent:
        missing(f"{', '.join(absent)} must be installed: run `{command}`.")
    return str(found[-1])


def shared(inside: str) -> Path:
    """A file or folder of the material beside the repository."""
    path = SHARED / inside
    if not path.exists():
        missing(f"{path} is missing: put the shared material beside the repository.")
    return path

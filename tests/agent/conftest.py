"""A data folder of its own for each test, with the built models shared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundup.agent.cli import main
from groundup.perception.models import frame_model

ROOT = Path(__file__).parents[2]
GAME = "examples.shapes:make"


@pytest.fixture(scope="session")
def built_models() -> Path:
    """The folder of the converted models, where setup has put them."""
    return frame_model().parent


@pytest.fixture(autouse=True)
def home(built_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty GROUNDUP_HOME, and the repository as the working folder, where the example game is found."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "models").symlink_to(built_models)
    monkeypatch.setenv("GROUNDUP_HOME", str(folder))
    monkeypatch.chdir(ROOT)
    return folder


class Ran:
    """What a command came to: exit code, what it wrote."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


Groundup = Callable[..., Ran]


@pytest.fixture
def groundup(capfd: pytest.CaptureFixture[str]) -> Groundup:
    """Runs the command line in this process."""

    def run(*arguments: str) -> Ran:
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            main(arguments)
        captured = capfd.readouterr()
        code = exit_info.value.code
        assert isinstance(code, int)
        return Ran(code, captured.out, captured.err)

    return run

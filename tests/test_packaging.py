"""The wheel holds every package, under `groundup.` and nowhere else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("agent", "envs", "memory", "perception", "skills", "tui")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel as a user's installer would build it, with no network."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in (*FOLDERS, "pyproject.toml", "README.md", "LICENSE"):
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, source / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    env = os.environ | {"PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    return zipfile.Path(built)


def test_every_package_is_in_the_wheel(wheel: zipfile.Path) -> None:
    with zipfile.ZipFile(wheel.root.filename or "") as archive:
        names = set(archive.namelist())
    modules = {
        f"groundup/{path.relative_to(ROOT)}"
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if "__pycache__" not in path.parts
    }
    assert modules <= names, sorted(modules - names)
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"groundup"}


def test_data_files_of_packages_are_in_the_wheel(wheel: zipfile.Path) -> None:
    with zipfile.ZipFile(wheel.root.filename or "") as archive:
        names = set(archive.namelist())
    tracked = subprocess.run(
        ["git", "ls-files", *FOLDERS], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    data = {f"groundup/{name}" for name in tracked if not name.endswith(".py")}
    assert data <= names, sorted(data - names)


def test_the_wheel_names_the_command_and_the_game(wheel: zipfile.Path) -> None:
    (folder,) = (path for path in wheel.iterdir() if path.name.endswith(".dist-info"))
    entries = (folder / "entry_points.txt").read_text(encoding="utf-8")
    assert "groundup = groundup.agent.cli:main" in entries
    assert "spire = groundup.envs.spire:make" in entries


def test_every_package_folder_is_listed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"])
    found = {
        "groundup." + ".".join(path.parent.relative_to(ROOT).parts)
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert listed == found


def test_constraints_pin_all_that_is_required() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {line.split(">=")[0].split("[")[0].strip().lower() for line in wanted}
    assert names <= pins, sorted(names - pins)
    # Playing installs without torch; what cuts videos needs the one build that is known to be a CPU's.
    assert not any(line.startswith(("torch", "av", "crafter")) for line in project["dependencies"])
    assert "torch==2.13.0" in lines

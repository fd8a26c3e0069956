"""MineDojo (arXiv 2206.08853; PyPI `minedojo` 0.1) as an `Env`: Minecraft, with 3,131 tasks by name.

It runs in a process and a Python environment of its own (`minedojo_link.py`). Its Minecraft is built when it
is started for the first time, for which it needs a JDK 8 and the network. The game goes on by 1/20 s for each
picture that is taken, and for as long as actions last.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from groundup.envs.errors import MissingPart, UsageError
from groundup.envs.games import Game
from groundup.envs.launch import LaunchFailed
from groundup.envs.minedojo_actions import ACCEPTS, DEGREES, STEPS_A_SECOND, Numbers
from groundup.envs.minedojo_link import Link, MineDojoFailed, command
from groundup.envs.types import Accepts, Action, Frame, Pixels, Wait
from groundup.envs.window_stop import Stop

TASK = "GROUNDUP_MINEDOJO_TASK"
"""Names the task that is played; the world without one is left out."""

OPEN_ENDED = "open-ended"
"""The world without a task."""


def make(*, size: tuple[int, int] = (640, 360), tell: Callable[[str], None] = lambda _: None) -> Game:
    """MineDojo with frames of `size` pixels, in the task that $GROUNDUP_MINEDOJO_TASK names.

    Raises `MissingPart` without its environment or a JDK 8, `UsageError` for a task that there is not.
    """
    started = command()
    require_java()
    stop = Stop()
    return game_of(Link(started, stop), stop, os.environ.get(TASK, OPEN_ENDED), size, tell)


def game_of(link: Link, stop: Stop, task: str, size: tuple[int, int], tell: Callable[[str], None]) -> Game:
    """The game at the other end of `link`, which is closed with it."""
    try:
        tasks = tasks_of(link)
        if task != OPEN_ENDED and task not in tasks:
            raise UsageError(f"MineDojo has no task {task!r}: {TASK} must be one of its {len(tasks):,}.")
        env = MineDojoEnv(link, task, size, tell)
    except BaseException:
        link.close()
        raise
    goals = tuple(dict.fromkeys(tasks.values()))
    return Game(env, env.record, stop=lambda: stop.set("Ctrl-C was pressed"), goals=goals)


def tasks_of(link: Link) -> dict[str, str]:
    """What each task asks for, in words, by its name."""
    reply, _ = link.ask("tasks")
    return dict(reply["tasks"])


class MineDojoEnv:
    """One task. A life that ends, or a task that is done, begins anew where MineDojo puts the player."""

    def __init__(
        self, link: Link, task: str, size: tuple[int, int], tell: Callable[[str], None] = lambda _: None
    ) -> None:
        """Nothing of Minecraft is started before `reset`."""
        self._link = link
        self._task = task
        self._size = size
        self._tell = tell
        self._seed = -1
        self._numbers: Numbers | None = None
        self._pixels: Pixels | None = None
        self._index = self._steps = self._ended = 0
        self._reward = 0.0

    @property
    def name(self) -> str:
        """The game's name."""
        return "minedojo"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._size

    @property
    def accepts(self) -> Accepts:
        """Keys, the camera, both buttons of the mouse, what can be crafted by its name."""
        return ACCEPTS

    def observe(self) -> Frame:
        """The picture after another step of the game; raises `LaunchFailed`, `Stopped`."""
        if self._numbers is None:
            return self.reset()
        self.act(Wait(1 / STEPS_A_SECOND))
        return self._frame()

    def act(self, action: Action) -> None:
        """Do it for as many steps as it lasts; raises `ActionRefused`, `LaunchFailed`, `Stopped`."""
        if self._numbers is None:
            self.reset()
        assert self._numbers is not None
        for numbers in self._numbers.steps(action, self._size):
            try:
                reply, raw = self._link.ask("step", action=numbers)
                self._take(reply, raw)
                if not reply["done"]:
                    continue
                self._ended += 1
                self._take(*self._link.ask("reset"))
            except MineDojoFailed as error:
                raise LaunchFailed(f"Minecraft has ended: {error} Play on with --resume.") from error
            return

    def reset(self, *, seed: int | None = None) -> Frame:
        """Begin in the world of `seed`; without one, anew in the world there is.

        Starts Minecraft the first time; raises `LaunchFailed` when it does not come.
        """
        wanted = seed if seed is not None else max(self._seed, 0)
        if wanted != self._seed:
            self._open(wanted)
        try:
            self._take(*self._link.ask("reset"))
        except MineDojoFailed as error:
            raise LaunchFailed(
                f"MineDojo's Minecraft did not start: {error} It needs a JDK 8, a display (or "
                "MINEDOJO_HEADLESS=1 and xvfb-run), and at its first start the network: see docs/live.md."
            ) from error
        return self._frame()

    def close(self) -> None:
        """End MineDojo and its Minecraft; may be called twice."""
        self._link.close()

    def record(self) -> dict[str, Any]:
        """What the task's own rules say, for measuring only."""
        counted = {"steps": self._steps, "ended": self._ended, "reward": round(self._reward, 3)}
        return {"task": self._task, "seed": self._seed, **counted}

    def _open(self, seed: int) -> None:
        self._tell("Minecraft starts, which takes minutes, and longer the first time, when it is built.")
        reply, _ = self._link.ask("make", task=self._task, size=self._size, seed=seed, degrees=DEGREES)
        self._numbers = Numbers(*(tuple(reply[name]) for name in ("numbers", "nothing", "crafts")))
        self._seed = seed

    def _take(self, reply: dict[str, Any], raw: bytes) -> None:
        self._pixels = pixels_of(reply["shape"], raw)
        self._reward += reply["reward"]
        self._steps += 1

    def _frame(self) -> Frame:
        assert self._pixels is not None
        self._index += 1
        return Frame(self._pixels.copy(), self._steps / STEPS_A_SECOND, self._index)


def pixels_of(shape: list[int], raw: bytes) -> Pixels:
    """A picture as MineDojo has it, uint8 of `shape` (3, height, width), as we have it."""
    picture = np.frombuffer(raw, np.uint8).reshape(shape)
    return np.ascontiguousarray(picture.transpose(1, 2, 0))


def require_java() -> None:
    """Raise `MissingPart` unless the Java that MineDojo will run is a JDK 8."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home, "bin", "java")) if home else shutil.which("java")
    version = None if program is None else _version(program)
    if version is None or not version.startswith("1.8."):
        found = f"this machine's is {version}" if version else "this machine has none"
        raise MissingPart(
            f"MineDojo's Minecraft needs a JDK 8, and {found}: install one (openjdk-8-jdk where your system "
            "has it, else Eclipse Temurin 8) and name its folder in $JAVA_HOME."
        )


def _version(program: str) -> str | None:
    """What a Java says of itself, such as "1.8.0_342"; None where there is none."""
    try:
        done = subprocess.run([program, "-version"], capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return None
    said = re.search(r'version "([^"]+)"', done.stderr)
    return said[1] if said else None

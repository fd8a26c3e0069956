"""Minetest (Minecraft-like), started here and played through its window: keys, mouse, a camera turned by it.

What the world's own record says is written by a mod (`minetest_log/`), which who plays never sees.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from groundup.envs.games import Game
from groundup.envs.launch import Launched, Programs, free_port, require
from groundup.envs.launch_screen import needed, open_screen
from groundup.envs.launch_window import launched, played
from groundup.envs.types import Action
from groundup.envs.window import NoSuchWindow, Query, Window, Windows, find
from groundup.envs.window_open import desktop

NEEDS = {"minetest": "minetest"}

TITLE = "Minetest"

LOG = "groundup.jsonl"
"""What the mod writes, in the world's folder."""

SETTINGS = {
    "screen_w": 640,
    "screen_h": 360,
    "autosave_screensize": "false",
    "fullscreen": "false",
    "pause_on_lost_focus": "false",
    "vsync": "false",
    "fps_max": 60,
    "viewing_range": 40,
    "enable_sound": "false",
    "mute_sound": "true",
    "smooth_lighting": "false",
    "enable_clouds": "false",
    "menu_clouds": "false",
    "free_move": "false",
    "mouse_sensitivity": 0.2,
    "max_block_generate_distance": 4,
    "active_block_range": 2,
    "mg_name": "v7",
    "creative_mode": "false",
    "time_speed": 0,
    "world_start_time": 12000,
    "dedicated_server_step": 0.05,
    "enable_minimap": "false",
    "bind_address": "127.0.0.1",
}
"""A small view that software can draw, and noon for ever; the mouse turns 20 degrees for 100 pixels."""


class Minetest:
    """One world at a time, each in a folder of its own."""

    def __init__(self) -> None:
        """Raises `MissingPart` with the Debian packages that are not installed."""
        require({**needed(), **NEEDS})
        self.programs = Programs()
        self.query = Query(TITLE)
        self._base: int | None = None
        self._worlds = 0
        self._seed = 0
        self._world = self.programs.folder

    def open(self, seed: int | None) -> Window:
        """Begin the world of `seed` (of the next one without); ends the one that runs. Returns its window."""
        if self._base is None:
            open_screen(self.programs)
            self._base = len(self.programs)
        self.programs.stop(self._base)
        self._seed = self._seed + 1 if seed is None else seed
        self._worlds += 1
        folder = self.programs.folder / f"home-{self._worlds}"
        self._world = folder / "world"
        mods = self._world / "worldmods" / "groundup_log"
        shutil.copytree(Path(__file__).parent / "minetest_log", mods)
        # Without this file a folder is no world.
        stores = [f"{name} = sqlite3" for name in ("backend", "player_backend", "auth_backend")]
        _write(self._world / "world.mt", ["gameid = minetest", *stores])
        settings = folder / "minetest.conf"
        lines = [f"{name} = {value}" for name, value in SETTINGS.items()]
        _write(settings, [*lines, f"fixed_map_seed = {self._seed + 1}", f"port = {free_port()}"])
        command = ["minetest", "--go", "--world", str(self._world), "--gameid", "minetest"]
        command += ["--name", "agent", "--config", str(settings), "--logfile", str(folder / "debug.txt")]
        quiet = {"LIBGL_ALWAYS_SOFTWARE": "1", "ALSOFT_DRIVERS": "null", "HOME": str(folder)}
        game = self.programs.start(f"minetest-{self._worlds}", command, env=quiet, folder=folder)
        self.query = Query(TITLE, pid=game.pid)
        windows = desktop()
        try:
            self.programs.wait_for("Minetest's world", lambda: self._ready(windows))
            return find(windows, self.query)
        finally:
            windows.close()

    def truth(self) -> dict[str, Any]:
        """What the world's own record says, for measuring only."""
        rows = read_log(self._world)
        counts = Counter(str(row["kind"]) for row in rows)
        places = [(row["x"], row["z"]) for row in rows if row["kind"] == "at"]
        far = max((abs(x - places[0][0]) + abs(z - places[0][1]) for x, z in places), default=0.0)
        counted = {name: counts[name] for name in ("dig", "place", "craft", "die")}
        return {"seed": self._seed, "worlds": self._worlds, "far": round(far, 1), **counted}

    def close(self) -> None:
        """End everything that was started; may be called twice."""
        self.programs.close()

    def _ready(self, windows: Windows) -> bool:
        """Whether somebody stands in the world and the window is there.

        It names no process to the window manager: where there are several, the title alone is asked for.
        """
        if not any(row["kind"] == "join" for row in read_log(self._world)):
            return False
        try:
            find(windows, self.query)
        except NoSuchWindow:
            self.query = Query(TITLE)
            return any(w.title.startswith(TITLE) for w in windows.all())
        return True


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join([*lines, ""]), encoding="ascii")


def read_log(world: Path) -> list[dict[str, Any]]:
    """The rows that the mod has written; half a last line is left out."""
    try:
        text = (world / LOG).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def make(
    *, tell: Callable[[str], None] = lambda _: None, confirm: Callable[[Action], bool] | None = None
) -> Game:
    """Minetest, started here; `Env.reset` begins the world of another seed, closing it ends all programs."""
    return played(Minetest(), "minetest", tell, confirm)


def launch(seed: int = 0) -> Launched:
    """Start Minetest, and what it needs of a screen, for somebody else to play in."""
    return launched(Minetest(), seed)

"""Freeciv (open-source Civilization): its server and client, started here and played through the window.

What the game's own record says is read from the server's score log and saves, which who plays never sees.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from groundup.envs.freeciv_record import record
from groundup.envs.games import Game
from groundup.envs.launch import Launched, Programs, free_port, give, require
from groundup.envs.launch_screen import needed, open_screen
from groundup.envs.launch_window import launched, played
from groundup.envs.types import Action
from groundup.envs.window import NoSuchWindow, Query, Window, Windows, find
from groundup.envs.window_open import desktop

SERVER, CLIENT = "freeciv-server", "freeciv-gtk3.22"
"""Debian's programs, version 3.0."""

NEEDS = {SERVER: "freeciv-server", CLIENT: "freeciv-client-gtk3"}

PLAYER = "Agent"

TITLE = "Freeciv"

_KEPT = ("turns", "technologies", "cities_most", "score")
"""What is said of games that ended before the running one."""

LEAST = (1000, 600)
"""Width and height of the client's window from which it shows the game; before it has 560x500."""

RULES = """\
rulesetdir classic
set topology WRAPX
set minplayers 0
set aifill 4
set timeout 0
set scorelog enabled
set saveturns 1
set autosaves TURN|GAMEOVER
set savename agent
set mapseed {seed}
set gameseed {seed}
set startunits ccwwx
set endturn 5000
"""
"""Classic rules on squares against three computer players, a save and lines in the score log each turn; seeds
of 0 would be drawn anew."""

SETTINGS = """\
[client]
first_boot=FALSE
migration_gtk3_from_gtk2=TRUE
migration_gtk3_22_from_gtk3=TRUE
popup_new_cities=FALSE
ask_city_name=FALSE
gui_gtk3_22_popup_tech_help="DISABLED"
gui_gtk3_22_message_chat_location="MERGED"
smooth_move_unit_msec=0
smooth_combat_step_msec=0
smooth_center_slide_msec=0
auto_center_on_automated=FALSE
sound_bgvolume=0
sound_effects_volume=0
"""
"""Nothing that waits for a person in a window of its own, as far as there are settings for it."""


class Freeciv:
    """One server and one client at a time, each game in a folder of its own."""

    def __init__(self) -> None:
        """Raises `MissingPart` with the Debian packages that are not installed."""
        require({**needed(), **NEEDS})
        self.programs = Programs()
        self._base: int | None = None
        self._games = 0
        self._before: list[dict[str, Any]] = []
        self._seed = 0
        self._folder = self.programs.folder
        self.query = Query(TITLE)

    def open(self, seed: int | None) -> Window:
        """Begin the game of `seed` (of the next one without); ends the one that runs. Returns its window."""
        if self._base is None:
            open_screen(self.programs)
            self._base = len(self.programs)
        self.programs.stop(self._base)
        if seed is None:
            self._before.append(record(self._folder, PLAYER))
        self._seed = self._seed + 1 if seed is None else seed
        self._games += 1
        self._folder = self.programs.subfolder(f"game-{self._games}")
        self._start()
        windows = desktop()
        try:
            self.programs.wait_for("Freeciv's window", lambda: _ready(windows, self.query))
            return find(windows, self.query)
        finally:
            windows.close()

    def truth(self) -> dict[str, Any]:
        """What the running game's own record says, for measuring only; of those that ended before it, too."""
        now = {"seed": self._seed, "games": self._games, **record(self._folder, PLAYER)}
        ended = {f"{name}_before": [game[name] for game in self._before] for name in _KEPT}
        return now | (ended if self._before else {})

    def close(self) -> None:
        """End everything that was started; may be called twice."""
        self.programs.close()

    def _start(self) -> None:
        folder = self._folder
        # 0 stands for a seed drawn anew.
        (folder / "game.serv").write_text(RULES.format(seed=self._seed + 1), encoding="ascii")
        settings = folder / ".freeciv" / "freeciv-client-rc-3.0"
        settings.parent.mkdir()
        settings.write_text(SETTINGS, encoding="ascii")
        give(settings.parent, settings)
        port = free_port()
        home = {"HOME": str(folder), "XAUTHORITY": os.environ.get("XAUTHORITY", "")}
        rules = str(folder / "game.serv")
        name = f"server-{self._games}"
        command = [SERVER, "-p", str(port), "-b", "127.0.0.1", "-A", "none", "-s", str(folder), "-r", rules]
        server = self.programs.start(name, command, env=home, unprivileged=True, listens=True, folder=folder)
        self.programs.wait_for(
            "Freeciv's server", lambda: "accepting new client" in self.programs.printed(name)
        )
        client = self.programs.start(
            f"client-{self._games}",
            [
                CLIENT,
                "-a",
                "-n",
                PLAYER,
                "-s",
                "127.0.0.1",
                "-p",
                str(port),
                "-P",
                "none",
                "-A",
                "none",
                "-t",
                "amplio2",
            ],
            env=home,
            unprivileged=True,
            folder=folder,
        )
        self.programs.wait_for(
            "Freeciv's client", lambda: f"{PLAYER} has connected" in self.programs.printed(name)
        )
        # Another Freeciv may be open on the same desktop.
        self.query = Query(TITLE, pid=client.pid)
        assert server.stdin is not None
        server.stdin.write(b"start\n")
        server.stdin.flush()
        self.programs.wait_for("The game", lambda: "Game saved" in self.programs.printed(name))


def make(
    *, tell: Callable[[str], None] = lambda _: None, confirm: Callable[[Action], bool] | None = None
) -> Game:
    """Freeciv, started here; `Env.reset` begins the game of another seed, closing it ends all programs."""
    return played(Freeciv(), "freeciv", tell, confirm)


def launch(seed: int = 0) -> Launched:
    """Start Freeciv, and what it needs of a screen, for somebody else to play in."""
    return launched(Freeciv(), seed)


def _ready(windows: Windows, query: Query) -> bool:
    """Whether the client shows the game: it makes its window large only then."""
    try:
        area = find(windows, query).area
    except NoSuchWindow:
        return False
    return area.w >= LEAST[0] and area.h >= LEAST[1]

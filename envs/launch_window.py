"""A game that is started here and played through its window: what all of them have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from groundup.envs.games import Game
from groundup.envs.launch import Launched, Programs
from groundup.envs.types import Action
from groundup.envs.window import Query, Window
from groundup.envs.window_open import open_window


class Startable(Protocol):
    """A game's programs, one game of it at a time."""

    programs: Programs
    query: Query
    """Its window, once a game is open."""

    def open(self, seed: int | None) -> Window:
        """Begin the game of `seed` (of the next one without); ends the one that runs. Returns its window."""
        ...

    def truth(self) -> dict[str, Any]:
        """What the running game's own record says, for measuring only."""
        ...

    def close(self) -> None:
        """End everything that was started; may be called twice."""
        ...


def played(
    started: Startable,
    profile: str,
    tell: Callable[[str], None],
    confirm: Callable[[Action], bool] | None,
) -> Game:
    """Begin a game, to be played with the profile of that name; closing it ends all programs."""
    try:
        started.open(0)
        game = open_window(
            started.query,
            profile=profile,
            tell=tell,
            confirm=confirm,
            reopen=started.open,
            closed=started.close,
        )
    except BaseException:
        started.close()
        raise
    return replace(game, truth=started.truth)


def launched(started: Startable, seed: int) -> Launched:
    """Begin the game of `seed`, for somebody else to play in."""
    try:
        window = started.open(seed)
    except BaseException:
        started.close()
        raise
    return Launched(window, started.programs, started.truth)

"""Games by name: entry points of the group `groundup.games`, or `module:factory`."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from inspect import Parameter, signature
from typing import Any

from groundup.envs.errors import UnknownGame, UsageError
from groundup.envs.types import Action, Env

GROUP = "groundup.games"
"""The entry-point group in which packages name their games."""


@dataclass(frozen=True, slots=True)
class Game:
    """An environment, and what the game's own record says where it has one.

    `truth` is for measuring only: nothing that plays may call it. Its values are numbers or lists of numbers.
    `stop` ends a game at once from a signal's handler: input is released, and `env` raises `Stopped`.
    The run stops when one of `stop_text` can be read on screen. `goals` are things that can be aimed at in
    this game, in words, where somebody has written them down; who plays may be told of them.
    """

    env: Env
    truth: Callable[[], dict[str, Any]] | None = None
    stop: Callable[[], None] | None = None
    stop_text: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()


def installed_games() -> tuple[str, ...]:
    """Names of the games that installed packages offer."""
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)}))


def open_game(
    spec: str,
    *,
    size: tuple[int, int] | None = None,
    visible: bool = False,
    tell: Callable[[str], None] | None = None,
    confirm: Callable[[Action], bool] | None = None,
) -> Game:
    """Open a game by its name or by `module:factory`.

    The factory is called with `visible`, with `size` when one is asked for, and for a real window with `tell`
    (told of pauses) and `confirm` (asked before each action); it returns an `Env` or a `Game`. What it does
    not take is left out. Modules are also found in the working folder. Raises `UnknownGame` when there is no
    such game, its factory fails to import or needs something else.
    """
    factory = _factory(spec)
    _check(spec, factory)
    wanted: dict[str, Any] = {"visible": visible}
    given = {"size": size, "tell": tell, "confirm": confirm}
    wanted |= {name: value for name, value in given.items() if value is not None}
    if confirm is not None and "confirm" not in _accepted(factory, wanted):
        raise UsageError(f"{spec!r} is no real window: leave --confirm out.")
    made = factory(**_accepted(factory, wanted))
    game = made if isinstance(made, Game) else Game(made)
    if not isinstance(game.env, Env):
        raise UnknownGame(
            f"{spec!r} made a {type(game.env).__name__}, which is not an Env: see groundup.envs."
        )
    return game


def _factory(spec: str) -> Callable[..., Any]:
    module, colon, name = spec.partition(":")
    if colon:
        return _imported(spec, module, name)
    found = [entry for entry in entry_points(group=GROUP) if entry.name == spec]
    if not found:
        raise UnknownGame(
            f"No game is called {spec!r}: there is {', '.join(installed_games()) or 'none'}; "
            "name your own as module:factory."
        )
    return _loaded(found[0])


def _loaded(entry: EntryPoint) -> Callable[..., Any]:
    try:
        found = entry.load()
    except Exception as error:  # it may raise anything: it is other people's module
        raise UnknownGame(
            f"The game {entry.name!r} cannot be loaded from {entry.value}: {_said(error)}."
        ) from error
    return _callable(entry.name, found)


def _imported(spec: str, module: str, name: str) -> Callable[..., Any]:
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # it may raise anything: it is other people's module
        raise UnknownGame(f"No game at {spec!r}: {_said(error)}.") from error
    return _callable(spec, found)


def _said(error: Exception) -> str:
    """What an import came to, with the kind of error where its text alone would not say."""
    plain = isinstance(error, (ImportError, AttributeError, SyntaxError))
    return str(error) if plain else f"{type(error).__name__}: {error}"


def _callable(spec: str, found: Any) -> Callable[..., Any]:
    if not callable(found):
        raise UnknownGame(f"{spec!r} names a {type(found).__name__}, not a factory of a game.")
    factory: Callable[..., Any] = found
    return factory


def _check(spec: str, factory: Callable[..., Any]) -> None:
    """Raise `UnknownGame` for a factory that needs what it is never given."""
    try:
        parameters = signature(factory).parameters.values()
    except (TypeError, ValueError) as error:
        raise UnknownGame(f"{spec!r} is no factory of a game: {error}.") from error
    fixed = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is Parameter.empty and p.kind not in fixed]
    missing = [name for name in needed if name != "visible"]
    if missing:
        raise UnknownGame(
            f"The factory {spec!r} needs {', '.join(missing)}, which nobody gives it: give each a default."
        )


def _accepted(factory: Callable[..., Any], wanted: dict[str, Any]) -> dict[str, Any]:
    parameters = signature(factory).parameters
    if any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values()):
        return wanted
    return {name: value for name, value in wanted.items() if name in parameters}

"""The embedded game: a deck-builder after Slay the Spire, for the Ironclad, drawn off screen.

`run` has its rules and says where they differ from the original; fights are by `minispire`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from groundup.envs.games import Game


def make(*, size: tuple[int, int] = (1280, 720), visible: bool = False) -> Game:
    """The game with frames of `size` pixels; `visible` shows it in a window as well.

    Raises `MissingPart` when pygame or minispire is not installed.
    """
    from groundup.envs.errors import MissingPart

    try:
        from groundup.envs.spire.game import open_spire
    except ImportError as error:
        raise MissingPart("The embedded game needs pygame: run `pip install pygame-ce`.") from error
    return open_spire(size, visible)

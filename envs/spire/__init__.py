"""The embedded game: a deck-builder after Slay the Spire, for the Ironclad, drawn off screen.

`run` has its rules and says where they differ from the original; fights are by `minispire`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from groundup.envs.games import Game

# pygame greets on stdout when it is imported, which would spoil what a command prints there as JSON.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")


def make(*, size: tuple[int, int] = (1280, 720), visible: bool = False) -> Game:
    """The game with frames of `size` pixels; `visible` shows it in a window as well.

    Raises `MissingPart` when a package is not installed, `UsageError` when there is no display for a window.
    """
    from groundup.envs.errors import MissingPart

    try:
        from groundup.envs.spire.game import open_spire
    except ImportError as error:
        package = {"pygame": "pygame-ce", "cv2": "opencv-python-headless"}.get(error.name or "", error.name)
        raise MissingPart(f"The embedded game needs {package}: run `pip install {package}`.") from error
    return open_spire(size, visible)

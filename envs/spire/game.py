"""The embedded game as an `Env`: frames out, clicks and drags in, and nothing else in public."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

import pygame

from groundup.envs.errors import ActionRefused, UsageError
from groundup.envs.games import Game
from groundup.envs.spire.draw import Renderer
from groundup.envs.spire.engine import Engine
from groundup.envs.spire.geometry import View
from groundup.envs.spire.run import Run
from groundup.envs.spire.session import Session
from groundup.envs.types import Accepts, Action, Click, Drag, Frame, Move, Wait

FRAMES_PER_SECOND = 20
"""Of game time: each `observe` moves the game on by one frame."""
_WATCHED_RATE = 60
"""Frames a second of real time when somebody watches."""


class SpireEnv:
    """A Slay-the-Spire-like game for the mouse; `groundup.envs.spire.run` says where it differs.

    A click on a card raises it, then a click on an enemy, or anywhere above the hand when the card needs
    no target, plays it; dragging the card there does the same. Nothing here runs in real time.
    """

    def __init__(self, size: tuple[int, int] = (1280, 720), visible: bool = False) -> None:
        """Frames of `size` pixels; with `visible` also in a window, where there is a display."""
        self._size = size
        self._view = View(*size)
        self._frame = 0
        self._window = _open_window(size) if visible else None
        self._clock = pygame.time.Clock()
        self._engine = Engine()
        self._begin(0)

    def _begin(self, seed: int) -> None:
        self._session = Session(Run(self._engine, seed))
        self._began = self._frame
        self._renderer = Renderer(self._size)

    @property
    def name(self) -> str:
        """ "spire"."""
        return "spire"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames in pixels."""
        return self._size

    @property
    def accepts(self) -> Accepts:
        """Left clicks and drags."""
        return Accepts(click=True, drag=True)

    def observe(self) -> Frame:
        """The next frame, 1/20 second of game time after the last."""
        self._frame += 1
        self._renderer.draw(self._session, self._frame - self._began)
        self._show()
        return Frame(self._renderer.pixels(), self._frame / FRAMES_PER_SECOND, self._frame)

    def _show(self) -> None:
        if self._window is None:
            return
        if pygame.event.get(pygame.QUIT):  # closing the window ends the watching, not the game
            self._close_window()
            return
        pygame.event.pump()
        self._window.blit(self._renderer.surface, (0, 0))
        pygame.display.flip()
        self._clock.tick(_WATCHED_RATE)

    def _close_window(self) -> None:
        if self._window is not None:
            pygame.display.quit()
            self._window = None

    def act(self, action: Action) -> None:
        """Click, drag, move or wait; raises `ActionRefused` for anything else."""
        view = self._view
        match action:
            case Click(x, y, "left"):
                self._session.click(*view.to_virtual(x, y))
            case Drag(path) if path:
                self._session.drag([view.to_virtual(x, y) for x, y in path])
            case Move(x, y):
                self._session.move(*view.to_virtual(x, y))
            case Wait(seconds):
                for _ in range(min(200, round(seconds * FRAMES_PER_SECOND))):
                    self.observe()
            case _:
                raise ActionRefused(f"The game takes left clicks and drags only, not {action}.")

    def reset(self, *, seed: int | None = None) -> Frame:
        """Back to the title screen of a new session; its runs follow from `seed` (0 when not given)."""
        self._begin(seed or 0)
        return self.observe()

    def close(self) -> None:
        """End the engine's process and close the window; may be called twice."""
        self._engine.close()
        self._close_window()


def _open_window(size: tuple[int, int]) -> pygame.Surface:
    try:
        pygame.display.init()
        # Without a display SDL falls back to one that shows nothing, unless it was told what to use.
        if pygame.display.get_driver() == "offscreen" and "SDL_VIDEODRIVER" not in os.environ:
            raise pygame.error("neither X11 nor Wayland answers")
        window = pygame.display.set_mode(size)
    except pygame.error as error:
        pygame.display.quit()
        raise UsageError(
            f"There is no display to show the game on ({error}): run it without a window."
        ) from error
    pygame.display.set_caption("groundup: The Ashen Spire")
    return window


def open_spire(size: tuple[int, int], visible: bool) -> Game:
    """The game, and beside it what its own record says.

    `truth` gives for the run in progress `floor` (as the top bar shows it), `floors` (climbed: those left
    behind alive), `hp`, `gold`, `score`, `act`, `deck`, `wins`; for the session `runs` (ended ones),
    `floors_per_run`, `floors_best`, `best_score`, `crashes` of the engine.
    """
    env = SpireEnv(size, visible)

    def truth() -> dict[str, Any]:
        run = env._session.run
        return {**asdict(run.record()), "runs": run.runs}

    return Game(env, truth)

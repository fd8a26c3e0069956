"""A small game to copy: find out which kind of shape each stage wants, and click all of that kind.

Play it with `cd examples && groundup play shapes:make`. A stage is three levels with a name and a background
of its own and wants one kind of shape, the same in every game; a wrong click costs one of three lives. This
is a whole game: an `Env` needs no more than the methods below.
"""

from __future__ import annotations

import cv2
import numpy as np

from groundup.envs.errors import ActionRefused
from groundup.envs.games import Game
from groundup.envs.types import Accepts, Action, Click, Frame, Move, Pixels, Wait

COLORS = ((226, 88, 78), (86, 150, 232), (104, 194, 104), (240, 200, 76))
CORNERS = (24, 4, 3, 8)  # a circle, a square, a triangle, a four-pointed star
STAGES = (
    ("Night", 2, (20, 20, 28)),
    ("Plum garden", 0, (120, 50, 120)),
    ("Deep sea", 3, (20, 100, 130)),
    ("Desert", 1, (140, 100, 60)),
)  # name, wanted kind, background


class Shapes:
    """Clicks only, frames of 640x480; level, score and lives are on screen for the agent to read."""

    name, size, accepts = "shapes", (640, 480), Accepts(click=True)

    def __init__(self) -> None:
        self._frame = 0
        self._rng = np.random.default_rng(0)
        self.reached: list[int] = []
        self.scores: list[int] = []
        self._start()

    def _start(self) -> None:
        self.level, self.score, self.lives = 1, 0, 3
        self._deal()

    def _deal(self) -> None:
        self.stage, self.wanted, self._ground = STAGES[(self.level - 1) // 3 % len(STAGES)]
        others = self._rng.choice([kind for kind in range(4) if kind != self.wanted], 4)
        places = self._rng.permutation(12)[:7]
        xs, ys = 95 + places % 4 * 150, 140 + places // 4 * 120
        self._shapes = list(zip((*[self.wanted] * 3, *others), xs, ys, strict=True))

    def _numbers(self) -> tuple[tuple[str, int], ...]:
        return ("Level", self.level), ("Score", self.score), ("Lives", self.lives)

    def observe(self) -> Frame:
        self._frame += 1
        image = np.full((480, 640, 3), self._ground, np.uint8)
        for place, (word, value) in enumerate(self._numbers()):
            _write(image, f"{word} {value}", 24 + 220 * place, 42)
        _write(image, self.stage, 24, 462)
        for kind, x, y in self._shapes if self.lives else ():
            angles = np.arange(CORNERS[kind]) * 2 * np.pi / CORNERS[kind] + (
                np.pi / 4 if kind == 1 else -np.pi / 2
            )
            radii = np.where(np.arange(CORNERS[kind]) % 2, 14 if kind == 3 else 40, 40)
            corners = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)
            cv2.fillPoly(image, [corners.astype(np.int32)], COLORS[kind], cv2.LINE_AA)
        if not self.lives:
            _write(image, "Game over", 230, 220)
            cv2.rectangle(image, (240, 270), (400, 330), (70, 120, 90), -1)
            _write(image, "Restart", 262, 310)
        return Frame(image, self._frame / 20, self._frame)

    def act(self, action: Action) -> None:
        if isinstance(action, Move | Wait):
            return
        if not isinstance(action, Click) or action.button != "left":
            raise ActionRefused(f"This game takes left clicks only, not {action}.")
        if not self.lives:
            if 240 <= action.x < 400 and 270 <= action.y < 330:
                self._start()
            return
        hit = [s for s in self._shapes if abs(s[1] - action.x) < 36 and abs(s[2] - action.y) < 36]
        if hit and hit[0][0] != self.wanted:
            self.lives -= 1
            if not self.lives:
                self.reached.append(self.level)
                self.scores.append(self.score)
        elif hit:
            self.score += 10
            self._shapes.remove(hit[0])
            if all(kind != self.wanted for kind, _, _ in self._shapes):
                self.level += 1
                self._deal()

    def reset(self, *, seed: int | None = None) -> Frame:
        self._rng = np.random.default_rng(seed or 0)
        self._start()
        return self.observe()

    def close(self) -> None:
        """Nothing to release."""


def _write(image: Pixels, text: str, x: int, y: int) -> None:
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (240, 236, 220), 2, cv2.LINE_AA)


def make() -> Game:
    """The factory that `shapes:make` names: the game, and its own record for measuring only."""
    env = Shapes()

    def truth() -> dict[str, object]:
        per_run = {"levels_per_run": tuple(env.reached), "scores_per_run": tuple(env.scores)}
        return {"level": env.level, "score": env.score, **per_run}

    return Game(env, truth)

"""An `Env` that records what is done in another one: each frame it gives, each action it is told to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from groundup.envs.recording_video import RecordingWriter
from groundup.envs.recordings import Card, Input
from groundup.envs.types import (
    Accepts,
    Action,
    Button,
    Click,
    DoubleClick,
    Drag,
    Env,
    Frame,
    Hold,
    KeyPress,
    Move,
    Point,
    Scroll,
    TypeText,
    Wait,
)


class RecordingEnv:
    """Plays `env` and keeps a recording of it; a frame is recorded for each that is observed."""

    def __init__(
        self, env: Env, folder: Path, *, fps: float, seed: int | None = None, player: str = ""
    ) -> None:
        """Record into `folder`, which must hold no recording yet; `fps` frames are a second of the game.

        Raises `UsageError`, `MissingPart`, `GroundupError` as `RecordingWriter` does.
        """
        self._env = env
        self._fps = fps
        self._frames = 0
        card = Card(env.name, env.size, fps, clock="game", seed=seed, player=player)
        self._writer = RecordingWriter(folder, card)

    @property
    def name(self) -> str:
        """The name of the game that is recorded."""
        return self._env.name

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames in pixels."""
        return self._env.size

    @property
    def accepts(self) -> Accepts:
        """What the game that is recorded takes."""
        return self._env.accepts

    def observe(self) -> Frame:
        """The next frame, recorded."""
        return self._record(self._env.observe())

    def act(self, action: Action) -> None:
        """Do it, and record the inputs it consists of; raises `ActionRefused`, with nothing recorded."""
        if isinstance(action, Wait):  # in frames, so that they are recorded
            for _ in range(round(action.seconds * self._fps)):
                self.observe()
            return
        self._env.act(action)
        # They share the time until the next frame.
        inputs = inputs_of(action)
        began, pause = max(0, self._frames - 1) / self._fps, 1.0 / self._fps / (len(inputs) + 1)
        for place, event in enumerate(inputs, start=1):
            self._writer.add(replace(event, t=round(began + place * pause + event.t, 6)))

    def reset(self, *, seed: int | None = None) -> Frame:
        """Start the game anew; its first picture is recorded."""
        return self._record(self._env.reset(seed=seed))

    def close(self) -> None:
        """Finish the recording and close the game; may be called twice."""
        try:
            self._writer.close()
        finally:
            self._env.close()

    def _record(self, frame: Frame) -> Frame:
        self._writer.frame(frame.pixels, self._frames / self._fps)
        self._frames += 1
        return frame


def inputs_of(action: Action) -> list[Input]:
    """What mouse and keyboard do in an action, in order; `t` is what a held key adds, in seconds."""
    match action:
        case Move(x, y):
            return [Input(0.0, "move", x, y)]
        case Click(x, y, button):
            return [Input(0.0, "move", x, y), *_pressed((x, y), button)]
        case DoubleClick(x, y):
            return [Input(0.0, "move", x, y), *_pressed((x, y)), *_pressed((x, y))]
        case Drag(path) if path:
            (x, y), (last_x, last_y) = path[0], path[-1]
            moves = [Input(0.0, "move", *point) for point in path]
            press = Input(0.0, "press", x, y, "left")
            return [moves[0], press, *moves[1:], Input(0.0, "release", last_x, last_y, "left")]
        case Scroll(x, y, dx, dy):
            return [Input(0.0, "move", x, y), Input(0.0, "scroll", x, y, dx=dx, dy=dy)]
        case KeyPress(keys):
            return _chord(keys, 0.0)
        case Hold(keys, seconds):
            return _chord(keys, seconds)
        case TypeText(text):
            return [event for letter in text for event in _chord((letter,), 0.0)]
    return []


def _pressed(at: Point, button: Button = "left") -> list[Input]:
    return [Input(0.0, "press", *at, button), Input(0.0, "release", *at, button)]


def _chord(keys: tuple[str, ...], seconds: float) -> list[Input]:
    downs = [Input(0.0, "key_down", key=key) for key in keys]
    return [*downs, *(Input(seconds, "key_up", key=key) for key in reversed(keys))]

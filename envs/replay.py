"""A recording as an `Env`: frames come one after the other, and wait where something was done.

For tests, for looking at a run once more, and for learning from it: to whoever plays, it is a game in which
one thing works at a time. Frames between the answer to an action and the next one are shown as they are
asked for; what nobody asked for is left out.
"""

from __future__ import annotations

import math
from pathlib import Path

from groundup.envs import acceptance
from groundup.envs.acceptance import places
from groundup.envs.errors import ActionRefused
from groundup.envs.recorded_actions import Recorded, actions_of
from groundup.envs.recording_video import FrameReader
from groundup.envs.recordings import RecordingUnusable, read_card, read_ticks
from groundup.envs.types import (
    Accepts,
    Action,
    Click,
    Drag,
    Frame,
    Hold,
    KeyPress,
    Move,
    Scroll,
    Wait,
)


class ReplayEnv:
    """Plays a recording again.

    `coming` is the action it waits for, None when all were done. An action of another kind does nothing,
    as does one that begins more than `within` pixels from where it was (None: anywhere).
    """

    def __init__(self, folder: Path, *, within: float | None = None, takes: Accepts | None = None) -> None:
        """`takes`: what is waited for; inputs of other kinds happen as time passes (all when None).

        Raises `RecordingUnusable`, `MissingPart`.
        """
        self._folder = folder
        self._card = read_card(folder)
        self._within = within
        every = actions_of(read_ticks(folder))
        self._accepts = takes or _all_kinds(every)
        self._actions = [
            recorded
            for recorded in every
            if acceptance.takes(self._accepts, recorded.action) and self._inside(recorded.action)
        ]
        self._count = 0
        self._begin()

    def _inside(self, action: Action) -> bool:
        """Whether it begins and ends on the frame: beside it other windows are worked with."""
        width, height = self._card.size
        return all(0 <= x < width and 0 <= y < height for x, y in (*places(action)[:1], *places(action)[-1:]))

    def _begin(self) -> None:
        self._reader: FrameReader | None = FrameReader(self._folder)
        self._frame: Frame | None = None
        self._done = 0
        self._first = 0
        self._hovering = False

    @property
    def name(self) -> str:
        """The name of the game that was recorded."""
        return self._card.game

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames in pixels."""
        return self._card.size

    @property
    def accepts(self) -> Accepts:
        """The kinds of action that were recorded, or those asked for."""
        return self._accepts

    @property
    def actions(self) -> int:
        """How many actions are waited for in all."""
        return len(self._actions)

    @property
    def coming(self) -> Recorded | None:
        """The next action that the recording goes on with; None after the last one."""
        return self._actions[self._done] if self._done < len(self._actions) else None

    def observe(self) -> Frame:
        """The next frame; the last one again where the recording waits, or is over."""
        coming = self.coming
        last = math.inf if coming is None else coming.pressed if self._hovering else coming.arrived
        at = -1 if self._frame is None else self._frame.index
        wanted = max(at + 1, self._first)
        # What follows an action is shown even where the next one began in the same frame.
        if self._frame is None or wanted <= last or at < self._first:
            self._forward(wanted)
        assert self._frame is not None
        self._count += 1
        return Frame(self._frame.pixels.copy(), self._count / self._card.fps, self._count)

    def _forward(self, wanted: int) -> None:
        self._frame = (self._reader.forward(wanted) if self._reader is not None else None) or self._frame
        if self._frame is None:
            raise RecordingUnusable(f"{self._folder} holds no frames: record it again.")

    def act(self, action: Action) -> None:
        """Go on when it is what was done then; raises `ActionRefused` for what is not waited for at all."""
        if isinstance(action, Wait):
            for _ in range(round(min(60.0, action.seconds) * self._card.fps)):
                self.observe()
            return
        coming = self.coming
        if isinstance(action, Move):
            if coming is not None and places(coming.action) and self._near(action, coming.action):
                self._hovering = True
                self._first = min(coming.arrived + 1, coming.pressed)
            return
        if not acceptance.takes(self._accepts, action):
            raise ActionRefused(f"This recording of {self.name} does not take {action}: see what it accepts.")
        if coming is not None and type(action) is type(coming.action) and self._near(action, coming.action):
            self._done += 1
            self._hovering = False
            self._first = coming.released + 1

    def _near(self, action: Action, recorded: Action) -> bool:
        if isinstance(action, KeyPress | Hold) and isinstance(recorded, KeyPress | Hold):
            return action.keys == recorded.keys
        mine, theirs = places(action), places(recorded)
        if self._within is None or not mine or not theirs:
            return True
        ends = ((mine[0], theirs[0]), (mine[-1], theirs[-1]))
        return all(math.dist(one, other) <= self._within for one, other in ends[: len(mine)])

    def reset(self, *, seed: int | None = None) -> Frame:  # noqa: ARG002
        """Back to the first frame."""
        self._begin()
        return self.observe()

    def close(self) -> None:
        """Let go of the video; may be called twice."""
        self._reader = None


def _all_kinds(actions: list[Recorded]) -> Accepts:
    done = [recorded.action for recorded in actions]
    keys = {"+".join(action.keys) for action in done if isinstance(action, KeyPress | Hold)}
    return Accepts(
        click=any(isinstance(action, Click) and action.button == "left" for action in done),
        right_click=any(isinstance(action, Click) and action.button == "right" for action in done),
        drag=any(isinstance(action, Drag) for action in done),
        scroll=any(isinstance(action, Scroll) for action in done),
        keys=tuple(sorted(keys)),
    )

"""Carries out a move in the game: ground, act, wait until the screen has settled, see what responded.

The only place where things become coordinates and where the game's frames are awaited. Nothing is sent
that the game does not take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import perf_counter

import cv2
import numpy as np

from groundup.envs.acceptance import places, takes
from groundup.envs.errors import ActionRefused, UsageError, Withheld
from groundup.envs.types import (
    Accepts,
    Action,
    Click,
    Drag,
    Env,
    Frame,
    KeyPress,
    Move,
)
from groundup.perception.change import Change, ChangeTracker, Mask, settle
from groundup.perception.change_range import shrink
from groundup.perception.grounding import Template, ground
from groundup.perception.observation import Thing
from groundup.skills.learner import Decision

WATCHED = 32
"""Frames looked at before the first action of a run, to learn what moves by itself: with 12, a torch of
six random shapes passed for a response to the first click in 3 of 6 runs."""

CONFIRMED = 6
"""Frames that a screen is watched on when it has settled after a large answer: pauses are shorter."""

LARGE = 0.03
"""Share of the screen that must have changed for an answer to be large."""

PAUSES = 4
"""Pauses within one answer that are waited out."""

PLAIN, PART = 30, 150
"""Levels by which, and cells over which, two frames differ plainly: a flame or a breath is smaller."""

LATE, USUAL = 16, 8
"""Frames awaited for an answer of a game that may be slow, at first and at least. At twenty frames a second
a step is answered within 0.1 s, a turn in two parts 0.2 s apart."""

UNANSWERED = 6
"""Times that more is awaited before a move counts as dead: asked again while a server still works on the last
turn, a client does nothing until the new one comes. Late in a game, on two busy cores, half as many were too
few for 8 turns of 131."""

LIMIT = 60
"""Frames awaited at the most until a screen that never rests is taken as it is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a move: for each action sent whether the screen responded, and the frame at its end.

    The frame is a settled one. `lasting`: the cells in which the screen changed for good meanwhile
    (`Change.mask`), hovering included.
    """

    actions: tuple[Action, ...]
    responses: tuple[bool, ...]
    frame: Frame
    lasting: Mask


class Executor:
    """Acts in one game and watches it.

    `game_seconds` were spent in the game so far, `watch_seconds` on telling what it answered.
    """

    def __init__(self, env: Env, *, slow: bool = False, meanwhile: Callable[[], None] = lambda: None) -> None:
        """`slow`: a game may answer late, and in small parts that lie far apart, as one that asks a server
        does. Each answer is awaited for longer, and what comes after it belongs to it: taken for the
        screen's own motion it would hide the answers to come. `meanwhile` is called before each frame."""
        self._env = env
        self._meanwhile = meanwhile
        self._slow = slow
        self._tracker = ChangeTracker(patience=LATE, least=USUAL) if slow else ChangeTracker()
        self._frame: Frame | None = None
        self._lasting: Mask | None = None
        self._hovers = True
        self.game_seconds = 0.0
        self.watch_seconds = 0.0

    def look(self) -> Frame:
        """The settled frame, before anything is done."""
        if self._frame is None:
            for _ in range(WATCHED):
                frame = self._observe()
                self._tracker.watch(frame)
            self._frame = frame
        return self._frame

    def carry_out(self, move: Decision, *, holding: bool) -> Outcome:
        """Do `move`; with `holding` its first step has been taken already.

        A first step without response ends it. Raises `ActionRefused` as `act` does.
        """
        began = self.look()
        sent: list[Action] = []
        responses: list[bool] = []
        for action in self._actions(move, began, holding=holding):
            sent.append(action)
            responses.append(self.act(action).responsive)
            if not responses[-1]:
                break
        lasting, self._lasting = self._lasting, None
        assert lasting is not None
        # What slides in bit by bit passes for the screen's own motion, but not beside the first frame.
        return Outcome(tuple(sent), tuple(responses), self.look(), lasting | _large(began, self.look()))

    def _actions(self, move: Decision, seen: Frame, *, holding: bool) -> Iterator[Action]:
        """The actions of `move`, each made when the one before has been answered."""
        if move.second is None:
            yield _act_on(move.first)
        elif move.drag:
            yield Drag((move.first.box.center, move.second.box.center))
        else:
            if not holding:
                yield _act_on(move.first)
            yield _act_on(self._grounded(move.second, seen))

    def _grounded(self, thing: Thing, seen: Frame) -> Thing:
        """`thing` of the frame `seen` where it is now; where it was, if it is not found."""
        now = self.look()
        if now is seen:
            return thing
        template = Template.cut(seen.pixels, thing.box, thing.text)
        found = ground(template, now.pixels)
        return thing if found is None else replace(thing, box=found.box)

    def act(self, action: Action) -> Change:
        """Send one action and wait until the screen has settled; returns what changed for good.

        The pointer goes there first, by itself: what lights up or goes dark under it is no response.
        Raises `ActionRefused`, with nothing sent, for what the game does not take; what is withheld by a
        guard does nothing.
        """
        if not accepted(action, self._env.accepts, self._env.size):
            raise ActionRefused(f"{self._env.name} does not take {action}: choose what its Env accepts.")
        first = self.look()
        before = self._aim(action)
        self._compare(first, before)
        self._send(action)
        self._frame = self._settled()
        change = self._compare(before, self._frame)
        for _ in range(PAUSES):
            # A large answer may pause and go on: one side moves, and only then the other.
            if change.fraction < LARGE or self._slow or self._rests():
                break
            before, self._frame = self._frame, self._settled(acted=False)
            more = self._compare(before, self._frame)
            change = more if more.fraction > change.fraction else change
        return self._later(change) if self._slow else change

    def _later(self, change: Change) -> Change:
        """Wait for further parts of an answer, for longer where there was none; the largest of all."""
        for _ in range(UNANSWERED):
            last, self._frame = self.look(), self._settled()
            more = self._compare(last, self._frame)
            if more.responsive:
                change = more if more.fraction > change.fraction or not change.responsive else change
            elif change.responsive:
                break
        return change

    def _rests(self) -> bool:
        """Whether the screen stays settled for a little longer."""
        for _ in range(CONFIRMED):
            self._frame = self._observe()
            self._tracker.watch(self._frame)
            if not self._tracker.settled:
                return False
        return True

    def _aim(self, action: Action) -> Frame:
        """Bring the pointer to where the action begins; returns the frame the action starts from."""
        aimed = places(action)
        if aimed and self._hovers:
            try:
                self._send(Move(*aimed[0]))
            except ActionRefused:
                self._hovers = False
            else:
                return self._settled(hover=True)
        return self._settled(hover=True) if self._slow else self._settled(acted=False)

    def _compare(self, before: Frame, after: Frame) -> Change:
        begin = perf_counter()
        change = self._tracker.compare(before, after)
        self._lasting = change.mask if self._lasting is None else self._lasting | change.mask
        self.watch_seconds += perf_counter() - begin
        return change

    def _send(self, action: Action) -> None:
        begin = perf_counter()
        try:
            self._env.act(action)
        except Withheld:
            pass
        finally:
            self.game_seconds += perf_counter() - begin

    def _settled(self, *, acted: bool = True, hover: bool = False) -> Frame:
        begin = perf_counter() - self.game_seconds
        frame = settle(self._observe, self._tracker, limit=LIMIT, acted=acted, hover=hover)[-1]
        self.watch_seconds += perf_counter() - self.game_seconds - begin
        return frame

    def _observe(self) -> Frame:
        self._meanwhile()
        begin = perf_counter()
        frame = self._env.observe()
        self.game_seconds += perf_counter() - begin
        _check(frame, self._env)
        return frame


def _check(frame: Frame, env: Env) -> None:
    """Refuse a frame that is not what the game promised: all that is learnt is in pixels of its size."""
    width, height = env.size
    pixels = getattr(frame, "pixels", None)
    if not isinstance(pixels, np.ndarray):
        what = f"a {type(frame).__name__}"
    elif pixels.shape != (height, width, 3) or pixels.dtype != np.uint8:
        what = f"pixels of shape {pixels.shape} in {pixels.dtype}"
    else:
        return
    raise UsageError(
        f"{env.name} gave {what} where its size promises {(height, width, 3)} in uint8: "
        "groundup.envs.conformance.check_env says what is wrong with a game."
    )


def _large(before: Frame, after: Frame) -> Mask:
    """The cells of the large parts that differ between two frames: bool, one per cell."""
    apart = cv2.absdiff(shrink(before.pixels), shrink(after.pixels)).max(axis=2) > PLAIN
    count, labels, stats, _ = cv2.connectedComponentsWithStats(apart.astype(np.uint8), connectivity=8)
    wide = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] >= PART]
    return np.isin(labels, wide)


def accepted(action: Action, accepts: Accepts, size: tuple[int, int]) -> bool:
    """Whether a game that `accepts` this, with frames of `size` (width, height), takes `action`."""
    width, height = size
    return all(0 <= x < width and 0 <= y < height for x, y in places(action)) and takes(accepts, action)


def _act_on(thing: Thing) -> Action:
    return KeyPress(thing.keys) if thing.keys else Click(*thing.box.center)

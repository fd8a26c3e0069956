"""Recorded runs by the scripted players: they see the engine, and act with the mouse on what is on screen.

What they know of the rules is in what they do; the recording holds frames and the mouse, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from groundup.envs.errors import GroundupError, UsageError
from groundup.envs.recorder import RecordingEnv
from groundup.envs.spire.game import FRAMES_PER_SECOND, SpireEnv
from groundup.envs.spire.layout import Ui, Widget
from groundup.envs.spire.run import Command
from groundup.envs.spire.scripted import Player, always_attack, random_legal, sensible
from groundup.envs.spire.session import Session
from groundup.envs.types import Click, Drag, Move

PLAYERS: dict[str, Player] = {"sensible": sensible, "attack": always_attack, "random": random_legal}

LOOKED, AIMED, ANSWERED = 40, 3, 16
"""Frames watched before the first action, with the pointer on a thing before pressing, and after it: the
longest movement lasts 10 (`effects`), and the eased bars a little more."""

DRAGGED = 0.7
"""Share of cards that are dragged onto what they are for; people do both, and this is quicker."""

LONGEST = 5_000
"""Clicks after which a run is left off: a good deck may climb for ever."""

_SPOTS = ((0.5, 0.5), (0.25, 0.5), (0.75, 0.5), (0.12, 0.5), (0.88, 0.5), (0.5, 0.15), (0.5, 0.85))
"""Where on a widget to press, in fractions: others may lie over its middle."""

_PAGES = 8

Tell = Callable[[int, int, str], None]


def record(folder: Path, *, player: str = "sensible", seed: int = 0, runs: int = 1, tell: Tell) -> int:
    """Play `runs` runs of a session with `seed` and record them in `folder`; returns the number of clicks.

    Raises `UsageError` for an unknown player or a folder with a recording in it.
    """
    if player not in PLAYERS:
        raise UsageError(f"No player is called {player!r}: choose one of {', '.join(PLAYERS)}.")
    game = SpireEnv()
    env = RecordingEnv(game, folder, fps=FRAMES_PER_SECOND, seed=seed, player=player)
    try:
        env.reset(seed=seed)
        return _Mouse(env, game._session, PLAYERS[player], Random(seed)).play(runs, tell)
    finally:
        env.close()


class _Mouse:
    """Turns what a player wants into clicks on widgets, and cards dragged onto them."""

    def __init__(self, env: RecordingEnv, session: Session, player: Player, rng: Random) -> None:
        self._env = env
        self._session = session
        self._player = player
        self._rng = rng
        self._hand = Random(0)
        self._clicks = 0

    def play(self, runs: int, tell: Tell) -> int:
        """Play until `runs` runs have ended and the last one's end was left."""
        run = self._session.run
        self._watch(LOOKED)
        while self._clicks < LONGEST and (run.runs < runs or run.screen == "over"):
            self._do(self._player(run, self._rng))
            tell(run.runs, runs, f"{self._clicks} clicks, floor {run.floor}")
        return self._clicks

    def _do(self, command: Command) -> None:
        view = self._session.run.fight
        if command.verb != "play" or view is None:
            self._press(self._found(command))
            return
        targeted = self._session.run.cards[view.hand[command.index].id].targeted
        card = self._found(Ui("select", command.index))
        # What needs no target is played on oneself, as people do who have no better place for it.
        if self._hand.random() < DRAGGED:
            self._drag(card, self._found(Ui("aim", command.target)) if targeted else self._hero())
            return
        self._press(card)
        self._press(self._found(Ui("aim", command.target)) if targeted else self._hero())

    def _found(self, press: Command | Ui) -> Widget:
        """The widget that does it, pages turned until it shows."""
        for _ in range(_PAGES):
            widgets = self._session.layout.widgets
            for widget in reversed(widgets):
                if widget.press == press and (widget.kind != "card" or widget.lit):
                    return widget
            turn = next((widget for widget in widgets if widget.key == "page"), None)
            if turn is None:
                break
            self._press(turn)
        raise GroundupError(f"The scripted player wants {press}, which is not on screen: this is a defect.")

    def _hero(self) -> Widget:
        return next(widget for widget in self._session.layout.widgets if widget.kind == "hero")

    def _press(self, widget: Widget) -> None:
        x, y = self._spot(widget)
        self._env.act(Move(x, y))
        self._watch(AIMED)
        self._env.act(Click(x, y))
        self._watch(ANSWERED)
        self._clicks += 1

    def _drag(self, card: Widget, onto: Widget) -> None:
        (x, y), (to_x, to_y) = self._spot(card), self._spot(onto)
        self._env.act(Move(x, y))
        self._watch(AIMED)
        self._env.act(Drag(((x, y), ((x + to_x) // 2, (y + to_y) // 2), (to_x, to_y))))
        self._watch(ANSWERED)
        self._clicks += 1

    def _spot(self, widget: Widget) -> tuple[int, int]:
        """A point of the frame (1280x720, the virtual screen) where `widget` is what is pressed."""
        box = widget.box
        for across, down in _SPOTS:
            x, y = round(box.x + across * box.w), round(box.y + down * box.h)
            hit = self._session.layout.hit(x, y)
            if widget.press is None or (
                hit is not None and hit.key == widget.key and hit.kind == widget.kind
            ):
                return x, y
        raise GroundupError(f"The scripted player cannot reach {widget.key}: this is a defect.")

    def _watch(self, frames: int) -> None:
        for _ in range(frames):
            self._env.observe()

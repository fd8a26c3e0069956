"""A fight by `minispire`, in a child process that may crash without ending the game.

One child lives as long as the game and is started anew when it dies; a request and its answer take about
0.1 ms. This module knows nothing of the run around a fight.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from groundup.envs.errors import MissingPart
from groundup.envs.spire.cards import Card, kind_of

Pool = Literal["Weak", "Strong", "Elite"]
ENGINE_HP = 80
"""The HP the engine starts every fight with."""
_ANSWER_SECONDS = 20.0
"""A child silent for longer hangs, and counts as crashed; answers take well under a millisecond."""


class EngineDied(Exception):
    """The child crashed or hangs; the fight in it is lost, the next `start` uses a new child."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What an enemy is about to do; `damage` is one hit with all statuses counted."""

    attack: bool
    damage: int
    block: bool
    buff: bool
    debuff: bool
    escape: bool
    split: bool


@dataclass(frozen=True, slots=True)
class Enemy:
    """One enemy as the player sees it."""

    slot: int
    kind: str
    name: str
    alive: bool
    hp: int
    max_hp: int
    block: int
    statuses: tuple[tuple[str, int], ...]
    intent: Intent


@dataclass(frozen=True, slots=True)
class HandCard:
    """A card in hand: its cost now and the enemy slots it may be played on (any one for untargeted cards)."""

    id: str
    cost: int
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A question in the middle of a card: choose one of `options` (card identifiers)."""

    kind: str
    source: str
    options: tuple[str, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class FightView:
    """All that a player may see of a fight; `hp` is the engine's, which starts at 80."""

    hp: int
    max_hp: int
    block: int
    energy: int
    max_energy: int
    statuses: tuple[tuple[str, int], ...]
    enemies: tuple[Enemy, ...]
    hand: tuple[HandCard, ...]
    draw: tuple[str, ...]
    discard: tuple[str, ...]
    exhaust: tuple[str, ...]
    turn: int
    choice: Choice | None
    outcome: Literal["InProgress", "Won", "Lost"]


def _pairs(rows: list[list[Any]]) -> tuple[tuple[str, int], ...]:
    return tuple((str(name), int(value)) for name, value in rows)


def _enemy(row: dict[str, Any]) -> Enemy:
    i = row["intent"]
    intent = Intent(
        *(bool(i["attack"]), int(i["damage"])),
        *(bool(i[name]) for name in ("block", "buff", "debuff", "escape", "split")),
    )
    return Enemy(**{**row, "statuses": _pairs(row["statuses"]), "intent": intent})


def _view(answer: dict[str, Any]) -> FightView:
    asked = answer["choice"]
    return FightView(
        **{
            **answer,
            "statuses": _pairs(answer["statuses"]),
            "enemies": tuple(_enemy(row) for row in answer["enemies"]),
            "hand": tuple(HandCard(c["id"], c["cost"], tuple(c["targets"])) for c in answer["hand"]),
            "draw": tuple(answer["draw"]),
            "discard": tuple(answer["discard"]),
            "exhaust": tuple(answer["exhaust"]),
            "choice": Choice(**{**asked, "options": tuple(asked["options"])}) if asked else None,
        }
    )


class Engine:
    """The child process and the one fight in it."""

    def __init__(self) -> None:
        """Start the child; raises `MissingPart` when minispire is not installed."""
        if find_spec("minispire") is None:
            raise MissingPart("The embedded game needs minispire: run `pip install minispire`.")
        self._child, hello = self._spawn()
        self.cards = {row["id"]: Card(**row, kind=kind_of(row["id"])) for row in hello["cards"]}
        self.crashes = 0

    @property
    def pid(self) -> int:
        """Process id of the child at the moment."""
        return self._child.pid

    def start(self, deck: tuple[str, ...], pool: Pool, seed: int) -> FightView:
        """Begin a fight: an encounter drawn from `pool` by `seed`; raises `EngineDied`."""
        if self._child.poll() is not None:
            self._revive()
        request = {"do": "start", "deck": deck, "pool": pool, "seed": seed}
        view = self._ask(request)
        assert view is not None
        return view

    def play(self, card: str, target: int) -> FightView | None:
        """Play a card on an enemy slot; None when that is not legal now; raises `EngineDied`."""
        return self._ask({"do": "play", "card": card, "target": target})

    def end_turn(self) -> FightView | None:
        """End the turn; None when a choice is open; raises `EngineDied`."""
        return self._ask({"do": "end"})

    def choose(self, index: int) -> FightView | None:
        """Answer an open choice; None when that is not legal; raises `EngineDied`."""
        return self._ask({"do": "choose", "index": index})

    def decline(self) -> FightView | None:
        """Answer an open choice with none of its options; None when not legal; raises `EngineDied`."""
        return self._ask({"do": "decline"})

    def close(self) -> None:
        """End the child; may be called twice."""
        for pipe in (self._child.stdin, self._child.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue
        try:
            self._child.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _spawn(self) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
        script = Path(__file__).with_name("engine_child.py")
        # -P: the script's folder must not be importable by name. A session of its own keeps Ctrl-C away.
        child = subprocess.Popen(
            [sys.executable, "-P", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert child.stdout is not None
        hello = child.stdout.readline()
        if not hello:
            child.wait()
            raise MissingPart(
                "The combat engine does not start: run `pip install --force-reinstall minispire`."
            )
        return child, json.loads(hello)

    def _revive(self) -> None:
        self.close()
        self._child, _ = self._spawn()

    def _ask(self, request: dict[str, Any]) -> FightView | None:
        stdin, stdout = self._child.stdin, self._child.stdout
        assert stdin is not None
        assert stdout is not None
        line = b""
        try:
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
            # One answer to one request: nothing is ever left in the buffer, so select is enough.
            if select.select([stdout], [], [], _ANSWER_SECONDS)[0]:
                line = stdout.readline()
        except (BrokenPipeError, OSError):
            line = b""
        if not line.endswith(b"\n"):
            self.crashes += 1
            self._child.kill()
            self._revive()
            raise EngineDied
        answer = json.loads(line)
        return None if "refused" in answer else _view(answer)

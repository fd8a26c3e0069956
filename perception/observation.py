"""An observation: what a settled frame holds, in the terms that skills are learnt in.

Nothing here knows a game. A *thing* is a place that can be acted on, a *quantity* a number on
screen with an identity that lasts from frame to frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from groundup.envs.types import Frame

from .types import Box

KEY = "key"
"""The look of a key, which is on no screen."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A place to act on, or a key to press.

    `kind` is the exact kind (its words, or its look where it has none); `look` the coarse look that
    kinds back off to (size, brightness and colour in a few levels); `text` what is written on it.
    A key has a box outside of every frame.
    """

    box: Box
    kind: str
    look: str
    text: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are pressed together where this is a key; empty for what is on screen."""
        if self.look != KEY:
            return ()
        name = self.kind.removeprefix(f"{KEY} ")
        return tuple(name.split("+")) if len(name) > 1 else (name,)


def key_things(keys: tuple[str, ...]) -> tuple[Thing, ...]:
    """Keys and chords ("shift+enter") as things to act on."""
    return tuple(Thing(Box(-16 * (i + 1), -16, 1, 1), f"{KEY} {key}", KEY) for i, key in enumerate(keys))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number on screen.

    `sort` says what the number looks like (its form, its size, what it stands next to) and is shared
    by all numbers of that look; `place` is where it stands, as a stable name; `maximum` is the second
    number of a form such as 53/80.
    """

    box: Box
    value: float
    maximum: float | None
    sort: str
    place: str


@dataclass(frozen=True, eq=False)
class Observation:
    """A settled frame, perceived.

    `scene` is the kind of screen; `fixed` are the places of quantities that stand in nearly every
    visit of this scene (a player's own numbers), the others come and go with what they belong to.
    """

    scene: str
    things: tuple[Thing, ...]
    quantities: tuple[Quantity, ...]
    fixed: frozenset[str] = frozenset()
    frame: Frame | None = field(default=None, repr=False)
    words: frozenset[str] = frozenset()
    """What is written on screen, a line each, without digits; only where there are keys to press: what a key
    does often depends on what is said to be selected."""

    def with_keys(self, keys: tuple[Thing, ...], words: frozenset[str]) -> Observation:
        """The same with keys among the things, and with the words that stand there."""
        return replace(self, things=(*self.things, *keys), words=words)

    @cached_property
    def state(self) -> str:
        """The exact configuration: what stands where and which numbers, as one comparable string."""
        things = sorted(f"{t.kind}|{t.look}@{t.box.x // 8},{t.box.y // 8}" for t in self.things)
        numbers = sorted(f"{q.place}={q.value:g}" for q in self.quantities)
        return f"{self.scene}#{';'.join(things)}#{';'.join(numbers)}"

    @cached_property
    def values(self) -> dict[str, float]:
        """The value at each place."""
        return {q.place: q.value for q in self.quantities}

    @cached_property
    def own(self) -> dict[str, float]:
        """The value at each fixed place."""
        return {place: value for place, value in self.values.items() if place in self.fixed}

    def to_json(self) -> dict[str, Any]:
        """Everything but the frame, as JSON."""
        return {
            "scene": self.scene,
            "things": [[*t.box, t.kind, t.look, t.text] for t in self.things],
            "quantities": [[*q.box, q.value, q.maximum, q.sort, q.place] for q in self.quantities],
            "fixed": sorted(self.fixed),
            **({"words": sorted(self.words)} if self.words else {}),
        }


def observation_from_json(data: dict[str, Any]) -> Observation:
    """The observation behind what `Observation.to_json` gave; it has no frame."""
    things = tuple(Thing(Box(*row[:4]), *row[4:]) for row in data["things"])
    quantities = tuple(Quantity(Box(*row[:4]), *row[4:]) for row in data["quantities"])
    fixed, words = frozenset(data["fixed"]), frozenset(data.get("words", ()))
    return Observation(data["scene"], things, quantities, fixed, words=words)

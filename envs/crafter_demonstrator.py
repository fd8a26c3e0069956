"""A scripted demonstrator that chains skills in Crafter, and knows when it went over to another.

Nothing outside the tests, the demonstrations' files and the benches may use what it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groundup.envs.crafter import KEYS, open_world
from groundup.envs.crafter_sight import Sight, beside, inside, work_on
from groundup.envs.crafter_skills import SKILLS

ACTIONS = ("noop", *KEYS.values())
"""The game's actions; a demonstration holds their places in here."""

ACHIEVEMENTS = (
    "collect_coal",
    "collect_diamond",
    "collect_drink",
    "collect_iron",
    "collect_sapling",
    "collect_stone",
    "collect_wood",
    "defeat_skeleton",
    "defeat_zombie",
    "eat_cow",
    "eat_plant",
    "make_iron_pickaxe",
    "make_iron_sword",
    "make_stone_pickaxe",
    "make_stone_sword",
    "make_wood_pickaxe",
    "make_wood_sword",
    "place_furnace",
    "place_plant",
    "place_stone",
    "place_table",
    "wake_up",
)
"""The game's achievements; each can come about many times."""

SLIPS = ("noop", "move_left", "move_right", "move_up", "move_down", "do")
"""What an action may be replaced by: nothing that starts or uses up anything."""

LONGEST = 90
"""Steps after which a skill is given up."""

SHORTEST = 3
"""A skill that ends by itself sooner than this is not counted as one: what follows belongs to the last."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A demonstration of the script, with what only the script knows.

    `frames` uint8 (steps, 64, 64, 3): what was seen before each of `actions` uint8 (steps,), places in
    `ACTIONS`; `events`: (step, achievement), of the step that brought it about; `switches`: the steps at
    which another skill began, without 0; `skills`: their names, one more than switches.
    """

    frames: NDArray[np.uint8]
    actions: NDArray[np.uint8]
    events: tuple[tuple[int, str], ...]
    switches: tuple[int, ...]
    skills: tuple[str, ...]


def demonstrate(world: int, steps: int, noise: float) -> Shown:
    """Play at most `steps` steps in the world of seed `world`, or until death.

    With probability `noise` an action is replaced by one of `SLIPS` at random. Wounds heal at once: skills
    are studied here, not survival. The same arguments give the same demonstration.
    """
    rng = np.random.default_rng([world, 7])
    game = open_world(world)
    frame = game.reset()
    equip(game._player, rng)
    sight = Sight(game)
    chain = Chain(sight, rng)
    frames, actions, events = [], [], []
    for step in range(steps):
        wanted = chain.next(step)
        slips = rng.random() < noise and not sight.sleeping
        action = str(rng.choice(SLIPS)) if slips else wanted
        before = dict(game._player.achievements)
        frames.append(frame)
        actions.append(ACTIONS.index(action))
        frame, _, over, _ = game.step(game.action_names.index(action))
        if not over:
            game._player.health = 9
        events += [(step, name) for name, count in game._player.achievements.items() if count > before[name]]
        if over:
            break
    return Shown(
        np.stack(frames),
        np.array(actions, np.uint8),
        tuple(events),
        tuple(chain.begun[1:]),
        tuple(chain.names),
    )


def equip(player: Any, rng: np.random.Generator) -> None:
    """What a life starts with differs, so that every skill can come early or late."""
    for item, most in (("wood", 9), ("stone", 9), ("sapling", 1)):
        player.inventory[item] = int(rng.integers(0, most + 1))
    for item, share in (("wood_pickaxe", 0.75), ("stone_pickaxe", 0.3), ("wood_sword", 0.4)):
        player.inventory[item] = int(rng.random() < share)
    for need in ("food", "drink", "energy"):
        player.inventory[need] = int(rng.integers(4, 10))


class Chain:
    """One skill after the other, never the same twice in a row; it defends itself during any of them."""

    def __init__(self, sight: Sight, rng: np.random.Generator) -> None:
        self._sight, self._rng = sight, rng
        self._running: Iterator[str] = iter(())
        self._name = ""
        self.begun: list[int] = []
        self.names: list[str] = []

    def next(self, step: int) -> str:
        """The action for `step`."""
        if not self._sight.sleeping:
            zombies = self._sight.creatures("Zombie")
            if any(inside(zombies, place) for place in beside(self._sight.at)):
                return work_on(self._sight, zombies) or "noop"
        while True:
            began = self.begun[-1] if self.begun else 0
            action = next(self._running, None) if step - began < LONGEST else None
            if action is not None:
                return action
            self._begin(step)

    def _begin(self, step: int) -> None:
        if self.begun and step - self.begun[-1] < SHORTEST:
            self.begun.pop()
            self.names.pop()
        last = self.names[-1] if self.names else ""
        able = [name for name in SKILLS if name not in (last, self._name) and CAN[name](self._sight)]
        self._name = str(self._rng.choice(able))
        self._running = SKILLS[self._name](self._sight, self._rng)
        self.begun.append(step)
        self.names.append(self._name)


def _reach(*materials: str) -> Callable[[Sight], bool]:
    return lambda sight: work_on(sight, sight.where(*materials)) is not None


def _cow(sight: Sight) -> bool:
    return work_on(sight, sight.creatures("Cow")) is not None


def _always(sight: Sight) -> bool:
    del sight
    return True


_rock, _coal = _reach("stone"), _reach("coal")

CAN: dict[str, Callable[[Sight], bool]] = {
    "collect wood": _reach("tree"),
    "mine stone": lambda sight: bool(sight.has("wood_pickaxe")) and _rock(sight),
    "mine coal": lambda sight: bool(sight.has("wood_pickaxe")) and _coal(sight),
    "drink": _reach("water"),
    "hunt": _cow,
    "herd": _cow,
    "sleep": lambda sight: sight.has("energy") < 7,
    "plant": lambda sight: sight.material(sight.at) == "grass",
    "craft": lambda sight: sight.has("wood") > 3,
    "build a wall": lambda sight: sight.has("stone") > 3,
    "tunnel": lambda sight: bool(sight.has("wood_pickaxe")) and _rock(sight),
    "follow a shore": _reach("water"),
    "head off": _always,
    "patrol": _always,
    "wander": _always,
    "rest": _always,
}
"""When each skill can be begun."""

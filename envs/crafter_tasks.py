"""Atomic tasks in Crafter: where one begins, and when it is done; for measuring controllers only.

A task begins in a world where the script has played for a while and stands where the skill can begin, with
what it works on in view and what it uses up in the inventory. Whether it is done is read from the game's
own state, which no controller sees.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from groundup.envs.crafter import open_world
from groundup.envs.crafter_demonstrator import ACTIONS, CAN, Chain, equip
from groundup.envs.crafter_sight import Mask, Place, Sight, beside, inside
from groundup.envs.crafter_skills import SKILLS
from groundup.envs.types import Pixels

STEPS = 50
"""Steps for a task."""

WARM_UP = 200
"""Steps that the script plays in search of beginnings; later it is too dark to see."""

EVERY = 5
"""Steps between looks for beginnings."""

WIDE, HIGH = 4, 3
"""Cells in view to either side, and above and below."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The player's state at a step: where it is, what came about so far, and what is next to it."""

    at: Place
    counts: Mapping[str, int]
    asleep: bool
    beside_cow: bool
    beside_water: bool


Trace = Sequence[Moment]
"""Moments from the beginning on, that before the first action included."""


@dataclass(frozen=True, slots=True)
class Task:
    """`goal` in words and as a test; it begins with `items`, and something of `sees` in view."""

    goal: str
    reached: Callable[[Trace], bool]
    sees: Sequence[str] = ()
    items: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """A world at the beginning of the task for `skill`; it can be played any number of times."""

    skill: str
    world: int
    _game: Any

    def play(self, follow: Callable[[Pixels], int]) -> bool:
        """Whether the task gets done when `follow` chooses actions, places in `ACTIONS`, by frames uint8
        (64, 64, 3). Wounds heal at once, as in the demonstrations."""
        game = _copied(self._game)
        return self._play(game, lambda frame: ACTIONS[follow(frame)])

    def demonstrate(self) -> bool:
        """Whether the script, which knows the whole world, gets the task done in time."""
        game = _copied(self._game)
        actions = SKILLS[self.skill](Sight(game), np.random.default_rng(self.world))
        return self._play(game, lambda _: next(actions, "noop"))

    def _play(self, game: Any, choose: Callable[[Pixels], str]) -> bool:
        sight, reached = Sight(game), TASKS[self.skill].reached
        trace, frame = [_moment(sight)], game.render()
        for _ in range(STEPS):
            frame, _, over, _ = game.step(game.action_names.index(choose(frame)))
            trace.append(_moment(sight))
            if over or reached(trace):
                break
            game._player.health = 9
        return reached(trace)


def beginnings(first_world: int, count: int, most_worlds: int = 100) -> Iterator[Beginning]:
    """Up to `count` beginnings of each of `TASKS`, at most one a world, in worlds from `first_world` on."""
    lacking = dict.fromkeys(TASKS, count)
    for world in range(first_world, first_world + most_worlds):
        wanted = [skill for skill, number in lacking.items() if number]
        if not wanted:
            return
        for found in _in_world(world, wanted):
            lacking[found.skill] -= 1
            yield found


def _in_world(world: int, wanted: list[str]) -> Iterator[Beginning]:
    rng = np.random.default_rng([world, 7])
    game = open_world(world)
    game.reset()
    equip(game._player, rng)
    sight = Sight(game)
    chain = Chain(sight, rng)
    lacking = list(wanted)
    for step in range(WARM_UP):
        if step % EVERY == 0 and not sight.sleeping:
            for skill in list(lacking):
                begun = _copied(game)
                begun._player.inventory.update(TASKS[skill].items)
                if _can_begin(skill, Sight(begun)):
                    lacking.remove(skill)
                    yield Beginning(skill, world, begun)
        over = game.step(game.action_names.index(chain.next(step)))[2]
        if over or not lacking:
            return
        game._player.health = 9


def _can_begin(skill: str, sight: Sight) -> bool:
    sees = TASKS[skill].sees
    found = sight.creatures("Cow") if "cow" in sees else sight.where(*sees) if sees else None
    return (found is None or _in_view(sight, found)) and CAN[skill](sight)


def _in_view(sight: Sight, mask: Mask) -> bool:
    x, y = sight.at
    return bool(mask[max(0, x - WIDE) : x + WIDE + 1, max(0, y - HIGH) : y + HIGH + 1].any())


def _copied(game: Any) -> Any:
    return copy.deepcopy(game, {id(game._textures): game._textures})


def _moment(sight: Sight) -> Moment:
    (x, y), cows, water = sight.at, sight.creatures("Cow"), sight.where("water")
    return Moment(
        sight.at,
        sight.counts(),
        sight.sleeping,
        any(inside(cows, place) for place in beside(sight.at)),
        bool(water[max(0, x - 1) : x + 2, max(0, y - 1) : y + 2].any()),
    )


def _times(trace: Trace, *names: str) -> int:
    return sum(trace[-1].counts[name] - trace[0].counts[name] for name in names)


def _often(count: int, *names: str) -> Callable[[Trace], bool]:
    return lambda trace: _times(trace, *names) >= count


def _away(trace: Trace) -> int:
    (x, y), (left, top) = trace[-1].at, trace[0].at
    return max(abs(x - left), abs(y - top))


def _moves(trace: Trace) -> int:
    return sum(one.at != other.at for one, other in itertools.pairwise(trace))


def _cells(trace: Trace) -> int:
    return len({moment.at for moment in trace})


def _whole(test: Callable[[Trace], bool]) -> Callable[[Trace], bool]:
    """A test of what was done all the time: it can only be passed at the end."""
    return lambda trace: len(trace) > STEPS and test(trace)


def _crafted(trace: Trace) -> bool:
    tools = ("make_wood_pickaxe", "make_wood_sword", "make_stone_pickaxe", "make_stone_sword")
    return _times(trace, "place_table") >= 1 and _times(trace, *tools) >= 2


def _tunnelled(trace: Trace) -> bool:
    return _times(trace, "collect_stone", "collect_coal") >= 3 and _away(trace) >= 3


def _herded(trace: Trace) -> bool:
    return _times(trace, "eat_cow") == 0 and sum(moment.beside_cow for moment in trace) >= 15


def _followed_shore(trace: Trace) -> bool:
    return sum(moment.beside_water for moment in trace) > 0.6 * STEPS and _cells(trace) >= 10


def _patrolled(trace: Trace) -> bool:
    return _moves(trace) > 0.6 * STEPS and _cells(trace) <= _moves(trace) / 2


def _slept(trace: Trace) -> bool:
    return sum(moment.asleep for moment in trace) >= 40


def _rested(trace: Trace) -> bool:
    nothing = all(trace[-1].counts[name] == count for name, count in trace[0].counts.items())
    return nothing and _moves(trace) < 0.1 * STEPS and not any(moment.asleep for moment in trace)


_PICKAXE = {"wood_pickaxe": 1}

TASKS: dict[str, Task] = {
    "collect wood": Task("3 wood", _often(3, "collect_wood"), ("tree",)),
    "mine stone": Task("3 stones", _often(3, "collect_stone"), ("stone",), _PICKAXE),
    "mine coal": Task("1 coal", _often(1, "collect_coal"), ("coal",), _PICKAXE),
    "drink": Task("3 drinks", _often(3, "collect_drink"), ("water",), {"drink": 4}),
    "hunt": Task("1 cow eaten", _often(1, "eat_cow"), ("cow",), {"food": 4}),
    "herd": Task("15 steps beside a cow, none eaten", _herded, ("cow",)),
    "sleep": Task("40 steps asleep", _slept, (), {"energy": 3}),
    "plant": Task("1 sapling set", _often(1, "place_plant"), (), {"sapling": 1}),
    "craft": Task("a table and 2 tools", _crafted, (), {"wood": 6, "stone": 3}),
    "build a wall": Task("3 stones set", _often(3, "place_stone"), (), {"stone": 7}),
    "tunnel": Task("3 cells dug, 3 cells away", _tunnelled, ("stone",), _PICKAXE),
    "follow a shore": Task("60% at the water, over 10 cells", _whole(_followed_shore), ("water",)),
    "head off": Task("15 cells away", lambda trace: _away(trace) >= 15),
    "patrol": Task("60% moves, each cell twice", _whole(_patrolled)),
    "rest": Task("nothing done, 90% at one place", _whole(_rested)),
}
"""By the demonstrator's skill; "wander" has none, since it has no aim."""

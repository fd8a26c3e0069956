"""Skills of the scripted demonstrator: each yields one action at a time, and returns when it is done.

What to do next is decided from the world as it is, so that what noise has undone is made up for.
Six of the sixteen come with no achievement of their own: nothing in the game says that they have ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from groundup.envs.crafter_sight import MOVES, Mask, Place, Sight, beside, inside, walk, work_on

Skill = Callable[[Sight, np.random.Generator], Iterator[str]]

DIRECTIONS = tuple(MOVES)


def _length(rng: np.random.Generator, median: float, spread: float = 0.5) -> int:
    """A number of steps with a long tail, at most 90."""
    return int(np.clip(rng.lognormal(np.log(median), spread), 8, 90))


def gather(sight: Sight, rng: np.random.Generator, *, material: str, item: str, most: int) -> Iterator[str]:
    """Collect between a third of `most` and `most` of `item` from `material`."""
    enough = sight.done(f"collect_{item}") + int(rng.integers(-(-most // 3), most + 1))
    while sight.done(f"collect_{item}") < enough:
        action = work_on(sight, sight.where(material))
        if action is None:
            return
        yield action


def hunt(sight: Sight, rng: np.random.Generator) -> Iterator[str]:
    """Chase and eat one to three cows."""
    enough = sight.done("eat_cow") + int(rng.integers(1, 4))
    while sight.done("eat_cow") < enough:
        action = work_on(sight, sight.creatures("Cow"))
        if action is None:
            return
        yield action


def herd(sight: Sight, rng: np.random.Generator) -> Iterator[str]:
    """Follow a cow wherever it goes, without touching it."""
    for _ in range(_length(rng, 28)):
        cows = sight.creatures("Cow")
        if any(inside(cows, place) for place in beside(sight.at)):
            yield "noop"
            continue
        action = work_on(sight, cows)
        if action is None:
            return
        yield action


def sleep(sight: Sight, rng: np.random.Generator) -> Iterator[str]:
    """Sleep until rested or woken."""
    del rng
    yield "sleep"
    while sight.sleeping:
        yield "sleep"


def plant(sight: Sight, rng: np.random.Generator) -> Iterator[str]:
    """Search grass for saplings and plant one to three, some steps apart."""
    for _ in range(int(rng.integers(1, 4))):
        for _ in range(40):
            if sight.has("sapling"):
                break
            action = "do" if sight.material(sight.ahead) == "grass" else walk(sight, sight.where("grass"))
            if action is None:
                return
            yield action
        for _ in range(6):
            if not sight.has("sapling"):
                break
            ready = sight.material(sight.ahead) == "grass" and sight.is_free(sight.ahead)
            action = "place_plant" if ready else walk(sight, sight.where("grass"))
            if action is None:
                return
            yield action
        yield from _stroll(sight, rng, int(rng.integers(3, 7)))


def craft(sight: Sight, rng: np.random.Generator) -> Iterator[str]:
    """Place a table, then make tools beside it for as long as wood and stone last."""
    while not sight.is_free(sight.ahead):
        action = walk(sight, sight.free())
        if action is None:
            return
        yield action
    yield "place_table"
    orders = ["make_wood_pickaxe", "make_wood_sword", "make_stone_pickaxe", "make_stone_sword"]
    for order in rng.permutation(orders):
        need = ("wood", "stone") if "stone" in order else ("wood",)
        for _ in range(3):
            if all(sight.has(item) for item in need):
                yield str(order)


def wall(sight: Sight, rng: np.random.Generator) -> Iterator[str]:
    """Set stones in a slanting line, for as long as there are stones."""
    ahead = DIRECTIONS[int(rng.integers(4))]
    aside = (ahead[1], ahead[0]) if rng.random() < 0.5 else (-ahead[1], -ahead[0])
    for _ in range(10):
        if not sight.has("stone"):
            return
        for _ in range(3):
            if sight.ahead == _plus(sight.at, ahead):
                break
            yield MOVES[ahead]
        if sight.is_free(sight.ahead):
            yield "place_stone"
        yield MOVES[aside]
        yield MOVES[ahead]


def tunnel(sight: Sight, rng: np.random.Generator) -> Iterator[str]:
    """Dig straight on through rock, turning seldom."""
    rock = sight.where("stone", "coal")
    steps = _length(rng, 35)
    ahead = DIRECTIONS[int(rng.integers(4))]
    while not any(inside(rock, place) for place in beside(sight.at)):
        action = work_on(sight, rock)
        if action is None:
            return
        yield action
    for _ in range(steps):
        if sight.ahead != _plus(sight.at, ahead):
            yield MOVES[ahead]
        elif sight.material(sight.ahead) in ("stone", "coal"):
            yield "do"
        elif sight.is_free(sight.ahead):
            yield MOVES[ahead]
        else:
            ahead = (ahead[1], ahead[0])
            yield MOVES[ahead]


def shore(sight: Sight, rng: np.random.Generator) -> Iterator[str]:
    """Follow the water's edge, always to where one has not been."""
    been: list[Place] = []
    for _ in range(_length(rng, 35)):
        been = [*been[-40:], sight.at]
        edge = _near_water(sight) & sight.free()
        for place in been:
            edge[place] = False
        action = walk(sight, edge)
        if action is None:
            return
        yield action


def head(sight: Sight, rng: np.random.Generator) -> Iterator[str]:
    """Travel in one direction, around what is in the way."""
    ahead = DIRECTIONS[int(rng.integers(4))]
    aside = (ahead[1], ahead[0]) if rng.random() < 0.5 else (-ahead[1], -ahead[0])
    for _ in range(_length(rng, 26)):
        if sight.is_free(_plus(sight.at, ahead)):
            yield MOVES[ahead]
            continue
        if not sight.is_free(_plus(sight.at, aside)):
            aside = (-aside[0], -aside[1])
        yield MOVES[aside]


def patrol(sight: Sight, rng: np.random.Generator) -> Iterator[str]:
    """Walk rounds, two to five cells a side, or to and fro."""
    del sight
    side = int(rng.integers(2, 6))
    first = DIRECTIONS[int(rng.integers(4))]
    second = (first[1], first[0])
    back, away = (-first[0], -first[1]), (-second[0], -second[1])
    corners = (first, back) if rng.random() < 0.5 else (first, second, back, away)
    steps = _length(rng, 35)
    for turn in range(steps):
        for _ in range(side):
            steps -= 1
            if steps < 0:
                return
            yield MOVES[corners[turn % len(corners)]]


def wander(sight: Sight, rng: np.random.Generator) -> Iterator[str]:
    """Stroll about without aim."""
    yield from _stroll(sight, rng, _length(rng, 26))


def rest(sight: Sight, rng: np.random.Generator) -> Iterator[str]:
    """Stand still."""
    del sight
    for _ in range(_length(rng, 16)):
        yield "noop"


def _stroll(sight: Sight, rng: np.random.Generator, steps: int) -> Iterator[str]:
    ahead = DIRECTIONS[int(rng.integers(4))]
    for _ in range(steps):
        if rng.random() < 0.25 or not sight.is_free(_plus(sight.at, ahead)):
            ahead = DIRECTIONS[int(rng.integers(4))]
        yield MOVES[ahead]


def _near_water(sight: Sight) -> Mask:
    water = sight.where("water")
    near = np.zeros_like(water)
    padded = np.pad(water, 1)
    for dx in range(3):
        for dy in range(3):
            near |= padded[dx : dx + water.shape[0], dy : dy + water.shape[1]]
    return near


def _plus(place: Place, step: Place) -> Place:
    return (place[0] + step[0], place[1] + step[1])


SKILLS: dict[str, Skill] = {
    "collect wood": partial(gather, material="tree", item="wood", most=8),
    "mine stone": partial(gather, material="stone", item="stone", most=12),
    "mine coal": partial(gather, material="coal", item="coal", most=3),
    "drink": partial(gather, material="water", item="drink", most=9),
    "hunt": hunt,
    "herd": herd,
    "sleep": sleep,
    "plant": plant,
    "craft": craft,
    "build a wall": wall,
    "tunnel": tunnel,
    "follow a shore": shore,
    "head off": head,
    "patrol": patrol,
    "wander": wander,
    "rest": rest,
}

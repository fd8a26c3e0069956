"""A short look-ahead among the skills that apply now, up to the next pass.

Each option carries the change it is expected to make; sequences of options are extended by beam
search and judged by what the situation at their end will cost (`Outlook`).
Numbers are not expected to fall below zero: an option that cannot be paid does not apply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .effects import Change
from .outlook import DEATH, Outlook
from .situation import Group, Situation, totals

BEAM = 24
"""Sequences kept at each length; 8 loses a point of floors, 64 gains none (symbolic trial, 5 seeds)."""

LENGTH = 6
"""Options in a sequence at the most: beyond it the hand has changed anyway and the plan is made anew."""

IDLE = 0.05
"""A use is worth a little by itself: of two equal sequences the one that does more is better evidence and
rarely worse."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be done now, with the `change` expected of it.

    `stock` names what it uses up: options of one stock share its copies (one card on several enemies).
    `group` is the group it addresses, if any; `bonus` is added to its worth (curiosity); `paid` are the
    channels that it needs as much of as it takes.
    """

    stock: int
    change: Change
    group: int | None = None
    bonus: float = 0.0
    paid: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """The index of the first option of the best sequence (None: pass now) and the worth of the whole."""

    first: int | None
    worth: float


@dataclass(frozen=True, slots=True)
class _Node:
    own: dict[str, float]
    groups: tuple[dict[str, float] | None, ...]
    used: tuple[int, ...]
    spent: tuple[int, ...]
    bonus: float


def apply(
    situation: Situation, change: Change, addressed: int | None, foe: str, shield: str = ""
) -> Situation:
    """The situation after `change`; a group whose `foe` number falls to zero is gone, its `shield` falls
    first."""
    node = _Node(situation.own, tuple(g.values for g in situation.groups), (), (), 0.0)
    after = _apply(node, 0, Option(0, change, addressed), foe, shield)
    if after is None:
        return situation
    groups = tuple(
        Group(g.at, values)
        for g, values in zip(situation.groups, after.groups, strict=True)
        if values is not None
    )
    return replace(situation, own=after.own, groups=groups)


def _apply(node: _Node, index: int, option: Option, foe: str, shield: str) -> _Node | None:
    own = node.own
    groups: list[dict[str, float] | None] | None = None
    for channel, delta in option.change.items():
        where, _, name = channel.partition(":")
        if where == "own":
            value = own.get(name, 0.0) + delta
            if value < -0.5 and channel in option.paid:
                return None
            if own is node.own:
                own = dict(own)
            own[name] = max(0.0, value)
            continue
        for i, values in enumerate(node.groups):
            if values is None or (where == "at") != (i == option.group):
                continue
            if groups is None:
                groups = list(node.groups)
            old = groups[i]
            if old is None:
                continue
            new = dict(old)
            if name == foe and delta < 0.0 and old.get(shield, 0.0) > 0.0:
                new[shield] = max(0.0, old[shield] + delta)
                delta = min(0.0, delta + old[shield])
            new[name] = max(0.0, new.get(name, 0.0) + delta)
            groups[i] = None if name == foe and new[name] <= 0.0 else new
    return _Node(
        own,
        node.groups if groups is None else tuple(groups),
        (*node.used, index),
        (*node.spent, option.stock),
        node.bonus + option.bonus,
    )


def _worth(node: _Node, outlook: Outlook, survival: str, start: float) -> float:
    sums = totals(node.own, node.groups)
    gained = node.own.get(survival, start) - start
    worth = node.bonus + IDLE * len(node.used) + gained
    if outlook.foe and sums.get(f"n:{outlook.foe}", 0.0) <= 0.0:
        return worth
    cost = outlook.at_once(sums)
    left = start + gained - cost
    return worth - cost - outlook.later(sums) - (DEATH if left <= 0.0 else 0.0)


def plan(
    situation: Situation, options: list[Option], stocks: dict[int, int], outlook: Outlook, survival: str
) -> Plan:
    """The best sequence of `options` before passing, by beam search.

    `stocks` says how many copies of each stock there are; `survival` is the place of that counter.
    """
    start = situation.own.get(survival, 0.0)
    root = _Node(situation.own, tuple(g.values for g in situation.groups), (), (), 0.0)
    best, best_worth = root, _worth(root, outlook, survival, start)
    beam = [root]
    for _ in range(LENGTH):
        seen: set[tuple[int, ...]] = set()
        grown: list[tuple[float, _Node]] = []
        for node in beam:
            for index, option in enumerate(options):
                if node.spent.count(option.stock) >= stocks[option.stock]:
                    continue
                signature = tuple(sorted((*node.used, index)))
                if signature in seen:
                    continue
                after = _apply(node, index, option, outlook.foe, outlook.shield)
                if after is None:
                    continue
                seen.add(signature)
                grown.append((_worth(after, outlook, survival, start), after))
        if not grown:
            break
        grown.sort(key=lambda pair: -pair[0])
        grown = grown[:BEAM]
        if grown[0][0] > best_worth:
            best_worth, best = grown[0]
        beam = [node for _, node in grown]
    return Plan(best.used[0] if best.used else None, best_worth)

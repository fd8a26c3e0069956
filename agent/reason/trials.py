"""From what a model replies to moves of the learner: only things on this screen, only ways that it knows.

This is where a model's word ends: whatever it was told by the screen or by anyone, nothing comes out of
here but acting on things that perception has found, which the executor checks once more against what the
game takes. Keys, typed text, other windows, and points beside all things come to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from groundup.agent.reason import actions
from groundup.agent.reason.actions import Space
from groundup.agent.reason.replies import ClickThing, ClickTwo, DragThing, PointActions, Proposal, TextActions
from groundup.envs.types import Action, Click, DoubleClick, Drag, Point
from groundup.perception.observation import Observation, Thing
from groundup.skills.moves import Decision

NEAR = 24
"""Pixels that a point may lie beside the thing it means."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Something worth trying, by kinds of things, so that it can be done when they stand elsewhere."""

    first: str
    second: str | None = None
    drag: bool = False

    def move(self, obs: Observation, *, drags: bool) -> Decision | None:
        """The move that tries it in `obs`; None when its things are not there."""
        first = _find(obs, self.first)
        second = None if self.second is None else _find(obs, self.second, but=first)
        if first is None or (self.second is not None and second is None):
            return None
        return Decision("probe", first, second, drag=self.drag and drags, why="model")


def _find(obs: Observation, kind: str, but: Thing | None = None) -> Thing | None:
    return next((thing for thing in obs.things if thing.kind == kind and thing is not but), None)


def trials(
    reply: Proposal | PointActions | TextActions, things: Sequence[Thing], space: Space
) -> tuple[list[Trial], int]:
    """What a reply proposes to try with the `things` that were shown, and how much of it cannot be done."""
    found: list[Trial | None] = []
    match reply:
        case Proposal():
            found = [_numbered(one, things) for one in reply.trials]
        case PointActions():
            for document in reply.actions:
                try:
                    found.append(of_action(actions.read(document, space), things))
                except ValueError:
                    found.append(None)
        case TextActions():
            found = [of_action(action, things) for action in actions.read_text(reply.text, space)]
    kept = [trial for trial in found if trial is not None]
    return kept, len(found) - len(kept)


def _numbered(one: ClickThing | ClickTwo | DragThing, things: Sequence[Thing]) -> Trial | None:
    def kind(number: int) -> str:
        return things[number - 1].kind

    match one:
        case ClickThing(element=element):
            return Trial(kind(element))
        case ClickTwo(element=element, then=then) if element != then:
            return Trial(kind(element), kind(then))
        case DragThing(element=element, onto=onto) if element != onto:
            return Trial(kind(element), kind(onto), drag=True)
    return None


def of_action(action: Action, things: Sequence[Thing]) -> Trial | None:
    """The trial that an action by coordinates means; None for what the learner has no move for."""
    match action:
        case Click(x, y, "left") | DoubleClick(x, y):
            thing = hit(things, (x, y))
            return None if thing is None else Trial(thing.kind)
        case Drag(path):
            first, second = hit(things, path[0]), hit(things, path[-1])
            if first is None or second is None or first is second:
                return None
            return Trial(first.kind, second.kind, drag=True)
    return None


def hit(things: Sequence[Thing], point: Point) -> Thing | None:
    """The smallest thing that the point lies in, else the nearest within `NEAR` pixels."""
    inside = [thing for thing in things if thing.box.contains(*point)]
    if inside:
        return min(inside, key=lambda thing: thing.box.area)
    near = [(math.dist(thing.box.center, point), thing) for thing in things if _beside(thing, point) <= NEAR]
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _beside(thing: Thing, point: Point) -> float:
    x, y, w, h = thing.box
    return math.hypot(max(x - point[0], 0, point[0] - x - w), max(y - point[1], 0, point[1] - y - h))

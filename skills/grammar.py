"""What can be done here: which things respond, act by themselves, or are the first of two steps.

Five small predictors over names of things, from the exact kind to the coarse look (`Responsiveness`),
and a memory of what did nothing on this exact screen, which is not kept: it is of no use later.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from groundup.perception.observation import Observation, Thing

from .responsiveness import Responsiveness
from .situation import Situation

LIKELY = 0.5
"""A thing counts as usable when it responds with at least this probability."""

DEAD_KEPT = 5_000
"""Exact (state, thing) pairs remembered as dead; the oldest are forgotten first."""

DOUBT = 0.1
"""Weight of a first step given up as evidence that it is none: the second steps tried were probably wrong."""

DULL, DULL_LASTS = 0.6, 12
"""Factor on the chance of a kind for each time that it was dead in this scene in the last moves, until one
responds, and how many moves it lasts for what is likely to respond: for want of something a thing may be dead
now and alive in the next turn. By scene: what is listed in one may be what is played with in another. By look
as well: what is dimmed stays dull though another of its kind, in full light, responds."""

HOPELESS = 2
"""Times that a kind on screen must have been dead in a scene, and never alive, to be dull there for the rest
of the run. Not a key: what it needs is not seen."""

SHOWN = 3
"""Things of a size with words on them that must have been dead in a scene before the next is taken for
dead."""

UNIT = 0.4
"""Chance of a second step on a unit with a bar of its own: the likeliest aim before anything is known."""

AGAIN = 0.4
"""Factor on the chance of a second step for each time that it failed, until some second step has worked."""

PATIENCE, PATIENCE_AMONG = 3, 12
"""Failed second steps, or drags without an answer, before a first step is no longer tried; more second steps
where other things are first steps."""

_PARTS = ("responds", "acts", "prepares", "seconds", "dragged")


class Grammar:
    """The learnt grammar of moves."""

    def __init__(self) -> None:
        self.responds = Responsiveness()
        self.acts = Responsiveness(prior=0.25)
        self.prepares = Responsiveness(prior=0.3)
        self.seconds = Responsiveness(prior=0.15)
        self.dragged = Responsiveness(prior=0.5)
        self._fails: dict[str, dict[str, int]] = {}
        self._undragged: dict[str, int] = {}
        self._worked: dict[str, list[str]] = {}
        self._closing: list[list[str]] = []
        self._solo: dict[str, tuple[float, float]] = {}
        self._dull: dict[tuple[str, str], tuple[int, int]] = {}
        self._moves = 0
        self._lifeless: dict[tuple[str, int, int], set[str]] = {}
        self._written: dict[tuple[str, str], tuple[int, int]] = {}
        self._missed: dict[tuple[str, str, str], int] = {}
        self._dead: OrderedDict[tuple[str, str, int, int], None] = OrderedDict()
        self._failed: OrderedDict[tuple[str, str, tuple[int, int]], None] = OrderedDict()

    # -- asking -------------------------------------------------------------------------------

    def usable(self, obs: Observation) -> list[tuple[float, Thing]]:
        """Things with the probability that they respond, without those known to be dead in this exact
        state and those that close the game."""
        out = []
        for thing in obs.things:
            if _spot(obs.state, thing) not in self._dead and [obs.scene, thing.kind] not in self._closing:
                chance = self.responsive(obs, thing)
                out.append((chance * DULL ** self._dullness(obs.scene, thing, chance), thing))
        return out or [(0.01, thing) for thing in obs.things]

    def _dullness(self, scene: str, thing: Thing, chance: float) -> int:
        dullest = 0
        for where in _wheres(scene, thing):
            times, last = self._dull.get(where, (0, 0))
            # What hardly ever responds, or never did in this run, does not wait for something that it lacks.
            lasting = chance < LIKELY or (times >= HOPELESS and not thing.keys)
            if lasting or self._moves - last <= DULL_LASTS:
                dullest = max(dullest, times)
        return dullest

    def responsive(self, obs: Observation, thing: Thing) -> float:
        """The probability that `thing` responds."""
        return self.responds.predict(_response_names(obs, thing))

    def unheard(self, obs: Observation, key: Thing) -> float:
        """The share of the words on screen that never stood there when `key` was pressed."""
        new = sum(not self.responds.known(f"{key.kind} while {words}") for words in obs.words)
        if not obs.words:
            return float(not self.responds.known(key.kind))
        return new / len(obs.words)

    def acting(self, scene: str, thing: Thing) -> float:
        """The probability that acting on `thing` alone makes something happen."""
        return self.acts.predict(_names(scene, thing))

    def first(self, scene: str, thing: Thing) -> float:
        """The probability that `thing` is the first of two steps."""
        return self.prepares.predict(_first_names(scene, thing))

    def first_elsewhere(self, scene: str, thing: Thing) -> float:
        """The same; where such a thing was never tried, it is what it is in the scene where it worked first:
        one kind of danger may look unlike another."""
        worked = self._worked.get(thing.kind)
        if worked and not self.prepares.known(f"{scene}|{thing.kind}"):
            return self.first(worked[0], thing)
        return self.first(scene, thing)

    def rank_seconds(self, obs: Observation, here: Situation, first: Thing) -> list[tuple[float, Thing]]:
        """Things to act on after `first`, likeliest first; what acts by itself is no second step."""
        worked, fails = first.kind in self._worked, self._fails.get(first.kind, {})
        out = []
        for thing in obs.things:
            if thing is first or thing.keys or (obs.state, first.kind, thing.box.center) in self._failed:
                continue
            chance = self.fits(obs, here, first, thing)
            if not worked:
                if here.addressed(thing.box.center) is not None:
                    chance = max(chance, UNIT)
                chance *= AGAIN ** fails.get(thing.kind, 0)
            chance *= AGAIN ** self._missed.get((obs.scene, first.kind, thing.kind), 0)
            if self.begins(obs.scene, thing):
                chance *= AGAIN
            tries, _ = self._solo.get(thing.kind, (0.0, 0.0))
            alone = float(self.acted(thing)) if tries else self.acting(obs.scene, thing)
            out.append((chance * (1.0 - alone) if alone > 0.3 else chance, thing))
        out.sort(key=lambda pair: -pair[0])
        return out

    def second(self, obs: Observation, here: Situation, first: Thing) -> Thing | None:
        """The second step after `first`, where that is likely to want one and one is likely to work."""
        if self.first(obs.scene, first) < LIKELY:
            return None
        ranked = self.rank_seconds(obs, here, first)
        return ranked[0][1] if ranked and ranked[0][0] >= LIKELY else None

    def open(self, scene: str, thing: Thing) -> bool:
        """Whether `thing` responds but what it is for is still to be found out: no second step has worked
        so far."""
        if thing.kind in self._worked or thing.kind not in self._fails or self.acted(thing):
            return False
        patience = PATIENCE_AMONG if scene in self._scenes else PATIENCE
        return sum(self._fails[thing.kind].values()) < patience

    def worked(self, first: Thing) -> bool:
        """Whether two steps that began with such a thing were seen to work."""
        return first.kind in self._worked

    def begins(self, scene: str, thing: Thing) -> bool:
        """Whether acting on `thing` probably begins two steps, known or still open."""
        return self.first(scene, thing) >= LIKELY or self.open(scene, thing)

    @property
    def _scenes(self) -> set[str]:
        return {scene for scenes in self._worked.values() for scene in scenes}

    def learn_first(self, thing: Thing) -> None:
        """`thing` responded but nothing happened: it may be the first of two steps."""
        self._fails.setdefault(thing.kind, {})

    def given_up(self, thing: Thing) -> bool:
        """Whether drags of such things were never answered: by its look it is the first of two steps, and is
        none. Of one frozen learner's 111 dead moves 35 were looked at: all were drags of cards that cannot be
        played."""
        return thing.kind not in self._worked and self._undragged.get(thing.kind, 0) >= PATIENCE

    def drags(self, first: Thing) -> bool:
        """Whether both steps from `first` are likely to work as one drag."""
        return self.dragged.predict((first.kind, first.look, "any")) >= LIKELY

    # -- learning -----------------------------------------------------------------------------

    def dead(self, obs: Observation, thing: Thing) -> None:
        """`thing` did nothing in this exact state."""
        self._moves += 1
        for where in _wheres(obs.scene, thing):
            times, _ = self._dull.get(where, (0, 0))
            if times or where not in self._dull:
                self._dull[where] = (times + 1, self._moves)
        self._dead[_spot(obs.state, thing)] = None
        self._lifeless.setdefault(_spot("", thing)[1:], set()).add(obs.scene)
        self._count_written(obs, thing, False)
        while len(self._dead) > DEAD_KEPT:
            self._dead.popitem(last=False)

    def lifeless(self, scene: str, thing: Thing) -> bool:
        """Whether `thing` is probably no more than shown: it was dead on another kind of screen in the same
        place, or what is as large and has words on it was dead here whenever it was tried."""
        dead, alive = self._written.get((scene, _size(thing)), (0, 0))
        if dead >= SHOWN and not alive:
            return True
        return bool(self._lifeless.get(_spot("", thing)[1:], set()) - {scene})

    def _count_written(self, obs: Observation, thing: Thing, alive: bool) -> None:
        if thing.text:
            key = obs.scene, _size(thing)
            dead, lived = self._written.get(key, (0, 0))
            self._written[key] = (dead + (not alive), lived + alive)

    def alive(self, obs: Observation, thing: Thing) -> None:
        """`thing` responded: its kind is not dull here, even where one of it is dead at times."""
        self._moves += 1
        for where in _wheres(obs.scene, thing):
            self._dull[where] = (0, self._moves)
        self._lifeless.pop(_spot("", thing)[1:], None)
        self._count_written(obs, thing, True)

    def hit(self, obs: Observation, first: Thing, second: Thing, *, drag: bool) -> None:
        """The two steps did something here. A drag that is answered and does nothing leaves its first dull:
        what moves on screen at that moment may not be the answer."""
        if drag:
            self.alive(obs, first)
        self._missed.pop((obs.scene, first.kind, second.kind), None)

    def failed(self, obs: Observation, first: Thing, second: Thing, *, missed: bool) -> int:
        """The two steps did nothing in this exact state; `missed`: though the first was answered, as far as
        one can tell. Returns how often a thing of the first's kind failed in this state."""
        self._failed[obs.state, first.kind, second.box.center] = None
        if missed:
            pair = obs.scene, first.kind, second.kind
            self._missed[pair] = self._missed.get(pair, 0) + 1
        while len(self._failed) > DEAD_KEPT:
            self._failed.popitem(last=False)
        return sum(state == obs.state and kind == first.kind for state, kind, _ in self._failed)

    def learn_response(self, obs: Observation, thing: Thing, responded: bool, weight: float = 1.0) -> None:
        """`thing` did or did not respond; `weight`: how sure that is, 0 to 1."""
        self.responds.learn(_response_names(obs, thing), responded, weight)

    def learn_taken(
        self, obs: Observation, here: Situation, first: Thing, second: Thing, responded: bool, *, drag: bool
    ) -> None:
        """The first of two steps was or was not answered. A drag may be left unanswered for where it ended:
        it tells of a first that has worked before as far as the second is known to be right."""
        unsure = drag and not responded and self.worked(first)
        right = self.fits(obs, here, first, second) if unsure else 1.0
        self.learn_response(obs, first, responded, right)

    def fits(self, obs: Observation, here: Situation, first: Thing, second: Thing) -> float:
        """The chance that `second` is a right second step after `first`."""
        return self.seconds.predict(_pair_names(obs.scene, here, first, second))

    def acted(self, thing: Thing) -> bool:
        """Whether a thing of this kind was seen to make something happen alone, more often than not."""
        tries, happened = self._solo.get(thing.kind, (0.0, 0.0))
        return happened > 0.5 * tries

    def learn_alone(self, scene: str, thing: Thing, happened: bool) -> None:
        """Acting on `thing` alone did or did not make something happen."""
        tries, times = self._solo.get(thing.kind, (0.0, 0.0))
        self._solo[thing.kind] = (tries + 1.0, times + happened)
        self.acts.learn(_names(scene, thing), happened)
        if happened:
            self.prepares.learn(_first_names(scene, thing), False)

    def learn_pair(
        self, obs: Observation, here: Situation, first: Thing, second: Thing, happened: bool
    ) -> None:
        """The two steps did or did not make something happen."""
        self.seconds.learn(_pair_names(obs.scene, here, first, second), happened)
        if not happened:
            fails = self._fails.setdefault(first.kind, {})
            fails[second.kind] = fails.get(second.kind, 0) + 1
            return
        self.prepares.learn(_first_names(obs.scene, first), True)
        scenes = self._worked.setdefault(first.kind, [])
        if obs.scene not in scenes:
            scenes.append(obs.scene)

    def learn_closed(self, scene: str, thing: Thing) -> None:
        """Acting on `thing` closed the game."""
        if [scene, thing.kind] not in self._closing:
            self._closing.append([scene, thing.kind])

    def learn_gave_up(self, scene: str, first: Thing, *, waited: bool) -> None:
        """No second step was found for `first`; `waited`: the last one tried was answered, if only to let
        go of the first. Where nothing was answered nothing waits for a second step."""
        self.prepares.learn(_first_names(scene, first), False, DOUBT if waited else 1.0)

    def learn_drag(self, first: Thing, happened: bool) -> None:
        """A drag from `first` did what two steps do, or was not answered."""
        if not happened:
            self._undragged[first.kind] = self._undragged.get(first.kind, 0) + 1
        self.dragged.learn((first.kind, first.look, "any"), happened)

    def forget(self) -> None:
        """Forget what was dead on exact screens."""
        self._dull.clear()
        self._lifeless.clear()
        self._written.clear()
        self._missed.clear()
        self._dead.clear()
        self._failed.clear()

    # -- keeping ------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """A JSON-friendly copy of what lasts."""
        parts: dict[str, Any] = {name: getattr(self, name).to_dict() for name in _PARTS}
        solo = {kind: list(counts) for kind, counts in self._solo.items()}
        closing = {"closing": self._closing} if self._closing else {}
        undragged = {"undragged": self._undragged} if self._undragged else {}
        return {**parts, "fails": self._fails, "worked": self._worked, "solo": solo, **undragged, **closing}

    def load(self, data: dict[str, Any]) -> None:
        """Replace everything by what `to_dict` gave."""
        for name in _PARTS:
            getattr(self, name).load(data.get(name, {}))
        self._fails = {k: dict(v) for k, v in data.get("fails", {}).items()}
        self._undragged = {k: int(n) for k, n in data.get("undragged", {}).items()}
        self._solo = {k: (float(n), float(h)) for k, (n, h) in data.get("solo", {}).items()}
        self._worked = {k: list(v) for k, v in data.get("worked", {}).items()}
        self._closing = [[str(scene), str(kind)] for scene, kind in data.get("closing", [])]
        self.forget()


def _spot(state: str, thing: Thing) -> tuple[str, str, int, int]:
    return state, thing.kind, thing.box.x // 8, thing.box.y // 8


def _cell(thing: Thing) -> str:
    x, y = thing.box.center
    return f"{x // 160},{y // 120}"


def _names(scene: str, thing: Thing) -> tuple[str, ...]:
    return (
        f"{scene}|{thing.kind}|{thing.look}",
        f"{scene}|{thing.kind}",
        f"{scene}|{thing.look}",
        f"{scene}@{_cell(thing)}",
        thing.kind,
        f"look {thing.look}",
        f"{scene}|{_size(thing)}",
        f"{_size(thing)} {'written' if thing.text else 'blank'}",
    )


def _wheres(scene: str, thing: Thing) -> tuple[tuple[str, str], tuple[str, str]]:
    return (scene, thing.kind), (scene, f"{thing.kind} {thing.look}")


def _response_names(obs: Observation, thing: Thing) -> tuple[str, ...]:
    """What the response of `thing` is predicted by: a key's also by what is written on screen."""
    if not thing.keys:
        return _names(obs.scene, thing)
    # Where one key is dead because of what lies over the game, others are too.
    said = (f"{name} while {words}" for words in sorted(obs.words) for name in (thing.kind, thing.look))
    return f"{obs.scene}|{thing.kind}", thing.kind, f"{obs.scene}|{thing.look}", *said


def _first_names(scene: str, thing: Thing) -> tuple[str, ...]:
    return f"{scene}|{thing.kind}", f"{scene}|{thing.look}", f"{scene}|{_size(thing)}", thing.kind


def _pair_names(scene: str, here: Situation, first: Thing, second: Thing) -> tuple[str, ...]:
    on = "group" if here.addressed(second.box.center) is not None else "none"
    return (
        f"{first.kind}>{second.kind}",
        f"{first.kind}>@{_cell(second)}",
        f"{first.kind}>{on}",
        f"{scene}>{on}",
        f"{_size(first)}>{_size(second)}",
        f"{scene}>{second.kind}",
        f"{scene}>{second.look}",
        f"{scene}@{_cell(second)}",
    )


def _size(thing: Thing) -> str:
    return thing.look.split(" ")[0]

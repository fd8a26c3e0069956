"""The learner: what to do in an observation, and what to keep of what came of it.

It sees observations and nothing else, and decides among three kinds of move: *use* a skill that is
known to work, *probe* a thing not yet understood, *pass* (let the game answer). All that it knows is
in parts that can be saved and merged: what can be done (`Grammar`), what changes what (`EffectModel`),
what situations cost (`Outlook`), which choices led far (`Choices`), and which numbers count
(`CounterFinder`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from groundup.perception.counters import CounterFinder
from groundup.perception.observation import Observation, Thing

from .choices import Choices
from .chooser import Chooser
from .effects import EffectModel, happened_with
from .exploring import Explorer
from .grammar import LIKELY, Grammar
from .moves import Decision, Held, Lesson
from .outlook import Outlook
from .shown import Shown
from .situation import Situation, Situations, any_changed
from .tactics import Tactics
from .wariness import Wariness

__all__ = ["Decision", "Learner", "Lesson"]

TRIES = 3
"""Second steps tried before a first step is given up (one where keys can be pressed: there is more to do): a
wrong one mostly cancels it anyway."""

WORTH_HOLDING = 0.12
"""Least probability of being the first of two steps at which a second is looked for."""

SEARCHING, SETTLED = 0.05, 40.0
"""Least share of moves spent on looking for a skill where none is known, rather than on passing, and the
choices made in a scene by which the share has fallen to a half."""

STIR = 0.05
"""Progress that a number counts for that stands where it never stood, while none is known to measure
progress. Counting any change, it learns to lose: life lost and given back at a restart changes for ever."""

LOGGED = 600
"""Uses remembered until it is known whose numbers are whose; once so many were made, nothing is learnt
anew."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One use: where it began, what was used, what came of it, and during which visit."""

    start: Observation
    used: Decision
    after: Observation
    visit: int


class Learner:
    """Decides and learns; with `learning` off everything it knows stays as it is."""

    def __init__(
        self, seed: int = 0, *, learning: bool = True, drags: bool = False, endless: bool = False
    ) -> None:
        """`drags`: the game takes drags, so a skill of two clicks may be done as one; `endless`: its runs may
        have no end."""
        self._rng = Random(seed)
        self.learning = learning
        self._drags = drags
        self.grammar = Grammar()
        self.effects = EffectModel()
        self.outlook = Outlook()
        self.choices = Choices()
        self.counters = CounterFinder(endless=endless)
        self.tactics = Tactics(self.grammar, self.effects, self.outlook)
        self.shown = Shown()
        self._wariness = Wariness()
        self._endless = endless
        self._explorer = Explorer(self._rng, self.grammar, self.choices, self._wariness, self.shown)
        self.chooser = Chooser(
            self._rng, self.grammar, self.choices, self.effects, self.outlook, self.shown, self._wariness
        )
        self._situations = Situations()
        self._held: Held | None = None
        self._loose: Thing | None = None
        self._visit = 0
        self._passed_in = 0
        self._log: deque[_Entry] = deque(maxlen=LOGGED)
        self._known = (0, "")
        self._uses = 0
        self._survival: str | None = None
        self._stood: set[tuple[str, float]] = set()

    @property
    def holding(self) -> bool:
        """Whether a first step has been taken and the next decision is a second one."""
        return self._held is not None

    @property
    def held(self) -> Thing | None:
        """The first step that has been taken, while its second one is due."""
        return None if self._held is None else self._held.thing

    def forget(self) -> None:
        """Forget what belongs to the run at hand; what was learnt stays."""
        self._held = self._loose = None
        for part in (self.grammar, self.chooser, self.choices, self.outlook):
            part.forget()

    # -- deciding -----------------------------------------------------------------------------

    def decide(self, obs: Observation) -> Decision:
        """The next move in `obs`; raises ValueError when there is nothing on screen to act on."""
        if not obs.things:
            raise ValueError("nothing on screen to act on")
        if self._held is not None:
            return self._second_step(self._held, obs)
        unknown = self._explorer.decide(obs) if self.learning else None
        if unknown is not None:
            return unknown
        here = self._situations.peek(obs)
        return self._whole(self._choose(obs, here), obs, here)

    def _choose(self, obs: Observation, here: Situation) -> Decision:
        """The best move in sight, maybe the first step of two only."""
        if self._survival is not None and self.outlook.ready:
            passing = self.tactics.passing(obs, self._survival)
            if passing is not None:
                move = self._curious(obs) or self.tactics.decide(
                    obs, here, passing, self._survival, curious=self.learning, drags=self._drags
                )
                if move is not None:
                    return move
                if not self.learning or self._rng.random() > self._searching(obs.scene):
                    return Decision("pass", passing, why="no skill known here")
        return self.chooser.choose(obs, here, self._survival, learning=self.learning)

    def _whole(self, move: Decision, obs: Observation, here: Situation) -> Decision:
        """The move with its second step, where the first is known to want one and it is in sight."""
        if move.kind == "pass" or move.second is not None or move.first.keys:
            return move
        second = self.grammar.second(obs, here, move.first)
        drag = self._drags and self.grammar.drags(move.first)
        return move if second is None else replace(move, second=second, drag=drag)

    def _second_step(self, held: Held, obs: Observation) -> Decision:
        ranked = [
            (chance + (self._rng.random() * 0.15 if self.learning else 0.0), thing)
            for chance, thing in self.grammar.rank_seconds(obs, held.was, held.thing)
            if thing.box.center not in held.tried
        ]
        best = max(ranked, key=lambda pair: pair[0])[1] if ranked else held.thing
        return Decision("probe", held.thing, best, why="second step")

    def _searching(self, scene: str) -> float:
        return max(SEARCHING, SETTLED / (SETTLED + self.choices.visits(scene)))

    def _curious(self, obs: Observation) -> Decision | None:
        """Now and then, and ever more seldom, a thing whose kind has hardly been tried here."""
        if not self.learning or self._rng.random() > max(
            0.02, 12.0 / (12.0 + self.choices.visits(obs.scene))
        ):
            return None
        fresh = [
            (chance + 0.3 * self._rng.random(), thing)
            for chance, thing in self.grammar.usable(obs)
            if (chance > 0.2 and self.choices.tries(obs.scene, thing.kind) < 1) or self._unused(obs, thing)
        ]
        if not fresh:
            return None
        return Decision("probe", max(fresh, key=lambda pair: pair[0])[1], why="curious")

    def _unused(self, obs: Observation, thing: Thing) -> bool:
        """Whether `thing` looks like the first of two steps but was never used: it may have been dead when
        it was tried for want of what it needs."""
        return self.grammar.first(obs.scene, thing) >= LIKELY and not self.effects.uses(f"{thing.kind} >")

    # -- learning -----------------------------------------------------------------------------

    def learn(
        self, before: Observation, move: Decision, responses: tuple[bool, ...], after: Observation
    ) -> Lesson:
        """Take in what came of `move`: `responses` says for each action whether the screen responded."""
        self._wariness.note(before, move, responses, after)
        held, self._held = self._held, None
        if held is None or move.second is None:
            held = Held(move.first, before, self._situations.peek(before)) if move.second is None else None
        start, was = (held.before, held.was) if held is not None else (before, self._situations.peek(before))
        now = self._situations(after) if self.learning else self._situations.peek(after)
        if self.learning and not self.counters.begun:
            # What stood there before the first move is what runs begin with.
            self.counters.read(before.scene, before.values)
        if self.learning:
            self.counters.follow(after.values)
        ended = self.counters.read(after.scene, {**after.values, **now.own}) if self.learning else False
        changed = any_changed(was.own, now.own) or self.counters.gain(before.values, after.values) > 0.0
        if self.learning and not was.own:
            # Until it is known which numbers are one's own, any is as good.
            changed = any_changed(before.values, after.values)
        if move.second is None:
            used = self._learn_first(before, was, move.first, responses, after, changed, now)
        else:
            used = self._learn_second(start, was, before, move, responses, after, changed, now, held)
        change: dict[str, float] = {}
        reward = 0.0
        if used is not None:
            change, reward = self._learn_use(used, start, was, after, now)
        skill = used.skill if used else None
        self.chooser.used(start.scene, (used or move).first.kind, skill, moved=changed)
        if ended:
            self._run_ended()
            self._visit += 1
        if self.learning:
            self._look_back()
        return Lesson(skill, reward, responses, change, ended)

    @property
    def stalled(self) -> bool:
        """Whether the run of a game that shows no end is over: nothing is answered any more."""
        return self._endless and self._wariness.over

    def closed(self, before: Observation, move: Decision) -> None:
        """The move closed the game: it is not made again."""
        if self.learning:
            self.grammar.learn_closed(before.scene, move.second or move.first)
        self.over()

    def over(self) -> None:
        """The run has ended, and another one begins from its start."""
        if self.learning:
            self.counters.end()
            self._run_ended()
        self._visit += 1
        self._wariness.begin()
        self.forget()

    def _learn_first(
        self,
        before: Observation,
        was: Situation,
        thing: Thing,
        responses: tuple[bool, ...],
        after: Observation,
        changed: bool,
        now: Situation,
    ) -> Decision | None:
        responded = any(responses)
        if thing.keys:
            return self._learn_key(before, thing, responded)  # known by what was written before it
        if self.learning:
            self.grammar.learn_response(before, thing, responded)
        if not responded:
            self.grammar.dead(before, thing)
            if self.learning:
                self.grammar.learn_alone(before.scene, thing, False)
                self.choices.tried(before.scene, thing.kind)
            return None
        self.grammar.alive(before, thing)
        happened = happened_with(before, was, thing, after, now, changed)
        loose, self._loose = self._loose, None
        if happened and loose is not None and self._completes(loose, before, thing, after):
            # The step before was let go of here, but not by the game.
            if self.learning:
                self.grammar.learn_pair(before, was, loose, thing, True)
            return Decision("use", loose, thing)
        if self.learning:
            self.grammar.learn_alone(before.scene, thing, happened)
        if happened:
            return Decision("use", thing)
        self._loose = thing
        if self.learning:
            self.grammar.learn_first(thing)
        worth = self.grammar.first(before.scene, thing) >= WORTH_HOLDING or self.grammar.open(
            before.scene, thing
        )
        affordable = self._wariness.spare or not any(other.keys for other in before.things)
        if worth and affordable and not self.grammar.acted(thing):
            self._held = Held(thing, before, was)
        elif self.learning:
            self.choices.used(before.scene, thing.kind, after.scene, 0.0, None, moved=False)
        return None

    def _learn_key(self, before: Observation, key: Thing, responded: bool) -> Decision | None:
        """A key is a whole move: what the screen answers is what it does."""
        self._loose = None
        if self.learning:
            self.grammar.learn_response(before, key, responded)
        if responded:
            self.grammar.alive(before, key)
            return Decision("use", key)
        self.grammar.dead(before, key)
        if self.learning:
            self.choices.tried(before.scene, key.kind)
        return None

    def _learn_second(
        self,
        start: Observation,
        was: Situation,
        before: Observation,
        move: Decision,
        responses: tuple[bool, ...],
        after: Observation,
        changed: bool,
        now: Situation,
        held: Held | None,
    ) -> Decision | None:
        assert move.second is not None
        self._loose = None
        if held is None:
            if self.learning:
                self.grammar.learn_taken(before, was, move.first, move.second, responses[0], drag=move.drag)
            if responses[0] and not move.drag:
                self.grammar.alive(before, move.first)
            elif not move.drag:
                self.grammar.dead(before, move.first)
                return None
        responded = responses[-1]
        happened = responded and happened_with(start, was, move.first, after, now, changed)
        if happened and not move.drag and self._was_alone(start, move, after, changed):
            if self.learning:
                self.grammar.learn_alone(start.scene, move.second, True)
            return Decision("use", move.second)
        if self.learning:
            # A drag that is answered but does nothing ended on the wrong thing; one without answer is none.
            if move.drag and (happened or not responded):
                self.grammar.learn_drag(move.first, happened)
            if happened or responded or not move.drag:
                self.grammar.learn_pair(start, was, move.first, move.second, happened)
        if happened:
            self.grammar.hit(start, move.first, move.second, drag=move.drag)
            return Decision("use", move.first, move.second, move.drag)
        failures = self.grammar.failed(start, move.first, move.second, missed=responded or move.drag)
        if move.drag:
            # The first time it may have been let go of on a wrong thing, if it can be taken up at all.
            right = self.grammar.fits(start, was, move.first, move.second) >= LIKELY
            if not responded and (failures > 1 or right or not self.grammar.worked(move.first)):
                self.grammar.dead(before, move.first)
            return None
        tried = [*(held.tried if held is not None else []), move.second.box.center]
        patient = not any(thing.keys for thing in before.things)
        if not responded and patient and len(tried) < TRIES:
            self._held = Held(move.first, start, was, tried)
            return None
        if self.learning:
            self.grammar.learn_gave_up(start.scene, move.first, waited=responded)
        self._loose = move.second if responded else move.first
        if (
            responded
            and move.second.kind != move.first.kind
            and self.grammar.begins(start.scene, move.second)
        ):
            # It let go of the first and took the second up instead.
            self._held = Held(move.second, start, was)
        return None

    def _completes(self, loose: Thing, before: Observation, thing: Thing, after: Observation) -> bool:
        """Whether `thing`, acted on after `loose`, was its second step rather than one by itself."""
        if before.scene != after.scene or loose.kind == thing.kind:
            return False
        return not self.grammar.acted(thing)

    def _was_alone(self, start: Observation, move: Decision, after: Observation, changed: bool) -> bool:
        """Whether what happened is what the second thing does by itself."""
        assert move.second is not None
        if self.grammar.acted(move.second):
            return True
        return start.scene != after.scene and not changed and not self.grammar.worked(move.first)

    def _learn_use(
        self, used: Decision, start: Observation, was: Situation, after: Observation, now: Situation
    ) -> tuple[dict[str, float], float]:
        gain = self.counters.gain(start.values | was.own, after.values | now.own)
        survived = self._survived(was, now)
        reward = gain + 0.02 * survived
        if not self.learning:
            return {}, reward
        if used.second is None:
            stayed = start.scene != after.scene or any(
                t.kind == used.first.kind and t.box.iou(used.first.box) > 0.5 for t in after.things
            )
            self.tactics.learn_stay(used.first.kind, stayed)
        self._uses += 1
        self._log.append(_Entry(replace(start, frame=None), used, replace(after, frame=None), self._visit))
        change = self._learn_effect(used, was, now)
        self._learn_cost(used.skill, was, now, self._visit)
        if was.scene != now.scene and any_changed(was.own, now.own):
            # Left for another scene, and not empty-handed: what comes next is another danger.
            self._visit += 1
        survival = was.own.get(self._survival) if self._survival else None
        moved = any_changed(was.own, now.own)
        if self.counters.place("progress") is None and self._unseen(now):
            gain = STIR
        # What happened without leaving the scene is no way back to it.
        came = moved or start.scene == after.scene
        self.choices.used(start.scene, used.first.kind, after.scene, gain, survival, moved=came)
        return change, reward

    def _unseen(self, now: Situation) -> bool:
        """Whether an own number has a value it never had: losing and beginning anew is nothing new."""
        new = {(place, value) for place, value in now.own.items()} - self._stood
        places = {place for place, _ in self._stood}
        self._stood |= new
        return any(place in places for place, _ in new)

    def _learn_effect(self, used: Decision, was: Situation, now: Situation) -> dict[str, float]:
        point = (used.second or used.first).box.center
        return self.effects.learn(used.skill, used.first.text, was, now, was.addressed(point))

    def _look_back(self) -> None:
        known = (self._situations.version, self.outlook.shield)
        if known != self._known:
            self._known = known
            self.effects.shield = self.outlook.shield
            if self._uses <= LOGGED:
                self._learn_again()

    def _learn_again(self) -> None:
        """Learn effects and costs anew from the uses remembered, now that it is known better whose numbers
        are."""
        self.effects.clear()
        self.effects.shield = self.outlook.shield
        self.outlook.restart()
        self.chooser.samples.clear()
        self._passed_in = -1
        for entry in self._log:
            was, now = self._situations.peek(entry.start), self._situations.peek(entry.after)
            self._learn_effect(entry.used, was, now)
        for entry in self._log:
            was, now = self._situations.peek(entry.start), self._situations.peek(entry.after)
            self._learn_cost(entry.used.skill, was, now, entry.visit)

    def _survived(self, was: Situation, now: Situation) -> float:
        place = self._survival
        return now.own[place] - was.own[place] if place in was.own and place in now.own else 0.0

    def _learn_cost(self, skill: str, was: Situation, now: Situation, visit: int) -> None:
        """When `skill` was a pass, note what it cost; a new visit means that the last danger has passed."""
        if self._survival is None or not self.tactics.is_pass(skill, self._survival):
            return
        if self._survival not in was.own:
            return
        if visit != self._passed_in:
            self.outlook.ended(died=False)
            self._passed_in = visit
        left = now.own.get(self._survival, 0.0)
        self.outlook.passed(was, max(0.0, was.own[self._survival] - left))
        if now.scene == was.scene:
            self.chooser.samples.append(now)

    def _run_ended(self) -> None:
        self.outlook.ended(died=True)
        self.choices.ended()
        self.chooser.ended()
        place = self.counters.place("survival")
        if place is not None and place != self._survival:
            self._survival = place
            self._learn_again()
            self.outlook.ended(died=True)

    # -- keeping ------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """All that was learnt, JSON-friendly, by part."""
        return {
            "grammar": self.grammar.to_dict(),
            "effects": self.effects.to_dict(),
            "outlook": self.outlook.to_dict(),
            "choices": self.choices.to_dict(),
            "counters": self.counters.to_dict(),
            "passes": self.tactics.to_dict(),
            "samples": self.chooser.to_dict(),
            "situations": self._situations.to_dict(),
            "survival": {"place": self._survival},
            **self.shown.to_dict(),
        }

    def load(self, data: dict[str, Any]) -> None:
        """Replace all that was learnt by what `to_dict` gave."""
        self.grammar.load(data.get("grammar", {}))
        self.effects.load(data.get("effects", {}))
        self.outlook.load(data.get("outlook", {}))
        self.choices.load(data.get("choices", {}))
        self.counters.load(data.get("counters", {}))
        self.tactics.load(data.get("passes", {}))
        self.chooser.load(data.get("samples", {}))
        self._situations.load(data.get("situations", {}))
        self._survival = data.get("survival", {}).get("place")
        self.shown.load(data)
        self.effects.shield = self.outlook.shield
        self._known = (self._situations.version, self.outlook.shield)
        self._log.clear()
        self._uses = LOGGED + 1
        self.forget()

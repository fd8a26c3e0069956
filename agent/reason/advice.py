"""A policy with the learner in charge and a model as its adviser, asked where its answer is worth its cost.

Asked: once for each kind of screen; when the learner must choose among things that it has hardly tried;
when nothing it does has any effect. Never where skills are known. What the model says is tried, not
believed: the learner keeps what works, and a model whose advice does less than trying is asked less.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Sequence

from groundup.agent.reason import prompts
from groundup.agent.reason.actions import Space
from groundup.agent.reason.mind import Asks
from groundup.agent.reason.notes import Notes
from groundup.agent.reason.pictures import crop, marked, screenshot, sheet
from groundup.agent.reason.practice import Practice
from groundup.agent.reason.profiles import Profile
from groundup.agent.reason.trials import Trial, trials
from groundup.agent.reason.trust import Trust
from groundup.agent.reason.witness import Witness
from groundup.envs.types import Frame
from groundup.perception.observation import Observation, Thing
from groundup.skills.grammar import LIKELY
from groundup.skills.learner import Learner
from groundup.skills.moves import Decision, Lesson

FEW = 2
"""Tries of a kind in a scene up to which the learner's statistics say nothing of it."""

IDLE = 8
"""Moves without any effect after which a proposal is asked for; then after twice as many, and so on."""

CANDIDATES = 12
"""Things of which a model picks one."""

MARKS = 40
"""Things that are numbered on a screenshot: more cover each other."""

FREE, RATE = 40, 0.1
"""Questions that may be asked at any time, and for each move beside: a ceiling, seldom reached."""

AGAIN = 60
"""Moves before a scene is asked about again that could not be described."""

USES = 2
"""Times that a trial is made."""


class Advised:
    """Decides as its learner does, or as a model advises where that knows nothing."""

    def __init__(
        self,
        learner: Learner,
        mind: Asks,
        notes: Notes,
        profile: Profile,
        *,
        drags: bool = False,
        goals: Sequence[str] = (),
    ) -> None:
        """`drags`: the game takes drags; `goals`: those that it has words for."""
        self.learner = learner
        self.counters = learner.counters
        self.practice = Practice(mind, notes, goals)
        self.witness = Witness()
        self.refused = 0
        """Actions that a model asked for and that cannot be done."""
        self._mind = mind
        self._notes = notes
        self._profile = profile
        self._drags = drags
        self._trust = Trust()
        self._trials: dict[str, deque[Trial]] = {}
        self._made: Counter[tuple[str, Trial]] = Counter()
        self._picked: dict[tuple[str, frozenset[str]], str] = {}
        self._asked: Counter[str] = Counter()
        self._not_before: dict[str, int] = {}
        self._effectless: deque[str] = deque(maxlen=IDLE)
        self._idle = 0
        self._moves = 0

    @property
    def holding(self) -> bool:
        """Whether the next decision is a second step."""
        return self.learner.holding

    def decide(self, obs: Observation) -> Decision:
        """The learner's move, or one that a model advises."""
        move = self.learner.decide(obs)
        if self.learner.holding or obs.frame is None:
            return move
        self._describe(obs, obs.frame)
        return self._advised(obs, obs.frame, move) or move

    def learn(
        self, before: Observation, move: Decision, responses: tuple[bool, ...], after: Observation
    ) -> Lesson:
        """The learner's lesson; what advice came to is counted beside."""
        lesson = self.learner.learn(before, move, responses, after)
        happened = lesson.skill is not None
        self._moves += 1
        self._idle = 0 if happened else self._idle + 1
        if not happened:
            self._effectless.append(_words(move.first))
        if move.kind == "probe":
            self._trust.came(advised=move.why == "model", happened=happened)
        if happened and self.learner.learning:
            self.witness.see(before, lesson, after)
        if self.learner.learning:
            self.practice.moved(lesson, after)
        return lesson

    def closed(self, before: Observation, move: Decision) -> None:
        """The learner does not make that move again."""
        self.learner.closed(before, move)

    # -- asking -------------------------------------------------------------------------------

    def _may(self, name: str) -> bool:
        """Whether a question named so may be asked now."""
        if not self._mind.willing or self._moves < self._not_before.get(name, 0):
            return False
        return self._asked.total() < FREE + RATE * self._moves

    def _failed(self, name: str) -> None:
        self._not_before[name] = self._moves + AGAIN

    def _describe(self, obs: Observation, frame: Frame) -> None:
        """Ask about a kind of screen that is new, once."""
        name = f"describe {obs.scene}"
        note = self._notes.get("scene", obs.scene)
        if obs.scene not in self._trials:
            after = self._notes.get("after", obs.scene) or {"pairs": []}
            self._trials[obs.scene] = deque(Trial(first, second) for first, second in after["pairs"])
            self._trials[obs.scene].extend(Trial(str(kind)) for kind in (note or {}).get("promising", ()))
        if note is not None or not obs.things or not self._may(name):
            return
        self._asked[name] += 1
        things = self._likeliest(obs)
        picture = marked(frame.pixels, [thing.box for thing in things], self._mind.side)
        reply = self._mind.ask(prompts.describe(picture, [_words(thing) for thing in things]))
        if reply is None:
            self._failed(name)
            return
        kinds = list(dict.fromkeys(things[number - 1].kind for number in reply.promising))
        document = {"name": reply.name, "description": reply.description, "promising": kinds}
        self._notes.put("scene", obs.scene, document)
        self._trials[obs.scene].extend(Trial(kind) for kind in kinds)

    def _likeliest(self, obs: Observation) -> list[Thing]:
        ranked = sorted(self.learner.grammar.usable(obs), key=lambda pair: -pair[0])
        # A picture shows no keys.
        return [thing for _, thing in ranked if not thing.keys][:MARKS]

    def _advised(self, obs: Observation, frame: Frame, move: Decision) -> Decision | None:
        if move.why not in ("choice", "curious") or not self._trust.worth(self._moves):
            return None
        stuck = self._idle >= IDLE
        rivals = self._rivals(obs)
        unsure = len(rivals) >= 2 and self._tries(obs, move.first) <= FEW
        if not (stuck or unsure):
            return None
        made = self._try(obs)
        if made is not None:
            return made
        if stuck and self._propose(obs, frame):
            return self._try(obs)
        return self._pick(obs, frame, rivals) if unsure else None

    def _tries(self, obs: Observation, thing: Thing) -> float:
        return self.learner.choices.tries(obs.scene, thing.kind)

    def _rivals(self, obs: Observation) -> list[Thing]:
        """One thing of each kind that may well respond and has hardly been tried here."""
        kinds: dict[str, Thing] = {}
        for chance, thing in sorted(self.learner.grammar.usable(obs), key=lambda pair: -pair[0]):
            if (chance >= LIKELY or thing.text) and self._tries(obs, thing) <= FEW:
                kinds.setdefault(thing.kind, thing)
        return list(kinds.values())[:CANDIDATES]

    def _try(self, obs: Observation) -> Decision | None:
        """The next trial that was proposed for this scene and can be made here."""
        usable = {thing.kind for _, thing in self.learner.grammar.usable(obs)}
        for trial in self._trials.get(obs.scene, ()):
            fresh = self._made[obs.scene, trial] < USES and trial.first in usable
            # What was often tried alone may still be the first of two steps.
            if fresh and (trial.second or self.learner.choices.tries(obs.scene, trial.first) <= FEW):
                made = trial.move(obs, drags=self._drags)
                if made is not None:
                    self._made[obs.scene, trial] += 1
                    return made
        return None

    def _about(self, obs: Observation) -> str:
        note = self._notes.get("scene", obs.scene)
        return f"{note['name']}: {note['description']}" if note else ""

    def _propose(self, obs: Observation, frame: Frame) -> bool:
        """Ask what to try where nothing has any effect; whether there is something to try now."""
        name = f"propose {obs.scene}"
        if self._idle < IDLE * 2 ** self._asked[name] or not self._may(name):
            return False
        self._asked[name] += 1
        things = self._likeliest(obs)
        if self._profile.coordinates == "marks" and self._profile.actions == "json":
            picture = marked(frame.pixels, [thing.box for thing in things], self._mind.side)
        else:
            picture = screenshot(frame.pixels, self._mind.side, self._profile.grid)
        question = prompts.propose(
            picture,
            [_words(thing) for thing in things],
            self._about(obs),
            list(dict.fromkeys(self._effectless)),
            self.practice.goal,
            self._profile,
        )
        reply = self._mind.ask(question)
        if reply is None:
            self._failed(name)
            return False
        space = Space(self._profile, (picture.width, picture.height), (frame.width, frame.height))
        found, refused = trials(reply, things, space)
        self.refused += refused
        self._trials[obs.scene].extendleft(reversed(found))
        for trial in found:
            self._made.pop((obs.scene, trial), None)
        return bool(found)

    def _pick(self, obs: Observation, frame: Frame, rivals: Sequence[Thing]) -> Decision | None:
        """The model's choice among things that the learner cannot tell apart; a goal's own first."""
        by_kind = {thing.kind: thing for thing in rivals}
        served = next((kind for kind in self.practice.prefers if kind in by_kind), None)
        key = obs.scene, frozenset(by_kind)
        kind = served or self._picked.get(key)
        name = f"pick {obs.scene}"
        if kind is None:
            visits = self.learner.choices.visits(obs.scene)
            if self._asked[name] > 1 + math.log2(1 + visits) or not self._may(name):
                return None
            self._asked[name] += 1
            crops = sheet([crop(frame.pixels, thing.box) for thing in rivals])
            words = [_words(thing) for thing in rivals]
            reply = self._mind.ask(prompts.pick(crops, words, self._about(obs), self.practice.goal))
            if reply is None:
                self._failed(name)
                return None
            kind = self._picked[key] = rivals[reply.element - 1].kind
        return Decision("probe", by_kind[kind], why="model")


def _words(thing: Thing) -> str:
    return thing.text or "a picture"

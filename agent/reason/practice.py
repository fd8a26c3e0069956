"""Goals that a model proposes for practice, judges, and relabels.

Proposer and evaluator as in Proposer-Agent-Evaluator (arXiv 2412.13194); what was reached instead is kept
under its own name, as in LMA3 (arXiv 2305.12487). One question for four goals, one for each attempt.

Where a game has words for what can be aimed at, the model is shown those that fit what is known so far.
"""

from __future__ import annotations

import math
import re
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from groundup.agent.reason import prompts
from groundup.agent.reason.mind import Asks
from groundup.agent.reason.notes import Notes
from groundup.agent.reason.pictures import stack, thumbnail
from groundup.envs.types import Pixels
from groundup.perception.observation import Observation
from groundup.skills.moves import Lesson

ATTEMPT = 60
"""Moves of an attempt: what is asked for is to be reached within some fifty actions."""

REST = 60
"""Moves between two attempts: practice is not all there is."""

KNOWN = 8
"""Skills that must have been used before goals are asked for."""

PICTURES = 6
"""Pictures of an attempt that are judged."""

SHOWN = 40
"""Skills that a goal may name."""

OFFERED = 12
"""Goals out of the game's own words that are shown with a question."""


@dataclass(slots=True)
class _Attempt:
    goal: str
    kinds: tuple[str, ...]
    moves: int = 0
    pictures: list[Pixels] = field(default_factory=list)
    used: list[str] = field(default_factory=list)


class Practice:
    """Keeps one goal at a time; `prefers` are the kinds that serve it."""

    def __init__(self, mind: Asks, notes: Notes, words: Sequence[str] = ()) -> None:
        """`words`: goals that the game has words for, any number."""
        self._words = words
        self._mind = mind
        self._notes = notes
        self._waiting: deque[tuple[str, tuple[str, ...]]] = deque()
        self._attempt: _Attempt | None = None
        self._uses: Counter[str] = Counter()
        self._rest = REST

    @property
    def goal(self) -> str:
        """What is practised now; empty for nothing."""
        return "" if self._attempt is None else self._attempt.goal

    @property
    def prefers(self) -> tuple[str, ...]:
        """Kinds of things that serve the goal, most useful first."""
        return () if self._attempt is None else self._attempt.kinds

    def moved(self, lesson: Lesson, after: Observation) -> None:
        """Take in one move; begins and ends attempts."""
        if lesson.skill is not None:
            self._uses[lesson.skill] += 1
        attempt = self._attempt
        if attempt is None:
            self._rest -= 1
            if self._rest <= 0 and len(self._uses) >= KNOWN:
                self._begin(after)
            return
        attempt.moves += 1
        if lesson.skill is not None:
            attempt.used.append(self.name(lesson.skill))
        if after.frame is not None and attempt.moves % (ATTEMPT // PICTURES) == 0:
            attempt.pictures.append(thumbnail(after.frame.pixels))
        if lesson.ended or attempt.moves >= ATTEMPT:
            self._attempt, self._rest = None, REST
            self._judge(attempt, after)

    def name(self, skill: str) -> str:
        """What a skill is called: as a model has named it, else by its kind."""
        note = self._notes.get("skill", skill)
        return str(note["name"]) if note else skill

    def _begin(self, obs: Observation) -> None:
        if not self._waiting:
            self._propose()
            self._rest = REST
        if self._waiting:
            goal, kinds = self._waiting.popleft()
            self._attempt = _Attempt(goal, kinds)
            if obs.frame is not None:
                self._attempt.pictures.append(thumbnail(obs.frame.pixels))

    def _propose(self) -> None:
        skills = [skill for skill, _ in self._uses.most_common(SHOWN)]
        names = [self.name(skill) for skill in skills]
        scenes = [f"{n['name']}: {n['description']}" for n in self._notes.all("scene").values()]
        tried = self._notes.all("goal")
        done = [f"{name}: {n['reached']} of {n['tried']}" for name, n in tried.items()]
        new = [goal for goal in self._words if goal not in tried]
        offered = nearest(new, [*names, *scenes, *tried], OFFERED)
        question = prompts.goals(names, scenes[:12], done[-12:], offered)
        reply = self._mind.ask(question)
        for one in reply.goals if reply is not None else ():
            if one.goal:
                kinds = tuple(skills[number - 1].removesuffix(" >") for number in one.skills)
                self._waiting.append((one.goal, kinds))

    def _judge(self, attempt: _Attempt, after: Observation) -> None:
        pictures = attempt.pictures[-(PICTURES - 1) :]
        if after.frame is not None:
            pictures.append(thumbnail(after.frame.pixels))
        if len(pictures) < 2:
            return
        question = prompts.trajectory(stack(pictures), attempt.goal, attempt.used[-20:])
        reply = self._mind.ask(question)
        if reply is None:
            return
        self._count(attempt.goal, reached=reply.reached)
        share = len(attempt.used) / len(pictures)
        for one in reply.instead:
            if one.goal and 1 <= one.first < one.last <= len(pictures):
                used = attempt.used[round((one.first - 1) * share) : round(one.last * share)]
                self._count(one.goal, reached=True, instead_of=attempt.goal, skills=used[:12])

    def _count(self, goal: str, *, reached: bool, **more: Any) -> None:
        old = self._notes.get("goal", goal) or {"tried": 0, "reached": 0}
        counts = {"tried": old["tried"] + 1, "reached": old["reached"] + reached}
        self._notes.put("goal", goal, {**old, **more, **counts})


def nearest(goals: Sequence[str], known: Iterable[str], count: int) -> list[str]:
    """The `count` goals that share most words with what is `known`, the first ones where nothing is shared.

    A word is worth the more the fewer goals have it.
    """
    having = Counter(word for goal in goals for word in _words(goal))
    seen = {word for text in known for word in _words(text)}
    worth = [
        sum(math.log(len(goals) / having[word]) for word in _words(goal) & seen) / max(1, len(_words(goal)))
        for goal in goals
    ]
    order = sorted(range(len(goals)), key=lambda place: (-worth[place], place))
    return [goals[place] for place in order[:count]]


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]{3,}", text.lower()))

"""Composes two skills into one where the second regularly follows the first in play.

Counts in memory what follows what, and keeps each count with the skill it is about, one small document
a use, in the transaction of that step: a kill loses no more of it than of anything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from groundup.skills.library import Library
from groundup.skills.types import Skill

SECTION = "followers"
"""Section of the library's knowledge that holds, by a skill's id, what followed it."""

COMPOSED = "composed"
"""Provenance of what is made here."""

REGULAR_USES, REGULAR = 6, 0.7
"""Uses of the first skill, and share of them that the second came directly after, from which on it follows
regularly: at least 5 of 6. Of three skills used at random, one does so to another once in 56 times."""

SELDOM = 0.5
"""Share below which it does no longer. Less than `REGULAR`, so that one other use does not undo a skill."""

RECENT = 24.0
"""Uses of a skill from which on what followed it before counts half: four times what is asked for."""

MOST_STEPS = 4
"""Steps of a composed skill at most. The longer, the less likely that all of it fits the next time."""

WORKS = 0.5
"""Least chance that both are answered, below which a composed skill would be pruned at once as unfit."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a skill in play, as it is kept."""

    skill: Skill
    reward: float
    responsive: bool
    change: dict[str, float]

    def then(self, other: Use, skill: Skill) -> Use:
        """This use and the next one as one of `skill`: rewards and changes added, answered if both were."""
        change = added(self.change, other.change)
        return Use(skill, self.reward + other.reward, self.responsive and other.responsive, change)


@dataclass(slots=True)
class Followers:
    """How often a skill was followed by any skill, and by which; recent uses count most."""

    uses: float = 0.0
    then: dict[str, float] = field(default_factory=dict)

    def count(self, follower: str) -> None:
        """One more use, and what followed it."""
        self.uses += 1
        self.then[follower] = self.then.get(follower, 0.0) + 1
        if self.uses > RECENT:
            self.uses /= 2
            self.then = {one: count / 2 for one, count in self.then.items() if count >= 1}

    def share(self, follower: str) -> float:
        """The share of the uses that `follower` came after; 0 of none."""
        return self.then.get(follower, 0.0) / self.uses if self.uses else 0.0

    def add(self, other: Followers) -> None:
        """Count what `other` has counted too."""
        self.uses += other.uses
        self.then = added(self.then, other.then)


class Composer:
    """Watches the uses of one run's skills, composes what belongs together, and keeps its evidence."""

    def __init__(self, library: Library, run: str) -> None:
        self._library = library
        self._run = run
        self._skills: set[str] = set()
        self._composed: dict[tuple[str, str], Skill] = {}
        self._followers: dict[str, Followers] = {}
        self._now: dict[str, str] = {}
        self._last: list[Use] = []

    def read(self, skills: Iterable[Skill]) -> None:
        """Take `skills` as those in use, after they were changed elsewhere."""
        skills = list(skills)
        self._skills = {skill.id for skill in skills}
        # A skill that was merged into another is found under that other's id.
        self._now = {}
        for one in sorted(skills, key=composed, reverse=True):
            gone = one.parents[2:] if composed(one) else one.parents
            self._now.update({skill_id: one.id for skill_id in gone if skill_id not in self._skills})
        self._composed = {self._parts(skill): skill for skill in skills if composed(skill)}
        self._followers = {}
        for skill_id, document in self._library.store.get_knowledge(SECTION).items():
            counted = Followers(float(document["uses"]))
            for follower, count in document["then"].items():
                counted.add(Followers(0.0, {self._now.get(follower, follower): float(count)}))
            self._followers.setdefault(self._now.get(skill_id, skill_id), Followers()).add(counted)
        self._last = []

    def tidy(self) -> None:
        """Keep what followed the skills in use under their own ids, and no more of the others."""
        store = self._library.store
        kept = {one: counted for one, counted in self._followers.items() if one in self._skills}
        with store.step():
            store.delete_knowledge(SECTION, store.get_knowledge(SECTION).keys() - kept.keys())
            for skill_id in kept:
                self._keep(skill_id)

    def part(self) -> None:
        """What comes next follows nothing: a run of the game has ended."""
        self._last = []

    def follow(self, use: Use, step: int) -> int:
        """Note that a skill was used as the `step`-th action; returns how many were composed for it."""
        ending, made = [use], 0
        for before in self._last:
            counted = self._followers.setdefault(before.skill.id, Followers())
            counted.count(use.skill.id)
            self._keep(before.skill.id)
            pair = (before.skill.id, use.skill.id)
            skill = self._composed.get(pair)
            if skill is None and self._regular(before.skill, use.skill):
                skill = self._library.add(compose(before.skill, use.skill))
                made += 1
            if skill is not None:
                whole = record(self._library, self._run, step, before.then(use, skill))
                self._composed[pair] = whole.skill
                ending.append(whole)
        self._last = ending
        return made

    def unfit(self, skill: Skill) -> str | None:
        """Why a composed skill should no longer be used; None while it should, and for any other."""
        if not composed(skill):
            return None
        first, second = self._parts(skill)
        for one in (first, second):
            if one not in self._skills:
                return f"its part {one} is no longer used"
        counted = self._followers.get(first)
        if counted is None or counted.uses < REGULAR_USES or counted.share(second) >= SELDOM:
            return None
        return f"its second part followed the first in {100 * counted.share(second):.0f}% of recent uses"

    def _parts(self, skill: Skill) -> tuple[str, str]:
        first, second = skill.parents[:2]
        return self._now.get(first, first), self._now.get(second, second)

    def _within(self, skill: Skill) -> set[str]:
        """The ids of the skill and of all that it is composed of."""
        pairs = {whole.id: pair for pair, whole in self._composed.items()}
        within, open_ = {skill.id}, [skill.id]
        while open_:
            parts = [one for one in pairs.get(open_.pop(), ()) if one not in within]
            within.update(parts)
            open_ += parts
        return within

    def _regular(self, first: Skill, second: Skill) -> bool:
        counted = self._followers[first.id]
        return (
            counted.uses >= REGULAR_USES
            and counted.share(second.id) >= REGULAR
            and first.statistics.responsive_rate * second.statistics.responsive_rate >= WORKS
            and len(first.steps) + len(second.steps) <= MOST_STEPS
            and second.id not in self._within(first)
        )

    def _keep(self, skill_id: str) -> None:
        counted = self._followers[skill_id]
        self._library.store.put_knowledge(SECTION, skill_id, {"uses": counted.uses, "then": counted.then})


def record(library: Library, run: str, step: int, use: Use) -> Use:
    """Add a use to its skill's evidence; the same use with the skill as it is then."""
    skill = library.record_use(
        use.skill, run=run, step=step, reward=use.reward, responsive=use.responsive, deltas=use.change
    )
    return replace(use, skill=skill)


def compose(first: Skill, second: Skill) -> Skill:
    """A new skill that does `first` and then `second`, without evidence of its own yet."""
    return Skill(
        id="",
        name=f"{first.name}, then {second.name}",
        description=f"{first.description}; then {second.description}",
        scene=first.scene,
        steps=(*first.steps, *second.steps),
        precondition=dict(first.precondition),
        effect=added(first.effect, second.effect),
        provenance=COMPOSED,
        parents=(first.id, second.id),
    )


def composed(skill: Skill) -> bool:
    """Whether a skill was composed of two others, its first two parents."""
    return skill.provenance == COMPOSED and len(skill.parents) >= 2


def added(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    """Both with what they share added up, by name."""
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in sorted(one.keys() | other.keys())}

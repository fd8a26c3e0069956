"""What a skill does to the numbers on screen, learnt from its uses.

For each skill the mean change of every own number, of each sort of number in the addressed group and
in the other groups; and for each wording near a number ("deal _ damage") which number on screen
changes by just that much, so that the effect of a thing never used can be read off it.
Source of the idea: ../shared/research.md section 6 (learnt effects and a short look-ahead beat UCT
and replayed Q-learning).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from groundup.perception.observation import Observation, Thing

from .situation import BAR, Group, Situation, written_numbers

Change = dict[str, float]
"""Expected change by channel: "own:PLACE", "at:SORT" (the addressed group), "by:SORT" (each other group)."""

SURE = 0.6
"""Share of uses in which a written number must equal a change to be believed; below lies coincidence of
small numbers."""

KEPT = 16
"""Uses of a skill looked back on: enough for a mean, few enough that a changed game is followed."""

TRIMMED = 6
"""Seen uses for each extreme value left out of a mean: one misread number must not outweigh five right
ones."""

PAID = 0.5
"""Share of the uses of all skills in which a number must have fallen to be what they are paid with."""

WAYS = 2
"""Different words before a number that it must have done the same after, to be taken to do so after any."""

FADE = 60.0
"""Uses of a wording after which old evidence starts to fade."""


@dataclass(slots=True)
class _Use:
    """One use of a skill: what changed, what could not be seen, what the wording promised."""

    change: Change
    unseen: frozenset[str]
    told: Change


@dataclass(slots=True)
class _Skill:
    uses: float = 0.0
    recent: list[_Use] = field(default_factory=list)
    falls: dict[str, float] = field(default_factory=dict)
    means: Change | None = None
    ratios: Change | None = None


@dataclass(slots=True)
class _Wording:
    uses: float = 0.0
    hits: dict[str, float] = field(default_factory=dict)
    unseen: dict[str, float] = field(default_factory=dict)


def changes(
    before: Situation, after: Situation, addressed: int | None, shield: str = ""
) -> tuple[Change, set[str]]:
    """What changed between two situations, by channel, and the channels whose change could not be seen.

    `shield` is the sort of number in a group that is used up before its bar is: the two are counted as one.
    A group that vanished hides how much it would have lost: its channels are unseen.
    """
    out: Change = {}
    unseen: set[str] = set()
    same_scene = before.scene == after.scene
    for place in {**before.own, **after.own}:
        if same_scene or (place in before.own and place in after.own):
            delta = after.own.get(place, 0.0) - before.own.get(place, 0.0)
            if delta:
                out[f"own:{place}"] = delta
        else:
            unseen.add(f"own:{place}")
    matched = _match(before.groups, after.groups, before.width) if same_scene else {}
    for i, group in enumerate(before.groups):
        where = "at" if i == addressed else "by"
        other = matched.get(i)
        if other is None:
            unseen.update(f"{where}:{sort}" for sort in group.values)
            continue
        soaked = max(0.0, group.values.get(shield, 0.0) - other.values.get(shield, 0.0))
        for sort in {**group.values, **other.values}:
            delta = other.values.get(sort, 0.0) - group.values.get(sort, 0.0)
            if sort == BAR:
                delta -= soaked
            elif sort == shield:
                delta += soaked
            if delta:
                key = f"{where}:{sort}"
                others = len(before.groups) - (addressed is not None)
                out[key] = out.get(key, 0.0) + delta / (1 if where == "at" else max(1, others))
    return out, unseen


def _match(before: tuple[Group, ...], after: tuple[Group, ...], width: int) -> dict[int, Group]:
    # Nearest first, one to one: units keep their place from one moment to the next.
    pairs = sorted(
        (abs(a.at[0] - b.at[0]) + abs(a.at[1] - b.at[1]), i, j)
        for i, a in enumerate(before)
        for j, b in enumerate(after)
    )
    out: dict[int, Group] = {}
    taken: set[int] = set()
    for distance, i, j in pairs:
        if distance < 0.04 * width and i not in out and j not in taken:
            out[i] = after[j]
            taken.add(j)
    return out


def differ(before: Situation, after: Situation) -> bool:
    """Whether a number of a group that is seen in both situations is another one."""
    matched = _match(before.groups, after.groups, before.width)
    return any(
        before.groups[i].values[sort] != other.values[sort]
        for i, other in matched.items()
        for sort in before.groups[i].values.keys() & other.values.keys()
    )


class EffectModel:
    """Expected changes of numbers by skill and by wording."""

    def __init__(self) -> None:
        self.shield = ""
        self._skills: dict[str, _Skill] = {}
        self._words: dict[str, _Wording] = {}
        self._resources: frozenset[str] | None = None

    def clear(self) -> None:
        """Forget everything."""
        self._skills.clear()
        self._words.clear()
        self._resources = None

    def uses(self, skill: str) -> float:
        """How often `skill` was seen used."""
        evidence = self._skills.get(skill)
        return evidence.uses if evidence else 0.0

    def falls(self, skill: str, channel: str) -> float:
        """In how many of all uses of `skill` the number of `channel` fell."""
        evidence = self._skills.get(skill)
        return evidence.falls.get(channel, 0.0) if evidence else 0.0

    def skills(self) -> list[str]:
        """The names of all skills used so far."""
        return list(self._skills)

    def resources(self) -> frozenset[str]:
        """The own numbers that skills of two steps are paid with: those that fell in at least half of their
        uses.

        Other numbers that fell may be misread, or be drawn from until they are filled up again: they do not
        stop a skill at zero.
        """
        if self._resources is None:
            skills = [e for name, e in self._skills.items() if name.endswith(" >")]
            uses = sum(e.uses for e in skills)
            falls: dict[str, float] = {}
            for evidence in skills:
                for channel, count in evidence.falls.items():
                    falls[channel] = falls.get(channel, 0.0) + count
            self._resources = frozenset(
                c for c, count in falls.items() if c.startswith("own:") and count >= PAID * uses
            )
        return self._resources

    def learn(
        self, skill: str, text: str, before: Situation, after: Situation, addressed: int | None
    ) -> Change:
        """Take in one use of `skill` on a thing that reads `text`; returns what changed."""
        change, unseen = changes(before, after, addressed, self.shield)
        evidence = self._skills.setdefault(skill, _Skill())
        evidence.recent.append(_Use(change, frozenset(unseen), self.told(text)))
        del evidence.recent[:-KEPT]
        evidence.uses += 1.0
        evidence.means = None
        self._resources = None
        for channel, delta in change.items():
            if delta < 0:
                evidence.falls[channel] = evidence.falls.get(channel, 0.0) + 1.0
        for context, number in written_numbers(text):
            if number:
                self._learn_wording(context, number, change, unseen)
        return change

    def _learn_wording(self, context: str, number: float, change: Change, unseen: set[str]) -> None:
        # Of a wording only the exact matches count: +1 where a number rose by it, -1 where it fell.
        words = self._words.setdefault(context, _Wording())
        words.uses += 1.0
        for channel, delta in change.items():
            if channel not in unseen and abs(abs(delta) - number) < 1e-6:
                words.hits[channel] = words.hits.get(channel, 0.0) + (1.0 if delta > 0 else -1.0)
        for channel in sorted(unseen):
            words.unseen[channel] = words.unseen.get(channel, 0.0) + 1.0
        if words.uses > FADE:
            keep = FADE / words.uses
            words.uses *= keep
            words.hits = {k: v * keep for k, v in words.hits.items()}
            words.unseen = {k: v * keep for k, v in words.unseen.items()}

    def told(self, text: str) -> Change:
        """What the numbers written in `text` promise, by channel."""
        out: Change = {}
        for context, number in written_numbers(text):
            words = self._words.get(context)
            if words is None or words.uses < 3:
                continue
            for channel, total in words.hits.items():
                seen = words.uses - words.unseen.get(channel, 0.0)
                sure = channel not in out and seen >= 3 and abs(total) / seen >= SURE
                if sure and self._carries(context, channel):
                    out[channel] = number if total > 0 else -number
        return out

    def _carries(self, context: str, channel: str) -> bool:
        """Whether what a number does holds whatever word stands before it: the word after it says what, the
        one before often which way. "Lose 2 HP" had told of "Heal 24 HP" that it costs 24; nobody rested."""
        if not context.startswith("_ "):
            return True
        alike = (name for name in self._words if name.endswith(f" {context}"))
        return sum(channel in self._words[name].hits for name in alike) >= WAYS

    def expect(self, skill: str, text: str) -> Change:
        """The change to expect of `skill` on a thing that reads `text`; empty where nothing is known.

        A skill's own record counts; where its wording promised a share of what came (a number that is
        dealt twice), the promise of today's wording is scaled by that share.
        """
        told = self.told(text)
        evidence = self._skills.get(skill)
        if evidence is None or not evidence.recent:
            return told
        if evidence.means is None or evidence.ratios is None:
            evidence.means, evidence.ratios = _summary(evidence.recent)
        out = dict(evidence.means)
        for channel, value in told.items():
            if channel in evidence.ratios:
                out[channel] = value * evidence.ratios[channel]
            elif len(evidence.recent) < 3:
                out[channel] = value
        return out

    def to_dict(self) -> dict[str, Any]:
        """A JSON-friendly copy."""
        return {
            "skills": {
                name: [e.uses, [[u.change, sorted(u.unseen), u.told] for u in e.recent], e.falls]
                for name, e in self._skills.items()
            },
            "words": {name: [w.uses, w.hits, w.unseen] for name, w in self._words.items()},
        }

    def load(self, data: dict[str, Any]) -> None:
        """Replace everything by what `to_dict` gave."""
        self._resources = None
        self._skills = {
            name: _Skill(
                float(uses), [_Use(dict(c), frozenset(u), dict(t)) for c, u, t in recent], dict(falls)
            )
            for name, (uses, recent, falls) in data.get("skills", {}).items()
        }
        self._words = {
            name: _Wording(float(uses), dict(hits), dict(unseen))
            for name, (uses, hits, unseen) in data.get("words", {}).items()
        }


def _summary(recent: list[_Use]) -> tuple[Change, Change]:
    """The trimmed mean of each channel, and the share of what the wording promised that came."""
    means: Change = {}
    ratios: Change = {}
    for channel in dict.fromkeys(c for use in recent for c in use.change):
        seen = [use for use in recent if channel not in use.unseen]
        if not seen:
            continue
        means[channel] = _trimmed([use.change.get(channel, 0.0) for use in seen])
    for channel in dict.fromkeys(c for use in recent for c in use.told):
        shares = [
            use.change.get(channel, 0.0) / use.told[channel]
            for use in recent
            if channel not in use.unseen and use.told.get(channel)
        ]
        if shares:
            ratios[channel] = _trimmed(shares)
    return means, ratios


def _trimmed(values: list[float]) -> float:
    cut = len(values) // TRIMMED
    kept = sorted(values)[cut : len(values) - cut]
    return sum(kept) / len(kept)


def happened_with(
    start: Observation, was: Situation, thing: Thing, after: Observation, now: Situation, changed: bool
) -> bool:
    """Whether something was achieved: another scene, another number, or the thing acted on is gone.

    A number that only vanished or came says nothing: what points or lights up may cover it.
    """
    if changed or start.scene != after.scene or differ(was, now):
        return True
    return sum(t.kind == thing.kind for t in after.things) < sum(t.kind == thing.kind for t in start.things)

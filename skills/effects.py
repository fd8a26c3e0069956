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

from .situation import Group, Situation, written_numbers

Change = dict[str, float]
"""Expected change by channel: "own:PLACE", "at:SORT" (the addressed group), "by:SORT" (each other group)."""

SURE = 0.6
"""Share of uses in which a written number must equal a change to be believed; below lies coincidence of small numbers."""

MEMORY = 40.0
"""Uses after which old evidence starts to fade, so that a changed game is followed."""


@dataclass(slots=True)
class _Evidence:
    uses: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    unseen: dict[str, float] = field(default_factory=dict)

    def fade(self) -> None:
        if self.uses > MEMORY:
            keep = MEMORY / (self.uses + 1.0)
            self.uses *= keep
            self.sums = {k: v * keep for k, v in self.sums.items()}
            self.unseen = {k: v * keep for k, v in self.unseen.items()}


def changes(before: Situation, after: Situation, addressed: int | None) -> tuple[Change, set[str]]:
    """What changed between two situations, by channel, and the channels whose change could not be seen.

    A group that vanished hides how much it would have lost: its channels are unseen.
    """
    out: Change = {}
    unseen: set[str] = set()
    same_scene = before.scene == after.scene
    for place in before.own.keys() | after.own.keys():
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
        for sort in group.values.keys() | other.values.keys():
            delta = other.values.get(sort, 0.0) - group.values.get(sort, 0.0)
            if delta:
                key = f"{where}:{sort}"
                out[key] = out.get(key, 0.0) + delta / (
                    1 if where == "at" else max(1, len(before.groups) - 1)
                )
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


class EffectModel:
    """Expected changes of numbers by skill and by wording."""

    def __init__(self) -> None:
        self._skills: dict[str, _Evidence] = {}
        self._words: dict[str, _Evidence] = {}

    def uses(self, skill: str) -> float:
        """How often `skill` was seen used (faded beyond `MEMORY`)."""
        evidence = self._skills.get(skill)
        return evidence.uses if evidence else 0.0

    def learn(
        self, skill: str, text: str, before: Situation, after: Situation, addressed: int | None
    ) -> Change:
        """Take in one use of `skill` on a thing that reads `text`; returns what changed."""
        change, unseen = changes(before, after, addressed)
        self._add(self._skills.setdefault(skill, _Evidence()), change, unseen)
        for context, number in written_numbers(text):
            if not number:
                continue
            # Of a wording only the exact matches count: +1 where a number rose by it, -1 where it fell.
            hits = {c: (1.0 if d > 0 else -1.0) for c, d in change.items() if abs(abs(d) - number) < 1e-6}
            self._add(self._words.setdefault(context, _Evidence()), hits, unseen)
        return change

    @staticmethod
    def _add(evidence: _Evidence, change: Change, unseen: set[str]) -> None:
        evidence.uses += 1.0
        for channel, delta in change.items():
            if channel not in unseen:
                evidence.sums[channel] = evidence.sums.get(channel, 0.0) + delta
        for channel in unseen:
            evidence.unseen[channel] = evidence.unseen.get(channel, 0.0) + 1.0
        evidence.fade()

    def expect(self, skill: str, text: str) -> Change:
        """The change to expect of `skill` on a thing that reads `text`; empty where nothing is known."""
        out: Change = {}
        evidence = self._skills.get(skill)
        if evidence is not None:
            for channel, total in evidence.sums.items():
                seen = evidence.uses - evidence.unseen.get(channel, 0.0)
                if seen > 0.5:
                    out[channel] = total / seen
        told: Change = {}
        for context, number in written_numbers(text):
            words = self._words.get(context)
            if words is None or words.uses < 3:
                continue
            for channel, total in words.sums.items():
                seen = words.uses - words.unseen.get(channel, 0.0)
                if channel not in told and seen >= 3 and abs(total) / seen >= SURE:
                    told[channel] = number if total > 0 else -number
        known = evidence.uses if evidence is not None else 0.0
        for channel, value in told.items():
            # A thing's own record outweighs its wording where the two differ in kind, not in size.
            if known < 3 or channel in out:
                out[channel] = value
        return out

    def to_dict(self) -> dict[str, Any]:
        """A JSON-friendly copy."""
        return {
            name: {k: [e.uses, e.sums, e.unseen] for k, e in table.items()}
            for name, table in (("skills", self._skills), ("words", self._words))
        }

    def load(self, data: dict[str, Any]) -> None:
        """Replace everything by what `to_dict` gave."""
        for name, table in (("skills", self._skills), ("words", self._words)):
            table.clear()
            for key, (uses, sums, unseen) in data.get(name, {}).items():
                table[key] = _Evidence(float(uses), dict(sums), dict(unseen))

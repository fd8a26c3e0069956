"""What a run's log adds up to, in curves of bounded size however long the log is.

It takes events in order and knows nothing of where they come from. A curve has at most `LIMIT` points:
when it is full, each two neighbours become one.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from groundup.memory.records import Event
from groundup.tui.sound import sound

LIMIT = 512
"""Points of a curve: more than a terminal of 300 columns can show."""

EPISODES = 4000
"""Runs of the game remembered, and changes of scene; beyond that every other one."""

MATTERED = 24
"""Steps remembered for their reward."""

EDGE_SKILLS = 8
"""Skills counted for each way between two scenes."""

KINDS = ("step", "skills", "counters", "model")
"""Kinds of event that growth is made of."""

KEPT = ("learnt", "composed", "merged", "pruned")
FIELDS = ("moves", "actions", "answered", "reward", "use", "probe", "pass", *KEPT, "calls", "tokens", "cost")
_AT = {name: number for number, name in enumerate(FIELDS)}


class Curve:
    """Sums of every field over equal stretches of steps; `width` steps to a point."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.width = 1
        self._limit = limit
        self._rows: list[list[float]] = []

    def row(self, step: int) -> list[float]:
        """The sums that `step` (from 1) belongs to."""
        at = (max(1, step) - 1) // self.width
        while at >= self._limit:
            rows = self._rows
            if len(rows) % 2:
                rows.append([0.0] * len(FIELDS))
            pairs = zip(rows[::2], rows[1::2], strict=True)
            self._rows = [[a + b for a, b in zip(one, other, strict=True)] for one, other in pairs]
            self.width *= 2
            at = (max(1, step) - 1) // self.width
        while at >= len(self._rows):
            self._rows.append([0.0] * len(FIELDS))
        return self._rows[at]

    def sums(self, name: str) -> list[tuple[float, float]]:
        """(step at the end of a stretch, the field's sum up to there)."""
        total, out = 0.0, []
        for number, row in enumerate(self._rows):
            total += row[_AT[name]]
            out.append((float((number + 1) * self.width), total))
        return out

    def rates(self, name: str, by: str, *, window: int = 1) -> list[tuple[float, float]]:
        """(step, the field by another) over the last `window` stretches; stretches of none are left out."""
        out: list[tuple[float, float]] = []
        for end in range(1, len(self._rows) + 1):
            rows = self._rows[max(0, end - window) : end]
            whole = sum(row[_AT[by]] for row in rows)
            if whole:
                out.append((float(end * self.width), sum(row[_AT[name]] for row in rows) / whole))
        return out

    def total(self, name: str) -> float:
        """The field's sum over everything."""
        return sum(row[_AT[name]] for row in self._rows)


@dataclass(frozen=True, slots=True)
class Episode:
    """One run of the game: the step at which it ended, its steps and reward, the last value at each place."""

    ended: int
    steps: int
    reward: float
    values: dict[str, float]


@dataclass(frozen=True, slots=True, order=True)
class Mattered:
    """A step worth a line: by its reward, its place in the log, and what its event says."""

    weight: float
    seq: int
    data: dict[str, Any] = field(compare=False)


class Growth:
    """The curves, runs of the game and ways between scenes of one run's log.

    `next_seq` is the number of the event that it has yet to see; whoever gives it events sets it. `ended`
    counts the runs of the game that ended, also those that `episodes` no longer holds.
    """

    def __init__(self) -> None:
        self.next_seq = 0
        self.steps = 0
        self.ended = 0
        self.curve = Curve()
        self.episodes: list[Episode] = []
        self.found: list[dict[str, Any]] = []
        self.scenes: Counter[str] = Counter()
        self.edges: Counter[tuple[str, str]] = Counter()
        self.edge_skills: dict[tuple[str, str], Counter[str]] = {}
        self.path: list[tuple[int, str]] = []
        self.mattered: list[Mattered] = []
        self.began = 0.0
        self.updated = 0.0
        self._episode_began = 0
        self._reward = 0.0
        self._values: dict[str, float] = {}
        self._scene = ""
        self._every = 1
        self._priced = True

    def take(self, events: Iterable[Event]) -> None:
        """Count these events too; they come in order, each once."""
        whose = (self._step, self._skills, self._counters, self._model)
        takers: dict[str, Callable[[Event], None]] = dict(zip(KINDS, whose, strict=True))
        for event in events:
            taker = takers.get(event.kind)
            if taker is not None:
                taker(sound(event))
            self.updated = event.t
            self.began = self.began or event.t

    def progress(self) -> tuple[str, str] | None:
        """The place and name of the best progress counter that was found; None until one is."""
        for counter in self.found:
            if counter.get("role") == "progress":
                return str(counter["place"]), str(counter.get("name", counter["place"]))
        return None

    @property
    def cost(self) -> float | None:
        """What asking a model cost, in dollars; None when a price is not known."""
        return self.curve.total("cost") if self._priced else None

    def standing(self) -> float | None:
        """Where progress stands in the run of the game that has not ended; None if that is not known."""
        place = self.progress()
        return None if place is None else self._values.get(place[0])

    def reached(self) -> list[tuple[float, float]]:
        """(step at which a run of the game ended, where its progress counter stood)."""
        place = self.progress()
        if place is None:
            return []
        return [(float(e.ended), e.values[place[0]]) for e in self.episodes if place[0] in e.values]

    def earned(self) -> list[tuple[float, float]]:
        """(step at which a run of the game ended, the reward of all of it)."""
        return [(float(e.ended), e.reward) for e in self.episodes]

    def ways(self, scene: str) -> list[tuple[str, str, int, str]]:
        """The ways into and out of a scene, most used first: (from, to, how often, its skill most used)."""
        out = []
        for (start, end), count in self.edges.most_common():
            if scene in (start, end):
                skills = self.edge_skills[start, end].most_common(1)
                out.append((start, end, count, skills[0][0] if skills else ""))
        return out

    def _skills(self, event: Event) -> None:
        row = self.curve.row(self.steps + 1)
        for name, count in event.data.items():
            if name in KEPT:
                row[_AT[name]] += count

    def _counters(self, event: Event) -> None:
        self.found = [dict(one) for one in event.data.get("found", [])]

    def _model(self, event: Event) -> None:
        row = self.curve.row(self.steps)
        for name, field_name in (("calls", "calls"), ("tokens", "tokens"), ("cost_usd", "cost")):
            row[_AT[field_name]] += float(event.data.get(name) or 0.0)
        self._priced = self._priced and event.data.get("cost_usd") is not None

    def _step(self, event: Event) -> None:
        data = event.data
        step = int(data.get("step", self.steps + 1))
        responses = data.get("responsive") or []
        reward = float(data.get("reward") or 0.0)
        row = self.curve.row(step)
        row[0] += 1
        row[1] += len(responses)
        row[2] += sum(map(bool, responses))
        row[3] += reward
        kind = data.get("move")
        if kind in ("use", "probe", "pass"):
            row[_AT[kind]] += 1
        self.steps = step
        self._way(data, step)
        if data.get("ended"):
            self._end(step)
        self._reward += reward
        self._values.update(data.get("own") or {})
        if reward or data.get("ended"):
            self._matter(Mattered(abs(reward) + (0.5 if data.get("ended") else 0.0), event.seq, data))

    def _end(self, step: int) -> None:
        self.ended += 1
        if self.ended % self._every == 0:
            self.episodes.append(Episode(step, step - self._episode_began, self._reward, self._values))
            if len(self.episodes) > EPISODES:
                self.episodes = self.episodes[1::2]
                self._every *= 2
        self._episode_began, self._reward, self._values = step, 0.0, {}

    def _way(self, data: dict[str, Any], step: int) -> None:
        scene = str(data.get("scene") or "")
        start = str(data.get("from") or self._scene)
        self._scene = scene
        if not scene:
            return
        self.scenes[scene] += 1
        if not self.path or self.path[-1][1] != scene:
            self.path.append((step, scene))
            if len(self.path) > EPISODES:
                self.path = self.path[::2]
        if start:
            self.edges[start, scene] += 1
            skills = self.edge_skills.setdefault((start, scene), Counter())
            skill = data.get("skill")
            if skill and (skill in skills or len(skills) < EDGE_SKILLS):
                skills[skill] += 1

    def _matter(self, one: Mattered) -> None:
        if len(self.mattered) < MATTERED:
            heapq.heappush(self.mattered, one)
        elif one.weight > self.mattered[0].weight:
            heapq.heapreplace(self.mattered, one)

"""What those who look at a library ask of it, in pages: however long a log is, no answer holds all of it.

Only reads. The store's own methods serve those who play.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, func, or_, select

from groundup.memory import schema
from groundup.memory.records import Event, JsonObject, UseRecord, from_json
from groundup.memory.rows import use_record
from groundup.memory.transaction import AnyRow, Transaction

STEP_EVENTS = 16
"""Events of one step at the most."""

_event = schema.event.c
_skill = schema.skill.c


@dataclass(frozen=True, slots=True)
class SkillLine:
    """A skill as a table shows it: all but its steps."""

    id: str
    name: str
    description: str
    scene: str
    statistics: JsonObject
    effect: JsonObject
    provenance: str
    parents: tuple[str, ...]
    version: int
    retired: str | None


class Lookups:
    """Questions about the log, the skills and the evidence of a library."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def last_event(self, run: str) -> int:
        """The number of a run's last event; -1 when it has none."""
        rows = self._transaction.read(select(func.max(_event.seq)).where(_event.run == run))
        return -1 if rows[0][0] is None else int(rows[0][0])

    def events_before(
        self,
        run: str,
        before: int,
        *,
        limit: int = 200,
        since: int = 0,
        kinds: Sequence[str] = (),
        text: str = "",
    ) -> list[Event]:
        """At most `limit` events numbered `since` to `before` (exclusive), the latest ones, in order.

        `kinds` and `text` (what an event's JSON holds, in any case) leave out the others.
        """
        statement = _events(run, since, before, kinds, text).order_by(_event.seq.desc()).limit(limit)
        return _as_events(self._transaction.read(statement))[::-1]

    def events_from(
        self,
        run: str,
        first: int,
        before: int,
        *,
        limit: int = 200,
        kinds: Sequence[str] = (),
        text: str = "",
    ) -> list[Event]:
        """At most `limit` events numbered `first` to `before` (exclusive), the earliest ones, in order."""
        statement = _events(run, first, before, kinds, text).order_by(_event.seq).limit(limit)
        return _as_events(self._transaction.read(statement))

    def event(self, run: str, seq: int) -> Event | None:
        """The event of that number."""
        found = self.events_from(run, seq, seq + 1, limit=1)
        return found[0] if found else None

    def kinds(self, run: str) -> list[str]:
        """The kinds of event in a run's log, found by leaps through their index."""
        found: list[str] = []
        while True:
            after = _event.kind > found[-1] if found else _event.kind.is_not(None)
            rows = self._transaction.read(select(func.min(_event.kind)).where(_event.run == run, after))
            if rows[0][0] is None:
                return found
            found.append(str(rows[0][0]))

    def skill_lines(self, *, text: str = "", retired: bool = False, limit: int = 5000) -> list[SkillLine]:
        """At most `limit` skills whose name or description holds `text`, by id; see `Store.skills`."""
        statement = select(
            _skill.id,
            _skill.name,
            _skill.description,
            _skill.scene,
            _skill.statistics,
            _skill.effect,
            _skill.provenance,
            _skill.parents,
            _skill.version,
            _skill.retired,
        )
        if not retired:
            statement = statement.where(_skill.retired.is_(None))
        if text:
            statement = statement.where(
                or_(
                    *(column.icontains(text, autoescape=True) for column in (_skill.name, _skill.description))
                )
            )
        rows = self._transaction.read(statement.order_by(_skill.id).limit(limit))
        return [_line(row) for row in rows]

    def children(self, skill_id: str, *, limit: int = 100) -> list[SkillLine]:
        """The skills, retired or not, that came from this one."""
        statement = select(schema.skill).where(_skill.parents.contains(f'"{skill_id}"', autoescape=True))
        return [_line(row) for row in self._transaction.read(statement.order_by(_skill.id).limit(limit))]

    def first_uses(self, skill_id: str, *, limit: int = 20) -> list[UseRecord]:
        """The first `limit` uses of a skill, in order."""
        table = schema.use.c
        statement = select(schema.use).where(table.skill == skill_id).order_by(table.id).limit(limit)
        return [use_record(row) for row in self._transaction.read(statement)]

    def step_event(self, run: str, step: int) -> int | None:
        """The number of the first "step" event that reaches `step`, found by halving; None when none does."""
        low, high = 0, self.last_event(run) + 1
        while low < high:
            middle = (low + high) // 2
            found = self.events_from(run, middle, high, limit=1, kinds=("step",))
            if not found or int(found[0].data.get("step", 0)) >= step:
                high = middle
            else:
                low = found[0].seq + 1
        found = self.events_from(run, low, low + STEP_EVENTS, limit=1, kinds=("step",))
        return found[0].seq if found else None

    def look(self, run: str, step: int) -> Event | None:
        """What was seen and weighed before that step; None when it was not kept."""
        seq = self.step_event(run, step)
        if seq is None:
            return None
        found = self.events_before(run, seq, limit=1, since=seq - STEP_EVENTS, kinds=("look",))
        return found[0] if found and found[0].data.get("step") == step else None


def _events(
    run: str, first: int, before: int, kinds: Sequence[str], text: str
) -> Select[tuple[str, int, float, str, str]]:
    statement = select(_event.run, _event.seq, _event.t, _event.kind, _event.data).where(
        and_(_event.run == run, _event.seq >= first, _event.seq < before)
    )
    if kinds:
        statement = statement.where(_event.kind.in_(kinds))
    if text:
        statement = statement.where(
            or_(_event.data.icontains(text, autoescape=True), _event.kind.icontains(text, autoescape=True))
        )
    return statement


def _as_events(rows: Sequence[AnyRow]) -> list[Event]:
    return [Event(run, seq, t, kind, from_json(data)) for run, seq, t, kind, data in rows]


def _line(row: AnyRow) -> SkillLine:
    return SkillLine(
        row.id,
        row.name,
        row.description,
        row.scene,
        from_json(row.statistics),
        from_json(row.effect),
        row.provenance,
        tuple(from_json(row.parents)),
        row.version,
        row.retired,
    )

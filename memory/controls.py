"""What people ask of a run from outside, through its library: pause, stop, a note.

An asker writes one row beside the run, without its lock; the run looks for rows between two steps. The
rows say what was asked and when the run took it up, so that any number of watchers see the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from groundup.memory import schema
from groundup.memory.database import open_beside
from groundup.memory.records import Control, JsonObject, What, from_json, to_json
from groundup.memory.transaction import AnyRow, Transaction

# Made once: building a statement costs as much as running it, and a run asks before each step.
_OPEN = (
    select(schema.control)
    .where(
        schema.control.c.run == bindparam("run_id"),
        schema.control.c.id > bindparam("after"),
        schema.control.c.taken.is_(None),
    )
    .order_by(schema.control.c.id)
)


def ask(location: str | Path, run: str, what: What, value: JsonObject | None = None) -> int:
    """Ask something of a run that another process plays; returns the control's number.

    Never makes the run wait for longer than one row takes to write. Raises `LibraryUnusable`.
    """
    database = open_beside(location)
    row = {"run": run, "what": what, "value": to_json(value or {}), "asked": time.time()}
    try:
        done = database.connection.execute(insert(schema.control), row)
        number = done.inserted_primary_key
    finally:
        database.close()
    assert number is not None
    return int(number[0])


class ControlTable:
    """The controls of all runs, as a store sees them."""

    def __init__(self, transaction: Transaction, step: Callable[[], Any]) -> None:
        self._transaction = transaction
        self._step = step

    def last(self, run: str) -> int:
        """The number of the last control of a run; 0 when it has none."""
        table = schema.control.c
        rows = self._transaction.read(select(func.max(table.id)).where(table.run == run))
        return int(rows[0][0] or 0)

    def open(self, run: str, *, after: int = 0) -> list[Control]:
        """The controls of a run numbered above `after` that were not taken up yet, in order."""
        return _controls(self._transaction.read(_OPEN, {"run_id": run, "after": after}))

    def latest(self, run: str, *, limit: int = 50) -> list[Control]:
        """The last `limit` controls of a run, taken up or not, in order."""
        table = schema.control
        statement = select(table).where(table.c.run == run).order_by(table.c.id.desc()).limit(limit)
        return _controls(self._transaction.read(statement))[::-1]

    def take(self, control: Control) -> None:
        """Note that the run has taken it up."""
        with self._step():
            self._transaction.write(
                update(schema.control).where(schema.control.c.id == control.id).values(taken=time.time())
            )


def _controls(rows: Sequence[AnyRow]) -> list[Control]:
    return [Control(row.id, row.run, row.what, from_json(row.value), row.asked, row.taken) for row in rows]

"""One transaction a step: what is written between two instants that a kill may separate, or neither.

It knows nothing of what the tables hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Row

from groundup.envs.errors import LibraryUnusable
from groundup.memory.database import Database
from groundup.memory.records import JsonObject

AnyRow = Row[*tuple[Any, ...]]
"""A row of whatever columns."""


_T = TypeVar("_T")
_CHUNK = 500  # well below every database's limit on parameters


class Transaction:
    """Statements against `database`, grouped by `step`.

    `flush` is called before anything is read inside a step and at its end: it writes what was gathered.
    `finish` is called after it at the end, for what only then can be done.
    `forget` is called when a step fails: what was gathered, or counted on, is void.
    """

    def __init__(
        self,
        database: Database,
        *,
        readonly: bool,
        flush: Callable[[], None],
        finish: Callable[[], None],
        forget: Callable[[], None],
    ) -> None:
        self._database = database
        self._connection = database.connection
        self._flush = flush
        self._finish = finish
        self._forget = forget
        self._depth = 0
        self._begun = False
        self.readonly = readonly
        self.vectors_changed = False
        self.vector_changes = 0

    @contextmanager
    def step(self) -> Iterator[None]:
        """Make all writes inside one transaction; an exception leaves the library as it was.

        Steps may be nested: the outermost is the transaction. Raises `LibraryUnusable` when read-only.
        """
        if self.readonly:
            raise LibraryUnusable(f"The library {self._database.name} was opened for reading only.")
        self._depth += 1
        try:
            yield
            if self._depth == 1:
                self._commit()
        except BaseException:
            if self._depth == 1:
                self._rollback()
            raise
        finally:
            self._depth -= 1

    def write(self, statement: Any, rows: JsonObject | list[JsonObject] | None = None) -> Any:
        """Execute a statement that writes, inside a step; a list of rows goes in one batch."""
        # Begun late, so that another program waits for a step's writes but not for its thinking.
        if not self._begun:
            self._database.begin()
            self._begun = True
        return self._connection.execute(statement, rows)

    def read(self, statement: Any, values: JsonObject | None = None) -> Sequence[AnyRow]:
        """The rows of a query with these values in it; inside a step it sees what the step wrote."""
        if self._depth:
            self._flush()
        return self._connection.execute(statement, values).all()

    def _commit(self) -> None:
        self._flush()
        self._finish()
        if self._begun:
            self._database.commit()
            self.vector_changes += self.vectors_changed
        self._begun = self.vectors_changed = False

    def _rollback(self) -> None:
        self._forget()
        self.vectors_changed = False
        if self._begun:
            self._begun = False
            self._database.rollback()


def chunks(items: Sequence[_T]) -> Iterator[list[_T]]:
    """`items` in parts that fit into one IN (...)."""
    for start in range(0, len(items), _CHUNK):
        yield list(items[start : start + _CHUNK])

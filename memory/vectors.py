"""Embeddings as the database keeps them: what an index is built from.

A label is a vector's number in the index; it is never given twice, so that a set of labels tells what
an index holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from sqlalchemy import bindparam, delete, func, insert, select

from groundup.memory import schema
from groundup.memory.arrays import Labels, Vectors
from groundup.memory.transaction import AnyRow, Transaction, chunks

_table = schema.vector.c

# Made once: building a statement costs as much as running it.
_OWNERS = select(_table.label, _table.owner).where(_table.label.in_(bindparam("labels", expanding=True)))


class VectorTable:
    """The vectors of all spaces ("skill-text", "scene-look"), each by its owner's id."""

    def __init__(
        self,
        transaction: Transaction,
        meta: Callable[[str], str | None],
        set_meta: Callable[[str, str], None],
        *,
        shared: bool,
    ) -> None:
        self._shared = shared
        self._transaction = transaction
        self._meta = meta
        self._set_meta = set_meta

    @property
    def changes(self) -> int | None:
        """Counts the steps that changed vectors; None where another process may have changed some."""
        return None if self._transaction.readonly or self._shared else self._transaction.vector_changes

    @property
    def settled(self) -> bool:
        """Whether all that can be read is lasting: False once an open step has changed vectors."""
        return not self._transaction.vectors_changed

    def put(self, space: str, vectors: Mapping[str, Vectors]) -> None:
        """Set the vectors of these owners, replacing older ones."""
        if not vectors:
            return
        with self._transaction.step():
            self.delete(space, list(vectors))
            rows = [
                {"space": space, "owner": owner, "data": np.asarray(vector, np.float32).tobytes()}
                for owner, vector in vectors.items()
            ]
            self._transaction.vectors_changed = True
            self._transaction.write(insert(schema.vector), rows)

    def delete(self, space: str, owners: Sequence[str]) -> None:
        """Remove the vectors of these owners; those that have none are no error."""
        with self._transaction.step():
            gone = 0
            for chunk in chunks(owners):
                statement = delete(schema.vector).where(_table.space == space, _table.owner.in_(chunk))
                gone += self._transaction.write(statement).rowcount
            if gone:
                self._transaction.vectors_changed = True
                self._set_meta(f"removed:{space}", str(self.removed(space) + gone))

    def removed(self, space: str) -> int:
        """How many were ever removed or replaced; tells an index that it holds too much."""
        return int(self._meta(f"removed:{space}") or 0)

    def count(self, space: str) -> int:
        """How many vectors the space holds."""
        statement = select(func.count()).select_from(schema.vector).where(_table.space == space)
        return int(self._transaction.read(statement)[0][0])

    def has(self, space: str, owners: Sequence[str]) -> set[str]:
        """Those of these owners that have a vector in the space."""
        found: set[str] = set()
        for chunk in chunks(owners):
            statement = select(_table.owner).where(_table.space == space, _table.owner.in_(chunk))
            found.update(row.owner for row in self._transaction.read(statement))
        return found

    def labels(self, space: str) -> Labels:
        """The labels of all vectors of a space, ascending."""
        rows = self._transaction.read(
            select(_table.label).where(_table.space == space).order_by(_table.label)
        )
        return np.fromiter((row.label for row in rows), np.int64, len(rows))

    def after(self, space: str, label: int = -1, *, chunk: int = 10_000) -> Iterator[tuple[Labels, Vectors]]:
        """The vectors of a space with a greater label, in chunks: labels (n,) and rows (n, dimensions)."""
        while True:
            rows = self._transaction.read(
                select(_table.label, _table.data)
                .where(_table.space == space, _table.label > label)
                .order_by(_table.label)
                .limit(chunk)
            )
            if not rows:
                return
            label = rows[-1].label
            yield _arrays(rows)

    def of(self, labels: Sequence[int]) -> tuple[Labels, Vectors]:
        """The vectors of these labels, in no order: labels (n,) and rows (n, dimensions)."""
        rows: list[AnyRow] = []
        for chunk in chunks(labels):
            rows += self._transaction.read(select(_table.label, _table.data).where(_table.label.in_(chunk)))
        return _arrays(rows)

    def owners(self, labels: Sequence[int]) -> dict[int, str]:
        """Whose vectors these labels are; labels that are gone are left out."""
        found: dict[int, str] = {}
        for chunk in chunks(labels):
            rows = self._transaction.read(_OWNERS, {"labels": chunk})
            found.update((row.label, row.owner) for row in rows)
        return found


def _arrays(rows: Sequence[AnyRow]) -> tuple[Labels, Vectors]:
    data = np.frombuffer(b"".join(row.data for row in rows), np.float32)
    labels = np.fromiter((row.label for row in rows), np.int64, len(rows))
    return labels, data.reshape(len(rows), len(data) // max(1, len(rows)))

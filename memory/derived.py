"""A vector index kept in step with the store's vectors of one space.

The database is the truth. An index file that is missing, damaged, of another library or behind is
brought up to it, with a note in the log and never an error; it is written whole, under another name
first, so that a kill leaves the old one or the new one.
"""

from __future__ import annotations

import json
import logging
import os
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from groundup.memory.arrays import Labels, Vectors
from groundup.memory.index import FLAT_LIMIT, LISTS, VectorIndex
from groundup.memory.store import Store

log = logging.getLogger(__name__)

_HEAD_SIZE = 256
_FORMAT = "groundup-index-1"
_TRAIN = 64 * LISTS  # vectors to train on; more gains nothing visible in recall and costs time in proportion


class SpaceIndex:
    """The index over one space of a store, loaded from its file and brought up to date.

    `path` is where `save` keeps it; None keeps it in memory only.
    """

    def __init__(self, store: Store, space: str, *, path: Path | None = None) -> None:
        self._store = store
        self._space = space
        self._path = path
        self._index: VectorIndex | None = None
        self._top = -1
        self._removed = -1
        self._seen: int | None = None
        self._saved = False
        self._load()
        self.sync()

    def __len__(self) -> int:
        return 0 if self._index is None else len(self._index)

    def search(self, vector: Vectors, k: int = 16) -> list[tuple[str, float]]:
        """The owners of the `k` vectors nearest to `vector` with their cosines, nearest first.

        Vectors that were put in a step still open are not found yet.
        """
        found = self.search_labels(vector, k)
        owners = self._store.vectors.owners([label for label, _ in found])
        return [(owners[label], score) for label, score in found if label in owners]

    def search_labels(self, vector: Vectors, k: int = 16) -> list[tuple[int, float]]:
        """As `search`, with labels of vectors in place of their owners."""
        self.sync()
        if self._index is None or vector.shape[-1] != self._index.dimensions:
            return []
        return self._index.search(vector, k)

    def sync(self) -> None:
        """Take over what changed in the store, except vectors of an open step: they may be rolled back."""
        changes = self._store.vectors.changes
        if not self._store.vectors.settled or (changes is not None and changes == self._seen):
            return
        self._seen = changes
        removed = self._store.vectors.removed(self._space)
        if self._index is None:
            self._rebuild()
        elif removed != self._removed:
            self._compare(self._index)
        else:
            self._append(self._index)
        self._removed = removed
        if self._index is not None and self._index.outgrown:
            self._rebuild()

    def save(self) -> None:
        """Write the index to its file, if it has one and has changed."""
        index = self._index
        if self._path is None or self._saved or index is None:
            return
        if self._store.readonly:  # only the one writer may: two would write the same file
            return
        temporary = self._path.with_name(self._path.name + ".new")
        try:
            with temporary.open("wb") as file:
                file.write(b" " * _HEAD_SIZE)
                writer = _Checksum(file)
                index.write(writer.write)
                head = {
                    "format": _FORMAT,
                    "library": self._store.meta("library"),
                    "crc": writer.crc,
                    "size": writer.size,
                    "top": self._top,
                    "removed": self._removed,
                    "expected": index.expected,
                }
                file.seek(0)
                file.write(json.dumps(head).encode().ljust(_HEAD_SIZE))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
            self._saved = True
        except OSError as error:
            temporary.unlink(missing_ok=True)
            log.warning("The index %s was not saved (%s); it will be built again.", self._path, error)

    def _load(self) -> None:
        if self._path is None or not self._path.exists():
            return
        try:
            with self._path.open("rb") as file:
                head = json.loads(file.read(_HEAD_SIZE))
                if head["format"] != _FORMAT or head["library"] != self._store.meta("library"):
                    raise ValueError("it belongs to another library")
                _verify(file, int(head["size"]), int(head["crc"]))
                file.seek(_HEAD_SIZE)
                index = VectorIndex.read(file.read, expected=int(head["expected"]))
                top, removed = int(head["top"]), int(head["removed"])
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            log.warning("The index %s is unusable (%s): building it again.", self._path, error)
            return
        self._index, self._top, self._removed, self._saved = index, top, removed, True

    def _rebuild(self) -> None:
        total = self._store.vectors.count(self._space)
        self._index, self._top, self._saved = None, -1, False
        if total == 0:
            return
        sample = self._sample() if total > FLAT_LIMIT else None
        for labels, vectors in self._store.vectors.after(self._space):
            if self._index is None:
                self._index = VectorIndex(vectors.shape[1], expected=total, sample=sample)
            self._add(self._index, labels, vectors)

    def _sample(self) -> Vectors:
        labels = self._store.vectors.labels(self._space)
        if len(labels) > _TRAIN:
            labels = np.random.default_rng(0).choice(labels, _TRAIN, replace=False)
        return self._store.vectors.of([int(label) for label in labels])[1]

    def _append(self, index: VectorIndex) -> None:
        for labels, vectors in self._store.vectors.after(self._space, self._top):
            self._add(index, labels, vectors)

    def _compare(self, index: VectorIndex) -> None:
        """Make the index hold exactly the labels that the database holds."""
        mine, theirs = index.labels(), self._store.vectors.labels(self._space)
        index.remove(np.setdiff1d(mine, theirs))
        missing = [int(label) for label in np.setdiff1d(theirs, mine)]
        for start in range(0, len(missing), 10_000):
            self._add(index, *self._store.vectors.of(missing[start : start + 10_000]))
        self._saved = False

    def _add(self, index: VectorIndex, labels: Labels, vectors: Vectors) -> None:
        index.add(labels, vectors)
        self._top = max(self._top, int(labels.max()))
        self._saved = False


class _Checksum:
    """Passes bytes on to a file and remembers their CRC-32 and number."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.crc = 0
        self.size = 0

    def write(self, data: bytes) -> None:
        self.crc = zlib.crc32(data, self.crc)
        self.size += len(data)
        self._file.write(data)


def _verify(file: BinaryIO, size: int, crc: int) -> None:
    """Whether the rest of `file` is what was written; `ValueError` if not, before faiss sees it."""
    found = total = 0
    while data := file.read(1 << 20):
        found = zlib.crc32(data, found)
        total += len(data)
    if (found, total) != (crc, size):
        raise ValueError("its checksum is wrong")

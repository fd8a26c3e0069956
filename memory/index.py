"""Nearest vectors by cosine, out of up to a million.

Searched one by one while there are few, by inverted lists of 8-bit vectors when there are many.
This module knows nothing of the database; `derived.py` keeps an index in step with it.
"""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np

from groundup.memory.arrays import Labels, Vectors

_faiss: Any = faiss  # its stubs leave out the callbacks for reading and writing

FLAT_LIMIT = 4096
"""Vectors compared one by one: 4,096 of 384 dimensions take under 1 ms, 1,000,000 take 362 ms
(research.md section 5)."""

LISTS = 1024
PROBES = 16
"""IVF1024-SQ8 with 16 probes: 0.64 ms in a million, recall@1 .99, 375 MB (research.md section 5)."""

PER_LIST = 40
"""Vectors that train one list: faiss warns below 39."""

GROWTH = 4
"""An index is outgrown when it holds so many times the vectors that its lists were made for."""


class VectorIndex:
    """Labelled vectors of `dimensions` numbers and any length but zero; scores are cosines.

    `expected` says how many there will be; an index for more than `FLAT_LIMIT` must be trained on
    `sample` rows of its vectors, at least `PER_LIST` of them.
    """

    def __init__(self, dimensions: int, *, expected: int = 0, sample: Vectors | None = None) -> None:
        self.dimensions = dimensions
        self.expected = expected
        self._index: Any
        if sample is None or expected <= FLAT_LIMIT:
            self.expected = min(expected, FLAT_LIMIT)
            self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions))
            return
        lists = max(1, min(LISTS, len(sample) // PER_LIST))
        coarse = faiss.IndexFlatIP(dimensions)
        self._index = faiss.IndexIVFScalarQuantizer(
            coarse, dimensions, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        self._index.cp.niter = 10  # k-means gains nothing visible in recall from its default of 25
        self._index.train(_unit(sample))
        self._index.nprobe = min(PROBES, lists)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def outgrown(self) -> bool:
        """Whether it should be made anew for the number of vectors that it holds."""
        return len(self) > max(FLAT_LIMIT, self.expected * GROWTH if self.expected > FLAT_LIMIT else 0)

    def add(self, labels: Labels, vectors: Vectors) -> None:
        """Add vectors under labels that are not in the index yet."""
        if len(labels):
            self._index.add_with_ids(_unit(vectors), np.ascontiguousarray(labels, np.int64))

    def remove(self, labels: Labels) -> None:
        """Remove the vectors of these labels; those that are not in the index are no error."""
        if len(labels):
            self._index.remove_ids(np.ascontiguousarray(labels, np.int64))

    def search(self, vector: Vectors, k: int = 16) -> list[tuple[int, float]]:
        """The labels of the `k` nearest vectors with their cosines, nearest first."""
        if not len(self):
            return []
        scores, labels = self._index.search(_unit(vector.reshape(1, -1)), min(k, len(self)))
        return [(int(i), float(s)) for i, s in zip(labels[0], scores[0], strict=True) if i >= 0]

    def labels(self) -> Labels:
        """All labels, ascending."""
        if not isinstance(self._index, faiss.IndexIVF):
            return np.sort(faiss.vector_to_array(self._index.id_map))
        lists: Any = self._index.invlists
        sizes = [(i, lists.list_size(i)) for i in range(lists.nlist)]
        parts = [faiss.rev_swig_ptr(lists.get_ids(i), size).copy() for i, size in sizes if size]
        return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def write(self, write: Any) -> None:
        """Write the index by calls of `write(bytes)`."""
        faiss.write_index(self._index, _faiss.PyCallbackIOWriter(write))

    @classmethod
    def read(cls, read: Any, *, expected: int) -> VectorIndex:
        """The index behind calls of `read(size) -> bytes`; what `write` wrote, checked by the caller."""
        index = faiss.read_index(_faiss.PyCallbackIOReader(read))
        self = cls(index.d)
        self._index = index
        self.expected = expected
        return self


def _unit(vectors: Vectors) -> Vectors:
    """Rows of length 1, so that an inner product is a cosine."""
    rows = np.array(vectors, np.float32, ndmin=2, order="C")
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows

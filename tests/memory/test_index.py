"""The index finds what a plain comparison finds, and follows the database whatever happens to its file."""

import logging
from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.memory.arrays import Vectors
from groundup.memory.derived import SpaceIndex
from groundup.memory.index import FLAT_LIMIT, VectorIndex
from groundup.memory.store import Store

SPACE = "space"
DIMENSIONS = 8
MANY = FLAT_LIMIT + 500


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    yield
    faiss.omp_set_num_threads(before)


def some_vectors(count: int, seed: int = 0) -> Vectors:
    return np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)


def nearest(rows: Vectors, vector: Vectors, k: int) -> list[int]:
    cosines = rows @ vector / np.linalg.norm(rows, axis=1)
    return [int(i) for i in np.argsort(-cosines)[:k]]


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 200), st.integers(1, 20), st.integers(0, 1000))
def test_a_small_index_is_exact(count: int, k: int, seed: int) -> None:
    rows = some_vectors(count, seed)
    index = VectorIndex(DIMENSIONS)
    index.add(np.arange(count) + 100, rows)
    vector = some_vectors(1, seed + 1)[0]
    found = index.search(vector, k)
    assert [label - 100 for label, _ in found] == nearest(rows, vector, k)
    best = rows[found[0][0] - 100]
    assert found[0][1] == pytest.approx(
        best @ vector / np.linalg.norm(best) / np.linalg.norm(vector), abs=1e-5
    )


def test_what_was_removed_is_not_found() -> None:
    rows = some_vectors(20)
    index = VectorIndex(DIMENSIONS)
    index.add(np.arange(20), rows)
    index.remove(np.array([3, 5, 99]))
    assert index.labels().tolist() == [i for i in range(20) if i not in (3, 5)]
    assert index.search(rows[3], 1)[0][0] != 3
    assert VectorIndex(DIMENSIONS).search(rows[0]) == []


def test_a_large_index_finds_nearly_all_and_forgets_what_is_removed() -> None:
    rows = some_vectors(20_000)
    index = VectorIndex(DIMENSIONS, expected=len(rows), sample=rows)
    index.add(np.arange(len(rows)), rows)
    hits = [index.search(rows[i] + 0.01, 1)[0][0] == nearest(rows, rows[i] + 0.01, 1)[0] for i in range(200)]
    assert np.mean(hits) >= 0.9
    index.remove(np.arange(0, 20_000, 2))
    assert index.labels().tolist() == list(range(1, 20_000, 2))
    assert all(label % 2 for label, _ in index.search(rows[0], 16))


def fill(store: Store, count: int, first: int = 0, seed: int = 0) -> None:
    rows = some_vectors(count, seed)
    store.vectors.put(SPACE, {f"v{first + i}": row for i, row in enumerate(rows)})


def agrees(index: SpaceIndex, store: Store) -> bool:
    """Whether index and database hold the same labels, and a vector is found by itself."""
    index.sync()
    assert index._index is not None
    labels = store.vectors.labels(SPACE)
    last, row = store.vectors.of([int(labels[-1])])
    owner = store.vectors.owners(last.tolist())[int(last[0])]
    return bool(np.array_equal(index._index.labels(), labels)) and index.search(row[0], 1)[0][0] == owner


def test_an_index_follows_what_is_put_and_deleted(store: Store) -> None:
    index = SpaceIndex(store, SPACE)
    assert index.search(some_vectors(1)[0]) == []
    fill(store, 30)
    assert len(index.search(some_vectors(1)[0], 50)) == 30
    store.vectors.delete(SPACE, ["v3"])
    fill(store, 5, first=10, seed=9)  # replaces five
    fill(store, 5, first=40, seed=8)
    assert agrees(index, store)
    assert len(index) == 34


def test_vectors_of_a_step_that_fails_never_reach_the_index(store: Store) -> None:
    fill(store, 3)
    index = SpaceIndex(store, SPACE)

    def write() -> None:
        with store.step():
            fill(store, 5, first=3)
            store.vectors.delete(SPACE, ["v0"])
            assert {owner for owner, _ in index.search(some_vectors(1)[0], 9)} <= {"v1", "v2"}
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert {owner for owner, _ in index.search(some_vectors(1)[0], 9)} == {"v0", "v1", "v2"}
    fill(store, 2, first=3, seed=5)
    assert agrees(index, store)


def test_an_index_grows_from_exact_to_lists(store: Store) -> None:
    fill(store, 100)
    index = SpaceIndex(store, SPACE)
    fill(store, MANY, first=100)
    assert agrees(index, store)
    assert index._index is not None
    assert index._index.expected == MANY + 100


@pytest.fixture
def saved(store: Store, tmp_path: Path) -> Path:
    fill(store, MANY)
    path = tmp_path / "library.index"
    SpaceIndex(store, SPACE, path=path).save()
    assert path.exists()
    return path


def test_a_saved_index_is_loaded_and_brought_up_to_date(
    store: Store, saved: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(store, 10, first=MANY, seed=3)
    store.vectors.delete(SPACE, ["v7"])
    index = SpaceIndex(store, SPACE, path=saved)
    assert agrees(index, store)
    assert len(index) == MANY + 9
    assert caplog.messages == []
    index.save()
    assert agrees(SpaceIndex(store, SPACE, path=saved), store)


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "garbage", "head", "folder"])
def test_a_damaged_index_is_built_again_with_a_note(
    store: Store, saved: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    data = bytearray(saved.read_bytes())
    if damage == "empty":
        data.clear()
    elif damage == "cut":
        del data[len(data) // 2 :]
    elif damage == "flipped":
        data[len(data) // 2] ^= 1
    elif damage == "garbage":
        data[:] = np.random.default_rng(0).bytes(5000)
    elif damage == "head":
        data[:256] = b'["not what it was"]'.ljust(256)
    saved.unlink()
    if damage == "folder":
        saved.mkdir()
    else:
        saved.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        index = SpaceIndex(store, SPACE, path=saved)
    assert len(caplog.messages) == 1
    assert "building it again" in caplog.messages[0]
    assert agrees(index, store)


def test_an_index_of_another_library_is_not_taken(
    saved: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Store.open(tmp_path / "other.db") as other:
        fill(other, 3)
        assert len(SpaceIndex(other, SPACE, path=saved)) == 3
    assert "another library" in caplog.messages[0]


def test_a_kill_while_saving_leaves_the_old_index(store: Store, saved: Path) -> None:
    saved.with_name(saved.name + ".new").write_bytes(b"half of an ind")
    index = SpaceIndex(store, SPACE, path=saved)
    assert agrees(index, store)
    fill(store, 1, first=MANY)
    index.sync()
    index.save()
    assert not saved.with_name(saved.name + ".new").exists()


def test_an_index_that_cannot_be_saved_is_a_note(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(store, MANY)
    SpaceIndex(store, SPACE, path=tmp_path / "no such folder" / "index").save()
    assert "was not saved" in caplog.messages[0]


def test_a_reader_writes_no_index(store: Store, tmp_path: Path) -> None:
    fill(store, MANY)
    assert store.path is not None
    with Store.open(store.path, readonly=True) as reader:
        SpaceIndex(reader, SPACE, path=tmp_path / "index").save()
    assert not (tmp_path / "index").exists()

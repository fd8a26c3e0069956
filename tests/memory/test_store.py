"""What is put into the store comes out again, in steps that happen or do not."""

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.envs.errors import LibraryUnusable
from groundup.memory.events import EventTail
from groundup.memory.frames import keep_frame, load_frame
from groundup.memory.records import SceneRecord, SkillRecord, UseRecord
from groundup.memory.store import Store

# Text as UTF-8 can hold it.
words = st.text(st.characters(codec="utf-8"), max_size=20)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=10,
)
objects = st.dictionaries(words, documents, max_size=4)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("shared") / "library.db") as opened:
        yield opened


skills = st.builds(
    SkillRecord,
    id=words,
    name=words,
    description=words,
    scene=words,
    steps=st.lists(objects, max_size=3),
    precondition=objects,
    effect=objects,
    statistics=objects,
    provenance=words,
    parents=st.lists(words, max_size=3).map(tuple),
    version=st.integers(1, 2**31 - 1),
    retired=st.none() | words,
    frames=st.lists(words, max_size=3, unique=True).map(tuple),
)


@settings(deadline=None, max_examples=50)
@given(skills)
def test_a_skill_comes_back_as_it_was(shared: Store, skill: SkillRecord) -> None:
    shared.put_skill(skill)
    assert shared.get_skill(skill.id) == skill


@settings(deadline=None, max_examples=50)
@given(words, words, documents)
def test_knowledge_comes_back_as_it_was(shared: Store, section: str, key: str, document: object) -> None:
    shared.put_knowledge(section, key, document)
    assert shared.get_knowledge(section)[key] == document


@settings(deadline=None, max_examples=30)
@given(words, objects)
def test_an_event_comes_back_as_it_was(shared: Store, kind: str, data: dict[str, object]) -> None:
    run = shared.latest_run() or shared.start_run("game", "local")
    seq = shared.append_event(run.id, kind, data, t=12.5)
    (event,) = shared.events(run.id, after=seq - 1)
    assert (event.run, event.seq, event.t, event.kind, event.data) == (run.id, seq, 12.5, kind, data)


def test_numpy_values_are_written_as_numbers(store: Store) -> None:
    store.put_knowledge("s", "k", {"mean": np.float32(0.5), "n": np.int64(3), "row": np.arange(2)})
    assert store.get_knowledge("s") == {"k": {"mean": 0.5, "n": 3, "row": [0, 1]}}


def test_what_json_cannot_hold_is_refused_and_nothing_is_written(store: Store) -> None:
    def write() -> None:
        with store.step():
            store.put_knowledge("s", "good", 1)
            store.put_knowledge("s", "bad", {1, 2})

    with pytest.raises(TypeError, match="set cannot be written"):
        write()
    assert store.get_knowledge("s") == {}


def test_a_failed_step_leaves_everything_as_it_was(store: Store) -> None:
    run = store.start_run("game", "local")
    store.put_skill(SkillRecord("s", "kept", statistics={"uses": 1}))
    store.append_event(run.id, "first", {})

    def write() -> None:
        with store.step():
            store.append_event(run.id, "second", {})
            store.put_skill(SkillRecord("s", "changed"))
            store.put_statistics("s", {"uses": 2})
            store.add_use(UseRecord("s", run.id, 0, 1.0, True))
            store.put_knowledge("section", "key", 1)
            store.save_run_state(run.id, {"a": 1}, steps=5)
            store.vectors.put("space", {"s": np.ones(3, np.float32)})
            keep_frame(store, np.zeros((8, 8, 3), np.uint8))
            assert len(store.events(run.id)) == 2
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert [event.kind for event in store.events(run.id)] == ["first"]
    assert store.get_skill("s") == SkillRecord("s", "kept", statistics={"uses": 1})
    assert store.uses("s") == []
    assert store.get_knowledge("section") == {}
    assert store.latest_run() == run
    assert store.vectors.count("space") == 0
    assert store.append_event(run.id, "second", {}) == 1


def test_an_inner_step_is_part_of_the_outer(store: Store) -> None:
    def write() -> None:
        with store.step():
            with store.step():
                store.put_knowledge("section", "key", 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert store.get_knowledge("section") == {}


def test_a_step_reads_what_it_wrote(store: Store) -> None:
    run = store.start_run("game", "local")
    with store.step():
        store.put_skill(SkillRecord("s", "skill"))
        store.put_statistics("s", {"uses": 3})
        store.save_run_state(run.id, {"x": 1}, steps=7, status="done")
        skill, changed = store.get_skill("s"), store.get_run(run.id)
    assert skill is not None
    assert skill.statistics == {"uses": 3}
    assert changed is not None
    assert (changed.steps, changed.status, changed.state) == (7, "done", {"x": 1})


def test_the_later_of_statistics_and_skill_wins_within_a_step(store: Store) -> None:
    with store.step():
        store.put_skill(SkillRecord("s", "skill"))
        store.put_statistics("s", {"uses": 1})
        store.put_skill(SkillRecord("s", "skill", statistics={"uses": 9}))
    assert store.get_skill("s") == SkillRecord("s", "skill", statistics={"uses": 9})


def test_knowledge_is_removed_by_key(store: Store) -> None:
    with store.step():
        store.put_knowledge("a", "x", 1)
        store.put_knowledge("a", "y", 2)
        store.put_knowledge("b", "x", 3)
        store.delete_knowledge("a", ["x", "missing"])
    assert store.get_knowledge("a") == {"y": 2}
    assert store.knowledge_sections() == ["a", "b"]


def test_skills_are_listed_by_scene_and_without_the_retired(store: Store) -> None:
    fight, menu = SkillRecord("1", "a", scene="fight"), SkillRecord("2", "b", scene="menu")
    old = SkillRecord("3", "c", scene="fight", retired="merged into 1")
    for skill in (fight, menu, old):
        store.put_skill(skill)
    assert store.skills() == [fight, menu]
    assert store.skills(scene="fight", retired=True) == [fight, old]
    assert store.count_skills() == 2
    assert store.get_skills(["3", "none", "1"]) == [old, fight]


def test_runs_are_found_by_game_and_status(store: Store) -> None:
    first = store.start_run("chess", "local", seed=3)
    second = store.start_run("go", "random")
    store.save_run_state(second.id, {}, status="done")
    assert store.latest_run(game="chess") == first
    assert store.latest_run(status="running") == first
    latest = store.latest_run()
    assert latest is not None
    assert latest.id == second.id


def test_an_event_needs_its_run(store: Store) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"):
        store.append_event("no such run", "step", {})


def test_a_tail_follows_a_run_from_another_connection(store: Store) -> None:
    assert store.path is not None
    run = store.start_run("game", "local")
    with Store.open(store.path, readonly=True) as reader:
        tail = EventTail(reader, run.id)
        assert tail.poll() == []
        for number in range(5):
            store.append_event(run.id, "step", {"number": number})
        assert [event.data["number"] for event in tail.poll(limit=3)] == [0, 1, 2]
        with store.step():
            store.append_event(run.id, "step", {"number": 5})
            store.put_scene(SceneRecord("s"))  # the step's writes have begun, and are not seen yet
            assert [event.data["number"] for event in tail.poll()] == [3, 4]
        assert [event.data["number"] for event in tail.poll()] == [5]
        assert tail.offset == 6


def test_pictures_are_kept_once_and_come_back(store: Store) -> None:
    chance = np.random.default_rng(0)
    crop = chance.integers(0, 255, (20, 30, 3), np.uint8)
    sha = keep_frame(store, crop, lossless=True)
    assert keep_frame(store, crop, lossless=True) == sha
    assert np.array_equal(load_frame(store, sha), crop)  # type: ignore[arg-type]
    screen = np.full((48, 64, 3), (200, 30, 60), np.uint8)
    shown = load_frame(store, keep_frame(store, screen))
    assert shown is not None
    assert np.abs(shown.astype(int) - screen).max() <= 3
    assert load_frame(store, "0" * 64) is None


def test_beyond_the_limit_the_oldest_pictures_that_nothing_needs_go(tmp_path: Path) -> None:
    with Store.open(tmp_path / "library.db", frame_limit=10_000) as store:
        pictures = [bytes([number]) * 1000 for number in range(15)]
        needed = store.put_frame(pictures[0])
        scenery = store.put_frame(pictures[1])
        store.put_skill(SkillRecord("s", "skill", frames=(needed,)))
        store.put_scene(SceneRecord("scene", frame=scenery))
        kept = [store.put_frame(picture) for picture in pictures]
        assert kept[0] == needed
        there = [store.get_frame(sha) is not None for sha in kept]
        assert there[:2] == [True, True]
        assert there[-1]
        assert not there[2]
        assert 1000 * sum(there) <= 10_000
        assert there[2:] == sorted(there[2:])  # of the others, the newest stayed
        store.put_skill(SkillRecord("s", "skill", frames=(needed,), retired="no use"))
        for number in range(15, 25):
            store.put_frame(bytes([number]) * 1000)
        assert store.get_frame(needed) is None


def test_a_step_may_keep_a_picture_before_what_needs_it(tmp_path: Path) -> None:
    with Store.open(tmp_path / "library.db", frame_limit=3000) as store:
        for number in range(3):
            with store.step():
                kept = tuple(store.put_frame(bytes([number, part]) * 500) for part in range(2))
                store.put_skill(SkillRecord(str(number), "skill", frames=kept))
        for skill in store.skills():
            assert None not in [store.get_frame(sha) for sha in skill.frames]


def test_vectors_are_replaced_and_counted(store: Store) -> None:
    store.vectors.put("a", {"x": np.arange(3, dtype=np.float32), "y": np.ones(3, np.float32)})
    store.vectors.put("b", {"x": np.zeros(2, np.float32)})
    store.vectors.put("a", {"x": np.full(3, 7, np.float32)})
    ((labels, rows),) = store.vectors.after("a")
    assert rows.tolist() == [[1, 1, 1], [7, 7, 7]]
    assert store.vectors.owners(labels.tolist()) == {labels[0]: "y", labels[1]: "x"}
    assert store.vectors.removed("a") == 1
    assert store.vectors.removed("b") == 0
    # A label is never given again, even the last one.
    store.vectors.delete("a", ["x"])
    store.vectors.put("a", {"z": np.ones(3, np.float32)})
    assert store.vectors.labels("a")[-1] > labels[-1]


def test_a_reader_cannot_write(store: Store) -> None:
    assert store.path is not None
    with (
        Store.open(store.path, readonly=True) as reader,
        pytest.raises(LibraryUnusable, match="opened for reading only"),
    ):
        reader.put_knowledge("s", "k", 1)


def test_a_long_run_keeps_nothing_in_memory(store: Store) -> None:
    run = store.start_run("game", "local")
    store.put_skill(SkillRecord("s", "skill"))

    def steps(first: int, last: int) -> None:
        for step in range(first, last):
            with store.step():
                store.append_event(run.id, "step", {"step": step})
                store.add_use(UseRecord("s", run.id, step, 0.5, True))
                store.put_statistics("s", {"uses": step})
                store.put_knowledge("section", f"key {step % 20}", {"step": step})
                store.save_run_state(run.id, {"step": step}, steps=step)

    tracemalloc.start()
    try:
        steps(0, 100)
        before, _ = tracemalloc.get_traced_memory()
        steps(100, 500)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 40_000  # bytes: 100 a step; what a step writes is ten times that in memory


def test_a_changed_record_keeps_its_pictures(store: Store) -> None:
    sha = store.put_frame(b"picture")
    store.put_skill(SkillRecord("s", "skill", frames=(sha,)))
    skill = store.get_skill("s")
    assert skill is not None
    assert replace(skill, name="renamed").frames == (sha,)


def test_what_a_dashboard_imports_loads_no_heavy_part() -> None:
    script = (
        "import sys, groundup.memory.events, groundup.memory.store\n"
        "print([part for part in ('cv2', 'faiss', 'torch', 'onnxruntime') if part in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

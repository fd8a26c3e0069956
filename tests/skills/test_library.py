"""The library finds, changes, merges and shares skills, and keeps where they came from."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from groundup.envs.errors import LibraryUnusable
from groundup.memory.bundles import BundleInvalid
from groundup.memory.edits import apply_edit
from groundup.memory.frames import keep_frame, load_frame
from groundup.memory.records import SceneRecord
from groundup.skills.keeper import Keeper
from groundup.skills.library import Library, skill_summary
from groundup.skills.types import (
    RelativeBox,
    Skill,
    SkillInvalid,
    SkillStep,
    Statistics,
    Target,
    skill_from_json,
    steps_key,
)


def embed(text: str) -> NDArray[np.float32]:
    """Counts of letters: alike for texts that share words."""
    counts = np.zeros(27, np.float32)
    for letter in text.lower():
        counts[max(0, min(26, ord(letter) - 96))] += 1
    return counts


def click(text: str, x: float = 0.1, sha: str | None = None) -> SkillStep:
    return SkillStep("click", Target("card", text, RelativeBox(x, 0.8, 0.1, 0.15), sha))


def strike(**changes: object) -> Skill:
    skill = Skill(
        id="",
        name="Play Strike",
        description="Drags the card onto the enemy",
        scene="fight",
        steps=(SkillStep("drag", click("Strike").target, Target("", "", RelativeBox(0.6, 0.3, 0.2, 0.3))),),
        effect={"number 3": -6.0},
    )
    return replace(skill, **changes)  # type: ignore[arg-type]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library.db", frame_size=(1280, 720), game="cards") as opened:
        yield opened


words = st.text(st.characters(codec="utf-8"), max_size=12)
numbers = st.floats(-1e9, 1e9)
boxes = st.builds(RelativeBox, *[st.floats(0, 1)] * 4)
targets = st.builds(Target, words, words, boxes, st.none() | words)
steps = st.builds(
    SkillStep, words, st.none() | targets, st.none() | targets, st.lists(words, max_size=3).map(tuple)
)
counts = st.integers(0, 10_000)
any_skill = st.builds(
    Skill,
    id=words.filter(bool),
    name=words,
    description=words,
    scene=words,
    steps=st.lists(steps, max_size=3).map(tuple),
    precondition=st.dictionaries(words, st.lists(st.integers() | words, max_size=2), max_size=2),
    effect=st.dictionaries(words, numbers, max_size=3),
    statistics=st.builds(Statistics, counts, counts, numbers, st.floats(0, 1e9), numbers, counts),
    provenance=words,
    parents=st.lists(words, max_size=3).map(tuple),
    version=st.integers(1, 1000),
)


@settings(deadline=None, max_examples=60)
@given(any_skill)
def test_a_skill_survives_json(skill: Skill) -> None:
    assert skill_from_json(json.loads(json.dumps(skill.to_json()))) == skill


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(tmp_path_factory.mktemp("shared") / "library.db") as opened:
        yield opened


@settings(deadline=None, max_examples=40)
@given(any_skill)
def test_a_skill_survives_the_library(shared: Library, skill: Skill) -> None:
    assert shared.add(skill) == skill
    assert shared.get(skill.id) == skill


@pytest.mark.parametrize(
    "change",
    [
        {"name": 3},
        {"steps": [{"action": "click", "target": {"kind": "x"}}]},
        {"steps": [{"action": "click", "target": {"kind": "", "text": "", "box": [0, 0, 1e9, 1]}}]},
        {"statistics": {"uses": -1}},
        {"statistics": {"reward_sum": float("nan")}},
        {"effect": {"hp": "much"}},
        {"version": 0},
    ],
)
def test_what_is_no_skill_is_named(change: dict[str, object]) -> None:
    with pytest.raises(SkillInvalid, match="This is not a skill: "):
        skill_from_json({**strike(id="s").to_json(), **change})


def test_skills_with_the_same_steps_share_a_key() -> None:
    skill = strike()
    moved = strike(steps=(replace(skill.steps[0], target=click("Strike", x=0.101).target),))
    other = strike(steps=(replace(skill.steps[0], target=click("Defend").target),))
    assert steps_key("fight", skill.steps) == steps_key("fight", moved.steps)
    assert steps_key("fight", skill.steps) != steps_key("fight", other.steps)
    assert steps_key("fight", skill.steps) != steps_key("menu", skill.steps)


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, st.booleans()), max_size=20), st.integers(0, 20))
def test_statistics_of_parts_add_up(uses: list[tuple[float, bool]], cut: int) -> None:
    def over(some: list[tuple[float, bool]]) -> Statistics:
        total = Statistics()
        for number, (reward, responsive) in enumerate(some):
            total = total.after(reward, responsive, step=number)
        return total

    whole, parts = over(uses), over(uses[:cut]).plus(over(uses[cut:]))
    assert (parts.uses, parts.responsive) == (whole.uses, whole.responsive)
    assert parts.reward_sum == pytest.approx(whole.reward_sum, abs=1e-3)
    if uses:
        assert whole.mean == pytest.approx(np.mean([reward for reward, _ in uses]), abs=1e-3)


def test_a_use_is_kept_as_evidence_and_in_the_statistics(library: Library) -> None:
    skill = library.add(strike())
    run = library.store.start_run("cards", "local")
    skill = library.record_use(skill, run=run.id, step=1, reward=1.0, responsive=True, deltas={"hp": -6.0})
    skill = library.record_use(skill, run=run.id, step=2, reward=0.0, responsive=False)
    skill = library.set_value(skill, 0.25)
    assert library.get(skill.id) == skill
    assert skill.statistics == Statistics(2, 1, 1.0, 1.0, 0.25, 2)
    uses = library.store.uses(skill.id)
    assert [(use.step, use.reward, use.responsive) for use in uses] == [(1, 1.0, True), (2, 0.0, False)]


def test_search_by_words(library: Library) -> None:
    library.add(strike())
    library.add(strike(name="Open the map", description="Shows the way"))
    (best, share), *rest = library.search("strike the enemy")
    assert best.name == "Play Strike"
    assert share == 1.0
    assert [skill.name for skill, _ in rest] == ["Open the map"]
    assert library.search("nothing") == []


def test_search_by_meaning_follows_every_change(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library.db", embed=embed) as library:
        skill = library.add(strike())
        other = library.add(strike(name="zzz", description="zzz"))
        assert library.search("zzz zzz", 1)[0][0] == other
        skill = library.update(replace(skill, name="qqq", description="qqq"))
        assert skill.version == 2
        assert library.search("qqq qqq", 1)[0][0] == skill
        library.retire(skill.id, "no use")
        assert [found.id for found, _ in library.search("qqq qqq")] == [other.id]
    with Library.open(tmp_path / "library.db", embed=embed) as library:
        assert [found.id for found, _ in library.search("qqq qqq")] == [other.id]


def test_skills_added_without_an_embedding_are_found_by_meaning_later(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with Library.open(path) as library:
        library.add(strike())
        other = library.add(strike(name="zzz", description="zzz"))
    with Library.open(path, embed=embed, readonly=True) as library:
        assert library.search("zz", 1)[0][0] == other
        assert len(library.search("zz")) == 2
        assert library.store.vectors.count("skill-text") == 0  # a reader writes nothing
    with Library.open(path, embed=embed) as library:
        assert library.search("zz", 1)[0][0] == other
        assert library.store.vectors.count("skill-text") == 2


def test_a_corrupt_index_is_built_again_with_a_note(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "library.db"
    with Library.open(path, embed=embed) as library:
        skill = library.add(strike())
        assert library.search("strike", 1)[0][0] == skill
    (index,) = tmp_path.glob("*.index")
    index.write_bytes(b"garbage")
    with Library.open(path, embed=embed) as library:
        assert library.search("strike", 1)[0][0] == skill
    assert "building it again" in caplog.messages[0]
    with Library.open(path, embed=embed) as library:
        assert library.search("strike", 1)[0][0] == skill
    assert len(caplog.messages) == 1


def test_near_duplicates_become_one_with_their_lineage(library: Library) -> None:
    used = Statistics(uses=3, responsive=3, reward_sum=3.0, reward_sq_sum=3.0, value=1.0, last_used=9)
    less = Statistics(uses=1, responsive=0, reward_sum=0.0, value=0.0, last_used=12)
    kept = library.add(strike(statistics=used, parents=("older",)))
    moved = replace(strike().steps[0], target=click("Strike", x=0.12).target)
    double = library.add(strike(steps=(moved,), statistics=less, effect={"number 3": -2.0, "new": 1.0}))
    far = library.add(strike(steps=(replace(moved, target=click("Strike", x=0.5).target),)))
    elsewhere = library.add(strike(scene="menu"))
    ((merged, gone),) = library.merge_near_duplicates()
    assert gone == (double.id,)
    assert merged == library.get(kept.id)
    assert merged.parents == ("older", double.id)
    assert merged.version == 2
    assert merged.statistics == Statistics(4, 3, 3.0, 3.0, 0.75, 12)
    assert merged.effect == {"number 3": -5.0, "new": 1.0}
    assert {skill.id for skill in library.skills()} == {kept.id, far.id, elsewhere.id}
    record = library.store.get_skill(double.id)
    assert record is not None
    assert record.retired == f"merged into {kept.id}"
    assert library.merge_near_duplicates() == []


def test_pruning_retires_with_the_reason(library: Library) -> None:
    bad = library.add(strike(statistics=Statistics(uses=10, responsive=0)))
    good = library.add(strike(statistics=Statistics(uses=10, responsive=10)))
    gone = library.prune(lambda skill: None if skill.statistics.responsive else "never answered")
    assert gone == [bad]
    assert library.skills() == [good]
    assert len(library) == 1
    record = library.store.get_skill(bad.id)
    assert record is not None
    assert record.retired == "never answered"


def test_what_is_pinned_is_neither_merged_nor_pruned(library: Library) -> None:
    failed = Statistics(uses=10, responsive=0)
    held = library.add(strike(statistics=failed))
    moved = replace(strike().steps[0], target=click("Strike", x=0.12).target)
    double = library.add(strike(steps=(moved,), statistics=failed))
    apply_edit(library.store, {"skill": held.id, "pinned": True})
    keeper = Keeper(library, "")
    assert keeper.unfit(held) is None
    assert keeper.unfit(double) is not None
    assert library.merge_near_duplicates() == []
    keeper.tend()
    assert library.skills() == [held]
    apply_edit(library.store, {"skill": held.id, "pinned": False})
    keeper.tend()
    assert library.skills() == []


def test_libraries_merge_skills_scenes_pictures_and_knowledge(tmp_path: Path) -> None:
    template = np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)
    used = Statistics(uses=2, responsive=2, reward_sum=2.0, reward_sq_sum=2.0)
    with Library.open(tmp_path / "a.db", game="cards") as ours:
        mine = ours.add(strike(statistics=used))
        ours.store.put_knowledge("effects", "Strike", {"n": 2})
        ours.store.put_knowledge("ours wins", "x", 1)
        others = []
        for name in ("b", "c"):
            other = Library.open(tmp_path / f"{name}.db", frame_size=(64, 48), game="cards")
            other.add(strike(statistics=used))
            sha = keep_frame(other.store, template, lossless=True)
            other.add(strike(name=f"of {name}", steps=(click(name, sha=sha),)))
            other.store.put_scene(SceneRecord("fight", "a fight", {"look": [1]}, sha))
            other.store.put_knowledge("effects", "Strike", {"n": 3})
            other.store.put_knowledge("effects", f"only {name}", {"n": 1})
            other.store.put_knowledge("ours wins", "x", 2)
            other.store.put_knowledge("left out", "y", 2)
            others.append(other)
        report = ours.merge(
            others, documents={"effects": lambda a, b: {"n": a["n"] + b["n"]}, "left out": None}
        )
        assert (report.added, report.merged, report.documents) == (2, 2, 4)
        strikes = ours.get(mine.id)
        assert strikes is not None
        assert strikes.statistics.uses == 6
        assert len(strikes.parents) == 2
        assert len(ours) == 3
        assert ours.frame_size == (64, 48)
        assert ours.store.get_knowledge("effects") == {
            "Strike": {"n": 8},
            "only b": {"n": 1},
            "only c": {"n": 1},
        }
        assert ours.store.get_knowledge("ours wins") == {"x": 1}
        assert ours.store.knowledge_sections() == ["effects", "ours wins"]
        assert [scene.name for scene in ours.store.scenes()] == ["a fight"]
        (target,) = [skill.steps[0].target for skill in ours.skills() if skill.name == "of b"]
        assert target is not None
        assert target.template_sha is not None
        assert np.array_equal(load_frame(ours.store, target.template_sha), template)  # type: ignore[arg-type]
        for other in others:
            other.close()


def test_a_merge_names_scenes_as_ours(tmp_path: Path) -> None:
    with Library.open(tmp_path / "a.db") as ours, Library.open(tmp_path / "b.db") as other:
        mine = ours.add(strike())
        other.add(strike(scene="their fight"))
        report = ours.merge([other], scene_of=lambda _, scene: {"their fight": "fight"}[scene])
        assert report.merged == 1
        assert [skill.id for skill in ours.skills()] == [mine.id]


def test_a_merge_is_all_or_nothing(tmp_path: Path) -> None:
    with (
        Library.open(tmp_path / "a.db", frame_size=(64, 48)) as ours,
        Library.open(tmp_path / "b.db", frame_size=(64, 48)) as fits,
        Library.open(tmp_path / "c.db", frame_size=(32, 32)) as differs,
    ):
        fits.add(strike())
        differs.add(strike(name="another"))
        with pytest.raises(LibraryUnusable, match="learnt on frames of 64x48, these are 32x32"):
            ours.merge([fits, differs])
        assert len(ours) == 0


def test_frames_of_another_size_are_refused(tmp_path: Path, library: Library) -> None:
    library.add(strike())
    library.close()
    before = (tmp_path / "library.db").read_bytes()
    with pytest.raises(LibraryUnusable, match="learnt on frames of 1280x720, these are 640x480"):
        Library.open(tmp_path / "library.db", frame_size=(640, 480), game="another")
    assert (tmp_path / "library.db").read_bytes() == before
    with Library.open(tmp_path / "library.db", frame_size=(1280, 720), game="another") as opened:
        assert opened.game == "cards"
        assert opened.frame_size == (1280, 720)


@pytest.mark.parametrize("name", ["shared.zip", "shared"])
def test_a_bundle_carries_skills_to_another_library(tmp_path: Path, library: Library, name: str) -> None:
    template = np.full((4, 4, 3), 90, np.uint8)
    sha = keep_frame(library.store, template, lossless=True)
    skill = library.add(strike(steps=(click("Strike", sha=sha),), parents=("p",)))
    library.store.put_scene(SceneRecord("fight", "a fight"))
    library.store.put_knowledge("effects", "Strike", {"n": 2})
    library.store.put_knowledge("stays here", "x", 1)
    assert library.export_bundle(tmp_path / name, sections=["effects"]) == 1
    with Library.open(tmp_path / "other.db") as other:
        report = other.import_bundle(tmp_path / name)
        assert (report.added, report.merged, report.documents) == (1, 0, 1)
        assert other.skills() == [skill]
        assert other.frame_size == (1280, 720)
        assert other.store.knowledge_sections() == ["effects"]
        assert other.store.get_knowledge("effects") == {"Strike": {"n": 2}}
        assert np.array_equal(load_frame(other.store, sha), template)  # type: ignore[arg-type]
        assert other.import_bundle(tmp_path / name).merged == 1
        changed = strike(steps=(click("Defend"),))
        other.add(replace(changed, id=skill.id))
        assert other.import_bundle(tmp_path / name).added == 1  # the same id, other steps: both stay
        assert len(other) == 2


def test_a_hostile_bundle_changes_nothing(tmp_path: Path, library: Library) -> None:
    library.add(strike())
    library.export_bundle(tmp_path / "good.zip")
    with zipfile.ZipFile(tmp_path / "good.zip") as archive:
        document = json.loads(archive.read("bundle.json"))
    good = document["skills"][0]
    document["skills"] = [{**good, "id": "new"}, {**good, "id": "bad", "steps": [{"action": ["rm", "-rf"]}]}]
    document["knowledge"] = {"effects": {"x": 1}}
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("bundle.json", json.dumps(document))
    with Library.open(tmp_path / "other.db") as other:
        with pytest.raises(SkillInvalid, match=r"steps\.0\.action"):
            other.import_bundle(tmp_path / "bad.zip")
        with pytest.raises(BundleInvalid):
            other.import_bundle(tmp_path / "library.db")
        assert len(other) == 0
        assert other.store.knowledge_sections() == []
        assert other.frame_size is None


def test_the_summary_has_what_others_read(library: Library) -> None:
    summary = skill_summary(library.add(strike(statistics=Statistics(uses=2, value=0.5))))
    wanted = {"id", "name", "description", "steps", "uses", "value", "provenance", "parents", "version"}
    assert wanted <= summary.keys()
    assert (summary["uses"], summary["value"]) == (2, 0.5)
    json.dumps(summary)

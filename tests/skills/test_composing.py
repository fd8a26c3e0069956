"""What regularly follows in play becomes one skill, with its own evidence, for as long as it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from groundup.memory.edits import apply_edit
from groundup.perception.observation import Observation, Thing
from groundup.perception.types import Box
from groundup.skills.composing import MOST_STEPS, RECENT, REGULAR_USES, SECTION
from groundup.skills.keeper import EVENT, Keeper
from groundup.skills.learner import Decision, Lesson
from groundup.skills.library import Library
from groundup.skills.types import Skill


def thing(kind: str) -> Thing:
    return Thing(Box(10 * len(kind), 20, 30, 20), kind, "64x32 b1", kind)


class Play:
    """Tells a keeper of moves in a made-up game, each a use of the skill named after what is clicked."""

    def __init__(self, library: Library, run: str | None = None) -> None:
        self.library = library
        self.run = run or library.store.start_run("made-up", "local").id
        self.keeper = Keeper(library, self.run)
        self.step = 0

    def use(self, *kinds: str, reward: float = 1.0, responsive: bool = True, ended: bool = False) -> None:
        for kind in kinds:
            self.step += 1
            first, _, second = kind.partition(" > ")
            move = Decision("use", thing(first), thing(second) if second else None)
            change = {f"own:{kind}": 2.0, "own:both": -1.0}
            lesson = Lesson(f"{first} >" if second else first, reward, (responsive,), change, ended)
            self.keeper.keep(Observation("field", (), ()), move, lesson, self.step)

    def nothing(self) -> None:
        """A move that was no use of a skill."""
        self.step += 1
        lesson = Lesson(None, 0.0, (False,), {}, ended=False)
        self.keeper.keep(Observation("field", (), ()), Decision("probe", thing("x")), lesson, self.step)

    def skill(self, name: str) -> Skill:
        return next(skill for skill in self.library.skills() if skill.name == name)

    @property
    def composed(self) -> list[str]:
        return sorted(s.name for s in self.library.skills() if s.provenance == "composed")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


def test_what_regularly_follows_is_composed_and_keeps_its_own_evidence(library: Library) -> None:
    play = Play(library)
    for _ in range(REGULAR_USES - 1):
        play.use("open > lid", "take", reward=0.5)
        play.use("rest", ended=True)
    assert play.composed == []
    play.use("open > lid")
    play.nothing()  # changes nothing, so it parts nothing
    play.use("take", reward=0.25)
    play.use("rest", ended=True)
    (name,) = play.composed
    one = play.skill(name)
    first, second = play.skill("open, then lid"), play.skill("take")
    assert one.name == "open, then lid, then take"
    assert one.parents == (first.id, second.id)
    assert one.steps == (*first.steps, *second.steps)
    assert one.scene == "field"
    assert one.precondition == first.precondition
    assert one.effect == {"own:both": -2.0, "own:open > lid": 2.0, "own:take": 2.0}
    assert (one.statistics.uses, one.statistics.reward_sum, one.statistics.responsive) == (1, 1.25, 1)
    play.use("open > lid", "take", responsive=False)
    assert play.skill(name).statistics.responsive == 1
    uses = library.store.uses(one.id)
    assert [(use.step, use.reward, use.responsive) for use in uses] == [
        (play.step - 3, 1.25, True),
        (play.step, 2.0, False),
    ]
    assert uses[0].deltas == one.effect


def test_what_follows_only_now_and_then_is_not_composed(library: Library) -> None:
    play = Play(library)
    for n in range(24):
        play.use("open", ("take", "leave", "wait")[n % 3])
    assert all(not name.startswith("open") for name in play.composed)


def test_nothing_is_composed_with_itself_nor_across_the_end_of_a_run(library: Library) -> None:
    play = Play(library)
    play.use(*["strike"] * 20)
    assert play.composed == []
    for _ in range(10):
        play.use("lose")
        play.use("again", ended=True)
        play.use("lose")
    assert "lose, then again" not in play.composed


def test_what_is_hardly_answered_is_not_composed(library: Library) -> None:
    play = Play(library)
    for n in range(12):
        play.use("open", "take", responsive=n % 3 == 0)
    assert play.composed == []


def test_a_composed_skill_that_is_followed_regularly_grows_up_to_a_length(library: Library) -> None:
    play = Play(library)
    kinds = [f"k{n}" for n in range(6)]
    for _ in range(60):
        play.use(*kinds)
    assert "k0, then k1, then k2, then k3" in play.composed
    steps = [len(skill.steps) for skill in library.skills()]
    assert max(steps) == MOST_STEPS
    whole = [skill.name.split(", then ") for skill in library.skills()]
    assert all(len(set(parts)) == len(parts) for parts in whole)


def test_what_was_counted_outlives_the_process(tmp_path: Path) -> None:
    with Library.open(tmp_path / "a.db") as library:
        play = Play(library)
        for _ in range(REGULAR_USES - 1):
            play.use("open", "take")
            play.nothing()
        run = play.run
    with Library.open(tmp_path / "a.db") as library:
        play = Play(library, run)
        play.use("take")  # follows nothing: what was before belongs to another life
        assert "open, then take" not in play.composed
        play.use("open", "take")
        assert "open, then take" in play.composed
        uses = play.skill("open, then take").statistics.uses
    with Library.open(tmp_path / "a.db") as library:
        play = Play(library, run)
        play.use("open", "take")
        assert play.skill("open, then take").statistics.uses == uses + 1
        counted = [event.data for event in library.store.events(run) if event.kind == EVENT]
        assert sum(data.get("learnt", 0) for data in counted) == 2
        assert sum(data.get("composed", 0) for data in counted) == len(play.composed)


def test_a_composed_skill_that_no_longer_happens_is_pruned(library: Library) -> None:
    play = Play(library)
    for _ in range(8):
        play.use("open", "take")
        play.use("rest", ended=True)
    assert "open, then take" in play.composed
    for _ in range(int(RECENT)):
        play.use("open", "leave")
        play.use("rest", ended=True)
    play.keeper.tend()
    assert "open, then take" not in play.composed
    assert "open, then leave" in play.composed
    assert play.keeper.counts["pruned"] == 1
    gone = [r for r in library.store.skills(retired=True) if r.name == "open, then take"]
    assert "followed the first in" in str(gone[0].retired)


def test_a_composed_skill_goes_with_its_part(library: Library) -> None:
    play = Play(library)
    for _ in range(8):
        play.use("open", "take")
        play.use("rest", ended=True)
    part = play.skill("take").id
    library.retire(part, "test")
    play.keeper.tend()
    assert "open, then take" not in play.composed
    assert part not in library.store.get_knowledge(SECTION)


def test_a_pinned_composed_skill_outlives_its_part(library: Library) -> None:
    play = Play(library)
    for _ in range(8):
        play.use("open", "take")
        play.use("rest", ended=True)
    apply_edit(library.store, {"skill": play.skill("open, then take").id, "pinned": True})
    library.retire(play.skill("take").id, "test")
    play.keeper.tend()
    assert "open, then take" in play.composed
    play.use("open", "rest")


def test_a_part_that_was_merged_is_found_under_its_new_id(library: Library, tmp_path: Path) -> None:
    """Another library's skills keep what followed them, and go on being composed, when ours take them in."""
    with Library.open(tmp_path / "b.db") as other:
        theirs = Play(other)
        for _ in range(8):
            theirs.use("open", "take")
            theirs.use("rest", ended=True)
        mine = Play(library)
        mine.use("take", "open")
        mine.use("rest", ended=True)
        library.merge([other])
    again = Play(library)
    again.use("open", "take")
    one = again.skill("open, then take")
    assert one.statistics.uses == 4
    again.keeper.tend()
    assert again.skill("open, then take").statistics.uses == 4
    assert again.keeper.unfit(one) is None


def test_counting_reads_no_table(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(library)
    play.use("open", "take")

    def scan(*_: object, **__: object) -> None:
        raise AssertionError("a step scans a table")

    for name in ("skills", "uses", "get_knowledge", "events"):
        monkeypatch.setattr(library.store, name, scan)
    for _ in range(20):
        play.use("open", "take")


def test_values_are_backed_up_to_skills_when_a_run_has_ended(library: Library) -> None:
    play = Play(library)
    led = {("field", "open"): 0.5, ("field", "take"): 2.0}
    play.keeper = Keeper(library, play.run, value=lambda scene, kind: led.get((scene, kind), 0.0))
    play.use("open > lid", "take")
    assert play.skill("take").statistics.value == 0.0
    play.use("rest", ended=True)
    assert play.skill("open, then lid").statistics.value == 0.5
    assert play.skill("take").statistics.value == 2.0
    play.use("take")
    assert play.skill("take").statistics.value == 2.0
    assert play.skill("take").statistics.uses == 2

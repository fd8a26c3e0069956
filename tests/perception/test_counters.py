"""Counters found in made-up runs of a game with a stage, gold, a clock and a survival number."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from groundup.perception.counters import CounterFinder


def play(rng: Random, finder: CounterFinder, runs: int, misread: float = 0.0) -> int:
    """Play `runs` runs; the number of ends that were noticed."""
    ends = 0
    for _ in range(runs):
        for scene, values in _run(rng):
            read = {p: float(rng.randint(0, 99)) if rng.random() < misread else v for p, v in values.items()}
            ends += finder.read(scene, read)
    ends += finder.read("map", {"stage": 0.0, "gold": 99.0, "hp": 80.0, "act": 1.0})
    return ends


def _run(rng: Random) -> Iterator[tuple[str, dict[str, float]]]:
    stage, gold, hp = 0, 99, 80
    yield from (("map", _own(stage, gold, hp)),) * 2
    while hp > 0:
        stage += 1
        for turn in range(rng.randint(3, 6)):
            for energy in (3, 2, 1, 0):
                yield "field", {**_own(stage, gold, hp), "energy": energy, "turn": turn}
            hp = max(0, hp - rng.randint(0, 9))
        if hp:
            gold += rng.randint(10, 20)
            hp = min(80, hp + 6)
            yield "spoils", _own(stage, gold, hp)
            yield "map", _own(stage, gold, hp)
    yield "over", _own(stage, gold, hp)


def _own(stage: float, gold: float, hp: float) -> dict[str, float]:
    return {"stage": float(stage), "gold": float(gold), "hp": float(hp), "act": 1.0}


@pytest.mark.parametrize("seed", range(6))
def test_stage_and_survival_are_found_within_ten_runs(seed: int) -> None:
    finder = CounterFinder()
    ends = play(Random(seed), finder, 10)
    assert 9 <= ends <= 10
    assert finder.place("progress") == "stage"
    assert finder.place("survival") == "hp"
    assert not {"energy", "turn", "act"} & {c.place for c in finder.found}


def test_survival_is_found_within_three_runs() -> None:
    found = 0
    for seed in range(8):
        finder = CounterFinder()
        play(Random(seed), finder, 3)
        found += finder.place("survival") == "hp"
    assert found >= 7


def test_progress_is_found_within_the_first_run_and_kept_beyond_its_end() -> None:
    finder = CounterFinder()
    rng, within = Random(3), False
    while not within:
        finder = CounterFinder()
        for scene, values in _run(rng):
            finder.read(scene, values)
            within = within or finder.place("progress") is not None
    assert [c.place for c in finder.found if c.role == "progress"] == ["stage"]
    finder.read("map", _own(0, 99, 80))
    assert finder.runs == 1
    assert finder.place("progress") == "stage"


def test_a_number_that_begins_at_nothing_in_one_run_does_no_harm() -> None:
    finder = CounterFinder()
    for start in (80.0, 80.0, 80.0, 80.0, 0.0):
        for hp in (start, start, start / 2, start / 2, 1.0, 1.0):
            finder.read("field", {"hp": hp, "stage": 1.0})
        finder.end()
    assert finder.place("survival") == "hp"


def test_misread_numbers_do_not_break_it() -> None:
    found = 0
    for seed in range(8):
        finder = CounterFinder()
        play(Random(seed), finder, 10, misread=0.01)
        found += finder.place("progress") == "stage" and finder.place("survival") == "hp"
    assert found >= 6


def test_what_was_found_survives_a_copy() -> None:
    finder, copy = CounterFinder(), CounterFinder()
    play(Random(1), finder, 6)
    copy.load(finder.to_dict())
    assert copy.found == finder.found
    assert copy.runs == finder.runs


@pytest.mark.parametrize("before", [0, 4])
def test_a_run_cut_off_while_nobody_looked_is_no_end(before: int) -> None:
    finder, rng = CounterFinder(), Random(5)
    play(rng, finder, before)
    for scene, values in list(_run(rng))[:-8]:
        finder.read(scene, values)
    runs, found = finder.runs, finder.found
    finder.looked_away()
    run = list(_run(rng))
    assert not any(finder.read(scene, values) for scene, values in run)
    assert finder.runs == (runs if before else 1)
    if before:
        assert finder.found == found
    assert finder.read(*run[0])
    assert finder.runs == (runs if before else 1) + 1


def _turns(finder: CounterFinder, count: int, since: int = 0) -> list[float]:
    """Play `count` turns of two moves, counted beside BCE and then beside CE; the gain of each turn."""
    gains: list[float] = []
    last: dict[str, float] = {}
    for turn in range(since, since + count):
        word = "bce" if turn < 40 else "ce"
        shown = {f"{word} n@129,260": float(turn + 1), "gold n@60,270": 50.0}
        gains.append(finder.gain(last, shown) if last else 0.0)
        for _ in range(2):
            finder.follow(shown)
            finder.read("map", shown)
        last = shown
    return gains


def test_a_counter_keeps_its_first_name_when_the_word_beside_it_changes_and_in_the_next_run() -> None:
    finder = CounterFinder(endless=True)
    _turns(finder, 60)
    assert finder.place("progress") == "bce n@129,260"
    assert finder.places == {"bce n@129,260", "ce n@129,260"}
    assert finder.named({"ce n@129,260": 51.0}) == {"bce n@129,260": 51.0}
    assert finder.named({"bce n@129,260": 40.0, "ce n@129,260": 51.0}) == {"bce n@129,260": 51.0}
    finder.end()
    assert finder.place("progress") == "bce n@129,260"
    assert sum(_turns(finder, 60)) == 59.0  # before the word changes, when it does, and after

    copy = CounterFinder(endless=True)
    copy.load(finder.to_dict())
    assert copy.place("progress") == "bce n@129,260"
    assert copy.gain({"ce n@129,260": 51.0}, {"ce n@129,260": 52.0}) == 1.0


def test_numbers_of_a_panel_that_is_folded_keep_their_names() -> None:
    """Folded at turn 4, before anything has counted up for long; CE begins while it is folded."""
    finder = CounterFinder(endless=True)
    for turn in range(1, 60):
        y = 260 if turn < 4 else 76
        word = "bce" if turn < 40 else "ce"
        panel = {"n@61,277": 50.0, "n@84,277": 0.0, "sci n@99,294": 0.0, f"{word} n@129,260": float(turn)}
        shown = {
            f"{place.rpartition(',')[0]},{int(place.rpartition(',')[2]) - 260 + y}": value
            for place, value in panel.items()
        }
        for _ in range(2):
            finder.follow(shown)
            finder.read("map" if turn < 4 else "folded", shown)
    assert finder.place("progress") == "bce n@129,260"
    assert finder.named(shown) == {
        "n@61,277": 50.0, "n@84,277": 0.0, "sci n@99,294": 0.0, "bce n@129,260": 59.0
    }  # fmt: skip


def test_a_counter_that_changes_with_every_move_once_it_is_played_well_is_no_clock() -> None:
    finder = CounterFinder(endless=True)
    for moves in (3, 1, 1, 1):
        for turn in range(40 + 10 * moves):
            for _ in range(moves):
                shown = {"turn n@1,1": turn + 1.0, "gold n@1,9": 50.0, "year n@1,5": 4000.0 - turn}
                finder.read("map", shown)
        finder.end()
        assert finder.place("progress") == "turn n@1,1"
    again = CounterFinder(endless=True)
    again.load(finder.to_dict())
    assert again.place("progress") == "turn n@1,1"
    clock = CounterFinder(endless=True)
    for _ in range(3):
        for tick in range(100):
            clock.read("map", {"time n@1,1": float(tick), "gold n@1,9": 50.0})
        clock.end()
    assert clock.place("progress") is None


def test_what_ends_low_and_is_gone_long_before_the_run_ends_is_no_survival_counter() -> None:
    for gone, place in ((60, None), (85, "years")):
        finder = CounterFinder(endless=True)
        for turn in range(100):
            years = {"years": 4000.0 - 45.0 * turn} if turn < gone else {}
            finder.read("map", {"turn": turn + 1.0, "gold": 50.0, **years})
        finder.end()
        assert finder.place("survival") == place


def test_what_counts_up_is_found_though_the_panel_that_it_stands_on_moves_at_first() -> None:
    finder = CounterFinder(endless=True)
    for turn in range(60):
        y = 260 if turn < 8 else 76
        shown = {f"bce n@129,{y}": turn + 1.0, f"bce n@64,{y}": 4000.0 - 50 * turn, f"n@70,{y}": turn % 3}
        for _ in range(2):
            finder.follow(shown)
            finder.read("map", shown)
    assert finder.place("progress") == "bce n@129,260"
    assert finder.named(shown)["bce n@129,260"] == 60.0

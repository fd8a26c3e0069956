"""The reference rule on losses made up for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from groundup.skills.discovery.rules.reference import ReferenceRule
from groundup.skills.discovery.types import Segment, Track


class Given:
    """Losses that are what they are wherever they start, and a note of where that was."""

    def __init__(self, values: Sequence[float]) -> None:
        self.values = values
        self.starts: list[int] = []

    def __len__(self) -> int:
        return len(self.values)

    def since(self, start: int) -> Iterator[float]:
        self.starts.append(start)
        yield from self.values[start:]


def _track(frames: int, gui: Sequence[int] = (), events: Sequence[tuple[int, str]] = ()) -> Track:
    opened = np.zeros(frames, dtype=bool)
    opened[list(gui)] = True
    return Track(opened, np.zeros((frames, 0), dtype=np.float32), events)


def _ends(segments: Sequence[Segment]) -> list[tuple[int, str]]:
    return [(segment.end, segment.cause) for segment in segments]


def test_a_surprise_cuts_and_memory_starts_after_it() -> None:
    losses = Given([1.0] * 10 + [60.0] + [1.0] * 9)
    segments = ReferenceRule(gap=18).cut(losses, _track(20))
    assert _ends(segments) == [(10, "loss"), (20, "end")]
    assert losses.starts == [0, 11]
    # Nine losses of 1 (the first frame never counts) and one of 60: the mean holds the frame itself.
    assert segments[0].score == 60 - (9 * 1 + 60) / 10


def test_a_menu_discounts_the_loss() -> None:
    values = [1.0] * 10 + [22.0] + [1.0] * 9
    assert len(ReferenceRule(gap=18).cut(Given(values), _track(20))) == 2
    assert len(ReferenceRule(gap=18).cut(Given(values), _track(20, gui=[10]))) == 1


def test_an_early_surprise_waits_for_the_shortest_length() -> None:
    values = [1.0, 1.0, 90.0] + [1.0] * 7
    assert _ends(ReferenceRule(gap=18).cut(Given(values), _track(10))) == [(2, "loss"), (10, "end")]
    assert _ends(ReferenceRule(gap=18, min_length=5).cut(Given(values), _track(10)))[0] == (5, "loss")


def test_the_longest_length_cuts() -> None:
    segments = ReferenceRule(max_length=4).cut(Given([1.0] * 10), _track(10))
    assert _ends(segments) == [(4, "length"), (8, "length"), (10, "end")]


def test_each_boundary_uses_up_one_event() -> None:
    segments = ReferenceRule().cut(
        Given([1.0] * 20), _track(20, events=[(5, "craft"), (6, "craft"), (15, "mine")])
    )
    assert _ends(segments) == [(5, "event"), (7, "event"), (15, "event"), (20, "end")]


def test_every_frame_is_covered_once_and_nothing_gives_nothing() -> None:
    rng = np.random.default_rng(0)
    for frames in (1, 2, 3, 50):
        values = (rng.random(frames) * 40).tolist()
        segments = ReferenceRule(gap=5).cut(Given(values), _track(frames))
        assert [f for s in segments for f in range(s.start, s.end)] == list(range(frames))
    assert ReferenceRule().cut(Given([]), _track(0)) == []


class Rough(Given):
    """Losses off by up to the tolerance, better ones and the true ones on demand."""

    tolerance = 0.5

    def __init__(self, values: Sequence[float], seed: int) -> None:
        super().__init__(values)
        self.better, self.asked = 0, 0
        self._noise = np.random.default_rng(seed).uniform(-0.24, 0.24, len(values))

    def since(self, start: int) -> Iterator[float]:
        yield from (np.array(self.values) + self._noise)[start:].tolist()

    def closer(self, start: int, frame: int) -> Iterator[tuple[list[float], float]]:
        self.better += 1
        yield [self.values[frame] + self._noise[frame] / 4], 0.25 + 0.06
        self.asked += 1
        yield list(self.values[start : frame + 1]), 0.0


def test_doubtful_frames_are_checked_so_that_boundaries_are_equal() -> None:
    better, asked = 0, 0
    for seed in range(20):
        values = np.random.default_rng(seed).normal(10, 3, 200).tolist()
        rough = Rough(values, seed)
        rule = ReferenceRule(gap=6)
        exact = rule.cut(Given(values), _track(200))
        assert _ends(rule.cut(rough, _track(200))) == _ends(exact)
        better, asked = better + rough.better, asked + rough.asked
    assert 0 < asked < better < 1000

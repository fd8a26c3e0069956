"""Atomic tasks: who shall do them does them, who does nothing does not, and a beginning stays as it was."""

from __future__ import annotations

import numpy as np
import pytest

from groundup.envs.crafter_demonstrator import ACTIONS
from groundup.envs.crafter_skills import SKILLS
from groundup.envs.crafter_tasks import STEPS, TASKS, Beginning, Moment, beginnings
from groundup.envs.types import Pixels


@pytest.fixture(scope="module")
def starts() -> list[Beginning]:
    return list(beginnings(999_000, 1, most_worlds=2))


def test_there_is_a_task_for_every_skill_with_an_aim() -> None:
    assert set(TASKS) == set(SKILLS) - {"wander"}


def test_the_script_does_most_of_them(starts: list[Beginning]) -> None:
    done = {start.skill: start.demonstrate() for start in starts}
    assert len(done) >= 10
    assert np.mean(list(done.values())) > 0.7


def test_doing_nothing_is_rest_and_nothing_else(starts: list[Beginning]) -> None:
    done = {start.skill: start.play(lambda _: ACTIONS.index("noop")) for start in starts}
    assert {skill for skill, reached in done.items() if reached} == {"rest"}


def test_a_beginning_can_be_played_again(starts: list[Beginning]) -> None:
    start = next(one for one in starts if one.skill == "head off")
    seen: list[list[Pixels]] = []
    for _ in range(2):
        frames: list[Pixels] = []
        rng = np.random.default_rng(3)

        def follow(frame: Pixels, frames: list[Pixels] = frames, rng: np.random.Generator = rng) -> int:
            frames.append(frame)
            return int(rng.integers(5))

        start.play(follow)
        seen.append(frames)
    assert seen[0][0].shape == (64, 64, 3)
    assert np.array_equal(np.stack(seen[0]), np.stack(seen[1]))


def _moments(cells: list[tuple[int, int]], **counts: int) -> list[Moment]:
    before = dict.fromkeys(("eat_cow", "collect_drink"), 0)
    return [
        Moment(cell, {**before, **(counts if k else {})}, False, True, True) for k, cell in enumerate(cells)
    ]


def test_what_counts_as_done() -> None:
    still, line = [(0, 0)] * (STEPS + 1), [(k, 0) for k in range(STEPS + 1)]
    there_and_back = [(abs(k % 8 - 4), 0) for k in range(STEPS + 1)]
    assert TASKS["rest"].reached(_moments(still))
    assert not TASKS["rest"].reached(_moments(still, collect_drink=1))
    assert not TASKS["rest"].reached(_moments(still[:-1]))
    assert not TASKS["rest"].reached(_moments(line))
    assert TASKS["patrol"].reached(_moments(there_and_back))
    assert not TASKS["patrol"].reached(_moments(line))
    assert not TASKS["patrol"].reached(_moments(still))
    assert TASKS["head off"].reached(_moments(line))
    assert not TASKS["head off"].reached(_moments(there_and_back))
    assert TASKS["follow a shore"].reached(_moments(line))
    assert not TASKS["follow a shore"].reached(_moments(still))
    assert TASKS["herd"].reached(_moments(still))
    assert not TASKS["herd"].reached(_moments(still, eat_cow=1))
    assert TASKS["drink"].reached(_moments(still, collect_drink=3))
    assert not TASKS["drink"].reached(_moments(still, collect_drink=2))

"""A small drawn screen with a torch, dust, a breathing figure and a cursor, and responses on it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from groundup.envs.types import Frame, Pixels
from groundup.perception.change import ChangeTracker, settle
from groundup.perception.types import Box


class Screen:
    """A game-like picture of 640x360 that moves by itself."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.index = 0
        self.number = 5
        self.lit = False
        self.other = False
        self.slide = 0
        self.dust = self.rng.uniform((0, 0), (640, 360), (12, 2))

    def draw(self) -> Pixels:
        t = self.index
        picture = np.full((360, 640, 3), (40, 30, 60) if not self.other else (90, 120, 80), np.uint8)
        picture[::9, :] += 10
        glow = int(self.rng.integers(-60, 60))
        cv2.circle(
            picture, (80, 80), 16 + int(self.rng.integers(0, 4)), (190 + glow, 120 + glow // 2, 40), -1
        )
        breath = round(2 * np.sin(t / 12))
        cv2.rectangle(picture, (280, 120 - breath), (340, 220), (120, 160, 90), -1)
        if (t // 20) % 2:
            cv2.rectangle(picture, (600, 330), (603, 345), (255, 255, 255), -1)
        for x, y in self.dust:
            cv2.circle(picture, (int(x), int(y)), 1, (110, 100, 120), -1, cv2.LINE_AA)
        self.dust = (self.dust + np.array((0.7, 0.4))) % (640, 360)
        cv2.rectangle(picture, (200, 280), (260, 350), (150, 140, 100), -1)
        if self.lit:
            cv2.rectangle(picture, (200, 280), (260, 350), (240, 230, 120), 2)
        cv2.putText(picture, str(self.number), (500, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (240, 240, 240), 1)
        if self.slide:
            x = 200 + 20 * (10 - self.slide)
            cv2.rectangle(picture, (x, 150), (x + 60, 220), (200, 80, 80), -1)
            self.slide -= 1
        return picture

    def observe(self) -> Frame:
        self.index += 1
        return Frame(self.draw(), self.index / 30, self.index)


def warmed(seed: int = 0, frames: int = 120) -> tuple[Screen, ChangeTracker, Frame]:
    screen, tracker = Screen(seed), ChangeTracker()
    for _ in range(frames):
        frame = screen.observe()
        tracker.watch(frame)
    return screen, tracker, frame


@pytest.mark.parametrize("seed", range(4))
def test_own_animation_is_no_response(seed: int) -> None:
    screen, tracker, before = warmed(seed)
    false = 0
    for _ in range(40):
        after = settle(screen.observe, tracker)[-1]
        assert tracker.settled
        false += tracker.compare(before, after).responsive
        before = after
    assert false == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_small_digit_and_a_thin_highlight_are_responses(seed: int) -> None:
    screen, tracker, before = warmed(seed)
    for number in (4, 3, 8, 6):
        screen.number = number
        after = settle(screen.observe, tracker)[-1]
        change = tracker.compare(before, after)
        assert change.responsive
        assert change.fraction < 0.002
        assert change.local((505, 55))
        assert all(box.intersection(Box(490, 40, 30, 30)) for box in change.boxes)
        before = after
    screen.lit = True
    after = settle(screen.observe, tracker)[-1]
    change = tracker.compare(before, after)
    assert change.within(Box(200, 280, 60, 70)) > 0.1
    assert not change.local((505, 55))


def test_settles_only_after_a_moving_thing_is_gone() -> None:
    screen, tracker, before = warmed()
    screen.slide = 10
    frames = settle(screen.observe, tracker)
    assert 10 <= len(frames) <= 20
    assert not tracker.compare(before, frames[-1]).responsive


def test_another_screen_is_learnt_and_the_first_recalled() -> None:
    screen, tracker, before = warmed()
    for other in (True, False, True, False):
        screen.other = other
        after = settle(screen.observe, tracker)[-1]
        assert tracker.compare(before, after).fraction > 0.5
        before = after
    for _ in range(20):
        after = settle(screen.observe, tracker)[-1]
        assert not tracker.compare(before, after).responsive
        before = after


def test_a_change_that_nobody_announced_is_noticed() -> None:
    screen, tracker, _ = warmed()
    screen.other = True
    tracker.watch(screen.observe())
    assert not tracker.settled
    settle(screen.observe, tracker, acted=False)
    assert tracker.settled


def test_limit_and_sizes() -> None:
    screen, tracker, frame = warmed(frames=3)

    def restless() -> Frame:
        noise = np.random.default_rng(screen.index).integers(0, 255, (360, 640, 3), dtype=np.uint8)
        screen.index += 1
        return Frame(noise, 0.0, screen.index)

    assert len(settle(restless, tracker, limit=7)) == 7
    assert not tracker.settled
    small = Frame(np.zeros((90, 120, 3), np.uint8), 0.0, 0)
    with pytest.raises(ValueError, match="size"):
        tracker.compare(frame, small)
    tracker.watch(small)
    assert tracker.settled
    with pytest.raises(ValueError, match="limit"):
        settle(restless, tracker, limit=0)


def test_frames_never_watched_can_be_compared() -> None:
    black = Frame(np.zeros((90, 120, 3), np.uint8), 0.0, 0)
    white = Frame(np.full((90, 120, 3), 255, np.uint8), 0.1, 1)
    assert ChangeTracker().compare(black, white).fraction == 1.0
    assert not ChangeTracker().compare(black, black).responsive

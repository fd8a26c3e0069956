import cv2
import numpy as np

from groundup.perception import steady
from groundup.perception.observation import Quantity, Thing
from groundup.perception.types import Box, Proposal, TextLine

EMPTY = np.zeros((180, 320), np.bool_)


def _changed(*boxes: Box) -> np.ndarray:
    mask = EMPTY.copy()
    for x, y, w, h in boxes:
        mask[y // 4 : (y + h) // 4, x // 4 : (x + w) // 4] = True
    return mask


def test_what_did_not_change_is_kept_and_what_did_is_new() -> None:
    left, right = Thing(Box(100, 100, 80, 80), "a", "l"), Thing(Box(500, 100, 80, 80), "b", "l")
    lasting = _changed(Box(500, 100, 80, 80))
    kept = steady.things([left, right], lasting)
    assert kept == [left]
    # The breathing box over the kept thing is no new one; the box where the screen changed is.
    assert steady.fresh([Box(102, 99, 80, 82), Box(504, 100, 80, 80)], kept, lasting) == [
        Box(504, 100, 80, 80)
    ]
    assert steady.fresh([Box(1, 1, 9, 9)], [], None) == [Box(1, 1, 9, 9)]


def test_a_number_is_read_anew_only_where_the_screen_changed() -> None:
    still, moved = Box(100, 20, 30, 16), Box(300, 20, 30, 16)
    before = [Quantity(still, 5, None, "n", "n@1,1"), Quantity(moved, 7, None, "n", "n@2,2")]
    now = [Quantity(still, 8, None, "n", "n@1,1"), Quantity(moved, 6, None, "n", "n@2,2")]
    found = {q.place: q.value for q in steady.quantities(before, now, _changed(moved))}
    assert found == {"n@1,1": 5, "n@2,2": 6}


def test_a_number_that_could_not_be_read_at_first_is_taken_in_later_and_once() -> None:
    known = Quantity(Box(100, 20, 30, 16), 5, None, "n", "n@1,1")
    late = Quantity(Box(300, 20, 30, 16), 7, None, "n", "n@2,2")
    again = Quantity(Box(101, 20, 30, 16), 5, None, "life n", "life n@1,1")
    assert steady.quantities([known], [known, late, again], EMPTY) == [known, late]


def test_proposals_are_made_anew_around_a_change_only() -> None:
    rng = np.random.default_rng(1)
    pixels = np.full((720, 1280, 3), 40, np.uint8)
    pixels[300:380, 600:720] = rng.integers(120, 255, 3, dtype=np.uint8)
    far, gone = Proposal(Box(100, 100, 60, 60), 0.9), Proposal(Box(640, 320, 40, 40), 0.8)
    found = steady.proposals(pixels, [far, gone], _changed(Box(600, 300, 120, 80)))
    assert far in found
    assert gone not in found
    assert max(p.box.iou(Box(600, 300, 120, 80)) for p in found) > 0.8
    assert steady.proposals(pixels, [far, gone], EMPTY) == [far, gone]


def _written(text: str, up: int = 0) -> np.ndarray:
    pixels = np.full((720, 1280, 3), 40, np.uint8)
    cv2.putText(pixels, text, (500, 260 - up), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (250, 250, 250), 3)
    return pixels


def test_what_is_written_on_a_breathing_figure_changes_only_when_it_says_something_else() -> None:
    line = TextLine(Box(498, 234, 26, 30), "8", 0.99)
    assert not steady.rewritten(EMPTY, [line], _written("8"), _written("8", up=3)).any()
    for other in ("6", "3", "18", ""):
        mask = steady.rewritten(EMPTY, [line], _written("8"), _written(other, up=2))
        assert steady.share(mask, line.box) == 1.0
        # The number that stands there now may be wider, but what is far off has not changed.
        assert steady.share(mask, Box(530, 240, 16, 16)) == 1.0
        assert not mask[:, : 440 // 4].any()
    touched = _changed(Box(490, 228, 40, 40))
    assert steady.rewritten(touched, [line], _written("8"), _written("6")) is touched


def test_in_a_line_that_changed_whatever_differs_did() -> None:
    """A turn's last digit has been every digit before, so by itself it is no change."""
    line = TextLine(Box(498, 234, 260, 30), "1390 CE (190)", 0.99)
    year, digit = Box(500, 236, 60, 28), Box(684, 236, 20, 28)
    before, now = _written("1390 CE (190)"), _written("1400 CE (191)")
    mask = steady.rewritten(_changed(year), [line], before, now)
    assert steady.share(mask, digit) > 0.0
    assert steady.share(mask, Box(600, 236, 30, 28)) == 0.0  # what stands between them is what it was
    assert steady.rewritten(_changed(year), [line], before, before).sum() == _changed(year).sum()

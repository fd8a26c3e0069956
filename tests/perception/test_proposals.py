from pathlib import Path

import cv2
import numpy as np
import pytest

from groundup.envs.errors import UsageError
from groundup.perception.proposals import group, propose
from groundup.perception.proposals_fit import fit, sample
from groundup.perception.proposals_labels import Screenshot, found, read_screenshots, recall
from groundup.perception.proposals_synthetic import Screen, screen
from groundup.perception.types import Box, Proposal, TextLine
from tests import needs

UNSEEN = range(5000, 5012)
"""Made-up screens that the weights were not fitted on."""


@pytest.fixture(scope="module")
def shots() -> list[Screenshot]:
    screens = needs.shared("data/screens")
    return read_screenshots(screens, screens / "elements.json")


@pytest.fixture(scope="module")
def unseen() -> list[Screen]:
    return [screen(seed) for seed in UNSEEN]


@pytest.fixture(scope="module")
def proposed(unseen: list[Screen]) -> list[list[Proposal]]:
    """What is proposed in each of them."""
    return [propose(s.pixels) for s in unseen]


def boxes(proposals: list[Proposal]) -> list[Box]:
    return [proposal.box for proposal in proposals]


def test_finds_the_elements_of_real_screenshots(shots: list[Screenshot]) -> None:
    reached = recall([(list(s.elements.values()), boxes(propose(s.pixels))) for s in shots])
    assert reached.centre >= 0.98
    assert reached.sized >= 0.96
    assert reached.tight >= 0.80


def test_finds_the_things_of_screens_it_was_not_fitted_on(
    unseen: list[Screen], proposed: list[list[Proposal]]
) -> None:
    reached = recall([(s.things, boxes(p)) for s, p in zip(unseen, proposed, strict=True)])
    assert reached.centre >= 0.97
    assert reached.tight >= 0.85


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_finds_as_much_in_smaller_and_larger_frames(unseen: list[Screen], scale: float) -> None:
    pairs = []
    for s in unseen[:4]:
        pixels = np.asarray(cv2.resize(s.pixels, None, fx=scale, fy=scale), dtype=np.uint8)
        things = [Box(*(round(side * scale) for side in thing)) for thing in s.things]
        pairs.append((things, boxes(propose(pixels))))
    assert recall(pairs).tight >= 0.8


def test_proposals_are_ranked_distinct_and_inside(unseen: list[Screen]) -> None:
    pixels = unseen[0].pixels
    proposals = propose(pixels, limit=30)
    scores = [p.score for p in proposals]
    assert 0 < len(proposals) <= 30
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    for i, p in enumerate(proposals):
        assert p.box.x >= 0
        assert p.box.y >= 0
        assert p.box.x + p.box.w <= pixels.shape[1]
        assert p.box.y + p.box.h <= pixels.shape[0]
        assert all(p.box.iou(q.box) < 0.5 for q in proposals[:i])


def test_the_same_frame_gives_the_same_proposals_and_stays_untouched(unseen: list[Screen]) -> None:
    pixels = unseen[1].pixels
    before = pixels.copy()
    pixels.setflags(write=False)
    assert propose(pixels) == propose(pixels)
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 500, 3), (64, 64, 3), (2160, 300, 3)])
def test_an_empty_picture_of_any_size_has_nothing_in_it(shape: tuple[int, int, int]) -> None:
    assert propose(np.full(shape, 90, dtype=np.uint8)) == []


def test_noise_scores_low() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (360, 640, 3)).astype(np.uint8)
    assert max(p.score for p in propose(noise)) < 0.6


def test_a_card_is_one_thing_with_its_picture_and_words() -> None:
    card = Box(100, 100, 120, 170)
    proposals = [
        Proposal(card, 0.8),
        Proposal(Box(115, 130, 90, 60), 0.9),
        Proposal(Box(110, 105, 40, 12), 0.4),
        Proposal(Box(155, 105, 40, 12), 0.4),
    ]
    lines = [TextLine(Box(108, 104, 90, 14), "Shield Bash", 0.95)]
    assert boxes(group(proposals, lines)) == [card]


def test_a_panel_of_rows_is_not_a_thing_but_its_rows_are() -> None:
    rows = [Box(120, 100 + 60 * i, 300, 48) for i in range(3)]
    proposals = [Proposal(Box(100, 80, 340, 240), 0.7), *(Proposal(row, 0.8) for row in rows)]
    assert sorted(boxes(group(proposals, []))) == rows


def test_words_of_a_line_outside_any_thing_become_one_thing() -> None:
    words = [Proposal(Box(200 + 60 * i, 300, 50, 16), 0.3) for i in range(3)]
    line = TextLine(Box(198, 298, 175, 20), "new game now", 0.9)
    assert boxes(group(words, [line])) == [line.box]


def test_of_two_boxes_that_mostly_overlap_the_better_is_kept() -> None:
    better, worse = Proposal(Box(100, 100, 100, 100), 0.9), Proposal(Box(130, 110, 100, 100), 0.5)
    assert group([worse, better], []) == [better]


def test_every_made_up_button_and_card_comes_out_once(
    unseen: list[Screen], proposed: list[list[Proposal]]
) -> None:
    hits = 0
    grouped_by_screen = [(s.things, boxes(group(p, []))) for s, p in zip(unseen, proposed, strict=True)]
    things = [(thing, grouped) for inside, grouped in grouped_by_screen for thing in inside]
    for thing, grouped in things:
        hits += found(thing, grouped)[0]
        assert sum(box.iou(thing) >= 0.5 for box in grouped) <= 1
    assert hits / len(things) >= 0.9


def test_fitting_on_other_screens_learns_what_a_thing_is(unseen: list[Screen]) -> None:
    samples = [sample(s.pixels, s.things, s.texts) for s in unseen[:4] if s.things]
    weights = fit(samples)
    scores = np.concatenate([s.features @ weights.first[:-1] for s in samples])
    target = np.concatenate([s.target for s in samples])
    assert scores[target > 0.9].mean() > scores[target == 0].mean() + 1


def test_recall_counts_what_its_names_say() -> None:
    element = Box(100, 100, 40, 40)
    assert found(element, [Box(100, 100, 40, 40)]) == (True, True, True)
    assert found(element, [Box(20, 20, 200, 200)]) == (True, False, False)
    assert found(element, [Box(145, 100, 40, 40)]) == (False, False, False)
    assert recall([([element, Box(0, 0, 9, 9)], [element])]).centre == 0.5


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ("nonsense", "not JSON of the form"),
        ("{}", "name no element"),
        ('{"a.png": {"x": [1, 2, 3]}}', "not JSON of the form"),
        ('{"a.png": {"x": [1, 2, 3, 4]}}', "Cannot read the screenshot"),
        ('{"labels.json": {"x": [1, 2, 3, 4]}}', "not a picture"),
        ('{"dot.png": {"x": [5, 0, 3, 4]}}', "no area inside its picture of 2x2"),
        ('{"../a.png": {"x": [1, 2, 3, 4]}}', "lies outside"),
    ],
)
def test_labels_that_cannot_be_used_are_refused_with_a_sentence(
    tmp_path: Path, labels: str, says: str
) -> None:
    path = tmp_path / "labels.json"
    path.write_text(labels)
    cv2.imwrite(str(tmp_path / "dot.png"), np.zeros((2, 2, 3), dtype=np.uint8))
    with pytest.raises(UsageError, match=says):
        read_screenshots(tmp_path, path)

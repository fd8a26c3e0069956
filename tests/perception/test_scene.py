import cv2
import numpy as np

from groundup.envs.types import Frame
from groundup.perception.scene import SceneIndex
from groundup.perception.types import Box, TextLine


def _frame(kind: str, seed: int) -> tuple[Frame, list[TextLine]]:
    """A made-up screen: its kind gives the layout and a heading, the seed what lies on it."""
    rng = np.random.default_rng(seed)
    pixels = np.full(
        (360, 640, 3), {"board": (40, 60, 40), "list": (50, 40, 70), "end": (10, 10, 10)}[kind], np.uint8
    )
    heading = {"board": "Your move", "list": "All pieces", "end": "Game over"}[kind]
    if kind == "board":
        for i in range(5):
            color = tuple(int(v) for v in rng.integers(60, 255, 3))
            cv2.rectangle(pixels, (60 + i * 100, 220), (140 + i * 100, 330), color, -1)
    if kind == "list":
        for i in range(6):
            cv2.rectangle(pixels, (80, 60 + i * 45), (560, 95 + i * 45), (200, 190, 160), -1)
    cv2.putText(pixels, heading, (220, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 2)
    lines = [TextLine(Box(220, 15, 180, 30), heading, 0.99)]
    lines.append(TextLine(Box(80, 230, 40, 14), f"piece {int(rng.integers(100))}", 0.95))
    return Frame(pixels, 0.0, 0), lines


def test_screens_of_one_kind_are_one_scene_whatever_lies_on_them() -> None:
    index = SceneIndex()
    order = ["board", "list", "board", "end", "board", "list", "end", "board"]
    ids = [index.classify(*_frame(kind, seed)) for seed, kind in enumerate(order)]
    by_kind = {kind: {i for k, i in zip(order, ids, strict=True) if k == kind} for kind in set(order)}
    assert all(len(found) == 1 for found in by_kind.values())
    assert len(set().union(*by_kind.values())) == 3


def test_kept_scenes_are_recognised_and_merged() -> None:
    index, other = SceneIndex(), SceneIndex()
    for seed, kind in enumerate(["board", "list", "board", "list"]):
        index.classify(*_frame(kind, seed))
    for seed, kind in enumerate(["end", "list", "end", "list"]):
        other.classify(*_frame(kind, seed + 10))
    again = SceneIndex()
    again.load({name: index.document(name) for name in index.marks()})
    assert again.classify(*_frame("list", 20)) == 1
    names = again.absorb(other)
    assert names == {"scene 0": "scene 2", "scene 1": "scene 1"}
    assert len(again.marks()) == 3


def _cards(heading: str, seed: int) -> tuple[Frame, list[TextLine]]:
    """Cards under a heading; the same picture but for the cards."""
    rng = np.random.default_rng(seed)
    names = rng.choice(["Strike", "Defend", "Bash", "Anger"], 6)
    lines = [TextLine(Box(220, 15, 180, 30), heading, 0.99)]
    lines += [TextLine(Box(40 + 90 * i, 100, 60, 15), str(name), 0.95) for i, name in enumerate(names)]
    return Frame(np.zeros((360, 640, 3), np.uint8), float(seed), seed), lines


def _alike(frame: Frame) -> np.ndarray:
    """Embeddings with a cosine of .96 to each other."""
    rng = np.random.default_rng(frame.index)
    vector = np.concatenate([[5.0], rng.normal(size=24) / np.sqrt(24)])
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def test_the_same_cards_under_another_heading_are_another_scene() -> None:
    index = SceneIndex(_alike)
    order = ["Your deck", "Choose a card to exhaust", "Your deck", "Choose a card to exhaust", "Your deck"]
    assert [index.classify(*_cards(heading, i)) for i, heading in enumerate(order)] == [0, 1, 0, 1, 0]
    again = SceneIndex(_alike)
    again.load({name: index.document(name) for name in index.marks()})
    assert again.classify(*_cards("Choose a card to exhaust", 9)) == 1


def test_what_is_offered_under_one_heading_makes_no_other_scene() -> None:
    index = SceneIndex(_alike)
    for i in range(12):
        frame, lines = _cards("Spoils", i)
        # The names of what is offered are nearly as tall as the heading.
        tall = [
            TextLine(Box(40 + 90 * j, 60, 80, 27), n, 0.9)
            for j, n in enumerate((f"axe{'abcdefghijkl'[i]}", "Skip"))
        ]
        assert index.classify(frame, lines + tall) == 0


def test_a_library_without_headings_learns_them() -> None:
    index = SceneIndex(_alike)
    for i in range(4):
        index.classify(*_cards("Your deck", i))
    old = {name: {k: v for k, v in index.document(name).items() if k != "headings"} for name in index.marks()}
    again = SceneIndex(_alike)
    again.load(old)
    assert again.classify(*_cards("Your deck", 5)) == 0
    assert again.classify(*_cards("Choose a card to exhaust", 6)) == 1

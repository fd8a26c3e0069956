"""Text drawn as games draw it: outlined numbers on bars and badges, titles, words on buttons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from groundup.envs.types import Frame
from groundup.perception.text import TextReader
from groundup.perception.text_recognition import Recogniser
from groundup.perception.types import Box, TextLine

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def font(size: int, name: str = "DejaVuSans-Bold") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"{name}.ttf", size)


class Picture:
    """A dark, uneven background to write on; remembers what was written where."""

    def __init__(self, seed: int = 0, size: tuple[int, int] = (960, 540)) -> None:
        rng = np.random.default_rng(seed)
        coarse = rng.integers(20, 90, (size[1] // 60, size[0] // 60, 3), dtype=np.uint8)
        self.image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
        self.pen = ImageDraw.Draw(self.image)
        self.truth: list[tuple[Box, str]] = []

    def write(self, x: int, y: int, text: str, size: int = 18, fill: str = "white", outline: int = 0) -> None:
        face = font(size)
        self.pen.text((x, y), text, font=face, fill=fill, stroke_width=outline, stroke_fill="black")
        left, top, right, bottom = (round(v) for v in self.pen.textbbox((x, y), text, font=face))
        self.truth.append((Box(left, top, right - left, bottom - top), text))

    def badge(self, x: int, y: int, text: str, color: str, size: int = 18) -> None:
        self.pen.ellipse((x - 18, y - 18, x + 18, y + 18), fill=color, outline="black", width=2)
        left, top, right, bottom = self.pen.textbbox((0, 0), text, font=font(size))
        self.write(x - round(left + right) // 2, y - round(top + bottom) // 2, text, size, outline=1)

    def bar(self, x: int, y: int, text: str) -> None:
        self.pen.rectangle((x, y, x + 160, y + 18), fill="#a02020", outline="black")
        self.write(x + 50, y - 1, text, 16, outline=2)

    def frame(self) -> Frame:
        return Frame(np.array(self.image), 0.0, 0)


def found_at(lines: list[TextLine], box: Box) -> str:
    hits = [line.text for line in lines if line.box.intersection(box) > 0.5 * min(box.area, line.box.area)]
    return hits[0] if len(hits) == 1 else " + ".join(hits)


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser()


@pytest.fixture
def reader(recogniser: Recogniser) -> TextReader:
    return TextReader(recogniser, reads=200)


def fight(seed: int) -> Picture:
    rng = np.random.default_rng(seed)
    picture = Picture(seed)
    most = int(rng.integers(20, 99))
    picture.bar(120, 380, f"{rng.integers(1, most)}/{most}")
    picture.bar(640, 380, f"{rng.integers(1, 60)}/60")
    picture.badge(80, 440, f"{rng.integers(0, 4)}/3", "#c07020")
    picture.badge(40, 510, str(rng.integers(0, 10)), "#704030")
    picture.badge(920, 510, str(rng.integers(0, 10)), "#304070")
    picture.write(700, 200, str(rng.integers(3, 30)), 22, outline=2)
    picture.write(300, 8, f"Floor {rng.integers(1, 40)}", 16)
    picture.write(500, 8, str(rng.integers(0, 400)), 16, fill="#f0d040")
    for card in range(5):
        x = 200 + 120 * card
        picture.pen.rectangle((x, 430, x + 100, 540), fill="#b0a080", outline="black", width=2)
        picture.badge(x, 430, str(rng.integers(0, 4)), "#c03030")
        picture.write(x + 26, 445, ["Strike", "Defend", "Bash", "Clash", "Anger"][card], 15, fill="black")
        picture.write(x + 10, 500, f"Deal {rng.integers(4, 20)}", 14, fill="black")
    return picture


def test_numbers_and_titles_of_drawn_fights_are_read(reader: TextReader) -> None:
    wrong: list[tuple[str, str]] = []
    total = 0
    for seed in range(6):
        picture = fight(seed)
        lines = reader(picture.frame())
        for box, text in picture.truth:
            total += 1
            read = found_at(lines, box)
            if read != text:
                wrong.append((text, read))
    assert len(wrong) <= 0.01 * total, wrong


@pytest.mark.parametrize("draw", [Picture.write, Picture.badge])
def test_every_digit_alone_is_read(reader: TextReader, draw: Callable[..., None]) -> None:
    for size in (15, 18, 24):
        picture = Picture(size)
        for digit in range(10):
            extra = {} if draw is Picture.write else {"color": "#804020"}
            draw(picture, 60 + 80 * digit, 100, str(digit), size=size, **extra)
        lines = reader(picture.frame())
        assert [found_at(lines, box) for box, _ in picture.truth] == [text for _, text in picture.truth]


def test_nothing_is_read_twice(recogniser: Recogniser) -> None:
    reader = TextReader(recogniser, reads=200)
    picture = fight(1)
    first = reader(picture.frame())
    before = recogniser.misses
    assert reader(picture.frame()) == first
    for x, y in ((400, 300), (431, 277), (20, 30)):
        moved = Picture(2)
        moved.pen.rectangle((x - 20, y - 20, x + 80, y + 60), fill="#b0a080", outline="black", width=2)
        moved.write(x, y, "Strike", 15, fill="black")
        assert found_at(reader(moved.frame()), moved.truth[0][0]) == "Strike"
    assert recogniser.misses - before <= 2


def test_only_what_changed_is_read_again(recogniser: Recogniser) -> None:
    reader = TextReader(recogniser, reads=200)
    picture = fight(3)
    first = reader(picture.frame())
    picture.bar(120, 380, "31/77")
    before = recogniser.misses
    second = reader(picture.frame())
    assert recogniser.misses - before <= 3
    assert found_at(second, picture.truth[-1][0]) == "31/77"
    elsewhere = [line for line in first if not line.box.intersection(Box(110, 370, 190, 40))]
    assert all(line in second for line in elsewhere)


def test_what_is_left_over_is_read_later() -> None:
    reader = TextReader(Recogniser(), reads=4)
    picture = fight(4)
    counts = [len(reader(picture.frame())) for _ in range(20)]
    assert counts[0] <= 4
    assert counts[-1] >= len(picture.truth)
    assert counts == sorted(counts)


def test_text_that_vanishes_is_forgotten(reader: TextReader) -> None:
    picture = fight(5)
    assert reader(picture.frame())
    assert reader(Picture(9).frame()) == []


def test_smooth_noise_is_no_text(reader: TextReader) -> None:
    for seed in range(5):
        assert reader(Picture(seed).frame()) == []


def test_a_screen_that_comes_back_is_known_without_a_search(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, table, listed = TextReader(recogniser), Picture(1), Picture(2)
    table.write(60, 80, "End turn", 24)
    table.write(300, 200, "17", 20)
    listed.image = Image.new("RGB", listed.image.size, "#c8b890")
    listed.pen = ImageDraw.Draw(listed.image)
    listed.write(400, 80, "All that is left", 24, fill="black")
    first = reader(table.frame())
    assert [line.text for line in reader(listed.frame())] == ["All that is left"]
    monkeypatch.setattr("groundup.perception.text.candidates", lambda _: pytest.fail("searched again"))
    assert reader(table.frame()) == first
    assert {line.text for line in first} == {"End turn", "17"}

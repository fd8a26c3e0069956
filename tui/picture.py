"""Frames in the terminal: drawn on, then shown by Kitty's or Sixel graphics, or in half blocks elsewhere.

Pillow is imported with the first picture: the first paint does without.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from groundup.tui.graphics import means

if TYPE_CHECKING:
    from PIL import Image

Box = Sequence[float]

THINGS, NUMBERS, MOVE = (90, 170, 255), (255, 214, 70), (255, 70, 70)

LARGEST = 4096
"""Pixels of a side beyond which a picture is not decoded: ours have 640, a hostile file may say anything."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What is drawn on a picture, in pixels of the frame that `size` says it was made of."""

    size: tuple[int, int] | None = None
    things: Sequence[Box] = ()
    numbers: Sequence[Box] = ()
    points: Sequence[Sequence[float]] = field(default_factory=tuple)


def decode(data: bytes | None) -> Image.Image | None:
    """The picture behind encoded bytes; None of none, or of what is no picture."""
    if not data:
        return None
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(data))
        if max(image.size) > LARGEST:
            return None
        return image.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None


def fit(image: Image.Image, width: int, height: int) -> Image.Image:
    """The picture as large as fits into `width` by `height` pixels, in its own shape."""
    from PIL import Image

    scale = min(width / image.width, height / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST)


def mark(image: Image.Image, marks: Marks, *, thick: int = 1) -> Image.Image:
    """A copy with the marks drawn on it."""
    from PIL import Image, ImageDraw

    boxes = image.copy()
    pen = ImageDraw.Draw(boxes)
    width, height = marks.size or image.size
    sx, sy = image.width / max(1, width), image.height / max(1, height)
    for group, colour in ((marks.things, THINGS), (marks.numbers, NUMBERS)):
        for box in group:
            x, y, w, h = (float(side) for side in box[:4])
            pen.rectangle(
                (x * sx, y * sy, max(x * sx, (x + w) * sx - 1), max(y * sy, (y + h) * sy - 1)),
                outline=colour,
                width=thick,
            )
    # A line is as thick as a cell where cells are pixels: what it covers must show through.
    copy = Image.blend(image, boxes, 1.0 if thick > 1 else min(1.0, image.width / 250))
    pen = ImageDraw.Draw(copy)
    points = [(float(x) * sx, float(y) * sy) for x, y in marks.points]
    radius = max(1.0, image.width / 60)
    if len(points) > 1:
        pen.line(points, fill=MOVE, width=2 * thick - 1)
    for x, y in points:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=MOVE, width=2 * thick - 1)
    return copy


class Picture(Widget):
    """Shows one picture as large as it fits, or a few words where there is none."""

    DEFAULT_CSS = "Picture { width: 1fr; height: 1fr; } Picture > * { width: auto; height: 1fr; }"

    def __init__(
        self, words: str = "no picture", *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._words = words
        self._image: Image.Image | None = None
        self._marks = Marks()
        self._strips: list[Strip] = []
        self._drawn: tuple[int, int] | None = None
        self._graphic: Any = None
        self._shape: tuple[int, int] | None = None

    def compose(self) -> ComposeResult:
        """A widget of textual-image where the terminal has graphics; else this one draws by itself."""
        if means() == "graphics":
            from textual_image.widget import Image as Graphic

            self._graphic = Graphic()
            yield self._graphic

    def show(self, image: Image.Image | None, marks: Marks | None = None, words: str = "no picture") -> None:
        """Show another picture; `words` stand where it is None."""
        self._image, self._marks, self._words = image, marks or Marks(), words
        self._drawn = None
        shape = None if image is None else image.size
        changed, self._shape = shape != self._shape, shape
        if self._graphic is not None:
            self._graphic.image = None if image is None else mark(image, self._marks, thick=2)
        self.refresh(layout=changed)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Rows that a picture of this width takes, where the height is left to it."""
        shape = 9 / 16 if self._image is None else self._image.height / self._image.width
        return max(2, round(width * shape / 2))

    def render_line(self, y: int) -> Strip:
        """One row of cells, two rows of pixels."""
        width, height = self.size
        if self._image is None or self._graphic is not None:
            text = self._words if self._image is None and y == height // 2 else ""
            return Strip([Segment(text[:width].center(width), self.rich_style)])
        if self._drawn != (width, height):
            self._draw(width, height)
        return self._strips[y] if y < len(self._strips) else Strip.blank(width, self.rich_style)

    def _draw(self, width: int, height: int) -> None:
        assert self._image is not None
        self._drawn = (width, height)
        # Marks go on the small picture: a line drawn before would be thinner than a cell.
        image = mark(fit(self._image, max(1, width), max(2, 2 * height)), self._marks)
        left = max(0, (width - image.width) // 2)
        margin = Segment(" " * left, self.rich_style)
        rest = Segment(" " * max(0, width - left - image.width), self.rich_style)
        data = image.tobytes()
        stride = 3 * image.width
        blank = bytes(stride)
        self._strips = []
        for top in range(0, image.height, 2):
            upper = data[top * stride : (top + 1) * stride]
            lower = data[(top + 1) * stride : (top + 2) * stride] or blank
            cells = [Segment("▀", _style(upper[i : i + 3], lower[i : i + 3])) for i in range(0, stride, 3)]
            self._strips.append(Strip([margin, *cells, rest], width))


@lru_cache(maxsize=16384)
def _style(upper: bytes, lower: bytes) -> Style:
    return Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))

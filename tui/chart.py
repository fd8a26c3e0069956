"""Curves and lines in braille: two by four dots to a cell. Knows nothing of widgets or of what is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.style import Style
from rich.text import Text

Point = tuple[float, float]

_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # Unicode 16, chapter 21.1: braille patterns


class Canvas:
    """Dots in colours, `width` by `height` cells; (0, 0) is the upper left dot."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(1, width), max(1, height)
        self._dots = [[0] * self.width for _ in range(self.height)]
        self._colours: list[list[str]] = [[""] * self.width for _ in range(self.height)]
        self._letters: dict[tuple[int, int], tuple[str, str]] = {}

    def dot(self, x: int, y: int, colour: str) -> None:
        """Set one dot; outside of the canvas nothing is set."""
        if 0 <= x < 2 * self.width and 0 <= y < 4 * self.height:
            self._dots[y // 4][x // 2] |= _BITS[y % 4][x % 2]
            self._colours[y // 4][x // 2] = colour

    def line(self, start: tuple[int, int], end: tuple[int, int], colour: str) -> None:
        """Draw a straight line of dots."""
        (x0, y0), (x1, y1) = start, end
        count = max(abs(x1 - x0), abs(y1 - y0), 1)
        for i in range(count + 1):
            self.dot(round(x0 + (x1 - x0) * i / count), round(y0 + (y1 - y0) * i / count), colour)

    def write(self, x: int, y: int, text: str, style: str) -> None:
        """Put letters over the dots, from the cell (x, y) on; what does not fit is cut."""
        for i, letter in enumerate(text):
            if 0 <= x + i < self.width and 0 <= y < self.height:
                self._letters[x + i, y] = (letter, style)

    def lines(self) -> list[Text]:
        """The rows as text."""
        out = []
        for y in range(self.height):
            text = Text(no_wrap=True)
            for x in range(self.width):
                letter = self._letters.get((x, y))
                if letter is not None:
                    text.append(*letter)
                elif self._dots[y][x]:
                    text.append(chr(0x2800 + self._dots[y][x]), Style(color=self._colours[y][x] or None))
                else:
                    text.append(" ")
            out.append(text)
        return out


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: its name, its points by x, its colour; `dots` shows points without lines between them."""

    name: str
    points: Sequence[Point]
    colour: str
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Axes:
    """What is drawn, and between which values; None takes the least or greatest of the points."""

    series: Sequence[Series]
    low: float | None = None
    high: float | None = None
    percent: bool = False
    marks: Sequence[tuple[float, str]] = field(default_factory=tuple)
    """Upright lines: (x, colour)."""
    first: float | None = None
    last: float | None = None


def number(value: float, *, percent: bool = False) -> str:
    """A number in few letters."""
    if percent:
        return f"{100 * value:.0f}%"
    if abs(value) >= 1e6:
        return f"{value / 1e6:.3g}M"
    if abs(value) >= 1e4:
        return f"{value / 1e3:.3g}k"
    return f"{value:.3g}" if value != int(value) else f"{int(value)}"


def draw(axes: Axes, width: int, height: int, dim: str) -> list[Text]:
    """The curves with their scale on the left and the range of x below: `height` rows of `width` cells."""
    points = [point for one in axes.series for point in one.points]
    if not points or height < 2 or width < 12:
        return [Text("nothing to show yet", style=dim)] + [Text("")] * (height - 1)
    low = min((y for _, y in points), default=0.0) if axes.low is None else axes.low
    high = max((y for _, y in points), default=1.0) if axes.high is None else axes.high
    if high <= low:
        high = low + 1.0
    first = min(x for x, _ in points) if axes.first is None else axes.first
    last = max(x for x, _ in points) if axes.last is None else axes.last
    labels = [number(high, percent=axes.percent), number(low, percent=axes.percent)]
    margin = max(map(len, labels)) + 1
    canvas = Canvas(width - margin, height - 1)
    for x, colour in axes.marks:
        across = _across(x, first, last, canvas.width)
        canvas.line((across, 0), (across, 4 * canvas.height - 1), colour)
    for one in axes.series:
        _curve(canvas, one, (first, last), (low, high))
    rows = canvas.lines()
    out = []
    for i, row in enumerate(rows):
        label = labels[0] if i == 0 else labels[1] if i == len(rows) - 1 else ""
        out.append(Text(f"{label:>{margin - 1}}│", style=dim, no_wrap=True).append_text(row))
    left, right = number(first), number(last)
    gap = " " * max(1, width - margin - len(left) - len(right))
    out.append(Text(" " * margin + left + gap + right, style=dim, no_wrap=True))
    return out


def _across(x: float, first: float, last: float, cells: int) -> int:
    return round((x - first) / (last - first) * (2 * cells - 1)) if last > first else 0


def _curve(canvas: Canvas, one: Series, across: tuple[float, float], along: tuple[float, float]) -> None:
    low, high = along
    tall = 4 * canvas.height - 1
    before: tuple[int, int] | None = None
    for x, y in _thinned(one.points, 4 * canvas.width):
        share = min(1.0, max(0.0, (y - low) / (high - low)))
        dot = (_across(x, *across, canvas.width), tall - round(share * tall))
        if one.dots:
            for dx in (0, 1):
                canvas.dot(dot[0] + dx, dot[1], one.colour)
        elif before is None:
            canvas.dot(*dot, one.colour)
        else:
            canvas.line(before, dot, one.colour)
        before = dot


def _thinned(points: Sequence[Point], most: int) -> Iterable[Point]:
    step = max(1, len(points) // max(1, most))
    yield from points[:-1:step]
    yield from points[-1:]

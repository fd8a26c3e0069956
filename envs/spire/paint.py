"""Drawing tools: smooth shapes at any scale, text with an outline, and a cache of both."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache

import pygame

from groundup.envs.spire.geometry import Rect

Color = tuple[int, int, int]
Points = Sequence[tuple[float, float]]

INK: Color = (24, 18, 26)
CREAM: Color = (250, 240, 214)
GOLD: Color = (250, 204, 84)
RED: Color = (226, 62, 56)
GREEN: Color = (122, 210, 92)
BLUE: Color = (104, 178, 240)
_SMOOTH = 3
"""Shapes are drawn this many times larger and scaled down, since pygame draws without anti-aliasing."""

_KEPT = 400
"""Pictures kept: about 60 MB at 1280x720, which keeps the memory of a long run flat."""


def mix(a: Color, b: Color, share: float) -> Color:
    """The colour `share` of the way from `a` to `b`."""
    return tuple(round(p + (q - p) * share) for p, q in zip(a, b, strict=True))  # type: ignore[return-value]


class Pen:
    """Draws shapes in virtual coordinates on a large surface that is scaled down afterwards."""

    def __init__(self, surface: pygame.Surface, factor: float) -> None:
        """`factor` is surface pixels per virtual pixel."""
        self.surface, self._k = surface, factor

    def scaled(self, share: float) -> Pen:
        """A pen for the same surface that draws everything `share` as large."""
        return Pen(self.surface, self._k * share)

    def clip(self, box: Rect | None) -> None:
        """Draw inside `box` only, or everywhere again."""
        area = None if box is None else pygame.Rect([round(v * self._k) for v in box])
        self.surface.set_clip(area)

    def _at(self, points: Points) -> list[tuple[float, float]]:
        return [(x * self._k, y * self._k) for x, y in points]

    def circle(self, x: float, y: float, r: float, color: Color, width: float = 0) -> None:
        """A disc, or a ring of `width`."""
        line = max(1, round(width * self._k)) if width else 0
        pygame.draw.circle(self.surface, color, (x * self._k, y * self._k), r * self._k, line)

    def ellipse(self, x: float, y: float, rx: float, ry: float, color: Color, width: float = 0) -> None:
        """An ellipse around x, y."""
        box = [(x - rx) * self._k, (y - ry) * self._k, 2 * rx * self._k, 2 * ry * self._k]
        line = max(1, round(width * self._k)) if width else 0
        pygame.draw.ellipse(self.surface, color, [round(v) for v in box], line)

    def poly(self, points: Points, color: Color, outline: Color | None = None, width: float = 2) -> None:
        """A filled polygon, with an outline when given."""
        pygame.draw.polygon(self.surface, color, self._at(points))
        if outline is not None:
            self.line([*points, points[0]], outline, width)

    def line(self, points: Points, color: Color, width: float = 2) -> None:
        """A line through points, with round joints."""
        at, thick = self._at(points), max(1, round(width * self._k))
        pygame.draw.lines(self.surface, color, False, at, thick)
        if thick > 2:
            for point in at:
                pygame.draw.circle(self.surface, color, point, thick / 2)

    def rect(self, box: Rect, color: Color, radius: float = 0, width: float = 0) -> None:
        """A rectangle with round corners."""
        line = max(1, round(width * self._k)) if width else 0
        scaled = [round(v * self._k) for v in box]
        pygame.draw.rect(self.surface, color, scaled, line, border_radius=round(radius * self._k))


class Brush:
    """Text and cached pictures at one scale."""

    def __init__(self, scale: float) -> None:
        """`scale` is frame pixels per virtual pixel."""
        pygame.font.init()
        self.scale = scale
        self._pictures: OrderedDict[Hashable, pygame.Surface] = OrderedDict()
        self._latest: dict[str, tuple[Hashable, pygame.Surface]] = {}
        self.font = lru_cache(maxsize=64)(self._font)
        self.text = lru_cache(maxsize=4096)(self._text)

    def _font(self, size: int) -> pygame.Font:
        # pygame's own font: it ships with the package, is bold, and narrow enough for a card.
        # Drawn large and scaled down, since its hinting tears letters apart at small sizes ("At tack").
        return pygame.Font(pygame.font.get_default_font(), max(6, round(size * self.scale * _SMOOTH)))

    def _line(self, text: str, size: int, color: Color) -> pygame.Surface:
        large = self.font(size).render(text, True, color)
        shrunk = max(1, round(large.get_width() / _SMOOTH)), max(1, round(large.get_height() / _SMOOTH))
        return pygame.transform.smoothscale(large, shrunk)

    def _text(self, text: str, size: int, color: Color, outline: Color | None = INK) -> pygame.Surface:
        """A line of text `size` virtual pixels high, with a thin outline for contrast."""
        body = self._line(text, size, color)
        if outline is None:
            return body
        width = max(1, round(size * self.scale / 14))
        edge = self._line(text, size, outline)
        whole = pygame.Surface((body.get_width() + 2 * width, body.get_height() + 2 * width), pygame.SRCALPHA)
        for dx in (-width, 0, width):
            for dy in (-width, 0, width):
                whole.blit(edge, (width + dx, width + dy))
        whole.blit(body, (width, width))
        return whole

    def wrap(self, text: str, size: int, width: float) -> list[str]:
        """The text in lines no wider than `width` virtual pixels."""
        font, lines = self.font(size), [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and font.size(longer)[0] > width * self.scale * _SMOOTH:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def picture(
        self, key: Hashable, width: float, height: float, draw: Callable[[Pen], None]
    ) -> pygame.Surface:
        """What `draw` draws on a canvas of that virtual size, made once for each key."""
        return self.derived(key, lambda: self.draw(width, height, draw))

    def draw(self, width: float, height: float, draw: Callable[[Pen], None]) -> pygame.Surface:
        """What `draw` draws on a canvas of that virtual size, made anew."""
        size = max(1, round(width * self.scale)), max(1, round(height * self.scale))
        large = pygame.Surface((size[0] * _SMOOTH, size[1] * _SMOOTH), pygame.SRCALPHA)
        draw(Pen(large, self.scale * _SMOOTH))
        return pygame.transform.smoothscale(large, size)

    def derived(self, key: Hashable, make: Callable[[], pygame.Surface]) -> pygame.Surface:
        """A surface made once for each key, as long as it is among the last `_KEPT` used."""
        known = self._pictures.get(key)
        if known is None:
            known = make()
            self._pictures[key] = known
            while len(self._pictures) > _KEPT:
                self._pictures.popitem(last=False)
        else:
            self._pictures.move_to_end(key)
        return known

    def latest(self, name: str, key: Hashable, make: Callable[[], pygame.Surface]) -> pygame.Surface:
        """Like `derived`, but only the newest surface of that name is kept."""
        known = self._latest.get(name)
        if known is None or known[0] != key:
            known = self._latest[name] = (key, make())
        return known[1]

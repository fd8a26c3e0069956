"""Small pictures: motifs for cards, intents, rooms and the top bar, drawn in a unit square."""

from __future__ import annotations

import math
from collections.abc import Callable

from groundup.envs.spire.paint import BLUE, CREAM, GOLD, GREEN, INK, RED, Color, Pen, mix

Motif = Callable[["Stamp"], None]


class Stamp:
    """A place, size and turn to draw a motif at; points of a motif run from -1 to 1."""

    def __init__(self, pen: Pen, x: float, y: float, r: float, color: Color, turn: float = 0.0) -> None:
        """Centre x, y and radius r in virtual pixels, turned by `turn` radians."""
        self.pen, self.x, self.y, self.r, self.color = pen, x, y, r, color
        self._sin, self._cos = math.sin(turn), math.cos(turn)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A motif's point in virtual pixels."""
        return (
            self.x + self.r * (x * self._cos - y * self._sin),
            self.y + self.r * (x * self._sin + y * self._cos),
        )

    def poly(self, *points: tuple[float, float], color: Color | None = None) -> None:
        """A filled shape with a dark outline."""
        self.pen.poly([self.at(*p) for p in points], color or self.color, INK, self.r * 0.08)

    def disc(self, x: float, y: float, r: float, color: Color | None = None) -> None:
        """A disc with a dark outline."""
        cx, cy = self.at(x, y)
        self.pen.circle(cx, cy, r * self.r, INK)
        self.pen.circle(cx, cy, r * self.r * 0.88, color or self.color)

    def line(self, *points: tuple[float, float], width: float = 0.14, color: Color | None = None) -> None:
        """A line."""
        self.pen.line([self.at(*p) for p in points], color or self.color, width * self.r)


def stamped(motif: Motif, color: Color, middle: float, r: float) -> Callable[[Pen], None]:
    """Draws a motif around (middle, middle)."""
    return lambda pen: motif(Stamp(pen, middle, middle, r, color))


def sword(s: Stamp) -> None:
    """A sword, point up right."""
    s.poly((-0.5, 0.66), (0.62, -0.86), (0.92, -0.92), (0.86, -0.62), (-0.34, 0.82))
    s.line((-0.75, 0.3), (-0.05, 0.95), width=0.2, color=GOLD)
    s.line((-0.5, 0.68), (-0.9, 0.98), width=0.24, color=(120, 78, 44))


def swords(s: Stamp) -> None:
    """Two crossed swords."""
    sword(s)
    sword(_mirrored(s))


def _mirrored(s: Stamp) -> Stamp:
    other = Stamp(s.pen, s.x, s.y, s.r, s.color)
    other.at = lambda x, y: s.at(-x, y)  # type: ignore[method-assign]
    return other


def shield(s: Stamp) -> None:
    """A shield."""
    s.poly((-0.8, -0.8), (0, -0.95), (0.8, -0.8), (0.72, 0.2), (0, 0.98), (-0.72, 0.2))
    s.line((0, -0.8), (0, 0.8), width=0.12, color=mix(s.color, CREAM, 0.5))


def axe(s: Stamp) -> None:
    """An axe."""
    s.line((-0.7, 0.95), (0.45, -0.85), width=0.2, color=(130, 86, 48))
    s.poly((0.05, -0.75), (0.55, -1.0), (0.98, -0.2), (0.8, 0.35), (0.35, -0.15))


def hammer(s: Stamp) -> None:
    """A hammer."""
    s.line((-0.6, 0.95), (0.2, -0.3), width=0.2, color=(130, 86, 48))
    s.poly((-0.45, -0.5), (0.3, -0.98), (0.85, -0.1), (0.1, 0.35))


def flame(s: Stamp) -> None:
    """A flame."""
    s.poly((-0.1, -1), (0.3, -0.4), (0.5, -0.6), (0.75, 0.2), (0.4, 0.95), (-0.4, 0.95), (-0.75, 0.25),
           (-0.4, -0.2), (-0.3, 0.05))  # fmt: skip
    s.poly(
        (0, -0.1),
        (0.35, 0.5),
        (0.1, 0.9),
        (-0.2, 0.9),
        (-0.35, 0.5),
        color=mix(s.color, (255, 244, 150), 0.7),
    )


def fist(s: Stamp) -> None:
    """A fist."""
    s.poly((-0.6, -0.4), (0.6, -0.5), (0.75, 0.3), (0.3, 0.6), (0.3, 1), (-0.4, 1), (-0.4, 0.6), (-0.7, 0.3))
    for i in range(4):
        s.disc(-0.48 + i * 0.33, -0.42, 0.22)


def drop(s: Stamp) -> None:
    """A drop of blood."""
    s.poly(
        (0, -1),
        (0.45, -0.15),
        (0.6, 0.35),
        (0.35, 0.8),
        (0, 0.95),
        (-0.35, 0.8),
        (-0.6, 0.35),
        (-0.45, -0.15),
    )
    s.line((-0.25, 0.3), (-0.1, 0.6), width=0.12, color=CREAM)


def eye(s: Stamp) -> None:
    """An eye."""
    s.poly((-1, 0), (-0.4, -0.55), (0.4, -0.55), (1, 0), (0.4, 0.55), (-0.4, 0.55), color=CREAM)
    s.disc(0, 0, 0.42)
    s.disc(0, 0, 0.18, INK)


def skull(s: Stamp) -> None:
    """A skull."""
    s.disc(0, -0.2, 0.75)
    s.poly((-0.4, 0.35), (0.4, 0.35), (0.34, 0.9), (-0.34, 0.9))
    for side in (-1, 1):
        s.disc(side * 0.3, -0.12, 0.2, INK)
    s.line((0, 0.2), (0, 0.32), width=0.14, color=INK)


def bolt(s: Stamp) -> None:
    """A bolt of lightning."""
    s.poly((0.2, -1), (-0.55, 0.15), (-0.05, 0.15), (-0.3, 1), (0.6, -0.25), (0.08, -0.25))


def star(s: Stamp) -> None:
    """A star."""
    points = []
    for i in range(10):
        r, a = (1.0 if i % 2 == 0 else 0.42), math.pi * i / 5 - math.pi / 2
        points.append((r * math.cos(a), r * math.sin(a)))
    s.poly(*points)


def spiral(s: Stamp) -> None:
    """A spiral."""
    turns = [(0.09 * i * math.cos(i * 0.6) / 2, 0.09 * i * math.sin(i * 0.6) / 2) for i in range(22)]
    s.line(*turns, width=0.3, color=INK)
    s.line(*turns, width=0.17)


def wave(s: Stamp) -> None:
    """Three rising arcs, as of a shout."""
    for i in range(3):
        r = 0.4 + 0.3 * i
        arc = [(r * math.cos(a / 6) - 0.4, r * math.sin(a / 6)) for a in range(-5, 6)]
        s.line(*arc, width=0.2, color=INK)
        s.line(*arc, width=0.12)


def heart(s: Stamp) -> None:
    """A heart."""
    s.poly(
        (0, 0.95),
        (-0.9, 0),
        (-0.85, -0.55),
        (-0.45, -0.82),
        (0, -0.45),
        (0.45, -0.82),
        (0.85, -0.55),
        (0.9, 0),
    )
    s.line((-0.5, -0.4), (-0.55, -0.1), width=0.14, color=CREAM)


def cards(s: Stamp) -> None:
    """Two cards."""
    s.poly((-0.85, -0.5), (0.05, -0.85), (0.55, 0.5), (-0.35, 0.85), color=mix(s.color, INK, 0.35))
    s.poly((-0.35, -0.85), (0.65, -0.6), (0.35, 0.85), (-0.65, 0.6))


def chains(s: Stamp) -> None:
    """Links of a chain."""
    for i in range(3):
        x, y = s.at(-0.55 + i * 0.55, 0.5 - i * 0.5)
        s.pen.circle(x, y, 0.42 * s.r, INK, 0.26 * s.r)
        s.pen.circle(x, y, 0.39 * s.r, s.color, 0.17 * s.r)


def wing(s: Stamp) -> None:
    """A wing, or a rush of air."""
    for i in range(4):
        y = -0.7 + i * 0.42
        s.poly((-0.8 + i * 0.12, y), (0.95 - i * 0.25, y - 0.2), (0.4 - i * 0.1, y + 0.3))


def horns(s: Stamp) -> None:
    """A horned head."""
    s.poly((-0.5, -0.2), (-0.98, -0.95), (-0.15, -0.5), (0.15, -0.5), (0.98, -0.95), (0.5, -0.2), (0.4, 0.6),
           (0, 0.98), (-0.4, 0.6))  # fmt: skip
    for side in (-1, 1):
        s.disc(side * 0.22, 0.05, 0.14, GOLD)


def mushroom(s: Stamp) -> None:
    """A blob of slime with eyes, for what clogs a deck."""
    s.poly((-0.9, 0.7), (-0.7, -0.1), (-0.2, -0.6), (0.3, -0.55), (0.75, 0), (0.95, 0.7), (0, 0.9))
    for side in (-1, 1):
        s.disc(side * 0.3, 0.1, 0.18, INK)


def boot(s: Stamp) -> None:
    """A boot."""
    s.poly((-0.4, -0.95), (0.2, -0.95), (0.2, 0.2), (0.9, 0.5), (0.9, 0.9), (-0.5, 0.9), (-0.4, 0.1))


def anvil(s: Stamp) -> None:
    """An anvil."""
    s.poly(
        (-0.95, -0.5),
        (0.9, -0.5),
        (0.4, -0.05),
        (0.25, 0.4),
        (0.6, 0.8),
        (-0.6, 0.8),
        (-0.25, 0.4),
        (-0.3, -0.1),
    )


def campfire(s: Stamp) -> None:
    """A camp fire."""
    s.line((-0.8, 0.9), (0.8, 0.55), width=0.26, color=(120, 76, 42))
    s.line((0.8, 0.9), (-0.8, 0.55), width=0.26, color=(146, 94, 52))
    flame(Stamp(s.pen, s.x, s.y - 0.25 * s.r, s.r * 0.72, (250, 138, 40)))


def chest(s: Stamp) -> None:
    """A treasure chest."""
    s.poly((-0.9, -0.1), (-0.75, -0.65), (0.75, -0.65), (0.9, -0.1), color=(176, 116, 56))
    s.poly((-0.9, -0.1), (0.9, -0.1), (0.85, 0.75), (-0.85, 0.75), color=(148, 92, 44))
    s.disc(0, 0.02, 0.22, GOLD)


def coin(s: Stamp) -> None:
    """A gold coin."""
    s.disc(0, 0, 0.9, GOLD)
    s.disc(0, 0, 0.6, (226, 164, 46))
    s.line((0, -0.32), (0, 0.32), width=0.18, color=CREAM)


def gear(s: Stamp) -> None:
    """A gear wheel."""
    for i in range(8):
        a = math.pi * i / 4
        s.line((0.5 * math.cos(a), 0.5 * math.sin(a)), (0.95 * math.cos(a), 0.95 * math.sin(a)), width=0.34)
    s.disc(0, 0, 0.7)
    s.disc(0, 0, 0.28, INK)


def sleep(s: Stamp) -> None:
    """Zs of someone asleep."""
    for x, y, r in ((-0.4, 0.4, 0.5), (0.4, -0.45, 0.36)):
        s.line((x - r, y - r), (x + r, y - r), (x - r, y + r), (x + r, y + r), width=0.2)


def up(s: Stamp) -> None:
    """An arrow up."""
    s.poly((0, -0.95), (0.8, -0.1), (0.32, -0.1), (0.32, 0.9), (-0.32, 0.9), (-0.32, -0.1), (-0.8, -0.1))


def down(s: Stamp) -> None:
    """An arrow down."""
    s.poly((0, 0.95), (0.8, 0.1), (0.32, 0.1), (0.32, -0.9), (-0.32, -0.9), (-0.32, 0.1), (-0.8, 0.1))


INTENTS: dict[str, tuple[Motif, Color]] = {
    "attack": (sword, (236, 96, 84)),
    "block": (shield, BLUE),
    "buff": (up, (250, 150, 60)),
    "debuff": (down, (176, 106, 224)),
    "escape": (boot, GOLD),
    "split": (spiral, GREEN),
    "sleep": (sleep, (196, 204, 224)),
}

ROOMS: dict[str, tuple[Motif, Color]] = {
    "fight": (swords, (208, 208, 216)),
    "elite": (horns, RED),
    "rest": (campfire, (250, 138, 40)),
    "treasure": (chest, GOLD),
}

"""The hero and every kind of enemy, drawn from simple shapes; each kind looks like no other.

Sprites stand on the bottom of a canvas of their own size, feet in the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from groundup.envs.spire import icons
from groundup.envs.spire.geometry import Rect
from groundup.envs.spire.icons import Stamp
from groundup.envs.spire.paint import CREAM, GOLD, GREEN, INK, RED, Color, Pen, mix

Draw = Callable[[Pen, float, float], None]
"""Draws on a canvas of that width and height."""


@dataclass(frozen=True, slots=True)
class Sprite:
    """Size in virtual pixels and how it is drawn."""

    width: float
    height: float
    draw: Draw


def _blob(pen: Pen, x: float, y: float, rx: float, ry: float, color: Color) -> None:
    pen.ellipse(x, y, rx, ry, INK)
    pen.ellipse(x, y, rx - 3, ry - 3, color)
    pen.ellipse(x - rx * 0.25, y - ry * 0.35, rx * 0.45, ry * 0.3, mix(color, CREAM, 0.3))


def _eye(pen: Pen, x: float, y: float, r: float, color: Color = CREAM) -> None:
    pen.circle(x, y, r, INK)
    pen.circle(x, y, r * 0.8, color)
    pen.circle(x - r * 0.2, y + r * 0.1, r * 0.4, INK)


def _limb(pen: Pen, points: list[tuple[float, float]], color: Color, width: float) -> None:
    pen.line(points, INK, width + 5)
    pen.line(points, color, width)


def _shape(pen: Pen, points: list[tuple[float, float]], color: Color) -> None:
    pen.poly(points, color, INK, 4)


def _ironclad(pen: Pen, w: float, h: float) -> None:
    skin, steel, red = (214, 160, 122), (122, 128, 146), (166, 40, 44)
    _shape(pen, [(w * 0.3, h * 0.32), (w * 0.14, h * 0.95), (w * 0.48, h * 0.9), (w * 0.6, h * 0.34)], red)
    for x in (0.4, 0.58):
        _limb(pen, [(w * x, h * 0.62), (w * (x - 0.02), h * 0.93)], (74, 66, 84), 24)
        _shape(
            pen,
            [(w * x - 20, h * 0.9), (w * x + 24, h * 0.9), (w * x + 28, h - 4), (w * x - 20, h - 4)],
            steel,
        )
    _shape(pen, [(w * 0.3, h * 0.3), (w * 0.7, h * 0.3), (w * 0.64, h * 0.66), (w * 0.36, h * 0.66)], steel)
    _shape(pen, [(w * 0.42, h * 0.34), (w * 0.58, h * 0.34), (w * 0.54, h * 0.6), (w * 0.46, h * 0.6)], red)
    for x in (0.29, 0.71):
        _blob(pen, w * x, h * 0.33, 25, 21, steel)
    _limb(pen, [(w * 0.28, h * 0.38), (w * 0.2, h * 0.56)], skin, 17)
    _limb(pen, [(w * 0.72, h * 0.38), (w * 0.76, h * 0.54)], skin, 17)
    icons.sword(Stamp(pen, w * 0.78, h * 0.34, 56, (206, 212, 226), -0.6))
    _blob(pen, w * 0.5, h * 0.19, 29, 31, steel)
    _shape(pen, [(w * 0.43, h * 0.17), (w * 0.6, h * 0.17), (w * 0.58, h * 0.22), (w * 0.44, h * 0.22)], INK)
    for x in (0.47, 0.55):
        pen.circle(w * x, h * 0.195, 4, (255, 96, 72))
    for side in (-1, 1):
        _shape(
            pen,
            [
                (w * 0.5 + side * 20, h * 0.12),
                (w * 0.5 + side * 46, h * 0.02),
                (w * 0.5 + side * 28, h * 0.16),
            ],
            CREAM,
        )


def _jaw_worm(pen: Pen, w: float, h: float) -> None:
    body = (92, 116, 176)
    for i in range(5):
        _blob(
            pen,
            w * (0.82 - i * 0.12),
            h * (0.72 + 0.03 * (i % 2)),
            w * 0.15,
            h * 0.22,
            mix(body, INK, 0.3 - i * 0.05),
        )
    _blob(pen, w * 0.34, h * 0.56, w * 0.32, h * 0.4, body)
    _shape(
        pen,
        [(w * 0.02, h * 0.5), (w * 0.5, h * 0.56), (w * 0.44, h * 0.86), (w * 0.08, h * 0.84)],
        (74, 20, 34),
    )
    for i in range(5):
        x = w * (0.06 + i * 0.09)
        _shape(pen, [(x, h * 0.5 + i), (x + w * 0.08, h * 0.52 + i), (x + w * 0.04, h * 0.66)], CREAM)
        _shape(pen, [(x + 4, h * 0.86), (x + w * 0.08, h * 0.86), (x + w * 0.05, h * 0.73)], CREAM)
    _eye(pen, w * 0.3, h * 0.34, 12, GOLD)
    for i in range(3):
        _shape(pen, [(w * (0.4 + i * 0.14), h * 0.24 + i * 14), (w * (0.48 + i * 0.14), h * 0.05 + i * 16),
                     (w * (0.52 + i * 0.14), h * 0.34 + i * 14)], (230, 120, 70))  # fmt: skip


def _cultist(pen: Pen, w: float, h: float) -> None:
    robe = (64, 76, 142)
    _shape(pen, [(w * 0.34, h * 0.32), (w * 0.68, h * 0.32), (w * 0.9, h - 3), (w * 0.1, h - 3)], robe)
    _shape(
        pen, [(w * 0.46, h * 0.4), (w * 0.56, h * 0.4), (w * 0.62, h - 4), (w * 0.4, h - 4)], (204, 178, 120)
    )
    _limb(pen, [(w * 0.36, h * 0.42), (w * 0.12, h * 0.3), (w * 0.08, h * 0.16)], robe, 20)
    _limb(pen, [(w * 0.66, h * 0.42), (w * 0.88, h * 0.52)], robe, 20)
    _blob(pen, w * 0.5, h * 0.22, w * 0.2, h * 0.14, (84, 98, 172))
    _shape(pen, [(w * 0.42, h * 0.18), (w * 0.5, h * 0.28), (w * 0.16, h * 0.3)], GOLD)
    _eye(pen, w * 0.46, h * 0.17, 8, RED)
    for i in range(4):
        _shape(pen, [(w * (0.46 + i * 0.06), h * 0.12), (w * (0.5 + i * 0.1), h * 0.0),
                       (w * (0.54 + i * 0.07), h * 0.15)],
               (120, 150, 230))  # fmt: skip


def _louse(color: Color) -> Draw:
    def draw(pen: Pen, w: float, h: float) -> None:
        for i in range(4):
            x = w * (0.2 + i * 0.2)
            _limb(pen, [(x, h * 0.7), (x - 10, h * 0.85), (x - 4, h * 0.97)], mix(color, INK, 0.5), 6)
        for i in range(4):
            _blob(
                pen,
                w * (0.78 - i * 0.15),
                h * 0.6,
                w * 0.19,
                h * (0.28 + 0.03 * i),
                mix(color, INK, 0.24 - 0.08 * i),
            )
        _blob(pen, w * 0.2, h * 0.64, w * 0.17, h * 0.24, mix(color, CREAM, 0.2))
        _eye(pen, w * 0.14, h * 0.56, 9)
        _limb(pen, [(w * 0.16, h * 0.44), (w * 0.02, h * 0.2)], color, 4)
        _limb(pen, [(w * 0.26, h * 0.42), (w * 0.22, h * 0.14)], color, 4)

    return draw


def _slime(color: Color, spikes: bool) -> Draw:
    def draw(pen: Pen, w: float, h: float) -> None:
        if spikes:
            for i in range(6):
                x = w * (0.1 + i * 0.15)
                _shape(pen, [(x, h * 0.55), (x + w * 0.05, h * (0.02 + 0.12 * (i % 2))),
                               (x + w * 0.14, h * 0.5)],
                       mix(color, CREAM, 0.4))  # fmt: skip
        _shape(pen, [(2, h - 3), (w * 0.04, h * 0.7), (w * 0.2, h * 0.4), (w * 0.42, h * 0.28),
                       (w * 0.66, h * 0.32),
                     (w * 0.86, h * 0.5), (w * 0.97, h * 0.76), (w - 2, h - 3)], color)  # fmt: skip
        pen.ellipse(w * 0.34, h * 0.5, w * 0.14, h * 0.07, mix(color, CREAM, 0.5))
        for i in range(3):
            pen.circle(w * (0.56 + i * 0.12), h * (0.84 - i * 0.12), 3 + w * 0.02, mix(color, INK, 0.25))
        if spikes:
            _eye(pen, w * 0.4, h * 0.64, w * 0.1, GOLD)
        else:
            _eye(pen, w * 0.28, h * 0.66, w * 0.075)
            _eye(pen, w * 0.54, h * 0.62, w * 0.075)
            pen.line([(w * 0.3, h * 0.84), (w * 0.42, h * 0.88), (w * 0.54, h * 0.82)], INK, 4)

    return draw


def _fungi(pen: Pen, w: float, h: float) -> None:
    body = (122, 92, 142)
    for x in (0.24, 0.42, 0.66, 0.82):
        _limb(pen, [(w * x, h * 0.7), (w * x - 4, h * 0.95)], mix(body, INK, 0.3), 12)
    _blob(pen, w * 0.52, h * 0.66, w * 0.38, h * 0.24, body)
    _blob(pen, w * 0.18, h * 0.62, w * 0.17, h * 0.17, mix(body, CREAM, 0.25))
    _eye(pen, w * 0.12, h * 0.57, 7, GREEN)
    for x, y, r in ((0.4, 0.36, 0.17), (0.66, 0.26, 0.22), (0.86, 0.44, 0.13)):
        _limb(pen, [(w * x, h * (y + 0.05)), (w * x, h * (y + 0.24))], CREAM, 10)
        _shape(pen, [(w * (x - r), h * (y + 0.1)), (w * (x - r * 0.6), h * (y - 0.14)),
                       (w * (x + r * 0.6), h * (y - 0.14)),
                     (w * (x + r), h * (y + 0.1))], (206, 92, 116))  # fmt: skip
        pen.circle(w * x - 6, h * y, 5, CREAM)
        pen.circle(w * x + 9, h * (y - 0.05), 4, CREAM)


def _human(coat: Color, hood: Color, blade: str, mask: Color, broad: float = 1.0) -> Draw:
    def draw(pen: Pen, w: float, h: float) -> None:
        for x in (0.4, 0.6):
            _limb(pen, [(w * x, h * 0.62), (w * x, h * 0.95)], mix(coat, INK, 0.5), 20 * broad)
        _shape(pen, [(w * (0.5 - 0.22 * broad), h * 0.32), (w * (0.5 + 0.22 * broad), h * 0.32),
                       (w * 0.72, h * 0.74),
                     (w * 0.28, h * 0.74)], coat)  # fmt: skip
        pen.line([(w * 0.32, h * 0.58), (w * 0.68, h * 0.58)], mix(coat, INK, 0.6), 8)
        _limb(pen, [(w * 0.3, h * 0.36), (w * 0.14, h * 0.5)], mix(coat, CREAM, 0.2), 15 * broad)
        _limb(pen, [(w * 0.7, h * 0.36), (w * 0.82, h * 0.56)], mix(coat, CREAM, 0.2), 15 * broad)
        _motif(blade, Stamp(pen, w * 0.14, h * 0.36, w * 0.2, (202, 208, 222), -1.2))
        _blob(pen, w * 0.48, h * 0.19, w * 0.17, h * 0.14, mask)
        _shape(pen, [(w * 0.3, h * 0.2), (w * 0.36, h * 0.05), (w * 0.52, h * 0.0),
                       (w * 0.68, h * 0.1), (w * 0.68, h * 0.3),
                     (w * 0.56, h * 0.13)], hood)  # fmt: skip
        for x in (0.4, 0.52):
            pen.circle(w * x, h * 0.2, 4, INK)

    return draw


def _motif(name: str, stamp: Stamp) -> None:
    getattr(icons, name)(stamp)


def _gremlin(skin: Color, dress: Color, prop: str | None, fat: float = 1.0) -> Draw:
    def draw(pen: Pen, w: float, h: float) -> None:
        for x in (0.4, 0.6):
            _limb(pen, [(w * x, h * 0.74), (w * x, h * 0.95)], skin, 11)
        _blob(pen, w * 0.5, h * 0.68, w * 0.2 * fat, h * 0.2, dress)
        _limb(pen, [(w * 0.36, h * 0.6), (w * 0.16, h * 0.62)], skin, 9)
        _limb(pen, [(w * 0.64, h * 0.6), (w * 0.82, h * 0.66)], skin, 9)
        for side in (-1, 1):
            _shape(pen, [(w * (0.5 + side * 0.2), h * 0.3), (w * (0.5 + side * 0.48), h * 0.2),
                           (w * (0.5 + side * 0.18), h * 0.46)],
                   skin)  # fmt: skip
        _blob(pen, w * 0.5, h * 0.36, w * 0.25, h * 0.2, skin)
        _eye(pen, w * 0.4, h * 0.33, 8, GOLD)
        _eye(pen, w * 0.58, h * 0.33, 8, GOLD)
        pen.line([(w * 0.36, h * 0.46), (w * 0.46, h * 0.5), (w * 0.62, h * 0.45)], INK, 4)
        if prop == "hat":
            _shape(
                pen,
                [(w * 0.2, h * 0.22), (w * 0.8, h * 0.22), (w * 0.56, h * 0.14), (w * 0.6, h * 0.0)],
                (96, 62, 168),
            )
            _motif("star", Stamp(pen, w * 0.12, h * 0.5, w * 0.13, GOLD))
        elif prop:
            _motif(
                prop, Stamp(pen, w * 0.14, h * 0.58, w * 0.2, (196, 202, 214), -0.6 if prop == "sword" else 0)
            )

    return draw


def _lagavulin(pen: Pen, w: float, h: float) -> None:
    shell = (86, 92, 112)
    for x in (0.18, 0.36, 0.64, 0.82):
        _limb(pen, [(w * x, h * 0.72), (w * x + (x - 0.5) * 40, h * 0.95)], (130, 84, 92), 18)
    _blob(pen, w * 0.5, h * 0.54, w * 0.46, h * 0.4, shell)
    for i in range(5):
        pen.line(
            [(w * (0.16 + i * 0.17), h * 0.34), (w * (0.2 + i * 0.15), h * 0.74)], mix(shell, INK, 0.5), 5
        )
    for i in range(4):
        _shape(pen, [(w * (0.2 + i * 0.17), h * 0.22), (w * (0.27 + i * 0.17), h * 0.0),
                       (w * (0.34 + i * 0.17), h * 0.2)],
               mix(shell, CREAM, 0.3))  # fmt: skip
    _blob(pen, w * 0.2, h * 0.66, w * 0.16, h * 0.2, (160, 104, 112))
    for x, y in ((0.13, 0.58), (0.23, 0.56), (0.18, 0.68)):
        _eye(pen, w * x, h * y, 9, (240, 96, 96))


def _nob(pen: Pen, w: float, h: float) -> None:
    skin = (196, 88, 72)
    for x in (0.36, 0.64):
        _limb(pen, [(w * x, h * 0.7), (w * x, h * 0.94)], skin, 30)
    _blob(pen, w * 0.5, h * 0.56, w * 0.34, h * 0.27, skin)
    _shape(
        pen,
        [(w * 0.2, h * 0.66), (w * 0.8, h * 0.66), (w * 0.7, h * 0.84), (w * 0.3, h * 0.84)],
        (104, 72, 52),
    )
    _limb(pen, [(w * 0.22, h * 0.42), (w * 0.08, h * 0.56), (w * 0.1, h * 0.34)], skin, 26)
    _limb(pen, [(w * 0.78, h * 0.42), (w * 0.93, h * 0.64)], skin, 26)
    _motif("hammer", Stamp(pen, w * 0.12, h * 0.2, w * 0.2, (146, 150, 164)))
    _blob(pen, w * 0.5, h * 0.25, w * 0.2, h * 0.16, mix(skin, CREAM, 0.15))
    for side in (-1, 1):
        _shape(pen, [(w * (0.5 + side * 0.15), h * 0.17), (w * (0.5 + side * 0.4), h * 0.0),
                       (w * (0.5 + side * 0.19), h * 0.28)],
               CREAM)  # fmt: skip
        _eye(pen, w * (0.48 + side * 0.08), h * 0.23, 8, GOLD)
        _shape(pen, [(w * (0.48 + side * 0.08) - 5, h * 0.34), (w * (0.48 + side * 0.08) + 5, h * 0.34),
                     (w * (0.48 + side * 0.08), h * 0.27)], CREAM)  # fmt: skip


def _sentry(pen: Pen, w: float, h: float) -> None:
    stone = (110, 126, 138)
    _shape(
        pen,
        [(w * 0.24, h - 3), (w * 0.1, h * 0.2), (w * 0.5, 3), (w * 0.9, h * 0.2), (w * 0.76, h - 3)],
        stone,
    )
    _shape(pen, [(w * 0.36, h - 8), (w * 0.26, h * 0.26), (w * 0.5, h * 0.12), (w * 0.74, h * 0.26),
                   (w * 0.64, h - 8)],
           mix(stone, INK, 0.35))  # fmt: skip
    pen.circle(w * 0.5, h * 0.36, w * 0.22, INK)
    pen.circle(w * 0.5, h * 0.36, w * 0.19, (86, 224, 230))
    pen.circle(w * 0.46, h * 0.34, w * 0.08, CREAM)
    for i in range(3):
        pen.rect(Rect(w * 0.4, h * (0.58 + i * 0.11), w * 0.2, h * 0.04), (86, 224, 230), 3)


_ACID, _SPIKE = (112, 178, 84), (96, 132, 196)
HERO = Sprite(210, 250, _ironclad)
ENEMIES: dict[str, Sprite] = {
    "JawWorm": Sprite(190, 150, _jaw_worm),
    "Cultist": Sprite(150, 230, _cultist),
    "RedLouse": Sprite(140, 100, _louse((196, 70, 62))),
    "GreenLouse": Sprite(140, 100, _louse((96, 160, 74))),
    "AcidSlimeS": Sprite(92, 70, _slime(_ACID, False)),
    "AcidSlimeM": Sprite(140, 108, _slime(mix(_ACID, GOLD, 0.15), False)),
    "AcidSlimeL": Sprite(206, 170, _slime(mix(_ACID, INK, 0.15), False)),
    "SpikeSlimeS": Sprite(92, 80, _slime(_SPIKE, True)),
    "SpikeSlimeM": Sprite(140, 122, _slime(mix(_SPIKE, (150, 110, 190), 0.3), True)),
    "SpikeSlimeL": Sprite(206, 186, _slime(mix(_SPIKE, INK, 0.2), True)),
    "FungiBeast": Sprite(176, 160, _fungi),
    "BlueSlaver": Sprite(150, 220, _human((66, 96, 164), (44, 62, 116), "axe", (208, 164, 130))),
    "RedSlaver": Sprite(150, 220, _human((168, 62, 56), (112, 36, 38), "chains", (208, 164, 130))),
    "Looter": Sprite(150, 216, _human((98, 122, 84), (70, 86, 58), "sword", (222, 214, 196))),
    "Mugger": Sprite(160, 210, _human((134, 98, 66), (92, 62, 44), "coin", (222, 214, 196), 1.2)),
    "FatGremlin": Sprite(130, 140, _gremlin((222, 168, 150), (178, 122, 104), None, 1.55)),
    "MadGremlin": Sprite(122, 140, _gremlin((206, 84, 74), (124, 46, 46), "axe")),
    "SneakyGremlin": Sprite(122, 140, _gremlin((118, 166, 92), (70, 92, 62), "sword")),
    "GremlinWizard": Sprite(126, 156, _gremlin((120, 142, 196), (84, 64, 148), "hat")),
    "ShieldGremlin": Sprite(126, 140, _gremlin((188, 184, 168), (110, 104, 96), "shield")),
    "Lagavulin": Sprite(226, 196, _lagavulin),
    "GremlinNob": Sprite(216, 262, _nob),
    "Sentry": Sprite(120, 220, _sentry),
}

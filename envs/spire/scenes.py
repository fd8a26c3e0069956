"""Backgrounds: one picture a kind of screen, tinted by the act, and a flicker that never stops."""

from __future__ import annotations

import math
import zlib
from functools import partial

import pygame

from groundup.envs.spire.geometry import HEIGHT, WIDTH, Rect, View
from groundup.envs.spire.layout import map_point
from groundup.envs.spire.paint import CREAM, INK, Brush, Color, Pen, mix
from groundup.envs.spire.run import Run
from groundup.envs.spire.worldmap import Node

TORCHES: dict[str, tuple[tuple[float, float], ...]] = {
    "title": ((180, 470), (1100, 470)),
    "fight": ((640, 120), (1100, 120)),
    "reward": ((180, 170), (1100, 170)),
    "camp": ((640, 560),),
    "vault": ((200, 240), (1080, 240)),
}
_TINTS: tuple[Color, ...] = ((62, 64, 92), (84, 58, 62), (52, 78, 70), (78, 66, 96))
_FLAMES = 6


def scene_of(run: Run) -> str:
    """Which background a screen has."""
    match run.screen:
        case "title" | "map":
            return run.screen
        case "reward":
            return "reward"
        case "rest" | "smith":
            return "camp"
        case "treasure":
            return "vault"
        case "over" | "act":
            return run.screen
    return "fight"


def _gradient(pen: Pen, top: Color, bottom: Color, y0: float, y1: float) -> None:
    steps = 48
    for i in range(steps):
        pen.rect(
            Rect(0, y0 + (y1 - y0) * i / steps, WIDTH, (y1 - y0) / steps + 1), mix(top, bottom, i / steps)
        )


def _bricks(pen: Pen, wall: Color, bottom: float) -> None:
    for row in range(int(bottom // 46) + 1):
        for column in range(14):
            noise = zlib.crc32(f"{row}/{column}".encode())
            x = column * 104 - (row % 2) * 52
            if noise % 3 == 0:
                pen.rect(Rect(x + 3, 48 + row * 46, 98, 40), mix(wall, INK, 0.08 + noise % 7 / 50), 5)


def _fight(pen: Pen, tint: Color) -> None:
    _gradient(pen, mix(tint, INK, 0.5), tint, 0, 400)
    _bricks(pen, tint, 300)
    for x in (180, 640, 1100):
        pen.rect(Rect(x - 46, 48, 92, 350), mix(tint, INK, 0.3), 4)
        pen.rect(Rect(x - 30, 48, 60, 350), mix(tint, CREAM, 0.06))
    _gradient(pen, mix(tint, (60, 48, 40), 0.6), INK, 392, HEIGHT)
    for i in range(16):
        pen.line([(640 + (i - 8) * 70, 392), (640 + (i - 8) * 190, 520)], mix(tint, INK, 0.55), 3)
    for y in (420, 458):
        pen.line([(0, y), (WIDTH, y)], mix(tint, INK, 0.5), 3)
    _gradient(pen, (30, 24, 32), (16, 12, 18), 520, HEIGHT)


def _title(pen: Pen, tint: Color) -> None:
    _gradient(pen, (26, 22, 54), (168, 84, 72), 0, 560)
    pen.circle(980, 190, 78, (250, 214, 160))
    for i in range(9):
        x = i * 170
        noise = zlib.crc32(bytes([i]))
        pen.poly(
            [(x - 170, 600), (x, 330 + noise % 120), (x + 190, 600)], mix(tint, INK, 0.35 + noise % 3 / 12)
        )
    left = [(560, 720), (590, 420), (612, 300), (606, 270), (628, 262)]
    spire = [*left, (640, 60), *((WIDTH - x, y) for x, y in reversed(left))]
    pen.poly(spire, (40, 30, 48))
    for y in range(320, 640, 60):
        pen.rect(Rect(632, y, 16, 26), (250, 180, 90), 7)
    pen.rect(Rect(0, 600, WIDTH, 120), (22, 16, 26))


def _map(pen: Pen, tint: Color) -> None:
    _gradient(pen, mix(tint, INK, 0.6), mix(tint, INK, 0.75), 0, HEIGHT)
    paper = (206, 182, 140)
    pen.rect(Rect(14, 60, 1252, 648), mix(paper, INK, 0.5), 18)
    pen.rect(Rect(20, 66, 1240, 636), paper, 14)
    for i in range(46):
        noise = zlib.crc32(f"spot{i}".encode())
        pen.ellipse(
            60 + noise % 1160,
            90 + (noise >> 11) % 590,
            20 + noise % 50,
            8 + noise % 20,
            mix(paper, INK, 0.035),
        )


def _camp(pen: Pen, tint: Color) -> None:
    _gradient(pen, (18, 20, 44), (52, 40, 66), 0, 500)
    for i in range(60):
        noise = zlib.crc32(f"star{i}".encode())
        pen.circle(noise % WIDTH, 50 + (noise >> 12) % 330, 1.2 + noise % 2, mix(CREAM, tint, 0.4))
    for i in range(15):
        x, top = i * 94 - 20, 300 + zlib.crc32(bytes([i, 1])) % 90
        pen.poly([(x - 66, 540), (x, top), (x + 66, 540)], (20, 26, 34))
    _gradient(pen, (54, 46, 40), (20, 16, 18), 520, HEIGHT)
    pen.ellipse(640, 606, 250, 46, (96, 66, 44))
    pen.line([(570, 606), (710, 590)], (110, 72, 42), 20)
    pen.line([(570, 590), (710, 606)], (134, 88, 50), 20)


def _vault(pen: Pen, tint: Color) -> None:
    _fight(pen, mix(tint, (120, 92, 40), 0.4))
    pen.ellipse(640, 540, 300, 60, (70, 54, 36))


def _plain(pen: Pen, tint: Color) -> None:
    _gradient(pen, mix(tint, INK, 0.5), (20, 14, 22), 0, HEIGHT)
    for i in range(18):
        a = math.pi * i / 9
        pen.line(
            [(640, 330), (640 + 900 * math.cos(a), 330 + 900 * math.sin(a))],
            mix(tint, (20, 14, 22), 0.75),
            26,
        )


_DRAWN = {
    "title": _title,
    "map": _map,
    "fight": _fight,
    "reward": _fight,
    "camp": _camp,
    "vault": _vault,
    "over": _plain,
    "act": _plain,
}


def background(brush: Brush, view: View, run: Run) -> pygame.Surface:
    """The opaque background of a screen in the size of the frame, with the map's paths where it has them."""
    scene = scene_of(run)
    tint = _TINTS[(run.act - 1) % len(_TINTS)]
    if scene == "over":
        tint = (104, 34, 40)

    def make() -> pygame.Surface:
        whole = pygame.Surface((view.width, view.height), 0, 32)
        picture = brush.picture(("scene", scene, tint), WIDTH, HEIGHT, lambda pen: _DRAWN[scene](pen, tint))
        whole.blit(picture, [round(v) for v in view.origin])
        if scene != "title":
            brush_bar(whole, brush, view)
        return whole

    if scene != "map":
        return brush.derived(("background", scene, tint), make)

    def with_paths() -> pygame.Surface:
        whole = brush.derived(("background", scene, tint), make).copy()
        paths = brush.draw(WIDTH, HEIGHT, lambda pen: _paths(pen, run))
        whole.blit(paths, [round(v) for v in view.origin])
        return whole

    return brush.latest("map", (run.runs, run.act), with_paths)


def _paths(pen: Pen, run: Run) -> None:
    for node in run.map.nodes.values():
        for column in node.leads_to:
            _dots(pen, node, run.map.nodes[node.row + 1, column], run.act)


def _dots(pen: Pen, a: Node, b: Node, act: int) -> None:
    (x0, y0), (x1, y1) = map_point(a, act), map_point(b, act)
    steps = max(3, round(math.hypot(x1 - x0, y1 - y0) / 11))
    for i in range(1, steps):
        pen.circle(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps, 2.4, (96, 72, 54))


def brush_bar(whole: pygame.Surface, brush: Brush, view: View) -> None:
    """The top bar's ground."""

    def bar(pen: Pen) -> None:
        pen.rect(Rect(0, 0, WIDTH, 50), (30, 28, 40))
        pen.rect(Rect(0, 46, WIDTH, 4), (92, 78, 58))

    whole.blit(brush.picture("bar", WIDTH, 50, bar), [round(v) for v in view.origin])


def ambience(screen: pygame.Surface, brush: Brush, view: View, scene: str, frame: int) -> None:
    """Torches that flicker and dust that drifts."""
    left, top = view.origin
    for i, (x, y) in enumerate(TORCHES.get(scene, ())):
        grow = 2.6 if scene == "camp" else 1.0
        shape = zlib.crc32(f"{frame // 2}/{i}".encode()) % _FLAMES
        draw = partial(_flame, shape=shape, grow=grow)
        flame = brush.picture(("flame", shape, grow), 44 * grow, 62 * grow, draw)
        screen.blit(flame, (left + (x - 22 * grow) * view.scale, top + (y - 58 * grow) * view.scale))
    mote = brush.picture("mote", 6, 6, lambda pen: pen.circle(3, 3, 1.6, (236, 220, 180)))
    for i in range(18):
        noise = zlib.crc32(f"mote{i}".encode())
        x = (noise % WIDTH + frame * (0.3 + noise % 5 / 8)) % WIDTH
        y = 60 + ((noise >> 8) % 430 + 14 * math.sin(frame / (14 + noise % 9) + noise % 7)) % 440
        screen.blit(mote, (left + x * view.scale, top + y * view.scale))


def _flame(pen: Pen, shape: int, grow: float) -> None:
    lean = (shape % 3 - 1) * 4 * grow
    high = (4 + shape * 2) * grow
    for size, color in ((1.0, (232, 96, 34)), (0.68, (250, 168, 50)), (0.36, (255, 238, 160))):
        w, base = 15 * grow * size, 58 * grow
        tip = base - (52 * grow - high) * size
        pen.poly(
            [(22 * grow - w, base - 12 * grow * size), (22 * grow - w * 0.4, base - 26 * grow * size),
             (22 * grow + lean * size, tip), (22 * grow + w * 0.5, base - 24 * grow * size),
             (22 * grow + w, base - 10 * grow * size), (22 * grow, base)],
            color,
        )  # fmt: skip
    pen.rect(Rect(18 * grow, 54 * grow, 8 * grow, 8 * grow), (70, 50, 40), 2)

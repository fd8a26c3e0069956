"""The whole picture: a background, what the layout says stands where, and what moves before it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
import pygame

from groundup.envs.spire import draw_fight, icons
from groundup.envs.spire.canvas import Canvas
from groundup.envs.spire.cardart import card_surface
from groundup.envs.spire.effects import DISCARD_PILE, FADE_FRAMES, FLIGHT_FRAMES, FLOAT_FRAMES, Motion
from groundup.envs.spire.geometry import Rect, View
from groundup.envs.spire.icons import ROOMS, Stamp, stamped
from groundup.envs.spire.layout import CARD_H, CARD_W, CardFace, Widget
from groundup.envs.spire.paint import CREAM, GOLD, GREEN, INK, RED, Brush, Color, Pen, mix
from groundup.envs.spire.run import Run
from groundup.envs.spire.scenes import ambience, background, scene_of
from groundup.envs.spire.session import Session
from groundup.envs.types import Pixels

Drawer = Callable[[Canvas, Widget, Run, Motion], None]


class Renderer:
    """Draws frames of one size."""

    def __init__(self, size: tuple[int, int]) -> None:
        """`size` is width and height of the frames in pixels."""
        self._view = View(*size)
        self._brush = Brush(self._view.scale)
        self.surface = pygame.Surface(size, 0, 32)
        self._motion = Motion()

    def draw(self, session: Session, frame: int) -> None:
        """Draw the session's screen on `surface`; each call moves the animations on by one frame."""
        run, layout = session.run, session.layout
        self._motion.advance(run, layout, session.played, session.refused)
        session.played, session.refused = [], []
        canvas = Canvas(self.surface, self._brush, self._view, frame, session.ui)
        self.surface.blit(background(self._brush, self._view, run), (0, 0))
        ambience(self.surface, self._brush, self._view, scene_of(run), frame)
        for widget in layout.widgets:
            _DRAWERS[widget.kind](canvas, widget, run, self._motion)
        _effects(canvas, self._motion)

    def pixels(self) -> Pixels:
        """The picture drawn last, as an RGB array of its own."""
        memory: Any = self.surface.get_view("0")
        rows = np.frombuffer(memory, np.uint8).reshape(self._view.height, self._view.width, 4)
        pixels: Pixels = np.empty((self._view.height, self._view.width, 3), np.uint8)
        # OpenCV converts in 0.5 ms what numpy's own reordering takes 7 ms for.
        cv2.cvtColor(rows, cv2.COLOR_BGRA2RGB, dst=pixels)
        return pixels


def _effects(canvas: Canvas, motion: Motion) -> None:
    for flight in motion.flights:
        share = flight.age / FLIGHT_FRAMES
        width = round(CARD_W * (1 - 0.8 * share))
        shrink = partial(_shrunk, canvas, flight.face, width)
        card = canvas.brush.derived(("flight", flight.face, width), shrink)
        x = flight.start.cx + (DISCARD_PILE[0] - flight.start.cx) * share
        arc = -260 * share * (1 - share) * 2
        y = flight.start.cy + (DISCARD_PILE[1] - flight.start.cy) * share + arc
        canvas.put(card, x - width / 2, y - width * CARD_H / CARD_W / 2)
    for number in motion.floats:
        rise = 70 * number.age / FLOAT_FRAMES
        canvas.write(number.text, number.x, number.y - rise, 40, number.color)
    if motion.fade:
        shade = canvas.brush.derived("shade", lambda: pygame.Surface(canvas.screen.get_size(), 0, 32))
        shade.set_alpha(190 * motion.fade // FADE_FRAMES)
        canvas.screen.blit(shade, (0, 0))


def _shrunk(canvas: Canvas, face: CardFace, width: int) -> pygame.Surface:
    whole = card_surface(canvas.brush, face, CARD_W)
    k = canvas.view.scale
    return pygame.transform.smoothscale(
        whole, (max(1, round(width * k)), max(1, round(width * CARD_H / CARD_W * k)))
    )


def _card(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del run
    assert widget.face is not None
    in_hand = widget.key.startswith("hand")
    x, y = motion.card_at(widget) if in_hand else (widget.box.x, widget.box.y)
    x += motion.shake(widget.key)
    width = widget.box.w
    selected = in_hand and canvas.ui.selected == widget.value
    hovered = canvas.hovered(widget.box) and widget.press is not None and widget.lit
    if widget.lit and (in_hand or hovered):
        color = GOLD if selected else (255, 246, 200) if hovered else (96, 226, 240)
        height = width * CARD_H / CARD_W

        def glow(pen: Pen) -> None:
            for i, share in ((0, 0.45), (2, 0.0)):
                pen.rect(Rect(i, i, width + 8 - 2 * i, height + 8 - 2 * i), mix(color, INK, share), 14 - i)

        canvas.stamp(("glow", width, color), Rect(x - 4, y - 4, width + 8, height + 8), glow)
    canvas.put(card_surface(canvas.brush, widget.face, width), x, y)


def _button(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del motion
    view = run.fight
    done = widget.key == "end_turn" and view is not None and not any(c.targets for c in view.hand)
    color: Color = (52, 122, 74) if done else (120, 62, 48) if widget.key == "end_turn" else (58, 76, 116)
    bright = canvas.hovered(widget.box) and widget.lit
    canvas.plate("button", widget.box, color, bright)
    size = 22 if widget.box.h < 56 or len(widget.text) > 9 else 25
    canvas.write(widget.text, widget.box.cx, widget.box.cy, size if widget.key != "end_turn" else 23)


def _choice_button(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del run, motion
    name, what = widget.text.split("\n")
    bright = canvas.hovered(widget.box) and widget.lit
    color: Color = ((62, 104, 66) if widget.key == "rest" else (122, 74, 44)) if widget.lit else (74, 72, 76)
    canvas.plate("choice", widget.box, color, bright, 16)
    motif, tint = (icons.heart, RED) if widget.key == "rest" else (icons.anvil, (176, 182, 198))
    box = Rect(widget.box.cx - 40, widget.box.y + 18, 80, 80)
    canvas.stamp(("choice_icon", widget.key), box, stamped(motif, tint, 40, 38))
    canvas.write(name, widget.box.cx, widget.box.y + 124, 30)
    canvas.write(what, widget.box.cx, widget.box.y + 160, 20)


def _hud(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del run, motion
    box, x = widget.box, widget.box.x + 4
    if widget.key in ("hp", "gold"):
        motif, tint = (icons.heart, RED) if widget.key == "hp" else (icons.coin, GOLD)
        place = Rect(box.x, box.cy - 16, 32, 32)
        canvas.stamp(("hud", widget.key), place, stamped(motif, tint, 16, 15))
        x = box.x + 40
    color = {"hp": (255, 150, 140), "gold": GOLD}.get(widget.key, CREAM)
    canvas.write(widget.text, x, box.cy, 25, color, align="left")


def _hud_button(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del run, motion
    bright = canvas.hovered(widget.box)
    motif, tint = (
        (icons.gear, (176, 180, 194)) if widget.key == "settings" else (icons.cards, (214, 178, 120))
    )
    color = mix(tint, CREAM, 0.5) if bright else tint
    left = widget.box.x if widget.key == "deck" else widget.box.cx - 18
    place = Rect(left, widget.box.cy - 18, 36, 36)
    canvas.stamp(("hud_button", widget.key, bright), place, stamped(motif, color, 18, 16))
    if widget.key == "deck":
        canvas.write(widget.text, widget.box.x + 40, widget.box.cy, 23, align="left")


def _node(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del motion
    node, radius = widget.node, widget.box.w / 2
    assert node is not None
    hovered = widget.lit and canvas.hovered(widget.box)
    visited, here = bool(widget.value), bool(run.path) and run.path[-1] == node
    state = "here" if here else "past" if visited else "open" if widget.lit else "far"
    ground: Color = {
        "open": (250, 226, 150),
        "far": (150, 128, 98),
        "past": (112, 94, 76),
        "here": (206, 150, 84),
    }[state]

    def paint(pen: Pen) -> None:
        pen.circle(radius, radius, radius, INK)
        pen.circle(radius, radius, radius - 2.5, mix(ground, CREAM, 0.5) if hovered else ground)
        if node.room in ROOMS:
            motif, tint = ROOMS[node.room]
            faded = tint if state in ("open", "here") else mix(tint, ground, 0.45)
            motif(Stamp(pen, radius, radius, radius * 0.62, faded))

    canvas.stamp(("node", node.room, radius, state, hovered), widget.box, paint)
    if node.room == "unknown":
        canvas.write(
            "?", widget.box.cx, widget.box.cy, 30, (120, 200, 190) if widget.lit else (190, 186, 160)
        )
    if widget.lit:
        grow = (2, 3, 5, 6, 5, 3)[canvas.frame // 3 % 6]
        ring = Rect(widget.box.x - 8, widget.box.y - 8, widget.box.w + 16, widget.box.h + 16)

        def pulse(pen: Pen) -> None:
            pen.circle(radius + 8, radius + 8, radius + grow, (178, 40, 36), 3)

        canvas.stamp(("pulse", radius, grow), ring, pulse)


def _heading(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del run, motion
    box = widget.box

    def ribbon(pen: Pen) -> None:
        pen.poly([(0, 8), (40, 8), (40, box.h - 8), (0, box.h - 8), (20, box.h / 2)], (110, 40, 40), INK, 3)
        w = box.w
        pen.poly(
            [(w, 8), (w - 40, 8), (w - 40, box.h - 8), (w, box.h - 8), (w - 20, box.h / 2)],
            (110, 40, 40),
            INK,
            3,
        )
        pen.rect(Rect(26, 0, box.w - 52, box.h), INK, 8)
        pen.rect(Rect(29, 3, box.w - 58, box.h - 6), (150, 54, 48), 7)

    canvas.stamp(("ribbon", box.w, box.h), box, ribbon)
    canvas.write(widget.text, box.cx, box.cy, 40 if box.h > 60 else 30)


def _title(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del run, motion
    canvas.write(widget.text, widget.box.cx, widget.box.cy, 84, (255, 226, 160))


def _line(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del run, motion
    canvas.write(widget.text, widget.box.cx, widget.box.cy, 27)


def _gold_line(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del run, motion
    place = Rect(widget.box.cx - 92, widget.box.cy - 18, 36, 36)
    canvas.stamp("gold_line", place, stamped(icons.coin, GOLD, 18, 17))
    canvas.write(widget.text, widget.box.cx + 12, widget.box.cy, 28, GOLD)


def _chest(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del run, motion
    shut, box = not widget.value, widget.box
    hovered = shut and canvas.hovered(box)

    def paint(pen: Pen) -> None:
        w, h = box.w, box.h
        wood = mix((150, 94, 46), CREAM, 0.18 if hovered else 0.0)
        lid = [(w * 0.06, h * 0.46), (w * 0.12, h * 0.16), (w * 0.88, h * 0.16), (w * 0.94, h * 0.46)]
        if not shut:
            lid = [(w * 0.1, h * 0.4), (w * 0.04, h * 0.02), (w * 0.96, h * 0.02), (w * 0.9, h * 0.4)]
        pen.poly(lid, mix(wood, INK, 0.0 if shut else 0.45), INK, 5)
        pen.poly(
            [(w * 0.06, h * 0.44), (w * 0.94, h * 0.44), (w * 0.9, h * 0.96), (w * 0.1, h * 0.96)],
            wood,
            INK,
            5,
        )
        for x in (0.2, 0.76):
            pen.rect(Rect(w * x, h * 0.45, w * 0.05, h * 0.5), (206, 164, 70))
        if shut:
            pen.rect(Rect(w * 0.44, h * 0.38, w * 0.12, h * 0.2), GOLD, 6)
            pen.circle(w * 0.5, h * 0.47, 7, INK)
        else:
            pen.ellipse(w * 0.5, h * 0.43, w * 0.4, h * 0.07, INK)
            for i in range(9):
                pen.circle(w * (0.18 + i * 0.08), h * (0.42 - 0.03 * (i % 3)), 14, GOLD)

    canvas.stamp(("chest", shut, hovered), box, paint)
    if shut:
        canvas.write("Open the chest", box.cx, box.y + box.h + 26, 24)


def _veil(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del run, motion

    def shade() -> pygame.Surface:
        x, y, w, h = canvas.view.to_frame(widget.box)
        del x, y
        dark = pygame.Surface((w, h), 0, 32)
        dark.fill((12, 10, 18))
        dark.set_alpha(205)
        return dark

    canvas.put(canvas.brush.derived(("veil", widget.box), shade), widget.box.x, widget.box.y)


def _panel(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del run, motion
    canvas.plate("panel", widget.box, (46, 44, 64), False, 18)


def _toggle(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    del run, motion
    box, bright = widget.box, canvas.hovered(widget.box)
    canvas.plate("toggle", box, (66, 70, 96), bright)
    canvas.write(widget.text, box.x + 24, box.cy, 24, align="left")
    mark = Rect(box.x + box.w - 54, box.cy - 16, 32, 32)

    def tick(pen: Pen) -> None:
        pen.rect(Rect(0, 0, 32, 32), INK, 6)
        pen.rect(Rect(3, 3, 26, 26), (220, 214, 200), 4)
        if widget.lit:
            pen.line([(8, 16), (14, 23), (25, 8)], mix(GREEN, INK, 0.4), 5)

    canvas.stamp(("tick", widget.lit), mark, tick)


_DRAWERS: dict[str, Drawer] = {
    "title": _title,
    "heading": _heading,
    "line": _line,
    "gold_line": _gold_line,
    "button": _button,
    "choice_button": _choice_button,
    "hud": _hud,
    "hud_button": _hud_button,
    "node": _node,
    "card": _card,
    "chest": _chest,
    "veil": _veil,
    "panel": _panel,
    "toggle": _toggle,
    "hero": draw_fight.hero,
    "enemy": draw_fight.enemy,
    "energy": draw_fight.energy,
    "pile": draw_fight.pile,
}

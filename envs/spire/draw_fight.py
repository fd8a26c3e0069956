"""Drawing of what is on screen in a fight."""

from __future__ import annotations

import zlib

from groundup.envs.spire.canvas import Canvas
from groundup.envs.spire.effects import Motion
from groundup.envs.spire.engine import Enemy
from groundup.envs.spire.geometry import Rect
from groundup.envs.spire.icons import INTENTS, Motif, boot, down, fist, heart, shield, stamped, star, wing
from groundup.envs.spire.layout import Widget
from groundup.envs.spire.paint import BLUE, CREAM, GOLD, INK, RED, Color, Pen, mix
from groundup.envs.spire.run import Run
from groundup.envs.spire.sprites import ENEMIES, HERO, Sprite

_FLOOR = 424
"""Where feet stand."""
_STATUS: dict[str, tuple[Motif, Color]] = {
    "Strength": (fist, (226, 84, 64)),
    "Dexterity": (boot, (110, 200, 96)),
    "Vulnerable": (heart, (236, 140, 50)),
    "Weak": (down, (160, 120, 220)),
    "Frail": (shield, (160, 164, 176)),
    "Ritual": (wing, (110, 160, 240)),
}


def hero(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    """The Ironclad with HP, block and statuses."""
    view = run.fight
    assert view is not None
    x = widget.box.cx + motion.shake("hero")
    _sprite(canvas, "hero", HERO, x, canvas.breath(0.0))
    _bar(canvas, motion, "hero", widget.box.cx, 190, (run.hp, view.max_hp, view.block))
    _statuses(canvas, view.statuses, widget.box.cx)


def enemy(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    """An enemy with its intent above, HP, block and statuses below."""
    one = widget.enemy
    assert one is not None
    sprite = ENEMIES[one.kind]
    narrow = min(1.0, (widget.box.w - 4) / sprite.width)
    breath = canvas.breath(0.23 + 0.31 * one.slot)
    _sprite(canvas, one.kind, sprite, widget.box.cx + motion.shake(widget.key), breath, narrow)
    top = _FLOOR - sprite.height * narrow
    _intent(canvas, one, widget.box.cx, top - 34 + canvas.breath(0.5, 44) * 1.5)
    width = min(150.0, widget.box.w - 46)
    _bar(canvas, motion, widget.key, widget.box.cx, width, (one.hp, one.max_hp, one.block))
    _statuses(canvas, one.statuses, widget.box.cx)
    hovered = canvas.hovered(widget.box) and canvas.ui.overlay is None
    if hovered:
        canvas.write(widget.text, widget.box.cx, top - 70, 17)
    if _aiming(canvas, run):
        _brackets(canvas, Rect(widget.box.x, top - 10, widget.box.w, sprite.height * narrow + 20), hovered)


def _aiming(canvas: Canvas, run: Run) -> bool:
    selected, view = canvas.ui.selected, run.fight
    return selected is not None and view is not None and run.cards[view.hand[selected].id].targeted


def _brackets(canvas: Canvas, box: Rect, bright: bool) -> None:
    color = (255, 110, 80) if bright else (236, 214, 150)

    def paint(pen: Pen) -> None:
        reach = 22
        for cx, sx in ((4, 1), (box.w - 4, -1)):
            for cy, sy in ((4, 1), (box.h - 4, -1)):
                points = [(cx + sx * reach, cy), (cx, cy), (cx, cy + sy * reach)]
                pen.line(points, INK, 8)
                pen.line(points, color, 4)

    canvas.stamp(("brackets", box.w, box.h, bright), box, paint)


def _sprite(canvas: Canvas, name: str, sprite: Sprite, x: float, breath: float, narrow: float = 1.0) -> None:
    width, height = sprite.width * narrow, sprite.height * narrow

    def shadow(pen: Pen) -> None:
        pen.ellipse(width / 2, 10, width / 2, 9, (24, 20, 26))

    canvas.stamp(("shadow", width), Rect(x - width / 2, _FLOOR - 11, width, 20), shadow)

    def paint(pen: Pen) -> None:
        sprite.draw(pen.scaled(narrow), sprite.width, sprite.height)

    canvas.stamp(
        ("sprite", name, narrow), Rect(x - width / 2, _FLOOR - height + breath, width, height), paint
    )


def _bar(
    canvas: Canvas, motion: Motion, key: str, x: float, width: float, numbers: tuple[int, int, int]
) -> None:
    hp, most, block = numbers
    box = Rect(x - width / 2, 434, width, 13)
    shown = max(0.0, min(1.0, motion.bar(key, hp) / max(1, most)))
    color: Color = (86, 140, 214) if block else (206, 48, 48)

    def back(pen: Pen) -> None:
        pen.rect(Rect(0, 0, box.w, box.h), INK, 6)
        pen.rect(Rect(2, 2, box.w - 4, box.h - 4), (70, 42, 46), 5)

    canvas.stamp(("bar", width), box, back)
    filled = max(0, round((box.w - 4) * shown))
    if filled > 2:

        def front(pen: Pen) -> None:
            pen.rect(Rect(0, 0, filled, box.h - 4), color, 4)
            pen.rect(Rect(2, 1, filled - 4, 3), mix(color, CREAM, 0.45), 2)

        canvas.stamp(("fill", filled, color), Rect(box.x + 2, box.y + 2, filled, box.h - 4), front)
    canvas.write(f"{hp}/{most}", x, 461, 20)
    if block:
        badge = Rect(box.x - 24, 420, 40, 42)
        canvas.stamp("block", badge, stamped(shield, (92, 146, 214), 20, 20))
        canvas.write(str(block), badge.cx, badge.cy, 19, (255, 255, 255))


def _statuses(canvas: Canvas, statuses: tuple[tuple[str, int], ...], x: float) -> None:
    step = 44
    left = x - step * min(4, len(statuses)) / 2
    for i, (name, amount) in enumerate(statuses[:4]):
        motif, color = _STATUS.get(name, (star, _own_color(name)))
        box = Rect(left + i * step, 477, 22, 22)
        canvas.stamp(("status", name), box, stamped(motif, color, 11, 10))
        canvas.write(str(amount), box.x + 23, box.cy, 18, align="left")


def _own_color(name: str) -> Color:
    noise = zlib.crc32(name.encode())
    return 120 + noise % 130, 120 + (noise >> 8) % 130, 120 + (noise >> 16) % 130


def _intent(canvas: Canvas, one: Enemy, x: float, y: float) -> None:
    intent = one.intent
    shown = [
        name for name in ("attack", "block", "buff", "debuff", "escape", "split") if getattr(intent, name)
    ]
    if not shown:
        shown = ["sleep"] if one.kind == "Lagavulin" else []
    if not shown:
        canvas.write("?", x, y, 32, GOLD)
    width = 40 * len(shown) + (38 if intent.attack else 0)
    left = x - width / 2
    for name in shown:
        motif, color = INTENTS[name]
        canvas.stamp(("intent", name), Rect(left, y - 19, 38, 38), stamped(motif, color, 19, 17))
        left += 40
        if name == "attack":
            canvas.write(str(intent.damage), left + 2, y, 30, (255, 255, 255), align="left")
            left += 38


def energy(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    """The energy orb; dim when empty."""
    del motion
    full = bool(run.fight and run.fight.energy)
    box = widget.box
    color: Color = (168, 52, 30) if full else (70, 64, 68)

    def paint(pen: Pen) -> None:
        pen.circle(46, 46, 45, INK)
        pen.circle(46, 46, 42, (240, 150, 60) if full else (120, 112, 112))
        pen.circle(46, 46, 37, color)
        pen.ellipse(46, 22, 20, 8, mix(color, CREAM, 0.3))

    canvas.stamp(("energy", full), box, paint)
    canvas.write(widget.text, box.cx, box.cy, 31, (255, 255, 255))


def pile(canvas: Canvas, widget: Widget, run: Run, motion: Motion) -> None:
    """The draw or discard pile with its number of cards."""
    del run, motion
    color: Color = (70, 96, 140) if widget.key == "draw" else (120, 76, 60)
    bright = canvas.hovered(widget.box)

    def paint(pen: Pen) -> None:
        for i in range(3):
            pen.rect(Rect(14 + 6 * i, 16 - 6 * i, 48, 62), INK, 6)
            pen.rect(
                Rect(16 + 6 * i, 18 - 6 * i, 44, 58), mix(color, CREAM, 0.1 + 0.2 * bright + 0.08 * i), 5
            )
        pen.circle(50, 34, 12, GOLD if widget.key == "draw" else RED)

    canvas.stamp(("pile", widget.key, bright), widget.box, paint)
    canvas.stamp("pile_count", Rect(widget.box.x + 56, widget.box.y + 48, 38, 34), _count_plate)
    canvas.write(widget.text, widget.box.x + 75, widget.box.y + 65, 20)


def _count_plate(pen: Pen) -> None:
    pen.circle(19, 17, 16, INK)
    pen.circle(19, 17, 13.5, mix(BLUE, INK, 0.55))

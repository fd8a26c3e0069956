"""Faces of cards: a frame by kind, a picture of its own for each card, cost, title and text."""

from __future__ import annotations

import math
import zlib

import pygame

from groundup.envs.spire import icons
from groundup.envs.spire.cards import base_id
from groundup.envs.spire.geometry import Rect
from groundup.envs.spire.icons import Motif, Stamp
from groundup.envs.spire.layout import CARD_H, CARD_W, CardFace
from groundup.envs.spire.paint import CREAM, GREEN, INK, Brush, Color, Pen, mix

_FRAMES: dict[str, Color] = {
    "attack": (172, 58, 50),
    "skill": (58, 112, 126),
    "power": (178, 128, 44),
    "status": (98, 94, 104),
}
_MOTIFS: dict[str, str] = {
    "Strike": "sword", "Defend": "shield", "Bash": "fist", "Anger": "horns", "Armaments": "anvil shield",
    "BodySlam": "shield fist", "Clash": "swords", "Cleave": "axe", "Clothesline": "fist wing",
    "Flex": "fist up", "Havoc": "cards bolt", "Headbutt": "skull star", "HeavyBlade": "sword hammer",
    "IronWave": "wave sword", "PerfectedStrike": "sword star", "PommelStrike": "sword cards",
    "ShrugItOff": "shield wing", "SwordBoomerang": "spiral sword", "Thunderclap": "bolt wave",
    "TrueGrit": "shield flame", "TwinStrike": "swords bolt", "Warcry": "wave horns", "WildStrike": "axe drop",
    "BattleTrance": "eye cards", "BloodForBlood": "drop sword", "Bloodletting": "drop", "BurningPact":
    "flame cards", "Carnage": "axe skull", "Combust": "flame star", "DarkEmbrace": "wing eye",
    "Disarm": "down sword", "Dropkick": "boot", "DualWield": "swords cards", "Entrench": "shield anvil",
    "Evolve": "spiral up", "FeelNoPain": "heart shield", "FireBreathing": "wave flame", "FlameBarrier":
    "flame shield", "GhostlyArmor": "skull shield", "Hemokinesis": "drop fist", "InfernalBlade":
    "flame sword", "Inflame": "flame", "Intimidate": "skull wave", "Metallicize": "anvil", "PowerThrough":
    "fist shield", "Pummel": "fist bolt", "Rage": "horns flame", "Rampage": "horns axe", "RecklessCharge":
    "boot wing", "Rupture": "heart bolt", "SearingBlow": "hammer flame", "SecondWind": "wing",
    "SeeingRed": "eye drop", "Sentinel": "shield eye", "SeverSoul": "axe spiral", "Shockwave": "wave",
    "SpotWeakness": "eye up", "Uppercut": "fist star", "Whirlwind": "spiral axe",
    "Barricade": "chains shield",
    "Berserk": "horns bolt", "Bludgeon": "hammer", "Brutality": "drop skull", "Corruption": "spiral skull",
    "DemonForm": "horns", "DoubleTap": "bolt fist", "Exhume": "skull cards", "Feed": "heart skull",
    "FiendFire": "flame horns", "Immolate": "flame bolt", "Impervious": "shield star", "Juggernaut":
    "anvil fist", "LimitBreak": "chains bolt", "Offering": "heart drop", "Reaper": "axe heart",
    "Slimed": "mushroom", "Dazed": "spiral", "Wound": "drop bolt", "Burn": "flame down",
}  # fmt: skip


def _hue(seed: int, light: float) -> Color:
    color = pygame.Color(0)
    color.hsva = (seed % 360, 62, light, 100)
    return color.r, color.g, color.b


def _motif(name: str) -> Motif:
    found: Motif = getattr(icons, name)
    return found


def draw_art(pen: Pen, card: str, box: Rect) -> None:
    """The picture of a card: rays or hills in colours of its own, and its motifs before them."""
    base = base_id(card)
    seed = zlib.crc32(base.encode())
    dark, light = _hue(seed, 30), _hue(seed + 40 + seed // 360 % 80, 62)
    for i in range(12):
        strip = Rect(box.x, box.y + box.h * i / 12, box.w, box.h / 12 + 1)
        pen.rect(strip, mix(dark, light, i / 11))
    bright = mix(light, CREAM, 0.35)
    if seed % 3 == 0:
        for i in range(7):
            a = math.pi * (i + 0.3 + (seed >> 5) % 7 / 7) / 7
            far = [
                (box.cx + math.cos(a + d) * box.w * 0.55, box.y + box.h - math.sin(a + d) * box.h)
                for d in (0, 0.14)
            ]
            pen.poly([(box.cx, box.y + box.h), *far], mix(light, bright, 0.5))
    elif seed % 3 == 1:
        pen.circle(
            box.x + box.w * (0.25 + (seed >> 4) % 5 / 10), box.cy, box.h * 0.38, mix(light, bright, 0.6)
        )
    else:
        hill = [
            (box.x + box.w * i / 8, box.y + box.h * (0.55 + 0.3 * ((seed >> i) % 4) / 4)) for i in range(9)
        ]
        pen.poly([(box.x, box.y + box.h), *hill, (box.x + box.w, box.y + box.h)], mix(dark, INK, 0.3))
    names = _MOTIFS.get(base, "star").split()
    paint = _hue(seed + 180, 95)
    for i, name in enumerate(names):
        off = 0 if len(names) == 1 else (-0.22, 0.22)[i] * box.w
        size = box.h * (0.44 if len(names) == 1 else 0.38)
        tint = mix(paint, CREAM, 0.45) if i == 0 else _hue(seed + 110, 92)
        _motif(name)(Stamp(pen, box.cx + off, box.cy, size, tint))


def card_surface(brush: Brush, face: CardFace, width: float) -> pygame.Surface:
    """A card `width` virtual pixels wide; cached by all that is on it."""
    return brush.derived(("card", face, width), lambda: _compose(brush, face, width))


def _compose(brush: Brush, face: CardFace, width: float) -> pygame.Surface:
    grow = width / CARD_W
    title_size, text_size = round(16 * grow), round(14 * grow)
    lines = brush.wrap(face.text, text_size, width - 14)
    titles = brush.wrap(face.name, title_size, width - 38 * grow)
    head = (12 + 15 * len(titles)) * grow
    step = 15 * grow
    # The text has the room it needs; the picture takes what is left.
    art = Rect(8 * grow, head, width - 16 * grow, CARD_H * grow - head - len(lines) * step - 14 * grow)
    art = art._replace(h=min(art.h, 92 * grow))
    frame = _FRAMES[face.kind]

    def paint(pen: Pen) -> None:
        whole = Rect(0, 0, width, CARD_H * grow)
        pen.rect(whole, mix(frame, INK, 0.72), 11 * grow)
        pen.rect(Rect(2, 2, whole.w - 4, whole.h - 4), frame, 10 * grow)
        pen.rect(Rect(6, 6, whole.w - 12, whole.h - 12), (40, 33, 40), 8 * grow)
        pen.clip(art)
        draw_art(pen, face.id, art)
        pen.clip(None)
        pen.rect(art, mix(frame, INK, 0.5), 3 * grow, 2 * grow)
        if face.kind != "status":
            pen.circle(17 * grow, 17 * grow, 16 * grow, INK)
            pen.circle(17 * grow, 17 * grow, 14 * grow, (228, 150, 40))
            pen.circle(17 * grow, 17 * grow, 11 * grow, (196, 104, 24))

    card = brush.picture(("frame", face.id, face.kind, art, width), width, CARD_H * grow, paint).copy()
    k = brush.scale
    title_color = GREEN if "+" in face.name else CREAM
    for i, line in enumerate(titles):
        text = brush.text(line, title_size, title_color)
        middle = (width + 24 * grow) / 2 * k
        card.blit(text, (middle - text.get_width() / 2, ((8 + 15 * i) * grow * k)))
    top = art.y + art.h + (CARD_H * grow - art.y - art.h - len(lines) * step) / 2 - 3 * grow
    for i, line in enumerate(lines):
        text = brush.text(line, text_size, CREAM, None)
        card.blit(text, ((width * k - text.get_width()) / 2, (top + i * step) * k))
    if face.kind != "status":
        cost = brush.text("X" if face.cost < 0 else str(face.cost), round(20 * grow), (255, 255, 255))
        card.blit(cost, (17 * grow * k - cost.get_width() / 2, 17 * grow * k - cost.get_height() / 2))
    if not face.lit:
        shade = pygame.Surface(card.get_size(), pygame.SRCALPHA)
        shade.fill((138, 138, 146, 255))
        card.blit(shade, (0, 0), special_flags=pygame.BLEND_RGB_MULT)
    return card

"""Made-up game screens whose things are known: to fit the ranking on, and to check it anywhere.

Backgrounds, panels, cards, buttons, rows, icons and creatures in random styles; no game's art.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from groundup.envs.types import Pixels
from groundup.perception.types import Box

Colour = tuple[int, int, int]
Shape = NDArray[np.int32]

WORDS = (
    "end turn attack shield save load trade move build city map gold skip proceed return deck rest upgrade"
)


@dataclass(slots=True, eq=False)
class Screen:
    """A drawn screen: `pixels` uint8 RGB, the boxes of its things, and of its plain text."""

    pixels: Pixels
    things: list[Box] = field(default_factory=list)
    texts: list[Box] = field(default_factory=list)


def screen(seed: int, width: int = 1280, height: int = 720) -> Screen:
    """The made-up screen of that number; the same number gives the same screen."""
    painter = _Painter(np.random.default_rng(seed), width, height)
    painter.paint()
    return painter.screen


class _Painter:
    def __init__(self, rng: np.random.Generator, width: int, height: int) -> None:
        self.rng, self.width, self.height = rng, width, height
        self.screen = Screen(self._background())
        self.style: dict[str, Any] = {
            "corner": int(rng.choice([0, 4, 8, 14])),
            "border": int(rng.choice([0, 1, 2, 3])),
            "button": self._colour(60, 200),
            "card": self._colour(30, 220),
            "ink": self._colour(200, 255),
            "outlined": bool(rng.random() < 0.5),
        }

    def paint(self) -> None:
        rng = self.rng
        self._clutter(int(rng.integers(0, 14)))
        if rng.random() < 0.7:
            self._bar()
        layouts = [self._hand, self._menu, self._nodes, self._rows, self._creatures, self._grid]
        for choice in rng.choice(len(layouts), size=int(rng.integers(1, 4)), replace=False):
            layouts[choice]()
        for _ in range(int(rng.integers(0, 4))):
            self._button(self._free(int(rng.integers(90, 210)), int(rng.integers(34, 70))))
        # What lies at the edge is cut by it, as a hand of cards is.
        self._cut()
        if rng.random() < 0.5:
            noise = rng.normal(0, rng.uniform(1, 5), self.screen.pixels.shape)
            self.screen.pixels = np.clip(self.screen.pixels + noise, 0, 255).astype(np.uint8)
        self._compress()

    def _compress(self) -> None:
        if self.rng.random() < 0.6:
            quality = int(self.rng.integers(70, 96))
            _, data = cv2.imencode(".jpg", self.screen.pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
            self.screen.pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)

    def _background(self) -> Pixels:
        rng, shape = self.rng, (self.height, self.width)
        top, bottom = np.array(self._colour(5, 170)), np.array(self._colour(5, 170))
        ramp = np.linspace(0, 1, self.height)[:, None, None]
        base = np.broadcast_to(top * (1 - ramp) + bottom * ramp, (*shape, 3)).astype(np.float32)
        rough = np.zeros(shape, dtype=np.float32)
        for octave in range(2, 8):
            cells = rng.normal(0, 1, (2**octave * 9 // 16 + 2, 2**octave)).astype(np.float32)
            smooth = np.asarray(
                cv2.resize(cells, shape[::-1], interpolation=cv2.INTER_CUBIC), dtype=np.float32
            )
            rough += smooth / np.float32(1.6 ** (octave - 2))
        strength = rng.choice([0, 6, 14, 24])
        tint = rng.uniform(0.6, 1.2, 3).astype(np.float32)
        return np.asarray(np.clip(base + strength * rough[..., None] * tint, 0, 255), dtype=np.uint8)

    def _colour(self, low: int, high: int) -> Colour:
        r, g, b = (int(v) for v in self.rng.integers(low, high, 3))
        return r, g, b

    def _free(self, w: int, h: int) -> Box:
        """A box of that size which crosses no thing yet, if twenty tries find one."""
        rng = self.rng
        for _ in range(20):
            x, y = int(rng.integers(4, self.width - w - 4)), int(rng.integers(50, self.height - h - 4))
            box = Box(x, y, w, h)
            if not any(box.intersection(t) for t in self.screen.things + self.screen.texts):
                break
        return box

    def _clutter(self, count: int) -> None:
        """Bricks, pillars, beams and rocks behind everything."""
        rng = self.rng
        for _ in range(count):
            x, y = int(rng.integers(0, self.width)), int(rng.integers(0, self.height))
            w, h = int(rng.integers(20, 260)), int(rng.integers(20, 260))
            here = self.screen.pixels[y : y + h, x : x + w]
            change = rng.integers(-28, 28, 3)
            self.screen.pixels[y : y + h, x : x + w] = np.clip(here + change, 0, 255).astype(np.uint8)

    def _cover(self, box: Box) -> None:
        """Forget what is about to be painted over."""
        seen = self.screen
        seen.things = [t for t in seen.things if t.intersection(box) < 0.25 * t.area]
        seen.texts = [t for t in seen.texts if t.intersection(box) < 0.25 * t.area]

    def _plate(self, box: Box, fill: Colour, border: Colour | None = None) -> None:
        self._cover(box)
        r = min(self.style["corner"], box.w // 3, box.h // 3)
        image = self.screen.pixels
        x, y, w, h = box
        cv2.rectangle(image, (x + r, y), (x + w - 1 - r, y + h - 1), fill, -1)
        cv2.rectangle(image, (x, y + r), (x + w - 1, y + h - 1 - r), fill, -1)
        for cx, cy in (
            (x + r, y + r),
            (x + w - 1 - r, y + r),
            (x + r, y + h - 1 - r),
            (x + w - 1 - r, y + h - 1 - r),
        ):
            cv2.circle(image, (cx, cy), r, fill, -1, cv2.LINE_AA)
        if border is not None and self.style["border"]:
            inset = r // 3
            cv2.rectangle(
                image,
                (x + inset, y + inset),
                (x + w - 1 - inset, y + h - 1 - inset),
                border,
                self.style["border"],
            )

    def _write(self, text: str, cx: int, cy: int, size: float, known: bool = False) -> Box:
        (w, h), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, size, 1)
        at = (cx - w // 2, cy + h // 2)
        if self.style["outlined"]:
            cv2.putText(
                self.screen.pixels, text, at, cv2.FONT_HERSHEY_DUPLEX, size, (0, 0, 0), 3, cv2.LINE_AA
            )
        cv2.putText(
            self.screen.pixels, text, at, cv2.FONT_HERSHEY_DUPLEX, size, self.style["ink"], 1, cv2.LINE_AA
        )
        box = Box(at[0], at[1] - h, w, h + below)
        if not known:
            self.screen.texts.append(box)
        return box

    def _word(self) -> str:
        words = WORDS.split()
        count = int(self.rng.integers(1, 3))
        return " ".join(str(self.rng.choice(words)).title() for _ in range(count))

    def _blob(self, box: Box, parts: int) -> None:
        """A glyph or a creature: a few solid shapes filling the box."""
        self._cover(box)
        rng, (x, y, w, h) = self.rng, box
        main = self._colour(20, 240)
        cv2.ellipse(
            self.screen.pixels, (x + w // 2, y + h // 2), (w // 2, h // 2), 0, 0, 360, main, -1, cv2.LINE_AA
        )
        for _ in range(parts):
            points = np.stack([x + rng.integers(0, w, 4), y + rng.integers(0, h, 4)], 1).astype(np.int32)
            shade = tuple(int(np.clip(c + rng.integers(-70, 70), 0, 255)) for c in main)
            cv2.fillConvexPoly(self.screen.pixels, np.asarray(cv2.convexHull(points)), shade, cv2.LINE_AA)
        if rng.random() < 0.4:
            cv2.ellipse(
                self.screen.pixels,
                (x + w // 2, y + h // 2),
                (w // 2, h // 2),
                0,
                0,
                360,
                (10, 10, 10),
                2,
                cv2.LINE_AA,
            )

    def _button(self, box: Box) -> None:
        self._plate(box, self.style["button"], self._colour(0, 255))
        word = self._word()
        size = float(np.clip(min(box.h / 70, box.w / (14 * len(word) + 20)), 0.4, 0.9))
        self._write(word, box.center[0], box.center[1], size, known=True)
        self.screen.things.append(box)

    def _icon(self, box: Box) -> None:
        if self.rng.random() < 0.4:
            self._plate(box, self._colour(20, 200), self._colour(0, 255))
            self._blob(Box(box.x + box.w // 5, box.y + box.h // 5, box.w * 3 // 5, box.h * 3 // 5), 2)
        else:
            self._blob(box, 3)
        self.screen.things.append(box)

    def _card(self, box: Box) -> None:
        x, y, w, h = box
        self._plate(box, self.style["card"], self._colour(0, 255))
        picture = Box(x + w // 8, y + h // 6, w * 3 // 4, h // 3)
        self._plate(picture, self._colour(0, 255))
        self._blob(Box(picture.x + picture.w // 4, picture.y + 4, picture.w // 2, max(4, picture.h - 8)), 3)
        self._write(self._word(), x + w // 2, y + h // 12, w / 260, known=True)
        for line in range(int(self.rng.integers(1, 4))):
            self._write(self._word(), x + w // 2, y + h * 5 // 8 + line * h // 10, w / 320, known=True)
        if self.rng.random() < 0.6:
            cv2.circle(self.screen.pixels, (x + 6, y + 6), w // 9, self._colour(0, 255), -1, cv2.LINE_AA)
        self.screen.things.append(box)

    def _bar(self) -> None:
        height = int(self.rng.integers(28, 48))
        self._plate(Box(0, 0, self.width, height), self._colour(10, 120))
        x = 20
        while x < self.width - 260:
            box = self._write(
                f"{self.rng.integers(0, 99)}/{self.rng.integers(0, 99)}", x + 60, height // 2, 0.5
            )
            if self.rng.random() < 0.6:
                side = height - 12
                self._blob(Box(box.x - side - 4, 6, side, side), 2)
                self.screen.texts.append(Box(box.x - side - 6, 4, side + 4, side + 4))
            x += int(self.rng.integers(110, 260))
        for slot in range(int(self.rng.integers(1, 5))):
            side = height - 6
            self._icon(Box(self.width - (slot + 1) * (side + 14), 3, side, side))

    def _hand(self) -> None:
        rng = self.rng
        w, count = int(rng.integers(90, 150)), int(rng.integers(2, 8))
        h = int(w * rng.uniform(1.2, 1.5))
        step = w + int(rng.integers(-8, 24))
        x, y = (self.width - step * count) // 2, self.height - int(h * rng.uniform(0.7, 1.05)) - 4
        for slot in range(count):
            raised = int(abs(slot - (count - 1) / 2) * rng.integers(0, 10))
            self._card(Box(x + slot * step, min(y + raised, self.height - h // 2), w, h))

    def _cut(self) -> None:
        inside = Box(0, 0, self.width, self.height)
        parts = [
            Box(t.x, t.y, min(t.w, self.width - t.x), min(t.h, self.height - t.y)) for t in self.screen.things
        ]
        self.screen.things = [part for part in parts if min(part.w, part.h) > 9 and part.intersection(inside)]

    def _menu(self) -> None:
        rng = self.rng
        w, h, count = int(rng.integers(130, 340)), int(rng.integers(34, 64)), int(rng.integers(2, 6))
        x, y = int(rng.integers(60, self.width - w - 60)), int(rng.integers(120, 300))
        if rng.random() < 0.6:
            self._plate(
                Box(x - 40, y - 60, w + 80, count * (h + 16) + 100),
                self._colour(0, 140),
                self._colour(0, 255),
            )
            self._write(self._word(), x + w // 2, y - 34, 0.8)
        for row in range(count):
            self._button(Box(x, y + row * (h + 16), w, h))

    def _rows(self) -> None:
        rng = self.rng
        w, h, count = int(rng.integers(220, 420)), int(rng.integers(34, 64)), int(rng.integers(2, 6))
        x, y = int(rng.integers(60, self.width - w - 60)), int(rng.integers(110, 300))
        if rng.random() < 0.7:
            self._plate(
                Box(x - 30, y - 50, w + 60, count * (h + 10) + 90), self._colour(0, 140), self._colour(0, 255)
            )
        for row in range(count):
            box = Box(x, y + row * (h + 10), w, h)
            self._plate(box, self.style["button"], self._colour(0, 255))
            self._blob(Box(x + 10, box.y + 8, h - 16, h - 16), 2)
            self._write(self._word(), x + w // 2, box.center[1], 0.6, known=True)
            self.screen.things.append(box)

    def _nodes(self) -> None:
        rng = self.rng
        sheet = Box(int(rng.integers(60, 300)), 60, int(rng.integers(600, 900)), self.height - 80)
        self._plate(sheet, self._colour(60, 230))
        side, last = int(rng.integers(20, 50)), None
        for _ in range(int(rng.integers(8, 36))):
            x, y = (
                int(rng.integers(sheet.x + 10, sheet.x + sheet.w - 60)),
                int(rng.integers(70, self.height - 80)),
            )
            box = Box(x, y, side, side)
            if any(box.intersection(t) for t in self.screen.things):
                continue
            if last is not None:
                self._dots(last.center, box.center)
            self._icon(box)
            last = box

    def _dots(self, a: tuple[int, int], b: tuple[int, int]) -> None:
        for share in np.linspace(0.2, 0.8, 9):
            at = (int(a[0] + (b[0] - a[0]) * share), int(a[1] + (b[1] - a[1]) * share))
            cv2.circle(self.screen.pixels, at, 2, (60, 50, 40), -1)

    def _creatures(self) -> None:
        for _ in range(int(self.rng.integers(1, 5))):
            box = self._free(int(self.rng.integers(60, 190)), int(self.rng.integers(60, 200)))
            self._blob(box, 8)
            self.screen.things.append(box)
            if self.rng.random() < 0.7:
                bar = Box(box.x, min(self.height - 8, box.y + box.h + 6), box.w, 7)
                self._plate(bar, (170, 30, 30))
                self._write("12/30", bar.center[0], bar.y + 14, 0.4)

    def _grid(self) -> None:
        rng = self.rng
        side, columns, rows = int(rng.integers(34, 110)), int(rng.integers(2, 8)), int(rng.integers(1, 4))
        gap = int(rng.integers(4, 30))
        x = int(rng.integers(20, max(21, self.width - columns * (side + gap))))
        y = int(rng.integers(80, max(81, self.height - rows * (side + gap))))
        for i in range(rows * columns):
            self._icon(Box(x + i % columns * (side + gap), y + i // columns * (side + gap), side, side))

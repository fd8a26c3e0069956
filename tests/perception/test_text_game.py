"""Reading the embedded game and real screenshots: what is drawn there is read, numbers above all."""

from __future__ import annotations

import random
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from groundup.envs.spire.game import SpireEnv
from groundup.envs.spire.layout import Widget
from groundup.envs.types import Click, Frame
from groundup.perception.numbers import numbers
from groundup.perception.text import TextReader
from groundup.perception.types import Box, TextLine
from tests import needs


def walk(seed: int, steps: int) -> Iterator[tuple[SpireEnv, Frame]]:
    """Press what can be pressed, mostly lit cards, and give the game a second to come to rest."""
    rng = random.Random(seed)
    env = SpireEnv()
    env.reset(seed=seed)
    for _ in range(steps):
        for _ in range(20):
            frame = env.observe()
        yield env, frame
        layout = env._session.layout
        open_to = [w for w in layout.widgets[layout.modal :] if w.press]
        cards = [w for w in open_to if w.kind == "card" and w.lit]
        aims = [w for w in open_to if w.kind == "enemy"] if env._session.ui.selected is not None else []
        one = rng.choice(aims or (cards if cards and rng.random() < 0.7 else open_to))
        env.act(Click(round(one.box.x + one.box.w / 2), min(715, round(one.box.y + one.box.h / 2))))
    env.close()


def written(env: SpireEnv) -> list[tuple[str, Box]]:
    """The numbers on screen, and about where."""
    layout = env._session.layout
    shown = [*layout.widgets[layout.modal :], *(w for w in layout.widgets if w.kind == "hud")]
    return [pair for widget in dict.fromkeys(shown) for pair in _on(env, widget)]


def _on(env: SpireEnv, widget: Widget) -> list[tuple[str, Box]]:
    box = Box(round(widget.box.x), round(widget.box.y), round(widget.box.w), round(widget.box.h))
    run = env._session.run
    if widget.kind in ("hud", "energy", "pile"):
        return [(widget.text, box)]
    if widget.kind == "enemy" and widget.enemy is not None:
        enemy = widget.enemy
        found = [(f"{enemy.hp}/{enemy.max_hp}", box)]
        if enemy.intent.attack:
            found.append((str(enemy.intent.damage), Box(box.x, box.y - 40, box.w, 300)))
        return found
    if widget.kind == "hero" and run.fight is not None:
        return [(f"{run.hp}/{run.fight.max_hp}", Box(box.x, box.y, box.w, box.h + 20))]
    if widget.kind == "card" and widget.face is not None and widget.face.name != "Slimed":
        return [(str(widget.face.cost), Box(box.x - 8, box.y - 8, 60, 60))] if widget.face.cost >= 0 else []
    return []


def plain(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("seed", [101, 102])
def test_the_games_numbers_are_read(seed: int) -> None:
    reader, total, wrong = TextReader(), 0, []
    for env, frame in walk(seed, 22):
        lines = reader(frame)
        for text, region in written(env):
            total += 1
            near = [plain(line.text) for line in lines if region.contains(*line.box.center)]
            if plain(text) not in near:
                wrong.append((text, near))
    assert total > 180
    assert len(wrong) <= 0.01 * total, wrong


def screen(name: str) -> list[TextLine]:
    path = needs.shared(f"data/screens/{name}")
    pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    reader = TextReader(reads=200)
    return reader(Frame(np.asarray(pixels, dtype=np.uint8), 0.0, 0))


def test_real_screenshots_give_up_their_numbers_and_words() -> None:
    lines = screen("1.jpg")
    found = [(n.value, n.maximum) for n in numbers(lines)]
    assert found.count((80, 80)) == 2
    assert {(53, 53), (3, 3), (99, None), (10, None), (5, None)} <= set(found)
    texts = [line.text for line in lines]
    assert texts.count("Strike") == 4
    assert {"End Turn", "Defend"} <= set(texts)
    lines = screen("21.jpg")
    assert {"HELP", "MENU", "JAGUAR", "Movement", "Strength"} <= {line.text for line in lines}
    assert {(10, 500), (2, 2), (8, None)} <= {(n.value, n.maximum) for n in numbers(lines)}

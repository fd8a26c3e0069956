"""The screen: same seed same frames, clicks and drags, layout and hit-testing, sizes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from groundup.envs.errors import ActionRefused
from groundup.envs.spire.engine import Engine
from groundup.envs.spire.game import SpireEnv
from groundup.envs.spire.geometry import HEIGHT, WIDTH, Rect, View
from groundup.envs.spire.layout import HAND_TOP, Ui, Widget
from groundup.envs.spire.run import Command, Run
from groundup.envs.spire.scripted import sensible
from groundup.envs.spire.session import Session
from groundup.envs.types import Click, Drag, KeyPress, Move, Scroll, Wait


@pytest.fixture(scope="module")
def env() -> Iterator[SpireEnv]:
    game = SpireEnv()
    yield game
    game.close()


def to_screen(session: Session, screen: str, seed: int = 0) -> None:
    rng = Random(seed)
    for _ in range(4000):
        if session.run.screen == screen:
            session.move(-1, -1)
            session._arranged = None
            return
        session.run.do(sensible(session.run, rng))
    raise AssertionError(screen)


def widget(session: Session, key: str) -> Widget:
    return next(w for w in session.layout.widgets if w.key == key)


def click(env: SpireEnv, key: str) -> None:
    box = widget(env._session, key).box
    env.act(Click(int(box.cx), int(box.y + min(20, box.h / 2))))


def hand_of(session: Session, card: str) -> int:
    assert session.run.fight is not None
    return next(i for i, held in enumerate(session.run.fight.hand) if held.id == card)


def random_action(rng: Random) -> Click | Drag:
    x, y = rng.randrange(WIDTH), rng.randrange(HEIGHT)
    if rng.random() < 0.25:
        return Drag(((x, y), (rng.randrange(WIDTH), rng.randrange(HEIGHT))))
    return Click(x, y)


def pressed(session: Session, rng: Random) -> Click | Drag:
    """Mostly what does something, so that a short test sees many screens."""
    widgets = [w for w in session.layout.widgets if w.press]
    if not widgets or rng.random() < 0.2:
        return random_action(rng)
    chosen = rng.choice(widgets)
    at = (int(chosen.box.cx), int(chosen.box.y + min(20, chosen.box.h / 2)))
    return Drag((at, (rng.randrange(WIDTH), 300))) if rng.random() < 0.2 else Click(*at)


def test_same_seed_and_actions_give_the_same_frames() -> None:
    def hashes(seed: int) -> list[int]:
        game, rng = SpireEnv(), Random(4)
        try:
            told = [zlib.crc32(game.reset(seed=seed).pixels)]
            for _ in range(200):
                game.act(pressed(game._session, rng))
                told.append(zlib.crc32(game.observe().pixels))
            return told
        finally:
            game.close()

    first = hashes(7)
    assert first == hashes(7)
    assert len(set(first)) > 190
    assert first != hashes(8)


def test_a_reset_gives_the_same_frames_as_a_new_game(env: SpireEnv) -> None:
    before = env.reset(seed=3).pixels
    for _ in range(30):
        env.observe()
    click(env, "start")
    assert np.array_equal(env.reset(seed=3).pixels, before)


def test_clock_and_index_go_on_and_frames_are_their_own(env: SpireEnv) -> None:
    first, second = env.reset(seed=1), env.observe()
    assert second.index == first.index + 1
    assert second.t == pytest.approx(first.t + 0.05)
    kept = second.pixels.copy()
    env.act(Click(640, 460))
    third = env.observe()
    assert not np.shares_memory(second.pixels, third.pixels)
    assert np.array_equal(second.pixels, kept)
    env.act(Wait(0.5))
    assert env.observe().index == third.index + 11


def test_the_background_never_stands_still(env: SpireEnv) -> None:
    env.reset(seed=1)
    to_screen(env._session, "fight")
    frames = [env.observe().pixels for _ in range(40)][20:]
    changed = [np.any(a != b, axis=2).mean() for a, b in pairwise(frames)]
    assert all(0 < share < 0.03 for share in changed)


def test_a_click_raises_a_card_and_a_click_on_an_enemy_plays_it(env: SpireEnv) -> None:
    env.reset(seed=1)
    session = env._session
    to_screen(session, "fight")
    place = hand_of(session, "Strike")
    before = session.run.fight
    assert before is not None
    low = widget(session, f"hand{place}").box
    click(env, f"hand{place}")
    assert session.ui.selected == place
    assert widget(session, f"hand{place}").box.y < low.y - 20
    target = next(e.slot for e in before.enemies if e.alive)
    click(env, str(target))
    after = session.run.fight
    assert after is not None
    assert after.energy == before.energy - 1
    assert session.ui.selected is None
    hurt = {e.slot: e.hp + e.block for e in after.enemies}[target]
    assert hurt < {e.slot: e.hp + e.block for e in before.enemies}[target]


def test_a_card_without_target_is_played_above_the_hand(env: SpireEnv) -> None:
    env.reset(seed=1)
    session = env._session
    to_screen(session, "fight")
    click(env, f"hand{hand_of(session, 'Defend')}")
    env.act(Click(480, 250))
    assert session.run.fight is not None
    assert session.run.fight.block == 5


def test_an_attack_needs_an_enemy_and_clicking_elsewhere_lays_it_down(env: SpireEnv) -> None:
    env.reset(seed=1)
    session = env._session
    to_screen(session, "fight")
    view = session.run.fight
    click(env, f"hand{hand_of(session, 'Strike')}")
    env.act(Click(400, 120))
    assert session.ui.selected is None
    assert session.run.fight == view


def test_drags_play_cards_too(env: SpireEnv) -> None:
    env.reset(seed=1)
    session = env._session
    to_screen(session, "fight")
    assert session.run.fight is not None
    target = next(e.slot for e in session.run.fight.enemies if e.alive)
    at = widget(session, f"hand{hand_of(session, 'Strike')}").box
    on = widget(session, str(target)).box
    env.act(Drag(((int(at.cx), int(at.cy)), (600, 400), (int(on.cx), int(on.cy)))))
    assert session.run.fight.energy == 2
    at = widget(session, f"hand{hand_of(session, 'Defend')}").box
    env.act(Drag(((int(at.cx), int(at.cy)), (480, 250))))
    assert session.run.fight.energy == 1
    assert session.run.fight.block == 5
    env.act(Drag(((int(at.cx), int(at.cy)), (480, HAND_TOP + 40))))
    assert session.run.fight.energy == 1


def test_a_drag_within_a_button_presses_it_and_off_it_does_not(env: SpireEnv) -> None:
    env.reset(seed=1)
    box = widget(env._session, "start").box
    env.act(Drag(((int(box.cx), int(box.cy)), (10, 300))))
    assert env._session.run.screen == "title"
    env.act(Drag(((int(box.cx), int(box.cy)), (int(box.cx) + 20, int(box.cy) + 4))))
    assert env._session.run.screen == "map"


def test_a_card_that_cannot_be_paid_does_not_rise(env: SpireEnv) -> None:
    env.reset(seed=1)
    session = env._session
    to_screen(session, "fight")
    while session.run.fight and session.run.fight.energy:
        plays = [c for c in session.run.legal() if c.verb == "play"]
        session.run.do(plays[0])
    assert session.run.fight is not None
    session._arranged = None
    assert not widget(session, "hand0").lit
    env.act(Move(5, 300))
    calm = widget(session, "hand0").box
    click(env, "hand0")
    assert session.ui.selected is None
    assert widget(session, "hand0").box == calm


def test_overlays_open_and_close_and_cover_what_lies_below(env: SpireEnv) -> None:
    env.reset(seed=1)
    session = env._session
    to_screen(session, "fight")
    view = session.run.fight
    click(env, "deck")
    assert session.ui.overlay == "deck"
    box = widget(session, "end_turn").box
    env.act(Click(int(box.cx), int(box.cy)))
    assert session.run.fight == view
    click(env, "return")
    assert session.ui.overlay is None
    click(env, "settings")
    before = list(session.ui.toggles)
    click(env, "toggle1")
    assert session.ui.toggles != before
    click(env, "return")
    click(env, "draw")
    assert session.ui.overlay == "draw"
    click(env, "return")
    assert session.run.fight == view


@pytest.mark.parametrize("screen", ["title", "map", "fight", "reward", "rest", "smith", "treasure", "over"])
def test_every_widget_is_hit_where_it_lies(engine: Engine, screen: str) -> None:
    session = Session(Run(engine, 4))
    if screen == "smith":
        to_screen(session, "rest")
        session.run.do(Command("smith"))
    elif screen == "over":
        to_screen(session, "fight")
        session.run._lose()
    else:
        to_screen(session, screen)
    session._arranged = None
    layout = session.layout
    pressable = [w for w in layout.widgets if w.press]
    assert pressable
    for one in pressable:
        found = layout.hit(one.box.x + 4, one.box.cy)
        assert found is not None
        assert found.key == one.key
        assert one.box.x >= 0
        assert one.box.x + one.box.w <= WIDTH
    commands = {w.press for w in pressable if isinstance(w.press, Command)}
    assert commands <= set(session.run.legal())
    offered = {c for c in session.run.legal() if c.verb != "play"}
    assert offered <= commands


def test_what_is_pressed_is_what_is_drawn(env: SpireEnv) -> None:
    """Under the pointer a button brightens inside its box and nowhere else."""
    env.reset(seed=1)
    for _ in range(10):
        env.observe()
    box = widget(env._session, "start").box
    env._renderer.draw(env._session, 50)
    calm = env._renderer.pixels()
    env.act(Move(int(box.cx), int(box.cy)))
    env._renderer.draw(env._session, 50)
    bright = env._renderer.pixels()
    rows, columns = np.nonzero(np.any(calm != bright, axis=2))
    assert columns.min() >= box.x
    assert columns.max() < box.x + box.w
    assert rows.min() >= box.y
    assert rows.max() < box.y + box.h
    assert len(rows) > 0.5 * box.w * box.h


def test_a_full_hand_overlaps_and_the_right_card_is_hit(engine: Engine) -> None:
    session = Session(Run(engine, 0))
    session.run.do(Command("start"))
    session.run.deck = ["OfferingPlus"] * 14
    session.run.do(session.run.legal()[0])
    while session.run.fight and len(session.run.fight.hand) < 8:
        assert session.run.do(next(c for c in session.run.legal() if c.verb == "play"))
    session._arranged = None
    cards = [w for w in session.layout.widgets if w.key.startswith("hand")]
    assert len(cards) >= 8
    for card in cards:
        hit = session.layout.hit(card.box.x + 3, card.box.y + 40)
        assert hit is not None
        assert hit.key == card.key


@pytest.mark.parametrize("size", [(1280, 720), (960, 540), (1920, 1080), (800, 800), (640, 360)])
def test_sizes_scale_the_whole_layout(size: tuple[int, int]) -> None:
    game = SpireEnv(size)
    try:
        frame = game.reset(seed=1)
        assert (frame.width, frame.height) == size == game.size
        left, top, w, h = View(*size).to_frame(widget(game._session, "start").box)
        game.act(Click(left + w // 2, top + h // 2))
        assert game._session.run.screen == "map"
        rng = Random(1)
        for _ in range(40):
            game.act(Click(rng.randrange(size[0]), rng.randrange(size[1])))
            assert game.observe().pixels.shape == (size[1], size[0], 3)
    finally:
        game.close()


def test_view_maps_there_and_back() -> None:
    view = View(1000, 900)
    x, y, w, h = view.to_frame(Rect(100, 200, 300, 50))
    assert view.to_virtual(x, y) == pytest.approx((100, 200), abs=1.5)
    assert view.to_virtual(x + w, y + h) == pytest.approx((400, 250), abs=1.5)


@pytest.mark.parametrize("action", [KeyPress(("a",)), Scroll(1, 1, 0, 3), Click(3, 3, "right"), Drag(())])
def test_what_it_does_not_take_is_refused(env: SpireEnv, action: KeyPress | Scroll | Click | Drag) -> None:
    with pytest.raises(ActionRefused):
        env.act(action)


def test_thousands_of_random_actions_raise_nothing(env: SpireEnv) -> None:
    env.reset(seed=21)
    rng = Random(21)
    screens = set()
    for step in range(3000):
        env.act(pressed(env._session, rng) if step % 2 else random_action(rng))
        run = env._session.run
        screens.add((run.screen, env._session.ui.overlay))
        if step % 5 == 0:
            env.observe()
        if step % 500 > 300 and step % 3 == 0:  # help along, to see later screens too
            run.do(sensible(run, rng))
            env._session.ui.selected, env._session._arranged = None, None
    assert len({screen for screen, _ in screens}) >= 6
    assert len({overlay for _, overlay in screens}) >= 4


def test_every_press_of_the_ui_is_known(engine: Engine) -> None:
    session = Session(Run(engine, 1))
    to_screen(session, "fight")
    verbs = {w.press.verb for w in session.layout.widgets if isinstance(w.press, Ui)}
    assert verbs == {"aim", "overlay", "select"}

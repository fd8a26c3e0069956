"""The run around the fights: map, rewards, rests, acts, game over."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from random import Random

import pytest

from groundup.envs.spire.cards import POOL, STARTER, base_id, kind_of, text_now
from groundup.envs.spire.engine import Engine, EngineDied
from groundup.envs.spire.run import MAX_HP, RELIC_HEAL, START_GOLD, Command, Run
from groundup.envs.spire.scripted import always_attack, play_runs, random_legal, sensible
from groundup.envs.spire.worldmap import ROWS, make_map


def advance(run: Run, screen: str, seed: int = 0, steps: int = 4000) -> Run:
    rng = Random(seed)
    for _ in range(steps):
        if run.screen == screen:
            return run
        assert run.do(sensible(run, rng))
    raise AssertionError(f"{screen} not reached")


def test_a_run_starts_as_the_ironclad_does(engine: Engine) -> None:
    run = Run(engine, 1)
    assert run.screen == "title"
    assert run.do(Command("start"))
    assert (run.hp, run.gold, tuple(run.deck), run.floor, run.score) == (MAX_HP, START_GOLD, STARTER, 0, 0)


@pytest.mark.parametrize("seed", range(20))
def test_every_room_of_a_map_is_reachable_and_leads_to_the_elite(seed: int) -> None:
    nodes = make_map(Random(seed)).nodes
    assert {row for row, _ in nodes} == set(range(1, ROWS + 1))
    entered = {(r + 1, c) for (r, _), node in nodes.items() for c in node.leads_to}
    for (row, column), node in nodes.items():
        assert row == 1 or (row, column) in entered
        assert node.leads_to or row == ROWS
        assert all(abs(c - column) <= 1 for c in node.leads_to) or row == ROWS - 1
        rooms_after = {nodes[row + 1, c].room for c in node.leads_to}
        assert not (node.room == "elite" and "elite" in rooms_after and row < ROWS - 1)
        assert row >= 6 or node.room in ("fight", "unknown")
    assert {n.room for n in nodes.values() if n.row == 9} == {"treasure"}
    assert {n.room for n in nodes.values() if n.row == 15} == {"rest"}
    assert {n.room for n in nodes.values() if n.row == 16} == {"elite"}
    paths = [(r, c, to) for (r, c), n in nodes.items() for to in n.leads_to if r < ROWS - 1]
    crossing = [1 for r, c, to in paths if to == c + 1 and (r, c + 1, c) in paths]
    assert not crossing


def test_hp_is_carried_from_fight_to_fight_and_the_relic_heals(engine: Engine) -> None:
    run = advance(Run(engine, 5), "fight")
    before = run.hp
    while run.screen == "fight":
        before = run.hp
        run.do(sensible(run, Random(0)))
    assert run.screen == "reward"
    assert run.hp <= before + RELIC_HEAL
    lost_so_far = MAX_HP - run.hp
    advance(run, "map")
    entered = run.hp
    advance(run, "fight")
    assert run.fight is not None
    assert run.fight.hp == entered
    assert lost_so_far >= 0


def test_a_fight_is_lost_when_the_runs_hp_is_spent(engine: Engine) -> None:
    run = advance(Run(engine, 2), "map")
    run.hp = 5
    run.do(run.legal()[0])
    while run.screen == "fight":
        run.do(Command("end_turn"))
    assert run.screen == "over"
    assert run.hp == 0
    assert run.record().floors_per_run == (0,)
    run.do(Command("leave"))
    assert run.screen == "title"
    run.do(Command("start"))
    assert run.hp == MAX_HP
    assert run.record().floor == 0


def test_rewards_give_gold_and_three_different_ironclad_cards(engine: Engine) -> None:
    run = advance(Run(engine, 3), "reward")
    assert run.reward is not None
    assert 10 <= run.reward.gold <= 20
    assert run.gold == START_GOLD + run.reward.gold
    assert len(set(run.reward.cards)) == 3
    assert all(any(card in pool for pool in POOL.values()) for card in run.reward.cards)
    card = run.reward.cards[1]
    run.do(Command("pick", 1))
    assert run.deck[-1] == card
    assert (run.screen, run.cleared, run.score) == ("map", 1, 5)


def test_rarities_come_as_the_wiki_says(engine: Engine) -> None:
    run = Run(engine, 0)
    seen = [run._rarity(False) for _ in range(4000)]
    assert 0.55 < seen.count("common") / len(seen) < 0.66
    assert 0.32 < seen.count("uncommon") / len(seen) < 0.42
    assert 0.01 < seen.count("rare") / len(seen) < 0.06


def test_a_rest_heals_a_third_and_the_smith_upgrades_one_card(engine: Engine) -> None:
    run = advance(Run(engine, 4), "rest")
    run.hp = 10
    run.do(Command("smith"))
    assert run.screen == "smith"
    run.do(Command("back"))
    run.do(Command("rest"))
    assert run.hp == 34
    run = advance(run, "rest", seed=1)
    place = run.upgradable()[0]
    before = run.deck[place]
    run.do(Command("smith"))
    run.do(Command("upgrade", place))
    assert run.deck[place] == run.cards[before].upgraded
    assert run.screen == "map"


def test_a_chest_holds_gold_and_upgrades_a_card(engine: Engine) -> None:
    run = advance(Run(engine, 4), "treasure")
    gold, deck = run.gold, list(run.deck)
    run.do(Command("open"))
    assert run.chest is not None
    assert run.gold == gold + run.chest[0]
    assert sum(a != b for a, b in zip(deck, run.deck, strict=True)) == 1
    run.do(Command("proceed"))
    assert run.screen == "map"


def test_the_next_act_goes_on_with_a_new_map(engine: Engine) -> None:
    run = Run(engine, 6)
    run.do(Command("start"))
    for _ in range(ROWS):
        run.do(random_map_step(run))
        while run.screen not in ("map", "act"):
            if run.screen == "fight":
                run._win()
            else:
                run.do(run.legal()[0])
    assert run.screen == "act"
    first = run.map
    run.do(Command("proceed"))
    assert (run.act, run.screen, run.floor) == (2, "map", ROWS)
    assert run.map != first
    assert run.open_columns() == run.map.entrances()
    assert run.score == 5 * ROWS + 10 * run.elites + 50


def random_map_step(run: Run) -> Command:
    return run.legal()[0]


def test_nothing_illegal_is_done(engine: Engine) -> None:
    run = Run(engine, 1)
    assert not run.do(Command("end_turn"))
    assert not run.do(Command("pick", 0))
    run.do(Command("start"))
    assert not run.do(Command("travel", 99))
    run.do(run.legal()[0])
    assert not run.do(Command("play", 0, 4))
    assert not run.do(Command("start"))


def test_same_seed_same_runs_and_each_run_differs(engine: Engine) -> None:
    def history(seed: int) -> list[tuple[str, int, int, tuple[str, ...]]]:
        run, rng, told = Run(engine, seed), Random(seed), []
        for _ in range(400):
            run.do(random_legal(run, rng))
            told.append((run.screen, run.hp, run.gold, tuple(run.deck)))
        return told

    assert history(8) == history(8)
    assert history(8) != history(9)
    run = Run(engine, 8)
    run.do(Command("start"))
    first = run.map
    run._lose()
    run.do(Command("leave"))
    run.do(Command("start"))
    assert run.map != first


def test_choices_in_the_middle_of_a_card_are_played(engine: Engine) -> None:
    run = Run(engine, 0)
    run.do(Command("start"))
    run.deck = ["Armaments"] * 10 + ["Warcry"] * 5
    run.do(run.legal()[0])
    assert run.screen == "fight"
    assert run.fight is not None
    run.do(next(c for c in run.legal() if run.fight.hand[c.index].id == "Armaments"))
    assert run.fight.choice is not None
    assert not run.do(Command("end_turn"))
    assert {c.verb for c in run.legal()} <= {"choose", "decline"}
    chosen = run.fight.choice.options[0]
    run.do(Command("choose", 0))
    assert run.fight.choice is None
    assert any(card.id == run.cards[chosen].upgraded for card in run.fight.hand)


def test_a_killed_engine_ends_the_fight_and_not_the_run(engine: Engine) -> None:
    run = advance(Run(engine, 11), "fight")
    hp, crashes, child = run.hp, engine.crashes, engine.pid
    os.kill(child, signal.SIGKILL)
    run.do(Command("end_turn"))
    assert run.screen == "reward"
    assert run.hp == min(MAX_HP, hp + RELIC_HEAL)
    assert engine.crashes == crashes + 1
    assert engine.pid != child
    run = advance(run, "map")
    advance(run, "fight")
    assert run.do(Command("end_turn"))


def test_the_engines_own_crash_ends_one_fight(engine: Engine) -> None:
    """minispire 1.0 dies when Flame Barrier's damage splits the large acid slime in its own turn."""
    deck = ("FlameBarrier",) * 6 + ("Strike",) * 4
    seed = next(s for s in range(500) if engine.start(deck, "Strong", s).enemies[0].kind == "AcidSlimeL")
    view, crashes = engine.start(deck, "Strong", seed), engine.crashes
    try:
        while view.outcome == "InProgress":
            hp = next(e.hp + e.block for e in view.enemies if e.alive)
            wanted = "Strike" if hp > view.enemies[0].max_hp // 2 + 6 else "FlameBarrier"
            held = next((c for c in view.hand if c.id == wanted and c.targets), None)
            after = engine.play(held.id, held.targets[0]) if held else engine.end_turn()
            assert after is not None
            view = after
    except EngineDied:
        assert engine.crashes == crashes + 1
    assert engine.start(STARTER, "Weak", 0).outcome == "InProgress"


def test_a_hanging_engine_counts_as_crashed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groundup.envs.spire.engine._ANSWER_SECONDS", 0.05)
    engine.start(STARTER, "Weak", 1)
    os.kill(engine.pid, signal.SIGSTOP)
    with pytest.raises(EngineDied):
        engine.end_turn()
    monkeypatch.undo()
    assert engine.start(STARTER, "Weak", 1).outcome == "InProgress"


def test_the_engine_knows_every_card_of_the_pool(engine: Engine) -> None:
    for card in (*STARTER, *(c for pool in POOL.values() for c in pool)):
        assert card in engine.cards
        assert kind_of(card) != "status"
    assert {base_id(c) for c in ("Strike", "StrikePlus", "Rampage10", "SearingBlow2")} == {
        "Strike",
        "Rampage",
        "SearingBlow",
    }


def test_texts_show_the_numbers_of_the_moment(engine: Engine) -> None:
    strike, defend = engine.cards["Strike"], engine.cards["Defend"]
    assert text_now(strike, {}, 0) == "Deal 6 damage."
    assert text_now(strike, {"Strength": 3}, 0) == "Deal 9 damage."
    assert text_now(strike, {"Strength": 3, "Weak": 1}, 0) == "Deal 6 damage."
    assert text_now(defend, {"Dexterity": 2, "Frail": 2}, 0) == "Gain 5 Block."
    assert "(12)" in text_now(engine.cards["BodySlam"], {}, 12)


def test_a_view_without_hp_left_is_never_shown_negative(engine: Engine) -> None:
    run = advance(Run(engine, 1), "fight")
    assert run.fight is not None
    run._show(replace(run.fight, hp=-3))
    assert run.hp == 0


def test_the_yardsticks_stand_in_order() -> None:
    """Attacking beats chance, and blocking beats both (research figures: 1.3, 7.5, 15.6 floors)."""
    means = [
        sum(floors) / len(floors)
        for floors in (play_runs(p, 8, 3) for p in (random_legal, always_attack, sensible))
    ]
    assert means[0] < 4 < means[1] < 10 < means[2]

"""Players that see the engine, as yardsticks for the agent, which sees pixels only.

`python -m groundup.envs.spire.scripted --runs 50` prints their mean floors.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from random import Random

from groundup.envs.spire.cards import dealt, gained
from groundup.envs.spire.engine import Enemy, Engine, FightView
from groundup.envs.spire.run import MAX_HP, Command, Run

Player = Callable[[Run, Random], Command]

_WORTH = {
    "Offering": 9, "Immolate": 9, "Feed": 8, "Impervious": 9, "DemonForm": 7, "Bludgeon": 7, "Reaper": 7,
    "FiendFire": 6, "Shockwave": 8, "Uppercut": 7, "Disarm": 7, "Inflame": 7, "Carnage": 8, "ShrugItOff": 8,
    "PommelStrike": 8, "Hemokinesis": 7, "Metallicize": 7, "FlameBarrier": 8, "Pummel": 5, "TwinStrike": 6,
    "IronWave": 5, "Anger": 6, "Thunderclap": 5, "Cleave": 7, "Headbutt": 6, "Clothesline": 5,
    "BattleTrance": 5, "Whirlwind": 7, "GhostlyArmor": 6, "Armaments": 5, "TrueGrit": 5, "SwordBoomerang": 5,
    "WildStrike": 4, "Rampage": 5, "PerfectedStrike": 5, "Dropkick": 5, "HeavyBlade": 5, "PowerThrough": 5,
    "SpotWeakness": 5, "BodySlam": 4, "SeeingRed": 4, "Intimidate": 4,
}  # fmt: skip
"""What a card is worth in a deck, 0 to 9, as players' tier lists have it; those not named are skipped."""


def random_legal(run: Run, rng: Random) -> Command:
    """A card, button or room, each as likely as the others; then any target of it."""
    legal = run.legal()
    verb, index = rng.choice(sorted({(c.verb, c.index) for c in legal}))
    return rng.choice([c for c in legal if (c.verb, c.index) == (verb, index)])


def _attack(run: Run, rng: Random, view: FightView) -> Command:
    plays = [c for c in run.legal() if c.verb == "play" and run.cards[view.hand[c.index].id].kind == "attack"]
    if not plays:
        return Command("end_turn")
    weakest = min(c.target for c in plays)
    return rng.choice([c for c in plays if c.target == weakest])


def always_attack(run: Run, rng: Random) -> Command:
    """Attacks while it can and never blocks; everything outside fights by chance."""
    view = run.fight
    if run.screen == "fight" and view and not view.choice:
        return _attack(run, rng, view)
    return rng.choice(run.legal())


def _hurts(enemy: Enemy) -> int:
    return enemy.intent.damage if enemy.alive and enemy.intent.attack else 0


def _value(run: Run, view: FightView, command: Command) -> float:
    """How good a play is: damage, plus block as far as it stops what is coming, per energy."""
    card, now = run.cards[view.hand[command.index].id], dict(view.statuses)
    incoming = sum(_hurts(e) for e in view.enemies) - view.block
    damage = dealt(card.damage, now.get("Strength", 0), "Weak" in now) if card.damage else 0
    damage *= {"TwinStrike": 2, "Pummel": 4, "SwordBoomerang": 3}.get(card.id.removesuffix("Plus"), 1)
    block = gained(card.block, now.get("Dexterity", 0), "Frail" in now) if card.block else 0
    alive = [e for e in view.enemies if e.alive]
    target = next((e for e in alive if e.slot == command.target), alive[0])
    if not card.targeted and "ALL" in card.text:
        damage *= len(alive)
    elif card.targeted and "Vulnerable" in dict(target.statuses):
        damage = damage * 3 // 2
    value = damage + 1.3 * min(block, max(0, incoming))
    left = target.hp + target.block
    if card.targeted and damage >= left:
        value += 4 + 1.3 * _hurts(target)  # a dead enemy does not strike
    elif card.targeted:
        value += 2 * _hurts(target) / (left + 5)
    if "Vulnerable" in card.text and "Vulnerable" not in dict(target.statuses) and left > 15:
        value += 5
    if "Weak" in card.text and _hurts(target):
        value += 4
    if card.kind == "power":
        value += 12 if sum(e.hp for e in alive) > 30 else 2
    if card.id.startswith(("Offering", "BattleTrance", "SeeingRed", "Disarm")):
        value += 15
    if card.kind == "status":
        value += 1
    if any(e.kind == "GremlinNob" for e in alive) and card.kind == "skill":
        value -= 6  # it grows stronger with each skill
    return value / max(0.5, view.hand[command.index].cost)


def _sensible_fight(run: Run, view: FightView) -> Command:
    legal = run.legal()
    asked = view.choice
    if asked:
        sign = -1 if asked.kind == "ExhaustCardInHand" else 1
        options = [c for c in legal if c.verb == "choose"]
        return max(options, key=lambda c: sign * _worth(asked.options[c.index]))
    plays = [c for c in legal if c.verb == "play"]
    best = max(plays, key=lambda c: _value(run, view, c), default=None)
    return best if best and _value(run, view, best) > 0.5 else Command("end_turn")


def _worth(card: str) -> int:
    return _WORTH.get(card.removesuffix("Plus"), 0)


def _room_worth(run: Run, column: int) -> float:
    room = run.map.nodes[len(run.path) + 1, column].room
    hurt = 1 - run.hp / MAX_HP
    return {"rest": 3 * hurt, "treasure": 2, "unknown": 1.2, "fight": 1 - hurt, "elite": -2}[room]


def sensible(run: Run, rng: Random) -> Command:
    """Blocks what is coming, kills what it can, picks good cards, avoids elites, rests when hurt."""
    legal = run.legal()
    match run.screen:
        case "fight" if run.fight:
            return _sensible_fight(run, run.fight)
        case "map":
            return max(legal, key=lambda c: (_room_worth(run, c.index), rng.random()))
        case "reward" if run.reward:
            cards = run.reward.cards
            best = max(range(len(cards)), key=lambda i: _worth(cards[i]))
            return Command("pick", best) if _worth(cards[best]) >= 4 else Command("skip")
        case "rest":
            return Command("rest" if run.hp < 0.7 * MAX_HP or not run.upgradable() else "smith")
        case "smith":
            return max(
                (c for c in legal if c.verb == "upgrade"),
                key=lambda c: _worth(run.deck[c.index]) + 8 * (run.deck[c.index] == "Bash"),
            )
    return legal[0]


PLAYERS: dict[str, Player] = {
    "random legal play": random_legal,
    "always attack, random picks": always_attack,
    "block when attacked, sensible picks": sensible,
}


def play_runs(player: Player, runs: int, seed: int = 0) -> list[int]:
    """The floors that `player` climbs in each of `runs` runs."""
    engine, rng = Engine(), Random(seed)
    try:
        game = Run(engine, seed)
        while game.runs < runs:
            game.do(player(game, rng))
        return list(game.record().floors_per_run)
    finally:
        engine.close()


def main() -> None:
    """Print each player's mean floors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name, player in PLAYERS.items():
        floors = play_runs(player, options.runs, options.seed)
        spread = statistics.stdev(floors) if len(floors) > 1 else 0.0
        print(
            f"{name:38} {statistics.mean(floors):6.2f} floors (sd {spread:.2f}, n {len(floors)})", flush=True
        )


if __name__ == "__main__":
    main()

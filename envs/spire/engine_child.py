"""The combat engine in a process of its own: one JSON request a line on stdin, one JSON answer on stdout.

Run by path, so that it needs nothing but `minispire`. The engine has at least one native crash (a
segmentation fault at the end of a turn after Flame Barrier against the large acid slime); here it takes
down this process only. Requests: {"do": "start", "deck", "pool", "seed"}, {"do": "play", "card", "target"},
{"do": "end"}, {"do": "choose", "index"}, {"do": "decline"}. An illegal one is answered with {"refused": why}.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

from minispire import _core  # type: ignore[attr-defined]

_COMBAT: Any = _core.CombatEnv
_STATUS = [n for n in _core.Debuff.__members__ if n != "None"] + [
    n for n in _core.Power.__members__ if n != "None"
]
_INTENTS = ("attack", "damage", "block", "buff", "debuff", "escape", "split")


def card_table() -> list[dict[str, Any]]:
    """What is printed on every card the engine knows."""
    rows = []
    for name, card in _core.CardId.__members__.items():
        data = _core.card_data(card)
        rows.append(
            {
                "id": name,
                "name": _core.card_name(card),
                "text": _core.card_description(card),
                "cost": data.cost,
                "targeted": _core.card_targets_enemy(card),
                "upgraded": _core.upgraded_card(card).name if _core.is_upgradable(card) else None,
                "damage": data.damage,
                "block": data.block,
            }
        )
    return rows


def _statuses(values: Any) -> list[tuple[str, int]]:
    return [(name, int(v)) for name, v in zip(_STATUS, values, strict=False) if int(v)]


def view(env: Any) -> dict[str, Any]:
    """The fight as plain values: everything a player may see, and which card may be played on whom."""
    obs, mask, piles = env.obs(), env.action_mask(), env.state_piles()
    width, first, stride = _COMBAT.MAX_ENEMIES, _COMBAT.PLAYER_OBS_SIZE, _COMBAT.ENEMY_OBS_STRIDE
    intent_at = 3 + _COMBAT.ENEMY_STATUS_SIZE
    kinds, max_hps = env.enemy_kinds(), env.enemy_max_hps()
    enemies = []
    for slot, kind in enumerate(kinds):
        own = obs[first + slot * stride : first + (slot + 1) * stride]
        intent = {name: int(own[intent_at + i]) for i, name in enumerate(_INTENTS)}
        enemies.append(
            {
                "slot": slot,
                "kind": kind.name,
                "name": _core.enemy_name(kind),
                "alive": bool(own[0] > 0.5),
                "hp": max(0, int(own[1])),
                "max_hp": int(max_hps[slot]),
                "block": int(own[2]),
                "statuses": _statuses(own[3:intent_at]),
                "intent": intent,
            }
        )
    hand = [
        {
            "id": card.name,
            "cost": env.effective_cost(card),
            "targets": [t for t in range(width) if mask[int(card) * width + t]],
        }
        for card in piles.hand
    ]
    choice, asked = None, env.choice_view()
    if asked.active:
        choice = {
            "kind": asked.kind.name,
            "source": asked.source_card.name,
            "options": [card.name for card in asked.options],
            "optional": bool(asked.is_optional),
        }
    return {
        "hp": int(obs[0]),
        "max_hp": int(obs[1]),
        "block": int(obs[2]),
        "energy": int(obs[3]),
        "max_energy": int(obs[4]),
        "statuses": _statuses(obs[5:first]),
        "enemies": enemies,
        "hand": hand,
        "draw": sorted(card.name for card, n in piles.draw.items() for _ in range(n)),
        "discard": [card.name for card in piles.discard],
        "exhaust": [card.name for card in piles.exhaust],
        "turn": int(env.turn_number),
        "choice": choice,
        "outcome": env.outcome.name,
    }


def action_of(request: dict[str, Any]) -> int:
    """The engine's action number for a request."""
    match request["do"]:
        case "play":
            card = _core.CardId.__members__[request["card"]]
            return int(card) * int(_COMBAT.MAX_ENEMIES) + int(request["target"])
        case "end":
            return int(_COMBAT.END_TURN_ACTION)
        case "choose":
            return int(_COMBAT.FIRST_OPTION_SLOT) + int(request["index"])
    return int(_COMBAT.DECLINE_ACTION)


def main() -> None:
    """Answer requests until stdin closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    env = None
    print(json.dumps({"cards": card_table()}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "start":
            deck = [_core.CardId.__members__[name] for name in request["deck"]]
            pool = _core.EncounterPool.__members__[request["pool"]]
            env = _COMBAT(hp_reward_coeff=0.0, pool=pool, deck=deck)
            env.reset(request["seed"])
            answer = view(env)
        elif env is None:
            answer = {"refused": "no fight"}
        else:
            action = action_of(request)
            if env.outcome.name != "InProgress" or not env.action_mask()[action]:
                answer = {"refused": "not legal now"}
            else:
                env.step(action)
                answer = view(env)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

"""Perception on the embedded game, against what the game itself says it drew."""

from dataclasses import dataclass
from typing import Any

import pytest

from groundup.envs.games import open_game
from groundup.envs.types import Click
from groundup.perception.observation import Observation, observation_from_json
from groundup.perception.perceiver import Perceiver
from groundup.skills.executor import Executor


class _Played:
    """The game, an executor and a perceiver, moved on by clicks on the game's own widgets."""

    def __init__(self) -> None:
        self.env: Any = open_game("spire").env
        self.env.reset(seed=5)
        self._executor = Executor(self.env)
        self._perceiver = Perceiver()
        self.seen = self._perceiver.perceive(self._executor.look())

    def click(self, key: str) -> Observation:
        box = next(w for w in self.env._session.layout.widgets if w.key == key).box
        change = self._executor.act(Click(int(box.x + box.w / 2), int(box.y + box.h / 2)))
        self.seen = self._perceiver.perceive(self._executor.look(), change.mask)
        return self.seen

    def node(self) -> str:
        return next(w.key for w in self.env._session.layout.widgets if w.kind == "node" and w.press)


@dataclass(frozen=True)
class _Truth:
    """What was seen of each screen, and what the game says was there in the fight."""

    seen: dict[str, Observation]
    hand: list[str]
    enemies: list[tuple[int, int]]


@pytest.fixture(scope="module")
def played() -> _Truth:
    game = _Played()
    seen = {"title": game.seen, "map": game.click("start")}
    seen["fight"] = game.click(game.node())
    run = game.env._session.run
    hand = [run.cards[card.id].name.lower() for card in run.fight.hand]
    enemies = [(e.hp, e.max_hp) for e in run.fight.enemies if e.alive]
    seen["settings"] = game.click("settings")
    seen["fight again"] = game.click("return")
    game.env.close()
    return _Truth(seen, hand, enemies)


def test_every_card_is_one_thing_named_by_its_title(played: _Truth) -> None:
    fight = played.seen["fight"]
    cards = sorted(t.kind for t in fight.things if t.box.h > 150 and t.box.y > 450)
    assert cards == sorted(played.hand)
    assert any(t.kind == "end turn" for t in fight.things)


def test_own_numbers_and_those_of_the_units_are_read(played: _Truth) -> None:
    bars = [(q.value, q.maximum) for q in played.seen["fight"].quantities if q.maximum]
    for enemy in played.enemies:
        assert enemy in bars
    assert bars.count((80, 80)) >= 1
    assert (3, 3) in bars
    floors = [q.value for q in played.seen["fight"].quantities if q.place.startswith("floor n")]
    assert floors == [1]


def test_kinds_of_screen_are_told_apart_and_known_again(played: _Truth) -> None:
    scenes = {name: obs.scene for name, obs in played.seen.items()}
    assert len({scenes[name] for name in ("title", "map", "fight", "settings")}) == 4
    assert scenes["fight again"] == scenes["fight"]


def test_an_observation_survives_json(played: _Truth) -> None:
    fight = played.seen["fight"]
    again = observation_from_json(fight.to_json())
    assert again.state == fight.state
    assert again.own == fight.own

"""The rules around the fights: title, map, rewards, rests, treasure, acts without end, game over.

Follows Slay the Spire (wiki: "Map Locations", "Card Rewards", "Score") for the Ironclad at ascension 0.
It differs from the original in these points:

- The engine fights with 80 of 80 HP each time. The run's HP is carried here: what the engine takes off is
  taken off the run, and the fight is lost when that is spent. Healing within a fight (Reaper) reaches at
  most the HP it began with; the maximum HP that Feed adds lasts for the fight.
- No potions, shops, events, keys, bosses, relics other than Burning Blood (6 HP after each won fight).
- Floor 16 holds an elite in place of the boss; beating it does not heal, and the next act goes on without
  end. Act 1 fights come from the Weak pool three times, then Strong. There are no enemies of later acts:
  half of the fights of act 2 are against elites instead, and all from act 3 on.
- A chest holds gold and upgrades a random card, in place of a relic. An unknown room is a fight, a rest or
  a treasure, and mostly a fight, since there are no events.
- Gold is only collected. Score is 5 a floor climbed, 10 an elite, 50 an act.
- When the engine crashes in a fight, the enemies have fled: the fight is won with the HP before the crash.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from groundup.envs.spire.cards import POOL, STARTER, Rarity
from groundup.envs.spire.engine import ENGINE_HP, Engine, EngineDied, FightView, Pool
from groundup.envs.spire.worldmap import ROWS, ActMap, Node, Room, make_map

Screen = Literal["title", "map", "fight", "reward", "rest", "smith", "treasure", "act", "over"]
Verb = Literal[
    "start",
    "travel",
    "play",
    "end_turn",
    "choose",
    "decline",
    "pick",
    "skip",
    "rest",
    "smith",
    "upgrade",
    "back",
    "open",
    "proceed",
    "leave",
]

MAX_HP = ENGINE_HP
START_GOLD = 99
RELIC_HEAL = 6
"""Burning Blood, the Ironclad's relic."""
_REST_SHARE = 0.3
_WEAK_FIGHTS = 3
_RARITY: dict[bool, tuple[int, int]] = {False: (3, 37), True: (10, 40)}
"""Chance in percent of a rare and of an uncommon card, after a fight and after an elite (wiki)."""
_ELITE_SHARE_PER_ACT = 0.5
_UNKNOWN: tuple[tuple[Room, float], ...] = (("fight", 0.7), ("rest", 0.15), ("treasure", 0.15))


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a player can do: `index` is a place in what it is about (hand, options, columns, deck)."""

    verb: Verb
    index: int = 0
    target: int = 0


@dataclass(frozen=True, slots=True)
class Reward:
    """What a won fight gives: gold, already taken, and three cards to choose from."""

    gold: int
    cards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What the game's own record says, for measuring only."""

    floor: int
    floors: int
    floors_per_run: tuple[int, ...]
    floors_best: int
    hp: int
    gold: int
    score: int
    best_score: int
    act: int
    deck: int
    wins: int
    crashes: int


class Run:
    """The game's rules and state: one run after the other, deterministic by its seed."""

    def __init__(self, engine: Engine, seed: int) -> None:
        """Stand at the title screen; every run of the session draws its numbers from `seed`."""
        self._engine, self._seed = engine, seed
        self.cards = engine.cards
        self.runs = 0
        self._finished: list[int] = []
        self._best_score = 0
        self.screen: Screen = "title"
        self._begin()

    def _begin(self) -> None:
        self._rng = Random(f"{self._seed}/{self.runs}")
        self.hp, self.gold = MAX_HP, START_GOLD
        self.deck: list[str] = list(STARTER)
        self.act, self.floor, self.cleared = 1, 0, 0
        self.elites, self.fights, self.wins = 0, 0, 0
        self._rare_offset = -5
        self.map: ActMap = make_map(self._rng)
        self.path: list[Node] = []
        self.room: Room = "fight"
        self.fight: FightView | None = None
        self._entered_with = self.hp
        self.reward: Reward | None = None
        self.chest: tuple[int, str, str] | None = None

    @property
    def score(self) -> int:
        """5 a floor climbed, 10 an elite beaten, 50 an act finished."""
        return 5 * self.cleared + 10 * self.elites + 50 * (self.act - 1)

    def record(self) -> Record:
        """The truth about this session, for measuring."""
        finished = tuple(self._finished)
        return Record(
            floor=self.floor,
            floors=self.cleared,
            floors_per_run=finished,
            floors_best=max((*finished, self.cleared)),
            hp=self.hp,
            gold=self.gold,
            score=self.score,
            best_score=max(self._best_score, self.score),
            act=self.act,
            deck=len(self.deck),
            wins=self.wins,
            crashes=self._engine.crashes,
        )

    def legal(self) -> list[Command]:
        """Everything that can be done now."""
        match self.screen:
            case "title":
                return [Command("start")]
            case "map":
                return [Command("travel", column) for column in self.open_columns()]
            case "fight":
                return self._legal_fight()
            case "reward":
                assert self.reward is not None
                return [Command("pick", i) for i in range(len(self.reward.cards))] + [Command("skip")]
            case "rest":
                return [Command("rest")] + ([Command("smith")] if self.upgradable() else [])
            case "smith":
                return [Command("upgrade", i) for i in self.upgradable()] + [Command("back")]
            case "treasure":
                return [Command("proceed")] if self.chest else [Command("open")]
            case "act":
                return [Command("proceed")]
            case "over":
                return [Command("leave")]

    def open_columns(self) -> tuple[int, ...]:
        """The columns of the next row that can be reached."""
        return self.path[-1].leads_to if self.path else self.map.entrances()

    def upgradable(self) -> list[int]:
        """Places in the deck of cards that the smith can upgrade."""
        return [i for i, card in enumerate(self.deck) if self.cards[card].upgraded]

    def do(self, command: Command) -> bool:
        """Carry out a command; False, and nothing happens, when it is not legal now."""
        if command not in self.legal():
            return False
        match command.verb:
            case "start":
                self._begin()
                self.screen = "map"
            case "travel":
                self._enter(self.map.nodes[len(self.path) + 1, command.index])
            case "play" | "end_turn" | "choose" | "decline":
                return self._fight_on(command)
            case "pick" | "skip":
                assert self.reward is not None
                if command.verb == "pick":
                    self.deck.append(self.reward.cards[command.index])
                self._clear_floor()
            case "rest":
                self.heal(int(MAX_HP * _REST_SHARE))
                self._clear_floor()
            case "smith":
                self.screen = "smith"
            case "back":
                self.screen = "rest"
            case "upgrade":
                self._upgrade(command.index)
                self._clear_floor()
            case "open":
                self._open_chest()
            case "proceed":
                if self.screen == "act":
                    self._next_act()
                else:
                    self._clear_floor()
            case "leave":
                self.screen = "title"
        return True

    def heal(self, hp: int) -> None:
        """Give back HP, up to the maximum."""
        self.hp = min(MAX_HP, self.hp + hp)

    def _legal_fight(self) -> list[Command]:
        assert self.fight is not None
        asked = self.fight.choice
        if asked:
            options = [Command("choose", i) for i in range(len(asked.options))]
            return options + ([Command("decline")] if asked.optional else [])
        plays = [Command("play", i, t) for i, card in enumerate(self.fight.hand) for t in card.targets]
        return [*plays, Command("end_turn")]

    def _enter(self, node: Node) -> None:
        self.path.append(node)
        self.floor += 1
        self.room = node.room
        if node.room == "unknown":
            self.room = self._rng.choices([r for r, _ in _UNKNOWN], [s for _, s in _UNKNOWN])[0]
        if self.room in ("fight", "elite"):
            self._start_fight()
        else:
            self.screen = "rest" if self.room == "rest" else "treasure"
            self.chest = None

    def _pool(self) -> Pool:
        if self.room == "elite":
            return "Elite"
        if self.act == 1:
            return "Weak" if self.fights < _WEAK_FIGHTS else "Strong"
        return "Elite" if self._rng.random() < _ELITE_SHARE_PER_ACT * (self.act - 1) else "Strong"

    def _start_fight(self) -> None:
        pool, seed = self._pool(), self._rng.getrandbits(31)
        self._entered_with = self.hp
        self.fights += 1
        self.screen = "fight"
        try:
            self._show(self._engine.start(tuple(self.deck), pool, seed))
        except EngineDied:
            self._win()

    def _show(self, view: FightView) -> None:
        """Take over the engine's view with the run's HP in place of the engine's."""
        lost = ENGINE_HP - view.hp
        self.hp = max(0, self._entered_with - lost)
        self.fight = replace(view, hp=self.hp)

    def _fight_on(self, command: Command) -> bool:
        assert self.fight is not None
        try:
            match command.verb:
                case "play":
                    view = self._engine.play(self.fight.hand[command.index].id, command.target)
                case "end_turn":
                    view = self._engine.end_turn()
                case "choose":
                    view = self._engine.choose(command.index)
                case _:
                    view = self._engine.decline()
        except EngineDied:
            self._win()
            return True
        if view is None:
            return False
        self._show(view)
        if self.hp <= 0 or view.outcome == "Lost":
            self.hp = 0
            self._lose()
        elif view.outcome == "Won":
            self._win()
        return True

    def _lose(self) -> None:
        self._finished.append(self.cleared)
        self._best_score = max(self._best_score, self.score)
        self.runs += 1
        self.screen = "over"

    def _win(self) -> None:
        self.wins += 1
        self.hp = min(self.hp, MAX_HP)
        self.heal(RELIC_HEAL)
        elite = self.room == "elite"
        self.elites += elite
        gold = self._rng.randint(25, 35) if elite else self._rng.randint(10, 20)
        self.gold += gold
        self.reward = Reward(gold, self._three_cards(elite))
        self.screen = "reward"

    def _three_cards(self, elite: bool) -> tuple[str, ...]:
        cards: list[str] = []
        while len(cards) < 3:
            card = self._rng.choice(POOL[self._rarity(elite)])
            if card not in cards:
                cards.append(card)
        chance = min(0.25 * (self.act - 1), 0.5)
        return tuple(self._better(card) if self._rng.random() < chance else card for card in cards)

    def _better(self, card: str) -> str:
        return self.cards[card].upgraded or card

    def _rarity(self, elite: bool) -> Rarity:
        """A rare card grows likelier by one percent with each common one seen (wiki, "Card Rewards")."""
        rare, uncommon = _RARITY[elite]
        roll = self._rng.uniform(0, 100) - self._rare_offset
        if roll < rare:
            self._rare_offset = -5
            return "rare"
        if roll < rare + uncommon:
            return "uncommon"
        self._rare_offset = min(self._rare_offset + 1, 40)
        return "common"

    def _open_chest(self) -> None:
        gold = self._rng.randint(23, 57)
        self.gold += gold
        places = self.upgradable()
        before = after = ""
        if places:
            place = self._rng.choice(places)
            before = self.deck[place]
            after = self._upgrade(place)
        self.chest = (gold, before, after)

    def _upgrade(self, place: int) -> str:
        self.deck[place] = self._better(self.deck[place])
        return self.deck[place]

    def _clear_floor(self) -> None:
        self.cleared += 1
        self.reward = self.fight = None
        self.screen = "act" if self.path[-1].row == ROWS else "map"

    def _next_act(self) -> None:
        self.act += 1
        self.map = make_map(self._rng)
        self.path = []
        self.screen = "map"

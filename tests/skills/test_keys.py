"""Keys as moves: they stand among the things, are learnt where they do something, and become skills."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np

from groundup.envs.errors import Withheld
from groundup.envs.types import Accepts, Action, Click, Frame, KeyPress, Move
from groundup.memory.store import Store  # noqa: F401  (the library opens one)
from groundup.perception.counters import CounterFinder
from groundup.perception.observation import Observation, Quantity, Thing, key_things, observation_from_json
from groundup.perception.types import Box
from groundup.skills.choices import Choices
from groundup.skills.chooser import Chooser
from groundup.skills.effects import EffectModel
from groundup.skills.executor import Executor
from groundup.skills.exploring import Explorer
from groundup.skills.grammar import Grammar
from groundup.skills.keeper import Keeper
from groundup.skills.learner import Decision, Learner, Lesson
from groundup.skills.library import Library
from groundup.skills.outlook import Outlook
from groundup.skills.shown import Shown
from groundup.skills.situation import Situation
from groundup.skills.wariness import Wariness

KEYS = key_things(("b", "shift+enter", "+"))
BUTTON = Thing(Box(100, 100, 80, 30), "turn done", "128x32 r4 c0", "turn done")

SITUATION = Situation("scene 0", {}, ())


def observation(turn: int, *words: str) -> Observation:
    number = Quantity(Box(10, 10, 20, 10), float(turn), None, "turn n", "turn n@20,15")
    seen = Observation("scene 0", (BUTTON,), (number,), frozenset({"turn n@20,15"}))
    return seen.with_keys(KEYS, frozenset(words))


def test_keys_know_what_is_pressed_and_lie_outside_of_every_frame() -> None:
    assert [thing.keys for thing in KEYS] == [("b",), ("shift", "enter"), ("+",)]
    assert BUTTON.keys == ()
    assert all(max(thing.box.center) < 0 for thing in KEYS)
    seen = observation(3, "settlers")
    again = observation_from_json(seen.to_json())
    assert (again.things, again.words) == (seen.things, seen.words)


class _KeyEnv:
    """Answers the keys b (a square) and x (held back by a guard)."""

    name, size = "keys", (200, 120)
    accepts = Accepts(click=True, keys=("b", "shift+enter", "x"))

    def __init__(self) -> None:
        self.sent: list[Action] = []
        self._index = 0
        self._pixels = np.full((120, 200, 3), 90, np.uint8)

    def observe(self) -> Frame:
        self._index += 1
        return Frame(self._pixels.copy(), self._index / 30, self._index)

    def act(self, action: Action) -> None:
        if action == KeyPress(("x",)):
            raise Withheld("not now")
        if not isinstance(action, Move):
            self.sent.append(action)
        if action == KeyPress(("b",)):
            self._pixels[40:80, 60:120] = 240

    def reset(self, *, seed: int | None = None) -> Frame:  # noqa: ARG002
        return self.observe()

    def close(self) -> None: ...


def test_keys_are_pressed_and_answered_like_clicks() -> None:
    env = _KeyEnv()
    executor = Executor(env)
    b, chord, x = key_things(env.accepts.keys)
    pressed = executor.carry_out(Decision("probe", b), holding=False)
    assert pressed.responses == (True,)
    assert executor.carry_out(Decision("probe", chord), holding=False).responses == (False,)
    assert env.sent == [KeyPress(("b",)), KeyPress(("shift", "enter"))]
    withheld = executor.carry_out(Decision("probe", x), holding=False)
    assert (withheld.actions, withheld.responses) == ((KeyPress(("x",)),), (False,))
    executor.carry_out(Decision("probe", Thing(Box(10, 10, 20, 20), "a", "b")), holding=False)
    assert env.sent[-1] == Click(20, 20)


def test_a_key_is_known_by_what_is_written_when_it_works() -> None:
    grammar = Grammar()
    b = KEYS[0]
    for turn in range(6):
        grammar.learn_response(observation(turn, "settlers", "hills"), b, True)
        grammar.learn_response(observation(turn, "workers", "hills"), b, False)
    assert grammar.responsive(observation(9, "settlers", "plains"), b) > 0.5
    assert grammar.responsive(observation(9, "workers", "plains"), b) < 0.3
    assert grammar.unheard(observation(9, "settlers", "plains"), b) == 0.5
    assert grammar.unheard(observation(9, "settlers"), b) == 0.0


def test_the_unknown_gets_a_share_only_where_there_are_keys() -> None:
    grammar = Grammar()
    explorer = Explorer(Random(0), grammar, Choices(), Wariness(), Shown())
    mouse = Observation("scene 0", (BUTTON,), ())
    assert all(explorer.decide(mouse) is None for _ in range(50))
    new = [explorer.decide(observation(1, "settlers")) for _ in range(50)]
    assert {move.first.kind for move in new if move is not None} == {thing.kind for thing in KEYS}
    for key in KEYS:
        grammar.learn_response(observation(1, "settlers"), key, True)
    known = [explorer.decide(observation(1, "settlers")) for _ in range(50)]
    assert "turn done" in {move.first.kind for move in known if move is not None}


def test_a_learner_presses_what_moves_the_progress_counter() -> None:
    learner = Learner(3, endless=True)
    obs = observation(1)
    pressed: list[str] = []
    presses = 0
    for _ in range(220):
        move = learner.decide(obs)
        responded = move.first.kind == "key shift+enter" and move.second is None
        # A turn must be confirmed: it ends at every second press.
        presses += responded
        turn = 1 + presses // 2
        after = observation(turn)
        learner.learn(obs, move, (responded,), after)
        pressed.append(move.first.kind)
        obs = after
    assert learner.counters.place("progress") == "turn n@20,15"
    late = pressed[-100:]
    assert late.count("key shift+enter") >= 85


def test_what_closes_the_game_is_not_done_again() -> None:
    learner = Learner(0)
    obs = observation(1)
    learner.closed(obs, Decision("probe", BUTTON))
    again = Learner(0)
    again.load(learner.to_dict())
    for each in (learner, again):
        assert "turn done" not in {thing.kind for _, thing in each.grammar.usable(obs)}


def test_a_key_becomes_a_skill(tmp_path: Path) -> None:
    with Library.open(tmp_path / "l.db", game="keys", frame_size=(200, 120)) as library:
        keeper = Keeper(library, "")
        lesson = Lesson("key shift+enter", 1.0, (True,), {}, False)
        with library.store.step():
            keeper.keep(observation(1), Decision("use", KEYS[1]), lesson, 1)
        (skill,) = library.skills()
    assert [(step.action, step.keys, step.target) for step in skill.steps] == [
        ("key", ("shift", "enter"), None)
    ]
    assert skill.description.startswith("press key shift+enter")


def test_a_first_run_without_an_end_shows_what_climbs() -> None:
    finder = CounterFinder(endless=True)
    for i in range(120):
        finder.read(
            "scene 0", {"turn": 1.0 + i // 4, "year": 4000.0 - i, "gold": 50.0 + i // 4, "moves": i % 3}
        )
    assert finder.place("progress") == "turn"
    again = CounterFinder(endless=True)
    again.load(finder.to_dict())
    assert again.place("progress") == "turn"


def test_a_counter_goes_on_under_another_name() -> None:
    finder = CounterFinder(endless=True)

    def read(i: int, *, hidden: bool = False) -> None:
        turn = 1.0 + i // 4
        name = "turn bce" if turn <= 30 else "turn ce"
        year = {"year bce": 31.0 - turn} if turn <= 30 else {"year ce": 20.0 * (turn - 30)}
        shown = {**year, "gold": 50.0, **({} if hidden else {name: turn})}
        finder.follow(shown)
        # What is missing for once is read as it was.
        finder.read("scene 0", {"turn bce": min(turn, 30.0)} | shown)

    for i in range(120):
        read(i)
    assert finder.place("progress") == "turn bce"
    read(119, hidden=True)
    assert finder.place("progress") == "turn bce"
    for i in range(125, 140):  # the first turn under the other name is missed
        read(i)
    again = CounterFinder(endless=True)
    again.load(finder.to_dict())
    for kept in (finder, again):
        assert kept.place("progress") == "turn bce"  # its first name, which the next run begins with
        assert kept.places == {"turn bce", "turn ce"}
        # What is missing is still read as it was, so both names are there.
        assert kept.gain({"turn bce": 30.0, "turn ce": 34.0}, {"turn bce": 30.0, "turn ce": 35.0}) == 1.0


def test_the_unknown_is_left_alone_while_too_many_moves_were_dead() -> None:
    wariness = Wariness()
    explorer = Explorer(Random(0), Grammar(), Choices(), wariness, Shown())

    def tried(moves: int) -> int:
        return sum(explorer.decide(observation(1, "settlers")) is not None for _ in range(moves))

    assert tried(50) > 10
    for turn in range(40):
        wariness.note(observation(turn), Decision("probe", KEYS[0]), (False,), observation(turn + 1))
    assert tried(50) == 0
    dear = wariness.price
    for turn in range(3000):
        wariness.note(observation(turn), Decision("probe", KEYS[0]), (True,), observation(turn + 1))
    assert tried(50) > 10
    assert dear > 2.0 > wariness.price == 1.0


def test_the_wary_choose_what_is_surely_answered_until_nothing_changes() -> None:
    sure, doubtful = KEYS[1], KEYS[0]
    seen = replace(observation(1), things=(sure, doubtful))

    def chosen(*, dead: int, idle: int) -> Thing:
        wariness, grammar, choices = Wariness(), Grammar(), Choices()
        chooser = Chooser(Random(1), grammar, choices, EffectModel(), Outlook(), wariness=wariness)
        for turn in range(60):
            for key, answered in ((sure, True), (doubtful, turn % 10 not in (0, 3, 6))):
                grammar.learn_response(seen, key, answered)
                choices.used(seen.scene, key.kind, seen.scene, 0.0, None, moved=True)
        for turn in range(dead):
            wariness.note(observation(turn), Decision("probe", KEYS[0]), (False,), observation(turn + 1))
        for _ in range(idle):
            wariness.note(seen, Decision("use", sure), (True,), seen)
            chooser.used(seen.scene, sure.kind, moved=False)
        return chooser.choose(seen, SITUATION, None, learning=True).first

    assert chosen(dead=0, idle=2) == doubtful
    assert chosen(dead=40, idle=2) == sure
    assert chosen(dead=40, idle=12) == doubtful


def test_a_run_is_over_when_nothing_is_answered_not_while_what_ends_turns_was_left_alone() -> None:
    other, ends_turn = (Decision("use", key) for key in KEYS[:2])
    wariness = Wariness()
    for turn in range(5):
        wariness.note(observation(turn), ends_turn, (True,), observation(turn + 1))
    for _ in range(12):
        wariness.note(observation(5), other, (False,), observation(5))
    assert not wariness.over
    wariness.note(observation(5), ends_turn, (False,), observation(5))
    assert wariness.over
    wariness.begin()
    assert not wariness.over


def test_another_run_begins_with_what_stands_before_its_first_move() -> None:
    learner = Learner(0, endless=True)
    for turn in range(1, 30):
        learner.learn(observation(turn), Decision("use", KEYS[1]), (True,), observation(turn + 1))
    learner.over()
    learner.learn(observation(1), Decision("use", KEYS[1]), (True,), observation(2))
    (first, *_), begun = (learner.counters.to_dict()[name] for name in ("done", "run"))
    assert first[1]["turn n@20,15"][0] == begun[1]["turn n@20,15"][0] == 1.0


def test_a_counter_that_is_no_own_number_counts_all_the_same() -> None:
    learner = Learner(0, endless=True)
    learner.counters.place = lambda role: "turn n@20,15" if role == "progress" else None  # type: ignore[method-assign]
    before, after = (replace(observation(turn), fixed=frozenset()) for turn in (4, 5))
    lesson = learner.learn(before, Decision("use", KEYS[1]), (True,), after)
    assert lesson.reward == 1.0

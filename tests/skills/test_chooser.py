"""What to choose where the game does not answer."""

from __future__ import annotations

from random import Random

from groundup.perception.observation import Observation, Thing
from groundup.perception.types import Box
from groundup.skills.choices import Choices
from groundup.skills.chooser import Chooser
from groundup.skills.effects import EffectModel
from groundup.skills.grammar import Grammar
from groundup.skills.outlook import Outlook
from groundup.skills.situation import BAR, Group, Situation

HP, POWER, PILE = "hp", "power", "pile"


def fight(hp: float, power: float, pile: float, foe: float, threat: float = 8.0) -> Situation:
    group = Group((900.0, 460.0), {BAR: foe, "above n": threat})
    return Situation("fight", {HP: hp, POWER: power, PILE: pile}, (group,))


def thing(kind: str, text: str, x: int) -> Thing:
    return Thing(Box(x, 200, 200, 190), kind, "256x256 r4 c1", text)


REST, SMITH = thing("rest", "1 | rest | heal 24 hp", 400), thing("smith", "smith | upgrade | a card", 680)
CARD, WEAK = (
    thing("cut", "1 | cut | deal 30 damage", 400),
    thing("scratch", "1 | scratch | deal 1 damage", 680),
)


def experienced() -> Chooser:
    """One that has fought: cuts cost one power and lie on a pile afterwards, and what stands is dear."""
    grammar, choices, effects, outlook = Grammar(), Choices(), EffectModel(), Outlook()
    rng = Random(3)
    chooser = Chooser(Random(0), grammar, choices, effects, outlook)
    for visit in range(8):
        foe = 40.0
        for turn in range(4):
            damage = rng.randint(5, 9)
            before, after = fight(60, 3, turn, foe), fight(60, 2, turn + 1, foe - damage)
            effects.learn("cut >", f"1 | cut | deal {damage} damage", before, after, 0)
            choices.used("fight", "cut", "fight", 0.0, None, moved=True)
            foe -= damage
            outlook.passed(fight(60, 2, turn + 1, foe, 8.0 + visit), 8.0 + visit)
            chooser.samples.append(before)
        outlook.ended(died=False)
    for scene in ("spoils", "camp"):
        for item in (REST, SMITH, CARD, WEAK):
            for _ in range(4):
                grammar.learn_response(Observation(scene, (), ()), item, True)
    assert outlook.ready
    return chooser


def chosen(chooser: Chooser, scene: str, *things: Thing) -> Thing:
    seen = Observation(scene, things, ())
    return chooser.choose(seen, Situation(scene, {HP: 60.0}, ()), HP, learning=True).first


def test_what_is_no_spoil_is_not_judged_as_a_skill_by_a_number_read_on_it() -> None:
    chooser = experienced()
    for _ in range(5):
        chooser._choices.used("camp", SMITH.kind, "map", 0.0, 60.0, moved=True)
    assert chosen(chooser, "camp", REST, SMITH) is REST


def test_spoils_are_judged_by_what_they_will_do() -> None:
    chooser = experienced()
    for _ in range(5):
        chooser._choices.used("spoils", "cut", "map", 0.0, 60.0, moved=True)
    assert chosen(chooser, "spoils", CARD, WEAK) is CARD  # though the other one is new


def test_a_spoil_is_weighed_against_the_skills_of_this_run() -> None:
    chooser, skip = experienced(), thing("skip", "skip", 900)
    for _ in range(20):
        chooser._effects.learn("free >", "free | deal 30 damage", fight(60, 3, 0, 40), fight(60, 3, 1, 10), 0)
    for kind in ("cut", "free", "skip"):
        for _ in range(5):
            chooser._choices.used("spoils", kind, "map", 0.0, 60.0, moved=True)
    middling = thing("slash", "1 | slash | deal 14 damage", 400)
    # Beside what all runs had used it is a poor one, beside a run's own it is a good one.
    assert chosen(chooser, "spoils", middling, skip) is skip
    for _ in range(8):
        chooser.used("fight", "cut", "cut >", moved=True)
    assert chosen(chooser, "spoils", middling, skip) is middling
    chooser.ended()
    assert chosen(chooser, "spoils", middling, skip) is skip

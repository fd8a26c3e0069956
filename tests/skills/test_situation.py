"""Own numbers, groups, what was missed, and numbers in texts."""

from __future__ import annotations

from groundup.perception.observation import Observation, Quantity
from groundup.perception.types import Box
from groundup.skills.situation import BAR, STAND, Situations, Whose, situation, totals, written_numbers


def number(x: int, y: int, value: float, maximum: float | None = None, sort: str = "n") -> Quantity:
    return Quantity(Box(x - 10, y - 7, 20, 14), value, maximum, sort, f"{sort}@{x},{y}")


def screen(*quantities: Quantity, fixed: set[str] | None = None, scene: str = "field") -> Observation:
    return Observation(scene, (), quantities, frozenset(fixed or ()))


def test_a_number_belongs_to_the_nearest_bar_by_the_side_it_stands_on() -> None:
    obs = screen(
        number(84, 25, 70, 80, "n/m"),
        number(200, 460, 70, 80, "n/m"),
        number(110, 440, 5),
        number(900, 460, 30, 40, "n/m"),
        number(910, 180, 11),
        number(890, 490, 2),
    )
    here = situation(obs, Whose(lasting=frozenset({"n/m@84,25"})))
    assert here.own == {"n/m@84,25": 70, "n/m@200,460": 70, "n@110,440": 5}
    assert [group.values for group in here.groups] == [{BAR: 30, "above n": 11, "below n": 2}]
    assert "beside n" in here.sorts["n@110,440"]
    assert here.addressed((930, 300)) == 0
    assert here.addressed((300, 300)) is None


def test_a_bar_is_own_only_when_its_maximum_stays_from_visit_to_visit() -> None:
    reads = Situations()
    hud = {"gold@84,25"}
    for visit in range(5):
        for scene in ("a", "b", "c"):
            reads(screen(number(84, 25, visit, sort="gold"), fixed=hud, scene=scene))
        here = reads(
            screen(
                number(84, 25, visit, sort="gold"),
                number(70, 560, 2, 3, "n/m"),
                number(900, 460, 20, 40 + visit, "n/m"),
                fixed={*hud, "n/m@70,560", "n/m@900,460"},
            )
        )
    assert here.own["n/m@70,560"] == 2
    assert "n/m@900,460" not in here.own
    assert [group.values for group in here.groups] == [{BAR: 20}]


def test_a_foe_that_stands_in_one_place_on_three_kinds_of_fight_is_not_oneself() -> None:
    reads = Situations()
    hud, foe, growing = "gold@84,25", "n/m@900,460", "n/m@300,25"
    for visit in range(8):
        top = (number(84, 25, visit, sort="gold"), number(300, 25, 50, 60 + visit, "n/m"))
        for scene in ("map", "shop", "spoils"):
            reads(screen(*top, fixed={hud, growing}, scene=scene))
        for fight in ("cave", "wood", "tower"):
            bar = number(900, 460, 20, 40 + visit, "n/m")
            here = reads(screen(*top, bar, number(910, 180, 9), fixed={hud, foe, growing}, scene=fight))
    assert [group.values for group in here.groups] == [{BAR: 20, "above n": 9}]
    assert here.own == {hud: 7, growing: 50}  # a bar that is everywhere is one's own whatever its maximum


def test_a_number_that_is_always_there_keeps_its_value_when_it_was_not_read() -> None:
    reads = Situations()
    fixed = {"hp@50,20", "gold@90,20"}
    for value in range(30):
        reads(screen(number(50, 20, 80 - value, sort="hp"), number(90, 20, 5, sort="gold"), fixed=fixed))
    here = reads(screen(number(90, 20, 5, sort="gold"), fixed=fixed))
    assert here.own == {"hp@50,20": 51, "gold@90,20": 5}
    copy = Situations()
    copy.load(reads.to_dict())
    assert copy.to_dict() == reads.to_dict()


def test_a_kind_of_screen_never_met_is_read_as_the_known_one_that_it_is_like() -> None:
    learnt = Situations()
    hud, hp, energy, pile = "gold@84,25", "n/m@300,25", "n/m@70,560", "pile@90,690"

    def fight(scene: str, visit: int, *more: Quantity, fixed: set[str] | None = None) -> Observation:
        foe = number(900, 460, 20, 40 + visit, "n/m"), number(910, 180, 9)
        mine = number(70, 560, 2, 3, "n/m"), number(90, 690, 5, sort="pile")
        top = number(84, 25, visit, sort="gold"), number(300, 25, 50, 80, "n/m")
        return screen(*top, *mine, *foe, *more, fixed=fixed, scene=scene)

    for visit in range(10):
        top = (number(84, 25, visit, sort="gold"), number(300, 25, 50, 80, "n/m"))
        for scene in ("map", "shop", "spoils"):
            learnt(screen(*top, fixed={hud, hp}, scene=scene))
        learnt(fight("cave", visit, fixed={hud, hp, energy, pile}))
    reads = Situations()  # a frozen player: it looks, and learns nothing more
    reads.load(learnt.to_dict())
    here = reads.peek(fight("tower", 3))
    assert here.own == {hud: 3, hp: 50, energy: 2, pile: 5}
    assert [group.values for group in here.groups] == [{BAR: 20, "above n": 9}]
    # One that is like no other has what stands everywhere, and only that.
    other = reads.peek(screen(number(84, 25, 7, sort="gold"), number(500, 300, 4), scene="letter"))
    assert other.own == {hud: 7}


def test_the_lowest_bar_is_waited_for_by_all() -> None:
    foes = {BAR: 20.0, "below n": 3.0}, None, {BAR: 0.4, "below n": 0.25}
    assert totals({"hp": 5.0}, foes) == {
        "hp": 5.0,
        f"sum:{BAR}": 20.4,
        f"n:{BAR}": 2.0,
        "sum:below n": 3.25,
        STAND: 20.8,
    }


def test_written_numbers_carry_the_words_around_them() -> None:
    found = written_numbers("2 | heavy blow | deal 8 | damage. apply 2 vulnerable.")
    assert ("alone", 2.0) in found
    assert ("deal _ damage", 8.0) in found
    assert ("apply _ vulnerable", 2.0) in found


def test_a_circled_digit_is_no_number_to_reckon_with() -> None:
    assert written_numbers("③ | deal 6 damage") == written_numbers("deal 6 damage")

import numpy as np

from groundup.perception.numbers import Number
from groundup.perception.observation import Quantity
from groundup.perception.places import Places
from groundup.perception.types import Box

PIXELS = np.full((720, 1280, 3), 20, np.uint8)


def _number(value: float, x: int, y: int, maximum: float | None = None, label: str = "") -> Number:
    return Number(value, maximum, label, Box(x, y, 30, 16), 0.99)


def test_a_number_keeps_its_place_when_it_grows_a_digit() -> None:
    places = Places()
    nine = places.quantity(PIXELS, _number(9, 100, 10))
    ten = places.quantity(PIXELS, _number(10, 94, 10))
    elsewhere = places.quantity(PIXELS, _number(9, 160, 10))
    assert nine.place == ten.place != elsewhere.place


def test_a_bar_and_a_bare_number_in_one_spot_are_two_places() -> None:
    places = Places()
    bare = places.quantity(PIXELS, _number(9, 100, 10))
    bar = places.quantity(PIXELS, _number(9, 100, 10, maximum=50))
    assert bare.place != bar.place
    assert bare.sort != bar.sort


def test_what_stands_in_nearly_every_visit_is_fixed() -> None:
    places = Places()
    own = places.quantity(PIXELS, _number(80, 60, 20, maximum=80))
    others = [places.quantity(PIXELS, _number(20, x, 450, maximum=20)) for x in (700, 900, 800)]
    for other in others:
        places.visit("scene 1", [own, other])
        places.visit("scene 2", [])
    assert places.fixed("scene 1") == {own.place}
    again = Places()
    again.load({name: places.document(name) for name in places.marks()})
    assert again.fixed("scene 1") == {own.place}


def test_nothing_is_fixed_before_three_visits() -> None:
    places = Places()
    own = places.quantity(PIXELS, _number(80, 60, 20, maximum=80))
    places.visit("scene 1", [own])
    places.visit("scene 1", [own])
    assert places.fixed("scene 1") == frozenset()


def test_another_librarys_places_get_our_names() -> None:
    ours, theirs = Places(), Places()
    mine = ours.quantity(PIXELS, _number(80, 60, 20, maximum=80))
    same = theirs.quantity(PIXELS, _number(70, 63, 21, maximum=80))
    for value in range(3):
        new = theirs.quantity(PIXELS, _number(value, 400, 300))
        theirs.visit("scene 0", [same, new])
        theirs.visit("scene 1", [])
    names = ours.absorb(theirs, {"scene 0": "scene 4"})
    assert names[same.place] == mine.place
    assert ours.fixed("scene 4") == {mine.place, names[new.place]}


def test_coming_back_to_what_was_left_is_the_same_visit() -> None:
    places = Places()
    other = places.quantity(PIXELS, _number(20, 700, 450, maximum=20))
    for _ in range(5):
        places.visit("scene 1", [other])
        places.visit("scene 2", [])
    assert places.fixed("scene 1") == frozenset()


def test_a_game_of_one_screen_has_own_numbers_too() -> None:
    places = Places()
    score = Quantity(Box(40, 20, 20, 12), 3.0, None, "score n", "score n@50,26")
    for look in range(40):
        passing = Quantity(Box(200, 200, 20, 12), 1.0, None, "n", f"n@{100 * look},206")
        places.visit("scene 0", [score, passing])
    assert places.fixed("scene 0") == {"score n@50,26"}

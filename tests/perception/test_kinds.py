import cv2
import numpy as np

from groundup.perception.kinds import Kinds, coarse_look
from groundup.perception.types import Box, TextLine


def _card(color: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    pixels = np.full((200, 300, 3), 30, np.uint8)
    cv2.rectangle(pixels, (40, 40), (140, 160), color, -1)
    rng = np.random.default_rng(seed)
    for _ in range(4):
        x, y = (int(v) for v in rng.integers(50, 110, 2))
        cv2.circle(pixels, (x, y), 12, (250, 240, 90), -1)
    return pixels


BOX = Box(40, 40, 100, 120)


def _line(text: str, y: int = 50) -> TextLine:
    return TextLine(Box(50, y, 60, 14), text, 0.99)


def test_the_title_names_the_kind_whatever_the_numbers_say() -> None:
    kinds = Kinds()
    top = [_line("1"), _line("Strike", 60)]
    first = kinds.thing(_card((90, 30, 30)), BOX, [*top, _line("Deal 6 damage.", 90)])
    second = kinds.thing(_card((90, 30, 30), 1), BOX, [*top, _line("Deal 9 damage.", 90)])
    assert first.kind == second.kind == "strike"
    assert first.text == "1 | strike | deal 6 damage."


def test_a_misread_letter_is_the_same_kind_and_a_mark_is_another() -> None:
    kinds = Kinds()
    pixels = _card((90, 30, 30))
    assert kinds.thing(pixels, BOX, [_line("Iron Wave")]).kind == "iron wave"
    assert kinds.thing(pixels, BOX, [_line("lron Wave")]).kind == "iron wave"
    assert kinds.thing(pixels, BOX, [_line("Iron Wave+")]).kind == "iron wave+"


def test_looks_tell_unwritten_things_apart_and_survive_a_small_move() -> None:
    kinds = Kinds()
    red, blue = _card((160, 20, 20)), _card((20, 40, 170))
    moved = np.roll(red, 1, axis=0)
    assert kinds.thing(red, BOX, []).kind == kinds.thing(moved, BOX, []).kind
    assert kinds.thing(red, BOX, []).kind != kinds.thing(blue, BOX, []).kind


def test_a_dimmed_thing_has_another_coarse_look() -> None:
    lit = _card((200, 60, 60))
    dim = (lit * 0.4).astype(np.uint8)
    assert coarse_look(lit[40:160, 40:140], BOX) != coarse_look(dim[40:160, 40:140], BOX)


def test_a_thing_is_dim_beside_the_brightest_of_its_kind_and_not_beside_others() -> None:
    kinds = Kinds()
    dark, bright = _card((60, 10, 10)), _card((250, 90, 90))
    looks = {
        kinds.thing(dark, BOX, [_line("Twin Strike")]).look.split()[1],
        kinds.thing(bright, BOX, [_line("Wild Strike")]).look.split()[1],
    }
    assert looks == {"r4"}
    again = Kinds()
    again.load({name: kinds.document(name) for name in kinds.marks()})
    dimmed = again.thing((dark * 0.5).astype(np.uint8), BOX, [_line("Twin Strike")])
    assert dimmed.look.split()[1] == "r2"


def test_kept_kinds_give_the_same_names() -> None:
    kinds = Kinds()
    looks = [_card((160, 20, 20)), _card((20, 40, 170)), _card((20, 160, 20))]
    names = [kinds.thing(pixels, BOX, []).kind for pixels in looks]
    again = Kinds()
    again.load({name: kinds.document(name) for name in kinds.marks()})
    assert [again.thing(pixels, BOX, []).kind for pixels in reversed(looks)] == names[::-1]
    assert again.marks() == kinds.marks()


def test_another_librarys_looks_get_our_names() -> None:
    ours, theirs = Kinds(), Kinds()
    red, blue = _card((160, 20, 20)), _card((20, 40, 170))
    ours.thing(blue, BOX, [])
    mine = ours.thing(red, BOX, []).kind
    same = theirs.thing(red, BOX, []).kind
    names = ours.absorb(theirs)
    assert names[same] == mine != same


def test_a_number_written_on_a_thing_is_no_part_of_its_look() -> None:
    kinds = Kinds()
    names = []
    for number in ("1", "24", "88"):
        pixels = _card((20, 40, 170))
        cv2.rectangle(pixels, (42, 62), (138, 148), (12, 12, 16), -1)
        cv2.putText(pixels, number, (52, 134), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (255, 255, 255), 16)
        names.append(kinds.thing(pixels, BOX, [TextLine(Box(44, 66, 92, 80), number, 0.99)]).kind)
    assert len(set(names)) == 1

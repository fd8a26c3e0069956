"""Actions as models write them, and what a profile says of coordinates and tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundup.agent.reason.actions import Space, read, read_text
from groundup.agent.reason.pictures import screenshot
from groundup.agent.reason.profiles import Profile, profile_of, read_profile
from groundup.envs.errors import UsageError
from groundup.envs.types import Action, Click, DoubleClick, Drag, Hold, KeyPress, Move, Scroll, TypeText, Wait

PIXELS = Space(Profile(coordinates="pixels"), (640, 360), (1280, 720))


@pytest.mark.parametrize(
    ("document", "action"),
    [
        ({"type": "click", "button": "left", "x": 10, "y": 20}, Click(20, 40)),
        ({"type": "click", "button": "right", "x": 10, "y": 20}, Click(20, 40, "right")),
        ({"type": "double_click", "x": 1, "y": 1}, DoubleClick(2, 2)),
        ({"type": "move", "x": 1, "y": 1}, Move(2, 2)),
        ({"type": "drag", "path": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}, Drag(((2, 4), (6, 8)))),
        ({"type": "scroll", "x": 1, "y": 1, "scroll_x": 0, "scroll_y": 120}, Scroll(2, 2, 0, 120)),
        ({"type": "keypress", "keys": ["CTRL", "Escape"]}, KeyPress(("ctrl", "esc"))),
        ({"type": "type", "text": "hi"}, TypeText("hi")),
        ({"type": "wait"}, Wait(1.0)),
        ({"action": "left_click", "coordinate": [10, 20]}, Click(20, 40)),
        ({"action": "right_click", "coordinate": [10, 20]}, Click(20, 40, "right")),
        ({"action": "triple_click", "coordinate": [10, 20]}, DoubleClick(20, 40)),
        (
            {"action": "left_click_drag", "start_coordinate": [1, 2], "coordinate": [3, 4]},
            Drag(((2, 4), (6, 8))),
        ),
        ({"action": "mouse_move", "coordinate": [1, 1]}, Move(2, 2)),
        ({"action": "key", "text": "ctrl+Return"}, KeyPress(("ctrl", "enter"))),
        ({"action": "hold_key", "text": "w", "duration": 2}, Hold(("w",), 2.0)),
        (
            {"action": "scroll", "coordinate": [1, 1], "scroll_direction": "up", "scroll_amount": 2},
            Scroll(2, 2, 0, -200),
        ),
        ({"action": "wait", "duration": 900}, Wait(10.0)),
        ({"action": "screenshot"}, Wait(0.0)),
    ],
)
def test_names_and_fields_of_both_makers_are_read(document: dict[str, Any], action: Action) -> None:
    assert read(document, PIXELS) == action


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"type": "run", "command": "rm -rf /"},
        {"type": "click"},
        {"type": "click", "x": 700, "y": 20},
        {"type": "click", "x": -1, "y": 20},
        {"type": "click", "x": "nan", "y": 20},
        {"type": "click", "x": 1e400, "y": 2},
        {"type": "click", "x": [], "y": {}},
        {"type": "click", "x": 1, "y": 1, "button": "all"},
        {"type": "drag", "path": [{"x": 1, "y": 2}]},
        {"type": "keypress", "keys": []},
        {"type": "keypress", "keys": ["a"] * 9},
        {"action": "left_click", "coordinate": [1]},
        {"action": "hold_key", "text": "w", "duration": "inf"},
        {"type": ["click"]},
    ],
)
def test_what_is_no_action_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        read(document, PIXELS)


@given(
    st.dictionaries(
        st.sampled_from(["type", "action", "x", "y", "coordinate", "keys", "text", "path", "duration"]),
        st.one_of(
            st.sampled_from(["click", "drag", "key", "wait", "scroll", "type"]),
            st.integers(),
            st.floats(),
            st.text(),
            st.none(),
            st.lists(st.one_of(st.integers(), st.text(), st.none()), max_size=5),
        ),
    )
)
def test_nothing_that_a_model_writes_breaks_the_reader(document: dict[str, Any]) -> None:
    try:
        action = read(document, PIXELS)
    except ValueError:
        return
    if isinstance(action, Click):
        assert 0 <= action.x < 1280
        assert 0 <= action.y < 720


def test_coordinates_follow_the_profile() -> None:
    document = {"action": "left_click", "coordinate": [500, 250]}
    thousandths = Space(Profile(coordinates="thousandths"), (640, 360), (1280, 720))
    swapped = Space(Profile(coordinates="thousandths", order="yx"), (640, 360), (1280, 720))
    assert read(document, thousandths) == Click(640, 180)
    assert read(document, swapped) == Click(320, 360)
    assert read({"type": "click", "x": 1000, "y": 1000}, thousandths) == Click(1279, 719)


def test_ui_tars_writes_text() -> None:
    text = (
        "Thought: I should click(start_box='(1,1)') the card.\n"
        "Action: click(start_box='<|box_start|>(10,20)<|box_end|>')\n\n"
        "drag(start_box='(1,2)', end_box='(3,4)')\n\nhotkey(key='alt f4')\n\ntype(content='it\\'s (ok)')\n\n"
        "scroll(start_box='(5,5)', direction='down')\n\nwait()\n\nfinished(content='done')"
    )
    assert read_text(text, PIXELS) == [
        Click(20, 40),
        Drag(((2, 4), (6, 8))),
        KeyPress(("alt", "f4")),
        TypeText("it\\'s (ok)"),
        Scroll(10, 10, 0, 300),
        Wait(5.0),
    ]
    assert read_text("I do not know.", PIXELS) == []
    assert read_text("Action: " + "click(" * 5000, PIXELS) == []


@pytest.mark.parametrize(
    ("model", "coordinates", "actions"),
    [
        ("gpt-4o-2024-08-06", "marks", "json"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "pixels", "json"),
        ("Qwen3-VL-8B", "thousandths", "json"),
        ("ByteDance-Seed/UI-TARS-1.5-7B", "pixels", "text"),
        ("google/gemini-2.5-flash", "thousandths", "json"),
        ("claude-sonnet-4-5", "pixels", "json"),
        ("something-new", "marks", "json"),
    ],
)
def test_profiles_are_found_by_name(model: str, coordinates: str, actions: str) -> None:
    profile = profile_of(model)
    assert (profile.coordinates, profile.actions) == (coordinates, actions)


def test_qwens_point_each_in_its_own_way() -> None:
    for name in ("Qwen/Qwen2.5-VL-7B-Instruct", "qwen2.5vl:7b"):
        assert (profile_of(name).coordinates, profile_of(name).grid) == ("pixels", 28)
    for name in ("Qwen/Qwen2-VL-7B-Instruct-AWQ", "Qwen/Qwen3-VL-8B-Instruct"):
        assert (profile_of(name).coordinates, profile_of(name).grid) == ("thousandths", 1)


@pytest.mark.parametrize(("height", "width"), [(720, 1280), (300, 400), (20, 50)])
def test_a_screenshot_is_of_whole_patches_where_pixels_are_pointed_at(height: int, width: int) -> None:
    picture = screenshot(np.zeros((height, width, 3), np.uint8), 1024, 28)
    assert (picture.width % 28, picture.height % 28) == (0, 0)
    assert max(picture.width, picture.height) <= 1024
    space = Space(profile_of("qwen2.5vl"), (picture.width, picture.height), (width, height))
    assert space.point(picture.width - 1, picture.height - 1)[0] >= width - 3


def test_pictures_are_counted_as_the_makers_do() -> None:
    assert profile_of("gpt-4o").tokens_of(1280, 720) == 85 + 170 * 6
    assert profile_of("gpt-4o").tokens_of(512, 512) == 85 + 170
    assert profile_of("gpt-4o").tokens_of(2048, 4096) == 85 + 170 * 6  # OpenAI's own example
    assert profile_of("Qwen2.5-VL-7B").tokens_of(1288, 728) == 46 * 26
    assert profile_of("claude-sonnet-4").tokens_of(1000, 1000) == 1334


def test_a_profile_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[mine]\ncoordinates = "pixels"\nside = 512\n')
    assert read_profile(str(file)).side == 512
    assert read_profile("ui-tars").actions == "text"
    file.write_text("[mine]\nsides = 512\n")
    with pytest.raises(UsageError, match="sides"):
        read_profile(str(file))
    with pytest.raises(UsageError, match="gpt-4"):
        read_profile("no such profile")

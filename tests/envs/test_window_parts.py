"""Coordinates, keys, profiles, and that nothing goes around the guard."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundup.envs.window_geometry import Rect, Viewport, scale_at, shown
from groundup.envs.window_keys import chord, is_key, keys_for
from groundup.envs.window_profile import Profile, ProfileInvalid, SafetyPart, load_profile

ROOT = Path(__file__).parents[2]

sides = st.integers(200, 4000)
places = st.integers(-8000, 8000)
viewports = st.builds(
    Viewport, st.builds(Rect, places, places, sides, sides), st.sampled_from([1.0, 1.25, 1.5, 2.0])
)


@given(viewports, st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_a_place_on_the_desktop_is_itself_again_by_way_of_the_frame(
    viewport: Viewport, across: float, down: float
) -> None:
    area = viewport.area
    place = area.x + int(across * area.w), area.y + int(down * area.h)
    assert viewport.to_screen(viewport.to_frame(place)) == place


@given(viewports, st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_a_pixel_comes_back_within_the_unit_it_lies_in(
    viewport: Viewport, across: float, down: float
) -> None:
    width, height = viewport.size
    pixel = int(across * width), int(down * height)
    screen = viewport.to_screen(pixel)
    assert viewport.area.contains(*screen)
    again = viewport.to_frame(screen)
    assert all(abs(a - b) <= viewport.scale for a, b in zip(pixel, again, strict=True))
    window = viewport.to_window(pixel)
    assert (screen[0] - window[0], screen[1] - window[1]) == viewport.area[:2]


def test_points_outside_are_refused() -> None:
    viewport = Viewport(Rect(-1920, 100, 800, 600), 1.5)
    assert viewport.size == (1200, 900)
    for pixel in ((-1, 0), (1200, 0), (0, 900)):
        with pytest.raises(ValueError, match="outside"):
            viewport.to_screen(pixel)
    with pytest.raises(ValueError, match="outside"):
        viewport.to_frame((0, 0))
    assert viewport.to_screen((0, 0)) == (-1920, 100)


def test_the_scale_is_that_of_the_monitor_that_shows_most() -> None:
    monitors = [(Rect(0, 0, 1920, 1080), 1.0), (Rect(-1440, -200, 1440, 900), 2.0)]
    assert scale_at(Rect(-1000, 0, 800, 600), monitors) == 2.0
    assert scale_at(Rect(-300, 0, 800, 600), monitors) == 1.0
    assert shown(Rect(-300, 0, 800, 600), monitors)
    assert not shown(Rect(-300, 600, 800, 300), monitors)
    assert not shown(Rect(1500, 0, 800, 600), monitors)


def test_chords_and_characters() -> None:
    assert chord(("shift+enter",)) == chord(("shift", "enter")) == ("shift", "enter")
    assert chord(("+",)) == ("+",)
    assert chord(("ctrl++",)) == ("ctrl", "+")
    assert chord(("Shift", "\n", "Command")) == ("shift", "enter", "win")
    assert [key for key in ("", "+", "f13", "f13x", "slash", "\x1b", "ctrl") if is_key(key)] == [
        "+",
        "f13",
        "ctrl",
    ]
    assert chord(("ctrl+",)) == ("ctrl", "")
    assert keys_for("<") == ("shift", ",")
    assert keys_for("B") == ("shift", "b")
    assert keys_for("b") == ("b",)


SAFETY = SafetyPart.model_validate({"refused": ["ctrl+q", "esc", "/"], "allowed": ["F5"]})

NEVER = [
    *("alt+tab", "alt+shift+tab", "alt+tab+tab", "alt+a+tab", "shift+alt+f4", "ctrl+shift+esc", "ctrl+alt+x"),
    *("prtsc", "print", "PrintScreen", "command+tab", "cmd", "super", "winleft", "pause", "f12", "shift+f6"),
    *("ctrl+q+q", "ctrl+shift+q", "ctrlright+Q", "shift+esc", "escape", "/", "?", "shift+/"),
    *("alt+\t", "alt+ "),
]
"""Chords that are refused whatever else they hold, and by whatever name."""


def test_chords_that_speak_to_the_system_or_are_refused_are_never_sent() -> None:
    assert [keys for keys in NEVER if not SAFETY.refuses((keys,))] == []
    sent = ("shift+enter", "alt+x", "ctrl+c", "q", "tab", "f5", "ctrl+f5", "space", "alt", "+")
    assert [keys for keys in sent if SAFETY.refuses((keys,))] == []


def test_keys_of_a_profile_are_kept_by_their_own_names() -> None:
    text = {"keys": ["Return", "CTRL++"]}
    profile = Profile.model_validate({"name": "x", "input": text, "safety": {"stop_key": "Pause"}})
    assert profile.input.keys == ("enter", "ctrl++")
    assert profile.safety.stop_key == "pause"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'name = "x"\n[safety]\nstop_key = "f13x"',
            r"safety\.stop_key is wrong: .*'f13x' is not a single key",
        ),
        ('name = "x"\n[safety]\nstop_key = "ctrl+q"', r"'ctrl\+q' is not a single key"),
        ('name = "x"\n[safety]\nrefused = ["crtl+q"]', r"safety\.refused is wrong: .*there is no key 'crtl'"),
        ('name = "x"\n[safety]\nallowed = ["F5x"]', r"safety\.allowed is wrong: .*'F5x' is none of the keys"),
        ('name = "x"\n[input]\nkeys = ["ctrl+"]', r"there is no key '' \(in 'ctrl\+'\)"),
        ('name = "x"\n[input]\nkeys = [""]', r"there is no key ''"),
        ('name = "x"\n[input]\nkeys = ["f5"]', r"input\.keys has 'f5', which is never sent"),
        ('name = "x"\n[input]\nkeys = ["alt+a+tab"]', r"input\.keys has 'alt\+a\+tab', which is never sent"),
        ('name = "x"\n[timing]\npres = 5', r"timing\.pres is no key of a profile"),
        ('name = "x"\n[input]\nkeys = ["entr"]', r"input\.keys is wrong: .*there is no key 'entr'"),
        ('name = "x"\n[timing]\npress = -5', r"timing\.press is wrong"),
        ('name = "x"\n[[forbidden]]\nx = 0.5\ny = 0\nw = 0.6\nh = 0.1', r"forbidden\.0 is wrong"),
        ("name = ", "is no TOML"),
        ("", r"name is wrong"),
    ],
)
def test_a_profile_with_a_typo_names_the_key(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileInvalid, match=sentence):
        load_profile(str(path))


def test_a_profile_that_is_not_there_is_named() -> None:
    with pytest.raises(ProfileInvalid, match="there is civilization-v"):
        load_profile("chess")
    with pytest.raises(ProfileInvalid, match="No such file"):
        load_profile("chess.toml")


HANDS = {"envs/window_xtest.py", "envs/window_other.py"}
"""The two modules that move the mouse and keyboard."""


WORDS = ("pyautogui", "xtest", "fake_input", "pynput", "SendInput", "uinput", "warp_pointer")
"""Modules and functions by which a program presses keys and moves the mouse."""

COMMANDS = ("xdotool", "ydotool", "xte", "wtype", "cliclick")
"""Programs that do."""


def _reaches(source: str) -> bool:
    """Whether a module uses one of `WORDS`, by name or by its name in a string, or runs one of `COMMANDS`."""
    for node in ast.walk(ast.parse(source)):
        said: list[str] = []
        if isinstance(node, ast.Import | ast.ImportFrom):
            said = [part for alias in node.names for part in alias.name.split(".")]
        if isinstance(node, ast.ImportFrom):
            said += (node.module or "").split(".")
        if isinstance(node, ast.Attribute):
            said = [node.attr]
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.split()
            if words and Path(words[0]).name in COMMANDS:
                return True
            said = node.value.split(".") if len(words) == 1 else []
        if any(word in WORDS for word in said):
            return True
    return False


@pytest.mark.parametrize(
    "source",
    [
        "import pyautogui",
        "from Xlib.ext import xtest",
        "from pynput.mouse import Controller",
        "display.warp_pointer(1, 2)",
        "import_module('Xlib.ext.xtest')",
        "run(['xdotool', 'key', 'a'])",
        "run(f'/usr/bin/xdotool key {key}', shell=True)",
    ],
)
def test_a_way_around_the_guard_is_seen(source: str) -> None:
    assert _reaches(source)
    assert not _reaches("def look():\n    'No pyautogui, no xdotool here.'\n    return 'xdotools'")


def test_nothing_goes_around_the_guard() -> None:
    """Only those two modules know of devices, and only the guard is handed what they open."""
    users = set()
    opened = set()
    for folder in ("agent", "envs", "memory", "perception", "skills", "tui"):
        for path in (ROOT / folder).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            source = path.read_text(encoding="utf-8")
            if _reaches(source):
                users.add(name)
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Name) and node.id in ("XTestInput", "PyAutoGuiInput"):
                    opened.add(name)
    assert users == HANDS
    assert opened == {"envs/window_open.py"}
    opens = ast.parse((ROOT / "envs/window_open.py").read_text(encoding="utf-8"))
    holders = {
        node.func.id
        for node in ast.walk(opens)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and any(isinstance(a, ast.Name) and a.id == "devices" for a in node.args)
    }
    assert holders == {"Guard", "_watch"}


def test_the_other_systems_parts_import_here() -> None:
    module = importlib.import_module("groundup.envs.window_other")
    assert sys.platform == "darwin" or module.trusted()
    assert {"all", "area", "trouble", "owns", "activate", "monitors", "close"} <= set(
        dir(module.OtherWindows)
    )
    assert {"pointer", "move", "move_by", "button", "scroll", "key", "close"} <= set(
        dir(module.PyAutoGuiInput)
    )

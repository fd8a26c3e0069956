"""Recorded actions and events, and every way they can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groundup.skills.discovery.events import read_events
from groundup.skills.discovery.vpt.actions import (
    BUTTONS,
    JOINT_BUTTONS,
    Actions,
    from_bins,
    to_bins,
    to_joint,
)
from groundup.skills.discovery.vpt.recordings import ActionsUnusable, read_recording


def _line(**changes: Any) -> dict[str, Any]:
    mouse = {"x": 0.0, "y": 0.0, "dx": 0.0, "dy": 0.0, "buttons": [], "newButtons": []} | changes.pop(
        "mouse", {}
    )
    keys = [f"key.keyboard.{key}" for key in changes.pop("keys", ())]
    return {"mouse": mouse, "keyboard": {"keys": keys}, "isGuiOpen": False, "hotbar": 0} | changes


def _write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def _pressed(path: Path) -> list[set[str]]:
    buttons = read_recording(path).actions.buttons
    return [{BUTTONS[place] for place in np.flatnonzero(row)} for row in buttons]


def test_a_stuck_attack_button_is_not_pressed(tmp_path: Path) -> None:
    held = {"buttons": [0], "newButtons": []}
    lines = [_line(mouse={"buttons": [0], "newButtons": [0]}), _line(mouse=held)]
    lines += [_line(mouse={"buttons": [0], "newButtons": [0]}), _line(mouse=held)]
    assert _pressed(_write(tmp_path / "a.jsonl", lines)) == [set(), set(), {"attack"}, {"attack"}]


def test_the_hotbar_counts_by_selection_but_keeps_no_frame(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "a.jsonl", [_line(), _line(hotbar=3), _line(hotbar=3, keys=["w"]), _line(hotbar=0)]
    )
    assert _pressed(path) == [set(), {"hotbar.4"}, {"forward"}, {"hotbar.1"}]
    assert read_recording(path).skipped.tolist() == [True, True, False, True]


def test_keys_the_policy_has_not_do_not_count(tmp_path: Path) -> None:
    recording = read_recording(
        _write(tmp_path / "a.jsonl", [_line(keys=["f", "escape"]), _line(keys=["left.shift"])])
    )
    assert recording.skipped.tolist() == [True, False]


def test_the_camera_is_cut_to_whole_degrees_after_the_null_filter(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.jsonl", [_line(mouse={"dx": 3.0}), _line(mouse={"dx": -20.0, "dy": 9.0})])
    recording = read_recording(path)
    assert recording.actions.camera.tolist() == [[0, 0], [1, -3]]
    assert not recording.skipped.any()


def test_the_cursor_is_known_in_menus_only(tmp_path: Path) -> None:
    line = _line(mouse={"x": 5.0, "y": 6.0})
    recording = read_recording(_write(tmp_path / "a.jsonl", [line, line | {"isGuiOpen": True}]))
    assert np.isnan(recording.cursor[0]).all()
    assert recording.cursor[1].tolist() == [5, 6]


def test_the_plain_format(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "a.jsonl",
        [{"buttons": ["jump"], "camera": [1.5, -2]}, {}, {"gui": True, "buttons": ["use"]}],
    )
    recording = read_recording(path)
    assert _pressed(path) == [{"jump"}, set(), {"use"}]
    assert recording.actions.camera[0].tolist() == [1.5, -2]
    assert recording.skipped.tolist() == [False, True, False]
    assert recording.gui.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('{"buttons": []}\n{"buttons": [\n', 2),
        ('{"buttons": []}\n\n', 2),
        ('{"buttons": ["fly"]}\n', 1),
        ('{"camera": [1]}\n{"camera": [1, 2, 3]}\n', 2),
        ("[1]\n", 1),
        ('{"mouse": {}, "keyboard": {"keys": []}}\n', 1),
        (json.dumps(_line()) + "\n" + json.dumps(_line(hotbar=9)) + "\n", 2),
        (json.dumps(_line(mouse={"dx": "far"})) + "\n", 1),
        (json.dumps(_line(mouse={"dx": 10**400})) + "\n", 1),
        (json.dumps(_line(mouse={"x": float("inf")}) | {"isGuiOpen": True}) + "\n", 1),
        ('{"camera": [0, 0]}\n{"camera": [1' + "0" * 400 + ", 0]}\n", 2),
        ("{}\n" + "[" * 100_000 + "\n", 2),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, content: str, line: int) -> None:
    (tmp_path / "a.jsonl").write_text(content)
    with pytest.raises(ActionsUnusable, match=f"line {line} "):
        read_recording(tmp_path / "a.jsonl")


def test_no_file_and_no_line(tmp_path: Path) -> None:
    with pytest.raises(ActionsUnusable, match="no file"):
        read_recording(tmp_path / "a.jsonl")
    (tmp_path / "a.jsonl").touch()
    with pytest.raises(ActionsUnusable, match="no lines"):
        read_recording(tmp_path / "a.jsonl")


def test_camera_bins_are_finer_near_zero_and_come_back() -> None:
    bins = np.arange(11)
    assert to_bins(from_bins(bins)).tolist() == bins.tolist()
    width = np.diff(from_bins(bins))
    assert (width[:5] > width[1:6] - 1e-9).all()
    assert to_bins(np.array([1e9, -1e9, 0.0])).tolist() == [10, 0, 5]


def test_joint_choices_are_exclusive_and_in_range() -> None:
    def joint(*names: str, camera: tuple[float, float] = (0, 0)) -> list[int]:
        buttons = np.array([[name in names for name in BUTTONS]])
        choice: list[int] = to_joint(Actions(buttons, np.array([camera], dtype=float)))[0].tolist()
        return choice

    assert joint() == [0, 60]
    assert joint("forward", "back") == joint()
    assert joint("sprint", "sneak") == joint("sneak")
    assert joint("hotbar.1", "hotbar.9") == joint("hotbar.9")
    assert joint("inventory", "attack", camera=(5, 5)) == [JOINT_BUTTONS - 1, 60]
    assert joint(camera=(0, 5))[0] == 1
    rng = np.random.default_rng(0)
    choices = to_joint(Actions(rng.random((5000, 20)) < 0.3, rng.normal(0, 10, (5000, 2))))
    assert choices.min() >= 0
    assert (choices.max(axis=0) < (JOINT_BUTTONS, 121)).all()


def test_events_by_name_and_from_statistics(tmp_path: Path) -> None:
    named = _write(tmp_path / "n.jsonl", [{"frame": 9, "event": "mine"}, {"frame": 2, "event": "craft"}])
    assert read_events(named) == [(2, "craft"), (9, "mine")]
    lines: list[dict[str, Any]] = [{"stats_change": {}} for _ in range(60)]
    for frame in (5, 6, 8):
        lines[frame]["stats_change"] = {"mine_block:stone": 1}
    lines[20]["stats_change"] = {"kill_entity:cow": 1}
    lines[21]["stats_change"] = {"custom:jump": 1}
    found = read_events(_write(tmp_path / "s.jsonl", lines))
    assert found == [(8, "mine_block:stone"), (36, "kill_entity:cow")]
    totals = [{"stats": {"craft_item:torch": int(frame >= 3)}} for frame in range(6)]
    assert read_events(_write(tmp_path / "t.jsonl", totals)) == [(3, "craft_item:torch")]
    (tmp_path / "b.jsonl").write_text('{"frame": 1}\n{"frame": "x"}\n')
    with pytest.raises(ActionsUnusable, match="line 2 "):
        read_events(tmp_path / "b.jsonl")

"""What was done in a demonstration, from JSON lines: VPT's contractor format, or a plain one of ours.

Contractor format: arXiv 2206.11795, appendix D, one line a frame, read as the reference code of skill
boundary detection (arXiv 2503.10684) reads it, its departures included. The plain format has one line a
frame: `{"buttons": ["forward", ...], "camera": [pitch, yaw], "gui": false}`, in degrees; absent keys mean
nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groundup.envs.errors import UsageError
from groundup.skills.discovery.vpt.actions import BUTTONS, Actions, is_null

DEGREES_A_PIXEL = 360.0 / 2400.0
"""Of mouse movement, as the game's default sensitivity has it."""

_KEYS = {
    "s": "back", "q": "drop", "w": "forward", "e": "inventory", "space": "jump", "a": "left", "d": "right",
    "left.shift": "sneak", "left.control": "sprint", **{str(n): f"hotbar.{n}" for n in range(1, 10)},
}  # fmt: skip
_ATTACK, _USE = 0, 1
"""Mouse buttons."""

TURNED = 1.0
"""Degrees a frame from which a camera's turn is named."""


class ActionsUnusable(UsageError):
    """Recorded actions or events cannot be read, or belong to another video."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What was done at each frame of a video.

    `skipped` bool (frames,): where nothing was done, so that the policy does not see the frame. `gui` bool
    (frames,). `cursor` (frames, 2): where to draw the pointer, x and y on a screen 720 high; NaN for nowhere.
    """

    actions: Actions
    skipped: NDArray[np.bool_]
    gui: NDArray[np.bool_]
    cursor: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.actions)


def from_actions(actions: Actions) -> Recording:
    """A recording without menus, such as an inverse dynamics model's."""
    nothing = np.zeros(len(actions), dtype=bool)
    return Recording(actions, is_null(actions), nothing, np.full((len(actions), 2), np.nan))


def worded(recording: Recording) -> list[str]:
    """What was done at each frame, in words."""
    done = []
    for pressed, (pitch, yaw) in zip(recording.actions.buttons, recording.actions.camera, strict=True):
        words = [BUTTONS[button] for button in np.flatnonzero(pressed)]
        words += ["turn right" if yaw > 0 else "turn left"] * bool(abs(yaw) >= TURNED)
        words += ["look down" if pitch > 0 else "look up"] * bool(abs(pitch) >= TURNED)
        done.append(" + ".join(words) or "nothing")
    return done


def read_recording(path: Path) -> Recording:
    """The recorded actions of a video, in either format. Raises ActionsUnusable naming the line."""
    lines = json_lines(path)
    first = next(lines, None)
    if first is None:
        raise ActionsUnusable(f"{path} has no lines: it should have one a frame.")
    with path.open("rb") as file:
        count = sum(1 for _ in file)
    reader = _contractor if "mouse" in first or "keyboard" in first else _plain
    # A line at a time: as objects, those of an hour take a hundred times the room of the arrays.
    return reader(path, chain([first], lines), count)


def json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON lines file. Raises ActionsUnusable naming the line."""
    if not path.is_file():
        raise ActionsUnusable(f"There is no file {path}.")
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                document = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ActionsUnusable(f"{path}, line {number} is not JSON: {error}.") from error
            if not isinstance(document, dict):
                raise ActionsUnusable(f"{path}, line {number} is not a JSON object.")
            yield document


def _contractor(path: Path, lines: Iterable[Mapping[str, Any]], count: int) -> Recording:
    buttons = np.zeros((count, len(BUTTONS)), dtype=bool)
    camera = np.zeros((count, 2))
    gui = np.zeros(count, dtype=bool)
    cursor = np.full((count, 2), np.nan)
    hotbar = np.zeros(count, dtype=np.int64)
    stuck = False
    for row, line in enumerate(lines):
        try:
            mouse, keys = line["mouse"], line["keyboard"]["keys"]
            # Some recordings begin with the attack button stuck until it is really pressed.
            new = mouse["newButtons"]
            stuck = new == [_ATTACK] if row == 0 else stuck and _ATTACK not in new
            pressed = [_KEYS.get(str(key).removeprefix("key.keyboard.")) for key in keys]
            pressed += ["attack"] * (_ATTACK in mouse["buttons"] and not stuck)
            pressed += ["use"] * (_USE in mouse["buttons"])
            buttons[row, [BUTTONS.index(name) for name in pressed if name]] = True
            camera[row] = mouse["dy"] * DEGREES_A_PIXEL, mouse["dx"] * DEGREES_A_PIXEL
            gui[row] = line["isGuiOpen"]
            cursor[row] = (mouse["x"], mouse["y"]) if gui[row] else np.nan
            hotbar[row] = line["hotbar"]
            if not (0 <= hotbar[row] <= 8 and np.isfinite(camera[row]).all()):
                raise ValueError("a hotbar or mouse outside what can be")
            if gui[row] and not np.isfinite(cursor[row]).all():
                raise ValueError("a pointer that is nowhere")
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ActionsUnusable(
                f"{path}, line {row + 1} is not a contractor's action ({error!r})."
            ) from error
    # Nothing was done where neither keys nor mouse did; what the wheel selected counts as an action, but does
    # not keep a frame. The policy gets whole degrees: a slip of the reference that its constants rest on.
    skipped = is_null(Actions(buttons, camera))
    for changed in np.flatnonzero(np.diff(hotbar, prepend=0)):
        buttons[changed, BUTTONS.index(f"hotbar.{hotbar[changed] + 1}")] = True
    return Recording(Actions(buttons, np.trunc(camera)), skipped, gui, cursor)


def _plain(path: Path, lines: Iterable[Mapping[str, Any]], count: int) -> Recording:
    buttons = np.zeros((count, len(BUTTONS)), dtype=bool)
    camera = np.zeros((count, 2))
    gui = np.zeros(count, dtype=bool)
    for row, line in enumerate(lines):
        try:
            buttons[row, [BUTTONS.index(name) for name in line.get("buttons", ())]] = True
            camera[row] = line.get("camera", (0.0, 0.0))
            gui[row] = bool(line.get("gui", False))
            if not np.isfinite(camera[row]).all():
                raise ValueError("a camera that is not finite")
        except (TypeError, ValueError, OverflowError) as error:
            raise ActionsUnusable(f"{path}, line {row + 1} is not an action: {error}.") from error
    actions = Actions(buttons, camera)
    return Recording(actions, is_null(actions), gui, np.full((count, 2), np.nan))

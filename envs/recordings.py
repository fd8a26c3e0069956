"""Recordings of somebody playing: what was done, one line a frame; `recording_video` has the pictures.

A recording is a folder:

    recording.json    the card: game, size, frames a second, what the clock is
    video.mp4         the game's picture and nothing around it, at a constant rate
    actions.jsonl     one line a frame: what was done from that frame on until the next

A line is one of VPT's contractor format (arXiv 2206.11795, appendix D), so that what cuts those cuts these.
There the pointer stands on a screen 720 high and a click has no place in time within its frame; the exact
inputs are under the line's key `groundup`. Lines are on disk as soon as their frame is over: what a killed
process leaves can be read, up to its last whole line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from groundup.envs.errors import GroundupError, UsageError
from groundup.envs.types import Button, Point

CARD, VIDEO, ACTIONS = "recording.json", "video.mp4", "actions.jsonl"
"""The files of a recording."""

FORMAT, VERSION = "groundup recording", 1

MASKED = "masked"
"""Stands for a key whose name was left out, such as one of a password."""

_BUTTONS: tuple[Button, ...] = ("left", "right", "wheel", "back", "forward")
"""By the numbers that contractor lines have for them."""

_CONTRACTOR_HEIGHT = 720
"""Pixels of the screen that contractor lines have the pointer on."""

_CONTRACTOR_KEYS = {
    "shift": "left.shift", "shiftleft": "left.shift", "shiftright": "right.shift", "ctrl": "left.control",
    "ctrlleft": "left.control", "ctrlright": "right.control", "alt": "left.alt", "altleft": "left.alt",
    "altright": "right.alt", "esc": "escape", "return": "enter",
}  # fmt: skip
"""Names of keys there, by pyautogui's, where the two differ."""

_Side = Annotated[int, Field(ge=1, le=16_384)]
_Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]
_Pixel = Annotated[int, Field(ge=-65_536, le=65_536)]
_Motion = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
_Name = Annotated[str, Field(max_length=200)]


class RecordingUnusable(UsageError):
    """A folder holds no recording, a damaged one, or one of a newer version."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a recording is of: frames of `size` (width, height) pixels, `fps` of them a second.

    `clock` says what its seconds are of: "game" (the game's own time) or "monotonic" (real time); 0 is the
    first frame. `seed` is the game's, where it has one; `player` says who plays; `frames` how many there are:
    None until it is finished, and for ever when the recorder was killed.
    """

    game: _Name
    size: tuple[_Side, _Side]
    fps: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
    clock: Literal["game", "monotonic"] = "monotonic"
    seed: int | None = None
    player: _Name = ""
    frames: Annotated[int, Field(ge=0)] | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that mouse or keyboard did at `t` seconds after the first frame.

    "move", "press", "release" and "scroll" have `x`, `y`, pixels of the frame (outside it where the pointer
    was). "turn" is motion `dx`, `dy` of a mouse that a game holds fast to turn its camera. "scroll" has `dx`,
    `dy` in pixels, positive `dy` down. "key_down" and "key_up" have `key` by pyautogui's name, or `MASKED`.
    """

    t: _Seconds
    kind: Literal["move", "press", "release", "scroll", "turn", "key_down", "key_up"]
    x: _Pixel | None = None
    y: _Pixel | None = None
    button: Button | None = None
    dx: _Motion = 0.0
    dy: _Motion = 0.0
    key: _Name | None = None

    @property
    def point(self) -> Point | None:
        """Where the pointer was, when the input says so."""
        return None if self.x is None or self.y is None else (self.x, self.y)


@dataclass(frozen=True, slots=True)
class Tick:
    """One frame's line: the frame was on screen from `t` on, `inputs` came before the next one.

    `pointer` is where the pointer stood when the frame was over; None where it is hidden or not known yet.
    """

    index: int
    t: _Seconds
    pointer: tuple[_Pixel, _Pixel] | None = None
    inputs: tuple[Input, ...] = ()


@dataclass(slots=True)
class _Held:
    """What is held down, and where the pointer is."""

    pointer: Point | None = None
    buttons: set[Button] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


class ActionsWriter:
    """Writes card and lines of a recording: `tick` for each frame, `add` for each input after it.

    A context manager; leaving it writes the last line and the number of frames.
    """

    def __init__(self, folder: Path, card: Card) -> None:
        """Begin a recording in `folder`, which is made. Raises `UsageError` where there is one already."""
        self.folder = folder
        self._card = card
        self._held = _Held()
        self._tick: Tick | None = None
        self._inputs: list[Input] = []
        self.frames = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any((folder / name).exists() for name in (CARD, VIDEO, ACTIONS)):
                raise UsageError(f"{folder} holds a recording already: give another folder.")
            write_card(folder, card)
            self._file = (folder / ACTIONS).open("x", encoding="utf-8")
        except OSError as error:
            raise _cannot_write(folder, error) from error

    def tick(self, t: float) -> None:
        """The next frame is on screen, `t` seconds after the first one."""
        self._line()
        self._tick = Tick(self.frames, max(0.0, t))
        self.frames += 1

    def add(self, event: Input) -> None:
        """Mouse or keyboard did something; before the first frame it is not kept, but held keys are."""
        if self._tick is not None:
            self._inputs.append(event)
        else:
            self._follow(event)

    def close(self) -> None:
        """Write the last line, and on the card how many frames there are; may be called twice."""
        if self._file.closed:
            return
        try:
            self._line()
            self._file.close()
            write_card(self.folder, replace(self._card, frames=self.frames))
        except OSError as error:
            raise _cannot_write(self.folder, error) from error

    def __enter__(self) -> ActionsWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _line(self) -> None:
        if self._tick is None:
            return
        line = self._contractor(replace(self._tick, inputs=tuple(self._inputs)))
        self._tick, self._inputs = None, []
        try:
            self._file.write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as error:
            raise _cannot_write(self.folder, error) from error

    def _follow(self, event: Input) -> None:
        held = self._held
        held.pointer = None if event.kind == "turn" else event.point or held.pointer
        if event.kind == "press" and event.button is not None:
            held.buttons.add(event.button)
        elif event.kind == "release" and event.button is not None:
            held.buttons.discard(event.button)
        elif event.kind == "key_down" and event.key is not None:
            held.keys.add(event.key)
        elif event.kind == "key_up" and event.key is not None:
            held.keys.discard(event.key)

    def _contractor(self, tick: Tick) -> dict[str, Any]:
        """The line of a frame; what was pressed and let go of within it counts as held."""
        held = self._held
        before, buttons, keys = held.pointer, set(held.buttons), set(held.keys)
        for event in tick.inputs:
            self._follow(event)
            buttons |= held.buttons
            keys |= held.keys
        pointer = held.pointer
        scale = _CONTRACTOR_HEIGHT / self._card.size[1]
        x, y = pointer or (0, 0)
        moved = (x - before[0], y - before[1]) if before is not None and pointer is not None else (0, 0)
        turned = [event for event in tick.inputs if event.kind == "turn"]
        pressed = [event for event in tick.inputs if event.kind == "press" and event.button is not None]
        downs = [event.key for event in tick.inputs if event.kind == "key_down" and event.key is not None]
        mouse = {
            "x": x * scale,
            "y": y * scale,
            "dx": moved[0] * scale + sum(event.dx for event in turned),
            "dy": moved[1] * scale + sum(event.dy for event in turned),
            "scaledX": x * scale,
            "scaledY": y * scale,
            "dwheel": -sum(event.dy for event in tick.inputs if event.kind == "scroll"),
            "buttons": sorted(_BUTTONS.index(button) for button in buttons),
            "newButtons": sorted({_BUTTONS.index(event.button) for event in pressed if event.button}),
        }
        exact = asdict(replace(tick, pointer=pointer))
        exact["inputs"] = [
            {name: value for name, value in event.items() if value not in (None, 0.0) or name == "t"}
            | {name: event[name] for name in ("x", "y") if event[name] is not None}
            for event in exact["inputs"]
        ]
        return {
            "mouse": mouse,
            "keyboard": {"keys": _key_names(keys), "newKeys": _key_names(downs), "chars": ""},
            "isGuiOpen": pointer is not None,
            "isGuiInventory": False,
            "hotbar": 0,
            "yaw": 0.0,
            "pitch": 0.0,
            "tick": tick.index,
            "milli": round(1000.0 * tick.t, 3),
            "inventory": [],
            "stats": {},
            "groundup": exact,
        }


def _key_names(keys: set[str] | list[str]) -> list[str]:
    return [f"key.keyboard.{_CONTRACTOR_KEYS.get(key, key)}" for key in sorted(set(keys)) if key != MASKED]


def is_recording(folder: Path) -> bool:
    """Whether `folder` has the card of a recording."""
    return (folder / CARD).is_file()


def read_card(folder: Path) -> Card:
    """The card of a recording. Raises `RecordingUnusable`."""
    path = folder / CARD
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise RecordingUnusable(f"{folder} is no recording: it has no {CARD}.") from error
    except (OSError, ValueError) as error:
        raise RecordingUnusable(f"{path} is no card of a recording ({error}).") from error
    if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
        raise RecordingUnusable(f"{path} is no card of a recording: it does not say that it is one.")
    version = document.pop("version", None)
    if version != VERSION:
        raise RecordingUnusable(
            f"{folder} is a recording of version {version}, this reads {VERSION}: update groundup."
        )
    try:
        return _cards().validate_python(document)
    except ValidationError as error:
        raise RecordingUnusable(f"{path} is no card of a recording: {_first(error)}.") from error


def write_card(folder: Path, card: Card) -> None:
    """Write the card, whole or not at all. Raises OSError."""
    part = folder / f"{CARD}.part"
    document = {"format": FORMAT, "version": VERSION, **asdict(card)}
    try:
        part.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        os.replace(part, folder / CARD)
    finally:
        part.unlink(missing_ok=True)


def read_ticks(folder: Path) -> Iterator[Tick]:
    """What was done, frame after frame; half a last line, as a killed recorder leaves it, is left out.

    Raises `RecordingUnusable` naming the line.
    """
    path = folder / ACTIONS
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordingUnusable(
            f"{folder} is no recording: {ACTIONS} cannot be read ({error.strerror})."
        ) from error
    with file:
        for index, line in enumerate(file):
            if not line.endswith(b"\n"):
                return
            try:
                tick = _ticks().validate_json(json.dumps(json.loads(line)["groundup"]))
            except ValidationError as error:
                raise RecordingUnusable(f"{path}, line {index + 1}: {_first(error)}.") from error
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise RecordingUnusable(f"{path}, line {index + 1} is no line of a recording.") from error
            yield replace(tick, index=index)


def mend_actions(folder: Path, frames: int) -> None:
    """Make as many lines as there are `frames`: cut off those too many, add some where nothing is done.

    For what a killed recorder left. Raises `RecordingUnusable`, `GroundupError`.
    """
    card = read_card(folder)
    path = folder / ACTIONS
    with path.open("rb") as file:
        whole = [line for line in file if line.endswith(b"\n")][:frames]
    ticks = list(read_ticks(folder))[:frames]
    part = path.with_name(f"{ACTIONS}.part")
    try:
        with part.open("wb") as file:
            file.writelines(whole)
            for index in range(len(whole), frames):
                last = json.loads(whole[-1]) if whole else {}
                pointer = ticks[-1].pointer if ticks else None
                file.write(_still(last, Tick(index, index / card.fps, pointer)))
        os.replace(part, path)
        write_card(folder, replace(card, frames=frames))
    except OSError as error:
        raise _cannot_write(folder, error) from error
    finally:
        part.unlink(missing_ok=True)


def _still(last: dict[str, Any], tick: Tick) -> bytes:
    """A line at which nothing is done, the pointer resting where the last line left it."""
    mouse = {"x": 0.0, "y": 0.0, "scaledX": 0.0, "scaledY": 0.0} | dict(last.get("mouse", {}))
    line = {
        "mouse": mouse | {"dx": 0.0, "dy": 0.0, "dwheel": 0.0, "buttons": [], "newButtons": []},
        "keyboard": {"keys": [], "newKeys": [], "chars": ""},
        "isGuiOpen": tick.pointer is not None,
        "isGuiInventory": False,
        "hotbar": 0,
        "yaw": 0.0,
        "pitch": 0.0,
        "tick": tick.index,
        "milli": round(1000.0 * tick.t, 3),
        "inventory": [],
        "stats": {},
        "groundup": asdict(tick),
    }
    return (json.dumps(line, separators=(",", ":")) + "\n").encode()


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the document'}: {first['msg']}"


def _cannot_write(folder: Path, error: OSError) -> GroundupError:
    return GroundupError(f"{folder} cannot be written ({error.strerror}): make room, or give another folder.")


@cache
def _cards() -> TypeAdapter[Card]:
    return TypeAdapter(Card)


@cache
def _ticks() -> TypeAdapter[Tick]:
    return TypeAdapter(Tick)

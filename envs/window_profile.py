"""Profiles: what groundup must know of a game's window to act in it safely and in time.

A profile says how its window is found, what kinds of input the game takes and how long they must last, where
and what the agent must not touch. It does not say how to play. Profiles are TOML; ours are in `profiles/`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from groundup.envs.errors import UsageError
from groundup.envs.types import Accepts
from groundup.envs.window import Query
from groundup.envs.window_keys import SYSTEM, canonical, chord, is_f_key, is_key, keys_for, plain, pressed

FOLDER = Path(__file__).parent / "profiles"

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Milliseconds = Annotated[int, Field(ge=0, le=10_000)]


class ProfileInvalid(UsageError):
    """A profile cannot be read."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WindowPart(_Part):
    """How the window is found: by title (exact, else how it begins), or by its class."""

    title: str | None = None
    name: str | None = Field(default=None, alias="class")


def _chord(written: str) -> str:
    """A chord by its keys' own names; raises `ValueError` for what is none."""
    parts = chord((written,))
    for part in parts:
        if not is_key(part):
            raise ValueError(f"there is no key {part!r} (in {written!r})")
    return "+".join(parts)


class InputPart(_Part):
    """What kinds of input the game takes; `keys` are worth pressing, chords are written "shift+enter"."""

    click: bool = True
    right_click: bool = False
    double_click: bool = False
    drag: bool = False
    scroll: bool = False
    text: bool = False
    keys: tuple[str, ...] = ()
    mouse: Literal["absolute", "relative"] = "absolute"
    """"relative" for a game that holds the pointer and turns a camera by the mouse: to move to a point of the
    frame is then to turn the camera there, and a click is made where it looks."""
    turn: Annotated[float, Field(gt=0, le=100)] = 1.0
    """How far the mouse must move for the camera to turn by a pixel of the frame."""

    @field_validator("keys")
    @classmethod
    def _known(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_chord(key) for key in keys)


class TimingPart(_Part):
    """How long input lasts, in milliseconds.

    A key held for 0 ms is lost 4 times in 5, one held for 20 or more never (measured with Freeciv, GTK 3).
    """

    press: Milliseconds = 50
    """A key or button is held for so long."""
    between: Milliseconds = 30
    """Between two clicks, keys of a chord, characters."""
    hover: Milliseconds = 20
    """From the pointer's arrival to the press."""
    drag: Milliseconds = 250
    """A drag's whole way."""
    frame: Annotated[int, Field(ge=5, le=1000)] = 33
    """Between two frames."""


class SafetyPart(_Part):
    """What is never pressed beside the system's own chords, and when the run stops."""

    stop_key: str = "f12"
    refused: tuple[str, ...] = ()
    """Chords that are refused in this game, such as "ctrl+q"."""
    allowed: tuple[str, ...] = ()
    """F-keys that may be pressed; all others are refused."""
    stop_text: tuple[str, ...] = ()
    """The run stops when one of these can be read on screen (without regard to case)."""

    @field_validator("stop_key")
    @classmethod
    def _one_key(cls, key: str) -> str:
        if not is_key(key) or len(keys_for(canonical(key))) > 1:
            raise ValueError(f"{key!r} is not a single key, such as f12")
        return canonical(key)

    @field_validator("refused")
    @classmethod
    def _chords(cls, chords: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_chord(one) for one in chords)

    @field_validator("allowed")
    @classmethod
    def _f_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if not is_key(key) or not is_f_key(canonical(key)):
                raise ValueError(f"{key!r} is none of the keys f1 to f24")
        return tuple(canonical(key) for key in keys)

    def refuses(self, keys: tuple[str, ...]) -> bool:
        """Whether a chord is never sent: it holds the stop key, an F-key that is not allowed, or all keys of
        one that is the system's or that this profile refuses, whatever else it holds."""
        held = pressed(keys)
        never = [frozenset(keys) for keys in SYSTEM] + [pressed((one,)) for one in self.refused]
        return (
            plain(self.stop_key) in held
            or any(is_f_key(key) and key not in self.allowed for key in held)
            or any(keys <= held for keys in never)
        )


class Forbidden(_Part):
    """A part of the client area, in shares of its size, that is neither shown to the agent nor clicked."""

    x: Share
    y: Share
    w: Share
    h: Share
    why: str = ""

    @model_validator(mode="after")
    def _inside(self) -> Forbidden:
        if self.x + self.w > 1.0001 or self.y + self.h > 1.0001:
            raise ValueError("x + w and y + h must be 1 at the most")
        return self


class Profile(_Part):
    """What is known of a game's window."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)
    window: WindowPart = WindowPart()
    input: InputPart = InputPart()
    timing: TimingPart = TimingPart()
    safety: SafetyPart = SafetyPart()
    forbidden: tuple[Forbidden, ...] = ()

    @model_validator(mode="after")
    def _sent(self) -> Profile:
        for key in self.input.keys:
            if self.safety.refuses((key,)):
                raise ValueError(f"input.keys has {key!r}, which is never sent (see [safety])")
        return self

    @property
    def accepts(self) -> Accepts:
        """The kinds of action that an agent may try."""
        given = self.input
        return Accepts(
            click=given.click,
            right_click=given.right_click,
            double_click=given.double_click,
            drag=given.drag,
            scroll=given.scroll,
            text=given.text,
            keys=given.keys,
        )

    @property
    def query(self) -> Query:
        """The window that is meant."""
        return Query(self.window.title, self.window.name)


def shipped() -> tuple[str, ...]:
    """Names of the profiles that come with groundup."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_profile(name_or_path: str) -> Profile:
    """A profile by its name among ours, or from a file; raises `ProfileInvalid` naming the wrong key."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = FOLDER / f"{name_or_path}.toml"
        if name_or_path not in shipped():
            raise ProfileInvalid(
                f"No profile is called {name_or_path!r}: there is {', '.join(shipped())}, or name a file."
            )
    try:
        return Profile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        reason = (
            "is no key of a profile" if first["type"] == "extra_forbidden" else f"is wrong: {first['msg']}"
        )
        raise ProfileInvalid(
            f"{path}: {key} {reason}; compare it with {FOLDER / 'template.toml'}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileInvalid(f"{path} is no TOML: {error}.") from error
    except OSError as error:
        raise ProfileInvalid(f"{path} cannot be read: {error.strerror or error}.") from error


def chosen_profile(given: Profile | str | None, title: str) -> Profile:
    """The profile `given` (by name or file), else the shipped one for a window of that title, else the
    template. Raises `ProfileInvalid`."""
    if isinstance(given, str):
        return load_profile(given)
    return given or profile_for(title) or load_profile("template")


def profile_for(title: str) -> Profile | None:
    """The shipped profile whose window has that title, or a title that begins so; None if there is none."""
    for name in shipped():
        profile = load_profile(name)
        if profile.window.title and title.lower().startswith(profile.window.title.lower()):
            return profile
    return None

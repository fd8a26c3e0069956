"""How a model wants to be asked: coordinates, notation, tokens of a picture. Data, not branches."""

from __future__ import annotations

import math
import tomllib
from fnmatch import fnmatch
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from groundup.agent.reason.schemas import wrong
from groundup.envs.errors import UsageError


class Profile(BaseModel):
    """One model family; see `profiles.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: tuple[str, ...] = ()
    """Patterns of model names (fnmatch, lower case)."""

    coordinates: Literal["marks", "pixels", "thousandths"] = "marks"
    """How it points: at numbers drawn on things, in pixels of the picture shown, or in 0 to 1000."""

    order: Literal["xy", "yx"] = "xy"
    """Which coordinate comes first in a pair."""

    actions: Literal["json", "text"] = "json"
    """Whether it acts by JSON or in its own notation (UI-TARS)."""

    side: int = Field(default=1024, ge=64, le=4096)
    """Pixels of the longer side of a screenshot that is shown to it."""

    temperature: bool = True
    """Whether it takes a temperature; it is then 0."""

    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What Chat Completions calls the limit of its answer."""

    answer_tokens: int = Field(default=900, ge=16, le=65_536)
    """The limit of its answer, thinking included."""

    image_tokens: Literal["tiles", "patches", "area", "gemini"] = "tiles"
    """How it counts the tokens of a picture."""

    patch: int = Field(default=28, ge=4, le=256)
    """Pixels of a side of what is one token, for "patches"."""

    @property
    def grid(self) -> int:
        """What the sides of a screenshot are multiples of, so that it points at pixels of what was sent.

        Qwen2.5-VL's processor scales a picture to multiples of a patch; the model points into that.
        """
        return self.patch if self.coordinates == "pixels" and self.image_tokens == "patches" else 1

    def tokens_of(self, width: int, height: int) -> int:
        """The tokens that a picture of that size comes to."""
        return COUNTS[self.image_tokens](width, height, self.patch)


def _tiles(width: int, height: int, _: int) -> int:
    """GPT-4o at high detail: fit into 2048, shorter side 768, then 85 + 170 for each tile of 512 (OpenAI)."""
    scale = min(1.0, 2048 / max(width, height))
    scale = min(scale, 768 / (min(width, height)))
    across, down = (math.ceil(round(v * scale, 3) / 512) for v in (width, height))
    return 85 + 170 * across * down


def _patches(width: int, height: int, patch: int) -> int:
    return math.ceil(width / patch) * math.ceil(height / patch)


def _area(width: int, height: int, _: int) -> int:
    return math.ceil(width * height / 750)


def _gemini(width: int, height: int, _: int) -> int:
    if max(width, height) <= 384:
        return 258
    return 258 * math.ceil(width / 768) * math.ceil(height / 768)


COUNTS = {"tiles": _tiles, "patches": _patches, "area": _area, "gemini": _gemini}
"""How pictures are counted, by the makers' documentation."""


def profile_of(model: str) -> Profile:
    """The profile that fits a model's name."""
    name = model.lower().rsplit("/", 1)[-1]
    return next(p for p in _shipped().values() if any(fnmatch(name, pattern) for pattern in p.match))


def read_profile(name: str) -> Profile:
    """A shipped profile by its name, or one from a TOML file; raises `UsageError`."""
    if name in _shipped():
        return _shipped()[name]
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"No profile is called {name!r}: give {', '.join(_shipped())}, or a TOML file.")
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        tables = [value for value in document.values() if isinstance(value, dict)]
        return Profile.model_validate(tables[0] if tables else document)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} is no profile: {error}.") from error
    except ValidationError as error:
        raise UsageError(f"{path} is no profile: {wrong(error)}.") from error


@cache
def _shipped() -> dict[str, Profile]:
    text = files("groundup.agent.reason").joinpath("profiles.toml").read_text(encoding="utf-8")
    return {name: Profile.model_validate(table) for name, table in tomllib.loads(text).items()}

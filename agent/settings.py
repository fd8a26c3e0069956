"""Settings that a user may give by environment (`GROUNDUP_HOME`, ...); the command line goes over them."""

from __future__ import annotations

import re
from pathlib import Path

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where groundup keeps its data."""

    model_config = SettingsConfigDict(env_prefix="GROUNDUP_", extra="ignore")

    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("groundup")))
    """The folder that holds libraries, pictures and converted models."""

    def library(self, game: str) -> Path:
        """Where the library of `game` is kept when none is named."""
        return self.home / f"{game}.db"


def library_of(game: str) -> str:
    """The library that `game` uses when none is named, in $GROUNDUP_HOME."""
    return str(Settings().library(re.sub(r"[^\w.-]+", "-", game)))

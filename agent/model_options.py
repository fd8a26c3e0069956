"""What was asked of a model on the command line; light, since every run has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """None where nothing was asked for; `key_file` names a file with the key, which is never given itself."""

    model: str | None = None
    base_url: str | None = None
    key_file: Path | None = None
    profile: str | None = None
    device: str | None = None
    dtype: str | None = None
    max_cost: float | None = None
    max_calls: int | None = None

    @property
    def given(self) -> bool:
        """Whether anything was asked for."""
        return self != ModelOptions()

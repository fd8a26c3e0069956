"""What was found out about servers: how far each honours the form of a reply. Kept in $GROUNDUP_HOME."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Literal, get_args

from groundup.memory.whole import write_whole

Rung = Literal["schema", "object", "tool", "plain"]
"""By a JSON schema; as some JSON object; as the arguments of a tool; by words alone."""

RUNGS: tuple[Rung, ...] = get_args(Rung)


class Servers:
    """Remembers a rung for each server and model; a file that is not there or spoilt is begun anew."""

    def __init__(self, path: Path | None) -> None:
        """`path`: a JSON file; None remembers for this process only."""
        self._path = path
        self._known = self._read()

    def rung(self, url: str, model: str) -> Rung | None:
        """The rung that was found; None when none was."""
        return self._known.get(f"{url} {model}")

    def remember(self, url: str, model: str, rung: Rung) -> None:
        """Keep the rung; that it cannot be written is no reason to stop."""
        if self.rung(url, model) == rung:
            return
        self._known[f"{url} {model}"] = rung
        if self._path is not None:
            with contextlib.suppress(OSError):
                write_whole(self._path, json.dumps(self._known, indent=1, sort_keys=True))

    def _read(self) -> dict[str, Rung]:
        if self._path is None:
            return {}
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(document, dict):
            return {}
        return {str(name): rung for name, rung in document.items() if rung in RUNGS}

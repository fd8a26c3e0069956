"""What models have said and is kept in the library: scenes described, choices made, goals.

Notes are under the library's own names of scenes and kinds, so they belong to it and are left out when
libraries are merged.
"""

from __future__ import annotations

from typing import Any

from groundup.memory.store import Store

SECTION = "notes"
"""Section of the library's knowledge that holds them."""


class Notes:
    """Documents by kind and name, read once and written through; `store` None keeps them in memory only."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._known: dict[str, Any] = {} if store is None else store.get_knowledge(SECTION)

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """The note, or None."""
        document = self._known.get(f"{kind} {name}")
        return document if isinstance(document, dict) else None

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """All notes of a kind, by name."""
        start = f"{kind} "
        return {key[len(start) :]: note for key, note in self._known.items() if key.startswith(start)}

    def put(self, kind: str, name: str, document: dict[str, Any]) -> None:
        """Keep a note."""
        self._known[f"{kind} {name}"] = document
        if self._store is not None and not self._store.readonly:
            with self._store.step():
                self._store.put_knowledge(SECTION, f"{kind} {name}", document)

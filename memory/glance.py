"""What a library shows at first sight, read by the standard library's sqlite3 alone.

Importing SQLAlchemy and numpy takes longer than all of a dashboard's first picture: some 0.35 of 0.85 seconds
of processor time. So the first questions are asked here, of a file of today; whatever else a library may be
(on a server, of an older groundup, damaged, not there) is the store's to open, or to refuse with a sentence.
Each question is one of `lookups.py` or `store.py`; a test holds them to the same answers.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from groundup.memory.lock import writes
from groundup.memory.records import Control, Event, RunRecord, from_json

SCHEMA = 3
"""The schema that these questions are for; a test says when there is a newer one."""

_RUN = "SELECT id, game, policy, seed, steps, status, started, updated FROM run ORDER BY started, id"
_EVENT = "SELECT run, seq, t, kind, data FROM event WHERE run = ? AND seq >= ? AND seq < ?"
_CONTROL = "SELECT id, run, what, value, asked, taken FROM control WHERE run = ? ORDER BY id DESC LIMIT ?"


class Glance:
    """A library's file, open for its first questions; belongs to a thread. `open` makes it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self.name = str(path)

    @classmethod
    def open(cls, location: str) -> Glance | None:
        """The library at a path; None for what this cannot read, whatever the reason: ask the store then."""
        if "://" in location:
            return None
        path = Path(location).expanduser().absolute()
        # Where nothing may be written SQLite needs to be told so: the store knows when that is right.
        if not path.is_file() or not os.access(path.parent, os.W_OK):
            return None
        try:
            connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
        except sqlite3.Error:
            return None
        try:
            found = connection.execute("SELECT max(number) FROM migration").fetchone()[0]
            # A migration and its number come in one transaction, so this says what all tables are.
            if found == SCHEMA and connection.execute("SELECT count(*) FROM knowledge").fetchone():
                return cls(connection, path)
        except sqlite3.Error:
            pass
        connection.close()
        return None

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _read(self, statement: str, *values: Any) -> list[Any]:
        return self._connection.execute(statement, values).fetchall()

    def runs(self) -> list[RunRecord]:
        """The runs, oldest first, without what resuming them needs."""
        return [
            RunRecord(run, game, policy, seed, steps, status, {}, started, updated)
            for run, game, policy, seed, steps, status, started, updated in self._read(_RUN)
        ]

    def count_skills(self) -> int:
        """How many skills are in use."""
        return int(self._read("SELECT count(*) FROM skill WHERE retired IS NULL")[0][0])

    def last_event(self, run: str) -> int:
        """The number of a run's last event; -1 when it has none."""
        last = self._read("SELECT max(seq) FROM event WHERE run = ?", run)[0][0]
        return -1 if last is None else int(last)

    def events_from(self, run: str, first: int, before: int, *, limit: int = 200) -> list[Event]:
        """At most `limit` events numbered `first` to `before` (exclusive), the earliest ones, in order."""
        return _events(self._read(f"{_EVENT} ORDER BY seq LIMIT ?", run, first, before, limit))

    def events_before(
        self, run: str, before: int, *, limit: int = 200, since: int = 0, kinds: Sequence[str] = ()
    ) -> list[Event]:
        """At most `limit` events numbered `since` to `before` (exclusive), the latest ones, in order."""
        places = ", ".join("?" * len(kinds))
        these = f"{_EVENT}{f' AND kind IN ({places})' if kinds else ''} ORDER BY seq DESC LIMIT ?"
        return _events(self._read(these, run, since, before, *kinds, limit))[::-1]

    def latest_controls(self, run: str, *, limit: int = 50) -> list[Control]:
        """The last `limit` controls of a run, taken up or not, in order."""
        rows = self._read(_CONTROL, run, limit)
        return [
            Control(number, run_id, what, from_json(value), asked, taken)
            for number, run_id, what, value, asked, taken in reversed(rows)
        ]

    def frame(self, sha: str) -> bytes | None:
        """The encoded picture of that hash; None when it was dropped or never kept."""
        rows = self._read("SELECT image FROM frame WHERE sha = ?", sha)
        return bytes(rows[0][0]) if rows else None

    def is_written(self, run: RunRecord, runs: Sequence[RunRecord]) -> bool:
        """Whether some process writes this one of the library's runs now."""
        return writes(self.path, run, runs)


def _events(rows: Sequence[Any]) -> list[Event]:
    return [Event(run, seq, t, kind, from_json(data)) for run, seq, t, kind, data in rows]

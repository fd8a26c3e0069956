"""Following a run's log while it is written, from any process.

`Store.append_event` writes the log; this is the reader's side, all that a dashboard needs of a live run.
"""

from __future__ import annotations

from groundup.memory.records import Event
from groundup.memory.store import Store


class EventTail:
    """Reads a run's events from where the last call ended; `offset` is the next event's number.

    `store` is best opened with `readonly`: a reader then never waits for the writer, nor the writer for it.
    """

    def __init__(self, store: Store, run_id: str, *, offset: int = 0) -> None:
        self._store = store
        self.run_id = run_id
        self.offset = offset

    def poll(self, limit: int = 1000) -> list[Event]:
        """The events that came since the last call, at most `limit`; empty when there are none yet."""
        events = self._store.events(self.run_id, after=self.offset - 1, limit=limit)
        if events:
            self.offset = events[-1].seq + 1
        return events

"""What is known of the run that is watched: its record, its last steps, what was asked of it.

Built from the end of the log alone, so that a long log opens as fast as a short one. Fields that an older
log lacks are simply missing here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from groundup.memory.records import Control, Event, RunRecord
from groundup.tui.sound import sound

RECENT = 400
"""Steps whose counters are shown as curves beside the picture."""

PACE = 40
"""Steps over which the pace is taken."""


@dataclass(frozen=True, slots=True)
class News:
    """What a look at the library has brought; see `RunState` for the fields."""

    runs: Sequence[RunRecord]
    skills: int
    run: RunRecord | None = None
    events: Sequence[Event] = ()
    controls: Sequence[Control] = ()
    written: bool = False


@dataclass(slots=True)
class RunState:
    """The run as it stands; `library` is its path or URL without a password."""

    library: str = ""
    run: RunRecord | None = None
    runs: Sequence[RunRecord] = ()
    written: bool = False
    """Whether some process writes this run now, if it has not ended."""
    controls: Sequence[Control] = ()
    skills: int = 0
    next_seq: int = 0
    wanted: int | None = None
    last: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    look: dict[str, Any] = field(default_factory=dict)
    found: list[dict[str, Any]] = field(default_factory=list)
    values: dict[str, deque[tuple[float, float]]] = field(default_factory=dict)
    times: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=PACE))
    note: str = ""

    @property
    def live(self) -> bool:
        """Whether the run is being played now."""
        return self.run is not None and self.run.status == "running" and self.written

    @property
    def paused(self) -> bool:
        """Whether the last that the run took up leaves it waiting."""
        taken = [
            c.what for c in self.controls if c.taken is not None and c.what in ("pause", "step", "resume")
        ]
        return self.live and bool(taken) and taken[-1] in ("pause", "step")

    @property
    def pending(self) -> list[str]:
        """What was asked of a live run and is not taken up yet."""
        return [c.what for c in self.controls if c.taken is None] if self.live else []

    @property
    def status(self) -> str:
        """The run's status in a word or two."""
        if self.run is None:
            return "no run yet"
        if self.run.status != "running":
            return self.run.status
        if not self.written:
            return "died"
        asked = f", {self.pending[-1]} asked" if self.pending else ""
        return ("paused" if self.paused else "live") + asked

    @property
    def pace(self) -> float | None:
        """Steps a second of late; None before there are two."""
        if len(self.times) < 2:
            return None
        (first, began), (last, ended) = self.times[0], self.times[-1]
        return (last - first) / (ended - began) if ended > began else None

    def bring(self, news: News) -> None:
        """Bring the state up to date."""
        self.runs, self.skills = news.runs, news.skills
        if news.run is not None:
            self.run, self.controls, self.written = news.run, news.controls, news.written
            self.take(news.events)

    def take(self, events: Iterable[Event]) -> None:
        """Take in events that came since, in order."""
        for event in map(sound, events):
            self.next_seq = event.seq + 1
            data = event.data
            match event.kind:
                case "step":
                    self._step(data, event.t)
                case "look":
                    self.look = data
                case "counters":
                    self.found = [dict(one) for one in data.get("found", [])]
                case "start":
                    self.wanted = int(data["steps"]) if "steps" in data else None
                case "control" if "refused" not in data:
                    if data.get("what") == "budget":
                        self.wanted = int(data.get("steps", self.wanted or 0))
                    if data.get("what") == "note":
                        self.note = str(data.get("text", ""))

    def _step(self, data: dict[str, Any], t: float) -> None:
        self.before, self.last = self.last, data
        step = int(data.get("step", 0))
        self.times.append((step, t))
        for place, value in (data.get("own") or {}).items():
            self.values.setdefault(place, deque(maxlen=RECENT)).append((float(step), float(value)))

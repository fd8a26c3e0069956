"""Does what people ask of the run: looks for it between steps and within them, and waits there while paused.

A step in progress is never cut short: what was taken up meanwhile holds when it has ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from groundup.memory.edits import apply_edit
from groundup.memory.records import Control
from groundup.memory.store import Store

LOOK_SECONDS = 0.05
"""Time between two looks while the run is paused."""

MEANWHILE_SECONDS = 0.1
"""Time between two looks within a step."""


class Steering:
    """What was asked of one run: `steps` to do in all, whether to wait, whether to stop."""

    def __init__(self, store: Store, run: str, steps: int) -> None:
        self._store = store
        self._run = run
        self._after = store.controls.last(run)  # what was asked of an earlier life of this run is void
        self._allowed: int | None = None
        self._looked = time.monotonic()
        self.steps = steps
        self.stopped = False

    def halts(self, halted: Callable[[], bool]) -> bool:
        """Whether the run is to end before its next step; waits while it is paused, unless `halted`."""
        self._take_up()
        while self._allowed == 0 and not self.stopped and not halted():
            time.sleep(LOOK_SECONDS)
            self._take_up()
        if self._allowed:
            self._allowed -= 1
        return self.stopped or halted()

    def meanwhile(self) -> None:
        """Take up what was asked within a step; a change of a skill, and what comes after it, when the step
        has ended: it may be using that skill."""
        now = time.monotonic()
        if now - self._looked >= MEANWHILE_SECONDS:
            self._looked = now
            self._take_up(within=True)

    def stop_asked(self) -> bool:
        """Whether the end of the run has been asked for; nothing is taken up by looking."""
        return self.stopped or any(
            control.what == "stop" for control in self._store.controls.open(self._run, after=self._after)
        )

    def _take_up(self, *, within: bool = False) -> None:
        for control in self._store.controls.open(self._run, after=self._after):
            if within and control.what == "skill":
                return
            self._after = control.id
            with self._store.step():
                said = self._obey(control)
                self._store.controls.take(control)
                self._store.append_event(
                    self._run, "control", {"what": control.what, **control.value, **said}
                )

    def _obey(self, control: Control) -> dict[str, object]:
        match control.what, control.value:
            case "pause", _:
                self._allowed = 0
            case "step", _:
                self._allowed = 1
            case "resume", _:
                self._allowed = None
            case "stop", _:
                self.stopped = True
            case "note", _:
                pass  # the event is the note
            case "budget", {"steps": int(steps)} if steps > 0:
                self.steps = steps
            case "skill", {"edit": dict(edit)}:
                try:
                    return {"undo": apply_edit(self._store, edit)}
                except ValueError as error:
                    return {"refused": str(error)}
            case _:
                return {
                    "refused": f"This run does not know what {control.what!r} with {control.value} means."
                }
        return {}

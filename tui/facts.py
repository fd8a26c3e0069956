"""The facts of a run in words: the same for the screens, for `--plain` and for the page.

A section is a title and rows of cells. Nothing here knows how they are shown.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from groundup.tui.chart import number
from groundup.tui.growth import KEPT, Growth
from groundup.tui.state import RunState

Row = tuple[str, ...]

PARTS = ("game", "perceive", "act", "decide", "learn", "keep")
"""The parts of a step: the game's own time, looking, watching it answer, deciding, learning, keeping."""

WHOSE = {"at": "target:", "by": "others:"}
"""Whose numbers a skill changes, beside one's own."""


@dataclass(frozen=True, slots=True)
class Section:
    """A title and rows of the same number of cells; `head` names the cells where they need it."""

    title: str
    rows: tuple[Row, ...]
    head: Row = ()


def percent(share: float | None) -> str:
    """A share as a person reads it."""
    return "?" if share is None else f"{100 * share:.0f}%"


def money(cost: float | None) -> str:
    """Dollars as a person reads them."""
    return "?" if cost is None else f"${cost:.2f}"


def signed(value: float) -> str:
    """A change with its sign."""
    return f"{value:+.3g}"


def ago(seconds: float) -> str:
    """A stretch of time in one or two units."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}".replace(".0 ", " ")
    return f"{max(0.0, seconds):.0f} s"


def channel(name: str) -> str:
    """What a person calls a number on screen or one that a skill changes: "own:floor n@639,23" is "floor"."""
    owner, _, rest = name.partition(":")
    if owner in WHOSE and rest:
        return f"{WHOSE[owner]} {rest}"
    place = rest or owner
    form, _, where = place.rpartition("@")
    label = form.removesuffix("n/m").removesuffix("n").strip()
    if not label and where:
        label = f"{'bar' if form.endswith('n/m') else 'number'} at {where}"
    return label or place


def overview(state: RunState, growth: Growth) -> Section:
    """What the run is and how far it is."""
    run = state.run
    if run is None:
        return Section("run", (("none yet", f"groundup play spire --steps 300 --library {state.library}"),))
    done = f"{run.steps} of {state.wanted}" if state.wanted else f"{run.steps}"
    pace = f", {state.pace:.1f} a second" if state.pace else ""
    rows = [
        ("run", run.id),
        ("game", f"{run.game}, policy {run.policy}, seed {run.seed if run.seed is not None else '?'}"),
        ("status", status_words(state)),
        ("steps", f"{done}{pace if state.live else ''}, in {ago(run.updated - run.started)}"),
        ("skills", f"{state.skills} in the library"),
    ]
    if growth.steps:
        ended = growth.ended
        rows.append(("answered", f"{percent(_rate(growth))} of actions"))
        rows.append(("ended", f"{ended} {'run' if ended == 1 else 'runs'} of the game"))
    if state.note:
        rows.append(("note", state.note))
    return Section("run", tuple(rows))


def status_words(state: RunState) -> str:
    """The status, and what it means where that is not plain."""
    if state.status == "died":
        return (
            "died: its process is gone, and nothing but the step it was in is lost; --resume goes on with it"
        )
    return state.status


def _rate(growth: Growth) -> float | None:
    actions = growth.curve.total("actions")
    return growth.curve.total("answered") / actions if actions else None


def decision(state: RunState) -> Section:
    """The decision just taken and what was weighed."""
    last, look = state.last, state.look
    if not last:
        return Section("decision", (("no step yet",),))
    what = f"{last.get('move', '?')} {last.get('on', '?')}"
    if last.get("then"):
        what += f"{' dragged to' if last.get('drag') else ', then'} {last['then']}"
    # Not every step is looked at: the last look may be of an earlier one, in another scene.
    seen = look.get("scene") if "step" in look and look["step"] == last.get("step") else None
    rows: tuple[Row, ...] = (
        (f"{what} ({last.get('why') or 'no reason kept'})",),
        (f"seen in {last.get('from') or seen or '?'}",),
    )
    return Section(f"decision of step {last.get('step', '?')}", rows)


def candidates(state: RunState) -> Section:
    """The candidates of the last look: value, visits, and the chance that the screen answers."""
    weighed = state.look.get("candidates")
    if not weighed:
        why = "this log does not say what was weighed" if state.last else "no step yet"
        return Section("candidates", ((why, "", "", ""),))
    rows = []
    for one in weighed:
        chosen = "▶ " if one.get("kind") == state.look.get("chosen") else "  "
        count = f" ×{one['count']}" if one.get("count", 1) > 1 else ""
        rows.append(
            (
                f"{chosen}{one.get('kind')}{count}",
                f"{float(one.get('value', 0)):.2f}",
                number(float(one.get("visits", 0))),
                percent(float(one.get("p", 0))),
            )
        )
    return Section(
        f"candidates at step {state.look.get('step', '?')}",
        tuple(rows),
        ("thing", "value", "visits", "answers"),
    )


def verdict(state: RunState) -> Section:
    """What came of the step, and the reward's parts."""
    last = state.last
    if not last:
        return Section("verdict", (("no step yet", ""),))
    answered = last.get("responsive") or []
    said = "answered" if answered and all(answered) else "answered in part" if any(answered) else "no answer"
    rows: list[Row] = [("screen", said)]
    if last.get("from") and last["from"] != last.get("scene"):
        rows.append(("scene", f"{last['from']} → {last.get('scene')}"))
    else:
        rows.append(("scene", str(last.get("scene", "?"))))
    moved = _moved(state)
    if moved:
        rows.append(("numbers", ", ".join(moved[:4])))
    if last.get("ended"):
        rows.append(("run", "a run of the game ended here"))
    parts = last.get("parts")
    shown = " ".join(f"{name} {signed(float(value))}" for name, value in parts.items()) if parts else ""
    rows.append(("reward", f"{signed(float(last.get('reward') or 0.0))}{f' = {shown}' if shown else ''}"))
    return Section("verdict", tuple(rows))


def _moved(state: RunState) -> list[str]:
    own, before = state.last.get("own") or {}, state.before.get("own") or {}
    return [
        f"{channel(place)} {signed(float(own[place]) - float(before[place]))}"
        for place in own
        if place in before and own[place] != before[place]
    ]


def step_time(state: RunState) -> Section:
    """Where the last step's time went, in milliseconds."""
    ms: dict[str, Any] = state.last.get("ms") or {}
    if not ms:
        return Section("step time", (("not in this log", "", ""),))
    known = [(name, float(ms[name])) for name in (*PARTS, *sorted(ms.keys() - set(PARTS))) if name in ms]
    whole = sum(value for _, value in known) or 1.0
    rows = [(name, f"{value:.1f} ms", bar(value / whole)) for name, value in known]
    return Section(f"step time, {whole:.0f} ms", tuple(rows))


def bar(share: float, width: int = 12) -> str:
    """A share as a bar of eighths."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    whole, part = divmod(eighths, 8)
    return ("█" * whole + (" ▏▎▍▌▋▊▉"[part] if part else "")).ljust(width)


def counters(state: RunState) -> Section:
    """The counters found, and where they stand."""
    if not state.found:
        return Section("counters", (("none found yet", "", ""),))
    own = state.last.get("own") or {}
    rows = []
    for one in state.found:
        place = str(one.get("place"))
        value = own.get(place)
        if value is None and state.values.get(place):
            value = state.values[place][-1][1]
        rows.append(
            (
                str(one.get("name", place)),
                str(one.get("role", "")),
                "?" if value is None else number(float(value)),
            )
        )
    return Section("counters", tuple(rows))


def skills(growth: Growth) -> Section:
    """What came of skills and of models in the run."""
    curve = growth.curve
    rows: list[Row] = [(name, number(curve.total(name))) for name in KEPT]
    moves = curve.total("moves") or 1.0
    rows.append(("exploring", percent(curve.total("probe") / moves)))
    rows.append(("using", percent((curve.total("use") + curve.total("pass")) / moves)))
    rows.append(("model calls", number(curve.total("calls"))))
    rows.append(("tokens", number(curve.total("tokens"))))
    rows.append(("cost", money(growth.cost)))
    return Section("growth", tuple(rows))


def progress(growth: Growth) -> Section:
    """How far runs of the game came."""
    reached = [value for _, value in growth.reached()]
    found = growth.progress()
    if found is None:
        return Section("progress", (("progress", "no progress counter in this log yet"),))
    if not reached:
        return Section("progress", ((found[1], "no run of the game has ended yet"),))
    third = max(1, len(reached) // 3)
    rows = (
        ("counter", found[1]),
        ("best", number(max(reached))),
        ("first third", number(sum(reached[:third]) / third)),
        ("last third", number(sum(reached[-third:]) / third)),
    )
    return Section("progress", rows)


def when(t: float) -> str:
    """A moment in local time."""
    return time.strftime("%H:%M:%S", time.localtime(t))

"""`watch --plain`: the facts as lines, for a screen reader, a pipe, or a terminal that can do no more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from groundup.tui import facts
from groundup.tui.growth import Growth
from groundup.tui.source import Source
from groundup.tui.state import RunState

if TYPE_CHECKING:
    from groundup.tui.segments import Segmentation

EVERY_SECONDS = 1.0
"""Time between two looks at a live run."""

SHOWN = 10
"""Skills and scenes listed."""


def watch(source: Source, beginning: str | None, say: Callable[[str], None], *, follow: bool = True) -> None:
    """Say what there is; of a live run then one line a second at the most until it ends."""
    state = source.open_run(source.run(beginning))
    say(f"library: {source.name}")
    if state.run is None:
        say(
            "no run in this library yet: start one with "
            f"groundup play spire --steps 300 --library {source.location}"
        )
        return
    for line in lines(state, source.growth(state.run.id)):
        say(line)
    for line in _skills(source):
        say(line)
    while follow and state.live:
        time.sleep(EVERY_SECONDS)
        news = source.news(state)
        state.bring(news)
        if news.events:
            say(brief(state))
    if follow and state.run.status == "running" and not state.written:
        say(f"status: {facts.status_words(state)}")


def segment_lines(segments: Segmentation) -> list[str]:
    """A segmented video: a line on all of it, and one on each segment."""
    out = [f"segments: {segments.title.strip()}"]
    for number in range(len(segments.starts)):
        told = ", ".join(f"{name} {words}" for name, words in segments.facts(number))
        out.append(f"segment {number + 1}: {told}")
    return out


def lines(state: RunState, growth: Growth) -> list[str]:
    """Every fact of the run's screens as "section: name value"."""
    sections = (
        facts.overview(state, growth),
        facts.progress(growth),
        facts.decision(state),
        facts.candidates(state),
        facts.verdict(state),
        facts.step_time(state),
        facts.counters(state),
        facts.skills(growth),
    )
    out = []
    for section in sections:
        head = section.head
        for row in section.rows:
            cells = [
                f"{head[i]} {cell.strip()}" if i and i < len(head) else cell.replace("▶", "chosen:").strip()
                for i, cell in enumerate(row)
                if cell.strip() and not set(cell.strip()) <= set("█▏▎▍▌▋▊▉")
            ]
            out.append(f"{section.title}: {', '.join(cells) if head else ' '.join(cells)}")
    for scene, count in growth.scenes.most_common(SHOWN):
        ways = [f"{end} {times} times" for start, end, times, _ in growth.ways(scene) if start == scene][:3]
        out.append(f"scenes: {scene}, seen {count} times, leads to {', '.join(ways) or 'none'}")
    return out


def brief(state: RunState) -> str:
    """A live run in one line."""
    last = state.last
    pace = f", {state.pace:.1f} a second" if state.pace else ""
    return (
        f"step {last.get('step', 0)}{pace}, {state.status}: {last.get('move', '?')} {last.get('on', '?')}, "
        f"{facts.verdict(state).rows[0][1]}, reward {facts.signed(float(last.get('reward') or 0.0))}"
    )


def _skills(source: Source) -> list[str]:
    found, pinned = source.skills("", retired=False)
    found.sort(key=lambda line: -int(line.statistics.get("uses", 0)))
    out = [f"skills: {len(found)} in use{', at least' if len(found) >= 5000 else ''}; the most used:"]
    for line in found[:SHOWN]:
        uses = int(line.statistics.get("uses", 0))
        rate = int(line.statistics.get("responsive", 0)) / uses if uses else None
        mark = " pinned" if line.id in pinned else ""
        out.append(f"skills: {line.name} in {line.scene}, {uses} uses, {facts.percent(rate)} answered{mark}")
    return out

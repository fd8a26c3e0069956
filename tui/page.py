"""`groundup report`: one page on a run, with everything in it, to keep, to send and to print.

Text comes from screens of games and from people: all of it is escaped. The page runs no script and asks for
nothing from elsewhere.
"""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from groundup.memory.errors import UsageError
from groundup.memory.lookups import SkillLine
from groundup.memory.whole import write_whole
from groundup.tui import facts
from groundup.tui.chart import Axes, Series, number
from groundup.tui.growth import KEPT, Growth
from groundup.tui.page_style import STYLE
from groundup.tui.page_svg import chart, graph, path
from groundup.tui.picture import Marks, decode, mark
from groundup.tui.source import Source, open_source
from groundup.tui.state import RunState

GALLERY = 24
"""Skills in the gallery, the most used first."""

WIDE = 320
"""Pixels of a picture's width: two of them beside each other fill a card. Some 12 KB each."""

QUALITY = 72
"""JPEG quality of pictures that are looked at, not matched."""


def write_report(location: str, beginning: str | None, out: Path) -> dict[str, Any]:
    """Write the page on a run (the latest for None); returns its run, path and size.

    Raises `UsageError` when there is no run, or the page cannot be written; nothing is left half-written.
    """
    source = open_source(location)
    try:
        run = source.run(beginning)
        if run is None:
            raise UsageError(
                f"{source.name} holds no run yet: play first, `groundup play spire --steps 300`."
            )
        state = source.open_run(run)
        text = page(source, state, source.growth(run.id))
    finally:
        source.close()
    try:
        write_whole(out, text)
    except OSError as error:
        raise UsageError(f"{out} cannot be written ({error.strerror}): give another --out.") from error
    return {"run": run.id, "page": str(out), "bytes": len(text.encode())}


def page(source: Source, state: RunState, growth: Growth) -> str:
    """The page as HTML."""
    run = state.run
    assert run is not None
    title = f"{run.game}, {run.steps} steps"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="dim">run <code>{escape(run.id)}</code>, begun '
        f"{time.strftime('%d %B %Y, %H:%M', time.localtime(run.started))}</p>",
        f'<p class="lead">{escape(verdict(state, growth))}</p>',
        _facts(state, growth),
        "<h2>Growth</h2>",
        f'<div class="curves">{"".join(_curves(growth))}</div>',
        "<h2>Counters</h2>",
        _counters(state),
        "<h2>Skills</h2>",
        _gallery(source),
        "<h2>The path through the scenes</h2>",
        path(growth),
        graph(growth),
        "<h2>Steps that mattered</h2>",
        _mattered(growth),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>groundup: {escape(title)}</title><style>{STYLE}</style></head>\n<body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def verdict(state: RunState, growth: Growth) -> str:
    """Whether it is getting better, in one or two sentences."""
    kept = growth.curve.total("learnt") + growth.curve.total("composed")
    said = [f"In {growth.steps} steps it learnt {kept:.0f} skills."]
    rates = growth.curve.rates("answered", "actions", window=max(1, growth.steps // growth.curve.width // 5))
    if len(rates) > 5:
        early, late = rates[len(rates) // 5][1], rates[-1][1]
        shares = f"{facts.percent(early)} of its actions early on, {facts.percent(late)} at the end"
        said.append(f"The screen answered {shares}.")
    found, reached = growth.progress(), [value for _, value in growth.reached()]
    if found is None:
        said.append("It has found no number that measures progress yet.")
    elif len(reached) >= 4:
        half = len(reached) // 2
        early, late = sum(reached[:half]) / half, sum(reached[half:]) / (len(reached) - half)
        better = "better" if late > early else "no better"
        said.append(
            f"Its runs of the game ended at {found[1]} {number(round(early, 1))} in the first half and "
            f"{number(round(late, 1))} in the second: it got {better}."
        )
    elif reached:
        said.append(f"Its best run of the game ended at {found[1]} {number(max(reached))}.")
    standing = growth.standing()
    if found is not None and standing is not None:
        said.append(f"The one that has not ended stands at {found[1]} {number(standing)}.")
    if state.status == "died":
        said.append("Its process died; --resume goes on with it.")
    return " ".join(said)


def _facts(state: RunState, growth: Growth) -> str:
    sections = (facts.overview(state, growth), facts.progress(growth), facts.skills(growth))
    rows = [row for section in sections for row in section.rows if len(row) == 2 and row[0] not in ("run",)]
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows)
    return f'<dl class="facts">{cells}</dl>'


def _curves(growth: Growth) -> Iterable[str]:
    curve = growth.curve
    window = max(1, min(12, growth.steps // 8))
    kept = [
        Series(name, tuple(curve.sums(name)), f"c{i}")
        for i, name in enumerate(KEPT)
        if name == "learnt" or curve.total(name)
    ]
    yield chart("skills kept", Axes(kept, 0.0))
    reached, found = growth.reached(), growth.progress()
    means = [
        (x, sum(y for _, y in reached[max(0, i - 4) : i + 1]) / min(5, i + 1))
        for i, (x, _) in enumerate(reached)
    ]
    runs = [
        Series("each run", tuple(reached), "c0", dots=True),
        Series("mean of the last 5", tuple(means), "c1"),
    ]
    yield chart(
        f"{found[1]} at the end of a run" if found else "progress: no counter found",
        Axes(runs if reached else [], 0.0, first=0.0, last=float(growth.steps)),
    )
    earned = Series("", tuple(growth.earned()), "c0")
    yield chart("reward of a run of the game", Axes([earned] if earned.points else []))
    answered = Series("", tuple(curve.rates("answered", "actions", window=window)), "c2")
    yield chart("answered by the screen", Axes([answered], 0.0, 1.0, percent=True))
    shares = [
        Series(words, tuple(curve.rates(name, "moves", window=window)), colour)
        for name, words, colour in (
            ("probe", "exploring", "c0"),
            ("use", "using a skill", "c2"),
            ("pass", "passing", "c1"),
        )
    ]
    yield chart("exploring and exploiting", Axes(shares, 0.0, 1.0, percent=True))
    if curve.total("calls") and growth.cost is not None:
        yield chart("model cost, $", Axes([Series("", tuple(curve.sums("cost")), "c4")], 0.0))


def _counters(state: RunState) -> str:
    if not state.found:
        return '<p class="none">None was found in this run, or its log does not say.</p>'
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(role)}</td><td class='n'>{escape(value)}</td></tr>"
        for name, role, value in facts.counters(state).rows
    )
    return _table("<th>number</th><th>measures</th><th class='n'>last</th>", rows)


def _table(head: str, rows: str) -> str:
    """A table whose head stands on each page when it is printed."""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _gallery(source: Source) -> str:
    lines, pinned = source.skills("", retired=False)
    lines.sort(key=lambda line: -int(line.statistics.get("uses", 0)))
    cards = [_card(source, line, pinned=line.id in pinned) for line in lines[:GALLERY]]
    if not cards:
        return '<p class="none">No skill has been learnt yet.</p>'
    many = f'<p class="dim">{len(lines)} skills are in use; the {len(cards)} most used:</p>'
    return f'{many}<div class="gallery">{"".join(cards)}</div>'


def _card(source: Source, line: SkillLine, *, pinned: bool) -> str:
    record = source.skill(line.id)
    crops = [_picture(source.picture(sha), "", line.name) for sha in (record.frames[:3] if record else ())]
    before, after, look = source.before_after(line.id)
    size = look.get("size") or (0, 0)
    marks = Marks((int(size[0]), int(size[1])) if size[0] else None, points=look.get("points", ()))
    seen = [_picture(before, "before", line.name, marks), _picture(after, "after", line.name)]
    uses = int(line.statistics.get("uses", 0))
    rate = facts.percent(int(line.statistics.get("responsive", 0)) / uses if uses else None)
    changes = ", ".join(
        f"{facts.channel(name)} {facts.signed(float(change))}"
        for name, change in sorted(line.effect.items(), key=lambda pair: -abs(float(pair[1])))[:4]
    )
    mean = float(line.statistics.get("reward_sum", 0.0)) / max(1, uses)
    return (
        f'<div class="skill"><h3>{escape(line.name)}{" ◆" if pinned else ""}</h3>'
        f'<div class="crops">{"".join(crops)}</div>'
        f"<p>{uses} uses in {escape(line.scene)}, {rate} answered, reward {facts.signed(mean)} a use</p>"
        f'<p class="dim">{escape(changes) or "leads to another screen"}; {escape(line.provenance)}</p>'
        f'<div class="seen">{"".join(seen)}</div></div>'
    )


def _picture(data: bytes | None, words: str, name: str, marks: Marks | None = None) -> str:
    """A picture inside the page, no wider than `WIDE`; empty for none."""
    image = decode(data)
    if image is None:
        return ""
    scale = min(1.0, WIDE / image.width)
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    if marks is not None:
        image = mark(image, marks, thick=2)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    shown = base64.b64encode(buffer.getvalue()).decode()
    alt = escape(f"{name}, {words}" if words else name, quote=True)
    return f'<img src="data:image/jpeg;base64,{shown}" alt="{alt}" title="{alt}">'


def _mattered(growth: Growth) -> str:
    if not growth.mattered:
        return '<p class="none">No step had a reward yet.</p>'
    rows = []
    for one in sorted(growth.mattered, key=lambda one: one.seq):
        data = one.data
        what = f"{data.get('move', '?')} {data.get('on', '?')}"
        if data.get("then"):
            what += f", then {data['then']}"
        changes = sorted((data.get("change") or {}).items(), key=lambda pair: -abs(float(pair[1])))[:4]
        shown = ", ".join(f"{facts.channel(name)} {facts.signed(float(value))}" for name, value in changes)
        if data.get("ended"):
            shown = f"a run of the game ended; {shown}" if shown else "a run of the game ended"
        scene = str(data.get("from") or data.get("scene", ""))
        rows.append(
            f"<tr><td class='n'>{int(data.get('step', 0))}</td><td>{escape(scene)}</td>"
            f"<td>{escape(what)}</td><td class='n'>{facts.signed(float(data.get('reward') or 0.0))}</td>"
            f"<td>{escape(shown)}</td></tr>"
        )
    head = "<th class='n'>step</th><th>scene</th><th>did</th><th class='n'>reward</th><th>what changed</th>"
    return _table(head, "".join(rows))

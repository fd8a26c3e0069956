"""Merges what several learners know: evidence is added up, numbers that stand for places are matched.

Each part of `Learner.to_dict` has its own rule. Source of the aim: merged statistics of three learners were
worth about the best of the three, 1.4 times their mean (../shared/research.md section 6).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .choices import TOLLS
from .chooser import SAMPLES
from .effects import KEPT
from .outlook import KEPT as PASSES

Knowledge = dict[str, Any]


def merge(parts: Iterable[Knowledge]) -> Knowledge:
    """One learner's knowledge out of several; names of kinds, scenes and places must mean the same in all.

    Raises ValueError when there is nothing to merge. Learners that found another survival counter than
    most, or none, have their costs left out: these would be in another unit.
    """
    every = [dict(part) for part in parts]
    if not every:
        raise ValueError("nothing to merge")
    places = [part.get("survival", {}).get("place") for part in every]
    known = [place for place in places if place is not None]
    survival = max(known, key=known.count) if known else None
    alike = [part for part, place in zip(every, places, strict=True) if place == survival]
    # What comes first is kept where there is room for one only: the learner with the most passes leads.
    alike.sort(key=lambda part: -len(part.get("outlook", {}).get("passes", [])))
    every.sort(key=lambda part: part not in alike)
    return {
        "grammar": _grammar([part.get("grammar", {}) for part in every]),
        "effects": _effects([part.get("effects", {}) for part in alike]),
        "outlook": {
            "passes": _share([part.get("outlook", {}).get("passes", []) for part in alike], PASSES),
            "shield": next((s for part in alike if (s := part.get("outlook", {}).get("shield"))), ""),
        },
        "choices": _choices([part.get("choices", {}) for part in every]),
        "counters": _counters([part.get("counters", {}) for part in every]),
        "passes": _sums([part.get("passes", {}) for part in every]),
        "samples": {
            "samples": _share([part.get("samples", {}).get("samples", []) for part in alike], SAMPLES)
        },
        "situations": _situations([part.get("situations", {}) for part in every]),
        "survival": {"place": survival},
        "shown": _shown([part.get("shown", {}) for part in every]),
        "cues": _added(part.get("cues", {}) for part in every),
    }


def _share(lists: list[list[Any]], room: int) -> list[Any]:
    """The newest of each list in equal shares, `room` in all; what one leaves free the others fill."""
    out: list[Any] = []
    waiting = sorted(lists, key=len)
    for i, rows in enumerate(waiting):
        out.extend(rows[-max(1, (room - len(out)) // (len(waiting) - i)) :])
    return out[:room]


def _grammar(tables: list[Knowledge]) -> Knowledge:
    out: Knowledge = {
        "fails": _added(table.get("fails", {}) for table in tables),
        "undragged": _added(table.get("undragged", {}) for table in tables),
        "closing": _each_once(pair for table in tables for pair in table.get("closing", [])),
        "worked": {},
        "solo": _sums([table.get("solo", {}) for table in tables]),
    }
    for table in tables:
        for kind, scenes in table.get("worked", {}).items():
            mine = out["worked"].setdefault(kind, [])
            mine.extend(scene for scene in scenes if scene not in mine)
    for name in sorted({n for table in tables for n in table if n not in out}):
        out[name] = _weights([table.get(name, {}) for table in tables])
    return out


def _each_once(rows: Iterable[list[str]]) -> list[list[str]]:
    return [list(row) for row in dict.fromkeys(tuple(row) for row in rows)]


def _weights(tables: list[dict[str, list[float]]]) -> dict[str, list[float]]:
    """Weights of the predictors, averaged by the evidence behind each (its sum of squared gradients)."""
    out: dict[str, list[float]] = {}
    for name in sorted({n for table in tables for n in table}):
        rows = [table[name] for table in tables if name in table]
        evidence = sum(square + 1e-3 for _, square in rows)
        out[name] = [sum(w * (square + 1e-3) for w, square in rows) / evidence, sum(s for _, s in rows)]
    return out


def _effects(tables: list[Knowledge]) -> Knowledge:
    skills: dict[str, list[Any]] = {}
    for name in sorted({n for table in tables for n in table.get("skills", {})}):
        rows = [table["skills"][name] for table in tables if name in table.get("skills", {})]
        falls: dict[str, float] = {}
        for _, _, fell in rows:
            for channel, count in fell.items():
                falls[channel] = falls.get(channel, 0.0) + count
        skills[name] = [
            sum(uses for uses, _, _ in rows),
            _share([recent for _, recent, _ in rows], KEPT),
            falls,
        ]
    words: dict[str, list[Any]] = {}
    for table in tables:
        for name, (uses, hits, unseen) in table.get("words", {}).items():
            mine = words.setdefault(name, [0.0, {}, {}])
            mine[0] += uses
            for total, counts in ((mine[1], hits), (mine[2], unseen)):
                for channel, count in counts.items():
                    total[channel] = total.get(channel, 0.0) + count
    return {"skills": skills, "words": words}


def _choices(tables: list[Knowledge]) -> Knowledge:
    out: Knowledge = {}
    for table in tables:
        for scene, kinds in table.items():
            mine = out.setdefault(scene, {})
            for kind, row in kinds.items():
                old = mine.get(kind, [0.0, 0.0, 0.0, 0.0, []])
                sums = [a + b for a, b in zip(old[:4], row[:4], strict=True)]
                mine[kind] = [*sums, [*old[4], *row[4]][-TOLLS:]]
    return out


def _shown(tables: list[Knowledge]) -> Knowledge:
    scenes = sorted({scene for table in tables for scene in table})
    return {scene: _sums([table.get(scene, {}) for table in tables]) for scene in scenes}


def _added(tables: Iterable[Knowledge]) -> Knowledge:
    """Counts of the same names, however deep, added up."""
    out: Knowledge = {}
    for table in tables:
        for name, one in table.items():
            out[name] = _added([out.get(name, {}), one]) if isinstance(one, dict) else out.get(name, 0) + one
    return out


def _counters(tables: list[Knowledge]) -> Knowledge:
    scenes: dict[str, set[str]] = {}
    for table in tables:
        for place, seen in table.get("scenes", {}).items():
            scenes.setdefault(place, set()).update(seen)
    done = [run for table in tables for run in table.get("done", [])]
    names = {other: place for table in tables for other, place in table.get("names", {}).items()}
    return {"scenes": {place: sorted(seen) for place, seen in scenes.items()}, "names": names, "done": done}


def _sums(tables: list[dict[str, list[float]]]) -> dict[str, list[float]]:
    out: dict[str, list[float]] = {}
    for table in tables:
        for name, row in table.items():
            old = out.get(name, [0.0] * len(row))
            out[name] = [a + b for a, b in zip(old, row, strict=True)]
    return out


def _situations(tables: list[Knowledge]) -> Knowledge:
    out: Knowledge = {part: _added(table.get(part, {}) for table in tables) for part in ("seen", "maxima")}
    out["fixed"] = {}
    for table in tables:
        for scene, fixed in table.get("fixed", {}).items():
            if scene not in out["fixed"] or table is tables[0]:
                out["fixed"][scene] = list(fixed)
    return out

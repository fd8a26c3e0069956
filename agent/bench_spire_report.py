"""What `groundup bench spire` measured, summed up: floors with their spread, results, a table."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

import cv2

from groundup.agent.machine import machine

CUT = 1500
"""Steps after which a frozen run is counted as it stands."""

EFFECTIVE, WINDOW = 0.8, 50
"""Share of moves that must be uses of a skill, and the moves it is taken over."""

PAPER_RESPONSIVE = 0.9856
"""The paper's agent on the real game (arXiv 2505.17673, table 1; research.md section 1)."""

YARDSTICK = "always attack, random picks"
"""The scripted player that the first row of the results is set beside."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    game: str
    learn: int
    runs: int
    seeds: tuple[int, ...]
    policy: str = "local"
    library: str | None = None
    cut: int = CUT
    keep: str | None = None
    campaign: bool = False


def summary(options: Options, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """All that was measured: floors with their spread, each seed's row, results as every bench gives them."""
    floors = [floor for row in rows for floor in row["floors"]]
    means = [statistics.mean(row["floors"]) for row in rows]
    # Runs of one seed share what was learnt: the error of the mean is taken over seeds.
    error = statistics.stdev(means) / len(means) ** 0.5 if len(means) > 1 else None
    results = _results(options, rows, floors)
    return {
        "policy": options.policy,
        "learn": options.learn,
        "runs": options.runs,
        "seeds": list(options.seeds),
        "library": options.library,
        "floors": {
            "mean": round(statistics.mean(floors), 2),
            "sd": round(statistics.stdev(floors), 2) if len(floors) > 1 else None,
            "se": None if error is None else round(error, 2),
            "by_seed": [round(mean, 2) for mean in means],
            "n": len(floors),
        },
        "per_seed": rows,
        "results": results,
        "machine": machine(opencv=cv2.__version__),
    }


def _results(options: Options, rows: list[dict[str, Any]], floors: list[int]) -> list[dict[str, Any]]:
    yardsticks: dict[str, list[int]] = {}
    for row in rows:
        for name, values in row["yardsticks"].items():
            yardsticks.setdefault(name, []).extend(values)
    beside = statistics.mean(yardsticks[YARDSTICK]) if YARDSTICK in yardsticks else None
    case = f"floors, {options.policy}, frozen after {options.learn} steps; baseline: {YARDSTICK}"
    mean = statistics.mean(floors)
    out = [_result(case, mean, beside, "floors", len(floors))]
    learnt_on = [floor for row in rows for floor in row.get("campaign", {"floors": []})["floors"]]
    if learnt_on:
        case = "floors, a new campaign that learns on; baseline: frozen, the same games"
        out.append(_result(case, statistics.mean(learnt_on), mean, "floors", len(learnt_on)))
    for name, values in yardsticks.items():
        out.append(
            _result(f"floors, {name} (sees the engine)", statistics.mean(values), None, "floors", len(values))
        )
    responsive = [row["responsive_rate"] for row in rows if row["responsive_rate"] is not None]
    acted = sum(row["frozen_steps"] for row in rows)
    if responsive:
        share = sum(row["responsive_rate"] * row["frozen_steps"] for row in rows) / acted
        out.append(
            _result("responsive rate, frozen; baseline: the paper", share, PAPER_RESPONSIVE, "share", acted)
        )
    for key, what, unit in (
        ("first_play", "steps to the first effective play of two steps, median", "steps"),
        ("effective_from", f"steps until {EFFECTIVE:.0%} of {WINDOW} moves were skills, median", "steps"),
        ("step_ms", "one step without the game's own time, median", "ms"),
    ):
        known = [row[key] for row in rows if row[key] is not None]
        if known:
            out.append(_result(what, statistics.median(known), None, unit, len(known)))
    for role in ("progress", "survival"):
        found = [row["counters"][role] for row in rows if row["counters"][role] is not None]
        if found:
            after = statistics.median(c["after_runs"] for c in found)
            out.append(
                _result(f"runs until a {role} counter was found, median", after, None, "runs", len(found))
            )
    return out


def _result(case: str, ours: float, baseline: float | None, unit: str, n: int) -> dict[str, Any]:
    ratio = None if not baseline else round(ours / baseline, 3)
    shown = None if baseline is None else round(baseline, 4)
    return {"case": case, "ours": round(ours, 4), "baseline": shown, "ratio": ratio, "unit": unit, "n": n}


def median(values: list[float]) -> float | None:
    """The median to a tenth; None of nothing."""
    return round(statistics.median(values), 1) if values else None


def as_text(report: dict[str, Any]) -> str:
    """The report for a person: a table by seed, then the results over all."""
    lines = [
        f"{'seed':>6}  {'floors':>6}  {'responsive':>10}  {'first play':>10}  {'ms':>6}  counters; each run"
    ]
    for row in report["per_seed"]:
        counters = "; ".join(
            f"{c['name']} = {c['is']} ({c['agrees']:.0%}) after {c['after_runs']} runs"
            for c in row["counters"].values()
            if c is not None
        )
        lines.append(
            f"{row['seed']:>6}  {statistics.mean(row['floors']):>6.2f}  "
            f"{row['responsive_rate'] or 0:>10.2%}  "
            f"{row['first_play'] or '-':>10}  {row['step_ms'] or '-':>6}  {counters or 'none'}; "
            + " ".join(map(str, row["floors"]))
        )
        if "campaign" in row:
            again = row["campaign"]
            lines.append(
                f"{'':>6}  {statistics.mean(again['floors']):>6.2f}  {again['responsive_rate'] or 0:>10.2%}  "
                f"the same games by a new campaign that learns on; {' '.join(map(str, again['floors']))}"
            )
    floors = report["floors"]
    lines.append(
        f"floors {floors['mean']} (sd {floors['sd']}, standard error over seeds {floors['se']}, "
        f"n {floors['n']})"
    )
    for result in report["results"][1:]:
        beside = "" if result["baseline"] is None else f" (baseline {result['baseline']:g})"
        lines.append(f"{result['case']}: {result['ours']:g} {result['unit']}{beside}, n {result['n']}")
    return "\n".join(lines)

"""How dear a situation is: the survival it will cost until the danger has passed.

Learnt from passes: a *pass* is a use of a skill after which the game answers on its own (an end of
turn). The cost of the answer is fitted as a hinge, max(0, threat - guard), over all pairs of totals;
the cost of what still stands afterwards by how long it will stand and by the sums of the groups' other
numbers, none of which counts as a help: non-negative least squares. How long a row of foes stands in all,
and that the lowest goes first: Smith, Various optimizers for single-stage production, 1956.
Monte Carlo targets, not bootstrapped: with some hundred passes they have less bias, and the visits
are short (../shared/research.md section 6: 4-10 passes a fight).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from .situation import BAR, STAND, Situation

KEPT = 600
"""Passes remembered; the fit takes milliseconds at this size and the newest play is the better play."""

DEATH = 25.0
"""Extra cost of a visit that ended the run: what it would have cost on from there, and the floors lost. A
third of a typical survival counter of 80."""

OTHERS = ("sum:", "n:", STAND)
"""What the totals of the others begin with; all else is one's own."""

LEAST = 12
"""Passes before anything is fitted."""

PRESSING = 0.6
"""Share of the foes' threat that counts as the cost of letting them stand; the rest is guarded off anyway."""

LAST = 0.25
"""What a foe's last point is worth beside its bar, as a share of the points that a pass takes off: the last
blow is wasted in part. Beside one of 39 points a foe of one point was let stand, as a point of either was
worth the same: of 114 blows struck while a foe of up to five points stood by, 56 left it standing."""

NEAR = 12.0
"""Survival points within which the end is near: about the largest single loss of a pass."""


def utility(survival: float) -> float:
    """What having `survival` is worth: each point one, and the danger of having little."""
    if survival <= 0.0:
        return -DEATH
    return survival - DEATH * math.exp(-survival / NEAR)


@dataclass(slots=True)
class Pass:
    """One pass: the totals just before it, what it cost at once and what the visit cost after it."""

    totals: dict[str, float]
    cost: float
    later: float | None = None


@dataclass(frozen=True, slots=True)
class _Fit:
    threat: str
    guard: str
    slope: float
    base: float
    stand: float
    last: float
    names: tuple[str, ...]
    weights: tuple[float, ...]
    foe: str
    trust: float


class Outlook:
    """Predicts the survival cost of a situation, at once (when passing) and later."""

    def __init__(self) -> None:
        self._passes: list[Pass] = []
        self._open: list[Pass] = []
        self._fit: _Fit | None = None
        self._stale = 0
        self.fits = 0
        self.shield = ""
        self._sorts: dict[str, tuple[str, ...]] = {}

    @property
    def ready(self) -> bool:
        """Whether enough passes were seen to predict anything."""
        return self._fit is not None

    @property
    def foe(self) -> str:
        """The sort of number that stands whenever there is danger and is gone when it has passed; "" if
        unknown."""
        return self._fit.foe if self._fit else ""

    @property
    def meaning(self) -> dict[str, Any]:
        """What was found, for people: threat, guard, foe and the weight of each total."""
        fit = self._fit
        if fit is None:
            return {}
        return {
            "threat": fit.threat,
            "guard": fit.guard,
            "slope": round(fit.slope, 3),
            "base": round(fit.base, 3),
            "foe": fit.foe,
            "explained": round(fit.trust, 3),
            "stand": round(fit.stand, 3),
            "weights": {n: round(w, 3) for n, w in zip(fit.names, fit.weights, strict=True)},
        }

    def passed(self, before: Situation, cost: float) -> None:
        """A pass from `before` cost `cost` of the survival counter at once."""
        self._open.append(Pass(before.totals(), cost))
        self._sorts.update(before.sorts)

    def ended(self, *, died: bool) -> None:
        """The visit ended: the passes since the last call get what the visit cost after each of them."""
        later = DEATH if died else 0.0
        for item in reversed(self._open):
            item.later = later
            later += item.cost
        self._passes.extend(self._open)
        self._stale += len(self._open)
        self._open.clear()
        del self._passes[:-KEPT]
        if len(self._passes) >= LEAST and self._stale >= max(4, len(self._passes) // 10):
            self._fit = _fit(self._passes)
            self._stale = 0
            self.fits += 1
            # What guards oneself guards others: the number that stands by their bar as it does by one's own.
            near = self._sorts.get(self._fit.guard, ())
            met = [name for name in near if any(f"sum:{name}" in p.totals for p in self._passes)]
            self.shield = met[0] if met else self.shield

    def forget(self) -> None:
        """Forget the visit at hand."""
        self._open.clear()

    def restart(self) -> None:
        """Forget all passes: another number turned out to be what is to be kept."""
        self._passes.clear()
        self._open.clear()
        self._fit = None

    def at_once(self, totals: dict[str, float]) -> float:
        """The survival that passing now costs; `totals` as `situation.totals` makes them."""
        fit = self._fit
        if fit is None:
            return 0.0
        return fit.base + fit.slope * max(0.0, totals.get(fit.threat, 0.0) - totals.get(fit.guard, 0.0))

    def later(self, totals: dict[str, float]) -> float:
        """The survival that what stands now costs after this pass, 0 once no foe stands."""
        fit = self._fit
        if fit is None or (fit.foe and totals.get(f"n:{fit.foe}", 0.0) <= 0.0):
            return 0.0
        rest = sum(w * totals.get(n, 0.0) for n, w in zip(fit.names, fit.weights, strict=True))
        return max(0.5, fit.stand * _stand(totals, fit.last) + rest)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-friendly copy."""
        return {"passes": [[p.totals, p.cost, p.later] for p in self._passes], "shield": self.shield}

    def load(self, data: dict[str, Any]) -> None:
        """Replace everything by what `to_dict` gave."""
        self.shield = str(data.get("shield", ""))
        self._passes = [Pass(dict(t), float(c), float(x)) for t, c, x in data.get("passes", [])]
        self._fit = _fit(self._passes) if len(self._passes) >= LEAST else None
        self.fits += 1
        self._open.clear()


def _fit(passes: list[Pass]) -> _Fit:
    names = sorted({n for p in passes for n in p.totals})
    table = np.array([[p.totals.get(n, 0.0) for n in names] for p in passes])
    cost = np.array([p.cost for p in passes])
    threat, guard, slope, base, trust = _hinge(names, table, cost)
    # What will come depends on the others; own numbers (gold, floor) only say how far the run is.
    columns = [i for i, n in enumerate(names) if n.startswith("sum:") and n != f"sum:{BAR}"]
    chosen = [i for i in columns if np.count_nonzero(table[:, i]) >= 0.1 * len(passes)]
    later = np.array([p.later or 0.0 for p in passes])
    foe = (
        BAR
        if f"n:{BAR}" in names and np.count_nonzero(table[:, names.index(f"n:{BAR}")]) >= 0.5 * len(passes)
        else ""
    )
    drop = _drop(passes, foe)
    stand = np.array([_stand(p.totals, LAST * drop) for p in passes])
    each, *weights = _costs(np.column_stack([stand, table[:, chosen]]), later)
    each = max(each, _least(passes, threat, foe, drop))
    names = [names[i] for i in chosen]
    return _Fit(threat, guard, slope, base, each, LAST * drop, tuple(names), tuple(weights), foe, trust)


def _stand(totals: dict[str, float], last: float) -> float:
    """How long the foes will stand, in points, where the last of each is worth `last` more."""
    n = totals.get(f"n:{BAR}", 0.0)
    # A pass of an older library has the sum alone: as if all bars were alike.
    return totals.get(STAND, totals.get(f"sum:{BAR}", 0.0) * (n + 1.0) / 2.0) + last * n * (n + 1.0) / 2.0


def _costs(x: np.ndarray, y: np.ndarray) -> list[float]:
    """The weight of each column, without an intercept: where nothing stands, nothing comes.

    Not one is negative. With some hundred passes a foe that has a number may seem cheaper than one that has
    none; a learner whose guards had once made a foe stronger guarded on, to give every foe that number, and
    attacked no more (seed 187: 3 floors).
    """
    from scipy.optimize import nnls  # half a second of imports, which a short run does not need

    return [float(weight) for weight in nnls(x, y)[0]]


def _drop(passes: list[Pass], foe: str) -> float:
    """The points that a pass usually takes off the foes' bars; 0 if none was ever seen to fall."""
    bars = [p.totals.get(f"sum:{foe}", 0.0) for p in passes]
    drops = [a - b for a, b in pairwise(bars) if a > b]
    return float(np.median(drops)) if drops else 0.0


def _least(passes: list[Pass], threat: str, foe: str, drop: float) -> float:
    """The least worth of a point that stands: what one foe threatens while it is being taken off.

    Without it a learner that guarded well finds that foes cost little, guards on and never ends a fight.
    """
    if not threat or not drop:
        return 0.0
    each = [p.totals.get(threat, 0.0) / max(1.0, p.totals.get(f"n:{foe}", 0.0)) for p in passes]
    return PRESSING * float(np.mean(each)) / drop


def _hinge(names: list[str], table: np.ndarray, cost: np.ndarray) -> tuple[str, str, float, float, float]:
    """The pair of totals whose max(0, threat - guard) explains the cost best, with slope, base and R
    squared."""
    best = ("", "", 0.0, float(cost.mean()), 0.0)
    spread = float(((cost - cost.mean()) ** 2).sum())
    if spread <= 0:
        return best
    threats = [i for i, n in enumerate(names) if n.startswith("sum:") and np.ptp(table[:, i]) > 0]
    guards = [i for i, n in enumerate(names) if not n.startswith(OTHERS) and np.ptp(table[:, i]) > 0]
    zero = np.zeros(len(cost))
    for i in threats:
        for j in [-1, *guards]:
            x = np.maximum(0.0, table[:, i] - (table[:, j] if j >= 0 else zero))
            varied = float(((x - x.mean()) ** 2).sum())
            if varied <= 0:
                continue
            slope = float(((x - x.mean()) * (cost - cost.mean())).sum()) / varied
            base = float(cost.mean() - slope * x.mean())
            error = float(((cost - base - slope * x) ** 2).sum())
            # A guard must earn its place: pairs are many, and one fits by luck.
            trust = 1.0 - error / spread - (0.02 if j >= 0 else 0.0)
            if slope > 0 and trust > best[4]:
                best = (names[i], names[j] if j >= 0 else "", slope, max(0.0, base), trust)
    return best

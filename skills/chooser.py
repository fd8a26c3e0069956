"""What to choose where the game does not answer: menus, ways, spoils.

Each thing is scored by the progress that followed such choices, by what survival they cost, by what it
is worth as a skill to come, and against how often it was tried since anything changed.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from random import Random
from typing import Any

from groundup.perception.observation import Observation, Thing

from .choices import Choices
from .effects import Change, EffectModel
from .grammar import LIKELY, Grammar
from .moves import Decision
from .outlook import Outlook, utility
from .planner import apply
from .shown import Shown
from .situation import Group, Situation
from .wariness import Wariness

NOVELTY = 0.6
"""Worth, in progress, of a choice never made."""

PUZZLE = 0.3
"""Worth, in progress, of looking for the second step of what responds and does nothing alone."""

AGAIN = 0.7
"""Progress taken off for each time that a choice was made since anything changed: the way out of loops."""

DOUBT = 1.5
"""Progress taken off for each factor e by which a choice is unlikely to respond, where nothing is to be
learnt: what was never tried is then tried last."""

WASTE = 0.5
"""Progress that a move is worth which does nothing at all: the chance of one counts against a choice."""

CAREFUL = 3.0
"""The same where keys can be pressed: the unknown is tried by the `Explorer`, not here."""

WRITTEN = 0.7
"""Least chance of a thing with something written on it that was never tried in this scene: what is dead in a
list may be alive on the table, and one try tells."""

POINTS = 15.0
"""Survival points that are worth one step of progress."""

SAMPLES = 40
"""Situations at the start of a turn that skills to come are tried out in."""

KNOWN = 2
"""Uses of a skill after which a thing without words is taken for its first step wherever it stands."""

SPOILS = 0.5
"""Choices of a skill with which a scene begins, until it is known what comes of its choices: spoils, a way, a
rest. A heart above "Rest" was read as a 1, as on a card that costs one and does nothing, so it was worth less
than any card: five learners had never tried it in 1,000 steps."""

RECENT, ENOUGH = 60, 8
"""Skills used last in a run whose mean worth is the usual one, and how many make a mean: a card is taken if
it is better than those at hand. Beside what all runs had used, what costs nothing above all, none seemed
worth taking: seed 182 went through ten games with hardly more than its first cards (9.5 floors)."""

BELIEF = 3.0
"""Survival points a turn by which a skill must differ from the usual one to be worth a step of progress."""


class Chooser:
    """Scores choices; `used` keeps what was tried since anything changed."""

    def __init__(
        self,
        rng: Random,
        grammar: Grammar,
        choices: Choices,
        effects: EffectModel,
        outlook: Outlook,
        shown: Shown | None = None,
        wariness: Wariness | None = None,
    ) -> None:
        self._rng = rng
        self._grammar = grammar
        self._choices = choices
        self._effects = effects
        self._outlook = outlook
        self._shown = shown or Shown()
        self._wariness = wariness or Wariness()
        self.samples: deque[Situation] = deque(maxlen=SAMPLES)
        self._since: Counter[tuple[str, str]] = Counter()
        self._recent: deque[str] = deque(maxlen=RECENT)
        self._known: tuple[int, dict[str, float]] = (-1, {})

    def used(self, scene: str, kind: str, skill: str | None = None, *, moved: bool) -> None:
        """Note a choice and the skill that it was, if one; `moved`: some lasting number changed with it."""
        if skill and _repeated(skill, self._effects.uses(skill)):
            self._recent.append(skill)
        if moved:
            self._since.clear()
        else:
            self._since[scene, kind] += 1

    def ended(self) -> None:
        """The run ended: the next one begins with other skills at hand."""
        self._recent.clear()

    def choose(self, obs: Observation, here: Situation, survival: str | None, *, learning: bool) -> Decision:
        """The best thing to act on."""
        worths = self._worths(obs, survival) if survival else {}
        idle = self._since.total()
        careful = any(thing.keys for thing in obs.things)
        bold = not careful or self._wariness.bold
        scored: list[tuple[float, float, Thing]] = []
        for chance, thing in self._grammar.usable(obs):
            again = self._since[obs.scene, thing.kind]
            score = self._choices.value(obs.scene, thing.kind) - self._choices.loops(obs.scene, thing.kind)
            score += worths.get(id(thing), 0.0) - AGAIN * again
            tries = self._choices.tries(obs.scene, thing.kind)
            score += self._shown.worth(obs.scene, thing.kind, tries, obs.words)
            if survival:
                # Whoever shrinks from a toll for ever stands still: each fruitless move makes it smaller.
                score += self._toll(obs, here, thing, survival) / POINTS / (1 + idle)
            if learning:
                if bold and not tries and thing.text and not self._grammar.lifeless(obs.scene, thing):
                    chance = max(chance, WRITTEN)
                score += NOVELTY / math.sqrt(1.0 + tries) + 0.1 * self._rng.random()
                score += PUZZLE * self._grammar.open(obs.scene, thing)
            scored.append((chance, score, thing))
        waste = CAREFUL * self._wariness.price if careful else WASTE
        known = max((score for chance, score, _ in scored if chance >= LIKELY), default=0.0)

        def rank(row: tuple[float, float, Thing]) -> float:
            chance, score, _ = row
            if not learning:
                return score + DOUBT * math.log(max(1e-4, chance))
            # What turns out dead costs a move; what is known to answer can still be chosen then.
            return chance * (score - known) - waste * (1.0 - chance)

        thing = max(scored, key=rank)[2]
        tried = self._choices.tries(obs.scene, thing.kind) > 0
        return Decision("use" if tried else "probe", thing, why="choice")

    def _toll(self, obs: Observation, here: Situation, thing: Thing, survival: str) -> float:
        """The survival that the choice is expected to cost or give, weighed by how little there is."""
        if survival not in here.own:
            return 0.0
        now = here.own[survival]
        most = next((q.maximum for q in obs.quantities if q.place == survival and q.maximum), math.inf)
        base = utility(now)
        later = self._choices.toll(obs.scene, thing.kind, lambda t: utility(min(most, now + t)) - base)
        at_once = self._effects.expect(thing.kind, thing.text).get(f"own:{survival}", 0.0)
        return later + utility(min(most, now + at_once)) - base

    def _worths(self, obs: Observation, survival: str) -> dict[int, float]:
        """What things that look like the first step of a known kind of skill are worth against the usual
        one, as far as what is chosen here becomes one."""
        if not (self._outlook.ready and self.samples):
            return {}
        raw: dict[int, float] = {}
        for thing in obs.things:
            if not thing.text and self._effects.uses(f"{thing.kind} >") < KNOWN:
                continue
            change = self._effects.expect(f"{thing.kind} >", thing.text)
            if any(c.startswith(("at:", "by:")) or d > 0 for c, d in change.items()):
                raw[id(thing)] = self._worth(change, survival)
        usual, spoils = (self._usual_worth(survival), self._spoils(obs.scene)) if raw else (0.0, 0.0)
        return {key: spoils * max(-1.0, min(1.0, (worth - usual) / BELIEF)) for key, worth in raw.items()}

    def _spoils(self, scene: str) -> float:
        """The share of choices made in `scene` that were of what is the first step of a skill in use."""
        made = self._choices.made_in(scene)
        skilled = sum(tries for kind, tries in made.items() if self._effects.uses(f"{kind} >"))
        return (skilled + SPOILS) / (sum(made.values()) + SPOILS)

    def _usual_worth(self, survival: str) -> float:
        """The mean worth of the skills used last in this run; while these are few, of all ever used."""
        if self._known[0] != self._outlook.fits:
            self._known = self._outlook.fits, {}
        known, uses = self._known[1], self._effects.uses
        if len(self._recent) >= ENOUGH:
            counts: dict[str, float] = dict(Counter(self._recent))
        else:
            counts = {skill: uses(skill) for skill in self._effects.skills() if _repeated(skill, uses(skill))}
        for skill in counts.keys() - known.keys():
            known[skill] = self._worth(self._effects.expect(skill, ""), survival)
        total = sum(counts.values())
        return sum(count * known[skill] for skill, count in counts.items()) / total if total else 0.0

    def _worth(self, change: Change, survival: str) -> float:
        """The mean gain of a change over situations met at the start of a turn, by what it uses up."""
        spent = max(
            (-d for c, d in change.items() if c.startswith("own:") and d < 0 and c[4:] != survival),
            default=0.0,
        )
        total = 0.0
        for sample in self.samples:
            before = self._cost(sample)
            gains = []
            for target in range(len(sample.groups)) or (None,):
                after = apply(sample, change, target, self._outlook.foe, self._outlook.shield)
                healed = after.own.get(survival, 0.0) - sample.own.get(survival, 0.0)
                gains.append(before - self._cost(after) + healed)
            total += max(gains)
        return total / len(self.samples) / max(0.5, spent)

    def _cost(self, here: Situation) -> float:
        sums = here.totals()
        return self._outlook.at_once(sums) + self._outlook.later(sums)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-friendly copy of the samples."""
        return {
            "samples": [
                [s.scene, s.own, [[*g.at, g.values] for g in s.groups], s.width] for s in self.samples
            ]
        }

    def load(self, data: dict[str, Any]) -> None:
        """Replace the samples by what `to_dict` gave."""
        self.samples.clear()
        for scene, own, groups, width in data.get("samples", []):
            rows = tuple(Group((float(x), float(y)), dict(values)) for x, y, values in groups)
            self.samples.append(Situation(scene, dict(own), rows, int(width)))
        self.forget()

    def forget(self) -> None:
        """Forget the run: what was tried since anything changed, and what was used."""
        self._since.clear()
        self.ended()


def _repeated(skill: str, uses: float) -> bool:
    """Whether it is a skill of two steps that was seen to work more than once."""
    return skill.endswith(" >") and uses >= KNOWN

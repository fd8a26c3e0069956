"""A made-up game for the learner's tests: a title, then foes to fell with two-step skills before they fell
you."""

from __future__ import annotations

from random import Random

from groundup.perception.observation import Observation, Quantity, Thing
from groundup.perception.types import Box
from groundup.skills.learner import Learner

FIXED = frozenset({"life@80,20", "wave@300,20", "power@80,560", "guard@110,440"})


class Duel:
    """Waves of one foe each; "cut" hits it, "ward" guards, "done" lets it strike, "info" only opens a
    panel."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        self.waves: list[int] = []
        self.scene, self._panel = "title", False
        self._held: str | None = None
        self._begin()

    def _begin(self) -> None:
        self.life, self.wave, self.score = 40, 0, 0
        self._meet()

    def _meet(self) -> None:
        self.wave += 1
        self.most = self.foe = self._rng.randint(10, 16) + self.wave
        self._turn()

    def _turn(self) -> None:
        self.power, self.guard = 2, 0
        self.threat = self._rng.choice([0, 4, 7]) + self.wave // 3
        self._hand = ["cut", "cut", "ward"]

    def _things(self) -> list[Thing]:
        if self._panel:
            return [_thing(500, 600, "back"), _thing(500, 300, "about")]
        if self.scene == "title":
            return [_thing(500, 300, "begin"), _thing(500, 400, "info")]
        if self.scene == "camp":
            return [_thing(500, 300, "onward"), _thing(1100, 20, "info")]
        hand = [_thing(300 + 140 * i, 600, kind, look="128x128 b3") for i, kind in enumerate(self._hand)]
        return [*hand, _thing(900, 300, "foe"), _thing(1150, 540, "done"), _thing(1100, 20, "info")]

    def see(self) -> Observation:
        """The screen now."""
        numbers: list[Quantity] = []
        if self.scene != "title" or self._panel:
            numbers += [_number(80, 20, self.life, 40, "life"), _number(300, 20, self.wave, None, "wave")]
            numbers.append(_number(500, 20, self.score, None, "score"))
        if self.scene == "field" and not self._panel:
            numbers += [_number(200, 460, self.life, 40, "bar"), _number(80, 560, self.power, 2, "power")]
            numbers.append(_number(900, 460, self.foe, self.most, "bar"))
            numbers.append(_number(900, 180, self.threat, None, "n"))
            if self.guard:
                numbers.append(_number(110, 440, self.guard, None, "guard"))
        scene = "panel" if self._panel else self.scene
        return Observation(scene, tuple(self._things()), tuple(numbers), FIXED | {"score@500,20"})

    def click(self, at: tuple[int, int]) -> bool:
        """Click; whether the screen responded."""
        hit = next((t.kind for t in reversed(self._things()) if t.box.contains(*at)), "")
        held, self._held = self._held, None
        if hit in ("info", "back"):
            self._panel = hit == "info"
        elif hit in ("begin", "onward"):
            self._begin() if hit == "begin" else self._meet()
            self.scene = "field"
        elif hit == "done":
            self._strike()
        elif hit in ("cut", "ward"):
            self._held = hit if self.power and held != hit else None
            return self._held is not None or held is not None
        elif held is not None and hit == "foe":
            self._use(held)
        else:
            return held is not None
        return True

    def _use(self, kind: str) -> None:
        self._hand.remove(kind)
        self.power -= 1
        if kind == "ward":
            self.guard += 5
            return
        self.foe = max(0, self.foe - 6)
        if not self.foe:
            self.scene, self.score, self.life = "camp", self.score + 5, min(40, self.life + 2)

    def _strike(self) -> None:
        self.life = max(0, self.life - max(0, self.threat - self.guard))
        self._turn()
        if not self.life:
            self.waves.append(self.wave)
            self.scene = "title"


def _thing(x: int, y: int, kind: str, look: str = "128x64 b2") -> Thing:
    return Thing(Box(x - 50, y - 20, 100, 40), kind, look, kind)


def _number(x: int, y: int, value: float, most: float | None, name: str) -> Quantity:
    return Quantity(Box(x - 10, y - 7, 20, 14), float(value), most, name, f"{name}@{x},{y}")


def play(game: Duel, learner: Learner, steps: int) -> float:
    """Play `steps` actions; the share that the screen responded to."""
    obs, done, responded = game.see(), 0, 0
    while done < steps:
        move = learner.decide(obs)
        places = [move.first.box.center] if move.second is None else [move.second.box.center]
        if move.second is not None and not learner.holding:
            places.insert(0, move.first.box.center)
        responses: list[bool] = []
        for at in places:
            responses.append(game.click(at))
            if not responses[-1]:
                break
        after = game.see()
        learner.learn(obs, move, tuple(responses), after)
        obs, done, responded = after, done + len(responses), responded + sum(responses)
    return responded / done


def mean_waves(learner: Learner, seed: int, steps: int = 700) -> float:
    """Mean waves of the runs that `learner` plays frozen; the one at the end counts as far as it got."""
    learner.learning = False
    learner.forget()
    game = Duel(seed)
    play(game, learner, steps)
    return sum([*game.waves, game.wave]) / (len(game.waves) + 1)

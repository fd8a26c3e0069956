"""What moves: eased bars and cards, flying cards, floating numbers, shakes; all counted in frames."""

from __future__ import annotations

from dataclasses import dataclass, field

from groundup.envs.spire.geometry import Rect
from groundup.envs.spire.layout import CardFace, Layout, Widget, enemy_boxes
from groundup.envs.spire.paint import BLUE, GREEN, RED, Color
from groundup.envs.spire.run import Run

FLIGHT_FRAMES, FLOAT_FRAMES, SHAKE_FRAMES, FADE_FRAMES = 7, 10, 6, 4
DRAW_PILE, DISCARD_PILE = (68.0, 664.0), (1212.0, 664.0)
HERO_AT = (210.0, 300.0)


@dataclass(slots=True)
class Flight:
    """A played card on its way to the discard pile."""

    face: CardFace
    start: Rect
    age: int = 0


@dataclass(slots=True)
class Float:
    """A number that rises and goes."""

    text: str
    color: Color
    x: float
    y: float
    age: int = 0


@dataclass(frozen=True, slots=True)
class _Fighter:
    hp: int
    block: int
    x: float
    y: float


@dataclass(slots=True)
class Motion:
    """Everything in motion, told of each frame's layout."""

    flights: list[Flight] = field(default_factory=list)
    floats: list[Float] = field(default_factory=list)
    shakes: dict[str, int] = field(default_factory=dict)
    fade: int = 0
    _bars: dict[str, float] = field(default_factory=dict)
    _cards: dict[str, tuple[float, float]] = field(default_factory=dict)
    _fighters: dict[str, _Fighter] = field(default_factory=dict)
    _scene: tuple[str, int, int] = ("", 0, 0)

    def advance(self, run: Run, layout: Layout, played: list[Widget], refused: list[str]) -> None:
        """One frame on: compare with the frame before, start what is new, age what moves."""
        self.flights = [f for f in self.flights if f.age < FLIGHT_FRAMES]
        self.floats = [f for f in self.floats if f.age < FLOAT_FRAMES]
        for flight in self.flights:
            flight.age += 1
        for number in self.floats:
            number.age += 1
        self.shakes = {key: left - 1 for key, left in self.shakes.items() if left > 1}
        self.fade = max(0, self.fade - 1)
        for key in refused:
            self.shakes[key] = SHAKE_FRAMES
        for card in played:
            if card.face:
                self.flights.append(Flight(card.face, card.box))
        self._compare(run)
        self._move_cards(run, layout)

    def bar(self, key: str, value: float) -> float:
        """The value a bar shows: it slides towards the true one."""
        shown = self._bars.get(key, value)
        shown += (value - shown) * 0.35
        self._bars[key] = value if abs(shown - value) < 0.3 else shown
        return self._bars[key]

    def shake(self, key: str) -> float:
        """How far to the side something shakes now."""
        left = self.shakes.get(key, 0)
        return (left if left % 2 else -left) * 1.6

    def card_at(self, widget: Widget) -> tuple[float, float]:
        """Where a hand card is drawn: on its way to its box."""
        return self._cards.get(widget.key, (widget.box.x, widget.box.y))

    def _compare(self, run: Run) -> None:
        scene = (run.screen, run.floor, run.runs)
        if scene != self._scene:
            fresh = scene[1:] != self._scene[1:] or run.screen in ("map", "title")
            self._scene = scene
            self.fade = FADE_FRAMES if fresh else 0
            if run.screen != "fight":
                self._fighters, self._bars = {}, {}
        if run.screen != "fight" or run.fight is None:
            return
        view, now = run.fight, {"hero": _Fighter(run.hp, run.fight.block, *HERO_AT)}
        for enemy, box in enemy_boxes(view.enemies):
            now[str(enemy.slot)] = _Fighter(enemy.hp, enemy.block, box.cx, 330)
        for key, before in self._fighters.items():
            after = now.get(key, _Fighter(0, 0, before.x, before.y))
            if after.hp < before.hp:
                self.floats.append(Float(str(before.hp - after.hp), RED, before.x, before.y))
                self.shakes[key] = SHAKE_FRAMES
            elif after.hp > before.hp:
                self.floats.append(Float(f"+{after.hp - before.hp}", GREEN, before.x, before.y))
            if after.block > before.block:
                self.floats.append(Float(f"+{after.block - before.block}", BLUE, before.x, before.y + 60))
        self._fighters = now

    def _move_cards(self, run: Run, layout: Layout) -> None:
        if run.screen != "fight":
            self._cards = {}
            return
        moved = {}
        for widget in layout.widgets:
            if widget.kind == "card" and widget.key.startswith("hand"):
                x, y = self._cards.get(widget.key, (DRAW_PILE[0] - 70, DRAW_PILE[1] - 60))
                dx, dy = widget.box.x - x, widget.box.y - y
                near = abs(dx) + abs(dy) < 1.5
                moved[widget.key] = (widget.box.x, widget.box.y) if near else (x + dx * 0.45, y + dy * 0.45)
        self._cards = moved

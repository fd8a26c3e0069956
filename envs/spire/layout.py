"""What stands where: the state of the game as a list of widgets, for drawing and hit-testing alike.

Pure: nothing here draws or changes the game. Boxes are on the virtual screen of `geometry`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from groundup.envs.spire.cards import text_now
from groundup.envs.spire.engine import Enemy, HandCard
from groundup.envs.spire.geometry import Rect
from groundup.envs.spire.run import MAX_HP, Command, Run
from groundup.envs.spire.worldmap import ROWS, Node

Overlay = Literal["deck", "draw", "discard", "settings"]

CARD_W, CARD_H = 140, 204
HAND_TOP = 510
"""Releasing or clicking above this line plays a selected card that needs no target."""
RISE, HOVER_RISE = 36, 12
TOGGLES = ("Music", "Sound", "Fast text")
PER_PAGE, PER_ROW = 16, 8


@dataclass(frozen=True, slots=True)
class Ui:
    """A press that concerns the screen alone, not the rules: open an overlay, select a card, turn a page."""

    verb: Literal["overlay", "close", "toggle", "page", "select", "aim"]
    index: int = 0
    overlay: Overlay | None = None


@dataclass(frozen=True, slots=True)
class CardFace:
    """All that is drawn on a card; `lit` when it can be played."""

    id: str
    name: str
    text: str
    cost: int
    kind: str
    lit: bool


@dataclass(frozen=True, slots=True)
class Widget:
    """Something at a place: `key` tells it from others of its kind; `press` is what a click on it does."""

    kind: str
    key: str
    box: Rect
    press: Command | Ui | None = None
    text: str = ""
    value: int = 0
    lit: bool = False
    face: CardFace | None = None
    enemy: Enemy | None = None
    node: Node | None = None


@dataclass(slots=True)
class UiState:
    """What the screen remembers beside the rules: overlay, page, selected card, pointer, toggles."""

    overlay: Overlay | None = None
    page: int = 0
    selected: int | None = None
    pointer: tuple[float, float] = (-1.0, -1.0)
    toggles: list[bool] = field(default_factory=lambda: [True, True, False])


@dataclass(frozen=True, slots=True)
class Layout:
    """Widgets from back to front; those before `modal` cannot be pressed."""

    widgets: tuple[Widget, ...]
    modal: int = 0

    def hit(self, x: float, y: float) -> Widget | None:
        """The front-most pressable widget at a point of the virtual screen."""
        for place in range(len(self.widgets) - 1, -1, -1):
            widget = self.widgets[place]
            reachable = place >= self.modal or widget.kind == "hud_button"
            if reachable and widget.press and widget.box.contains(x, y):
                return widget
        return None


def face(run: Run, card_id: str, cost: int | None = None, lit: bool = True, now: bool = False) -> CardFace:
    """A card's face; with `now`, its numbers count the fight's statuses."""
    card = run.cards[card_id]
    text = card.text
    if now and run.fight:
        text = text_now(card, dict(run.fight.statuses), run.fight.block)
    return CardFace(card_id, card.name, text, card.cost if cost is None else cost, card.kind, lit)


def arrange(run: Run, ui: UiState) -> Layout:
    """The whole screen."""
    widgets = [*_screen(run, ui), *_hud(run)]
    behind = 0
    if ui.overlay:
        behind = len(widgets)
        widgets += _overlay(run, ui)
    elif run.screen == "fight" and run.fight and run.fight.choice:
        behind = len(widgets)
        widgets += _choice(run, ui)
    return Layout(tuple(widgets), behind)


def _hud(run: Run) -> list[Widget]:
    settings = Ui("overlay", overlay="settings")
    gear = Widget("hud_button", "settings", Rect(1222, 4, 46, 42), settings, "settings")
    if run.screen == "title":
        return [gear]
    fight = run.fight if run.screen == "fight" else None
    most = fight.max_hp if fight else MAX_HP
    return [
        Widget("hud", "hp", Rect(14, 6, 140, 38), text=f"{run.hp}/{most}", value=run.hp),
        Widget("hud", "gold", Rect(176, 6, 110, 38), text=str(run.gold)),
        Widget("hud", "act", Rect(430, 6, 100, 38), text=f"Act {run.act}"),
        Widget("hud", "floor", Rect(556, 6, 130, 38), text=f"Floor {run.floor}"),
        Widget("hud", "score", Rect(716, 6, 170, 38), text=f"Score {run.score}"),
        Widget(
            "hud_button", "deck", Rect(1140, 4, 66, 42), Ui("overlay", overlay="deck"), str(len(run.deck))
        ),
        gear,
    ]


def _screen(run: Run, ui: UiState) -> list[Widget]:
    match run.screen:
        case "title":
            return [
                Widget("title", "title", Rect(240, 120, 800, 130), text="The Ashen Spire"),
                _button("start", Rect(520, 430, 240, 62), Command("start"), "Start Run"),
                _button(
                    "settings_entry", Rect(520, 512, 240, 50), Ui("overlay", overlay="settings"), "Settings"
                ),
            ]
        case "map":
            return [_map_node(run, node) for node in run.map.nodes.values()]
        case "fight":
            return _fight(run, ui)
        case "reward":
            return _reward(run)
        case "rest":
            return [
                Widget("heading", "rest", Rect(340, 84, 600, 50), text="Rest Site"),
                _choice_button("rest", 400, Command("rest"), f"Heal {int(MAX_HP * 0.3)} HP", "Rest"),
                _choice_button(
                    "smith", 680, Command("smith"), "Upgrade a card", "Smith", bool(run.upgradable())
                ),
            ]
        case "smith":
            places = run.upgradable()
            faces = [(Command("upgrade", i), face(run, run.deck[i])) for i in places]
            back = _button("back", Rect(1080, 646, 160, 52), Command("back"), "Back")
            heading = Widget("heading", "smith", Rect(340, 66, 600, 50), text="Choose a card to upgrade")
            return [_veil(), heading, *_card_page("upgrade", faces, ui.page), back]
        case "treasure":
            return _treasure(run)
        case "act":
            return [
                Widget("heading", "act", Rect(290, 180, 700, 70), text=f"Victory! Act {run.act} cleared"),
                Widget("line", "act_score", Rect(440, 280, 400, 40), text=f"Score {run.score}"),
                _button("next_act", Rect(520, 420, 240, 62), Command("proceed"), "Continue"),
            ]
        case "over":
            return [
                Widget("heading", "over", Rect(340, 160, 600, 80), text="Defeat"),
                Widget("line", "over_floor", Rect(440, 270, 400, 36), text=f"You fell on floor {run.floor}"),
                Widget("line", "over_score", Rect(440, 316, 400, 36), text=f"Final score {run.score}"),
                _button("leave", Rect(520, 430, 240, 62), Command("leave"), "Main Menu"),
            ]


def _button(key: str, box: Rect, press: Command | Ui, text: str, lit: bool = True) -> Widget:
    return Widget("button", key, box, press if lit else None, text, lit=lit)


def _veil() -> Widget:
    return Widget("veil", "veil", Rect(0, 50, 1280, 670))


def _choice_button(key: str, x: float, press: Command, what: str, name: str, lit: bool = True) -> Widget:
    return Widget(
        "choice_button", key, Rect(x, 200, 200, 190), press if lit else None, f"{name}\n{what}", lit=lit
    )


def map_point(node: Node, act: int) -> tuple[float, float]:
    """The middle of a room on the map: bottom floors left, each a little off the grid, as drawn by hand."""
    noise = zlib.crc32(f"{act}/{node.row}/{node.column}".encode())
    off_x, off_y = (noise % 15) - 7, (noise // 16 % 25) - 12
    if node.row == ROWS:
        off_x = off_y = 0
    return 62 + (node.row - 1) * 76.5 + off_x, 124 + node.column * 86 + off_y


def _map_node(run: Run, node: Node) -> Widget:
    x, y = map_point(node, run.act)
    radius = 34 if node.row == ROWS else 24
    opens = node.row == len(run.path) + 1 and node.column in run.open_columns()
    visited = node in run.path
    return Widget(
        "node",
        f"{node.row}/{node.column}",
        Rect(x - radius, y - radius, 2 * radius, 2 * radius),
        Command("travel", node.column) if opens else None,
        lit=opens,
        value=int(visited),
        node=node,
    )


def hand_boxes(count: int, selected: int | None, hovered: int | None) -> list[Rect]:
    """Where the cards in hand lie; they overlap only when more than seven."""
    pitch = min(CARD_W + 10, (994 - CARD_W) / max(1, count - 1))
    left = 640 - (pitch * (count - 1) + CARD_W) / 2
    boxes = []
    for i in range(count):
        rise = RISE if i == selected else HOVER_RISE if i == hovered else 0
        boxes.append(Rect(left + i * pitch, HAND_TOP + 2 - rise, CARD_W, CARD_H + rise))
    return boxes


def _hovered(count: int, ui: UiState, hand: tuple[HandCard, ...]) -> int | None:
    boxes = hand_boxes(count, None, None)
    for i in range(count - 1, -1, -1):
        if boxes[i].contains(*ui.pointer):
            return i if hand[i].targets else None
    return None


def enemy_boxes(enemies: tuple[Enemy, ...]) -> list[tuple[Enemy, Rect]]:
    """Where the living enemies stand, right of the middle; the others stay in place when one falls."""
    count = len(enemies)
    pitch = min(210.0, 760 / max(1, count))
    left = 896 - pitch * count / 2
    boxes = [Rect(left + i * pitch + 4, 130, pitch - 8, 366) for i in range(count)]
    return [(enemy, box) for enemy, box in zip(enemies, boxes, strict=True) if enemy.alive]


def _fight(run: Run, ui: UiState) -> list[Widget]:
    view = run.fight
    assert view is not None
    widgets = [Widget("hero", "hero", Rect(90, 150, 240, 346))]
    for enemy, box in enemy_boxes(view.enemies):
        widgets.append(Widget("enemy", f"{enemy.slot}", box, Ui("aim", enemy.slot), enemy.name, enemy=enemy))
    widgets += [
        Widget("energy", "energy", Rect(24, 500, 92, 92), text=f"{view.energy}/{view.max_energy}"),
        Widget("pile", "draw", Rect(20, 624, 96, 84), Ui("overlay", overlay="draw"), str(len(view.draw))),
        Widget(
            "pile",
            "discard",
            Rect(1164, 624, 96, 84),
            Ui("overlay", overlay="discard"),
            str(len(view.discard)),
        ),
        _button("end_turn", Rect(1142, 530, 130, 58), Command("end_turn"), "End Turn"),
    ]
    count = len(view.hand)
    hovered = _hovered(count, ui, view.hand) if not view.choice and not ui.overlay else None
    cards = [
        Widget(
            "card",
            f"hand{i}",
            box,
            Ui("select", i),
            value=i,
            lit=bool(card.targets),
            face=face(run, card.id, card.cost, bool(card.targets), now=True),
        )
        for i, (card, box) in enumerate(zip(view.hand, hand_boxes(count, ui.selected, hovered), strict=True))
    ]
    # A raised card lies in front of its neighbours, and is pressed in front of them too.
    raised = ui.selected if ui.selected is not None else hovered
    if raised is not None and raised < count:
        cards.append(cards.pop(raised))
    return widgets + cards


def _reward(run: Run) -> list[Widget]:
    assert run.reward is not None
    widgets = [
        Widget("heading", "reward", Rect(340, 76, 600, 56), text="Choose a card"),
        Widget("gold_line", "reward_gold", Rect(500, 140, 280, 40), text=f"+{run.reward.gold} gold"),
    ]
    for i, card in enumerate(run.reward.cards):
        box = Rect(295 + i * 240, 210, 210, 306)
        widgets.append(
            Widget("card", f"reward{i}", box, Command("pick", i), value=i, lit=True, face=face(run, card))
        )
    return [*widgets, _button("skip", Rect(550, 580, 180, 58), Command("skip"), "Skip")]


def _treasure(run: Run) -> list[Widget]:
    heading = Widget("heading", "treasure", Rect(340, 84, 600, 50), text="Treasure")
    chest = Widget(
        "chest", "chest", Rect(490, 300, 300, 230), Command("open"), value=int(run.chest is not None)
    )
    if run.chest is None:
        return [heading, chest]
    gold, before, after = run.chest
    lines = [Widget("gold_line", "chest_gold", Rect(500, 160, 280, 40), text=f"+{gold} gold")]
    if after:
        text = f"{run.cards[before].name} became {run.cards[after].name}"
        lines.append(Widget("line", "chest_card", Rect(390, 210, 500, 40), text=text))
    shut = Widget("chest", "chest", chest.box, value=1)
    return [
        heading,
        shut,
        *lines,
        _button("proceed", Rect(1060, 600, 180, 60), Command("proceed"), "Proceed"),
    ]


def _card_page(key: str, faces: Sequence[tuple[Command | None, CardFace]], page: int) -> list[Widget]:
    """Two rows of up to eight cards, and buttons to turn the page when there are more."""
    pages = max(1, -(-len(faces) // PER_PAGE))
    page = min(page, pages - 1)
    shown = faces[page * PER_PAGE : (page + 1) * PER_PAGE]
    columns = min(PER_ROW, len(shown))
    left = 640 - (columns * 150 - 10) / 2
    widgets = []
    for i, (press, one) in enumerate(shown):
        box = Rect(left + (i % PER_ROW) * 150, 136 + (i // PER_ROW) * 226, CARD_W, CARD_H)
        widgets.append(Widget("card", f"{key}{page * PER_PAGE + i}", box, press, lit=True, face=one))
    if pages > 1:
        turn = Ui("page", (page + 1) % pages)
        widgets.append(_button("page", Rect(540, 646, 200, 52), turn, f"Page {page + 1} of {pages}"))
    return widgets


def _choice(run: Run, ui: UiState) -> list[Widget]:
    assert run.fight is not None
    asked = run.fight.choice
    assert asked is not None
    faces: list[tuple[Command | None, CardFace]] = [
        (Command("choose", i), face(run, card)) for i, card in enumerate(asked.options)
    ]
    heading = _PROMPTS.get(asked.kind, "Choose a card")
    widgets = [
        _veil(),
        Widget("heading", "choice_heading", Rect(240, 70, 800, 50), text=heading),
        *_card_page("option", faces, ui.page),
    ]
    if asked.optional:
        widgets.append(_button("decline", Rect(1060, 646, 180, 52), Command("decline"), "None"))
    return widgets


_PROMPTS = {
    "UpgradeCardInHand": "Upgrade a card in your hand",
    "HandToTopOfDraw": "Put a card on top of your draw pile",
    "DiscardToTopOfDraw": "Put a discarded card on your draw pile",
    "ExhaustToHand": "Take an exhausted card into your hand",
    "CopyAttackOrPowerInHand": "Copy an Attack or Power",
    "ExhaustCardInHand": "Exhaust a card",
}


def _overlay(run: Run, ui: UiState) -> list[Widget]:
    close = _button("return", Rect(1060, 646, 180, 52), Ui("close"), "Return")
    if ui.overlay == "settings":
        rows = [
            Widget(
                "toggle",
                f"toggle{i}",
                Rect(450, 250 + i * 76, 380, 56),
                Ui("toggle", i),
                name,
                lit=ui.toggles[i],
            )
            for i, name in enumerate(TOGGLES)
        ]
        panel = Widget("panel", "settings_panel", Rect(390, 140, 500, 440))
        heading = Widget("heading", "settings_heading", Rect(390, 160, 500, 60), text="Settings")
        return [
            _veil(),
            panel,
            heading,
            *rows,
            _button("return", Rect(550, 500, 180, 52), Ui("close"), "Return"),
        ]
    cards: tuple[str, ...] = tuple(run.deck)
    heading_text = f"Your deck: {len(cards)} cards"
    if ui.overlay != "deck" and run.fight:
        cards = run.fight.draw if ui.overlay == "draw" else run.fight.discard
        heading_text = f"{'Draw' if ui.overlay == 'draw' else 'Discard'} pile: {len(cards)} cards"
    heading = Widget("heading", "pile_heading", Rect(240, 66, 800, 50), text=heading_text)
    faces: list[tuple[Command | None, CardFace]] = [(None, face(run, card)) for card in cards]
    return [_veil(), heading, *_card_page("pile", faces, ui.page), close]

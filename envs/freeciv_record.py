"""What Freeciv's server writes down of a game, as numbers: its score log, and its saves.

Score log: `data TURN TAG PLAYER VALUE` (freeciv's doc/README.scorelog). For measuring only.
"""

from __future__ import annotations

import lzma
import re
from pathlib import Path
from typing import Any

SCORE_LOG = "freeciv-score.log"

_TAGS = {"cities": "cities", "techs": "technologies", "score": "score", "gold": "gold", "landarea": "land"}


def record(folder: Path, player: str) -> dict[str, Any]:
    """The running game's turn, and the player's cities, technologies, score, gold and land, now and at most.

    `folder` holds the score log and the saves; `player` is a user's name. Without a log there are no turns.
    """
    number = _number_of(player, folder)
    names: dict[str, str] = {}
    series: dict[str, list[int]] = {name: [] for name in _TAGS.values()}
    turn = 0
    try:
        lines = (folder / SCORE_LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        lines = []
    for line in lines:
        match line.split():
            case ["tag", tag, name] if name in _TAGS:
                names[tag] = _TAGS[name]
            case ["turn", count, *_]:
                turn = int(count)
            case ["data", _, tag, who, value] if tag in names and who == str(number):
                series[names[tag]].append(int(value))
    last = {name: values[-1] if values else 0 for name, values in series.items()}
    best = {f"{name}_most": max(values, default=0) for name, values in series.items() if name in _MOST}
    return {"turns": turn, **last, **best}


_MOST = ("cities",)
"""What may be lost again."""


def saved(path: Path, player: str) -> dict[str, int]:
    """Turn, cities, gold and technologies of a player in a save (.sav or .sav.xz)."""
    text = _text(path)
    turn = re.search(r"^turn=(\d+)$", text, re.MULTILINE)
    section = _section(text, player)
    number, body = section if section is not None else (-1, "")
    cities = re.search(r"^ncities=(\d+)$", body, re.MULTILINE)
    gold = re.search(r"^gold=(-?\d+)$", body, re.MULTILINE)
    research = text.partition("[research]")[2]
    row = re.search(rf"^{number},\"[^\"]*\",(\d+),", research, re.MULTILINE)
    return {
        "turn": int(turn[1]) if turn else 0,
        "cities": int(cities[1]) if cities else 0,
        "gold": int(gold[1]) if gold else 0,
        # The first is "None", which everybody has.
        "technologies": int(row[1]) - 1 if row else 0,
    }


def saves(folder: Path) -> list[Path]:
    """The saves of a game, the oldest first."""
    return sorted(folder.glob("*.sav*"), key=lambda path: path.name)


def _number_of(player: str, folder: Path) -> int:
    for path in saves(folder)[:1]:
        section = _section(_text(path), player)
        if section is not None:
            return section[0]
    return 0


def _section(text: str, player: str) -> tuple[int, str] | None:
    """The number and the section of the player whose user's name that is."""
    for part in re.split(r"^\[player(?=\d+\]$)", text, flags=re.MULTILINE)[1:]:
        number, _, body = part.partition("]")
        body = re.split(r"^\[", body, maxsplit=1, flags=re.MULTILINE)[0]
        if f'\nusername="{player}"\n' in body:
            return int(number), body
    return None


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if path.suffix == ".xz":
        try:
            raw = lzma.decompress(raw)
        except lzma.LZMAError:
            return ""  # it is being written
    return raw.decode("utf-8", "replace")

"""Events and skills as whoever shows them may rely on: a field that is not of its kind is taken as missing.

A library may come from anywhere, and half of it from a program that is not ours; fields that are missing are
no trouble to anybody here, since an older log lacks some too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from groundup.memory.records import Event, JsonObject, SkillRecord

if TYPE_CHECKING:
    from groundup.memory.lookups import SkillLine

Check = Callable[[object], bool]
S = TypeVar("S", SkillRecord, "SkillLine")

_HUGE = 1e15
"""Beyond this a number is no count, no pixel and no reward; "not a number" is beyond everything."""


def _text(value: object) -> bool:
    return isinstance(value, str)


def _text_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


def _count(value: object) -> bool:
    return type(value) is int and 0 <= value < _HUGE


def _number(value: object) -> bool:
    return (type(value) is float or type(value) is int) and -_HUGE < value < _HUGE


def _number_or_none(value: object) -> bool:
    return value is None or _number(value)


def _numbers(value: object) -> bool:
    return type(value) is dict and all(map(_number, value.values()))


def _list(value: object) -> bool:
    return type(value) is list


def _rows(length: int) -> Check:
    """Lists that begin with so many numbers."""

    def check(value: object) -> bool:
        return type(value) is list and all(
            type(row) is list and len(row) >= length and all(map(_number, row[:length])) for row in value
        )

    return check


def _size(value: object) -> bool:
    return type(value) is list and len(value) == 2 and all(map(_count, value))


def _records(checks: dict[str, Check], needed: str = "") -> Check:
    """Objects whose fields, where they have them, are of their kind; `needed` is one that they must have."""

    def check(value: object) -> bool:
        return type(value) is list and all(
            type(one) is dict
            and (not needed or needed in one)
            and all(checks[name](one[name]) for name in checks if name in one)
            for one in value
        )

    return check


_STEP: dict[str, Check] = {
    **dict.fromkeys(("move", "on", "why", "scene", "from"), _text),
    **dict.fromkeys(("then", "skill"), _text_or_none),
    "reward": _number,
    **dict.fromkeys(("own", "parts", "ms", "change"), _numbers),
    "step": _count,
    "responsive": _list,
    "points": _rows(2),
}
_WEIGHED: dict[str, Check] = {
    "kind": _text,
    "value": _number,
    "visits": _number,
    "p": _number,
    "count": _count,
}
_FOUND: dict[str, Check] = {"place": _text, "name": _text, "role": _text}
_FIELDS: dict[str, dict[str, Check]] = {
    "step": _STEP,
    "look": {
        **dict.fromkeys(("frame", "scene", "chosen", "after"), _text),
        "step": _count,
        "size": _size,
        "points": _rows(2),
        "things": _rows(4),
        "numbers": _rows(4),
        "candidates": _records(_WEIGHED),
    },
    "start": {"steps": _count},
    "counters": {"step": _count, "found": _records(_FOUND, needed="place")},
    "skills": dict.fromkeys(("learnt", "composed", "merged", "pruned"), _number),
    "model": {**dict.fromkeys(("calls", "tokens"), _number), "cost_usd": _number_or_none},
    "control": {"what": _text, "text": _text, "steps": _count},
}


def sound(event: Event) -> Event:
    """The event without the fields that are not what they should be; the same when all are."""
    if type(event.data) is not dict:
        return replace(event, data={})
    checks = _FIELDS.get(event.kind)
    if checks is None:
        return event
    odd = [name for name, value in event.data.items() if name in checks and not checks[name](value)]
    return replace(event, data={k: v for k, v in event.data.items() if k not in odd}) if odd else event


def sound_skill(skill: S) -> S:
    """The skill with nothing but numbers in its statistics and its effect; the same when that is so."""
    if _numbers(skill.statistics) and _numbers(skill.effect):
        return skill
    return replace(skill, statistics=_only_numbers(skill.statistics), effect=_only_numbers(skill.effect))


def _only_numbers(document: object) -> JsonObject:
    found = document if isinstance(document, dict) else {}
    return {name: value for name, value in found.items() if _number(value)}

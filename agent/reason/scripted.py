"""A reasoner without a model: for tests and demonstrations. Nothing leaves the machine.

Without a script it answers each question plainly: the first of the options, names made of the words on
the things. A script gives replies by the kind of question, one after the other and again from the first.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from groundup.agent.reason.errors import Invalid
from groundup.agent.reason.profiles import Profile, profile_of
from groundup.agent.reason.reasoner import Answer, Question, R, Stop, never
from groundup.agent.reason.schemas import wrong
from groundup.agent.reason.usage import Usage
from groundup.envs.errors import UsageError

Script = Mapping[str, Sequence[Mapping[str, Any]]]
"""Replies by kind of question."""


class ScriptedReasoner:
    """Answers from a script, or plainly; `asked` holds how many questions of each kind there were."""

    def __init__(self, script: Script | None = None, *, profile: Profile | None = None) -> None:
        self.model = "scripted"
        self.profile = profile or profile_of(self.model)
        self.stop: Stop = never
        self.asked: Counter[str] = Counter()
        self._script = script or {}

    def ask(self, question: Question[R]) -> Answer[R]:
        """The scripted or the plain reply; raises `Invalid` when the script holds one of another form."""
        turn = self.asked[question.kind]
        self.asked[question.kind] += 1
        rows = self._script.get(question.kind)
        document = rows[turn % len(rows)] if rows else _PLAIN[question.kind](question)
        usage = Usage(requests=1, pictures=len(question.pictures))
        try:
            reply = question.reply.model_validate(document, context={"options": question.options})
        except ValidationError as error:
            raise Invalid(
                f"The script's reply to {question.kind} is none: {wrong(error)}; mend the script.", usage
            ) from error
        return Answer(reply, usage, "scripted")

    def close(self) -> None:
        """Nothing is held."""


def read_script(path: Path) -> Script:
    """The script in a JSON file: {"describe": [{...}, ...], ...}; raises `UsageError`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is no script of replies: {error}.") from error
    if not isinstance(document, dict) or not all(
        isinstance(rows, list) and all(isinstance(row, dict) for row in rows) for rows in document.values()
    ):
        raise UsageError(f'{path} is no script of replies: give {{"describe": [{{...}}], ...}}.')
    return document


_Plain = Callable[[Question[Any]], dict[str, Any]]


def _words(question: Question[Any]) -> list[str]:
    """The words of each numbered thing in the question."""
    rows = re.findall(r'^"(\d+): ?(.*)"$', question.text, re.MULTILINE)
    return [words for _, words in rows[: question.options]]


def _names(question: Question[Any]) -> dict[str, Any]:
    rows = [
        {"number": n, "name": f"Use {words}"[:60], "description": f"Acts on {words}"[:300]}
        for n, words in enumerate(_words(question)[:12], 1)
    ]
    return {"skills": rows}


def _uses(question: Question[Any]) -> dict[str, Any]:
    count = min(12, question.options)
    return {"uses": [{"number": n, "consistent": True, "progressive": False} for n in range(1, count + 1)]}


def _refined(question: Question[Any]) -> dict[str, Any]:
    count = min(12, question.options)
    return {"skills": [{"number": n, "verdict": "keep", "after": n} for n in range(1, count + 1)]}


def _proposal(question: Question[Any]) -> dict[str, Any]:
    if question.free:
        return {"text": "Action: wait()"}
    if not question.options:
        return {"because": "a script", "actions": []}
    return {"because": "a script", "trials": [{"kind": "click", "element": 1}]}


_PLAIN: dict[str, _Plain] = {
    "probe": lambda _: {"color": "none", "number": 0},
    "describe": lambda q: {
        "name": "A screen",
        "description": f"{q.options} things to act on",
        "promising": [1] if q.options else [],
    },
    "pick": lambda _: {"because": "a script", "element": 1},
    "propose": _proposal,
    "names": _names,
    "segments": _names,
    "judge": _uses,
    "duplicates": lambda _: {"groups": []},
    "refine": _refined,
    "goals": lambda q: {"goals": [{"goal": "See another screen", "skills": [1] if q.options else []}]},
    "trajectory": lambda _: {"because": "a script", "reached": False, "instead": []},
    "select": lambda _: {"because": "a script", "skill": 0},
    "evaluate": lambda _: {"consistent": True, "progressive": False},
    "name_one": lambda _: {"name": "A skill", "description": "Clicks"},
}

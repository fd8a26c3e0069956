"""Finds the JSON object in what a model wrote: plain, fenced, after some talk, or in a wrapper.

Nothing is guessed: what is found is parsed as JSON and checked against its type by the caller's type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from groundup.agent.reason.replies import Reply
from groundup.agent.reason.schemas import wrong

LONGEST = 20_000
"""Letters of a reply that are looked at: the longest that is asked for has some 4,000."""

STARTS = 40
"""Opening braces that are tried."""

_R = TypeVar("_R", bound=Reply)


def read(reply: type[_R], text: str, options: int) -> _R:
    """The reply in `text`; raises ValueError in a few words."""
    if not text.strip():
        raise ValueError("it is empty")
    if len(text) > LONGEST:
        raise ValueError(f"it has {len(text):,} letters")
    why = "it holds no JSON object"
    for document in _objects(text):
        try:
            return reply.model_validate(document, context={"options": options})
        except ValidationError as error:
            why = wrong(error)
    raise ValueError(why)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Each JSON object that begins somewhere in `text`, the outermost first."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    for _ in range(STARTS):
        if at < 0:
            return
        try:
            document, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        if isinstance(document, dict):
            yield document
            # Some models wrap what was asked for: {"arguments": {...}}.
            for inner in document.values():
                if isinstance(inner, dict):
                    yield inner
        at = text.find("{", end)

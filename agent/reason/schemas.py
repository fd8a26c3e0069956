"""JSON schemas of replies: a full one for constrained decoding, a portable one for servers.

Servers that enforce schemas know a subset: all properties required, none besides, no lengths of texts
(OpenAI's documentation of structured outputs). What the portable schema leaves out is checked here.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from groundup.agent.reason.replies import MOST, Reply, one_line

_LEFT_OUT = ("title", "default", "mark", "minLength", "maxLength", "description")


def full(reply: type[Reply], options: int) -> dict[str, Any]:
    """The schema with every bound; numbers of things go up to `options`."""
    schema: dict[str, Any] = _walk(reply.model_json_schema(), options, ("title", "default", "mark"))
    return schema


def portable(reply: type[Reply], options: int) -> dict[str, Any]:
    """The schema in the subset that strict servers take."""
    schema: dict[str, Any] = _walk(reply.model_json_schema(), options, _LEFT_OUT)
    return schema


def _walk(node: Any, options: int, left_out: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_walk(part, options, left_out) for part in node]
    if not isinstance(node, dict):
        return node
    out = {
        name: {key: _walk(value, options, left_out) for key, value in part.items()}
        if name in ("properties", "$defs")
        else _walk(part, options, left_out)
        for name, part in node.items()
        if name not in left_out or not isinstance(part, str | bool | int)
    }
    if node.get("mark"):
        out["maximum"] = options or MOST
    if out.get("type") == "object" and "properties" in out:
        out["required"] = list(out["properties"])
        out["additionalProperties"] = False
    return out


def wrong(error: ValidationError) -> str:
    """The first thing that is wrong with a reply, in a few plain words."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return one_line(f"{place[:80] or 'the reply'}: {first['msg']}")[:200]

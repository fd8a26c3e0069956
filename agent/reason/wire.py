"""What goes over the wire and comes back, for both of OpenAI's APIs; what servers' errors mean.

Nothing of a request is put into a message: it holds pictures of somebody's screen, and the key.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

import openai
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from groundup.agent.reason.errors import NoAnswer, Refused, TooLarge, Unavailable
from groundup.agent.reason.keys import NONE
from groundup.agent.reason.profiles import Profile
from groundup.agent.reason.reasoner import Question
from groundup.agent.reason.schemas import full, portable
from groundup.agent.reason.servers import Rung
from groundup.agent.reason.usage import Usage

TOOL = "reply"
"""Name of the tool that a reply is the arguments of."""

_BLIND = re.compile(
    r"(?i)(image|vision|multi-?modal|mmproj).{0,80}"
    r"(not support|unsupported|not a |no endpoint|unable|cannot|invalid)"
    r"|(not support|unsupported|no endpoints?|not a|unable|cannot|only).{0,60}(image|vision|multi-?modal)"
)
_LARGE = re.compile(
    r"(?i)(image|picture|payload|entity|request|content).{0,60}(too large|too big|exceed|maximum)"
    # Pictures are tokens: they may be too large for what the model can read at once.
    r"|maximum (context|model) length|context (length|size|window).{0,20}exceed"
)
_FORM = re.compile(
    r"(?i)response_format|json_schema|json_object|tool|schema|format|unsupported fields|not supported"
)
_WORDS = 160


class NotTaken(Exception):
    """The server does not take this form of reply."""


class Api(Protocol):
    """One of the two APIs."""

    def arguments(self, question: Question[Any], rung: Rung, profile: Profile, mend: str) -> dict[str, Any]:
        """What is sent beside the model's name; `mend` says what was wrong with the last reply."""
        ...

    async def send(self, client: AsyncOpenAI, model: str, arguments: dict[str, Any]) -> Any:
        """What comes back."""
        ...

    def read(self, reply: Any) -> tuple[str, int, int]:
        """What the model wrote, tokens in and out; raises `NoAnswer` for what is no reply at all."""
        ...


def _mended(text: str, mend: str) -> str:
    return (
        f"{text}\nYour last reply was of no use: {mend}. Reply again, with the JSON object alone."
        if mend
        else text
    )


class Chat:
    """Chat Completions."""

    def arguments(self, question: Question[Any], rung: Rung, profile: Profile, mend: str) -> dict[str, Any]:
        """See `Api`."""
        text = _mended(question.text, mend)
        parts = [{"type": "image_url", "image_url": {"url": p.url}} for p in question.pictures]
        # Servers of models without sight know plain text alone.
        content = [{"type": "text", "text": text}, *parts] if parts else text
        out: dict[str, Any] = {
            "messages": [
                {"role": "system", "content": question.system},
                {"role": "user", "content": content},
            ],
            "stream": False,  # some servers stream unless told not to
            profile.limit: profile.answer_tokens,
        }
        if profile.temperature:
            out["temperature"] = 0
        if rung == "schema":
            schema = portable(question.reply, question.options)
            out["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": TOOL, "schema": schema, "strict": True},
            }
        elif rung == "object":
            # OpenAI's own API has no such field; llama.cpp's servers hold the model to it.
            out["response_format"] = {
                "type": "json_object",
                "schema": full(question.reply, question.options),
            }
        elif rung == "tool":
            function = {"name": TOOL, "parameters": portable(question.reply, question.options)}
            out["tools"] = [{"type": "function", "function": function}]
            out["tool_choice"] = {"type": "function", "function": {"name": TOOL}}
        return out

    async def send(self, client: AsyncOpenAI, model: str, arguments: dict[str, Any]) -> Any:
        """See `Api`."""
        return await client.chat.completions.create(model=model, **arguments)

    def read(self, reply: Any) -> tuple[str, int, int]:
        """See `Api`."""
        # The SDK builds its types without checking them.
        choices = getattr(reply, "choices", None)
        if not isinstance(reply, ChatCompletion) or not isinstance(choices, list):
            raise ValueError("no reply of this API")
        usage = getattr(reply, "usage", None)
        tokens = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        message = getattr(choices[0], "message", None) if choices else None
        text = getattr(message, "content", None)
        for call in getattr(message, "tool_calls", None) or []:
            function = getattr(call, "function", None)
            if getattr(function, "name", None) == TOOL:
                text = getattr(function, "arguments", None)
        return text if isinstance(text, str) else "", *tokens


class Responses:
    """The Responses API."""

    def arguments(self, question: Question[Any], rung: Rung, profile: Profile, mend: str) -> dict[str, Any]:
        """See `Api`."""
        content: list[dict[str, Any]] = [{"type": "input_text", "text": _mended(question.text, mend)}]
        content += [{"type": "input_image", "image_url": p.url, "detail": "auto"} for p in question.pictures]
        out: dict[str, Any] = {
            "instructions": question.system,
            "input": [{"role": "user", "content": content}],
            "max_output_tokens": profile.answer_tokens,
            "stream": False,
            "store": False,  # pictures of a screen are not left with the provider
        }
        if profile.temperature:
            out["temperature"] = 0
        if rung == "schema":
            schema = portable(question.reply, question.options)
            out["text"] = {"format": {"type": "json_schema", "name": TOOL, "schema": schema, "strict": True}}
        elif rung == "object":
            out["text"] = {"format": {"type": "json_object"}}
        elif rung == "tool":
            schema = portable(question.reply, question.options)
            out["tools"] = [{"type": "function", "name": TOOL, "parameters": schema, "strict": True}]
            out["tool_choice"] = {"type": "function", "name": TOOL}
        return out

    async def send(self, client: AsyncOpenAI, model: str, arguments: dict[str, Any]) -> Any:
        """See `Api`."""
        return await client.responses.create(model=model, **arguments)

    def read(self, reply: Any) -> tuple[str, int, int]:
        """See `Api`."""
        output = getattr(reply, "output", None)
        if not isinstance(reply, Response) or not isinstance(output, list):
            raise ValueError("no reply of this API")
        usage = getattr(reply, "usage", None)
        tokens = _count(usage, "input_tokens"), _count(usage, "output_tokens")
        texts: list[str] = []
        for item in output:
            if getattr(item, "type", None) == "function_call" and getattr(item, "name", None) == TOOL:
                texts.append(str(getattr(item, "arguments", "")))
            for part in getattr(item, "content", None) or []:
                text = getattr(part, "text", None)
                if isinstance(text, str):
                    texts.append(text)
        return "".join(texts), *tokens


def _count(usage: Any, name: str) -> int:
    count = getattr(usage, name, None)
    return count if isinstance(count, int) and count >= 0 else 0


def told(
    error: Exception, url: str, key: str, model: str, pictures: bool, usage: Usage
) -> NoAnswer | NotTaken:
    """What an error means, as the one that says so in a sentence; without `key`, if the server says it."""
    match error:
        case openai.APITimeoutError():
            return Unavailable(f"{url} did not answer in time.", usage)
        case openai.APIConnectionError() if type(error.__cause__).__name__ == "RemoteProtocolError":
            return Unavailable(f"{url} broke off in the middle of an answer.", usage)
        case openai.APIConnectionError():
            return Unavailable(
                f"Nothing answers at {url}: start the server, or give another --base-url.", usage
            )
        case openai.APIStatusError():
            return _status(error, url, key, model, pictures, usage)
    return Unavailable(f"{url} answers, but not as an OpenAI-compatible server does.", usage)


def _status(
    error: openai.APIStatusError, url: str, key: str, model: str, pictures: bool, usage: Usage
) -> NoAnswer | NotTaken:
    status, said = error.status_code, _said(error, key)
    if pictures and (status == 413 or (_LARGE.search(said) and status < 500)):
        return TooLarge(f"{model} takes no pictures as large as those sent ({_short(said)}).", usage)
    if pictures and status not in (401, 403, 429) and _BLIND.search(said):
        return Refused(
            f"{model} at {url} takes no pictures ({_short(said)}): give a model that sees by --model.", usage
        )
    if status in (401, 403):
        return Refused(
            f"{url} refuses the key (status {status}): set GROUNDUP_API_KEY or give --key-file.", usage
        )
    if status in (404, 410):
        if isinstance(error.body, dict) and re.search(r"(?i)model", said):
            return Refused(f"{url} knows no model {model!r} ({_short(said)}): give another --model.", usage)
        return Refused(
            f"{url} is no OpenAI-compatible server (status {status}): "
            "give another --base-url, which mostly ends in /v1.",
            usage,
        )
    if status == 429:
        if "insufficient_quota" in said or "billing" in said:
            return Refused(
                f"{url} says that the account has no credit left: add some, or change the key.", usage
            )
        return Unavailable(f"{url} says that it is asked too much (status 429).", usage)
    if status in (400, 422) and re.search(
        r"(?i)model.{0,60}(not exist|not found|unknown|invalid model|not available)", said
    ):
        return Refused(f"{url} knows no model {model!r} ({_short(said)}): give another --model.", usage)
    if status in (400, 405, 415, 422, 501) and (_FORM.search(said) or status in (400, 422)):
        return NotTaken(_short(said) or f"status {status}")
    if status < 500:
        return Refused(f"{url} refuses the request (status {status}: {_short(said)}).", usage)
    if re.search(r"response_format|json_schema|tool_choice", said):
        return NotTaken(_short(said))  # llama-cpp-python answers 500 to a form that it does not know
    return Unavailable(f"{url} fails (status {status}: {_short(said)}).", usage)


def _said(error: openai.APIStatusError, key: str) -> str:
    """What the server says, on one line. It may repeat what it was sent: what looks like a key is cut."""
    body = error.body
    if isinstance(body, dict):
        inner = body.get("error", body)
        text = str(inner.get("message", inner)) if isinstance(inner, dict) else str(inner)
        code = inner.get("code") if isinstance(inner, dict) else None
        text = f"{text} {code}" if isinstance(code, str) else text
    else:
        text = str(body or "")
    if key != NONE:
        text = text.replace(key, "…")
    text = re.sub(r"[A-Za-z0-9_*.\-/+=]{24,}", "…", text[:4000])
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


def _short(said: str) -> str:
    return said if len(said) <= _WORDS else f"{said[: _WORDS - 1]}…"

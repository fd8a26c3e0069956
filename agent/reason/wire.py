"""What goes over the wire and comes back, for both of OpenAI's APIs."""

from __future__ import annotations

from typing import Any, Protocol

from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from groundup.agent.reason.profiles import Profile
from groundup.agent.reason.reasoner import Question
from groundup.agent.reason.schemas import full, portable
from groundup.agent.reason.servers import Rung

TOOL = "reply"
"""Name of the tool that a reply is the arguments of."""


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

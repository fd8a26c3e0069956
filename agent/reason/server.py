"""The `openai` backend: OpenAI by the Responses API, every compatible server by Chat Completions.

Servers differ in how far they honour the form of a reply: some ignore `response_format`, some know only
`json_object`, some only a forced tool. The ladder is gone down once and the rung remembered; whatever was
promised, each reply is checked here. Retries with backoff are the SDK's (408, 409, 429, 5xx, connections).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import openai
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from groundup.agent.reason import refusals, wire
from groundup.agent.reason.errors import Cancelled, Invalid, Spent, Unavailable
from groundup.agent.reason.profiles import Profile, profile_of
from groundup.agent.reason.reasoner import Answer, Question, R, Stop, never
from groundup.agent.reason.refusals import NotTaken
from groundup.agent.reason.repair import read
from groundup.agent.reason.replies import TextActions
from groundup.agent.reason.servers import RUNGS, Rung, Servers
from groundup.agent.reason.usage import NOTHING, Usage

TIMEOUT = 60.0
"""Seconds for one request: a large model that thinks takes some 20."""

DEADLINE = 150.0
"""Seconds for one question with its retries."""

RETRIES = 2
"""Of the SDK: after 0.5 and 1 s, or as the server's Retry-After says."""

HEADERS = "OPENAI_CUSTOM_HEADERS"
"""The environment variable with headers that the SDK sends to whatever server is asked."""

LOOK_SECONDS = 0.05
"""Time between two looks at whether the run is to stop, while a question is out."""

_T = TypeVar("_T")


class ServerReasoner:
    """Asks a server. The key goes into the SDK's client and nowhere else."""

    def __init__(
        self,
        model: str,
        url: str,
        key: str,
        *,
        responses: bool = False,
        profile: Profile | None = None,
        servers: Servers | None = None,
        stop: Stop = never,
        timeout: float = TIMEOUT,
        deadline: float = DEADLINE,
        retries: int = RETRIES,
    ) -> None:
        """`responses`: by the Responses API instead of Chat Completions."""
        self.model = model
        self.profile = profile or profile_of(model)
        self.url = url
        self.stop: Stop = stop
        self._api = wire.Responses() if responses else wire.Chat()
        self._servers = servers or Servers(None)
        self._sure = False
        self._deadline = deadline
        self._retries = retries
        self._used = self._each = NOTHING
        # Organization, project and headers of OpenAI's own variables are no other server's business.
        own = None if responses else ""
        with contextlib.nullcontext() if responses else _without(HEADERS):
            self._client = AsyncOpenAI(
                api_key=key,
                base_url=url,
                timeout=timeout,
                organization=own,
                project=own,
                http_client=DefaultAsyncHttpxClient(event_hooks={"request": [self._count]}),
            )
        self._runner = asyncio.Runner()

    def ask(self, question: Question[R]) -> Answer[R]:
        """The answer; raises `NoAnswer`. Given up at once when the run is to stop."""
        image_tokens = sum(self.profile.tokens_of(p.width, p.height) for p in question.pictures)
        self._used, self._each = NOTHING, Usage(1, 0, 0, len(question.pictures), image_tokens)
        return self._runner.run(self._stoppable(self._climb(question), question.seconds or self._deadline))

    def close(self) -> None:
        """Close connections and loop."""
        with contextlib.suppress(RuntimeError):
            self._runner.run(self._client.close())
        self._runner.close()

    async def _count(self, _: object) -> None:
        """A request goes out; the SDK's retries do, too."""
        self._used += self._each

    async def _stoppable(self, work: Coroutine[Any, Any, _T], seconds: float) -> _T:
        task = asyncio.ensure_future(work)
        end = asyncio.get_running_loop().time() + seconds
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=LOOK_SECONDS)
                if not task.done() and self.stop():
                    raise Cancelled("The run stops: the question to the model was given up.", self._used)
                if not task.done() and asyncio.get_running_loop().time() > end:
                    raise Unavailable(
                        f"{self.url} did not answer within {seconds:g} s: "
                        "see whether it has loaded its model, or give another --base-url.",
                        self._used,
                    )
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        return task.result()

    async def _climb(self, question: Question[R]) -> Answer[R]:
        """On the remembered rung, else down the ladder, until a reply fits."""
        why, taken = "", False
        for rung in self._rungs(question):
            mend = ""
            # Where a form has proved itself, a reply that does not fit is asked for once more.
            for _ in range(2 if self._sure else 1):
                try:
                    text = await self._request(question, rung, mend)
                except NotTaken as error:
                    why = str(error)
                    self._sure = self._sure and bool(mend)  # a form that is no longer taken: the next is
                    break
                taken = True
                try:
                    return self._found(question, rung, text)
                except ValueError as error:
                    why = mend = str(error)
        if not taken:
            raise Unavailable(
                f"{self.url} takes a question to {self.model} in no form ({why}): "
                "see whether it serves this model with pictures, or give another --model.",
                self._used,
            )
        raise Invalid(
            f"{self.model} did not reply in the form asked for ({why}): try another model or --profile.",
            self._used,
        )

    def _rungs(self, question: Question[Any]) -> tuple[Rung, ...]:
        if question.free:
            return RUNGS[-1:]
        known = self._servers.rung(self.url, self.model)
        if known is None:
            return RUNGS
        # What was found in another process may have changed since, or have been a bad moment.
        return (known,) if self._sure else (known, *(rung for rung in RUNGS if rung != known))

    def _found(self, question: Question[R], rung: Rung, text: str) -> Answer[R]:
        if question.free and question.reply is TextActions:
            return Answer(question.reply.model_validate({"text": text[:4000]}), self._used, "text")
        reply = read(question.reply, text, question.options)
        if not question.free:
            self._sure = True
            self._servers.remember(self.url, self.model, rung)
        return Answer(reply, self._used, rung)

    async def _request(self, question: Question[Any], rung: Rung, mend: str = "") -> str:
        """What the model wrote; raises `NotTaken`, `NoAnswer`."""
        if not question.may(self._used):
            raise Spent("The budget is used up: no more is sent to the model.", self._used)
        more = (self._used + Usage(requests=count) for count in range(1, self._retries + 1))
        self._client.max_retries = sum(map(question.may, more))
        arguments = self._api.arguments(question, rung, self.profile, mend)
        try:
            reply = await self._api.send(self._client, self.model, arguments)
            text, tokens_in, tokens_out = self._api.read(reply)
        except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
            if (profile := refusals.without(error, self.profile)) is not None:
                self.profile = profile
                return await self._request(question, rung, mend)
            key, pictures = self._client.api_key, bool(question.pictures)
            raise refusals.told(error, self.url, key, self.model, pictures, self._used) from None
        self._used += Usage(0, tokens_in, tokens_out, untold=int(not tokens_in))
        return text


@contextlib.contextmanager
def _without(variable: str) -> Iterator[None]:
    """The environment without that variable, for as long as the context lasts."""
    value = os.environ.pop(variable, None)
    try:
        yield
    finally:
        if value is not None:
            os.environ[variable] = value

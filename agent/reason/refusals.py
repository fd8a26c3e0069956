"""What servers' errors mean, each as the one that says in a sentence what to do.

Servers agree on few statuses and on no words: those looked for are of OpenAI, OpenRouter, LiteLLM, Gemini,
Together, Groq, vLLM and llama.cpp. Nothing of a request is put into a message: it holds pictures of
somebody's screen, and the key.
"""

from __future__ import annotations

import re

import openai

from groundup.agent.reason.errors import NoAnswer, Refused, TooLarge, Unavailable
from groundup.agent.reason.keys import NONE
from groundup.agent.reason.profiles import Profile
from groundup.agent.reason.usage import Usage

_NO_KEY = re.compile(
    r"(?i)api.?key.{0,40}(not valid|invalid|incorrect|expired|missing|not provided)"
    r"|(invalid|incorrect|missing|no) api.?key"
)
_NO_CREDIT = re.compile(r"(?i)insufficient.{0,10}(quota|credit|balance|fund)|billing")
_NO_MODEL = re.compile(
    r"(?i)not a valid model|(invalid|unknown|no such|unable to access) model"
    r"|model.{0,60}(not exist|not found|unknown|not available)"
)
_SPOILT = re.compile(
    r"(?i)(invalid|unsupported|corrupt\w*|malformed) image|image.{0,20} is (in)?valid"
    r"|(decode|process|read|parse|identify).{0,20} image"
)
_FLAGGED = re.compile(r"(?i)moderation|flagged|content.{0,10}(policy|filter)")
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
_OWN_FORM = re.compile(r"(?i)response_format|json_schema|json_object|tool")
_FORM = re.compile(rf"{_OWN_FORM.pattern}|schema|format|unsupported fields|not supported")
_WORDS = 160


class NotTaken(Exception):
    """The server does not take this form of reply."""


def told(
    error: Exception, url: str, key: str, model: str, pictures: bool, usage: Usage
) -> NoAnswer | NotTaken:
    """What an error means, as the one that says so in a sentence; without `key`, if the server says it."""
    match error:
        case openai.APITimeoutError():
            return Unavailable(
                f"{url} did not answer in time: see whether it has loaded its model, or give another.",
                usage,
            )
        case openai.APIConnectionError() if type(error.__cause__).__name__ == "RemoteProtocolError":
            return Unavailable(f"{url} broke off in the middle of an answer.", usage)
        case openai.APIConnectionError():
            return Unavailable(
                f"Nothing answers at {url}: start the server, or give another --base-url.", usage
            )
        case openai.APIStatusError():
            return _status(error, url, key, model, pictures, usage)
    return Unavailable(
        f"{url} answers, but not as an OpenAI-compatible server does: "
        "give another --base-url, which mostly ends in /v1.",
        usage,
    )


def _status(
    error: openai.APIStatusError, url: str, key: str, model: str, pictures: bool, usage: Usage
) -> NoAnswer | NotTaken:
    status, said = error.status_code, _said(error, key)
    # What a model is called says nothing of what is wrong.
    words = re.sub(rf"(?<![\w-]){re.escape(model)}(?![\w-])", "…", said)
    why = f"status {status}: {_short(said)}" if said else f"status {status}"
    if "plain HTTP request" in str(error.body):
        return Refused(f"{url} wants https: give --base-url {url.replace('http:', 'https:', 1)}.", usage)
    if status == 403 and _FLAGGED.search(words):  # this question, not all of them
        return Unavailable(f"{url} will not answer what was shown ({_short(said)}).", usage)
    if status in (401, 403) or (status == 400 and _NO_KEY.search(words)):
        return Refused(f"{url} refuses the key ({why}): set GROUNDUP_API_KEY or give --key-file.", usage)
    if status == 402 or (status == 429 and _NO_CREDIT.search(said)):
        return Refused(f"{url} says that the account has no credit left: add some, or change the key.", usage)
    if status == 429:
        return Unavailable(f"{url} says that it is asked too much (status 429).", usage)
    if status in (400, 404, 410, 422) and _NO_MODEL.search(words) and not _OWN_FORM.search(words):
        return Refused(f"{url} knows no model {model!r} ({_short(said)}): give another --model.", usage)
    if pictures and (status == 413 or (_LARGE.search(words) and status < 500)):
        return TooLarge(f"{model} takes no pictures as large as those sent ({_short(said)}).", usage)
    if pictures and _SPOILT.search(words):  # this picture, not all of them
        return Unavailable(
            f"{url} can do nothing with a picture ({_short(said)}): try another --model.", usage
        )
    if pictures and _BLIND.search(words):
        return Refused(
            f"{model} at {url} takes no pictures ({_short(said)}): give a model that sees by --model.", usage
        )
    if status in (404, 410) and said and not isinstance(error.body, str) and "model" in said.lower():
        return Refused(f"{url} knows no model {model!r} ({_short(said)}): give another --model.", usage)
    if status in (404, 410) or (status in (400, 405, 501) and _page(error)):
        return Refused(
            f"{url} is no OpenAI-compatible server (status {status}): "
            "give another --base-url, which mostly ends in /v1.",
            usage,
        )
    if status in (400, 422) or (status in (405, 415, 501) and _FORM.search(words)):
        return NotTaken(why)
    if status < 500:
        return Refused(f"{url} refuses the request ({why}): give another --base-url or --model.", usage)
    if re.search(r"response_format|json_schema|tool_choice", words):
        return NotTaken(why)  # llama-cpp-python answers 500 to a form that it does not know
    return Unavailable(f"{url} fails ({why}).", usage)


def without(error: Exception, profile: Profile) -> Profile | None:
    """The profile without the parameter that the server refuses; None when that is not what is wrong."""
    said = _said(error, NONE).lower() if isinstance(error, openai.BadRequestError) else ""
    if not re.search(r"unsupported|not support|only the default|deprecated", said):
        return None
    if profile.temperature and "temperature" in said:
        return profile.model_copy(update={"temperature": False})
    if profile.limit == "max_tokens" and "max_completion_tokens" in said:
        return profile.model_copy(update={"limit": "max_completion_tokens"})
    return None


def _page(error: openai.APIStatusError) -> bool:
    """Whether the answer is a page for people."""
    return isinstance(error.body, str) and error.body.lstrip().startswith("<")


def _said(error: openai.APIStatusError, key: str) -> str:
    """What the server says, on one line. It may repeat what it was sent: what looks like a key is cut."""
    body = error.body
    if isinstance(body, list) and body:  # Gemini's
        body = body[0]
    if isinstance(body, dict):
        inner = body.get("error", body)
        text = str(inner.get("message", inner)) if isinstance(inner, dict) else str(inner)
        code = inner.get("code") if isinstance(inner, dict) else None
        text = f"{text} {code}" if isinstance(code, str) else text
    else:
        text = "" if _page(error) else str(body or "")
    if key != NONE:
        text = text.replace(key, "…")
    text = re.sub(r"[A-Za-z0-9_*.\-/+=]{24,}", "…", text[:4000])
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


def _short(said: str) -> str:
    return said if len(said) <= _WORDS else f"{said[: _WORDS - 1]}…"

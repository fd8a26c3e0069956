"""Where the key comes from: the environment or a file, never the command line; and where it may go.

OPENAI_API_KEY goes to OpenAI only: another server is not shown it because it was asked instead.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from groundup.envs.errors import UsageError

OPENAI = "https://api.openai.com/v1"
"""The one server that is asked by the Responses API."""

NONE = "none"
"""Sent to servers on this machine, which mostly want no key but a header all the same."""

VARIABLE = "GROUNDUP_API_KEY"
"""The environment variable with the key of whatever server is asked."""


def find_key(url: str, file: Path | None) -> str:
    """The key for the server at `url`: from `file`, GROUNDUP_API_KEY, or OPENAI_API_KEY for OpenAI's own.

    Raises `UsageError` where one is needed and none is there.
    """
    if file is not None:
        return _read(file)
    key = os.environ.get(VARIABLE, "").strip()
    if not key and is_openai(url):
        key = os.environ.get("OPENAI_API_KEY", "").strip()
        if not key:
            raise UsageError(
                f"OpenAI wants a key: set OPENAI_API_KEY or {VARIABLE}, give --key-file FILE, "
                "or another server by --base-url."
            )
    return _clean(key, VARIABLE) if key else NONE


def _read(file: Path) -> str:
    try:
        text = file.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The key file {file} cannot be read: {_why(error)}.") from None
    if not text:
        raise UsageError(f"The key file {file} is empty: write the key into it, on one line.")
    return _clean(text, f"the key file {file}")


def _clean(key: str, where: str) -> str:
    # What is wrong with it is not shown: it may be a key all the same.
    if not key.isascii() or not key.isprintable() or " " in key or len(key) > 4096:
        raise UsageError(f"What is in {where} is no key: it must be one word on one line.")
    return key


def _why(error: OSError | UnicodeDecodeError) -> str:
    return str(error.strerror) if isinstance(error, OSError) else "it is no text"


def check_url(url: str) -> str:
    """The address of a server as it is used; raises `UsageError` for one that cannot be any."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        parts, good = urlsplit(""), False
    # What may hold a key is not shown, even where it is no address.
    if "@" in (parts.netloc or url) or parts.query or parts.fragment:
        raise UsageError("Leave the key out of --base-url: set GROUNDUP_API_KEY or give --key-file FILE.")
    if not good:
        raise UsageError(
            f"--base-url {url} is no address of a server: give one such as http://localhost:8000/v1."
        )
    return url.rstrip("/")


def is_openai(url: str) -> bool:
    """Whether the server is OpenAI's own, and is reached so that nobody else reads the key."""
    parts = urlsplit(url)
    return (parts.scheme, parts.hostname) == ("https", urlsplit(OPENAI).hostname)

"""A server on loopback that counts what it is sent and answers anything with a reply that fits its schema.

It stands in for a paid model where only the cost is measured: pictures are counted as GPT-4o counts
them, texts by four letters a token. What it replies is drawn at random and means nothing.
"""

from __future__ import annotations

import base64
import io
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

from PIL import Image

from groundup.agent.reason.profiles import COUNTS

LETTERS = 4
"""Letters of English to a token, by OpenAI's rule of thumb."""

_LARGEST = 64 << 20


@dataclass(slots=True)
class Counts:
    """What came: requests, pictures, tokens of pictures and of texts, bytes, pixels."""

    calls: int = 0
    pictures: int = 0
    image_tokens: int = 0
    text_tokens: int = 0
    image_bytes: int = 0
    pixels: int = 0

    def copy(self) -> Counts:
        """As they stand now."""
        return Counts(*(getattr(self, name) for name in self.__slots__))


@dataclass(slots=True)
class CountingServer:
    """Where it listens, and what it has counted."""

    url: str
    counts: Counts = field(default_factory=Counts)


@contextmanager
def counting_server(seed: int = 0, port: int = 0) -> Iterator[CountingServer]:
    """Run the server on loopback while the context lasts; `port` 0 takes a free one."""
    chance = Random(seed)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            if not 0 < length <= _LARGEST:
                self.send_error(413)
                return
            body = json.loads(self.rfile.read(length))
            with lock:
                before = count(body, state.counts)
                text = json.dumps(instance(_schema(body), chance))
            out = json.dumps(_completion(body, text, before)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    state = CountingServer(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def count(body: dict[str, Any], counts: Counts) -> int:
    """Count one request of Chat Completions; returns its tokens."""
    image = text = 0
    for message in body["messages"]:
        content = message["content"]
        for part in content if isinstance(content, list) else [{"type": "text", "text": content}]:
            if part["type"] == "text":
                text += -(-len(part["text"]) // LETTERS)
            elif part["type"] == "image_url":
                data = base64.b64decode(re.sub(r"^data:[^,]*,", "", part["image_url"]["url"]))
                with Image.open(io.BytesIO(data)) as picture:  # reads its head alone
                    width, height = picture.size
                image += COUNTS["tiles"](width, height, 0)
                counts.pictures += 1
                counts.image_bytes += len(data)
                counts.pixels += width * height
    counts.calls += 1
    counts.image_tokens += image
    counts.text_tokens += text
    return image + text


def instance(schema: dict[str, Any], chance: Random) -> Any:
    """Something that fits a JSON schema, as `schemas.portable` makes them."""
    return _instance(schema, schema.get("$defs", {}), chance)


def _instance(node: dict[str, Any], defs: dict[str, Any], chance: Random) -> Any:
    if "$ref" in node:
        return _instance(defs[node["$ref"].rsplit("/", 1)[-1]], defs, chance)
    if "anyOf" in node:
        return _instance(chance.choice(node["anyOf"]), defs, chance)
    if "const" in node:
        return node["const"]
    if "enum" in node:
        return chance.choice(node["enum"])
    match node.get("type"):
        case "object":
            return {name: _instance(part, defs, chance) for name, part in node.get("properties", {}).items()}
        case "array":
            least = node.get("minItems", 0)
            size = chance.randint(max(least, 1), max(least, min(3, node.get("maxItems", 3))))
            return [_instance(node["items"], defs, chance) for _ in range(size)]
        case "integer":
            return chance.randint(node.get("minimum", 0), node.get("maximum", 9))
        case "boolean":
            return chance.random() < 0.5
    return f"word {chance.randrange(1000)}"


def _schema(body: dict[str, Any]) -> dict[str, Any]:
    form = body.get("response_format") or {}
    schema: dict[str, Any] = form.get("json_schema", {}).get("schema", {"type": "object"})
    return schema


def _completion(body: dict[str, Any], text: str, tokens_in: int) -> dict[str, Any]:
    tokens_out = -(-len(text) // LETTERS)
    return {
        "id": "count",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", ""),
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
        },
    }

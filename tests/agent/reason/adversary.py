"""A server on loopback that speaks both of OpenAI's APIs and does as it is told, however badly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


class Answer:
    """One HTTP answer: status, body, headers; `cut` sends only so many bytes of what it promises."""

    def __init__(
        self,
        text: str,
        status: int = 200,
        headers: dict[str, str] | None = None,
        *,
        cut: int | None = None,
        wait: float = 0.0,
    ) -> None:
        self.data, self.status, self.cut, self.wait = text.encode(), status, cut, wait
        self.headers = {"Content-Type": "application/json"} | (headers or {})


def said(content: str | None, **message: Any) -> Answer:
    """A chat completion with this text."""
    whole = {"role": "assistant", "content": content} | message
    return Answer(
        json.dumps(
            {
                "id": "x",
                "object": "chat.completion",
                "created": 1,
                "model": "m",
                "choices": [{"index": 0, "finish_reason": "stop", "message": whole}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
            }
        )
    )


def called(name: str, arguments: str) -> Answer:
    """A chat completion that calls a tool."""
    function = {"name": name, "arguments": arguments}
    return said(None, tool_calls=[{"id": "1", "type": "function", "function": function}])


def responded(text: str) -> Answer:
    """A response of the Responses API."""
    content = [{"type": "output_text", "text": text, "annotations": []}]
    item = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": content}
    return Answer(
        json.dumps(
            {
                "id": "r",
                "object": "response",
                "created_at": 1,
                "model": "m",
                "status": "completed",
                "output": [item],
                "parallel_tool_calls": False,
                "tool_choice": "auto",
                "tools": [],
                "usage": {
                    "input_tokens": 200,
                    "input_tokens_details": {"cached_tokens": 0},
                    "output_tokens": 20,
                    "output_tokens_details": {"reasoning_tokens": 0},
                    "total_tokens": 220,
                },
            }
        )
    )


def refused(status: int, message: str, code: str | None = None, **headers: str) -> Answer:
    """An error as OpenAI's servers write it."""
    body = {"error": {"message": message, "type": "error", "code": code}}
    return Answer(json.dumps(body), status, headers)


def form(body: Body) -> str:
    """By which rung of the ladder a request asks for its form."""
    kind = (body.get("response_format") or (body.get("text") or {}).get("format") or {}).get("type")
    return {"json_schema": "schema", "json_object": "object"}.get(
        kind, "tool" if "tools" in body else "plain"
    )


class Server:
    """`answer` decides on each request; `bodies` and `headers` are what came."""

    def __init__(self, answer: Callable[[Body], Answer], url: str) -> None:
        self.answer, self.url = answer, url
        self.bodies: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []


@contextmanager
def serving(answer: Callable[[Body], Answer]) -> Iterator[Server]:
    """Run the server while the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.bodies.append(body)
            state.headers.append(dict(self.headers))
            state.paths.append(self.path)
            reply = state.answer(body)
            end = time.monotonic() + reply.wait
            while time.monotonic() < end and not over.is_set():
                over.wait(0.02)
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.data)))
                self.end_headers()
                self.wfile.write(reply.data if reply.cut is None else reply.data[: reply.cut])
                if reply.cut is not None:
                    self.close_connection = True
            except OSError:
                self.close_connection = True

    over = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients go away
    state = Server(answer, f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()

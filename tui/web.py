"""`watch --web`: the same dashboard in a browser on this machine, by textual-serve.

It listens on loopback. Whoever has not the token of the URL gets nothing, and neither does a page of
another origin that a browser on this machine shows: the address it came by, its origin and its token are
looked at before anything else.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable

import aiohttp_jinja2
import jinja2
from aiohttp import web
from textual_serve.server import Server

from groundup.memory.errors import UsageError
from groundup.tui.start import WatchOptions
from groundup.tui.web_page import PAGE

HOST = "127.0.0.1"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WatchServer(Server):
    """Serves the dashboard to those who have the token."""

    def __init__(self, command: str, port: int) -> None:
        super().__init__(command, host=HOST, port=port, title="groundup watch")
        self.token = secrets.token_urlsafe(24)
        self._address = f"{HOST}:{port}"
        self._cookie = f"groundup-watch-{port}"  # a browser sends its cookies to every port

    @property
    def url(self) -> str:
        """The address with the token."""
        return f"http://{self._address}/?token={self.token}"

    def initialize_logging(self) -> None:
        """Nothing of the server's own reaches the terminal."""

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        # Its own page asks other machines for a font.
        aiohttp_jinja2.setup(app, loader=jinja2.DictLoader({"app_index.html": PAGE}))
        return app

    async def on_startup(self, app: web.Application) -> None:  # noqa: ARG002
        """Say where it is, as soon as it answers there: this is called before it listens."""
        self._saying = asyncio.create_task(self._say())

    async def _say(self) -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, self.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                break
        print(f"groundup watch is at {self.url}\nCtrl-C ends it; the run goes on.", flush=True)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Host") != self._address:
            raise web.HTTPForbidden(
                text=f"groundup watch is at http://{self._address}: open the address as it was printed.\n"
            )
        origin = request.headers.get("Origin")
        if origin not in (None, f"http://{self._address}"):
            raise web.HTTPForbidden(text="groundup watch answers no other page.\n")
        given = request.query.get("token") or request.cookies.get(self._cookie) or ""
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            raise web.HTTPForbidden(
                text="The token is missing or wrong: open the address as it was printed.\n"
            )
        response = await handler(request)
        if request.path == "/":
            response.set_cookie(self._cookie, self.token, httponly=True, samesite="Strict")
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Frame-Options"] = "DENY"
            response.headers["Content-Security-Policy"] = (
                f"default-src 'self' http://{HOST}:{self.port}; style-src 'self' http://{HOST}:{self.port} "
                "'unsafe-inline'; script-src 'self' "
                f"http://{HOST}:{self.port} 'unsafe-inline'; img-src 'self' http://{HOST}:{self.port} data:; "
                f"connect-src ws://{HOST}:{self.port} http://{HOST}:{self.port}; frame-ancestors 'none'"
            )
        return response


def command(options: WatchOptions) -> str:
    """The command line that shows the dashboard to one browser."""
    words = [sys.executable, "-m", "groundup.agent.cli", "watch", "--library", options.library]
    if options.run:
        words.append(options.run)
    for location in options.beside:
        words += ["--beside", location]
    if options.segments is not None:
        words += ["--segments", str(options.segments.absolute())]
    return f"exec {shlex.join(words)}"


def serve(options: WatchOptions) -> None:
    """Serve until Ctrl-C; raises `UsageError` when the port is in use."""
    server = WatchServer(command(options), _free_port(options.port))
    server.serve()


def _free_port(wanted: int) -> int:
    """The port wanted, or any that is free for 0."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, wanted))
        except OSError as error:
            raise UsageError(
                f"Port {wanted} cannot be used ({error.strerror}): give another --port, or leave it out."
            ) from error
        return int(trial.getsockname()[1])

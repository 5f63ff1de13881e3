"""Serve the page on loopback, and open the browser at it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import webbrowser
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal, TextIO

import uvicorn

if TYPE_CHECKING:
    from fastapi import FastAPI

    from importer.portal.clock import StopSignal

HOST = "127.0.0.1"
GRACE_S = 3
"""How long an answer that is under way may take once the server is asked to stop."""

RECONNECT_S = 60
"""How long a browser may be silent before what is ticked on its page is forgotten: laptops sleep, pages are busy."""


class Server(uvicorn.Server):
    """A server that leaves signals to whoever started it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    build: Callable[[FastAPI], None],
    stop: StopSignal,
    *,
    listening: socket.socket,
    out: TextIO,
    open_browser: bool = True,
    language: str = "en",
) -> None:
    """Serve the page that `build` declares until `stop` is set. The address with its key is the first line of `out`."""
    from fastapi import FastAPI
    from nicegui import ui

    from importer.web.guard import Guard

    key = secrets.token_urlsafe(32)
    port = listening.getsockname()[1]
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    build(app)
    ui.run_with(
        app,
        title="import-tickets",
        dark=None,
        language=quasar_language(language),
        show_welcome_message=False,
        reconnect_timeout=RECONNECT_S,
    )
    config = uvicorn.Config(
        Guard(app, key=key, port=port), log_level="error", access_log=False, timeout_graceful_shutdown=GRACE_S
    )
    server = Server(config)
    address = f"http://{HOST}:{port}/?key={key}"
    out.write(f"{address}\n")
    out.flush()
    if open_browser:
        await asyncio.to_thread(webbrowser.open, address)

    def leave() -> None:
        server.should_exit = True

    stop.graceful = True  # the first signal sets `stop`; only the second leaves at once
    forget = stop.listen(leave)
    try:
        await server.serve(sockets=[listening])
    finally:
        forget()


def quasar_language(language: str) -> Literal["pt-BR", "en-US"]:
    """Return Quasar's name of a language of ours."""
    return "pt-BR" if language == "pt-BR" else "en-US"


def listen(port: int) -> socket.socket:
    """Return a socket that listens on loopback; 0 is any free port. Raises OSError where `port` is taken."""
    return socket.create_server((HOST, port))

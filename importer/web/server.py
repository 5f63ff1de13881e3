"""Serve the page on loopback, and open the browser at it."""

from __future__ import annotations

import contextlib
import secrets
import socket
import webbrowser
from collections.abc import Callable
from typing import TextIO

HOST = "127.0.0.1"


def serve(build: Callable[[], None], *, out: TextIO, port: int = 0, open_browser: bool = True) -> None:
    """Serve the page that `build` declares until the process is asked to stop.

    The address with its key is the first line of `out`. Raises OSError where `port` is taken.
    """
    import uvicorn
    from fastapi import FastAPI
    from nicegui import ui

    from importer.web.guard import Guard

    key = secrets.token_urlsafe(32)
    listening = socket.create_server((HOST, port))
    with contextlib.closing(listening):
        port = listening.getsockname()[1]
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        build()
        ui.run_with(app, title="import-tickets", show_welcome_message=False, storage_secret=secrets.token_hex(16))
        address = f"http://{HOST}:{port}/?key={key}"
        out.write(f"{address}\n")
        out.flush()
        if open_browser:
            webbrowser.open(address)
        config = uvicorn.Config(
            Guard(app, key=key, port=port), log_level="error", access_log=False, timeout_graceful_shutdown=30
        )
        uvicorn.Server(config).run(sockets=[listening])

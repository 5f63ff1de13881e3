"""Serving the sandbox portal on loopback."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from importer.sandbox import open_store
from importer.sandbox.access import TOKEN
from importer.sandbox.app import create_app
from importer.sandbox.options import Limits, Switches

HOST = "127.0.0.1"


class _Protocol(H11Protocol):
    """HTTP/1.1 whose scopes know their transport, so that a fault can end the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the transport where the application finds it."""
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class _Server(uvicorn.Server):
    """Tells its address on standard output once it takes connections."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say where."""
        await super().startup(sockets)
        if not self.should_exit and sockets:
            port = sockets[0].getsockname()[1]
            sys.stdout.write(f"HUBSPOT_BASE_URL=http://{HOST}:{port}\nHUBSPOT_ACCESS_TOKEN={TOKEN}\n")
            sys.stdout.flush()


def serve(
    port: int,
    home: Path,
    *,
    limits: Limits | None = None,
    switches: Switches | None = None,
    tickets: int = 0,
    seed: int = 512,
) -> None:
    """Serve until Ctrl-C or SIGTERM. `port` 0 = a free one. Raises OSError where the port is taken."""
    listener = socket.create_server((HOST, port))
    store = open_store(home, tickets=tickets)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app = create_app(store, limits, switches, seed=seed)
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            backlog=256,
            server_header=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=75,  # longer than a client pauses, so that no call meets a connection being closed
        )
        _Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        pass  # uvicorn has stopped cleanly, and passes on the signal that told it to
    finally:
        signal.signal(signal.SIGTERM, before)
        listener.close()
        store.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m importer.sandbox`: serve with the options of a benchmark or test."""
    parser = argparse.ArgumentParser(prog="python -m importer.sandbox", description="Serve the sandbox portal.")
    parser.add_argument("--port", type=int, default=0, help="0 = a free one")
    parser.add_argument("--home", type=Path, help="folder of its database; default: a new temporary one")
    add_options(parser)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sandbox-") as temporary:
        serve(options.port, options.home or Path(temporary), **settings(options))
    return 0


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that `settings` turns into arguments of `serve`."""
    defaults = Limits()
    parser.add_argument("--latency-ms", type=float, default=0, help="wait so long before each answer")
    parser.add_argument("--rate", type=int, default=defaults.rate, help="calls in 10 s; 0 = unlimited")
    parser.add_argument("--daily", type=int, default=defaults.daily, help="calls a day; 0 = unlimited")
    parser.add_argument("--tickets", type=int, default=0, help="plain tickets to add to a new portal")
    parser.add_argument("--seed", type=int, default=512, help="draws the order of results")
    parser.add_argument("--no-history", action="store_true", help="keep no property history")


def settings(options: argparse.Namespace) -> dict[str, Any]:
    """Arguments of `serve` from parsed options."""
    return {
        "limits": Limits(latency_ms=options.latency_ms, rate=options.rate, daily=options.daily),
        "switches": Switches(history=not options.no_history),
        "tickets": options.tickets,
        "seed": options.seed,
    }

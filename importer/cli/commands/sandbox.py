"""`import-tickets sandbox serve`: the embedded portal, for other programs and for trying things out."""

from __future__ import annotations

import argparse

from importer.cli.parser import Command, Parser, natural, port
from importer.cli.session import state_folder
from importer.errors import UsageError, reason_of
from schemas.message import message


def add_options(parser: Parser) -> None:
    serve = parser.add_command("serve", "serve it on loopback until interrupted", dest="action", required=True)
    serve.add("--port", type=port, default=0, metavar="N", help="on which port", without="a free one")
    serve.add("--latency-ms", type=natural, default=0, metavar="MS", help="how long each answer takes")
    serve.add(
        "--rate",
        type=natural,
        metavar="N",
        help="requests allowed per 10 s; 0 means no limit",
        without="190, as most portals allow",
    )


def perform(options: argparse.Namespace) -> int:
    """Serve the embedded sandbox portal until interrupted."""
    from importer.sandbox.options import Limits
    from importer.sandbox.serve import serve

    rate = Limits().rate if options.rate is None else options.rate
    try:
        serve(options.port, state_folder().home, limits=Limits(latency_ms=options.latency_ms, rate=rate))
    except OSError as error:
        raise UsageError(
            message(
                "The sandbox cannot be served on port {port} ({reason}).",
                port=options.port,
                reason=reason_of(error),
            )
        ) from error
    return 0


COMMAND = Command("serve the embedded sandbox portal", add_options, perform)

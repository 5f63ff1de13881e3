"""`import-tickets web`: the same jobs as a page in the browser, for one person on this machine."""

from __future__ import annotations

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from importer.cli.parser import FILE_HELP, Command, Parser, port
from importer.cli.session import drive, language_of, state_folder
from importer.errors import UsageError, reason_of
from schemas.message import message

if TYPE_CHECKING:
    from importer.jobs.options import RunOptions


def add_options(parser: Parser) -> None:
    parser.add("file", metavar="FILE", nargs="?", type=Path, help=FILE_HELP, without="chosen on the page")
    parser.add("--no-open", action="store_true", help="do not open the browser; the address is printed in any case")
    parser.add("--port", type=port, default=0, metavar="N", help="on which port", without="a free one")
    parser.add("--sandbox", action="store_true", help="begin with the embedded sandbox portal", group="portal")
    parser.add(
        "--portal",
        metavar="NAME",
        help="begin with a portal that `login` keeps",
        group="portal",
        without="HUBSPOT_ACCESS_TOKEN, if any",
    )
    parser.add(
        "--lang",
        metavar="LANG",
        help="language of what people read: en, pt-BR",
        group="output",
        without="`IMPORT_TICKETS_LANG`, else the locale's, else English",
    )


def perform(options: argparse.Namespace) -> int:
    """Serve the page until interrupted."""
    if find_spec("nicegui") is None:
        raise UsageError(
            message(
                'The page needs libraries that are not installed. Install them with: pip install "import-tickets[web]"'
            )
        )
    from importer.cli.commands.run import run_options
    from importer.cli.faults import explain
    from importer.loader.formats import read_head
    from importer.web.main import serve_page
    from importer.web.server import listen
    from importer.web.work import Work

    def options_of(file: Path) -> RunOptions:
        return run_options(options.of_run_on(file))

    if options.file is not None:
        read_head(options.file.absolute())  # a misspelt name is said here, not on a page
    work = Work(state_folder(), os.environ, language_of(options), explain, options_of, options.file)
    work.reach_at_start(sandbox=options.sandbox, portal=options.portal)
    try:
        listening = listen(options.port)
    except OSError as error:
        raise UsageError(
            message(
                "The page cannot be served on port {port} ({reason}).",
                port=options.port,
                reason=reason_of(error),
            )
        ) from error
    try:
        with listening:
            drive(
                lambda stop: serve_page(
                    work, stop, listening=listening, out=sys.stdout, open_browser=not options.no_open
                )
            )
    finally:
        code = work.close()
    return code


COMMAND = Command("the same as a page in the browser", add_options, perform)

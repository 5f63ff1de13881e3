"""`import-tickets portals`: the portals kept by `login`."""

from __future__ import annotations

import argparse

from importer.cli.parser import Command, Parser, add_output
from importer.cli.session import lister_of, print_json, state_folder, ui_of, words_of
from schemas.message import message


def add_options(parser: Parser) -> None:
    add_output(parser)


def perform(options: argparse.Namespace) -> int:
    """List the portals; a token is never shown."""
    from importer.jobs.portals import Portals

    kept = Portals(state_folder()).all()
    if options.json:
        print_json({"portals": [one.as_json() for one in kept], "exit_code": 0})
    elif not kept:
        ui_of(options).say(message("No portal is kept on this machine; `import-tickets login NAME` keeps one."))
    else:
        words, production = words_of(options), message("production")
        lister_of(options).show_table(
            [message("Name"), message("Portal"), message("Notes"), message("Address")],
            (
                (one.name, one.called.render(words), production.render(words) if one.production else "", one.base_url)
                for one in kept
            ),
            whole=(0,),
        )
    return 0


COMMAND = Command("list the portals kept by `login`", add_options, perform)

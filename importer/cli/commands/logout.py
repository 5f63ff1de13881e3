"""`import-tickets logout`: forget a portal and its token."""

from __future__ import annotations

import argparse

from importer.cli.parser import Command, Parser, add_output
from importer.cli.session import print_json, state_folder, ui_of
from schemas.message import message


def add_options(parser: Parser) -> None:
    parser.add("name", metavar="NAME", nargs="?", help="which portal", without="`default`")
    add_output(parser)


def perform(options: argparse.Namespace) -> int:
    from importer.jobs.portals import DEFAULT_NAME, Portals

    name = options.name or DEFAULT_NAME
    Portals(state_folder()).forget(name)
    ui_of(options).say(
        message(
            'The portal "{name}" and its token are forgotten on this machine. The token itself still works: revoke it '
            "in HubSpot if nothing else uses it.",
            name=name,
        )
    )
    if options.json:
        print_json({"portal": name, "exit_code": 0})
    return 0


COMMAND = Command("forget a portal kept by `login`, and its token", add_options, perform)

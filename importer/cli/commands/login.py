"""`import-tickets login`: keep a portal's token in the system's keyring, under a name."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace

from importer.cli.parser import Command, Parser, add_output
from importer.cli.session import print_json, state_folder, ui_of, wait_for, words_of
from importer.errors import UsageError
from schemas.message import Translations, message


def add_options(parser: Parser) -> None:
    parser.add("name", metavar="NAME", nargs="?", help="the name to keep the portal under", without="`default`")
    parser.add("--stdin", action="store_true", help="read the token from a line of standard input")
    parser.add(
        "--production",
        action="store_true",
        help="more than 100 rows are then sent only after its name was typed, not after `y`",
    )
    add_output(parser)


def perform(options: argparse.Namespace) -> int:
    """Ask for a token, try it, and keep it."""
    from importer.jobs.login import log_in
    from importer.jobs.options import PortalAccess
    from importer.jobs.portals import DEFAULT_NAME, Portals, check_name

    portals, ui, name = Portals(state_folder()), ui_of(options), options.name or DEFAULT_NAME
    check_name(name)
    token = _read_line() if options.stdin else _ask(name, words_of(options), can_ask=ui.can_ask)
    access = replace(PortalAccess.from_environment(os.environ), token=token.strip())
    kept = wait_for(log_in(name, access, portals, production=options.production))
    ui.say(
        message(
            'The token of {portal} at {url} is kept in the keyring as "{name}". Use it with --portal {name}.',
            portal=kept.called,
            url=kept.base_url,
            name=kept.name,
        )
    )
    if options.json:
        print_json({**kept.as_json(), "exit_code": 0})
    return 0


def _read_line() -> str:
    return sys.stdin.readline() if sys.stdin is not None else ""


def _ask(name: str, words: Translations, *, can_ask: bool) -> str:
    """Return what is typed on the terminal, where it is not shown. Raises UsageError where there is none."""
    import getpass
    import warnings

    unseen = UsageError(
        message("There is no terminal to type a token on. Pass it on standard input, with --stdin."),
        code="no_token",
    )
    if not can_ask:
        raise unseen
    question = message('Token of the portal "{name}" (it is not shown):', name=name)
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(question.render(words) + " ")
        except (getpass.GetPassWarning, EOFError) as error:
            raise unseen from error


COMMAND = Command("keep a portal's token in the system's keyring, under a name", add_options, perform)

"""`import-tickets doctor`: what a run depends on."""

from __future__ import annotations

import argparse

from importer.cli.parser import Command, Parser, add_config, add_output, add_portal
from importer.cli.session import access_of, lister_of, print_json, state_folder, wait_for


def add_options(parser: Parser) -> None:
    add_config(parser)
    add_output(parser)
    add_portal(parser)


def perform(options: argparse.Namespace) -> int:
    """Check what a run depends on."""
    import os

    from importer.jobs.doctor import as_json, examine, exit_code_of

    checks = wait_for(examine(access_of(options), state_folder(), os.environ))
    if options.json:
        print_json(as_json(checks))
    else:
        fine = {"ok": True, "warning": None, "problem": False}
        lister_of(options).show_checks((fine[one.state], one.text, one.remedy) for one in checks)
    return exit_code_of(checks)


COMMAND = Command("check token, scopes, limits, clock and state folder", add_options, perform, reads_settings=True)

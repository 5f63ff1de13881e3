"""`import-tickets reconcile`: where the portal and the sheet differ."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from importer.cli.commands.run import read_options
from importer.cli.parser import (
    FILE_HELP,
    Command,
    Parser,
    add_html,
    add_output,
    add_portal,
    add_reading,
    add_results,
    add_yes,
)
from importer.cli.session import fill, run_job


def add_options(parser: Parser) -> None:
    parser.add("file", metavar="FILE", type=Path, help=FILE_HELP)
    add_yes(parser, "do not ask; a reconciliation changes nothing in the portal")
    add_results(parser)
    add_html(parser, without="beside FILE")
    add_reading(parser)
    add_output(parser, overwrite=True)
    add_portal(parser)


def perform(options: argparse.Namespace) -> int:
    """Compare the portal with FILE."""
    from importer.jobs.options import RunOptions
    from importer.jobs.reconcile import reconcile

    wishes = fill(RunOptions, options, read=read_options(options), dry_run=True)
    return run_job(options, partial(reconcile, wishes), file=options.file)


COMMAND = Command(
    "report where the portal and the sheet differ, cell by cell",
    add_options,
    perform,
    is_job=True,
    reads_settings=True,
)

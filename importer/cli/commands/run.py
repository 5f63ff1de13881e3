"""`import-tickets FILE`: the main job."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from importer.cli.parser import (
    FILE_HELP,
    Command,
    OneOf,
    Parser,
    add_html,
    add_output,
    add_portal,
    add_reading,
    add_results,
    add_yes,
    amount,
    positive,
    row_ranges,
)
from importer.cli.session import fill, run_job

if TYPE_CHECKING:
    from importer.jobs.options import ReadOptions, RunOptions


def add_options(parser: Parser) -> None:
    parser.add("file", metavar="FILE", type=Path, help=FILE_HELP)
    parser.add("--dry-run", action="store_true", help="send no update")
    add_yes(parser)
    parser.add(
        "--on-invalid",
        type=OneOf("stop", "skip"),
        help="rows that fail validation: send nothing, or send the others",
        without="a terminal is asked; else `stop`",
    )
    add_selection(parser)
    add_results(parser)
    add_html(parser)
    add_failed_to(parser)
    add_limits(parser)
    add_reading(parser)
    add_output(parser, overwrite=True)
    add_portal(parser)


def add_selection(parser: Parser) -> None:
    """Add which rows of the sheet are meant."""
    parser.add(
        "--rows", type=row_ranges, metavar="ROWS", help="only these rows of the sheet, as 2-51,80", without="all"
    )
    parser.add("--first", type=positive, metavar="N", help="only the first N rows that would change", without="all")


def add_failed_to(parser: Parser) -> None:
    """Add where the rows go that ended badly."""
    parser.add(
        "--failed-to",
        type=Path,
        metavar="PATH",
        help="write the rows that were not updated into a new file, to fix and run again",
        without="no such file",
    )


def add_on_conflict(parser: Parser, words: str = "tickets changed in the portal since the sheet was made") -> None:
    """Add what becomes of tickets that somebody else changed."""
    parser.add("--on-conflict", type=OneOf("skip", "overwrite"), default="skip", help=words, group="limits")


def add_limits(parser: Parser) -> None:
    """Add what keeps a plan within bounds."""
    add_guard_rails(parser)
    add_on_conflict(parser)
    add = partial(parser.add, group="limits")
    add("--no-diff", action="store_true", help="do not read current values first; send every cell")


def add_guard_rails(parser: Parser) -> None:
    """Add what refuses a plan that does too much."""
    add = partial(parser.add, group="limits")
    add(
        "--max-changes",
        type=amount,
        metavar="N",
        help="refuse a plan that changes more cells (N or N%%)",
        without="no limit",
    )
    add(
        "--max-clears",
        type=amount,
        metavar="N",
        help="refuse a plan that clears more cells (N or N%%)",
        without="no limit",
    )
    add(
        "--max-closes",
        type=amount,
        metavar="N",
        help="refuse a plan that closes more tickets (N, or N%% of the rows to update)",
        without="no limit",
    )
    add("--max-failures", type=positive, metavar="N", help="stop once N rows were refused", without="no limit")
    add(
        "--allow-empty-column",
        action="store_true",
        help="let a column of only empty cells clear tickets without a question",
    )


def read_options(options: argparse.Namespace) -> ReadOptions:
    """Return how FILE is read."""
    from importer.jobs.options import ReadOptions

    return fill(
        ReadOptions,
        options,
        mapping=dict(options.map),
        skip_columns=tuple(options.skip_column),
        policies=tuple(options.policy),
        time_zone=options.timezone,
    )


def run_options(options: argparse.Namespace) -> RunOptions:
    """Return what a run does with FILE."""
    from importer.jobs.options import RunOptions

    return fill(RunOptions, options, read=read_options(options), diff=not options.no_diff)


def perform(options: argparse.Namespace) -> int:
    """Do the main job."""
    from importer.jobs.main import import_tickets

    wishes = replace(run_options(options), offers_corrections=not options.json)
    return run_job(options, partial(import_tickets, wishes), file=options.file)


COMMAND = Command(
    "read, validate, compare, confirm, update, write the results back",
    add_options,
    perform,
    is_job=True,
    reads_settings=True,
)

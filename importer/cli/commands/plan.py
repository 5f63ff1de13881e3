"""`import-tickets plan`: the main job up to the question, into a file for a second person."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from importer.cli.commands.run import add_limits, add_selection, read_options
from importer.cli.parser import (
    FILE_HELP,
    Command,
    OneOf,
    Parser,
    add_html,
    add_output,
    add_portal,
    add_reading,
    add_yes,
)
from importer.cli.session import fill, run_job


def add_options(parser: Parser) -> None:
    parser.add("file", metavar="FILE", type=Path, help=FILE_HELP)
    parser.add(
        "--output",
        "-o",
        type=Path,
        dest="plan",
        metavar="PLAN",
        help="where the plan goes: NAME.jsonl, or NAME.xlsx for people to read",
        without="beside FILE",
    )
    add_yes(parser, "accepted for scripts; a plan changes nothing in the portal")
    parser.add(
        "--on-invalid",
        type=OneOf("stop", "skip"),
        help="rows that fail validation: plan nothing, or plan the others",
        without="a terminal is asked; else `stop`",
    )
    add_selection(parser)
    add_html(parser)
    add_limits(parser)
    add_reading(parser)
    add_output(parser, overwrite=True)
    add_portal(parser)


def perform(options: argparse.Namespace) -> int:
    from importer.jobs.options import RunOptions
    from importer.jobs.plan import make_plan_file

    path = options.plan or options.file.with_name(f"{options.file.stem}.plan.jsonl")
    wishes = fill(RunOptions, options, read=read_options(options), diff=not options.no_diff)
    return run_job(options, partial(make_plan_file, wishes, path.absolute()), file=options.file)


COMMAND = Command(
    "write what would be sent into a file, for a second person to approve and apply",
    add_options,
    perform,
    is_job=True,
    reads_settings=True,
)

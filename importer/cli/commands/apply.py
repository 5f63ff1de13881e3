"""`import-tickets apply`: send exactly what a plan file holds."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from importer.cli.commands.approve import PLAN_HELP
from importer.cli.commands.run import add_failed_to, add_guard_rails, add_on_conflict
from importer.cli.parser import Command, Parser, add_config, add_html, add_output, add_portal, add_results, add_yes
from importer.cli.session import fill, run_job


def add_options(parser: Parser) -> None:
    parser.add("plan", metavar="PLAN", type=Path, help=PLAN_HELP)
    add_yes(parser)
    add_results(parser)
    add_html(parser)
    add_failed_to(parser)
    parser.add(
        "--require-approval",
        action="store_true",
        group="limits",
        help="refuse a plan that only the person who made it has approved: a guard against mistakes, not "
        "against malice",
    )
    add_guard_rails(parser)
    add_on_conflict(parser, "tickets changed in the portal since the plan was made")
    add_config(parser)
    add_output(parser, overwrite=True)
    add_portal(parser)


def perform(options: argparse.Namespace) -> int:
    from importer.jobs.apply_file import apply_plan_file
    from importer.jobs.options import RunOptions

    wishes = fill(RunOptions, options, file=options.plan)
    return run_job(options, partial(apply_plan_file, wishes, require_approval=options.require_approval))


COMMAND = Command(
    "send exactly what a plan holds, once, where nothing has moved since",
    add_options,
    perform,
    is_job=True,
    reads_settings=True,
)

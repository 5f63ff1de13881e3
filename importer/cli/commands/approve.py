"""`import-tickets approve`: note behind a plan that somebody has looked at it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from importer.cli.parser import Command, Parser, add_config, add_output, add_portal, add_yes
from importer.cli.session import run_job

if TYPE_CHECKING:
    from importer.jobs.context import Context
    from importer.jobs.options import Result

PLAN_HELP = "the file that `import-tickets plan` wrote"


def add_options(parser: Parser) -> None:
    parser.add("plan", metavar="PLAN", type=Path, help=PLAN_HELP)
    add_yes(parser, "do not ask before approving")
    add_config(parser)
    add_output(parser)
    add_portal(parser)


def perform(options: argparse.Namespace) -> int:
    from importer.jobs.approve import approve_plan

    path = options.plan.absolute()

    async def job(context: Context) -> Result:
        return await approve_plan(path, context, yes=options.yes)

    return run_job(options, job)


COMMAND = Command(
    "show a plan, and note in it who approves it: a guard against mistakes, not against malice",
    add_options,
    perform,
    is_job=True,
    reads_settings=True,
)

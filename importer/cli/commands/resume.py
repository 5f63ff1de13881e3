"""`import-tickets resume`: go on with a run that stopped early."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from importer.cli.parser import Command, Parser, add_config, add_html, add_output, add_portal, add_yes
from importer.cli.session import run_job, where_run_was

if TYPE_CHECKING:
    from importer.jobs.context import Context
    from importer.jobs.options import Result


def add_options(parser: Parser) -> None:
    parser.add(
        "run", metavar="RUN", nargs="?", help="which run, or a part of its ID", without="the latest unfinished one"
    )
    add_yes(parser, "accepted for scripts; a run that was confirmed does not ask")
    add_html(parser)
    add_config(parser)
    add_output(parser, overwrite=True)
    add_portal(parser)


def perform(options: argparse.Namespace) -> int:
    """Go on with the run."""
    from importer.jobs.resume import resume_run

    async def job(context: Context) -> Result:
        run = context.state.find_run(options.run) if options.run else context.state.unfinished_run()
        if run is not None:
            context = where_run_was(run, context, options)
        return await resume_run(run, context, html=options.html, overwrite=options.overwrite)

    return run_job(options, job)


COMMAND = Command("continue a run that stopped early", add_options, perform, is_job=True, reads_settings=True)

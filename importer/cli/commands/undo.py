"""`import-tickets undo`: put back what a run changed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from importer.cli.parser import Command, Parser, add_config, add_html, add_output, add_portal, add_yes
from importer.cli.session import run_job, where_run_was

if TYPE_CHECKING:
    from importer.jobs.context import Context
    from importer.jobs.options import Result


def add_options(parser: Parser) -> None:
    parser.add(
        "run",
        metavar="RUN",
        nargs="?",
        help="which run, or a part of its ID; `import-tickets runs` lists them",
        without="the latest run that is not undone yet",
    )
    parser.add("--dry-run", action="store_true", help="send no update")
    add_yes(parser)
    add_html(parser)
    add_config(parser)
    add_output(parser, overwrite=True)
    add_portal(parser)


def perform(options: argparse.Namespace) -> int:
    """Put back what the run changed."""
    from importer.jobs.run_list import latest_undoable
    from importer.jobs.undo import undo_run

    more: dict[str, Any] = {name: getattr(options, name) for name in ("dry_run", "yes", "html", "overwrite")}

    async def job(context: Context) -> Result:
        run = context.state.find_run(options.run) if options.run else latest_undoable(context.state)
        return await undo_run(run, where_run_was(run, context, options), **more)

    return run_job(options, job)


COMMAND = Command(
    "restore what a run changed, where it has not been changed since",
    add_options,
    perform,
    is_job=True,
    reads_settings=True,
)

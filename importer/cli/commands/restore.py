"""`import-tickets restore`: a workbook of what FILE's tickets held at a moment."""

from __future__ import annotations

import argparse
from pathlib import Path

from importer.cli.commands.run import read_options
from importer.cli.parser import FILE_HELP, Command, Parser, add_output, add_portal, add_reading
from importer.cli.session import (
    access_of,
    command_line,
    language_of,
    print_json,
    state_folder,
    ui_of,
    wait_for,
)
from importer.errors import UsageError
from schemas.message import count_message, message


def add_options(parser: Parser) -> None:
    """Add what may be typed."""
    parser.add("file", metavar="FILE", type=Path, help=FILE_HELP)
    parser.add(
        "--as-of",
        metavar="WHEN",
        help='the moment, as "2026-11-20 09:00", in the portal\'s time zone',
        without="it must be given",
    )
    parser.add(
        "--made-by",
        metavar="WHO",
        help="take back only what was changed by import, workflow, or a user (e-mail, name or ID)",
        without="everybody's changes",
    )
    parser.add(
        "--output", "-o", type=Path, metavar="OUT", help="the workbook to write, OUT.xlsx", without="it must be given"
    )
    add_reading(parser)
    add_output(parser, overwrite=True)
    add_portal(parser)


def perform(options: argparse.Namespace) -> int:
    from importer.jobs.context import Context
    from importer.jobs.restore import RestoreOptions, restore

    if not options.as_of or options.output is None:
        raise UsageError(
            message('Name the moment and the workbook: restore FILE --as-of "2026-11-20 09:00" -o OUT.xlsx')
        )
    wishes = RestoreOptions(
        options.file,
        options.as_of,
        options.output,
        options.made_by,
        read_options(options),
        overwrite=options.overwrite,
    )
    ui, access = ui_of(options), access_of(options)
    result = wait_for(restore(wishes, Context(access, state_folder(), ui, lang=language_of(options))))
    ui.say(
        count_message(
            "{file}: what {count} ticket held at {when} ({zone}). Look at it, then: {command}",
            "{file}: what {count} tickets held at {when} ({zone}). Look at it, then: {command}",
            result.tickets,
            file=str(result.path),
            when=options.as_of.strip(),
            zone=result.time_zone,
            command=command_line(result.path, access),
        )
    )
    if options.json:
        print_json({**result.summary(), "settings": options.settings})
    return result.exit_code


COMMAND = Command("write a workbook of what FILE's tickets held at a moment", add_options, perform, reads_settings=True)

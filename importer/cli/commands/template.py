"""`import-tickets template`: a workbook of tickets to edit."""

from __future__ import annotations

import argparse
from pathlib import Path

from importer.cli.parser import Command, Parser, add_config, add_output, add_portal, condition, positive
from importer.cli.session import (
    access_of,
    command_line,
    fill,
    language_of,
    print_json,
    state_folder,
    ui_of,
    wait_for,
)
from schemas.message import count_message


def add_options(parser: Parser) -> None:
    parser.add("out", metavar="OUT", type=Path, help="the workbook to write, OUT.xlsx")
    parser.add(
        "--properties",
        metavar="NAMES",
        help="internal names, with commas between them",
        without="what support teams edit most",
    )
    parser.add("--id-file", type=Path, metavar="PATH", help="a text file with one ticket ID a line", without="no list")
    parser.add("--pipeline", metavar="NAME", help="tickets of this pipeline (ID or label)", without="any")
    parser.add("--stage", metavar="NAME", help="tickets at this stage (ID or label)", without="any")
    parser.add("--owner", metavar="NAME", help="tickets of this owner (ID, e-mail or name)", without="any")
    parser.add("--modified-since", metavar="DATE", help="tickets changed since then (YYYY-MM-DD)", without="any time")
    parser.add(
        "--filter",
        action="append",
        default=[],
        type=condition,
        metavar="PROPERTY=VALUE",
        help="tickets with this value; an empty value means none",
        without="none",
    )
    parser.add("--limit", type=positive, metavar="N", help="at most N tickets", without="all")
    parser.add("--overwrite", action="store_true", help="replace OUT where it exists")
    add_config(parser)
    add_output(parser)
    add_portal(parser)


def perform(options: argparse.Namespace) -> int:
    """Write a workbook of tickets to edit."""
    from importer.jobs.template import TemplateOptions, make_template
    from importer.template.ticket_query import Choice

    choice = fill(Choice, options, filters=tuple(options.filter))
    names = tuple(filter(None, (name.strip() for name in (options.properties or "").split(","))))
    wishes = TemplateOptions(options.out, names, choice, overwrite=options.overwrite, lang=language_of(options))
    ui = ui_of(options)
    access = access_of(options)
    result = wait_for(make_template(wishes, access, state_folder(), ui))
    ui.say(
        count_message(
            "{file}: {count} ticket to edit. Edit it, then: {command}",
            "{file}: {count} tickets to edit. Edit it, then: {command}",
            result.tickets,
            file=str(result.path),
            command=command_line(result.path, access),
        )
    )
    if options.json:
        print_json({**result.summary(), "settings": options.settings})
    return result.exit_code


COMMAND = Command("write a workbook of tickets to edit", add_options, perform, reads_settings=True)

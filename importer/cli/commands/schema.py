"""`import-tickets schema`: save or print the portal's ticket schema."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from importer.cli.parser import Command, Parser, add_config, add_output, add_portal
from importer.cli.session import access_of, lister_of, print_json, state_folder, ui_of, wait_for, words_of
from schemas.message import Translations, message

if TYPE_CHECKING:
    from importer.reports.terminal import Terminal
    from schemas.property import PortalSchema, Property


def add_options(parser: Parser) -> None:
    pull = parser.add_command("pull", "save the portal's ticket schema", dest="action", required=True)
    pull.add("--output", type=Path, metavar="FILE", help="where to", without="`ticket-schema.json`")
    pull.add("--overwrite", action="store_true", help="replace FILE where it exists")
    show = parser.add_command("show", "print it, or one property", dest="action")
    show.add("property", metavar="PROPERTY", nargs="?", help="internal name or label", without="all of them")
    show.add("--all", action="store_true", help="list the properties of single stages too")
    show.add("--schema", type=Path, metavar="FILE", help="print a saved schema", without="the portal's")
    for one in (pull, show):
        add_config(one)
        add_output(one)
        add_portal(one)


def perform(options: argparse.Namespace) -> int:
    """Save or print the portal's ticket schema."""
    return _schema_pull(options) if options.action == "pull" else _schema_show(options)


def _schema_pull(options: argparse.Namespace) -> int:
    from importer.jobs.schema import DEFAULT_FILE, pull_schema

    path = options.output or DEFAULT_FILE
    ui = ui_of(options)
    schema = wait_for(pull_schema(path, access_of(options), state_folder(), ui, overwrite=options.overwrite))
    ui.say(message("{count} properties written to {file}.", count=len(schema.properties), file=str(path)))
    if options.json:
        print_json({"schema": str(path), "properties": len(schema.properties), "exit_code": 0})
    return 0


def _schema_show(options: argparse.Namespace) -> int:
    from importer.jobs.schema import find_property, listed_properties, load_schema, property_json, schema_json

    schema = wait_for(load_schema(options.schema, access_of(options), state_folder(), ui_of(options)))
    if options.property is not None:
        definition = find_property(options.property, schema)
        if options.json:
            print_json(property_json(definition, schema))
        else:
            _show_property(lister_of(options), definition, schema, words_of(options))
        return 0
    properties, left_out = listed_properties(schema, everything=options.all or options.json)
    if options.json:
        print_json(schema_json(schema, properties))
        return 0
    _show_schema(lister_of(options), properties, schema, words_of(options))
    if left_out:
        ui_of(options).say(
            message(
                "{count} more properties are times in single stages, all read-only; --all lists them too.",
                count=left_out,
            )
        )
    return 0


def _show_schema(lister: Terminal, properties: list[Property], schema: PortalSchema, words: Translations) -> None:
    from importer.jobs.schema import choices_in

    lister.show_table(
        [message("Property"), message("Label"), message("Type"), message("Notes"), message("Options")],
        (
            (one.name, one.label, _type(one), _flags(one, words), str(len(choices_in(one, schema)) or ""))
            for one in properties
        ),
        whole=(0,),
        drop=(4, 3, 2),
    )


def _type(definition: Property) -> str:
    return f"{definition.type}, {definition.field_type}" if definition.field_type else definition.type


def _flags(definition: Property, words: Translations) -> str:
    flags = (
        (definition.read_only, message("read-only")),
        (definition.unique, message("unique")),
        (definition.hidden, message("hidden")),
        (definition.sensitivity != "non_sensitive", message("sensitive")),
    )
    return ", ".join(text.render(words) for is_set, text in flags if is_set)


def _show_property(lister: Terminal, definition: Property, schema: PortalSchema, words: Translations) -> None:
    from importer.jobs.schema import choices_in

    rules = "; ".join(" ".join((one.type, *one.arguments)) for one in definition.rules)
    facts = [
        (message("Property"), definition.name),
        (message("Label"), definition.label),
        (message("Type"), _type(definition)),
        (message("Notes"), _flags(definition, words)),
        (message("Group"), definition.group),
        (message("Description"), definition.description),
        (message("Rules"), rules),
    ]
    lister.show_facts((name, value) for name, value in facts if value)
    choices = choices_in(definition, schema)
    if choices:
        rows = ((value, label, ", ".join(one.render(words) for one in remarks)) for value, label, remarks in choices)
        lister.show_table([message("Value"), message("Label"), message("Notes")], rows)


COMMAND = Command("save or print the portal's ticket schema", add_options, perform, reads_settings=True)

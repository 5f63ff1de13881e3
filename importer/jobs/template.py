"""Write a workbook of tickets to edit, which later knows by itself which cells were edited.

In:  which tickets, which properties, where to.
Out: OUT.xlsx, whole or not at all; how many tickets it holds, and which ones could not be had.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer.errors import FileError, UsageError
from importer.findings import REPORT_COLUMNS
from importer.jobs import connect
from importer.jobs.options import PortalAccess, Ui
from importer.jobs.saving import save_whole
from importer.jobs.state import StateFolder
from importer.journal.run_record import now
from importer.labels import zone_of
from importer.loader.header_text import plain
from importer.template.ticket_query import Choice, conditions_of, find_ids, find_property, list_ids, read_ids
from importer.writeback.outputs import Outputs
from schemas.message import Message, count_message, message
from schemas.property import PortalSchema, Property
from schemas.ticket_object import TICKET

if TYPE_CHECKING:
    from importer.portal import Portal, Ticket

NAMED_MISSING = 5
MAX_ROWS = 1_048_575
"""Tickets that one sheet holds. Source: Excel specifications and limits."""


@dataclass(frozen=True, slots=True)
class TemplateOptions:
    """What a template is to hold. `properties`: internal names or labels; the usual ones where empty."""

    out: Path
    properties: Sequence[str] = ()
    choice: Choice = field(default_factory=Choice)
    overwrite: bool = False
    lang: str = "en"


@dataclass(frozen=True, slots=True)
class TemplateResult:
    """What was written. `missing`: (ID, why) of tickets that were asked for by ID and could not be had."""

    path: Path
    tickets: int
    properties: tuple[str, ...]
    exported_at: str
    missing: tuple[tuple[str, str], ...] = ()

    @property
    def exit_code(self) -> int:
        """Return 0, or 1 where tickets that were asked for are missing."""
        return 1 if self.missing else 0

    def summary(self) -> dict[str, Any]:
        return {
            "template": str(self.path),
            "tickets": self.tickets,
            "properties": list(self.properties),
            "missing": [{"id": ticket, "reason": reason} for ticket, reason in self.missing],
            "exported_at": self.exported_at,
            "exit_code": self.exit_code,
        }


async def make_template(options: TemplateOptions, access: PortalAccess, state: StateFolder, ui: Ui) -> TemplateResult:
    """Write the template that `options` describe.

    Raises UsageError for what names nothing in the portal or no ticket at all, FileError where OUT or the ID file
    cannot be used, and the portal's errors. OUT is what it was in each case.
    """
    if options.out.suffix.lower() != ".xlsx":
        raise UsageError(message("A template is an Excel workbook; name it {name}.", name=f"{options.out.stem}.xlsx"))
    state.outputs.check(options.out, overwrite=options.overwrite)
    wanted = _wanted_ids(options.choice)
    async with connect.connect(access, state, ui.progress) as portal:
        schema = in_known_zone(await connect.fetch_schema(portal, state), ui)
        definitions = chosen_properties(options.properties, schema, ui)
        exported_at = now()
        ids = wanted if wanted is not None else await _choose(portal, options.choice, schema)
        if len(ids) > MAX_ROWS:
            raise UsageError(message("{count} tickets are more than one sheet holds; choose fewer.", count=len(ids)))
        names = sorted({TICKET.pipeline, *(one.name for one in definitions)})
        found = await portal.find_tickets(ids, id_property=None, properties=names)
    tickets, missing = _part(ids, found)
    if missing:
        ui.say(_missing_notice(missing))
    if not tickets:
        raise UsageError(message("No ticket fits; nothing was written."))
    await asyncio.to_thread(_write, options, definitions, schema, exported_at, tickets, ui, state.outputs)
    asked = tuple(missing) if wanted is not None else ()
    return TemplateResult(options.out, len(tickets), tuple(one.name for one in definitions), exported_at, asked)


def in_known_zone(schema: PortalSchema, ui: Ui) -> PortalSchema:
    """Return the schema; in UTC, which is said, where this machine does not know the portal's time zone."""
    known = zone_of(schema.time_zone).key
    if known == schema.time_zone:
        return schema
    ui.say(
        message(
            "The portal's time zone {zone} is not known here, so the workbook has its times in UTC.",
            zone=schema.time_zone,
        )
    )
    return replace(schema, time_zone=known)


def _wanted_ids(choice: Choice) -> list[str] | None:
    """Return the IDs that a file names; None where tickets are chosen otherwise."""
    if choice.id_file is None:
        return None
    if choice.has_conditions:
        raise UsageError(message("--id-file names the tickets; it goes with no other choice but --limit."))
    return read_ids(choice.id_file)[: choice.limit]


async def _choose(portal: Portal, choice: Choice, schema: PortalSchema) -> list[str]:
    conditions = conditions_of(choice, schema)
    if not conditions:
        return await list_ids(portal, limit=choice.limit)
    return await find_ids(portal, conditions, limit=choice.limit)


def chosen_properties(names: Sequence[str], schema: PortalSchema, ui: Ui) -> list[Property]:
    """Return the properties of the columns, each once. Raises UsageError for one that the portal does not have."""
    if not names:
        usual = (schema.properties.get(name) for name in TICKET.usual_columns)
        return [one for one in usual if one is not None and not one.garbled]
    found: dict[str, Property] = {}
    for name in names:
        definition = find_property(name, schema)
        if definition.name in {TICKET.record_id, *TICKET.record_id_copies}:
            ui.say(message("{name} is the first column anyway.", name=definition.name))
            continue
        if definition.garbled:
            raise UsageError(
                message(
                    'The portal\'s definition of "{label}" ({name}) can\'t be read: its field "{field}" is not as '
                    "documented. Leave it out of --properties.",
                    label=definition.label,
                    name=definition.name,
                    field=definition.garbled,
                ),
                code="unreadable_property",
            )
        found[definition.name] = definition
    if not found:
        raise UsageError(message("A template needs a property besides the record ID; name some with --properties."))
    return list(found.values())


def headers_for(definitions: Iterable[Property], schema: PortalSchema) -> list[str]:
    """Return the header of each property: its label, or its internal name where the label could mean another thing."""
    labels = Counter(label for one in schema.properties.values() for label in set(map(plain, one.labels)))
    reserved = {*TICKET.key_headers, *(one.casefold() for one in REPORT_COLUMNS)}

    def header(definition: Property) -> str:
        label = " ".join(definition.label.split())
        folded = label.casefold()
        is_own = labels[plain(definition.label)] == 1 and label == definition.label.strip()
        is_other = label in schema.properties and label != definition.name
        return label if label and is_own and not is_other and folded not in reserved else definition.name

    return [header(one) for one in definitions]


def _part(ids: Sequence[str], found: Any) -> tuple[list[Ticket], list[tuple[str, str]]]:
    from importer.portal import Missing

    tickets: dict[str, Ticket] = {}
    missing = []
    for one in ids:
        ticket = found[one]
        if isinstance(ticket, Missing):
            missing.append((one, f"{ticket.kind}, {ticket.new_id}" if ticket.new_id else ticket.kind))
        else:
            tickets.setdefault(ticket.id, ticket)
    return list(tickets.values()), missing


def _missing_notice(missing: Sequence[tuple[str, str]]) -> Message:
    named = ", ".join(f"{ticket} ({reason})" for ticket, reason in missing[:NAMED_MISSING])
    if len(missing) > NAMED_MISSING:
        named += ", …"
    return count_message(
        "{count} ticket is not in the template: {tickets}",
        "{count} tickets are not in the template: {tickets}",
        len(missing),
        tickets=named,
    )


def _write(
    options: TemplateOptions,
    definitions: Sequence[Property],
    schema: PortalSchema,
    exported_at: str,
    tickets: Sequence[Ticket],
    ui: Ui,
    outputs: Outputs,
) -> None:
    from importer.i18n import translations
    from importer.template import Template, template_columns, write_template

    columns = template_columns(definitions, headers_for(definitions, schema), schema)
    template = Template(columns, schema, exported_at, translations(options.lang))
    rows = ((one.id, one.properties) for one in tickets)
    try:
        count = save_whole(
            options.out, lambda file: write_template(file, template, rows), outputs, overwrite=options.overwrite
        )
    except MemoryError as error:
        raise FileError(message("There is not enough memory for so many tickets; choose fewer.")) from error
    if count.cut:
        ui.say(
            count_message(
                "{count} text is longer than a cell can hold; it was cut, and an edit of it would be refused as a "
                "conflict.",
                "{count} texts are longer than a cell can hold; they were cut, and an edit of one would be refused as "
                "a conflict.",
                count.cut,
            )
        )

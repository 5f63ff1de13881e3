"""Write a workbook of what FILE's tickets held at a moment, to look at and to run.

In:  FILE, a moment, where to.
Out: OUT.xlsx, whole or not at all, made as `template` makes it. A cell that the portal's histories do not tell holds
     `(not known)`, which every run leaves alone. The portal is not changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer.errors import UsageError
from importer.findings import NOT_KNOWN
from importer.jobs import connect
from importer.jobs.context import Context
from importer.jobs.options import ReadOptions
from importer.jobs.saving import save_whole
from importer.jobs.targets import is_same
from importer.jobs.template import MAX_ROWS, headers_for, in_known_zone
from importer.journal.run_record import now
from importer.ooxml.xml import CELL_LIMIT, cell_length
from importer.planning.property_history import is_after
from importer.planning.restore import CREATED, Maker, Restorer, find_maker
from schemas.cells import UNREADABLE, Kind, Problem, Reading
from schemas.message import Message, count_message, message
from schemas.property import PortalSchema, Property
from schemas.ticket_object import TICKET
from schemas.types.datetime import DatetimeConverter

if TYPE_CHECKING:
    from importer.portal import Portal

CHUNK = 5_000
NAMED_MISSING = 5


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """What to restore. `as_of`: a date and time as a cell has it. `made_by`: whose changes alone are taken back."""

    file: Path
    as_of: str
    out: Path
    made_by: str | None = None
    read: ReadOptions = field(default_factory=ReadOptions)
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What was written.

    as_of: in UTC; time_zone: the one it was named in; missing: (row, key, why) of rows whose ticket could not be had.
    """

    path: Path
    as_of: str
    tickets: int
    properties: tuple[str, ...]
    cells: Mapping[str, int]
    time_zone: str
    missing: tuple[tuple[int, str, str], ...] = ()

    @property
    def exit_code(self) -> int:
        """Return 0, or 1 where tickets of FILE are missing."""
        return 1 if self.missing else 0

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "restored": str(self.path),
            "as_of": self.as_of,
            "tickets": self.tickets,
            "properties": list(self.properties),
            "cells": dict(self.cells),
            "missing": [{"row": row, "key": key, "reason": reason} for row, key, reason in self.missing],
            "exit_code": self.exit_code,
        }


@dataclass(slots=True)
class _Rows:
    """The tickets of FILE as they were, by record ID, and those that could not be had."""

    tickets: dict[str, dict[str, str]] = field(default_factory=dict)
    missing: list[tuple[int, str, str]] = field(default_factory=list)
    too_long: int = 0


async def restore(options: RestoreOptions, context: Context) -> RestoreResult:
    """Write what `options` describe.

    Raises UsageError for a moment or a maker that cannot be understood and where no ticket is found, what a run raises
    for FILE and its columns, FileError where OUT cannot be used, and the portal's errors. OUT is what it was then.
    """
    ui, outputs = context.ui, context.state.outputs
    if options.out.suffix.lower() != ".xlsx":
        raise UsageError(
            message("What is restored is an Excel workbook; name it {name}.", name=f"{options.out.stem}.xlsx")
        )
    if is_same(options.file, options.out):
        raise UsageError(message("{path} is FILE itself; name another workbook with -o.", path=str(options.out)))
    outputs.check(options.out, overwrite=options.overwrite)
    source = connect.open_file(options.file, options.read)
    async with connect.connect(context.access, context.state, ui.progress) as portal:
        schema = await connect.online_schema(portal, options.read, context.state, ui)
        opened = connect.fit_columns_asking(source, options.read, schema, ui)
        for notice in (*source.notices, *opened.table.notices, *opened.columns.notices):
            ui.say(notice)
        moment = read_moment(options, schema)
        if is_after(moment, now()):  # which this machine's clock says; the portal's counts
            ui.say(
                message(
                    "--as-of: {moment} is still to come, so the cells hold what the tickets hold now.",
                    moment=options.as_of.strip(),
                )
            )
        maker = find_maker(options.made_by, schema) if options.made_by else None
        definitions = [one.definition for one in opened.columns.values]
        if not definitions:
            raise UsageError(message("{file} has no column of values to restore.", file=options.file.name))
        zone, schema = _time_zone(options, schema), in_known_zone(schema, ui)
        exported_at = now()
        keys = list(_keys(opened, schema, options))
        rows, restorer = await _read(portal, opened, keys, Restorer(moment, maker), definitions)
    if not rows.tickets:
        raise UsageError(message("No ticket of {file} was found; nothing was written.", file=options.file.name))
    if len(rows.tickets) > MAX_ROWS:
        raise UsageError(
            message("{count} tickets are more than one sheet holds; choose fewer.", count=len(rows.tickets))
        )
    await asyncio.to_thread(_write, options, definitions, schema, exported_at, rows.tickets, context)
    for text in _notices(rows, restorer, maker):
        ui.say(text)
    names = tuple(one.name for one in definitions)
    cells: dict[str, int] = {str(fate): count for fate, count in restorer.fates.items()} | {"too_long": rows.too_long}
    return RestoreResult(options.out, moment, len(rows.tickets), names, cells, zone, tuple(rows.missing))


def _time_zone(options: RestoreOptions, schema: PortalSchema) -> str:
    """Return the zone in which times without one are meant."""
    return options.read.time_zone or schema.time_zone or "UTC"


def read_moment(options: RestoreOptions, schema: PortalSchema) -> str:
    """Return `--as-of` in HubSpot's form, read as a date-time cell is. Raises UsageError for what is no moment."""
    from importer.validation.validator import check_reading

    read = options.read
    reading = Reading(locale=read.locale, date_format=read.date_format, time_zone=_time_zone(options, schema))
    check_reading(reading)
    moment = DatetimeConverter(reading)(options.as_of.strip(), Kind.TEXT)
    if isinstance(moment, Problem):
        raise UsageError(message("--as-of: {problem}.", problem=moment.text), code=moment.code)
    return moment


def _keys(opened: connect.Opened, schema: PortalSchema, options: RestoreOptions) -> Iterator[tuple[int, str, str]]:
    """Yield (row, key, the code of what is wrong with it) of FILE's rows that have a key."""
    from importer.loader.own import data_chunks
    from importer.validation.cells import column_texts
    from importer.validation.keys import key_converter

    key = opened.columns.key
    convert = key_converter(key, schema, Reading(locale=options.read.locale))
    for chunk in data_chunks(opened.table, [key.position], CHUNK):
        texts = column_texts(chunk, key.position, keeps_zeros=key.id_property is not None)
        kinds = chunk.kinds.get(key.position)
        for place, (row, text) in enumerate(zip(chunk.rows, texts, strict=True)):
            kind = Kind.TEXT if kinds is None else Kind(int(kinds[place]))
            if kind in UNREADABLE:
                yield row, text, "formula_error"
            elif text.strip():
                found = convert(text, kind)
                yield (row, text, found.code) if isinstance(found, Problem) else (row, found, "")


async def _read(
    portal: Portal,
    opened: connect.Opened,
    keys: Sequence[tuple[int, str, str]],
    restorer: Restorer,
    definitions: Sequence[Property],
) -> tuple[_Rows, Restorer]:
    """Read the tickets with their histories, and keep of them what they held."""
    from importer.portal import Missing
    from importer.portal.events import reading

    names = [one.name for one in definitions]
    rows = _Rows()
    rows.missing += [(row, key, code) for row, key, code in keys if code]
    good = [(row, key) for row, key, code in keys if not code]
    progress = reading(portal.on_event, len(good))
    for start in range(0, len(good), CHUNK):
        part = good[start : start + CHUNK]
        found = await portal.find_tickets(
            list(dict.fromkeys(key for _, key in part)),
            id_property=opened.columns.key.id_property,
            properties=sorted({CREATED, TICKET.pipeline, *names}),
            history=names,
            on_read=progress,
        )
        for row, key in part:
            ticket = found[key]
            if isinstance(ticket, Missing):
                rows.missing.append((row, key, f"{ticket.code}, {ticket.new_id}" if ticket.new_id else ticket.code))
            elif ticket.id not in rows.tickets:
                held = restorer.values(ticket, names)
                too_long = {name for name, value in held.items() if value and _is_too_long(value)}
                rows.too_long += len(too_long)
                rows.tickets[ticket.id] = {
                    name: NOT_KNOWN if value is None or name in too_long else value for name, value in held.items()
                }
    rows.missing.sort()
    return rows, restorer


def _is_too_long(value: str) -> bool:
    """Whether no cell holds a text whole: cut short, it would be sent so. UTF-16 units count, as in Excel."""
    return len(value) > CELL_LIMIT // 2 and cell_length(value) > CELL_LIMIT


def _write(
    options: RestoreOptions,
    definitions: Sequence[Property],
    schema: PortalSchema,
    exported_at: str,
    tickets: Mapping[str, Mapping[str, str]],
    context: Context,
) -> None:
    from importer.i18n import translations
    from importer.template import Template, template_columns, write_template

    columns = template_columns(definitions, headers_for(definitions, schema), schema)
    template = Template(columns, schema, exported_at, translations(context.lang), keeps_values=False)
    save_whole(
        options.out,
        lambda file: write_template(file, template, tickets.items()),
        context.state.outputs,
        overwrite=options.overwrite,
        like=options.file,
    )


def _notices(rows: _Rows, restorer: Restorer, maker: Maker | None) -> Iterator[Message]:
    unknown, mixed = restorer.fates["unknown"], restorer.fates["mixed"]
    if unknown:
        yield count_message(
            'For {count} cell the portal\'s history does not reach back so far: it holds "{text}", which every run '
            "leaves alone.",
            'For {count} cells the portal\'s history does not reach back so far: they hold "{text}", which every run '
            "leaves alone.",
            unknown,
            text=NOT_KNOWN,
        )
    if rows.too_long:
        yield count_message(
            '{count} text is longer than a cell can hold; its cell holds "{text}".',
            '{count} texts are longer than a cell can hold; their cells hold "{text}".',
            rows.too_long,
            text=NOT_KNOWN,
        )
    if maker is not None and mixed:
        yield count_message(
            "{count} cell was changed by others too since then; it holds today's value.",
            "{count} cells were changed by others too since then; they hold today's values.",
            mixed,
        )
    if rows.missing:
        named = ", ".join(f"{key} ({reason})" for _, key, reason in rows.missing[:NAMED_MISSING])
        yield count_message(
            "{count} row of the file has no ticket to restore: {tickets}",
            "{count} rows of the file have no ticket to restore: {tickets}",
            len(rows.missing),
            tickets=named + (", …" if len(rows.missing) > NAMED_MISSING else ""),
        )

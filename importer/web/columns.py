"""What the columns of a file are, before a run: found by the code that the run itself finds them by."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from importer.errors import ColumnsError
from importer.findings import Finding
from importer.jobs import connect
from importer.jobs.options import PortalAccess, ReadOptions, Silent
from importer.jobs.state import StateFolder
from importer.loader import Source, Table
from importer.loader.columns import choose_sheet
from importer.loader.header_matcher import HeaderMatcher
from importer.loader.own import is_own_sheet
from schemas.property import PortalSchema
from schemas.values import type_of

SAMPLES = 3
ROWS_READ = 200


@dataclass(frozen=True, slots=True)
class ColumnLook:
    """One column. `property_name`: None where nothing is known by its header, or where it is left out."""

    header: str
    samples: tuple[str, ...]
    property_name: str | None = None
    label: str = ""
    kind: str = ""
    is_key: bool = False
    left_out: bool = False
    finding: Finding | None = None
    policy: str = ""
    near: tuple[str, ...] = ()
    """Properties whose names are most like the header, best first; where nothing is known by it."""


@dataclass(frozen=True, slots=True)
class FileLook:
    """A file as the run would understand it."""

    sheet: str | None
    columns: tuple[ColumnLook, ...]
    findings: tuple[Finding, ...]
    """What stands against a run: headers that do not fit."""
    properties: Mapping[str, str]
    """What an unknown column may be given: name -> label."""
    has_dates: bool = False
    sheets: tuple[str, ...] = ()
    """The sheets that may be chosen, where there are several."""
    keys: tuple[str, ...] = ()
    """Properties of the file that could each name the tickets, where one has to be chosen."""


async def look_at(file: Path, read: ReadOptions, access: PortalAccess, state: StateFolder) -> FileLook:
    """Return what each column is. Raises ImportTicketsError where file or portal cannot be read."""
    source = connect.open_file(file, read)
    async with connect.connect(access, state) as portal:
        schema = await connect.online_schema(portal, read, state, Silent())
    findings: Sequence[Finding] = ()
    opened: connect.Opened | None
    try:
        opened = connect.fit_columns(source, read, schema)
    except ColumnsError as error:
        findings = error.findings
        opened = _without(findings, source, read, schema)
    filled = (one for one in source.sheets if one.header_row is not None and not is_own_sheet(source, one))
    sheets = tuple(one.name for one in filled if one.name is not None)
    sheets = sheets if len(sheets) > 1 else ()
    if opened is None:
        return replace(_headers(source, read, findings, schema), sheets=sheets)
    return replace(_look(opened, findings, schema), sheets=sheets)


def _without(
    findings: Sequence[Finding], source: Source, read: ReadOptions, schema: PortalSchema
) -> connect.Opened | None:
    """Return the columns that fit, without those that do not; None where the others alone are no table of tickets."""
    wrong = [one.header for one in findings if one.header]
    try:
        return connect.fit_columns(source, replace(read, skip_columns=(*read.skip_columns, *wrong)), schema)
    except ColumnsError:
        return None


def _headers(source: Source, read: ReadOptions, findings: Sequence[Finding], schema: PortalSchema) -> FileLook:
    """Return what each header is by itself: no column, or more than one, names the tickets."""
    try:
        sheet = choose_sheet(source, schema, sheet=read.sheet, mapping=read.mapping, id_property=read.id_property)
    except ColumnsError:
        return FileLook(None, (), tuple(findings), {})
    table = source.table(sheet.name)
    matcher = HeaderMatcher(schema, read.mapping)
    places = [place for place, header in enumerate(table.headers) if header.strip()]
    samples = _samples(table, places)
    wrong = {one.position: one for one in findings if one.position is not None}
    looks, keys = [], []
    for place in places:
        header = table.headers[place]
        names = matcher.candidates(header) if place not in wrong else []
        one = schema.properties.get(names[0]) if len(names) == 1 else None
        if one is not None and one.unique:
            keys.append(one.name)
        near = tuple(one.name for one in matcher.nearest(header) if not one.read_only)
        look = ColumnLook(header, samples.get(place, ()), finding=wrong.get(place), near=near)
        if one is not None:
            look = replace(look, property_name=one.name, label=one.label, kind=one.type)
        looks.append(replace(look, left_out=header in read.skip_columns))
    return FileLook(
        table.sheet, tuple(looks), tuple(findings), _targets(schema), keys=tuple(keys) if len(keys) > 1 else ()
    )


def _targets(schema: PortalSchema) -> dict[str, str]:
    """Return what a column may be given: name -> label."""
    return {one.name: one.label for one in schema.properties.values() if not one.read_only}


def _look(opened: connect.Opened, findings: Sequence[Finding], schema: PortalSchema) -> FileLook:
    table, columns = opened.table, opened.columns
    by_position = {one.position: one for one in columns.values}
    wrong = {one.position: one for one in findings if one.position is not None}
    matcher = HeaderMatcher(schema, {})
    places = [place for place, header in enumerate(table.headers) if header.strip()]
    places = [place for place in places if place not in table.own.positions]
    samples = _samples(table, places)
    looks = []
    for place in places:
        look = ColumnLook(table.headers[place], samples.get(place, ()), finding=wrong.get(place))
        value = by_position.get(place)
        if place == columns.key.position:
            look = replace(look, is_key=True, property_name=columns.key.property_name)
        elif value is not None:
            definition = value.definition
            look = replace(
                look,
                property_name=definition.name,
                label=definition.label,
                kind=definition.type,
                policy=str(value.policy),
            )
        else:
            near = tuple(one.name for one in matcher.nearest(look.header) if not one.read_only)
            look = replace(look, left_out=look.finding is None, near=near)
        looks.append(look)
    return FileLook(
        table.sheet,
        tuple(looks),
        tuple(findings),
        _targets(schema),
        any(type_of(one.definition).input_rule == "date" for one in columns.values),
    )


def _samples(table: Table, places: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return the first texts that differ from each other, of each column."""
    found: dict[int, dict[str, None]] = {place: {} for place in places}
    for chunk in islice(table.chunks(places, size=ROWS_READ), 1):
        for place in places:
            for text in chunk.columns[place]:
                if text and len(found[place]) < SAMPLES:
                    found[place][text] = None
    return {place: tuple(texts) for place, texts in found.items()}


def settings_text(read: ReadOptions) -> str:
    """Return what was said of the columns as a settings file, which the command line reads beside FILE."""
    options = {"sheet": read.sheet, "id-property": read.id_property, "date-format": read.date_format}
    options |= {"locale": read.locale, "options": read.options}
    lines = [f"{name} = {_quoted(text)}" for name, text in options.items() if text]
    lines = ["[options]", *lines, ""] if lines else []
    if read.skip_columns:
        lines.append("[columns]")
        lines.append("skip = [" + ", ".join(map(_quoted, read.skip_columns)) + "]")
    for title, names in (("map", read.mapping), ("policy", dict(read.policies))):
        if names:
            named = (f"{_quoted(header)} = {_quoted(name)}" for header, name in names.items())
            lines += ["", f"[columns.{title}]", *named]
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    """Return a text as a basic string of TOML, whose escapes are among those of JSON (TOML 1.0, String)."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

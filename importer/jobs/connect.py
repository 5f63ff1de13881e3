"""What every job begins with: a portal to talk to, the schema to judge by, a file that is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer.errors import (
    ColumnsError,
    FileError,
    MachineLimit,
    Unavailable,
    cannot_write_state,
    reason_of,
    too_little_memory,
)
from importer.files import write_whole
from importer.jobs.kept_headers import offer_to_keep
from importer.jobs.options import PortalAccess, ReadOptions, Ui
from importer.jobs.state import StateFolder
from importer.model import Columns, ValueColumn
from schemas.message import message
from schemas.property import PortalSchema
from schemas.ticket_object import TICKET

if TYPE_CHECKING:
    from importer.loader import Source, Table
    from importer.loader.fingerprint import Fingerprint
    from importer.portal import Portal

LEAST_MEMORY = 200 * 2**20
"""Bytes of address space below which pandas ends the process, or waits for ever, as it is loaded. Measured on Linux."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was opened and whose columns fit the portal."""

    source: Source
    table: Table
    columns: Columns
    fingerprint: Fingerprint | None = None
    """What the file was made from, where it is a template."""
    look_only: tuple[ValueColumn, ...] = ()
    """A template's read-only columns: they are not sent, and edits of them cannot be."""
    read: ReadOptions = field(default_factory=ReadOptions)
    """How it was read, with what a person said of its headers."""


@asynccontextmanager
async def connect(
    access: PortalAccess, state: StateFolder, on_event: Callable[[Any], None] | None = None
) -> AsyncIterator[Portal]:
    """Connect to the portal, or to the embedded sandbox.

    Raises UsageError `no_token` or `unsafe_address`.
    """
    from importer.portal import Portal, PortalSettings

    app = None
    base_url, token = access.base_url, access.token
    if access.sandbox:
        from importer.sandbox import open_app

        app, base_url, token = open_app(state.home)
    settings = PortalSettings(
        base_url=base_url,
        token=token,
        version=access.version,
        max_rate=access.max_rate,
        daily_reserve=access.daily_reserve,
        languages=access.languages,
        home=state.home,
    )
    async with Portal(settings, app=app, on_event=on_event) as portal:
        yield portal


async def fetch_schema(portal: Portal, state: StateFolder) -> PortalSchema:
    """Fetch the portal's ticket schema, and keep a copy for dry runs without a token.

    pandas and pandera are imported meanwhile, in a thread: together they take longer than the answers.
    """
    from schemas.property import read_schema
    from schemas.saved import schema_bytes

    bodies, _ = await asyncio.gather(portal.fetch_bodies(), asyncio.to_thread(_import_heavy_libraries))
    try:
        schema = read_schema(bodies)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unavailable(
            message(
                "{url} does not describe its ticket properties as HubSpot's API does ({reason}). Check "
                "HUBSPOT_BASE_URL and HUBSPOT_API_VERSION.",
                url=portal.settings.base_url,
                reason=repr(error),
            )
        ) from error
    try:
        state.make_home()
        content = schema_bytes(bodies)
        write_whole(state.schema_cache(portal.settings.base_url), lambda file: file.write(content))
    except OSError as error:
        raise FileError(cannot_write_state(state.home, error)) from error
    return schema


def _import_heavy_libraries() -> None:
    _check_memory()
    import schemas.ticket

    del schemas


def _check_memory() -> None:
    """Raise MachineLimit where the memory does not suffice for what is loaded next, which would end the process."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if 0 <= limit < LEAST_MEMORY:
        raise MachineLimit(too_little_memory(f"{limit // 2**20} MB"))


def offline_schema(read: ReadOptions, access: PortalAccess, state: StateFolder, ui: Ui) -> PortalSchema:
    """Return the schema to judge by when no request is made: the saved, the cached, or a fresh portal's.

    Raises FileError where `--schema` names a file that holds none.
    """
    from schemas.saved import load_default_portal, read_saved_schema

    if read.schema is not None:
        return saved_schema(read.schema, ui)
    cached = state.schema_cache(access.base_url)
    if cached.is_file():
        ui.say(
            message(
                "Without a token, rows are checked against the schema last fetched from {url}.", url=access.base_url
            )
        )
        return read_saved_schema(cached)
    ui.say(
        message(
            "Without a token, and with no schema fetched before, rows are checked against HubSpot's default ticket "
            "properties; your portal's own properties are unknown. Set HUBSPOT_ACCESS_TOKEN, or name a saved schema "
            "with --schema."
        )
    )
    return load_default_portal()


async def online_schema(portal: Portal, read: ReadOptions, state: StateFolder, ui: Ui) -> PortalSchema:
    """Return the schema to judge by: the one that `--schema` names, else the portal's."""
    return saved_schema(read.schema, ui) if read.schema else await fetch_schema(portal, state)


def saved_schema(path: Path, ui: Ui) -> PortalSchema:
    """Return the schema of a file that `schema pull` wrote, or of a bare body of the properties endpoint.

    Raises FileError for a file that holds no schema, or cannot be read.
    """
    from schemas.saved import NotASchema, read_saved_schema

    try:
        schema = read_saved_schema(path)
    except NotASchema as error:
        raise FileError(
            message(
                "{file} isn't a ticket schema: {reason}. Make one with `import-tickets schema pull --output {file}`.",
                file=path.name,
                reason=str(error),
            )
        ) from error
    except OSError as error:
        raise FileError(message("{path} cannot be read: {reason}.", path=str(path), reason=reason_of(error))) from error
    if "pipelines" not in schema.bodies:
        ui.say(
            message(
                "{file} holds properties alone: pipelines are taken to be HubSpot's default ones, owners are known "
                "by ID alone, and times without a zone are read in UTC unless --timezone names one.",
                file=path.name,
            )
        )
    elif not (schema.bodies.get("account") or {}).get("timeZone"):
        ui.say(
            message(
                "{file} names no time zone: times without one are read in UTC unless --timezone names another.",
                file=path.name,
            )
        )
    return schema


def open_file(file: Path, read: ReadOptions) -> Source:
    """Open FILE. Raises FileError where it cannot be read, or bears a name that no journal could note."""
    from importer import loader

    try:
        str(file).encode()
    except UnicodeEncodeError as error:
        raise FileError(
            message(
                "The name of {file} contains bytes that aren't text. Rename the file or its folder.", file=str(file)
            )
        ) from error
    return loader.open_file(file, encoding=read.encoding, delimiter=read.delimiter)


def dialect_facts(source: Source) -> Mapping[str, Any] | None:
    """Return how a delimited file is written, for the journal; None for a workbook."""
    from importer.loader.delimited import DelimitedSource

    return asdict(source.dialect) if isinstance(source, DelimitedSource) else None


def fit_columns_asking(source: Source, read: ReadOptions, schema: PortalSchema, ui: Ui, *, yes: bool = False) -> Opened:
    """Find out which column is what; ask the person about headers that are near to one property each.

    yes: nothing is to be asked.
    Raises what `fit_columns` raises, where no one can answer, or the answer to one of them is no.
    """
    try:
        return fit_columns(source, read, schema)
    except ColumnsError as error:
        if yes or not error.near or not ui.can_ask:
            raise
        ask = (message('"{header}": use it for "{label}"?', header=one.header, label=one.label) for one in error.near)
        if not all(map(ui.ask, ask)):
            raise
        near = {one.header: one.name for one in error.near}
    opened = fit_columns(source, replace(read, mapping={**read.mapping, **near}), schema)
    offer_to_keep(near, source.path, ui)
    return opened


def fit_columns(source: Source, read: ReadOptions, schema: PortalSchema) -> Opened:
    """Choose the sheet and find out which column is what.

    A template's read-only columns are there to be looked at, and left out.
    Raises ColumnsError with every header that does not fit, UsageError for a sheet that is not there and for policies
    or a clear word that cannot be, FileError for a template of another portal.
    """
    from importer.loader.columns import agreeing_keys, choose_sheet, match_columns
    from importer.loader.header_matcher import HeaderMatcher
    from importer.loader.own import own_columns
    from importer.planning.policies import assign_policies, check_clear_word

    fingerprint = template_fingerprint(source, schema)
    look_only: tuple[ValueColumn, ...] = ()
    chosen = choose_sheet(source, schema, sheet=read.sheet, mapping=read.mapping, id_property=read.id_property)
    table = source.table(chosen.name)
    table.own = own_columns(table, claimed=read.mapping)
    mapping = read.mapping
    if fingerprint is not None:
        look_only = _look_only(table.headers, fingerprint, schema)
        mapping = _translated_headers(table.headers, fingerprint, schema, mapping)
    columns = match_columns(
        table.headers,
        table.header_row,
        schema,
        id_property=read.id_property,
        mapping=mapping,
        skip=[*read.skip_columns, *(one.header for one in look_only)],
        skip_unknown=read.skip_unknown,
        skip_read_only=read.skip_read_only,
        empty_with_data=table.empty_headers_with_data,
        own=(*table.own.positions, *agreeing_keys(table, HeaderMatcher(schema, mapping), read.skip_columns)),
    )
    if read.policies:
        columns = assign_policies(columns, read.policies, schema, table.headers)
    if read.clear_word:
        check_clear_word(columns, schema, read.clear_word)
    if fingerprint is not None and columns.key.id_property is not None:
        fingerprint = None  # its values are by record ID, which this run does not read
    return Opened(source, table, columns, fingerprint, look_only, read)


def template_fingerprint(source: Source, schema: PortalSchema) -> Fingerprint | None:
    """Return what the portal held when the file was made; None where `template` did not make it.

    Raises FileError where that cannot be read, or was another portal.
    """
    from importer.loader.fingerprint import read_fingerprint

    found = read_fingerprint(source)
    if found is not None and found.portal_id and schema.portal_id and found.portal_id != schema.portal_id:
        raise FileError(
            message(
                "The template was made from portal {theirs}, and this is portal {ours}, where the same IDs are other "
                "tickets. Make a template of this one.",
                theirs=found.portal_id,
                ours=schema.portal_id,
            ),
            code="unsafe_file",
        )
    return found


def _look_only(headers: Sequence[str], fingerprint: Fingerprint, schema: PortalSchema) -> tuple[ValueColumn, ...]:
    """Return a template's read-only columns. The last-modified one is read for rows added since."""
    from importer.loader.header_text import plain

    found = [schema.properties[name] for name in fingerprint.read_only if name in schema.properties]
    by_header = {plain(text): one for one in found for text in (*one.labels, one.name)}
    translated = ((header, schema.properties.get(name)) for header, name in fingerprint.headers.items())
    by_header |= {plain(header): one for header, one in translated if one in found}
    columns = [(place, header, by_header.get(plain(header))) for place, header in enumerate(headers)]
    return tuple(
        ValueColumn(place, header, definition)
        for place, header, definition in columns
        if definition is not None and definition.name != TICKET.last_modified
    )


def _translated_headers(
    headers: Sequence[str], fingerprint: Fingerprint, schema: PortalSchema, mapping: Mapping[str, str]
) -> Mapping[str, str]:
    """Return what headers are mapped to, with a template's headers in the language it was made in."""
    from importer.loader.header_text import plain

    present = set(map(plain, headers)) - set(map(plain, mapping))
    own = {
        header: name
        for header, name in fingerprint.headers.items()
        if plain(header) in present and name in schema.properties
    }
    return {**own, **mapping}


def kept_schema(schema: PortalSchema, columns: Columns) -> Mapping[str, Any]:
    """Return the bodies of the schema, properties of this file alone: what the journal keeps for resume and undo."""
    names = {column.definition.name for column in columns.values} | {columns.key.property_name}
    bodies = dict(schema.bodies)
    translations = bodies.get("translations") or {}

    def kept(body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"results": [one for one in body.get("results", []) if str(one["name"]) in names]}

    bodies["properties"] = kept(bodies.get("properties", {}))
    bodies["translations"] = {language: kept(body) for language, body in translations.items()}
    return bodies

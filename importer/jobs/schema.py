"""Save the portal's ticket schema, or look at it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from importer.jobs import connect
from importer.jobs.options import PortalAccess, Ui
from importer.jobs.saving import save_whole
from importer.jobs.state import StateFolder
from importer.template.ticket_query import find_property
from schemas.message import Message, message
from schemas.property import PortalSchema, Property
from schemas.ticket_object import TICKET

DEFAULT_FILE = Path("ticket-schema.json")

_BY_STAGE = re.compile(r"hs_(v2_)?(date_entered|date_exited|cumulative_time_in|latest_time_in|time_in)_\w+")
"""Properties that HubSpot makes for every stage of every pipeline. Source: HubSpot, ticket properties."""


async def pull_schema(
    path: Path, access: PortalAccess, state: StateFolder, ui: Ui, *, overwrite: bool = False
) -> PortalSchema:
    """Fetch the portal's schema and write it to `path`, whole or not at all; return it.

    Raises FileError where `path` cannot be written, and the portal's errors.
    """
    from schemas.saved import schema_bytes

    state.outputs.check(path, overwrite=overwrite)
    async with connect.connect(access, state, ui.progress) as portal:
        schema = await connect.fetch_schema(portal, state)
    content = schema_bytes(schema.bodies)
    save_whole(path, lambda file: file.write(content), state.outputs, overwrite=overwrite)
    return schema


async def load_schema(file: Path | None, access: PortalAccess, state: StateFolder, ui: Ui) -> PortalSchema:
    """Return the saved schema of `file`, or the portal's. Raises FileError, and the portal's errors."""
    if file is not None:
        return connect.saved_schema(file, ui)
    async with connect.connect(access, state, ui.progress) as portal:
        return await connect.fetch_schema(portal, state)


def listed_properties(schema: PortalSchema, *, everything: bool) -> tuple[list[Property], int]:
    """Return the properties to list, those that can be written first, and how many per-stage ones are left out."""
    found = sorted(schema.properties.values(), key=lambda one: (one.read_only, one.hidden, one.label.casefold()))
    kept = [one for one in found if everything or not _BY_STAGE.fullmatch(one.name)]
    return kept, len(found) - len(kept)


def choices_in(definition: Property, schema: PortalSchema) -> list[tuple[str, str, tuple[Message, ...]]]:
    """Return (value, label, remarks) of all that a property may hold: options, pipelines, stages, owners."""
    if definition.name == TICKET.pipeline:
        return [(one.id, one.label, ()) for one in schema.pipelines]
    if definition.name == TICKET.stage:
        return [
            (stage.id, f"{stage.label} ({pipeline.label})", _remarks(locked=stage.locked, closed=stage.closed))
            for pipeline in schema.pipelines
            for stage in pipeline.stages
        ]
    if definition.is_owner:
        return [
            (
                one.id,
                " ".join(filter(None, (one.name, one.email and f"({one.email})"))),
                _remarks(archived=one.archived),
            )
            for one in schema.owners
        ]
    return [(one.value, one.label, _remarks(hidden=one.hidden)) for one in definition.options]


_REMARKS = {
    "locked": message("locked"),
    "closed": message("closed"),
    "archived": message("archived"),
    "hidden": message("hidden"),
}


def _remarks(**flags: bool) -> tuple[Message, ...]:
    return tuple(_REMARKS[name] for name, is_set in flags.items() if is_set)


def property_json(definition: Property, schema: PortalSchema) -> dict[str, Any]:
    """Return what `--json` prints of one property."""
    return {
        "name": definition.name,
        "label": definition.label,
        "type": definition.type,
        "field_type": definition.field_type,
        "group": definition.group,
        "description": definition.description,
        "read_only": definition.read_only,
        "unique": definition.unique,
        "hidden": definition.hidden,
        "sensitivity": definition.sensitivity,
        "options": [
            {"value": value, "label": label, "remark": ", ".join(map(str, remarks))}
            for value, label, remarks in choices_in(definition, schema)
        ],
        "rules": [{"type": one.type, "arguments": list(one.arguments)} for one in definition.rules],
    }


def schema_json(schema: PortalSchema, properties: Sequence[Property]) -> Mapping[str, Any]:
    """Return what `--json` prints of a schema."""
    return {
        "portal": {"id": schema.portal_id, "time_zone": schema.time_zone, "currency": schema.currency},
        "properties": [property_json(one, schema) for one in properties],
    }


__all__ = [
    "DEFAULT_FILE",
    "choices_in",
    "find_property",
    "listed_properties",
    "load_schema",
    "property_json",
    "pull_schema",
    "schema_json",
]

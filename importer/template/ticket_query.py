"""Which tickets: conditions of the command line to the portal's search, and the IDs that it finds.

A search gives 200 tickets a page and 10,000 at most; asked for IDs above the last one found, in order, it gives all.
Searches may be sent five a second. Only IDs are taken from it, for a search lags behind writes.
Source: HubSpot CRM search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer.errors import FileError, UsageError, reason_of
from schemas.cells import Kind, Nearest, Problem, Reading, quoted
from schemas.message import message
from schemas.property import PortalSchema, Property
from schemas.ticket_object import TICKET
from schemas.types.datetime import parse_moment
from schemas.types.option import StageConverter
from schemas.values import make_converter, type_of

if TYPE_CHECKING:
    from importer.portal import Portal

PAGE = 200
LIST_PAGE = 100
SEARCH_PAUSE_S = 0.2
MAX_CONDITIONS = 5
"""Conditions of one search, besides the one on the ID. Source: HubSpot CRM search, six filters a group."""

Condition = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tickets are meant, as it was typed; all of them where nothing is."""

    id_file: Path | None = None
    pipeline: str | None = None
    stage: str | None = None
    owner: str | None = None
    modified_since: str | None = None
    filters: Sequence[tuple[str, str]] = ()
    """(property, value); an empty value stands for "has none"."""
    limit: int | None = None

    @property
    def has_conditions(self) -> bool:
        """Whether anything but IDs chooses."""
        return any((self.pipeline, self.stage, self.owner, self.modified_since, self.filters))


def find_property(name: str, schema: PortalSchema) -> Property:
    """Return the property of this internal name, or label. Raises UsageError with the nearest names."""
    if name in schema.properties:
        return schema.properties[name]
    by_label = [
        one
        for one in schema.properties.values()
        if name.strip().casefold() in {label.strip().casefold() for label in one.labels}
    ]
    if len(by_label) == 1:
        return by_label[0]
    if by_label:
        raise UsageError(
            message(
                '"{name}" is the label of several properties: {names}. Write the internal name.',
                name=name,
                names=", ".join(one.name for one in by_label),
            ),
            code="ambiguous_header",
        )
    near = Nearest([text for one in schema.properties.values() for text in (one.name, *one.labels)])(name)
    if near:
        text = message('There is no property "{name}"; did you mean {near}?', name=name, near=quoted(near))
    else:
        text = message('There is no property "{name}"; `import-tickets schema show` lists them.', name=name)
    raise UsageError(text, code="unknown_property")


def conditions_of(choice: Choice, schema: PortalSchema) -> list[Condition]:
    """Return the search's filters. Raises UsageError for what names nothing in the portal."""
    found = []
    pipeline = None
    if choice.pipeline is not None:
        pipeline = _value(find_property(TICKET.pipeline, schema), choice.pipeline, schema)
        found.append(_equals(TICKET.pipeline, pipeline))
    if choice.stage is not None:
        found.append(
            {"propertyName": TICKET.stage, "operator": "IN", "values": _stages(choice.stage, pipeline, schema)}
        )
    if choice.owner is not None:
        found.append(_equals(TICKET.owner, _value(find_property(TICKET.owner, schema), choice.owner, schema)))
    if choice.modified_since is not None:
        moment = _value(find_property(TICKET.last_modified, schema), choice.modified_since, schema)
        found.append({"propertyName": TICKET.last_modified, "operator": "GTE", "value": _epoch_ms(moment)})
    found += [_filter(find_property(name, schema), text, schema) for name, text in choice.filters]
    if len(found) > MAX_CONDITIONS:
        raise UsageError(message("HubSpot's search takes at most {count} conditions.", count=MAX_CONDITIONS))
    return found


_AS_LABELS = Reading(options="labels")
"""A template shows labels, so that a text which is a label and a value is meant as a label."""


def _equals(name: str, value: str) -> Condition:
    return {"propertyName": name, "operator": "EQ", "value": value}


def _filter(definition: Property, text: str, schema: PortalSchema) -> Condition:
    if not text.strip():
        return {"propertyName": definition.name, "operator": "NOT_HAS_PROPERTY"}
    if definition.name == TICKET.stage:
        return {"propertyName": TICKET.stage, "operator": "IN", "values": _stages(text, None, schema)}
    value = _value(definition, text, schema)
    if definition.is_multiple:
        return {"propertyName": definition.name, "operator": "IN", "values": [one for one in value.split(";") if one]}
    return _equals(definition.name, _epoch_ms(value) if type_of(definition).is_moment else value)


def _value(definition: Property, text: str, schema: PortalSchema) -> str:
    """Return what a text of the command line means for a property, read as a cell is."""
    value = make_converter(definition, schema, replace(_AS_LABELS, time_zone=schema.time_zone))(text, Kind.TEXT)
    if isinstance(value, Problem):
        raise UsageError(value.text, code=value.code)
    return value


def _stages(text: str, pipeline: str | None, schema: PortalSchema) -> list[str]:
    stages = StageConverter(schema.pipelines, _AS_LABELS)
    found = stages.in_any(text) if pipeline is None else stages.in_pipeline(text, pipeline)
    if isinstance(found, Problem):
        raise UsageError(found.text, code=found.code)
    return sorted(set(found.values())) if isinstance(found, dict) else [found]


def _epoch_ms(value: str) -> str:
    moment = parse_moment(value)
    assert moment is not None
    return str(round(moment.timestamp() * 1000))


async def find_ids(portal: Portal, conditions: Sequence[Condition], *, limit: int | None = None) -> list[str]:
    """Return the IDs of the tickets that meet all conditions, lowest first, at most `limit` of them.

    Raises the portal's errors.
    """
    found: list[str] = []
    while limit is None or len(found) < limit:
        above = {"propertyName": TICKET.record_id, "operator": "GT", "value": found[-1]} if found else None
        started = portal.clock.tick()
        page = await portal.search(
            {
                "filterGroups": [{"filters": [*conditions, *([above] if above else [])]}],
                "sorts": [{"propertyName": TICKET.record_id, "direction": "ASCENDING"}],
                "properties": [TICKET.record_id],
                "limit": PAGE,
            }
        )
        ids = [str(one["id"]) for one in page.get("results") or () if one.get("id")]
        found += sorted(set(ids).difference(found[-PAGE:]), key=int)
        if len(ids) < PAGE:
            break
        await portal.clock.sleep(max(0.0, SEARCH_PAUSE_S - (portal.clock.tick() - started)))
    return found[:limit]


async def list_ids(portal: Portal, *, limit: int | None = None) -> list[str]:
    """Return the IDs of all tickets, page by page, at most `limit` of them. Raises the portal's errors."""
    found: dict[str, None] = {}
    query = {"limit": str(LIST_PAGE), "properties": TICKET.record_id}
    while limit is None or len(found) < limit:
        page = await portal.get(portal.settings.path("objects", TICKET.path), query=query) or {}
        found |= dict.fromkeys(str(one["id"]) for one in page.get("results") or () if one.get("id"))
        after = ((page.get("paging") or {}).get("next") or {}).get("after")
        if not after or str(after) == query.get("after"):
            break
        query["after"] = str(after)
    return list(found)[:limit]


def read_ids(path: Path) -> list[str]:
    """Return the IDs of a text file, one a line, once each and in its order; blank lines are passed over.

    Raises FileError where it cannot be read, or a line is no record ID.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(
            message("{file} cannot be read ({reason}).", file=str(path), reason=reason_of(error))
        ) from error
    found: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip().strip('",;').strip()
        if not text:
            continue
        if not (text.isascii() and text.isdigit()):
            raise FileError(
                message(
                    '{file}, line {line}: "{text}" isn\'t a ticket ID.', file=path.name, line=number, text=text[:80]
                ),
                code="invalid_id",
            )
        found[text] = None
    return list(found)

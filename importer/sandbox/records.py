"""Tickets as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from importer.sandbox.answers import Call, Json, Reply, correlation_id, refuse
from importer.sandbox.portal import Portal
from importer.sandbox.store import Change, Ticket
from importer.sandbox.times import iso
from importer.sandbox.values import read_back

DEFAULT_PROPERTIES = (
    "content",
    "createdate",
    "hs_lastmodifieddate",
    "hs_object_id",
    "hs_pipeline",
    "hs_pipeline_stage",
    "hs_ticket_category",
    "hs_ticket_priority",
    "subject",
)
"""What a read gives when it names no properties. Source: HubSpot, tickets API reference."""

NOT_FOUND = "Could not get some TICKET objects, they may be deleted or not exist. Check that ids are valid."

_OF_THE_RECORD = {
    "hs_object_id": lambda ticket: str(ticket.id),
    "hs_ticket_id": lambda ticket: str(ticket.id),
    "hs_lastmodifieddate": lambda ticket: iso(ticket.updated),
    "hs_createdate": lambda ticket: iso(ticket.created),
}


def value_of(portal: Portal, ticket: Ticket, name: str) -> str | None:
    """One property as reads give it; None where it is not set."""
    return values_of(portal, ticket, (name,)).get(name)


def values_of(portal: Portal, ticket: Ticket, names: Iterable[str]) -> dict[str, str]:
    """Those of the named properties that are set, as reads give them."""
    found = {name: value for name in names if (value := _held(ticket, name)) is not None}
    if portal.switches.as_kept:
        return found
    definitions = portal.definitions.properties
    return {name: read_back(value, definitions[name], portal.switches) for name, value in found.items()}


def _held(ticket: Ticket, name: str) -> str | None:
    if name in _OF_THE_RECORD:
        return _OF_THE_RECORD[name](ticket)
    value = ticket.properties.get(name)
    return iso(ticket.created) if value is None and name == "createdate" else value


def record(portal: Portal, ticket: Ticket, properties: Json) -> Json:
    """The record with these properties, names sorted. Source: SimplePublicObject of the API description."""
    account = portal.definitions.account
    body: Json = {
        "id": str(ticket.id),
        "properties": dict(sorted(properties.items())),
        "createdAt": iso(ticket.created),
        "updatedAt": iso(ticket.updated),
        "archived": ticket.archived is not None,
        "url": f"https://{account['uiDomain']}/contacts/{account['portalId']}/record/0-5/{ticket.id}",
    }
    if ticket.archived is not None:
        body["archivedAt"] = iso(ticket.archived)
    if portal.switches.unknown_fields:
        body["futureField"] = {"of": "a later version"}
    return body


def shown(
    portal: Portal, call: Call, tickets: Sequence[Ticket], names: Iterable[str], past: Sequence[str]
) -> list[Json]:
    """Records of tickets with the named properties (none named: the default ones), and the history of `past`."""
    definitions = portal.definitions
    visible = definitions.visible(call.scopes)
    wanted = [name for name in dict.fromkeys(list(names) or DEFAULT_PROPERTIES) if name in visible]
    unset = dict.fromkeys(sorted(wanted))
    records = [record(portal, ticket, unset | values_of(portal, ticket, wanted)) for ticket in tickets]
    if past:
        told = [name for name in past if name in visible]
        changes = portal.store.changes([ticket.id for ticket in tickets])
        for ticket, body in zip(tickets, records, strict=True):
            body["propertiesWithHistory"] = {name: history(ticket, changes.get(ticket.id, []), name) for name in told}
    return records


def history(ticket: Ticket, changes: Sequence[Change], name: str) -> list[Json]:
    """What a property held, newest first. `changes`: the ticket's, newest first."""
    entries = [_entry(change, name) for change in changes if name in change.properties]
    if not ticket.told and name in ticket.properties:
        entries.append(_entry(first_change(ticket), name))
    return entries


def first_change(ticket: Ticket) -> Change:
    """The history's first entry of a ticket whose first values are still those it holds."""
    return Change(ticket.id, ticket.created, dict(ticket.properties), source_type="IMPORT", source_id="1")


def _entry(change: Change, name: str) -> Json:
    entry: Json = {
        "value": change.properties[name],
        "timestamp": iso(change.at),
        "sourceType": change.source_type,
    }
    if change.source_id is not None:
        entry["sourceId"] = change.source_id
    if change.user is not None:
        entry["updatedByUserId"] = change.user
    return entry


def batch_reply(
    portal: Portal, results: list[Json], errors: list[Json], *, started_ms: int, call: Call, update: bool
) -> Reply:
    """The answer of a batch: 200, or 207 where there are errors and the version says so."""
    if portal.switches.shuffle:
        portal.rng.shuffle(results)
    body: Json = {
        "status": "COMPLETE",
        "results": results,
        "requestedAt": iso(started_ms),
        "startedAt": iso(started_ms),
        "completedAt": iso(portal.now_ms()),
        "links": {},
    }
    if errors:
        body["numErrors"] = len(errors)
        body["errors"] = errors
    if portal.switches.unknown_fields:
        body["futureField"] = {"of": "a later version"}
    inside = portal.switches.status_207 == "never" or (
        portal.switches.status_207 == "by_version" and update and call.dated_2026_09
    )
    return Reply(207 if errors and not inside else 200, body)


def not_found_errors(portal: Portal, missing: Sequence[tuple[str, str]]) -> list[Json]:
    """Errors for tickets that are not there: (key as sent, trace ID or "") each."""
    groups = [list(missing)] if portal.switches.group_errors and missing else [[one] for one in missing]
    errors: list[Json] = []
    for group in groups:
        context = {"ids": [key for key, _ in group]}
        traces = [trace for _, trace in group if trace]
        if traces:
            context["objectWriteTraceId"] = traces
        errors.append({"status": "error", "category": "OBJECT_NOT_FOUND", "message": NOT_FOUND, "context": context})
    return errors


def refuse_missing(portal: Portal, missing: Sequence[tuple[str, str]], count: int) -> None:
    """Refuse a batch of `count` keys with 404 where it is so switched; `missing` as in `not_found_errors`."""
    how = portal.switches.missing_batch
    if not missing or how == "rows" or (how == "all" and len(missing) < count):
        return
    context = None if how == "nameless" else {"ids": [key for key, _ in missing]}
    raise refuse(404, NOT_FOUND, category="OBJECT_NOT_FOUND", context=context)


def single_not_found(key: str) -> Reply:
    """404 in JSON for one record."""
    return Reply(
        404,
        {
            "status": "error",
            "message": f"Object not found. objectId are usually numeric. ID: {key}",
            "correlationId": correlation_id(),
            "category": "OBJECT_NOT_FOUND",
        },
    )

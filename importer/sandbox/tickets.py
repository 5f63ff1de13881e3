"""Tickets as the API shows them: many (`batch/read`), one, and page by page; merged, archived and restored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from importer.sandbox.answers import Call, Json, Refused, Reply, correlation_id, objects, refuse, required_fields, texts
from importer.sandbox.portal import Portal
from importer.sandbox.store import Change, Ticket
from importer.sandbox.values import iso, read_back

MAX_INPUTS = 100
"""Tickets in one request. Source: HubSpot CRM API, batch limits."""

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


MAX_INPUTS_WITH_HISTORY = 50
"""Tickets in one batch/read that asks for histories. Source: the portal's own refusal, as seen."""

MAX_PAGE = 100


def batch_read(portal: Portal, call: Call) -> Reply:
    """POST .../tickets/batch/read; with `archived=true` archived tickets only."""
    started_ms = portal.now_ms()
    body = call.json()
    keys, past = _keys(body), texts(body, "propertiesWithHistory")
    if past and len(keys) > MAX_INPUTS_WITH_HISTORY:
        raise refuse(
            400,
            "The maximum number of inputs supported in a batch request for property histories is "
            f"{MAX_INPUTS_WITH_HISTORY}, got {len(keys)}.",
        )
    name = str(body.get("idProperty") or "")
    found = find(portal, name, keys)
    tickets: dict[int, Ticket] = {}
    missing: list[tuple[str, str]] = []
    for key in keys:
        ticket = _shown_ticket(
            portal, found.get(portal.unique_key(key) if name else key), archived=call.flag("archived")
        )
        if ticket is None:
            missing.append((key, ""))
        elif isinstance(ticket, Ticket):
            tickets[ticket.id] = ticket
    refuse_missing(portal, missing, len(keys))
    if call.flag("archived") and portal.switches.archived_read == "singly":
        tickets.clear()
    results = shown(portal, call, list(tickets.values()), texts(body, "properties"), past)
    errors = not_found_errors(portal, missing)
    return batch_reply(portal, results, errors, started_ms=started_ms, call=call, update=False)


def _keys(body: Json) -> list[str]:
    entries = objects(body, "inputs")
    if len(entries) > MAX_INPUTS:
        raise refuse(
            400, f"The maximum number of inputs supported in a batch request is {MAX_INPUTS}, got {len(entries)}."
        )
    if any(entry.get("id") is None for entry in entries):
        raise required_fields(["id"])
    return list(dict.fromkeys(str(entry["id"]) for entry in entries))


def find(portal: Portal, name: str, keys: list[str]) -> dict[str, Ticket]:
    """Tickets by key, whatever their state; keys of a unique property `name` as it compares them."""
    if name:
        check_unique_property(portal, name)
        ids = portal.holders(name, keys)
    else:
        ids = {key: int(key) for key in keys if is_id(key)}
    found = portal.store.tickets(list(ids.values()))
    return {key: found[number] for key, number in ids.items() if number in found}


def _shown_ticket(portal: Portal, ticket: Ticket | None, *, archived: bool) -> Ticket | bool | None:
    """The ticket that a batch shows for the one found; None = an error, False = left out without a word."""
    if ticket is not None and ticket.merged_into is not None:
        if portal.switches.merged_read == "left_out":
            return False
        ticket = survivor(portal, ticket) if portal.switches.merged_read == "new_id" else None
    if ticket is None or (ticket.archived is not None) != archived:
        return None
    return ticket


def survivor(portal: Portal, ticket: Ticket) -> Ticket:
    """The ticket that one lives on in."""
    while ticket.merged_into is not None:
        ticket = portal.store.tickets([ticket.merged_into])[ticket.merged_into]
    return ticket


def read_one(portal: Portal, call: Call) -> Reply:
    """GET .../tickets/{id}; a merged-away ID gives the ticket it lives on in."""
    key, name = call.params["id"], call.query.get("idProperty", "")
    ticket = find(portal, name, [key]).get(portal.unique_key(key) if name else key)
    if ticket is not None and not (ticket.merged_into is not None and portal.switches.merged_get == "not_found"):
        ticket = survivor(portal, ticket)
    if ticket is None or ticket.merged_into is not None or (ticket.archived is not None) != call.flag("archived"):
        return single_not_found(key)
    past = call.names("propertiesWithHistory")
    return Reply(200, shown(portal, call, [ticket], call.names("properties"), past)[0])


def list_page(portal: Portal, call: Call) -> Reply:
    """GET .../tickets: by ID, `limit` of them (10, at most 100) `after` the cursor."""
    limit = page_limit(call, default=10, most=MAX_PAGE)
    past = call.names("propertiesWithHistory")
    if past and limit > MAX_INPUTS_WITH_HISTORY:
        raise refuse(400, f"The limit must be at most {MAX_INPUTS_WITH_HISTORY} with property histories.")
    after = cursor(call.query.get("after"))
    tickets = portal.store.page(after, limit + 1, archived=call.flag("archived"))
    page = tickets[:limit]
    body: Json = {"results": shown(portal, call, page, call.names("properties"), past)}
    if len(tickets) > limit:
        body["paging"] = next_page(call, str(page[-1].id))
    return Reply(200, body)


def page_limit(call: Call, *, default: int, most: int) -> int:
    """The query's `limit`, within its bounds."""
    text = call.query.get("limit", str(default))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise refuse(400, f"The limit must be between 1 and {most}, got {text}.")
    return int(text)


def cursor(text: str | None) -> int:
    """The number in a paging cursor."""
    if text and not text.isdigit():
        raise refuse(400, f"Invalid paging cursor: {text}")
    return int(text or 0)


def next_page(call: Call, after: str) -> Json:
    """The `paging` of a page that is not the last."""
    rest = "&".join(f"{name}={value}" for name, value in call.query.items() if name != "after")
    link = f"https://api.hubapi.com{call.path}?{rest}{'&' if rest else ''}after={after}"
    return {"next": {"after": after, "link": link}}


def merge(portal: Portal, call: Call) -> Reply:
    """POST .../tickets/merge: a ticket with a new ID takes the place of both."""
    body = call.json()
    lacking = [name for name in ("objectIdToMerge", "primaryObjectId") if not body.get(name)]
    if lacking:
        raise required_fields(lacking)
    with portal.store.writing():
        pair = []
        for key in (str(body["primaryObjectId"]), str(body["objectIdToMerge"])):
            ticket = find(portal, "", [key]).get(key)
            if ticket is None or ticket.archived is not None:
                raise Refused(single_not_found(key))
            pair.append(survivor(portal, ticket))
        if pair[0].id == pair[1].id:
            raise refuse(400, "Cannot merge an object with itself.")
        merged = merge_tickets(portal, *pair)
    return Reply(200, shown(portal, call, [merged], [], [])[0])


def merge_tickets(portal: Portal, primary: Ticket, other: Ticket) -> Ticket:
    """The ticket that two live on in. Values of the primary come first; it gets the unique values of both."""
    now_ms = portal.now_ms()
    values = other.properties | primary.properties
    gone = [*values.get("hs_merged_object_ids", "").split(";"), str(primary.id), str(other.id)]
    keeps = portal.switches.merge_keeps_primary
    if keeps:
        gone.remove(str(primary.id))
    values["hs_merged_object_ids"] = ";".join(dict.fromkeys(number for number in gone if number))
    number = primary.id if keeps else portal.store.highest_id() + 7
    merged = Ticket(number, primary.created, now_ms, None, None, 1, values)
    portal.store.tell([primary, other])
    for old in (primary, other):
        if old.id != number:
            old.merged_into = number
    if keeps:
        portal.store.save_tickets([merged, other])
    else:
        portal.store.add_tickets([merged])
        portal.store.save_tickets([primary, other])
    portal.store.hold_unique(
        (name, ticket.properties[name], number)
        for ticket in (other, primary)
        for name in portal.definitions.unique
        if ticket.properties.get(name)
    )
    portal.store.add_changes([Change(number, now_ms, dict(values), source_type="MERGE_OBJECTS")])
    return merged


def archive(portal: Portal, call: Call) -> Reply:
    """DELETE .../tickets/{id}: 204, also for a ticket that never was."""
    archive_tickets(portal, [call.params["id"]])
    return Reply(204)


def batch_archive(portal: Portal, call: Call) -> Reply:
    """POST .../tickets/batch/archive."""
    entries = objects(call.json(), "inputs")
    if any("id" not in entry for entry in entries):
        raise required_fields(["id"])
    if len(entries) > MAX_INPUTS:
        raise refuse(400, f"The maximum number of inputs supported in a batch request is {MAX_INPUTS}.")
    archive_tickets(portal, [str(entry["id"]) for entry in entries])
    return Reply(204)


def archive_tickets(portal: Portal, keys: list[str], *, restore: bool = False) -> None:
    """Archive tickets, or fetch them back; keys that lead nowhere are passed over."""
    now_ms = portal.now_ms()
    with portal.store.writing():
        tickets = [t for t in find(portal, "", keys).values() if (t.archived is None) != restore]
        for ticket in tickets:
            ticket.archived = None if restore else now_ms
        portal.store.save_tickets(tickets)


def is_id(key: str) -> bool:
    """Whether a text can be a record ID: digits, as the portal writes them."""
    return key.isascii() and key.isdigit() and key[0] != "0" and len(key) < 19


def check_unique_property(portal: Portal, name: str) -> None:
    """Refused with 400 unless that property's values are unique; `hs_object_id` is not flagged so."""
    if name not in portal.definitions.unique:
        raise refuse(400, f"Unable to perform update/upsert by non-unique 0-5 property {name}")

"""Reading tickets: many (`batch/read`), one, and page by page."""

from __future__ import annotations

from importer.sandbox.answers import Call, Json, Reply, objects, refuse, required_fields, texts
from importer.sandbox.portal import Portal
from importer.sandbox.records import batch_reply, not_found_errors, refuse_missing, shown, single_not_found
from importer.sandbox.store import Ticket
from importer.sandbox.updates import MAX_INPUTS, check_unique_property, is_id

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

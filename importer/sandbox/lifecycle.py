"""Merging and archiving tickets."""

from __future__ import annotations

from importer.sandbox.answers import Call, Refused, Reply, objects, refuse, required_fields
from importer.sandbox.portal import Portal
from importer.sandbox.reads import find, survivor
from importer.sandbox.records import shown, single_not_found
from importer.sandbox.store import Change, Ticket
from importer.sandbox.updates import MAX_INPUTS


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

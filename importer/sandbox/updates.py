"""Updates of tickets: many (`batch/update`) and one (`PATCH`).

With a trace ID of its own on every input, each input stands for itself; without, one bad input refuses them all and
nothing is written. Tickets that are not there are errors of their rows in both cases.
Source: HubSpot, tickets API reference, and answers as recorded; what is not known is a switch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from importer.sandbox.answers import Call, Json, Refused, Reply, objects, refuse, required_fields, wrong_type
from importer.sandbox.changes import Draft, Refusal, draft
from importer.sandbox.portal import Portal
from importer.sandbox.records import (
    batch_reply,
    not_found_errors,
    record,
    refuse_missing,
    single_not_found,
    values_of,
)
from importer.sandbox.store import Change, Ticket

MAX_INPUTS = 100
"""Tickets in one request. Source: HubSpot CRM API, batch limits."""

_SET_BY_PORTAL = (
    "createdate",
    "hs_lastmodifieddate",
    "hs_object_id",
    "hs_object_source",
    "hs_object_source_id",
    "hs_object_source_label",
    "hs_pipeline",
    "hs_pipeline_stage",
)
"""Properties that an update's answer bears besides those sent."""


@dataclass(slots=True)
class Input:
    """One ticket of a request. `ticket` is found later; `lost`: merged away, so the answer leaves it out."""

    key: str
    id_property: str
    properties: dict[str, str]
    trace: str
    ticket: Ticket | None = None
    lost: bool = False


@dataclass(slots=True)
class Writing:
    """What a request will write once all its inputs are judged."""

    drafts: list[tuple[Input, Draft]] = field(default_factory=list)
    refusals: list[tuple[Input, Refusal]] = field(default_factory=list)
    missing: list[Input] = field(default_factory=list)
    claims: dict[tuple[str, str], int] = field(default_factory=dict)
    """Unique values that change hands: (property, value as compared) -> ticket, 0 = free."""


def batch_update(portal: Portal, call: Call) -> Reply:
    """POST .../tickets/batch/update."""
    started_ms = portal.now_ms()
    inputs = read_inputs(call.json(), portal)
    by_row = _traced(inputs, portal) and portal.switches.traced_rows == "each"
    with portal.store.writing():
        resolve(portal, inputs)
        _refuse_same_ticket(portal, inputs)
        writing = judge(portal, call, inputs, started_ms)
        if writing.refusals and not by_row:
            raise Refused(Reply(400, writing.refusals[0][1].body()))
        refuse_missing(portal, [(one.key, one.trace) for one in writing.missing], len(inputs))
        save(portal, writing, started_ms)
    results = [_result(portal, one, made, call) for one, made in writing.drafts]
    missing = [(one.key, one.trace) for one in writing.missing]
    errors = not_found_errors(portal, missing) + [why.entry(one.trace) for one, why in writing.refusals]
    return batch_reply(portal, results, errors, started_ms=started_ms, call=call, update=True)


def update_one(portal: Portal, call: Call) -> Reply:
    """PATCH .../tickets/{id}."""
    now_ms = portal.now_ms()
    body = call.json()
    if not isinstance(body.get("properties"), dict):
        raise required_fields(["properties"])
    one = Input(
        key=call.params["id"],
        id_property=call.query.get("idProperty", ""),
        properties=_texts(body["properties"], portal),
        trace="",
    )
    with portal.store.writing():
        resolve(portal, [one])
        writing = judge(portal, call, [one], now_ms)
        if writing.refusals:
            raise Refused(Reply(400, writing.refusals[0][1].body()))
        if not writing.drafts:
            return single_not_found(one.key)
        save(portal, writing, now_ms)
    return Reply(200, _result(portal, *writing.drafts[0], call))


def read_inputs(body: Json, portal: Portal) -> list[Input]:
    """The inputs of a request; Refused with 400 where the request as a whole is malformed."""
    entries = objects(body, "inputs")
    if not entries:
        raise refuse(400, "Batch input provided should have at least one object.")
    if len(entries) > MAX_INPUTS:
        raise refuse(
            400, f"The maximum number of inputs supported in a batch request is {MAX_INPUTS}, got {len(entries)}."
        )
    inputs = []
    for entry in entries:
        lacking = [name for name in ("id", "properties") if entry.get(name) is None]
        if lacking:
            raise required_fields(lacking)
        if not isinstance(entry["properties"], dict) or isinstance(entry["id"], (dict, list)):
            raise wrong_type()
        inputs.append(
            Input(
                key=str(entry["id"]),
                id_property=str(entry.get("idProperty") or ""),
                properties=_texts(entry["properties"], portal),
                trace=str(entry.get("objectWriteTraceId") or ""),
            )
        )
    _refuse_same_key(portal, inputs)
    return inputs


def _texts(properties: Json, portal: Portal) -> dict[str, str]:
    """Values as texts: JSON numbers and booleans are taken as theirs."""
    if set(map(type, properties.values())) <= {str}:
        return properties
    texts = {}
    for name, value in properties.items():
        if isinstance(value, str):
            texts[name] = value
        elif value is None:
            if portal.switches.null_values == "refuse":
                raise refuse(400, f"Invalid input JSON on line 1, column 1: null value for property {name}")
        elif isinstance(value, (dict, list)):
            raise wrong_type()
        else:
            texts[name] = orjson.dumps(value).decode()
    return texts


def _refuse_same_key(portal: Portal, inputs: Sequence[Input]) -> None:
    seen: set[tuple[str, str]] = set()
    twice: list[str] = []
    for one in inputs:
        key = (one.id_property, portal.unique_key(one.key) if one.id_property else one.key)
        if key in seen:
            twice.append(one.key)
        seen.add(key)
    if twice:
        raise _duplicates(twice)


def _duplicates(ids: Sequence[str]) -> Refused:
    ids = list(dict.fromkeys(ids))
    return refuse(
        400,
        f"Duplicate IDs found in batch input: [{', '.join(ids)}]. IDs must be unique",
        context={"ids": ids},
    )


def _traced(inputs: Sequence[Input], portal: Portal) -> bool:
    """Whether each input stands for itself."""
    traces = [one.trace for one in inputs if one.trace]
    repeated = len(set(traces)) < len(traces)
    if repeated and portal.switches.repeated_trace_ids == "refuse":
        raise refuse(400, "Duplicate objectWriteTraceIds found in batch input. They must be unique")
    return len(traces) == len(inputs) and not repeated


def resolve(portal: Portal, inputs: Sequence[Input]) -> None:
    """Find each input's ticket; archived and missing ones stay without, merged-away ones are `lost`."""
    ids: dict[str, dict[str, int]] = {}
    for name in {one.id_property for one in inputs}:
        keys = [one.key for one in inputs if one.id_property == name]
        ids[name] = _unique_ids(portal, name, keys) if name else {key: int(key) for key in keys if is_id(key)}
    found = portal.store.tickets([number for numbers in ids.values() for number in numbers.values()])
    for one in inputs:
        number = ids[one.id_property].get(portal.unique_key(one.key) if one.id_property else one.key)
        ticket = found.get(number) if number is not None else None
        if ticket is None:
            continue
        if ticket.merged_into is not None:
            one.lost = True
        elif ticket.archived is None:
            one.ticket = ticket
        elif portal.switches.archived_update == "left_out":
            one.lost = True


def is_id(key: str) -> bool:
    """Whether a text can be a record ID: digits, as the portal writes them."""
    return key.isascii() and key.isdigit() and key[0] != "0" and len(key) < 19  # noqa: PLR2004 - digits of 2^63


def _unique_ids(portal: Portal, name: str, keys: Sequence[str]) -> dict[str, int]:
    check_unique_property(portal, name)
    found = portal.holders(name, keys)
    unknown = [key for key in keys if portal.unique_key(key) not in found]
    if unknown and portal.switches.unknown_unique_value == "batch":
        raise refuse(
            400,
            "Could not get some TICKET objects, they may be deleted or not exist. Check that ids are valid.",
            context={"missingObjectPropertyValueCoordinates": [f"{name}:{key}" for key in unknown]},
        )
    return found


def check_unique_property(portal: Portal, name: str) -> None:
    """Refused with 400 unless that property's values are unique; `hs_object_id` is not flagged so."""
    if name not in portal.definitions.unique:
        raise refuse(400, f"Unable to perform update/upsert by non-unique 0-5 property {name}")


def _refuse_same_ticket(portal: Portal, inputs: Sequence[Input]) -> None:
    if portal.switches.same_ticket_twice == "last_wins":
        return
    seen: set[int] = set()
    for one in inputs:
        if one.ticket is not None:
            if one.ticket.id in seen:
                raise _duplicates([str(one.ticket.id)])
            seen.add(one.ticket.id)


def judge(portal: Portal, call: Call, inputs: Sequence[Input], now_ms: int) -> Writing:
    """What each input comes to; nothing is written yet."""
    writing = Writing()
    for one in inputs:
        if one.ticket is None:
            if not one.lost:
                writing.missing.append(one)
            continue
        made = draft(portal, call, one.ticket, one.properties, claims=writing.claims, now_ms=now_ms)
        if isinstance(made, Refusal):
            writing.refusals.append((one, made))
        else:
            writing.drafts.append((one, made))
            made.apply(one.ticket, now_ms)
    return writing


def save(portal: Portal, writing: Writing, now_ms: int) -> None:
    """Write the tickets that changed, their unique values and their history."""
    changed = [(one.ticket, made) for one, made in writing.drafts if one.ticket is not None and made.changed]
    if not changed:
        return
    if portal.switches.history:
        portal.store.tell([ticket for ticket, _ in changed])
        portal.store.add_changes(_history(changed, now_ms))
    portal.store.save_tickets({ticket.id: ticket for ticket, _ in changed}.values())
    if any(made.released or made.held for _, made in changed):
        portal.store.drop_unique([row for _, made in changed for row in made.released])
        portal.store.hold_unique([row for _, made in changed for row in made.held])


def _history(changed: Sequence[tuple[Ticket, Draft]], now_ms: int) -> list[Change]:
    entries: list[Change] = []
    for ticket, made in changed:
        entries.append(Change(ticket.id, now_ms, made.changed, source_type="INTEGRATION", source_id="2467501"))
        if made.automatic:
            entries.append(Change(ticket.id, now_ms, made.automatic, source_type="CALCULATED"))
    return entries


def _result(portal: Portal, one: Input, made: Draft, call: Call) -> Json:
    ticket = one.ticket
    assert ticket is not None
    properties: dict[str, str | None] = {**values_of(portal, ticket, _SET_BY_PORTAL), **made.echo}
    if portal.switches.cleared_in_answer == "null":
        properties = {name: value or None for name, value in properties.items()}
    body = record(portal, ticket, properties)
    if one.trace:
        body["objectWriteTraceId"] = one.trace
    if made.warnings and call.dated_2026_09 and portal.switches.date_warnings == "told":
        body["warnings"] = made.warnings
    return body

"""Updates of tickets: many (`batch/update`) and one (`PATCH`); what the portal refuses, and what it changes by itself.

With a trace ID of its own on every input, each input stands for itself; without, one bad input refuses them all and
nothing is written. Tickets that are not there are errors of their rows in both cases.
Source: HubSpot, tickets API reference, and answers as recorded; what is not known is a switch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import orjson

from importer.sandbox.answers import (
    Call,
    Json,
    Refused,
    Reply,
    error_body,
    objects,
    refuse,
    required_fields,
    wrong_type,
)
from importer.sandbox.options import Switches
from importer.sandbox.portal import OWNER, PIPELINE, STAGE, Definitions, Portal
from importer.sandbox.store import Change, Ticket
from importer.sandbox.tickets import (
    MAX_INPUTS,
    batch_reply,
    check_unique_property,
    is_id,
    not_found_errors,
    record,
    refuse_missing,
    single_not_found,
    values_of,
)
from importer.sandbox.values import ValueRefused, apply_rules, iso, joined, parse_ms

Values = dict[str, str]


def effects(before: Values, changed: Values, *, known: Definitions, switches: Switches, now_ms: int) -> Values:
    """Further values to set ("" clears), given the values before and those that change.

    Source: HubSpot's default ticket properties: closing sets `closed_date`, a new owner moves
    `hubspot_owner_assigneddate` and `hubspot_team_id`, every stage has its dates of entry and exit.
    """
    more: Values = {}
    if OWNER in changed:
        owner = changed[OWNER]
        more["hubspot_owner_assigneddate"] = iso(now_ms) if owner else ""
        more["hubspot_team_id"] = known.teams.get(owner, "")
        more["hs_all_owner_ids"] = owner
    if STAGE in changed:
        more |= _stage_moved(before, changed, known=known, switches=switches, now=iso(now_ms))
    return {name: value for name, value in more.items() if value or name in before}


def _stage_moved(before: Values, changed: Values, *, known: Definitions, switches: Switches, now: str) -> Values:
    old, new = before.get(STAGE, ""), changed[STAGE]
    more = {
        name: now
        for name in (
            f"hs_v2_date_entered_{new}",
            f"hs_date_entered_{new}",
            f"hs_v2_date_exited_{old}",
            f"hs_date_exited_{old}",
        )
        if name in known.properties
    }
    was_closed, is_closed = old in known.closed, new in known.closed
    if is_closed and not was_closed:
        if not changed.get("closed_date") or switches.closed_date_sent == "loses":
            more["closed_date"] = now
        closed_ms = parse_ms(more.get("closed_date") or changed["closed_date"]) or 0
        created_ms = parse_ms(changed.get("createdate") or before.get("createdate", "")) or closed_ms
        more["hs_last_closed_date"] = now
        more["time_to_close"] = str(max(0, closed_ms - created_ms))
    if was_closed and not is_closed:
        more["hs_ticket_reopened_at"] = now
        if switches.reopened_closed_date == "cleared" and "closed_date" not in changed:
            more |= {"closed_date": "", "time_to_close": ""}
    return more


Claims = dict[tuple[str, str], int]

NO_PROPERTIES = "No properties found to update, please provide at least one."


@dataclass(slots=True)
class Refusal:
    """Why a ticket's values are not taken: a list of faulty values, or one sentence."""

    faults: list[Json] = field(default_factory=list)
    """`{"isValid", "message", "error", "name"}` each, as the answer's message lists them."""
    sentence: str = ""
    context: dict[str, list[str]] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The answer's `message`."""
        return self.sentence or f"Property values were not valid: {orjson.dumps(self.faults).decode()}"

    def body(self) -> Json:
        """The 400 for the whole request."""
        errors = [
            {"message": fault["message"], "code": fault["error"], "context": {"propertyName": [fault["name"]]}}
            for fault in self.faults
        ]
        return error_body(self.message, context=self.context, errors=errors)

    def entry(self, trace: str) -> Json:
        """The entry among a batch's `errors`."""
        context = self.context | ({"objectWriteTraceId": [trace]} if trace else {})
        return {"status": "error", "category": "VALIDATION_ERROR", "message": self.message, "context": context}


@dataclass(slots=True)
class Draft:
    """What will change on one ticket. Values are as kept; "" clears."""

    echo: dict[str, str]
    """What was sent, as the answer gives it back."""
    changed: dict[str, str] = field(default_factory=dict)
    automatic: dict[str, str] = field(default_factory=dict)
    warnings: list[Json] = field(default_factory=list)
    released: list[tuple[str, str, int]] = field(default_factory=list)
    held: list[tuple[str, str, int]] = field(default_factory=list)

    def apply(self, ticket: Ticket, now_ms: int) -> None:
        """Change the ticket in memory. Nothing to change leaves `updated` as it was."""
        if not self.changed:
            return
        for name, value in chain(self.changed.items(), self.automatic.items()):
            if value:
                ticket.properties[name] = value
            else:
                ticket.properties.pop(name, None)
        ticket.updated = max(now_ms, ticket.updated)


def draft(
    portal: Portal, call: Call, ticket: Ticket, sent: Mapping[str, str], *, claims: Claims, now_ms: int
) -> Draft | Refusal:
    """What `sent` comes to on this ticket. `claims` holds the unique values that change hands in this request."""
    if not sent:
        return Refusal(sentence=NO_PROPERTIES, context={"properties": ["{}"]})
    known, held, is_dated = portal.definitions, ticket.properties, call.dated_2026_09
    taken, faults = _take(portal, call, ticket, sent, now_ms)
    faults += _place_in_pipeline(portal, held, taken, known)
    if is_dated:
        faults += _conditions(known, held | taken, sent)
    if faults and portal.switches.error_extras:
        number = known.account["portalId"]
        faults = [one | {"localizedErrorMessage": one["message"], "portalId": number} for one in faults]
    if faults:
        return Refusal(faults=faults)
    made = Draft(echo=_echo(known, sent, taken, tidy=is_dated))
    made.changed = {name: value for name, value in taken.items() if value != held.get(name, "")}
    conflict = _claim(portal, ticket, made, claims)
    if conflict:
        return conflict
    if made.changed:
        made.automatic = effects(held, made.changed, known=known, switches=portal.switches, now_ms=now_ms)
    if is_dated:
        made.warnings = [
            _tidied(name, value, taken[name])
            for name, value in sent.items()
            if value and value != taken[name] and known.properties[name]["type"] == "date"
        ]
    return made


def _take(
    portal: Portal, call: Call, ticket: Ticket, sent: Mapping[str, str], now_ms: int
) -> tuple[dict[str, str], list[Json]]:
    """Each value as it will be kept, and the faults of those that are not taken."""
    known, faults = portal.definitions, []
    acceptors = known.tidy_acceptors if call.dated_2026_09 else known.acceptors
    visible, plain = known.visible(call.scopes), known.plain
    taken: dict[str, str] = {}
    for name, value in sent.items():
        try:
            if name in plain:
                taken[name] = acceptors[name](value) if value else ""
            elif name not in visible:
                faults.append(_fault("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist', name))
            elif name in known.read_only:
                faults.append(_fault("READ_ONLY_VALUE", known.read_only[name], name))
            elif not value:
                taken[name] = ""
            else:
                kept = acceptors[name](value)
                if name in known.rules:
                    kept = apply_rules(known.rules[name], kept, now_ms=now_ms, zone=known.zone)
                taken[name] = _special(portal, ticket, name, kept)
        except ValueRefused as refused:
            faults.append(_fault(refused.code, refused.text, name))
    return taken, faults


def _special(portal: Portal, ticket: Ticket, name: str, kept: str) -> str:
    """A value with what it adds to the current one, and as unique properties keep it."""
    known = portal.definitions
    if kept.startswith(";") and known.properties[name]["fieldType"] == "checkbox":
        held = ticket.properties.get(name, "")
        return joined([*(held.split(";") if held else []), *kept[1:].split(";")])
    if portal.switches.lower_unique and name in known.unique:
        return kept.lower()
    return kept


def _fault(code: str, text: str, name: str) -> Json:
    return {"isValid": False, "message": text, "error": code, "name": name}


def _place_in_pipeline(
    portal: Portal, before: Mapping[str, str], taken: dict[str, str], known: Definitions
) -> list[Json]:
    """Faults of pipeline and stage, which must fit each other; where a switch says so, the missing one is added."""
    pipeline, stage = taken.get(PIPELINE), taken.get(STAGE)
    if pipeline is None and stage is None:
        return []
    faults = [
        _fault("MISSING_REQUIRED_PROPERTY", f'"{name}" is required and cannot be empty.', name)
        for name in (PIPELINE, STAGE)
        if taken.get(name) == ""
    ]
    if faults:
        return faults
    if stage in (None, before.get(STAGE)) and pipeline in (None, before.get(PIPELINE)):
        return []
    if pipeline is not None and pipeline not in known.first_stages:
        listed = ", ".join(known.first_stages)
        text = f"{pipeline} is not a valid pipeline ID. Valid options are: [{listed}]"
        return [_fault("INVALID_OPTION", text, PIPELINE)]
    if stage is None:
        return _pipeline_alone(portal, before, taken, known)
    return _stage_in_pipeline(portal, before, taken, known)


def _pipeline_alone(portal: Portal, before: Mapping[str, str], taken: dict[str, str], known: Definitions) -> list[Json]:
    """Faults of a pipeline without a stage: the ticket's own does not fit."""
    if portal.switches.pipeline_alone == "reset":
        taken[STAGE] = known.first_stages[taken[PIPELINE]]
        return []
    return [_fault("INVALID_OPTION", _stage_text(before.get(STAGE, ""), known), STAGE)]


def _stage_in_pipeline(
    portal: Portal, before: Mapping[str, str], taken: dict[str, str], known: Definitions
) -> list[Json]:
    """Faults of a stage that is unknown, locked, or not one of the ticket's pipeline to be."""
    stage = taken[STAGE]
    home = known.stages.get(stage)
    if home is not None and stage in known.locked and stage != before.get(STAGE):
        return [_fault("READ_ONLY_VALUE", f"Stage {stage} is locked for changes.", STAGE)]
    if home is not None and PIPELINE not in taken and portal.switches.foreign_stage == "move":
        taken[PIPELINE] = home
    if home is None or home != taken.get(PIPELINE, before.get(PIPELINE)):
        return [_fault("INVALID_OPTION", _stage_text(stage, known), STAGE)]
    return []


def _stage_text(stage: str, known: Definitions) -> str:
    by_pipeline: dict[str, list[str]] = {}
    for one, pipeline in known.stages.items():
        by_pipeline.setdefault(pipeline, []).append(one)
    options = ", ".join(f"pipelineId={name} : [{', '.join(stages)}]" for name, stages in by_pipeline.items())
    return f"{stage} is not a valid pipeline stage ID. Valid options are: {options}"


def _conditions(known: Definitions, after: Mapping[str, str], sent: Mapping[str, str]) -> list[Json]:
    """Faults of properties that others require; only where this update touches one of them."""
    faults = []
    for condition in known.conditions:
        holds = all(after.get(name) == value for name, value in condition["if"].items())
        if not holds or sent.keys().isdisjoint([*condition["if"], *condition["required"]]):
            continue
        controlling = ", ".join(condition["if"])
        faults += [
            _fault(
                "MISSING_CONDITIONAL_REQUIRED_PROPERTY", f'"{name}" is required by the value of {controlling}.', name
            )
            for name in condition["required"]
            if not after.get(name)
        ]
    return faults


def _echo(known: Definitions, sent: Mapping[str, str], taken: dict[str, str], *, tidy: bool) -> dict[str, str]:
    """Values as the answer gives them back: as kept, but dates as sent, which 2026-09 tidies."""
    echo = dict(taken)
    if not tidy:
        echo |= {name: sent[name] for name in known.dates.intersection(sent)}
    return echo


def _tidied(name: str, raw: str, kept: str) -> Json:
    return {
        "category": "PROPERTY_VALUE_NORMALIZED",
        "message": f'The value of "{name}" was normalized.',
        "context": {"propertyName": [name], "rawValue": [raw], "normalizedValue": [kept]},
    }


def _claim(portal: Portal, ticket: Ticket, made: Draft, claims: Claims) -> Refusal | None:
    """Note which unique values change hands; the refusal where another ticket holds one."""
    known = portal.definitions
    if known.unique.isdisjoint(made.changed):
        return None
    for name in [name for name in made.changed if name in known.unique]:
        value, old = made.changed[name], ticket.properties.get(name, "")
        compared, compared_old = portal.unique_key(value), portal.unique_key(old)
        if value:
            holder = claims.get((name, compared))
            if holder is None:
                holder = portal.holders(name, [value]).get(compared, 0)
            if holder not in (0, ticket.id):
                return Refusal(sentence=_taken_text(known, ticket.id, name, value, holder))
            made.held.append((name, value, ticket.id))
            claims[name, compared] = ticket.id
        if old and old != value:
            made.released.append((name, old, ticket.id))
            if compared_old != compared:
                claims[name, compared_old] = 0
    return None


def _taken_text(known: Definitions, ticket: int, name: str, value: str, holder: int) -> str:
    return (
        f"Cannot set PropertyValueCoordinates{{portalId={known.account['portalId']}, "
        f"objectTypeId=ObjectTypeId{{legacyObjectType=TICKET}}, propertyName={name}, value={value}}} on {ticket}. "
        f"{holder} already has that value."
    )


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

"""From the values sent for one ticket to what will change on it, or to the portal's refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

import orjson

from importer.sandbox.answers import Call, Json, error_body
from importer.sandbox.definitions import PIPELINE, STAGE, Definitions
from importer.sandbox.effects import effects
from importer.sandbox.portal import Portal
from importer.sandbox.rules import apply_rules
from importer.sandbox.store import Ticket
from importer.sandbox.values import ValueRefused, joined

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

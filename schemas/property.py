"""A portal's tickets as its definitions describe them: properties, options, rules, pipelines, owners.

Built from the API's own bodies (GET /crm/v3/properties/tickets, /crm/v3/pipelines/tickets, /crm/v3/owners,
/crm/v3/property-validations/0-5, /account-info/v3/details). Fields may be missing there, and mean false or empty then.
Source: HubSpot Properties API, Pipelines API, Owners API, Property validations API, Account information API.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.ticket_object import TICKET

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of an enumeration. `value` goes over the wire; `label` is what people see."""

    value: str
    label: str
    hidden: bool = False
    other_labels: tuple[str, ...] = ()
    """Its labels in other languages."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Its label, and those in other languages."""
        return self.label, *self.other_labels


@dataclass(frozen=True, slots=True)
class Rule:
    """One validation rule that the portal's admins set on a property."""

    type: str
    arguments: tuple[str, ...] = ()
    normalizes: bool = False
    """The portal adjusts the value (trims, changes case) before it judges."""


@dataclass(frozen=True, slots=True)
class Property:
    """One field of a ticket, as the portal defines it."""

    name: str
    label: str
    type: str
    field_type: str
    options: tuple[Option, ...] = ()
    group: str = ""
    description: str = ""
    unique: bool = False
    read_only: bool = False
    """The portal refuses values: read-only or calculated."""
    hidden: bool = False
    external_options: bool = False
    """Options are kept elsewhere; an empty list does not mean that nothing is allowed."""
    referenced_object: str = ""
    number_hint: str = ""
    text_hint: str = ""
    currency_symbol: bool = False
    sensitivity: str = "non_sensitive"
    rules: tuple[Rule, ...] = ()
    other_labels: tuple[str, ...] = ()
    """Its labels in other languages than that of `label`."""
    has_more_options: bool = False
    """Whether `options` are those that can be found out of a list that is kept elsewhere: teams, users."""
    garbled: str = ""
    """The field of the definition that is not as the API gives it, so that values cannot be checked; "" for none."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Its label, and those in other languages."""
        return self.label, *self.other_labels

    @property
    def is_owner(self) -> bool:
        """Whether values are owner IDs."""
        return self.referenced_object == "OWNER"

    @property
    def is_multiple(self) -> bool:
        """Whether a value holds several options joined by `;`."""
        return self.type == "enumeration" and self.field_type == "checkbox"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pipeline; `locked` ones cannot be written."""

    id: str
    label: str
    closed: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One ticket pipeline with its stages in display order."""

    id: str
    label: str
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Owner:
    """One user or queue that may own tickets."""

    id: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    archived: bool = False

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class PortalSchema:
    """Everything that rows are checked against."""

    properties: Mapping[str, Property]
    pipelines: tuple[Pipeline, ...] = ()
    owners: tuple[Owner, ...] = ()
    owners_known: bool = True
    """False where the owners could not be fetched: then owner IDs are taken as they stand."""
    time_zone: str = "UTC"
    currency: str = ""
    portal_id: str = ""
    ui_domain: str = "app.hubspot.com"
    bodies: Json = field(default_factory=dict, repr=False, compare=False)
    """The API's bodies this was made from, by name: what a saved schema holds."""

    def pipeline(self, pipeline_id: str) -> Pipeline | None:
        """Return the pipeline with this ID."""
        return next((one for one in self.pipelines if one.id == pipeline_id), None)

    def stage_label(self, stage_id: str) -> str:
        """Return `Stage (Pipeline)` for a stage ID, or the ID where it is unknown."""
        for pipeline in self.pipelines:
            for stage in pipeline.stages:
                if stage.id == stage_id:
                    return f"{stage.label} ({pipeline.label})"
        return stage_id

    def label_of(self, name: str, value: str) -> str:
        """Return `value` of property `name` as people read it: option, owner, pipeline and stage by their labels."""
        if not value:
            return value
        if name == TICKET.stage:
            return self.stage_label(value)
        if name == TICKET.pipeline:
            pipeline = self.pipeline(value)
            return pipeline.label if pipeline else value
        definition = self.properties.get(name)
        if definition is None:
            return value
        if definition.is_owner:
            owner = next((one for one in self.owners if one.id == value), None)
            return (owner.name or owner.email or value) if owner else value
        if definition.options:
            labels = {option.value: option.label for option in definition.options}
            return "; ".join(labels.get(part, part) for part in value.split(";"))
        return value


def read_property(payload: Json) -> Property:
    """Return the property that one definition of the Properties API describes; `garbled` where it does so badly."""
    garbled = _garbled(payload)
    name, label = str(payload["name"]), payload.get("label")
    return Property(
        name=name,
        label=label if isinstance(label, str) and label else name,
        type="" if garbled else payload["type"],
        field_type="" if garbled else payload.get("fieldType") or "",
        options=()
        if garbled
        else tuple(
            Option(str(one["value"]), str(one.get("label") or one["value"]), bool(one.get("hidden")))
            for one in payload.get("options") or ()
        ),
        group=str(payload.get("groupName") or ""),
        description=str(payload.get("description") or ""),
        unique=bool(payload.get("hasUniqueValue")) and not garbled,
        read_only=_is_read_only(payload),
        hidden=bool(payload.get("hidden")),
        external_options=bool(payload.get("externalOptions")),
        referenced_object=str(payload.get("referencedObjectType") or ""),
        number_hint=str(payload.get("numberDisplayHint") or ""),
        text_hint=str(payload.get("textDisplayHint") or ""),
        currency_symbol=bool(payload.get("showCurrencySymbol")),
        sensitivity=str(payload.get("dataSensitivity") or "non_sensitive"),
        garbled=garbled,
    )


def _is_read_only(payload: Json) -> bool:
    """Return whether the portal refuses values; some calculated properties show it by their field type alone."""
    metadata: Json = _part(payload, "modificationMetadata")
    is_calculated = payload.get("calculated") or str(payload.get("fieldType")).startswith("calculation_")
    return bool(metadata.get("readOnlyValue") or is_calculated)


def _garbled(payload: Json) -> str:
    """Return the name of the first field, of those that checks depend on, that is of another kind than the API's."""
    if not isinstance(payload.get("type"), str) or not payload["type"]:
        return "type"
    if not isinstance(payload.get("fieldType") or "", str):
        return "fieldType"
    options = payload.get("options")
    fine = options is None or isinstance(options, list)
    if not fine or not all(isinstance(one, dict) and isinstance(one.get("value"), str | int) for one in options or ()):
        return "options"
    return ""


def _part(body: Json, name: str) -> Json:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _read_rules(payload: Json) -> dict[str, tuple[Rule, ...] | None]:
    """Return the rules of each property that has some; None where they are not as the API gives them."""
    found: dict[str, tuple[Rule, ...] | None] = {}
    for entry in payload.get("results") or ():
        rules = entry.get("propertyValidationRules") or ()
        fine = isinstance(rules, list | tuple) and all(_is_rule(rule) for rule in rules)
        found[str(entry["propertyName"])] = (
            tuple(
                Rule(
                    rule["ruleType"],
                    tuple(str(argument) for argument in rule.get("ruleArguments") or ()),
                    bool(rule.get("shouldApplyNormalization")),
                )
                for rule in rules
            )
            if fine
            else None
        )
    return found


def _is_rule(rule: Any) -> bool:
    if not isinstance(rule, dict) or not isinstance(rule.get("ruleType"), str):
        return False
    return isinstance(rule.get("ruleArguments") or [], list)


def _with_rules(one: Property, rules: tuple[Rule, ...] | None) -> Property:
    if rules is None:
        return replace(one, garbled=one.garbled or "propertyValidationRules")
    return replace(one, rules=rules)


def _in_language(one: Property, payload: Json, *, is_shown: bool) -> Property:
    """Return a property with the labels that its definition has in another language too: shown, or fitting alone."""
    options = () if _garbled(payload) else payload.get("options") or ()
    labels = {str(option["value"]): option.get("label") for option in options}
    label, other_labels = _relabelled(one, payload.get("label"), is_shown=is_shown)
    translated = []
    for option in one.options:
        shown, others = _relabelled(option, labels.get(option.value), is_shown=is_shown)
        translated.append(replace(option, label=shown, other_labels=others))
    return replace(one, label=label, other_labels=other_labels, options=tuple(translated))


def _relabelled(one: Property | Option, label: Any, *, is_shown: bool) -> tuple[str, tuple[str, ...]]:
    further = (label,) if isinstance(label, str) and label.strip() else ()
    first, *others = dict.fromkeys((*further, *one.labels) if is_shown else (*one.labels, *further))
    return first, tuple(others)


def _read_pipelines(payload: Json) -> tuple[Pipeline, ...]:
    def in_order(entries: Iterable[Json]) -> list[Json]:
        live = [entry for entry in entries if not entry.get("archived")]
        return sorted(live, key=lambda entry: int(entry.get("displayOrder") or 0))

    return tuple(
        Pipeline(
            str(one["id"]),
            str(one.get("label") or one["id"]),
            tuple(
                Stage(
                    str(stage["id"]),
                    str(stage.get("label") or stage["id"]),
                    closed=_is_closed(stage.get("metadata") or {}),
                    locked=stage.get("writePermissions") in {"READ_ONLY", "INTERNAL_ONLY"},
                )
                for stage in in_order(one.get("stages") or ())
            ),
        )
        for one in in_order(payload.get("results") or ())
    )


def _is_closed(metadata: Json) -> bool:
    return metadata.get("ticketState") == "CLOSED" or str(metadata.get("isClosed")).lower() == "true"


def _read_owners(payload: Json) -> tuple[Owner, ...]:
    return tuple(
        Owner(
            str(one["id"]),
            str(one.get("email") or ""),
            str(one.get("firstName") or ""),
            str(one.get("lastName") or ""),
            bool(one.get("archived")),
        )
        for one in payload.get("results") or ()
    )


_TEAMS, _USERS = ("hs_shared_team_ids", "hs_owning_teams"), ("hs_shared_user_ids",)
"""Properties of ticket objects whose options are the account's teams and users; the API lists them nowhere else than
among the owners (Owners API: `teams`, `userId`), without those that no owner belongs to."""


def _with_owners_options(properties: dict[str, Property], payload: Json) -> None:
    """Give properties of teams and users the options that the owners name."""
    teams: dict[str, Option] = {}
    users: dict[str, Option] = {}
    for one in payload.get("results") or ():
        for team in one.get("teams") or ():
            teams[str(team["id"])] = Option(str(team["id"]), str(team.get("name") or team["id"]))
        mail, name = str(one.get("email") or ""), f"{one.get('firstName') or ''} {one.get('lastName') or ''}".strip()
        if number := one.get("userId") or one.get("userIdIncludingInactive"):
            labels = (name or mail, mail, f"{name} ({mail})")
            users[str(number)] = Option(str(number), labels[0], bool(one.get("archived")), labels[1:])
    for names, options in ((_TEAMS, teams), (_USERS, users)):
        for name in names:
            definition = properties.get(name)
            if definition is not None and definition.external_options and not definition.options and options:
                properties[name] = replace(definition, options=tuple(options.values()), has_more_options=True)


def read_schema(bodies: Json) -> PortalSchema:
    """Turn the portal's bodies into the schema that rows are checked against.

    bodies: `properties` (needed), `pipelines`, `owners`, `validations`: {"results": [...]}; `account`: the account
    details; `translations`: language -> the properties with labels in it; `language`: the one that people see.
    A missing body, or no owner at all, means that the portal withheld them: owners by ID alone, no rules, UTC.
    Raises KeyError or TypeError for a body of another shape; the caller knows where it came from.
    """
    rules = _read_rules(bodies.get("validations") or {})
    definitions = (
        read_property(one)
        for one in bodies["properties"]["results"]
        if isinstance(one["name"], str) and not one.get("archived")
    )
    properties = {one.name: _with_rules(one, rules.get(one.name, ())) for one in definitions}
    for language, body in (bodies.get("translations") or {}).items():
        for payload in body["results"]:
            if (one := properties.get(payload["name"])) is not None:
                properties[one.name] = _in_language(one, payload, is_shown=language == bodies.get("language"))
    _with_owners_options(properties, bodies.get("owners") or {})
    account: Json = bodies.get("account") or {}
    return PortalSchema(
        properties=properties,
        pipelines=_read_pipelines(bodies.get("pipelines") or {}),
        owners=_read_owners(bodies.get("owners") or {}),
        owners_known=bool((bodies.get("owners") or {}).get("results")),
        time_zone=str(account.get("timeZone") or "UTC"),
        currency=str(account.get("companyCurrency") or ""),
        portal_id=str(account.get("portalId") or ""),
        ui_domain=str(account.get("uiDomain") or "app.hubspot.com"),
        bodies=bodies,
    )

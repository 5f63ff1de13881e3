"""Endpoints of everything but tickets: properties, pipelines, owners, validation rules, account, usage."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from importer.sandbox.access import demand
from importer.sandbox.answers import Call, Json, Reply, error_body, refuse
from importer.sandbox.portal import Portal, sensitivity_scope
from importer.sandbox.tickets import cursor, next_page, page_limit
from importer.sandbox.values import iso

MAX_OWNERS = 500


def _not_found(message: str) -> Reply:
    return Reply(404, error_body(message, category="OBJECT_NOT_FOUND"))


def _marked(portal: Portal, body: Json) -> Json:
    return body | {"futureField": {"of": "a later version"}} if portal.switches.unknown_fields else body


# Properties -----------------------------------------------------------------------------------------------------


@cache
def labels(locale: str, kind: str = "labels") -> Json:
    """Labels of default properties (`option_labels`: of their options) in a language, by name; empty for others."""
    if locale.lower().replace("_", "-") not in ("pt-br", "pt"):
        return {}
    text = resources.files("importer.sandbox").joinpath(f"data/{kind}_pt_br.json").read_text(encoding="utf-8")
    loaded: Json = json.loads(text)
    return loaded


def list_properties(portal: Portal, call: Call) -> Reply:
    """GET /crm/v3/properties/tickets: those of one sensitivity, archived ones only with `archived=true`."""
    level = call.query.get("dataSensitivity", "non_sensitive")
    if level not in ("non_sensitive", "sensitive", "highly_sensitive"):
        raise refuse(400, f"Invalid dataSensitivity: {level}")
    needed = sensitivity_scope({"dataSensitivity": level})
    demand(call.scopes, [needed] if needed and portal.switches.sensitive_definitions == "scoped" else [])
    wanted = set(call.names("properties"))
    found = [
        _property(portal, call, body)
        for name, body in sorted(portal.definitions.properties.items())
        if body.get("dataSensitivity", "non_sensitive") == level
        and bool(body.get("archived")) == call.flag("archived")
        and (not wanted or name in wanted)
    ]
    return Reply(200, {"results": found})


def one_property(portal: Portal, call: Call) -> Reply:
    """GET /crm/v3/properties/tickets/{name}."""
    name = call.params["name"]
    body = portal.definitions.properties.get(name)
    is_scoped = portal.switches.sensitive_definitions == "scoped"
    hidden = is_scoped and body is not None and sensitivity_scope(body) not in {"", *call.scopes}
    if body is None or hidden or bool(body.get("archived")) != call.flag("archived"):
        return _not_found(f"No property with name {name} exists")
    return Reply(200, _property(portal, call, body))


def _property(portal: Portal, call: Call, body: Json) -> Json:
    body = _translated(body, call.query.get("locale", ""))
    shows = portal.switches.display_hints
    if shows == "never" or (shows == "by_version" and call.dated_2026_09):
        body = {name: value for name, value in body.items() if name not in _HINTS}
    return _marked(portal, body)


def _translated(body: Json, locale: str) -> Json:
    """A definition with labels in a language; only those of HubSpot's own properties are in any but their own."""
    if not body.get("hubspotDefined") or not labels(locale):
        return body
    texts = labels(locale, "option_labels").get(body["name"], {})
    options = [one | {"label": texts.get(one["value"], one["label"])} for one in body.get("options") or ()]
    return body | {"label": labels(locale).get(body["name"], body["label"]), "options": options}


_HINTS = {"numberDisplayHint", "textDisplayHint", "currencyPropertyName"}
"""What the description of 2026-09 lacks."""


# Pipelines ------------------------------------------------------------------------------------------------------


def list_pipelines(portal: Portal, _call: Call) -> Reply:
    """GET /crm/v3/pipelines/tickets: archived pipelines and stages are left out."""
    live = [_live(body) for body in portal.definitions.pipelines if not body["archived"]]
    return Reply(200, {"results": [_marked(portal, body) for body in live]})


def _live(pipeline: Json) -> Json:
    return pipeline | {"stages": [stage for stage in pipeline["stages"] if not stage["archived"]]}


def one_pipeline(portal: Portal, call: Call) -> Reply:
    """GET /crm/v3/pipelines/tickets/{pipeline}, `/stages` or `/stages/{stage}` beneath it."""
    found = [body for body in portal.definitions.pipelines if body["id"] == call.params["pipeline"]]
    if not found:
        return _not_found(f"Pipeline {call.params['pipeline']} does not exist")
    if call.path.rstrip("/").endswith("/stages"):
        return Reply(200, {"results": _live(found[0])["stages"]})
    if "stage" in call.params:
        stages = [stage for stage in found[0]["stages"] if stage["id"] == call.params["stage"]]
        return Reply(200, stages[0]) if stages else _not_found(f"Stage {call.params['stage']} does not exist")
    return Reply(200, _marked(portal, _live(found[0])))


# Owners ---------------------------------------------------------------------------------------------------------


def list_owners(portal: Portal, call: Call) -> Reply:
    """GET /crm/v3/owners: page by page; deactivated ones only with `archived=true`."""
    limit = page_limit(call, default=100, most=MAX_OWNERS)
    after, mail = cursor(call.query.get("after")), call.query.get("email", "").lower()
    owners = sorted(portal.definitions.owners, key=lambda owner: int(owner["id"]))
    found = [
        owner
        for owner in owners
        if owner["archived"] == call.flag("archived")
        and int(owner["id"]) > after
        and (not mail or owner.get("email", "").lower() == mail)
    ]
    body: Json = {"results": [_marked(portal, owner) for owner in found[:limit]]}
    if len(found) > limit:
        body["paging"] = next_page(call, found[limit - 1]["id"])
    return Reply(200, body)


def one_owner(portal: Portal, call: Call) -> Reply:
    """GET /crm/v3/owners/{id}; `idProperty=userId` looks among the users' numbers."""
    by = call.query.get("idProperty", "id")
    for owner in portal.definitions.owners:
        if str(owner.get(by)) == call.params["id"] and owner["archived"] == call.flag("archived"):
            return Reply(200, _marked(portal, owner))
    return _not_found(f"Owner {call.params['id']} does not exist")


# Validation rules -----------------------------------------------------------------------------------------------


def list_rules(portal: Portal, _call: Call) -> Reply:
    """GET /crm/v3/property-validations/0-5: an entry for each property that has rules."""
    entries = [
        {"propertyName": name, "propertyValidationRules": rules} for name, rules in portal.definitions.rules.items()
    ]
    return Reply(200, {"results": entries})


def one_rule(portal: Portal, call: Call) -> Reply:
    """GET /crm/v3/property-validations/0-5/{name}."""
    rules = portal.definitions.rules.get(call.params["name"], [])
    kind = call.params.get("rule")
    if kind is None:
        return Reply(200, {"results": rules})
    for rule in rules:
        if rule["ruleType"] == kind:
            return Reply(200, rule)
    return _not_found(f"No rule {kind} for {call.params['name']}")


# Account --------------------------------------------------------------------------------------------------------


def account(portal: Portal, _call: Call) -> Reply:
    """GET /account-info/v3/details: the UTC offset is today's."""
    body = portal.definitions.account
    offset = datetime.fromtimestamp(portal.now_ms() / 1000, ZoneInfo(body["timeZone"])).utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    text = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    return Reply(200, body | {"utcOffset": text, "utcOffsetMilliseconds": minutes * 60_000})


def usage(portal: Portal, _call: Call) -> Reply:
    """GET /account-info/v3/api-usage/daily/private-apps."""
    now_ms = portal.now_ms()
    limit, used, midnight = portal.limiter.usage(now_ms, portal.definitions.zone)
    entry = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": limit,
        "currentUsage": used,
        "collectedAt": iso(now_ms),
        "fetchStatus": "SUCCESS",
        "resetsAt": iso(int(midnight.astimezone(UTC).timestamp()) * 1000),
    }
    return Reply(200, {"results": [entry]})

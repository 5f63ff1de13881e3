"""Orders to the served sandbox, for tests in other processes. No token is asked for; HubSpot has nothing like it.

An order names this machine as its `Host`, and has `Content-Type: application/json`.

GET, POST, DELETE /sandbox/faults             faults asked for; ask for one or several (`faults`); forget them
GET, POST  /sandbox/switches                  behaviours (`options.Switches`); set some of them
GET, POST  /sandbox/limits                    latency and limits (`options.Limits`); set some of them
GET, DELETE /sandbox/requests                 the API calls so far: number, method, path, inputs, status, at, ms,
                                              fault; forget them
GET        /sandbox/tickets                   all tickets raw: `{"id", "created", "updated", "archived",
                                              "merged_into", "properties"}`; `?ids=1,2` for some
POST       /sandbox/tickets                   a new ticket: `{"properties", "id"?}`
GET        /sandbox/tickets/{id}              one ticket raw, with its `history`, newest first
POST       /sandbox/tickets/{id}              a change behind the API's back, unchecked: `{"properties", "at"?,
                                              "user"?, "source_type"?, "automatic"?}`; `at` ISO text or milliseconds
POST       /sandbox/tickets/{id}/archive      archive it; `/restore` fetches it back
POST       /sandbox/merge                     `{"primary", "other"}`; answers the new ticket raw
POST       /sandbox/tokens                    `{"token", "scopes"?, "expired_at"?}`; DELETE with `?token=` revokes
POST       /sandbox/definitions/{kind}        add or replace a `property`, `pipeline`, `owner`, `rule`, `condition`,
                                              `account`, in the API's own shape
DELETE     /sandbox/definitions/{kind}/{name} remove one
POST       /sandbox/clock                     `{"shift_ms"}` moves the clock, `{"now"}` stops it there, `{}` sets
                                              it right
POST       /sandbox/reset                     the portal as seeded: `{"tickets"?}`
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from importer.sandbox import tickets
from importer.sandbox.access import ALL_SCOPES, Token
from importer.sandbox.fault_kinds import KINDS
from importer.sandbox.portal import Portal
from importer.sandbox.seed import reseed
from importer.sandbox.store import Change, Ticket
from importer.sandbox.tickets import find, first_change
from importer.sandbox.values import iso, parse_ms

Body = Any
Order = Callable[[Portal, Request, Body], Any]

_NAMED_BY = {"property": "name", "pipeline": "id", "owner": "id", "rule": "propertyName"}


def control_routes(portal: Portal) -> list[Route]:
    """The routes of the orders above."""
    return [Route(f"/sandbox/{path}", _run(portal, order), methods=[verb]) for verb, path, order in _ORDERS]


def _run(portal: Portal, order: Order) -> Callable[[Request], Any]:
    async def run(request: Request) -> Response:
        if refused := _stranger(request):
            return refused
        content = await request.body()
        try:
            body = orjson.loads(content) if content else {}
            answer, status = order(portal, request, body), 200
        except (ValueError, KeyError, TypeError) as error:
            answer, status = {"error": f"{type(error).__name__}: {error}"}, 400
        return Response(orjson.dumps(answer), status, media_type="application/json")

    return run


def _stranger(request: Request) -> Response | None:
    """Refuse what a page of the web could send from this machine's browser.

    Such a page can lead a name of its own to this machine (then `Host` is that name), and can post plain forms and
    texts without asking first (then the type is not JSON's). Source: Fetch standard, CORS-safelisted requests.
    """
    host = request.url.hostname or ""
    if host not in {"127.0.0.1", "::1", "localhost"} and not host.endswith(".localhost"):
        return Response(orjson.dumps({"error": f"not for {host}"}), 403, media_type="application/json")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and kind != "application/json":
        text = "orders are application/json"
        return Response(orjson.dumps({"error": text}), 415, media_type="application/json")
    return None


def _faults(portal: Portal, _request: Request, _body: Body) -> Any:
    return [fault.report() for fault in portal.faults.all]


def _ask_faults(portal: Portal, _request: Request, body: Body) -> Any:
    wishes = body if isinstance(body, list) else [body]
    for wish in wishes:
        if wish["kind"] not in KINDS:
            raise ValueError(f"no such fault: {wish['kind']}; there are {', '.join(sorted(KINDS))}")
    return [portal.faults.ask(wish).report() for wish in wishes]


def _forget_faults(portal: Portal, _request: Request, _body: Body) -> Any:
    portal.faults.all.clear()
    return []


def _switches(portal: Portal, _request: Request, body: Body) -> Any:
    _set(portal.switches, body)
    return asdict(portal.switches)


def _limits(portal: Portal, _request: Request, body: Body) -> Any:
    _set(portal.limits, body)
    if "used_today" in body:
        portal.limiter.used_today = int(body["used_today"])
    return asdict(portal.limits) | {"used_today": portal.limiter.used_today}


def _set(options: Any, body: Body) -> None:
    known = {one.name for one in fields(options)}
    for name, value in body.items():
        if name not in known:
            raise ValueError(f"no such option: {name}; there are {', '.join(sorted(known))}")
        setattr(options, name, value)


def _requests(portal: Portal, _request: Request, _body: Body) -> Any:
    return list(portal.log)


def _forget_requests(portal: Portal, _request: Request, _body: Body) -> Any:
    portal.log.clear()
    return []


def _raw(ticket: Ticket) -> dict[str, Any]:
    return {
        "id": str(ticket.id),
        "created": iso(ticket.created),
        "updated": iso(ticket.updated),
        "archived": iso(ticket.archived) if ticket.archived is not None else None,
        "merged_into": str(ticket.merged_into) if ticket.merged_into is not None else None,
        "properties": ticket.properties,
    }


def _tickets(portal: Portal, request: Request, _body: Body) -> Any:
    ids = request.query_params.get("ids")
    if ids is not None:
        return [_raw(ticket) for ticket in find(portal, "", ids.split(",")).values()]
    return [_raw(ticket) for ticket in portal.store.all_tickets()]


def _one(portal: Portal, request: Request) -> Ticket:
    key = request.path_params["id"]
    ticket = find(portal, "", [key]).get(key)
    if ticket is None:
        raise ValueError(f"no such ticket: {key}")
    return ticket


def _ticket(portal: Portal, request: Request, _body: Body) -> Any:
    ticket = _one(portal, request)
    changes = portal.store.changes([ticket.id]).get(ticket.id, [])
    if not ticket.told:
        changes.append(first_change(ticket))
    told = [asdict(change) | {"at": iso(change.at)} for change in changes]
    return _raw(ticket) | {"history": told}


def _add_ticket(portal: Portal, _request: Request, body: Body) -> Any:
    now_ms = portal.now_ms()
    number = int(body.get("id") or portal.store.highest_id() + 3)
    values = {"hs_pipeline": "0", "hs_pipeline_stage": "1", "createdate": iso(now_ms)} | body["properties"]
    ticket = Ticket(number, now_ms, now_ms, None, None, 0, values)
    with portal.store.writing():
        portal.store.add_tickets([ticket])
        _hold(portal, ticket)
    return _raw(ticket)


def _change_ticket(portal: Portal, request: Request, body: Body) -> Any:
    at = body.get("at")
    at_ms = portal.now_ms() if at is None else parse_ms(str(at))
    if at_ms is None:
        raise ValueError(f"not a moment: {at}")
    with portal.store.writing():
        ticket = _one(portal, request)
        portal.store.tell([ticket])
        _release(portal, ticket)
        values = {name: "" if value is None else str(value) for name, value in body["properties"].items()}
        ticket.properties = {n: v for n, v in (ticket.properties | values).items() if v}
        ticket.updated = max(ticket.updated, at_ms)
        kind = "CALCULATED" if body.get("automatic") else body.get("source_type", "CRM_UI")
        user = body.get("user", None if body.get("automatic") else 9100003)
        source_id = f"userId:{user}" if user else None
        portal.store.add_changes([Change(ticket.id, at_ms, values, kind, source_id, user)])
        portal.store.save_tickets([ticket])
        _hold(portal, ticket)
    return _raw(ticket)


def _release(portal: Portal, ticket: Ticket) -> None:
    portal.store.drop_unique(
        (name, ticket.properties[name], ticket.id) for name in portal.definitions.unique if name in ticket.properties
    )


def _hold(portal: Portal, ticket: Ticket) -> None:
    portal.store.hold_unique(
        (name, ticket.properties[name], ticket.id) for name in portal.definitions.unique if name in ticket.properties
    )


def _archive(portal: Portal, request: Request, _body: Body) -> Any:
    restore = request.url.path.endswith("/restore")
    tickets.archive_tickets(portal, [request.path_params["id"]], restore=restore)
    return _raw(_one(portal, request))


def _merge(portal: Portal, _request: Request, body: Body) -> Any:
    keys = [str(body["primary"]), str(body["other"])]
    with portal.store.writing():
        found = find(portal, "", keys)
        merged = tickets.merge_tickets(portal, found[keys[0]], found[keys[1]])
    return _raw(merged)


def _token(portal: Portal, _request: Request, body: Body) -> Any:
    expired = body.get("expired_at")
    scopes = frozenset(body.get("scopes", ALL_SCOPES))
    portal.tokens[body["token"]] = Token(scopes, parse_ms(str(expired)) if expired else None)
    return {"token": body["token"], "scopes": sorted(scopes)}


def _revoke(portal: Portal, request: Request, _body: Body) -> Any:
    portal.tokens.pop(request.query_params["token"], None)
    return {}


def _define(portal: Portal, request: Request, body: Body) -> Any:
    kind = request.path_params["kind"]
    name = body[_NAMED_BY[kind]] if kind in _NAMED_BY else str(body.get("name", kind))
    with portal.store.writing():
        portal.store.define(kind, [(name, body)])
    portal.forget_definitions()
    return body


def _undefine(portal: Portal, request: Request, _body: Body) -> Any:
    with portal.store.writing():
        portal.store.undefine(request.path_params["kind"], request.path_params["name"])
    portal.forget_definitions()
    return {}


def _clock(portal: Portal, _request: Request, body: Body) -> Any:
    portal.clock.shift_ms = int(body.get("shift_ms", 0))
    portal.clock.frozen_ms = parse_ms(str(body["now"])) if body.get("now") else None
    return {"now": iso(portal.now_ms())}


def _reset(portal: Portal, _request: Request, body: Body) -> Any:
    reseed(portal.store, tickets=int(body.get("tickets", 0)))
    portal.forget_definitions()
    portal.faults.all.clear()
    portal.limiter.forget_windows()
    portal.log.clear()
    return {"tickets": portal.store.count()}


_ORDERS: list[tuple[str, str, Order]] = [
    ("GET", "faults", _faults),
    ("POST", "faults", _ask_faults),
    ("DELETE", "faults", _forget_faults),
    ("GET", "switches", _switches),
    ("POST", "switches", _switches),
    ("GET", "limits", _limits),
    ("POST", "limits", _limits),
    ("GET", "requests", _requests),
    ("DELETE", "requests", _forget_requests),
    ("GET", "tickets", _tickets),
    ("POST", "tickets", _add_ticket),
    ("GET", "tickets/{id}", _ticket),
    ("POST", "tickets/{id}", _change_ticket),
    ("POST", "tickets/{id}/archive", _archive),
    ("POST", "tickets/{id}/restore", _archive),
    ("POST", "merge", _merge),
    ("POST", "tokens", _token),
    ("DELETE", "tokens", _revoke),
    ("POST", "definitions/{kind}", _define),
    ("DELETE", "definitions/{kind}/{name}", _undefine),
    ("POST", "clock", _clock),
    ("POST", "reset", _reset),
]

"""The sandbox portal as an ASGI application: its addresses, and the way of a call from its token to its answer.

Under the API's addresses it answers as the portal does; under `/sandbox` it takes orders from tests (`control`).
Every endpoint has a v3 address and a dated one. Source: HubSpot API reference, v3, 2025-09, 2026-03 and 2026-09.
One event loop serves it; a call is handled without interruption between its first and its last word to the store.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from importer.sandbox import fault_kinds, metadata, search, tickets, updates
from importer.sandbox.access import OWNERS, TICKETS, admit, demand
from importer.sandbox.answers import Call, Json, Refused, Reply, correlation_id, error_body, html_page, refuse
from importer.sandbox.control import control_routes
from importer.sandbox.faults import Fault
from importer.sandbox.options import Limits, Switches
from importer.sandbox.portal import Portal
from importer.sandbox.store import Store
from importer.sandbox.values import iso

DATED_VERSIONS = ("2025-09", "2026-03", "2026-09")

MAX_ADDRESS = 16_200
"""Characters of a path with its query. That there is a bound is documented, its place is as observed."""

Handler = Callable[[Portal, Call], Reply]

_OBJECTS = (TICKETS,)
_SCHEMA = (TICKETS, "crm.schemas.tickets.read")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One verb of one address: `/crm/v3/AREA/REST`, dated `/crm/AREA/{version}/REST`; account info has its own."""

    method: str
    area: str
    rest: str
    handler: Handler
    scopes: tuple[str, ...]

    def paths(self) -> tuple[str, str]:
        """The address in v3, and the one with a version in it."""
        if self.area == "account-info":
            return f"/account-info/v3{self.rest}", f"/account-info/{{version}}{self.rest}"
        return f"/crm/v3/{self.area}{self.rest}", f"/crm/{self.area}/{{version}}{self.rest}"


ENDPOINTS = (
    Endpoint("POST", "objects", "/{type}/batch/update", updates.batch_update, _OBJECTS),
    Endpoint("POST", "objects", "/{type}/batch/read", tickets.batch_read, _OBJECTS),
    Endpoint("POST", "objects", "/{type}/batch/archive", tickets.batch_archive, _OBJECTS),
    Endpoint("POST", "objects", "/{type}/search", search.search, _OBJECTS),
    Endpoint("POST", "objects", "/{type}/merge", tickets.merge, _OBJECTS),
    Endpoint("GET", "objects", "/{type}/{id}", tickets.read_one, _OBJECTS),
    Endpoint("PATCH", "objects", "/{type}/{id}", updates.update_one, _OBJECTS),
    Endpoint("DELETE", "objects", "/{type}/{id}", tickets.archive, _OBJECTS),
    Endpoint("GET", "objects", "/{type}", tickets.list_page, _OBJECTS),
    Endpoint("GET", "properties", "/{type}", metadata.list_properties, _SCHEMA),
    Endpoint("GET", "properties", "/{type}/{name}", metadata.one_property, _SCHEMA),
    Endpoint("GET", "pipelines", "/{type}", metadata.list_pipelines, _SCHEMA),
    Endpoint("GET", "pipelines", "/{type}/{pipeline}", metadata.one_pipeline, _SCHEMA),
    Endpoint("GET", "pipelines", "/{type}/{pipeline}/stages", metadata.one_pipeline, _SCHEMA),
    Endpoint("GET", "pipelines", "/{type}/{pipeline}/stages/{stage}", metadata.one_pipeline, _SCHEMA),
    Endpoint("GET", "owners", "", metadata.list_owners, (OWNERS,)),
    Endpoint("GET", "owners", "/{id}", metadata.one_owner, (OWNERS,)),
    Endpoint("GET", "property-validations", "/{type}", metadata.list_rules, _SCHEMA),
    Endpoint("GET", "property-validations", "/{type}/{name}", metadata.one_rule, _SCHEMA),
    Endpoint("GET", "property-validations", "/{type}/{name}/rule-type/{rule}", metadata.one_rule, _SCHEMA),
    Endpoint("GET", "account-info", "/details", metadata.account, ()),
    Endpoint("GET", "account-info", "/api-usage/daily/private-apps", metadata.usage, ()),
)


def admit_call(portal: Portal, endpoint: Endpoint, call: Call) -> Reply | None:
    """Look at the token of a call that arrives and count it against the limits; return the refusal, if any."""
    searching = endpoint.handler is search.search
    portal.refresh_definitions()
    refused: Reply | None
    try:
        now_ms = portal.now_ms()
        token = admit(portal.tokens, call.token, now_ms=now_ms, garbage_expired=portal.switches.garbage_token_expired)
        call.scopes = token.scopes
        refused = portal.limiter.take(call.token, search=searching, now_ms=now_ms, zone=portal.definitions.zone)
    except Refused as refused_call:
        refused = refused_call.reply
    call.rate_headers = portal.limiter.headers(call.token, search=searching)
    if refused is not None:
        refused.headers |= call.rate_headers
    return refused


def answer(portal: Portal, endpoint: Endpoint, call: Call) -> Reply:
    """The portal's answer to a call that was admitted: scopes, then the endpoint."""
    try:
        demand(call.scopes, endpoint.scopes)
        reply = _handle(portal, endpoint, call)
    except Refused as refused_call:
        reply = refused_call.reply
    reply.headers |= call.rate_headers
    return reply


def _handle(portal: Portal, endpoint: Endpoint, call: Call) -> Reply:
    if len(call.address) > MAX_ADDRESS:
        return html_page(414, "Error 414 URI Too Long")
    if portal.limits.max_body and len(call.body) > portal.limits.max_body:
        return Reply(413, error_body("Request entity too large", category=""))
    if call.params.get("version", DATED_VERSIONS[0]) not in DATED_VERSIONS:
        return html_page(404, "Error 404 Not Found")
    kind = call.params.get("type", "tickets")
    if endpoint.area == "property-validations":
        if kind != "0-5":
            raise refuse(400, f"Unable to infer object type from: {kind}")
    elif kind not in ("tickets", "ticket", "TICKET", "0-5"):
        raise refuse(400, f"Unable to infer object type from: {kind}")
    return endpoint.handler(portal, call)


def standard_headers(reply: Reply) -> dict[str, str]:
    """The headers that every answer bears: the correlation ID, twice, and the body's when it has one."""
    named = reply.body.get("correlationId") if isinstance(reply.body, dict) else None
    number = str(named or correlation_id())
    return {"x-hubspot-correlation-id": number, "x-request-id": number, **reply.headers}


DEFAULT_SEED = 512


def create_app(
    store: Store, limits: Limits | None = None, switches: Switches | None = None, *, seed: int = DEFAULT_SEED
) -> Starlette:
    """The application over a seeded store; `app.state.portal` is the portal behind it.

    `seed` draws the order of results.
    """
    portal = Portal(store, limits or Limits(), switches or Switches(), seed=seed)
    routes = [*_api_routes(portal), *control_routes(portal)]
    app = Starlette(routes=routes, exception_handlers={404: _unknown_path, 405: _wrong_verb})
    app.router.redirect_slashes = False
    app.state.portal = portal
    return app


def _api_routes(portal: Portal) -> list[Route]:
    routes = []
    for endpoint in ENDPOINTS:
        for path in endpoint.paths():
            routes.append(Route(path, _served(portal, endpoint), methods=[endpoint.method]))
            if endpoint.area == "owners" and not endpoint.rest:  # the official SDK asks with a slash at the end
                routes.append(Route(f"{path}/", _served(portal, endpoint), methods=[endpoint.method]))
    return routes


def _served(portal: Portal, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        started = time.perf_counter()
        entry: dict[str, Any] = {}
        response, wait_ms = await _answer(portal, endpoint, request, entry)
        if wait_ms:
            await asyncio.sleep(wait_ms / 1000)
        entry["ms"] = round((time.perf_counter() - started) * 1000, 3)
        return response

    return serve


async def _answer(
    portal: Portal, endpoint: Endpoint, request: Request, entry: dict[str, Any]
) -> tuple[Response, float]:
    """Return the answer, and how many milliseconds it is to be held back; note in `entry`, the log's, what was asked.

    What a call was and what its answer says is let go here: many of them wait at a time.
    """
    portal.calls += 1
    call = await _call(portal, request)
    entry |= {
        "number": call.number,
        "method": call.method,
        "path": call.path,
        "at": iso(portal.now_ms()),
        "inputs": call.body.count(b'"id":') + call.body.count(b'"id" :'),
    }
    if portal.switches.log_bodies:
        entry["body"] = call.body.decode(errors="replace")
    portal.log.append(entry)
    fault, latency_ms = portal.faults.strike(call)
    if fault:
        entry["fault"] = fault.kind
    response: Response
    try:
        reply = await _reply(portal, endpoint, call, fault)
        response = _response(reply)
        entry["status"] = reply.status
    except fault_kinds.Cut as cut:
        entry["status"] = 0
        response = CutResponse(cut, request)
    return response, portal.limits.latency_ms + latency_ms


async def _call(portal: Portal, request: Request) -> Call:
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    params = {name: str(value) for name, value in request.path_params.items()}
    return Call(
        method=request.method,
        path=request.url.path,
        version=params.get("version", "v3"),
        params=params,
        query=dict(request.query_params),
        body=await request.body(),
        token=token.strip() if scheme.lower() == "bearer" else "",
        address=f"{request.url.path}?{request.url.query}",
        number=portal.calls,
    )


async def _reply(portal: Portal, endpoint: Endpoint, call: Call, fault: Fault | None) -> Reply:
    if fault is None:
        return await _handled(portal, endpoint, call)
    if fault.kind == "hang":
        await asyncio.sleep(float(fault.more.get("seconds", 3600)))
    instead = fault_kinds.answer_before(fault, call)
    if instead is not None:
        return instead
    unwritten: list[Json] = []
    if fault.kind == "not_written":
        call, unwritten = fault_kinds.without_inputs(call, fault)
    reply = await _handled(portal, endpoint, call)
    fault_kinds.tell_of(unwritten, reply, fault, portal)
    if fault.kind == "not_written" and isinstance(reply.body, dict) and "state" in fault.more:
        reply.body["status"] = fault.more["state"]
    return fault_kinds.spoil(fault, reply)


async def _handled(portal: Portal, endpoint: Endpoint, call: Call) -> Reply:
    """Count a call at once, and answer it when its turn comes.

    One call is answered at a time, and what arrived meanwhile is read and counted before the next: a portal's limits
    are kept by its gateway, and a call counts from when it arrived, not from when somebody had time for it.
    """
    refused = admit_call(portal, endpoint, call)
    if refused is not None:
        return refused
    async with portal.turn:
        await asyncio.sleep(0)
        return answer(portal, endpoint, call)


def _response(reply: Reply) -> Response:
    response = Response(reply.content(), reply.status, media_type=reply.media_type)
    # Starlette would write their names in lower case; the portal's come as they come.
    response.raw_headers += [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in standard_headers(reply).items()
    ]
    return response


async def _unknown_path(_request: Request, _error: Exception) -> Response:
    return _response(html_page(404, "Error 404 Not Found"))


async def _wrong_verb(_request: Request, _error: Exception) -> Response:
    return _response(html_page(405, "Error 405 Method Not Allowed"))


class CutResponse(Response):
    """The end of the connection in place of an answer, or in the middle of one.

    A served sandbox puts the connection's transport into the state of its scopes (`serve`); without one (in process)
    a ConnectionResetError reaches the caller.
    """

    def __init__(self, cut: fault_kinds.Cut, request: Request) -> None:
        super().__init__()
        self._cut = cut
        self._transport: asyncio.Transport | None = request.scope.get("state", {}).get("transport")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what is to arrive, then end."""
        del scope
        if self._transport is None:
            raise ConnectionResetError("the sandbox portal cut the connection")
        reply = self._cut.reply
        if reply is not None:
            content = reply.content()
            headers = _response(reply).raw_headers
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
        if self._cut.reset:
            self._transport.abort()
        else:
            self._transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass

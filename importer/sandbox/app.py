"""The sandbox portal as an ASGI application.

Under the API's addresses it answers as the portal does; under `/sandbox` it takes orders from tests (`control`).
One event loop serves it; a call is handled without interruption between its first and its last word to the store.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from importer.sandbox import endpoints, fault_kinds
from importer.sandbox.answers import Call, Json, Reply, html_page
from importer.sandbox.control import control_routes
from importer.sandbox.endpoints import ENDPOINTS, Endpoint
from importer.sandbox.faults import Fault
from importer.sandbox.options import Limits, Switches
from importer.sandbox.portal import Portal
from importer.sandbox.store import Store
from importer.sandbox.times import iso

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
    refused = endpoints.admit_call(portal, endpoint, call)
    if refused is not None:
        return refused
    async with portal.turn:
        await asyncio.sleep(0)
        return endpoints.answer(portal, endpoint, call)


def _response(reply: Reply) -> Response:
    response = Response(reply.content(), reply.status, media_type=reply.media_type)
    # Starlette would write their names in lower case; the portal's come as they come.
    response.raw_headers += [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in endpoints.standard_headers(reply).items()
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

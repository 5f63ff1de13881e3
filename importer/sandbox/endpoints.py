"""The API's addresses, and the way of a call from its token to its answer.

Every endpoint has a v3 address and a dated one. Source: HubSpot API reference, v3, 2025-09, 2026-03 and 2026-09.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from importer.sandbox import lifecycle, metadata, reads, search, updates
from importer.sandbox.access import OWNERS, TICKETS, admit, demand
from importer.sandbox.answers import Call, Refused, Reply, correlation_id, error_body, html_page, refuse
from importer.sandbox.portal import Portal

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
    Endpoint("POST", "objects", "/{type}/batch/read", reads.batch_read, _OBJECTS),
    Endpoint("POST", "objects", "/{type}/batch/archive", lifecycle.batch_archive, _OBJECTS),
    Endpoint("POST", "objects", "/{type}/search", search.search, _OBJECTS),
    Endpoint("POST", "objects", "/{type}/merge", lifecycle.merge, _OBJECTS),
    Endpoint("GET", "objects", "/{type}/{id}", reads.read_one, _OBJECTS),
    Endpoint("PATCH", "objects", "/{type}/{id}", updates.update_one, _OBJECTS),
    Endpoint("DELETE", "objects", "/{type}/{id}", lifecycle.archive, _OBJECTS),
    Endpoint("GET", "objects", "/{type}", reads.list_page, _OBJECTS),
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

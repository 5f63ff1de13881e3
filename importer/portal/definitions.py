"""Fetch what a portal's tickets are made of: properties, pipelines, owners, rules, account details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from importer.errors import MissingScope
from importer.portal.settings import TICKET_TYPE
from importer.portal.waiting import together

if TYPE_CHECKING:
    from importer.portal.client import Portal

SENSITIVITIES = ("sensitive", "highly_sensitive")
"""Properties of these classes are listed only when asked for. Source: HubSpot Properties API."""
OWNERS_A_PAGE = "500"
MAX_OWNER_PAGES = 1_000


async def fetch_bodies(portal: Portal) -> dict[str, Any]:
    """Return the bodies that `schemas.property.read_schema` takes.

    A scope that is missing costs what it opens and no more: owners are None then, and rules, account details or
    sensitive properties are not there. Without the scope for properties nothing can be checked: MissingScope.
    """
    path = portal.settings.path
    plain, pipelines, owners, validations, account, *sensitive = await together(
        portal.get(path("properties", "tickets")),
        _if_allowed(portal, path("pipelines", "tickets")),
        _fetch_owners(portal),
        _if_allowed(portal, path("property-validations", TICKET_TYPE)),
        _if_allowed(portal, path("account-info", "details")),
        *(_if_allowed(portal, path("properties", "tickets"), dataSensitivity=one) for one in SENSITIVITIES),
    )
    properties: dict[str, Any] = {}
    for body in (plain, *sensitive):
        for one in _results(body):
            properties.setdefault(str(one.get("name")), one)
    bodies = {
        "properties": {"results": list(properties.values())},
        "pipelines": pipelines,
        "owners": owners,
        "validations": validations,
        "account": account,
    }
    return {name: body for name, body in bodies.items() if body is not None or name == "owners"}


async def _if_allowed(portal: Portal, path: str, **query: str) -> dict[str, Any] | None:
    try:
        return await portal.get(path, query=query)
    except MissingScope:
        return None


async def _fetch_owners(portal: Portal) -> dict[str, Any] | None:
    """Return all owners, deactivated ones too since tickets keep pointing to them; None without the scope."""
    try:
        pages = await together(_owner_pages(portal, archived=False), _owner_pages(portal, archived=True))
    except MissingScope:
        return None
    owners: dict[str, Any] = {}
    for one in (*pages[0], *pages[1]):
        owners.setdefault(str(one.get("id")), one)
    return {"results": list(owners.values())}


async def _owner_pages(portal: Portal, *, archived: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    query = {"limit": OWNERS_A_PAGE, "archived": "true" if archived else "false"}
    for _ in range(MAX_OWNER_PAGES):
        body = await portal.get(portal.settings.path("owners", ""), query=query) or {}
        found.extend({**one, "archived": archived or bool(one.get("archived"))} for one in _results(body))
        after = _after(body)
        if not after or after == query.get("after"):
            break
        query["after"] = after
    return found


def _results(body: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the objects that a body lists, whatever else stands there."""
    listed = (body or {}).get("results")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _after(body: Any) -> str:
    """Return where the next page begins, "" where there is none."""
    for name in ("paging", "next", "after"):
        body = body.get(name) if isinstance(body, dict) else None
    return str(body) if isinstance(body, (str, int)) and body else ""

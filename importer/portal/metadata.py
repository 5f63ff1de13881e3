"""Fetch what a portal's tickets are made of: properties, pipelines, owners, rules, account details."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from importer.errors import MissingScope, PortalError, Unavailable
from importer.portal.clock import together
from importer.portal.errors import NoSuchPath, Refused
from importer.portal.settings import PortalSettings
from schemas.ticket_object import TICKET

SENSITIVITIES = ("sensitive", "highly_sensitive")
"""Properties of these classes are listed only when asked for. Source: HubSpot Properties API."""
OWNERS_A_PAGE = "500"
MAX_OWNER_PAGES = 1_000
REPEATS = 2
"""Repeats of a question that many a run does without an answer to."""

Body = dict[str, Any]


class Get(Protocol):
    """Returns the JSON object at a path, or None: `Portal.get`."""

    async def __call__(self, path: str, *, query: Mapping[str, str] | None = None, repeats: int = ...) -> Body | None:
        """Ask."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What the portal withheld. `error`: why, None where it said that there is no such thing.

    `is_lasting`: asking again is no use, since the scope, or the endpoint, is not there.
    """

    is_lasting: bool
    error: PortalError | None = None


async def fetch_bodies(get: Get, settings: PortalSettings) -> tuple[Body, Mapping[str, Gap]]:
    """Return the bodies that `schemas.property.read_schema` takes, and what of them is missing, by name.

    A scope or an endpoint that is missing costs what it opens and no more: owners are None then, and pipelines, rules,
    account details or sensitive properties are not there. Without the properties nothing can be checked: MissingScope,
    Unavailable.
    """
    path = settings.path
    gaps: dict[str, Gap] = {}

    def ask(name: str, where: str, **query: str) -> Coroutine[Any, Any, Body | None]:
        return _unless_missing(gaps, name, lambda: get(where, query=query, repeats=REPEATS))

    languages = [one.lower() for one in settings.languages if not re.match(r"en\b|en_", one.lower())]
    plain, pipelines, owners, validations, account, *further = await together(
        get(path("properties", TICKET.path)),
        ask("pipelines", path("pipelines", TICKET.path)),
        _unless_missing(gaps, "owners", lambda: _fetch_owners(get, path("owners", ""))),
        ask("validations", path("property-validations", TICKET.type_id)),
        ask("account", path("account-info", "details")),
        *(ask(one, path("properties", TICKET.path), dataSensitivity=one) for one in SENSITIVITIES),
        *(ask(one, path("properties", TICKET.path), locale=one) for one in languages),
    )
    properties: dict[str, Any] = {}
    sensitive, translated = further[: len(SENSITIVITIES)], further[len(SENSITIVITIES) :]
    for body in (plain, *sensitive):
        for one in _results(body):
            properties.setdefault(str(one.get("name")), one)
    bodies = {
        "properties": {"results": list(properties.values())},
        "pipelines": pipelines,
        "owners": owners,
        "validations": validations,
        "account": account,
        "translations": {
            language: {"results": _results(body)} for language, body in zip(languages, translated, strict=True) if body
        }
        or None,
        "language": settings.languages[0].lower() if languages else None,
    }
    return {name: body for name, body in bodies.items() if body is not None or name == "owners"}, gaps


async def _unless_missing(gaps: dict[str, Gap], name: str, ask: Callable[[], Awaitable[Body | None]]) -> Body | None:
    """Return the answer to a question; None, with a gap noted, where the portal has none."""
    try:
        body = await ask()
    except (MissingScope, NoSuchPath, Refused) as error:
        gaps[name] = Gap(is_lasting=True, error=error)
        return None
    except Unavailable as error:
        gaps[name] = Gap(is_lasting=False, error=error)
        return None
    if body is None:
        gaps[name] = Gap(is_lasting=True)
    return body


async def _fetch_owners(get: Get, path: str) -> Body | None:
    """Return all owners, deactivated ones too since tickets keep pointing to them."""
    pages = await together(_owner_pages(get, path, archived=False), _owner_pages(get, path, archived=True))
    if None in pages:
        return None
    owners: dict[str, Any] = {}
    for one in (one for page in pages for one in page or ()):
        owners.setdefault(str(one.get("id")), one)
    return {"results": list(owners.values())}


async def _owner_pages(get: Get, path: str, *, archived: bool) -> list[dict[str, Any]] | None:
    """Return the owners of all pages; None where the portal does not list them."""
    found: list[dict[str, Any]] = []
    query = {"limit": OWNERS_A_PAGE, "archived": "true" if archived else "false"}
    for _ in range(MAX_OWNER_PAGES):
        body = await get(path, query=query, repeats=REPEATS)
        if body is None:
            return None
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

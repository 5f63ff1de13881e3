"""Searching tickets: filter groups, a text, sorting, pages. Source: HubSpot, CRM search guide.

All tickets are looked through, one by one: enough for a portal that is played with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from importer.sandbox.answers import Call, Json, Reply, objects, refuse, texts, wrong_type
from importer.sandbox.portal import Portal
from importer.sandbox.store import Ticket
from importer.sandbox.tickets import cursor, shown, value_of
from importer.sandbox.values import parse_day, parse_ms

MAX_PAGE = 200
SEARCHED_BY_TEXT = ("subject", "content")

Test = Callable[[str | None], bool]


def search(portal: Portal, call: Call) -> Reply:
    """POST .../tickets/search."""
    body = call.json() if call.body else {}
    limit, after = body.get("limit") or 10, cursor(str(body.get("after") or ""))
    if not isinstance(limit, int):
        raise wrong_type()
    if not 1 <= limit <= MAX_PAGE:
        raise refuse(400, f"The limit must be between 1 and {MAX_PAGE}, got {limit}.")
    if after + limit > portal.limits.search_results:
        raise refuse(400, f"Search results are limited to {portal.limits.search_results}.")
    found = [ticket for ticket in _as_of(portal) if _fits(portal, ticket, body)]
    sorts = body.get("sorts") or []
    if not isinstance(sorts, list):
        raise wrong_type()
    _sort(portal, found, sorts)
    page = found[after : after + limit]
    answer: Json = {
        "total": len(found),
        "results": shown(portal, call, page, texts(body, "properties"), []),
    }
    if after + limit < len(found):
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return Reply(200, answer)


def _as_of(portal: Portal) -> Iterable[Ticket]:
    """All tickets, as they were `search_lag_ms` ago."""
    lag = portal.switches.search_lag_ms
    if not lag:
        return portal.store.every_ticket()
    return _earlier(portal, portal.now_ms() - lag)


def _earlier(portal: Portal, at_ms: int) -> Iterable[Ticket]:
    for ticket in list(portal.store.every_ticket()):
        if ticket.updated > at_ms:
            values: dict[str, str] = {}
            for change in reversed(portal.store.changes([ticket.id]).get(ticket.id, [])):
                if change.at <= at_ms:
                    values |= change.properties
                    ticket.updated = change.at
            ticket.properties = {name: value for name, value in values.items() if value}
        yield ticket


def _fits(portal: Portal, ticket: Ticket, body: Json) -> bool:
    text = str(body.get("query") or "").casefold()
    if text and not any(text in ticket.properties.get(name, "").casefold() for name in SEARCHED_BY_TEXT):
        return False
    groups = [objects(group, "filters", needed=False) for group in objects(body, "filterGroups", needed=False)]
    return not groups or any(all(_passes(portal, ticket, one) for one in filters) for filters in groups)


def _passes(portal: Portal, ticket: Ticket, condition: Json) -> bool:
    name = str(condition.get("propertyName"))
    if name not in portal.definitions.properties:
        raise refuse(400, f'There was a problem with the request: property "{name}" does not exist.')
    make = _TESTS.get(str(condition.get("operator")))
    if make is None:
        raise refuse(400, f"Invalid operator: {condition.get('operator')}")
    kind = portal.definitions.properties[name]["type"]
    return make(kind, condition)(value_of(portal, ticket, name))


def _measure(kind: str, value: Any) -> Any:
    """What values are compared by."""
    text = str(value)
    if kind == "number":
        try:
            return Decimal(text)
        except InvalidOperation:
            return Decimal(0)
    if kind in ("date", "datetime"):
        day = parse_day(text)
        return parse_ms(f"{day}T00:00:00Z") if day else parse_ms(text) or 0
    return text.casefold()


def _compared(test: Callable[[Any, Any], bool]) -> Callable[[str, Json], Test]:
    def make(kind: str, condition: Json) -> Test:
        bound = _measure(kind, condition.get("value"))
        return lambda value: value is not None and test(_measure(kind, value), bound)

    return make


def _between(kind: str, condition: Json) -> Test:
    low, high = _measure(kind, condition.get("value")), _measure(kind, condition.get("highValue"))
    return lambda value: value is not None and low <= _measure(kind, value) <= high


def _one_of(kind: str, condition: Json) -> Test:
    allowed = {_measure(kind, value) for value in texts(condition, "values")}
    return lambda value: value is not None and any(_measure(kind, part) in allowed for part in value.split(";"))


def _token(_: str, condition: Json) -> Test:
    wanted = str(condition.get("value")).strip("*").casefold()
    return lambda value: value is not None and wanted in value.casefold()


def _negated(make: Callable[[str, Json], Test]) -> Callable[[str, Json], Test]:
    def negated(kind: str, condition: Json) -> Test:
        test = make(kind, condition)
        return lambda value: not test(value)

    return negated


_equal = _compared(lambda value, bound: bool(value == bound))

_TESTS: dict[str, Callable[[str, Json], Test]] = {
    "EQ": _equal,
    "NEQ": _negated(_equal),
    "LT": _compared(lambda value, bound: bool(value < bound)),
    "LTE": _compared(lambda value, bound: bool(value <= bound)),
    "GT": _compared(lambda value, bound: bool(value > bound)),
    "GTE": _compared(lambda value, bound: bool(value >= bound)),
    "BETWEEN": _between,
    "IN": _one_of,
    "NOT_IN": _negated(_one_of),
    "HAS_PROPERTY": lambda _kind, _condition: lambda value: value is not None,
    "NOT_HAS_PROPERTY": lambda _kind, _condition: lambda value: value is None,
    "CONTAINS_TOKEN": _token,
    "NOT_CONTAINS_TOKEN": _negated(_token),
}


def _sort(portal: Portal, tickets: list[Ticket], sorts: list[Any]) -> None:
    for sort in reversed(sorts[:1]):
        name = str(sort.get("propertyName")) if isinstance(sort, dict) else str(sort).removeprefix("-")
        down = sort.get("direction") == "DESCENDING" if isinstance(sort, dict) else str(sort).startswith("-")
        body = portal.definitions.properties.get(name)
        if body is None:
            raise refuse(400, f'There was a problem with the request: property "{name}" does not exist.')
        kind = body["type"]
        with_value = [(_measure(kind, value), t) for t in tickets if (value := value_of(portal, t, name)) is not None]
        without = [t for t in tickets if value_of(portal, t, name) is None]
        with_value.sort(key=lambda pair: pair[0], reverse=down)
        tickets[:] = [t for _, t in with_value] + without

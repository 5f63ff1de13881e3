"""What the portal takes as a property's value, and what it keeps.

Judged on its own: nothing here is shared with the importer, so that a wrong idea of a value shows as a refusal.
Source: HubSpot, properties guide; codes and texts as seen in answers, else our own words (bool, number, text length).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import lru_cache

from importer.sandbox.answers import Json
from importer.sandbox.options import Switches
from importer.sandbox.times import DAY_MS, day_of, iso, midnight_ms, parse_day, parse_ms

MAX_TEXT = 65_536
"""Characters of a text value. Source: HubSpot, properties guide."""

Acceptor = Callable[[str], str]
"""A value as sent -> the value as kept; raises ValueRefused. Never called with ""."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?\Z")
_LOOSE_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*\Z")
_INTEGER = re.compile(r"-?\d+\Z")
_SECONDS_BELOW = 100_000_000_000
"""Counts of time under this are taken for seconds where the portal tidies dates: as milliseconds they are 1973."""


class ValueRefused(Exception):
    """The portal does not take a value; `code` and `text` as its answer has them."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


def acceptor(definition: Json, *, owners: Collection[str], switches: Switches, tidy_dates: bool) -> Acceptor:
    """How values of this property are taken. `tidy_dates`: the ways of 2026-09. Pipelines and stages: elsewhere."""
    kind, field = definition["type"], definition["fieldType"]
    if kind == "number":
        return _number(switches)
    if kind == "bool":
        return _choice(("true", "false"))
    if kind == "date":
        return _tidied_date if tidy_dates else _date
    if kind == "datetime":
        return _datetime(switches)
    if kind == "enumeration":
        return _enumeration(definition, owners)
    return _text(switches, one_line=field in ("text", "phonenumber"), html=field == "html")


def joined(options: list[str]) -> str:
    """Several options as one value, each held once."""
    return ";".join(dict.fromkeys(options))


def _text(switches: Switches, *, one_line: bool, html: bool) -> Acceptor:
    def take(value: str) -> str:
        if len(value) > MAX_TEXT:
            raise ValueRefused("VALUE_TOO_LONG", f"The value has {len(value)} characters; {MAX_TEXT} are allowed.")
        if one_line and switches.trim_text:
            value = value.strip()
        if html and switches.clean_html:
            value = _clean(value)
        return value

    return take


def _clean(html: str) -> str:
    html = re.sub(r"(?is)<script\b.*?</script\s*>|<!--.*?-->", "", html)
    return re.sub(r"</?[A-Za-z][A-Za-z0-9]*", lambda tag: tag.group().lower(), html)


def _number(switches: Switches) -> Acceptor:
    def take(value: str) -> str:
        if _NUMBER.match(value) or (switches.numbers == "tolerant" and _LOOSE_NUMBER.match(value)):
            return value.strip()
        raise ValueRefused("INVALID_INTEGER", f"{value} was not a valid number")

    return take


@lru_cache(maxsize=16_384)
def _date(value: str) -> str:
    day = parse_day(value)
    if day is None and _INTEGER.match(value):
        day = day_of(int(value))
        if day is not None and int(value) % DAY_MS:
            clock = datetime.fromtimestamp(int(value) % DAY_MS / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
            raise ValueRefused("INVALID_DATE", f"{value} is at {clock} UTC, not midnight!")
    if day is None:
        raise ValueRefused("INVALID_DATE", f"{value} is not a valid date.")
    return day.isoformat()


def _tidied_date(value: str) -> str:
    day = parse_day(value)
    if day is None:
        ms = parse_ms(value)
        if ms is not None and _INTEGER.match(value) and abs(ms) < _SECONDS_BELOW:
            ms *= 1000
        day = day_of(ms) if ms is not None else None
    if day is None:
        raise ValueRefused("INVALID_DATE", f"{value} is not a valid date.")
    return day.isoformat()


def _datetime(switches: Switches) -> Acceptor:
    def take(value: str) -> str:
        ms = parse_ms(value)
        zoned = value.endswith("Z") or _INTEGER.match(value) or re.search(r"[+-]\d{2}:?\d{2}\Z", value)
        if ms is None or day_of(ms) is None or (switches.datetime_without_zone == "refuse" and not zoned):
            raise ValueRefused("INVALID_LONG", f"{value} was not a valid long.")
        return iso(ms)

    return take


def _enumeration(definition: Json, owners: Collection[str]) -> Acceptor:
    if definition.get("referencedObjectType") == "OWNER":
        return _owner(owners)
    allowed = tuple(option["value"] for option in definition["options"])
    if definition.get("externalOptions") or not allowed:
        return lambda value: value
    if definition["fieldType"] == "checkbox":
        return _choices(allowed)
    return _choice(allowed)


def _owner(owners: Collection[str]) -> Acceptor:
    def take(value: str) -> str:
        if not _INTEGER.match(value):
            raise ValueRefused("INVALID_INTEGER", f"{value} was not a valid integer (for owner ID).")
        if value not in owners:
            raise ValueRefused("INVALID_OWNER_ID", f"Owner {value} does not exist.")
        return value

    return take


def _not_an_option(value: str, allowed: tuple[str, ...]) -> ValueRefused:
    return ValueRefused("INVALID_OPTION", f"{value} was not one of the allowed options: [{', '.join(allowed)}]")


def _choice(allowed: tuple[str, ...]) -> Acceptor:
    known = frozenset(allowed)

    def take(value: str) -> str:
        if value not in known:
            raise _not_an_option(value, allowed)
        return value

    return take


def _choices(allowed: tuple[str, ...]) -> Acceptor:
    known = frozenset(allowed)

    def take(value: str) -> str:
        adds = value.startswith(";")
        options = value[adds:].split(";")
        for option in options:
            if option not in known:
                raise _not_an_option(option, allowed)
        return ";" * adds + joined(options)

    return take


def read_back(value: str, definition: Json, switches: Switches) -> str:
    """A kept value as reads give it."""
    kind = definition["type"]
    if kind == "number" and switches.numbers_read_back == "tidy" and "." in value and "e" not in value.lower():
        return value.rstrip("0").rstrip(".")
    if kind == "date" and switches.dates_read_back == "milliseconds":
        day = parse_day(value)
        return str(midnight_ms(day)) if day else value
    if definition["fieldType"] == "checkbox" and switches.checkbox_order == "reversed":
        return ";".join(reversed(value.split(";")))
    return value

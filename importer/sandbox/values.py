"""What the portal takes as a property's value, and what it keeps; the validation rules that its admins set.

Judged on its own: nothing here is shared with the importer, so that a wrong idea of a value shows as a refusal.
Moments are milliseconds since 1970 inside, Java `Instant` text outside.
Source: HubSpot, properties guide, property validations guide; codes and texts as seen in answers, else our own words.
"""

from __future__ import annotations

import re
import time
from calendar import monthrange
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from importer.sandbox.answers import Json
from importer.sandbox.options import Switches

DAY_MS = 86_400_000

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_MILLISECONDS = re.compile(r"-?\d{1,15}\Z")
_ISO_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?\Z")


class Clock:
    """The portal's clock: the machine's, moved by `shift_ms`, or standing still at `frozen_ms`."""

    def __init__(self) -> None:
        self.shift_ms = 0
        self.frozen_ms: int | None = None

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        if self.frozen_ms is not None:
            return self.frozen_ms
        return time.time_ns() // 1_000_000 + self.shift_ms


@lru_cache(maxsize=16_384)
def iso(ms: int) -> str:
    """Text of a moment: three decimals where there are milliseconds, none where there are none."""
    seconds, rest = divmod(ms, 1000)
    text = _second(seconds)
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


@lru_cache(maxsize=16_384)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def parse_ms(text: str) -> int | None:
    """Milliseconds of an ISO text with a time of day (without zone: UTC) or of a text of milliseconds; else None."""
    if _MILLISECONDS.match(text):
        return int(text)
    if not _ISO_DATETIME.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text.replace(",", "."))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def parse_day(text: str) -> date | None:
    """The day of a `YYYY-MM-DD` text; None where it is no such text or no such day."""
    if not _DATE.match(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def day_of(ms: int) -> date | None:
    """The UTC day of a moment; None where the calendar ends before it."""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None


def midnight_ms(day: date) -> int:
    """Milliseconds of that day's midnight in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


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


_EMAIL = re.compile(r"[^@\s]+@([^@\s.]+\.)+[^@\s.]{2,}\Z")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}\Z", re.IGNORECASE)
_URL = re.compile(r"https?://([^/\s:@]+)(:\d+)?(/\S*)?\Z", re.IGNORECASE)
_PHONE = re.compile(r"\+[1-9][\d ().-]{6,18}\Z")
_PERIOD = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?\Z"
)
_CALLING_CODES = {"us": "1", "ca": "1", "br": "55", "gb": "44", "de": "49", "pt": "351", "fr": "33", "es": "34"}


def apply_rules(rules: list[Json], value: str, *, now_ms: int, zone: str) -> str:
    """The value as kept, adjusted by rules that normalise; raises ValueRefused at the first rule it breaks."""
    now = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone))
    for rule in rules:
        kind, arguments = rule["ruleType"], rule["ruleArguments"]
        if rule.get("shouldApplyNormalization"):
            value = _normalised(kind, arguments, value)
        if not _passes(kind, arguments, value, now):
            raise ValueRefused(_code(kind, arguments), _refusal_text(kind, arguments))
    return value


def _normalised(kind: str, arguments: list[str], value: str) -> str:
    if kind == "WHITESPACE":
        return re.sub(r"\s+", "", value) if arguments == ["ALL"] else value.strip()
    if kind == "FORMAT":
        change = {"UPPER": str.upper, "LOWER": str.lower, "CAPITALIZATION": str.title}[arguments[0]]
        return change(value)
    return value


def _code(kind: str, arguments: list[str]) -> str:
    if kind == "ALPHANUMERIC":
        return {"ALPHA_ONLY": "INVALID_ALPHA", "NUMERIC_ONLY": "INVALID_NUMERIC"}.get(
            arguments[0], "INVALID_ALPHANUMERIC"
        )
    return f"INVALID_{kind}"


def _refusal_text(kind: str, arguments: list[str]) -> str:
    first = arguments[0] if arguments else ""
    texts = {
        "MIN_LENGTH": f"Enter at least {first} characters",
        "MAX_LENGTH": f"Enter at most {first} characters",
        "MIN_NUMBER": f"Enter a number of at least {first}",
        "MAX_NUMBER": f"Enter a number of at most {first}",
        "DECIMAL": f"Enter at most {first} decimals",
        "REGEX": arguments[1] if len(arguments) > 1 else "The value does not have the right format",
        "DAYS_OF_WEEK": f"Enter a day of these: {', '.join(arguments)}",
    }
    if kind == "ALPHANUMERIC":
        what = {"ALPHA_ONLY": "letters", "NUMERIC_ONLY": "numbers"}.get(first, "letters and numbers")
        return f"Enter only {what}"
    return texts.get(kind, f"The value breaks the rule {kind} ({', '.join(arguments)})")


def _passes(kind: str, arguments: list[str], value: str, now: datetime) -> bool:
    if kind in ("MIN_NUMBER", "MAX_NUMBER", "DECIMAL"):
        return _number_passes(kind, arguments[0], value)
    if kind.startswith(("START_", "END_", "AFTER_", "BEFORE_")) or kind == "DAYS_OF_WEEK":
        return _moment_passes(kind, arguments, value, now)
    return _text_passes(kind, arguments, value)


def _number_passes(kind: str, bound: str, value: str) -> bool:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return False
    if kind == "DECIMAL":
        exponent = number.normalize().as_tuple().exponent
        return isinstance(exponent, int) and -exponent <= int(bound)
    return number >= Decimal(bound) if kind == "MIN_NUMBER" else number <= Decimal(bound)


def _text_passes(kind: str, arguments: list[str], value: str) -> bool:
    first = arguments[0] if arguments else ""
    if kind == "MIN_LENGTH":
        return len(value) >= int(first)
    if kind == "MAX_LENGTH":
        return len(value) <= int(first)
    if kind == "ALPHANUMERIC":
        return {"ALPHA_ONLY": value.isalpha, "NUMERIC_ONLY": value.isdigit}.get(first, value.isalnum)()
    if kind == "SPECIAL_CHARACTERS":
        return all(char.isalnum() or char.isspace() for char in value)
    if kind == "WHITESPACE":
        return not re.search(r"\s", value) if first != "TRIM" else value == value.strip()
    if kind == "FORMAT":
        return _format_passes(first, value)
    if kind == "REGEX":
        return re.search(first, value) is not None
    return _address_passes(kind, arguments, value)


def _format_passes(how: str, value: str) -> bool:
    if how == "CAPITALIZATION":
        return not any(word[0].islower() for word in value.split())
    return value == (value.upper() if how == "UPPER" else value.lower())


def _address_passes(kind: str, arguments: list[str], value: str) -> bool:
    if kind == "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE":
        codes = [_CALLING_CODES.get(country.lower(), "") for country in arguments]
        return bool(_PHONE.match(value)) and (not codes or any(value.startswith(f"+{code}") for code in codes))
    if kind == "DOMAIN":
        return bool(_DOMAIN.match(value))
    found = (_EMAIL if kind.startswith("EMAIL") else _URL).match(value)
    if found is None:
        return False
    domain = (value.rpartition("@")[2] if kind.startswith("EMAIL") else found.group(1)).lower()
    listed = any(domain == entry.lower() or domain.endswith(f".{entry.lower()}") for entry in arguments)
    if kind.endswith("_ALLOWED_DOMAINS"):
        return listed
    return not (kind.endswith("_BLOCKED_DOMAINS") and listed)


def _moment_passes(kind: str, arguments: list[str], value: str, now: datetime) -> bool:
    day = parse_day(value)
    ms = parse_ms(value)
    if kind == "DAYS_OF_WEEK":
        local = day or datetime.fromtimestamp((ms or 0) / 1000, now.tzinfo).date()
        return local.strftime("%A").upper() in arguments
    if kind.endswith("DURATION"):
        bound = _plus(now, arguments[0])
        early = kind.startswith("AFTER")
        if day is not None:
            return day > bound.date() if early else day < bound.date()
        return (ms or 0) > bound.timestamp() * 1000 if early else (ms or 0) < bound.timestamp() * 1000
    edge = int(arguments[0])
    if day is not None:
        edge_day: date = datetime.fromtimestamp(edge / 1000, UTC).date()
        return day >= edge_day if kind.startswith("START") else day <= edge_day
    return (ms or 0) >= edge if kind.startswith("START") else (ms or 0) <= edge


def _plus(moment: datetime, period: str) -> datetime:
    """The moment after an ISO 8601 period of calendar units."""
    found = _PERIOD.match(period)
    if found is None:
        raise ValueError(f"not an ISO 8601 period: {period}")
    sign = -1 if found["sign"] == "-" else 1
    part = {name: sign * int(text or 0) for name, text in found.groupdict().items() if name != "sign"}
    months = moment.year * 12 + moment.month - 1 + part["years"] * 12 + part["months"]
    year, month = divmod(months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day) + timedelta(
        weeks=part["weeks"], days=part["days"], hours=part["hours"], minutes=part["minutes"], seconds=part["seconds"]
    )

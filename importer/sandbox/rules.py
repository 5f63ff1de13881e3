"""The validation rules that a portal's admins set on a property, as the portal enforces them.

Source: HubSpot, property validations guide (types and arguments). The code INVALID_ALPHA has been seen; the other
codes and all texts but that one are ours.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from importer.sandbox.answers import Json
from importer.sandbox.times import parse_day, parse_ms
from importer.sandbox.values import ValueRefused

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
            raise ValueRefused(_code(kind, arguments), _text(kind, arguments))
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


def _text(kind: str, arguments: list[str]) -> str:
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

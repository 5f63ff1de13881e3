"""What each type of validation rule asks of a value: one maker of a judge for each of the API's 27 types.

A maker takes a rule's arguments (texts) and a clock. It raises ValueError, IndexError, KeyError, ArithmeticError or
re.error for arguments of an unknown form.
Source: HubSpot property validations guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from schemas.types.datetime import DAY_MS, from_epoch, parse_day, parse_moment


class Verdict(Enum):
    """What a rule says of a value."""

    PASSES = "passes"
    BROKEN = "broken"
    DOUBTFUL = "doubtful"
    """HubSpot's documentation does not say; the portal decides."""


def _never(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Judge:
    """Two readings of a rule: a value is in order by the first, in doubt by the second alone, and broken by neither."""

    strict: Callable[[str], bool]
    lenient: Callable[[str], bool] = _never

    def __call__(self, value: str) -> Verdict:
        """Return the verdict on a value."""
        if self.strict(value):
            return Verdict.PASSES
        return Verdict.DOUBTFUL if self.lenient(value) else Verdict.BROKEN


@dataclass(frozen=True)
class Clock:
    """What rules about days are judged by."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The day in the portal's zone."""
        return self.now.astimezone(self.zone).date()


# --- text -----------------------------------------------------------------------------------------------------------


def _min_length(arguments: Sequence[str], _: Clock) -> Judge:
    least = int(arguments[0])
    return Judge(lambda value: len(value) >= least)


def _max_length(arguments: Sequence[str], _: Clock) -> Judge:
    most = int(arguments[0])
    return Judge(lambda value: len(value) <= most)


_ALPHANUMERIC = {"ALPHANUMERIC": str.isalnum, "ALPHA_ONLY": str.isalpha, "NUMERIC_ONLY": str.isdigit}
"""What each kind of the rule lets pass."""


def _alphanumeric(arguments: Sequence[str], _: Clock) -> Judge:
    fits = _ALPHANUMERIC[arguments[0] if arguments else "ALPHANUMERIC"]
    # Whether blanks between words count is not documented.
    return Judge(fits, lambda value: fits("".join(value.split())))


_SURELY_SPECIAL = frozenset('!@#$%^&*()=+[]{}|\\;:"<>?/~`§±')


def _special_characters(_: Sequence[str], __: Clock) -> Judge:
    return Judge(
        lambda value: all(one.isalnum() or one.isspace() for one in value),
        lambda value: not _SURELY_SPECIAL.intersection(value),
    )


def _white_space(arguments: Sequence[str], _: Clock) -> Judge:
    if arguments and arguments[0] == "TRIM":
        return Judge(lambda value: value == value.strip())
    return Judge(lambda value: not re.search(r"\s", value))


def _format(arguments: Sequence[str], _: Clock) -> Judge:
    if arguments[0] == "CAPITALIZATION":
        return Judge(lambda value: not any(word[:1].islower() for word in value.split()))
    change = {"UPPER": str.upper, "LOWER": str.lower}[arguments[0]]
    return Judge(lambda value: change(value) == value)


def _regex(arguments: Sequence[str], _: Clock) -> Judge:
    pattern = _compile(arguments[0])
    return Judge(lambda value: bool(pattern.fullmatch(value)), lambda value: bool(pattern.search(value)))


def _compile(text: str) -> Any:
    """Return a rule's pattern; one that RE2 does not know may still be one of Python's, which looks around.

    Python's `re` would read others wrongly, and can take longer than anybody waits: it tries every way to part a text.
    """
    import re2

    quiet = re2.Options()
    quiet.log_errors = False
    try:
        return re2.compile(text, options=quiet)
    except re2.error:
        return re.compile(text.replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!"))


_EMAIL = re.compile(r"[^@\s]+@((?:[\w-]+\.)+[\w-]{2,})")
_DOMAIN = re.compile(r"(?:[\w](?:[\w-]*[\w])?\.)+[\w-]{2,}\.?")
_URL = re.compile(r"(?:([a-z][a-z0-9+.-]*)://)?(?:[^/@\s]*@)?([^/:?#\s]+)(?::[0-9]+)?(?:[/?#]\S*)?", re.IGNORECASE)


def _email_domain(value: str) -> str | None:
    found = _EMAIL.fullmatch(value)
    return found[1].casefold() if found else None


def _url_domain(value: str) -> str | None:
    found = _URL.fullmatch(value)
    return found[2].casefold() if found and _DOMAIN.fullmatch(found[2]) else None


def _email(_: Sequence[str], __: Clock) -> Judge:
    return Judge(lambda value: _email_domain(value) is not None)


def _domain(_: Sequence[str], __: Clock) -> Judge:
    return Judge(lambda value: _DOMAIN.fullmatch(value) is not None)


def _url(_: Sequence[str], __: Clock) -> Judge:
    return Judge(
        lambda value: "://" in value and _url_domain(value) is not None, lambda value: _url_domain(value) is not None
    )


def _domains(find: Callable[[str], str | None], *, allowed: bool) -> Callable[[Sequence[str], Clock], Judge]:
    def make(arguments: Sequence[str], _: Clock) -> Judge:
        listed = {one.casefold().lstrip("@").removeprefix("www.") for one in arguments}

        def is_listed(value: str) -> bool:
            return (domain := find(value)) is not None and domain.removeprefix("www.") in listed

        def may_be_listed(value: str) -> bool:  # the documentation does not say whether a list covers subdomains
            return (domain := find(value)) is not None and domain.endswith(tuple(f".{one}" for one in listed))

        if allowed:
            return Judge(is_listed, may_be_listed)
        return Judge(
            lambda value: not is_listed(value) and not may_be_listed(value), lambda value: not is_listed(value)
        )

    return make


def _phone(_: Sequence[str], __: Clock) -> Judge:
    # Which numbers a listed country has is the portal's knowledge; that there is a country code is ours to see.
    return Judge(
        lambda value: re.fullmatch(r"\+[1-9](?:[\s().-]*[0-9]){6,14}(?:\s*(?:x|ext\.?)\s*[0-9]+)?", value) is not None
    )


# --- numbers --------------------------------------------------------------------------------------------------------


def _number(value: str) -> Decimal | None:
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _min_number(arguments: Sequence[str], _: Clock) -> Judge:
    least = Decimal(arguments[0])
    return Judge(lambda value: (number := _number(value)) is not None and number >= least)


def _max_number(arguments: Sequence[str], _: Clock) -> Judge:
    most = Decimal(arguments[0])
    return Judge(lambda value: (number := _number(value)) is not None and number <= most)


def _decimal(arguments: Sequence[str], _: Clock) -> Judge:
    most = int(arguments[0])
    return Judge(lambda value: len(value.partition(".")[2].rstrip("0")) <= most)


# --- days and moments -----------------------------------------------------------------------------------------------


def bound_day(argument: str, clock: Clock) -> date:
    """Return the day that epoch milliseconds name: in UTC where they are its midnight, else in the portal's zone."""
    milliseconds = int(argument)
    moment = from_epoch(milliseconds)
    return moment.date() if milliseconds % DAY_MS == 0 else moment.astimezone(clock.zone).date()


def _start_date(arguments: Sequence[str], clock: Clock) -> Judge:
    first = bound_day(arguments[0], clock)
    return Judge(lambda value: (day := parse_day(value)) is not None and day >= first)


def _end_date(arguments: Sequence[str], clock: Clock) -> Judge:
    last = bound_day(arguments[0], clock)
    return Judge(lambda value: (day := parse_day(value)) is not None and day <= last)


def _start_datetime(arguments: Sequence[str], _: Clock) -> Judge:
    first = from_epoch(int(arguments[0]))
    return Judge(lambda value: (moment := parse_moment(value)) is not None and moment >= first)


def _end_datetime(arguments: Sequence[str], _: Clock) -> Judge:
    last = from_epoch(int(arguments[0]))
    return Judge(lambda value: (moment := parse_moment(value)) is not None and moment <= last)


def _after_duration(arguments: Sequence[str], clock: Clock) -> Judge:
    # Whether a period reaches into the past or the future is not documented: only days that satisfy both are certain.
    period = parse_period(arguments[0])
    near, far = sorted((period.shift(clock.today, -1), period.shift(clock.today, 1)))
    return Judge(
        lambda value: (day := parse_day(value)) is not None and day >= far,
        lambda value: (day := parse_day(value)) is not None and day >= near,
    )


def _before_duration(arguments: Sequence[str], clock: Clock) -> Judge:
    period = parse_period(arguments[0])
    near, far = sorted((period.shift(clock.today, -1), period.shift(clock.today, 1)))
    return Judge(
        lambda value: (day := parse_day(value)) is not None and day <= near,
        lambda value: (day := parse_day(value)) is not None and day <= far,
    )


def _moment_bounds(argument: str, clock: Clock) -> tuple[datetime, datetime]:
    period = parse_period(argument)
    now = clock.now.astimezone(clock.zone).replace(tzinfo=None)
    both = (period.shift_moment(now, sign).replace(tzinfo=clock.zone).astimezone(UTC) for sign in (-1, 1))
    near, far = sorted(both)
    return near, far


def _after_datetime_duration(arguments: Sequence[str], clock: Clock) -> Judge:
    near, far = _moment_bounds(arguments[0], clock)
    return Judge(
        lambda value: (moment := parse_moment(value)) is not None and moment >= far,
        lambda value: (moment := parse_moment(value)) is not None and moment >= near,
    )


def _before_datetime_duration(arguments: Sequence[str], clock: Clock) -> Judge:
    near, far = _moment_bounds(arguments[0], clock)
    return Judge(
        lambda value: (moment := parse_moment(value)) is not None and moment <= near,
        lambda value: (moment := parse_moment(value)) is not None and moment <= far,
    )


WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def _days_of_week(arguments: Sequence[str], clock: Clock) -> Judge:
    allowed = {WEEKDAYS.index(one) for one in arguments}

    def passes(value: str) -> bool:
        if len(value) == len("2026-03-04"):
            day = parse_day(value)
        else:
            moment = parse_moment(value)
            day = moment.astimezone(clock.zone).date() if moment else None
        return day is not None and day.weekday() in allowed

    return Judge(passes)


@dataclass(frozen=True)
class Period:
    """An ISO 8601 period: months, days and seconds, whose lengths differ."""

    months: int
    days: int
    seconds: int

    def shift(self, day: date, sign: int) -> date:
        """Return the day that lies this period after (`sign` 1) or before (-1) another."""
        return self.shift_moment(datetime.combine(day, datetime.min.time()), sign).date()

    def shift_moment(self, moment: datetime, sign: int) -> datetime:
        """Return the moment that lies this period after or before another; a missing 31st is the month's last day."""
        months = moment.year * 12 + moment.month - 1 + sign * self.months
        year, month = divmod(months, 12)
        for day in range(moment.day, 0, -1):
            try:
                shifted = moment.replace(year=year, month=month + 1, day=day)
                break
            except ValueError:
                continue
        else:
            raise ValueError(f"no such year: {year}")
        return shifted + sign * timedelta(days=self.days, seconds=self.seconds)


_PERIOD = re.compile(
    r"([+-]?)P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?"
    r"(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?"
)


def parse_period(text: str) -> Period:
    """Return the period that `P7D`, `P1Y2M`, `-P2W` or `PT12H` names. Raises ValueError for anything else."""
    found = _PERIOD.fullmatch(text)
    if found is None or not any(found.groups()[1:]):
        raise ValueError(text)
    years, months, weeks, days, hours, minutes, seconds = (int(one or 0) for one in found.groups()[1:])
    sign = -1 if found[1] == "-" else 1
    return Period(
        sign * (years * 12 + months), sign * (weeks * 7 + days), sign * (hours * 3600 + minutes * 60 + seconds)
    )


MAKERS: Mapping[str, Callable[[Sequence[str], Clock], Judge]] = {
    "MIN_LENGTH": _min_length,
    "MAX_LENGTH": _max_length,
    "ALPHANUMERIC": _alphanumeric,
    "SPECIAL_CHARACTERS": _special_characters,
    "WHITESPACE": _white_space,
    "FORMAT": _format,
    "REGEX": _regex,
    "EMAIL": _email,
    "DOMAIN": _domain,
    "URL": _url,
    "EMAIL_ALLOWED_DOMAINS": _domains(_email_domain, allowed=True),
    "EMAIL_BLOCKED_DOMAINS": _domains(_email_domain, allowed=False),
    "URL_ALLOWED_DOMAINS": _domains(_url_domain, allowed=True),
    "URL_BLOCKED_DOMAINS": _domains(_url_domain, allowed=False),
    "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE": _phone,
    "MIN_NUMBER": _min_number,
    "MAX_NUMBER": _max_number,
    "DECIMAL": _decimal,
    "START_DATE": _start_date,
    "END_DATE": _end_date,
    "START_DATETIME": _start_datetime,
    "END_DATETIME": _end_datetime,
    "AFTER_DURATION": _after_duration,
    "BEFORE_DURATION": _before_duration,
    "AFTER_DATETIME_DURATION": _after_datetime_duration,
    "BEFORE_DATETIME_DURATION": _before_datetime_duration,
    "DAYS_OF_WEEK": _days_of_week,
}
"""By the rule's type."""

"""Days and moments as people and programs write them.

In:  the text of a cell. Out: `Written`: the day or, where its order is not known, the days that it may be; a time of
day where there is one; a zone where there is one.

Names of months and weekdays, the order of day and month, and the words for morning and afternoon come from Unicode
CLDR, by Babel.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import lru_cache

from schemas.locales import find_locale

ORDERS = ("DMY", "MDY", "YMD")
"""Orders in which people write day, month and year as numbers."""

TWO_DIGIT_PIVOT = 69
"""Years 00 to 68 are 2000 to 2068, the others 1969 to 1999, as POSIX `strptime` has it."""

MONTHS = 12
FIRST_YEAR = 1000
"""Earlier years are slips of the keyboard."""

_ISO_DAY = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_NUMERIC_DAY = re.compile(r"([0-9]{1,2})([-/.])[ ]?([0-9]{1,2})\2[ ]?([0-9]{4}|[0-9]{2})")
_DAY_FIRST = re.compile(
    r"([0-9]{1,2})(?:\.|er|º|°|st|nd|rd|th)?[-/ ]?(?:de |d')?([^\W\d_]+)\.?[-/ ,]*(?:de )?([0-9]{4}|[0-9]{2})",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(r"([^\W\d_]+)\.?[- ]?([0-9]{1,2})(?:st|nd|rd|th)?[-, ]+([0-9]{4})", re.IGNORECASE)
_WEEKDAY_FIRST = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)\.?,? (?=.*[0-9])")
_CLOCK = re.compile(r"([0-9]{1,2})(?:[:h]([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?", re.IGNORECASE)
_ZONE = re.compile(r"Z|(?:GMT|UTC)?[+-][0-9]{1,2}(?::?[0-9]{2})?|[A-Z]{2,5}", re.IGNORECASE)
_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
# Words that join a day and a time are not among the data that Babel carries: English, Portuguese, French, German.
_TIME_START = re.compile(
    r"(?<=[0-9])(?:T|,? (?:(?:at|às|à|um) )?)(?=[0-9]{1,2}(?:[:h][0-9]|[ ]?[^\W\d_]))", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Written:
    """A day, or several by order of reading, with a time of day and a zone where they are written.

    `zone` is the offset from UTC in minutes, or an abbreviation to be judged by the portal's zone.
    """

    days: Mapping[str, date]
    time: time | None = None
    zone: int | str | None = None


@dataclass(frozen=True)
class Calendar:
    """How a language writes dates: the order where it is known, months by name, words before and after noon."""

    order: str | None = None
    months: Mapping[str, int] = field(default_factory=dict)
    weekdays: Mapping[str, int] = field(default_factory=dict)
    """Monday is 0."""
    halves: Mapping[str, int] = field(default_factory=dict)
    """Words that go with a twelve-hour clock: 0 before noon, 12 after."""


@lru_cache(maxsize=16)
def calendar_of(locale: str | None) -> Calendar:
    """Return how a locale writes dates; English words are always known.

    Raises ValueError for a name that is no locale's.
    """
    months: dict[str, int] = {"sept": 9}  # as the British write it
    weekdays: dict[str, int] = {}
    halves: dict[str, int] = {}
    locales = [find_locale(locale)] if locale else []
    for one in [find_locale("en"), *locales]:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                months |= {_word(name): number for number, name in one.months[context][width].items()}
                weekdays |= {_word(name): number for number, name in one.days[context][width].items()}
        for names in one.day_periods["format"].values():
            halves |= {_word(names[half]): hours for half, hours in (("am", 0), ("pm", 12)) if half in names}
    order = _order(locales[0].date_formats["short"].pattern) if locales else None
    return Calendar(order, months, weekdays, halves)


def _word(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f.]", "", text).casefold()


def _order(pattern: str) -> str:
    """Return `DMY` for the CLDR date pattern `dd/MM/y`."""
    letters = re.sub(r"'[^']*'", "", pattern)
    places = {
        "D": letters.find("d"),
        "M": min(p for p in (letters.find("M"), letters.find("L")) if p >= 0),
        "Y": letters.find("y"),
    }
    return "".join(sorted(places, key=lambda letter: places[letter]))


def read_written(text: str, calendar: Calendar) -> Written | None:
    """Return what day and time a text names, or None where it names none.

    Read are ISO 8601 (`2026-03-04`, `2026-03-04T12:30:00.5+02:00`), HubSpot's exports (`2026-03-04 12:30`) and lists
    (`Aug 1, 2025 10:14 PM GMT+5:30`), days in numbers with `/`, `-` or `.`, and days with the month as a word. A
    weekday before them must be theirs.
    """
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", text).strip())
    return _read_bare(text, calendar) or _read_behind_weekday(text, calendar)


def _read_behind_weekday(text: str, calendar: Calendar) -> Written | None:
    found = _WEEKDAY_FIRST.match(text)
    weekday = calendar.weekdays.get(_word(found[1])) if found else None
    if found is None or weekday is None:
        return None
    written = _read_bare(text[found.end() :], calendar)
    days = {order: day for order, day in written.days.items() if day.weekday() == weekday} if written else {}
    return replace(written, days=days) if written and days else None


def _read_bare(text: str, calendar: Calendar) -> Written | None:
    day_text, time_text = _split(text)
    days = _read_days(day_text, calendar)
    if not days:
        return None
    if time_text is None:
        return Written(days)
    clock = _read_time(time_text, calendar)
    return Written(days, *clock) if clock else None


def _split(text: str) -> tuple[str, str | None]:
    """Cut a text into its day and its time of day."""
    for found in _TIME_START.finditer(text):
        if _looks_like_day(text[: found.start()]):
            return text[: found.start()], text[found.end() :]
    return text, None


def _looks_like_day(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in (_ISO_DAY, _NUMERIC_DAY, _DAY_FIRST, _MONTH_FIRST))


def impossible_day(text: str, calendar: Calendar) -> tuple[int, int, int] | None:
    """Return the year, month and day that a text names, where there is no such day: 31 February, a 13th month.

    None where the text names an existing day, or nothing of the kind.
    """
    day_text, _ = _split(_SPACES.sub(" ", unicodedata.normalize("NFC", text).strip()))
    named = _name_days(day_text, calendar)
    if _valid(named):
        return None
    possible = [day for day in named.values() if day[0] >= FIRST_YEAR]
    return next((day for day in possible if 1 <= day[1] <= MONTHS), possible[0] if possible else None)


def _read_days(text: str, calendar: Calendar) -> dict[str, date]:
    return _valid(_name_days(text, calendar))


def _name_days(text: str, calendar: Calendar) -> dict[str, tuple[int, int, int]]:
    """Return year, month and day by the order of reading, whether there is such a day or not."""
    if found := _ISO_DAY.fullmatch(text):
        return {"ISO": (int(found[1]), int(found[3]), int(found[4]))}
    if found := _NUMERIC_DAY.fullmatch(text):
        return _name_numeric(found[1], found[3], found[4], calendar.order)
    if (found := _DAY_FIRST.fullmatch(text)) and (month := calendar.months.get(found[2].casefold())):
        return {"ISO": (_year(found[3]), month, int(found[1]))}
    if (found := _MONTH_FIRST.fullmatch(text)) and (month := calendar.months.get(found[1].casefold())):
        return {"ISO": (_year(found[3]), month, int(found[2]))}
    return {}


def _name_numeric(first: str, second: str, third: str, order: str | None) -> dict[str, tuple[int, int, int]]:
    orders: tuple[str, ...] = (order,) if order else ORDERS
    if len(third) == 4:
        orders = (order,) if order and order.endswith("Y") else ("DMY", "MDY")
    days = {}
    for one in orders:
        by_letter = dict(zip(one, (first, second, third), strict=True))
        days[one] = (_year(by_letter["Y"]), int(by_letter["M"]), int(by_letter["D"]))
    return days


def _year(text: str) -> int:
    if len(text) == 4:
        return int(text)
    return int(text) + (2000 if int(text) < TWO_DIGIT_PIVOT else 1900)


def _valid(days: Mapping[str, tuple[int, int, int]]) -> dict[str, date]:
    found = {}
    for order, (year, month, day) in days.items():
        try:
            if year >= FIRST_YEAR:
                found[order] = date(year, month, day)
        except ValueError:
            continue
    return found


def _read_time(text: str, calendar: Calendar) -> tuple[time, int | str | None] | None:
    found = _CLOCK.match(text)
    if found is None:
        return None
    hour = int(found[1])
    rest = text[found.end() :].strip()
    noon, rest = _read_half(rest, calendar)
    if noon is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + noon
    elif found[2] is None:
        return None
    if rest and not _ZONE.fullmatch(rest):
        return None
    micros = int((found[4] or "0").ljust(6, "0")[:6])
    try:
        return time(hour, int(found[2] or 0), int(found[3] or 0), micros), read_zone(rest) if rest else None
    except ValueError:
        return None


def _read_half(text: str, calendar: Calendar) -> tuple[int | None, str]:
    """Take the word for a half of the day (`PM`, `a. m.`) off the beginning of `text`."""
    parts = text.split(" ")
    for count in (2, 1):
        hours = calendar.halves.get(_word("".join(parts[:count]))) if parts[0] else None
        if hours is not None:
            return hours, " ".join(parts[count:])
    return None, text


def read_zone(text: str) -> int | str | None:
    """Return the offset in minutes that `Z`, `GMT+5:30`, `-03:00` or `+0200` names, else the abbreviation."""
    text = text.upper()
    bare = re.sub(r"^(?:GMT|UTC)(?=[+-])", "", text)
    if bare in {"Z", "UTC", "GMT"}:
        return 0
    found = re.fullmatch(r"([+-])([0-9]{1,2}):?([0-9]{2})?", bare)
    if found is None:
        return bare
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return -minutes if found[1] == "-" else minutes

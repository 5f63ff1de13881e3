"""Cells of date and datetime properties, and what the portal answers for them.

Days are `YYYY-MM-DD`. Moments are ISO 8601 in UTC with milliseconds; those written without a zone are taken in the
portal's. A date property may hold epoch milliseconds of midnight UTC, a datetime property any epoch milliseconds;
HubSpot takes seconds for milliseconds of 1970, so they are refused here.
Source: HubSpot Properties API, date and datetime values; its FAQ on timestamps.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from schemas.cells import Converter, Kind, Problem, Reading, Result, Ways, shown
from schemas.date_format import DateFormat, compile_date_format
from schemas.dates import FIRST_YEAR, Calendar, Written, calendar_of, impossible_day, read_written
from schemas.lines import Lines
from schemas.message import Message, message
from schemas.property_type import PropertyType, SheetCell

DAY_MS = 86_400_000
FIRST_MS = 10**11
"""Nearer to 1970, a number may be seconds: 10**11 ms is March 1973, 10**11 s the year 5138."""

LAST_MS = 253_402_300_799_999
"""The end of the year 9999."""

_CLOCK_SHOWN = re.compile(r"[0-9][:h][0-9]{2}(:[0-9]{2})?([.,][0-9]+)?", re.IGNORECASE)
_EPOCH = re.compile(r"-?[0-9]{1,18}")
_PLAIN_MOMENTS = Lines("(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?)?")
_STAMP = re.compile(
    r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?"
)
_WAY_NOTICES = {
    "DMY": message('{place}: dates are read as day-month-year, as "{proof}" can be read in no other way.'),
    "MDY": message('{place}: dates are read as month-day-year, as "{proof}" can be read in no other way.'),
    "YMD": message('{place}: dates are read as year-month-day, as "{proof}" can be read in no other way.'),
}
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)


class _MomentConverter(Converter):
    """What dates and datetimes share: how a text is read, and how an ambiguous one is settled."""

    ambiguous = "ambiguous_date"

    def __init__(self, reading: Reading) -> None:
        self._calendar = calendar_of(reading.locale)
        self._format: DateFormat | None = compile_date_format(reading.date_format) if reading.date_format else None
        if self._format is not None:
            self._calendar = replace(self._calendar, order=self._format.order)
        self._zone = ZoneInfo(reading.time_zone)
        self._offsets: dict[str, int | None] = {}

    def ways(self, text: str) -> Ways:
        """Return the orders of day, month and year in which `text` names different days, or the only one."""
        if self._calendar.order is not None and self._format is not None:
            return ()
        written = self._read(text)
        if written is None or not written.days.keys() <= _WAY_NOTICES.keys() or self._is_known(written):
            return ()
        return tuple(written.days) if len(written.days) == 1 or len(set(written.days.values())) > 1 else ()

    def _is_known(self, written: Written) -> bool:
        return set(written.days) == {self._calendar.order}

    def way_notice(self, place: str, proof: str) -> Message:
        """Return how the column was read, and because of which cell."""
        return Message(_WAY_NOTICES[self.way or "DMY"].template, {"place": place, "proof": proof})

    def _read(self, text: str, kind: Kind = Kind.TEXT) -> Written | None:
        """Read a cell: in the given format where one was typed, else in the forms that everybody understands."""
        return self._read_format(text, kind) or read_written(text, self._calendar)

    def _read_format(self, text: str, kind: Kind) -> Written | None:
        # The text of a date cell is the loader's, and in its own form.
        if self._format is None or kind not in {Kind.TEXT, Kind.NUMBER}:
            return None
        return self._format.read(text, self._calendar)

    def _day(self, text: str, written: Written) -> date | Problem:
        days = list(written.days.values())
        if len(set(days)) == 1:
            return days[0]
        if self.way is not None and self.way in written.days:
            return written.days[self.way]
        return Problem(
            self.ambiguous,
            message(
                '"{value}" can be {first} or {second}; name the order with --date-format or --locale',
                value=shown(text),
                first=days[0].isoformat(),
                second=days[1].isoformat(),
            ),
        )

    def _epoch(self, text: str) -> int | Problem | None:
        """Return epoch milliseconds, None for a text that is no whole number, or why the number is refused."""
        text = text.strip()
        if not _EPOCH.fullmatch(text):
            return None
        number = int(text)
        if FIRST_MS <= abs(number) <= LAST_MS and not _STAMP.fullmatch(text):
            return number
        if 10**8 <= abs(number) < FIRST_MS and len(text) != 8:
            return Problem(
                self.code,
                message('"{value}" looks like seconds since 1970; write milliseconds, or a date', value=shown(text)),
            )
        return Problem(
            self.code,
            message(
                '"{value}" is a number, not a date; write it as 2026-03-04, or give the cell a date format',
                value=shown(text),
            ),
        )


class DateConverter(_MomentConverter):
    """Reads the cells of a date property."""

    code = "invalid_date"
    codes = ("invalid_date", "ambiguous_date")

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return `YYYY-MM-DD`, or why there is no day."""
        if kind is Kind.DATE:
            return text
        if kind not in {Kind.TEXT, Kind.NUMBER, Kind.DATETIME}:
            return self._refuse(text)
        written = self._read_format(text, kind)
        if written is None:
            epoch = self._epoch(text)
            if isinstance(epoch, Problem):
                return epoch
            if epoch is not None:
                return self._from_epoch(text, epoch)
            written = self._read(text, kind)
        if written is None:
            return self._refuse(text)
        day = self._day(text, written)
        if isinstance(day, Problem):
            return day
        if written.time not in {None, time()}:
            return Problem(
                self.code,
                message(
                    '"{value}" has a time of day, but the property holds a day alone; write {day}',
                    value=shown(text),
                    day=day.isoformat(),
                ),
            )
        return day.isoformat()

    def _from_epoch(self, text: str, milliseconds: int) -> Result:
        if milliseconds % DAY_MS:
            return Problem(
                self.code,
                message(
                    '"{value}" is {moment} UTC, not midnight; write the day as 2026-03-04',
                    value=shown(text),
                    moment=moment_text(from_epoch(milliseconds))[:19].replace("T", " "),
                ),
            )
        return from_epoch(milliseconds).date().isoformat()

    def _refuse(self, text: str) -> Problem:
        return _no_date(text, self._format, self._calendar)


class DatetimeConverter(_MomentConverter):
    """Reads the cells of a datetime property."""

    code = "invalid_datetime"
    codes = ("invalid_datetime", "ambiguous_date")

    def __call__(self, text: str, kind: Kind) -> Result:
        """Return the moment in UTC, or why there is none."""
        moment = self.moment(text, kind)
        return moment if isinstance(moment, Problem) else moment_text(moment)

    def convert_all(self, texts: Sequence[str], kind: Kind) -> list[str | None]:
        """Read cells such as `2026-03-04 12:30`, which are a file's most, without looking for other forms."""
        if self._format is not None and kind is Kind.TEXT:
            return [None] * len(texts)
        found = _PLAIN_MOMENTS.matching(texts)
        plain = [place for place, text in enumerate(found) if text]
        for place, value in zip(plain, self._in_utc([texts[place] for place in plain]), strict=True):
            found[place] = value
        return found

    def _in_utc(self, texts: Sequence[str]) -> list[str | None]:
        """Return local times in UTC; None for days that are none, and for those on which the clocks change."""
        import numpy as np  # here, for rules about moments are read where nothing else needs it

        offsets = {day: self._offset(day) for day in {text[:_DAY_LENGTH] for text in texts}}
        ahead = [offsets[text[:_DAY_LENGTH]] for text in texts]
        known = ["1970-01-01" if offset is None else text for text, offset in zip(texts, ahead, strict=True)]
        utc = np.array(known, dtype="datetime64[s]") - np.array([one or 0 for one in ahead], dtype="timedelta64[s]")
        found: list[str] = np.datetime_as_string(utc.astype("datetime64[ms]"), timezone="UTC").tolist()
        return [None if offset is None else text for text, offset in zip(found, ahead, strict=True)]

    def _offset(self, day: str) -> int | None:
        """Return by how many seconds the zone is ahead of UTC all day; None where it changes, or for no real day.

        The clocks are looked at every six hours: none is changed there and back in between.
        """
        if day not in self._offsets:
            try:
                noon = datetime.combine(date.fromisoformat(day), time(12))
                moments = [noon + timedelta(hours=hours) for hours in (-12, -6, 0, 6, 12)]
                found = {one.replace(tzinfo=self._zone, fold=fold).utcoffset() for one in moments for fold in (0, 1)}
                is_known = noon.year >= FIRST_YEAR and len(found) == 1
            except (ValueError, OverflowError):
                is_known = False
            self._offsets[day] = int((found.pop() or timedelta()).total_seconds()) if is_known else None
        return self._offsets[day]

    def moment(self, text: str, kind: Kind) -> datetime | Problem:
        """Return the moment with its zone, or why there is none."""
        if kind not in {Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.DATETIME}:
            return self._refuse(text)
        written = self._read_format(text, kind)
        if written is None:
            epoch = self._epoch(text)
            if isinstance(epoch, Problem):
                return epoch
            if epoch is not None:
                return from_epoch(epoch)
            written = self._read(text, kind)
        if written is None:
            return self._refuse(text)
        day = self._day(text, written)
        if isinstance(day, Problem):
            return day
        return self._at(text, datetime.combine(day, written.time or time()), written.zone)

    def _at(self, text: str, naive: datetime, zone: int | str | None) -> datetime | Problem:
        try:
            if isinstance(zone, int):
                return naive.replace(tzinfo=timezone(timedelta(minutes=zone))).astimezone(UTC)
            local = naive.replace(tzinfo=self._zone)
            moment = local.astimezone(UTC)
            if moment.astimezone(self._zone).replace(tzinfo=None) != naive:
                return Problem(
                    self.code,
                    message(
                        '"{value}" does not exist in {zone}: the clocks skip that hour; write an hour that exists, '
                        "or name the zone as in 2026-03-04T12:30:00-03:00",
                        value=shown(text),
                        zone=self._zone.key,
                    ),
                )
        except (ValueError, OverflowError):
            return self._refuse(text)
        if zone is None:
            return moment
        return self._by_abbreviation(local, zone) or Problem(
            self.code,
            message(
                '"{value}": the zone {zone} is not known; write it as +02:00, or leave it out for {own}',
                value=shown(text),
                zone=zone,
                own=self._zone.key,
            ),
        )

    def _by_abbreviation(self, local: datetime, zone: str) -> datetime | None:
        """Return the moment where `zone` is what the portal's zone calls itself then (`EST`, `EDT`)."""
        for fold in (0, 1):
            if local.replace(fold=fold).tzname() == zone:
                return local.replace(fold=fold).astimezone(UTC)
        return None

    def last_alike(self, text: str, kind: Kind, value: str) -> str:
        """Return the last moment that a cell of this value would show alike; "" where it shows all of the moment.

        12:30 looks the same for 12:30:59.999, and a day alone for every moment of it by the zone's clocks.
        """
        if kind is Kind.TEXT and (clock := _CLOCK_SHOWN.search(text)) and self._format is None:
            seconds, fraction = clock.groups()
            return "" if fraction else value[:20] + "999Z" if seconds else value[:17] + "59.999Z"
        last = self.last_covered(text, kind)
        return "" if isinstance(last, Problem) or (found := moment_text(last)) == value else found

    def last_covered(self, text: str, kind: Kind) -> datetime | Problem:
        """Return the last moment that a cell covers to the precision it shows: 12:30 covers up to 12:30:59.999."""
        moment = self.moment(text, kind)
        if isinstance(moment, Problem) or kind is Kind.NUMBER or _EPOCH.fullmatch(text.strip()):
            return moment
        step = _precision(text, self._read(text))
        if step >= timedelta(days=1):  # by the zone's clocks, for some days have 23 or 25 hours
            tomorrow = moment.astimezone(self._zone).date() + timedelta(days=1)
            return datetime.combine(tomorrow, time(), self._zone).astimezone(UTC) - timedelta(milliseconds=1)
        return moment + step - timedelta(milliseconds=1)

    def _refuse(self, text: str) -> Problem:
        return _no_moment(text, self._format, self._calendar)


def _precision(text: str, written: Written | None) -> timedelta:
    if written is None or written.time is None:
        return timedelta(days=1)
    if written.time.microsecond or re.search(r"[0-9]:[0-9]{2}:[0-9]{2}[.,][0-9]", text):
        return timedelta(milliseconds=1)
    shows_seconds = written.time.second or re.search(r"[0-9]:[0-9]{2}:[0-9]{2}", text)
    return timedelta(seconds=1) if shows_seconds else timedelta(minutes=1)


_MONTHS = (
    message("January"),
    message("February"),
    message("March"),
    message("April"),
    message("May"),
    message("June"),
    message("July"),
    message("August"),
    message("September"),
    message("October"),
    message("November"),
    message("December"),
)


def _no_such_day(code: str, text: str, wanted: DateFormat | None, calendar: Calendar) -> Problem | None:
    """Return what is wrong with a day that the calendar does not have; None for a text of another kind."""
    found = impossible_day(text, calendar if wanted is None else replace(calendar, order=wanted.order))
    if found is None:
        return None
    year, month, day = found
    if not 1 <= month <= len(_MONTHS):
        reason = message("there is no month {month}", month=month)
    elif day == 0:
        reason = message("there is no day 0")
    else:
        days = monthrange(year, month)[1]
        reason = message("{month} has {days} days in {year}", month=_MONTHS[month - 1], days=days, year=year)
    return Problem(code, message('"{value}" isn\'t a valid date: {reason}', value=shown(text), reason=reason))


def _no_date(text: str, wanted: DateFormat | None, calendar: Calendar) -> Problem:
    if problem := _no_such_day("invalid_date", text, wanted, calendar):
        return problem
    value = shown(text)
    if wanted is None:
        return Problem("invalid_date", message('"{value}" isn\'t a valid date; write it as 2026-03-04', value=value))
    return Problem(
        "invalid_date",
        message(
            '"{value}" isn\'t a valid date written as {format}; 2026-03-04 is always understood',
            value=value,
            format=wanted.text,
        ),
    )


def _no_moment(text: str, wanted: DateFormat | None, calendar: Calendar) -> Problem:
    if problem := _no_such_day("invalid_datetime", text, wanted, calendar):
        return problem
    value = shown(text)
    if wanted is None:
        return Problem(
            "invalid_datetime",
            message('"{value}" isn\'t a valid date and time; write it as 2026-03-04 12:30', value=value),
        )
    return Problem(
        "invalid_datetime",
        message(
            '"{value}" isn\'t a valid date and time written as {format}; 2026-03-04 12:30 is always understood',
            value=value,
            format=wanted.text,
        ),
    )


def from_epoch(milliseconds: int) -> datetime:
    """Return the moment of epoch milliseconds; negative ones lie before 1970."""
    return _EPOCH_START + timedelta(milliseconds=milliseconds)


def moment_text(moment: datetime) -> str:
    """Return a moment as it is sent: `2026-03-04T12:30:00.000Z`."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def parse_moment(text: str) -> datetime | None:
    """Return the instant of a value that a portal holds: ISO 8601 (without a zone: UTC) or epoch milliseconds."""
    if _EPOCH.fullmatch(text):
        return from_epoch(int(text)) if abs(int(text)) <= LAST_MS else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def is_between(first: str, text: str, last: str) -> bool:
    """Return whether a moment that a portal holds lies from `first` to `last`, both as we send them."""
    moment = parse_moment(text)
    return moment is not None and first <= moment_text(moment) <= last


def parse_day(text: str) -> date | None:
    """Return the day of a value that a portal holds: `YYYY-MM-DD`, epoch milliseconds or ISO 8601 of midnight UTC."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        moment = parse_moment(text)
        return moment.astimezone(UTC).date() if moment else None


FIRST_DAY = date(1900, 3, 1)
"""Earlier days have other numbers in Excel, which counts a 29 February 1900. Source: ECMA-376 part 1, 18.17.4.1."""


def day_cell(value: str) -> SheetCell:
    """Return the day of `YYYY-MM-DD` or of epoch milliseconds; the text where a cell has no such day."""
    try:
        day = date.fromisoformat(value) if "-" in value[1:] else datetime.fromtimestamp(int(value) / 1000, UTC).date()
    except (ValueError, OverflowError, OSError):
        return value
    return day if day >= FIRST_DAY else day.isoformat()


def moment_cell(value: str, zone: ZoneInfo) -> SheetCell:
    """Return the local date and time of a moment; ISO 8601 with its offset where the local time is not enough."""
    moment = read_moment(value)
    if moment is None:
        return value
    local = moment.astimezone(zone)
    naive = local.replace(tzinfo=None, fold=0)
    is_exact = naive.microsecond % 1000 == 0 and naive.replace(tzinfo=zone).astimezone(UTC) == moment
    return naive if is_exact and naive.date() >= FIRST_DAY else local.isoformat(timespec="milliseconds")


def read_moment(value: str) -> datetime | None:
    """Return the moment of ISO 8601 (UTC where it names no zone) or of epoch milliseconds."""
    try:
        if value.lstrip("-").isdigit():
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _is_plain_day(value: str) -> bool:
    """Return whether a date is written as we send it, so that another text of this form is another day."""
    return len(value) == _DAY_LENGTH and value[4] == value[7] == "-"


_DAY_LENGTH, _MOMENT_LENGTH = len("2026-03-04"), len("2026-03-04T12:30:00.000Z")


def _tidy_day(value: str) -> str:
    """Return a day as it is written today: older portals answer days as milliseconds."""
    if not value or _is_plain_day(value):
        return value
    day = parse_day(value)
    return day.isoformat() if day else value


def _same_day(left: str, right: str) -> bool:
    if _is_plain_day(left) and _is_plain_day(right):
        return left == right
    day = parse_day(left)
    return day is not None and day == parse_day(right)


def _same_moment(left: str, right: str) -> bool:
    left, right = _with_milliseconds(left), _with_milliseconds(right)
    if _is_plain_moment(left) and _is_plain_moment(right):
        return left == right
    moment = parse_moment(left)
    return moment is not None and moment == parse_moment(right)


def _with_milliseconds(value: str) -> str:
    """Return a moment of a whole second, which portals answer without a fraction, as we send it."""
    is_whole = len(value) == len("2026-03-04T12:30:00Z") and value[10] == "T" and value[19] == "Z"
    return f"{value[:19]}.000Z" if is_whole else value


def _is_plain_moment(value: str) -> bool:
    return len(value) == _MOMENT_LENGTH and value[10] == "T" and value[19] == "." and value[23] == "Z"


DATE = PropertyType(
    converter=lambda _, __, reading: DateConverter(reading),
    comparer=lambda _: _same_day,
    by_locale=True,
    cell=lambda value, _: day_cell(value),
    cell_format=lambda _: "yyyy-mm-dd",
    scale=parse_day,
    width=13,
    input_rule="date",
    tidy=_tidy_day,
)
DATETIME = PropertyType(
    converter=lambda _, __, reading: DatetimeConverter(reading),
    comparer=lambda _: _same_moment,
    is_moment=True,
    by_locale=True,
    cell=moment_cell,
    cell_format=lambda _: "yyyy-mm-dd hh:mm",
    scale=parse_moment,
    width=18,
    input_rule="date",
)

"""The hours of a time zone in UTC, each found once: few hours make many moments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.dates import FIRST_YEAR

HOURS_KEPT = 50_000
"""Hours to remember: more would cost memory, and repeat seldom."""

_ISO_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECONDS = re.compile(":[0-5][0-9]")
_CLOCK = tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in range(1440))


_At = tuple[int, str]
"""Which of a day's names, and a time or hour of it in UTC."""


@dataclass(frozen=True, slots=True)
class _Clock:
    """The clock of a day that is so far ahead of UTC."""

    times: Mapping[str, _At]
    """By ` HH:MM` or `THH:MM`."""
    hours: Mapping[str, Mapping[str, _At]]
    """By the mark before them and ` HH`, as the hour begins; none where that is no full hour in UTC."""


@dataclass(frozen=True, slots=True)
class _Day:
    """A day in the portal's zone: its clock times in UTC, and the names of that day, the next, the last there."""

    names: tuple[str, ...]
    clock: _Clock


_UNEVEN = _Day((), _Clock({}, {}))
"""A day that does not exist, or on which the clocks change: its cells are read one by one."""


def _make_clock(offset: int) -> _Clock:
    """Return the clock of a day that is `offset` minutes ahead of UTC."""
    times: dict[str, _At] = {}
    for minute, clock in enumerate(_CLOCK):
        shift, turn = divmod(minute - offset, 1440)
        at = (shift, f"T{_CLOCK[turn]}:00.000Z")
        times |= {f"{mark}{clock}": at for mark in " T"}
    hours: dict[str, dict[str, _At]] = {" ": {}, "T": {}}
    if offset % 60 == 0:
        for clock, (shift, time) in times.items():
            if clock.endswith(":00"):
                hours[clock[0]][clock[:3]] = shift, time[:3]
    return _Clock(times, hours)


class _Days(dict[str, _Day]):
    """The days of a zone by their ISO names, each found when it is asked for first."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__()
        self._zone = zone
        self._clocks: dict[int, _Clock] = {}

    def __missing__(self, text: str) -> _Day:
        """Return how a day lies in UTC."""
        self[text] = day = self._find(text) if _ISO_DAY.fullmatch(text) else _UNEVEN
        return day

    def _find(self, text: str) -> _Day:
        try:
            first = datetime.fromisoformat(text).replace(tzinfo=self._zone)
            around = [f"{first.date() + timedelta(days=days):%Y-%m-%d}" for days in (0, 1, -1)]
        except (ValueError, OverflowError):
            return _UNEVEN
        offset, last = first.utcoffset(), (first + timedelta(hours=23, minutes=59)).utcoffset()
        if offset is None or offset != last or offset % timedelta(minutes=1) or first.year < FIRST_YEAR:
            return _UNEVEN
        if first.astimezone(UTC).astimezone(self._zone).date() != first.date():
            return _UNEVEN  # a day that the zone left out, when it moved across the date line
        minutes = offset // timedelta(minutes=1)
        if minutes not in self._clocks:
            self._clocks[minutes] = _make_clock(minutes)
        return _Day(tuple(around), self._clocks[minutes])


MINUTES = {f":{minute:02}{seconds}": f":{minute:02}:00.000Z" for minute in range(60) for seconds in ("", ":00")}
"""The rest of a moment after its hour, where the zone is whole hours from UTC."""


class Hours(dict[str, str | None]):
    """The hours of a zone by the first 13 characters of ISO moments, in UTC; None where cells are read one by one."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__({"": ""})  # a blank cell
        self._days = _Days(zone)

    def __missing__(self, text: str) -> str | None:
        """Return such as `2026-03-04T15`, and remember that day's others; None where its minutes are others in UTC."""
        name = text[:10]
        day = self._days[name]
        for hour, (shift, start) in day.clock.hours.get(text[10:11], {}).items():
            self[name + hour] = day.names[shift] + start
        return self.setdefault(text, None)

    def moment(self, text: str) -> str | None:
        """Return a moment of an even day, its seconds being there or not."""
        day = self._days[text[:10]]
        at, seconds = day.clock.times.get(text[10:16]), text[16:]
        if at is None or (seconds and not _SECONDS.fullmatch(seconds)):
            return None
        found = day.names[at[0]] + at[1]
        return found.replace(":00.", f"{seconds}.") if seconds else found

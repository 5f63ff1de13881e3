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


@dataclass(frozen=True, slots=True)
class _Day:
    """A day in the portal's zone: its clock times in UTC, and the names of that day, the next, the last there."""

    names: tuple[str, ...]
    times: Mapping[str, tuple[int, str]]
    """` HH:MM` -> which of the names, and the time."""


_UNEVEN = _Day((), {})
"""A day that does not exist, or on which the clocks change: its cells are read one by one."""


def _times(offset: int) -> dict[str, tuple[int, str]]:
    """Return the clock times of a day that is `offset` minutes ahead of UTC."""
    times: dict[str, tuple[int, str]] = {}
    for minute, clock in enumerate(_CLOCK):
        shift, turn = divmod(minute - offset, 1440)
        at = (shift, f"T{_CLOCK[turn]}:00.000Z")
        times |= {f"{mark}{clock}": at for mark in " T"}
    return times


class _Days(dict[str, _Day]):
    """The days of a zone by their ISO names, each found when it is asked for first."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__()
        self._zone = zone
        self._times: dict[int, dict[str, tuple[int, str]]] = {}

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
        if minutes not in self._times:
            self._times[minutes] = _times(minutes)
        return _Day(tuple(around), self._times[minutes])


MINUTES = {f":{minute:02}{seconds}": f":{minute:02}:00.000Z" for minute in range(60) for seconds in ("", ":00")}
"""The rest of a moment after its hour, where the zone is whole hours from UTC."""


class Hours(dict[str, str | None]):
    """The hours of a zone by the first 13 characters of ISO moments, in UTC; None where cells are read one by one."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__({"": ""})  # a blank cell
        self._days = _Days(zone)

    def __missing__(self, text: str) -> str | None:
        """Return such as `2026-03-04T15`; None where that hour's minutes are others in UTC."""
        found = self.moment(f"{text}:00")
        self[text] = hour = found[:13] if found and found.endswith(":00:00.000Z") else None
        return hour

    def moment(self, text: str) -> str | None:
        """Return a moment of an even day, its seconds being there or not."""
        day = self._days[text[:10]]
        at, seconds = day.times.get(text[10:16]), text[16:]
        if at is None or (seconds and not _SECONDS.fullmatch(seconds)):
            return None
        found = day.names[at[0]] + at[1]
        return found.replace(":00.", f"{seconds}.") if seconds else found

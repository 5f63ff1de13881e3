"""Moments as the portal writes them: milliseconds since 1970 inside, Java `Instant` text outside."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime
from functools import lru_cache

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

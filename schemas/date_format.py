"""`--date-format`: dates written as one says, in the letters of spreadsheets (`DD/MM/YYYY HH:mm`) or of strptime."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise

from schemas.cells import fold
from schemas.dates import TWO_DIGIT_PIVOT, Calendar, Written, read_zone

_STRPTIME = {
    "d": "day",
    "m": "month",
    "Y": "year4",
    "y": "year2",
    "H": "hour",
    "I": "hour12",
    "M": "minute",
    "S": "second",
    "f": "fraction",
    "p": "half",
    "b": "month_name",
    "B": "month_name",
    "h": "month_name",
    "a": "weekday",
    "A": "weekday",
    "z": "zone",
    "Z": "zone",
}
_STRPTIME_WHOLE = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y"}
_PATTERNS = {
    "day": "[0-9]{1,2}",
    "month": "[0-9]{1,2}",
    "year4": "[0-9]{4}",
    "year2": "[0-9]{2}",
    "hour": "[0-9]{1,2}",
    "hour12": "[0-9]{1,2}",
    "minute": "[0-9]{1,2}",
    "second": "[0-9]{1,2}",
    "fraction": "[0-9]{1,9}",
    "half": r"[^\W\d_](?:[^\W\d_]|[.\s])*",
    "month_name": r"[^\W\d_]+\.?",
    "weekday": r"[^\W\d_]+(?:-[^\W\d_]+)*\.?",
    "zone": r"Z|(?:GMT|UTC)?[+-][0-9]{1,2}(?::?[0-9]{2})?|[A-Za-z]{2,5}",
}
_FIXED_WIDTH = {"day": "[0-9]{2}", "month": "[0-9]{2}", "hour": "[0-9]{2}", "minute": "[0-9]{2}", "second": "[0-9]{2}"}
_TOKEN = re.compile(
    r"\[[^\]]*\]|'[^']*'|[Yy]+|[Mm]+|[Dd]+|[Hh]+|[Ss]+|[Aa](?![A-Za-z])|[Aa][Mm]/[Pp][Mm]|Z+|.", re.DOTALL
)


@dataclass(frozen=True)
class DateFormat:
    """A format, ready to read with. `order` is that of its day, month and year: `DMY`."""

    text: str
    order: str
    has_time: bool
    _pattern: re.Pattern[str]

    def read(self, text: str, calendar: Calendar) -> Written | None:
        """Return the day and time that `text` names when it is written in this format."""
        found = self._pattern.fullmatch(re.sub(r"\s+", " ", text.strip()))
        if found is None:
            return None
        parts = {name: value for name, value in found.groupdict().items() if value is not None}
        try:
            day = date(_year(parts), _month(parts, calendar), int(parts["day"]))
            clock = _clock(parts, calendar) if self.has_time else None
        except ValueError:
            return None
        if "weekday" in parts and calendar.weekdays.get(fold(parts["weekday"].rstrip("."))) != day.weekday():
            return None
        return Written({"format": day}, clock, read_zone(parts["zone"]) if "zone" in parts else None)


def compile_date_format(text: str) -> DateFormat:
    """Return a format to read with.

    Raises ValueError, saying what is missing, for a text that does not name day, month and year once each.
    """
    tokens = _strptime_tokens(text) if "%" in text else _sheet_tokens(text)
    names = [name for name, _ in tokens if name]
    order = "".join({"d": "D", "m": "M", "y": "Y"}[name[0]] for name in names if re.match("day|month|year", name))
    if sorted(order) != ["D", "M", "Y"] or len(set(names)) != len(names):
        raise ValueError("it must name the day, the month and the year once each, as DD/MM/YYYY or %d/%m/%Y do")
    crowded = _without_gaps(tokens)
    pattern = "".join(
        f"(?P<{name}>{_FIXED_WIDTH.get(name, _PATTERNS[name]) if crowded else _PATTERNS[name]})"
        if name
        else _literal(raw)
        for name, raw in tokens
    )
    has_time = bool({"hour", "hour12"} & set(names))
    return DateFormat(text, order, has_time, re.compile(pattern, re.IGNORECASE))


def _literal(raw: str) -> str:
    return re.sub(r"(\\ )+", " ?", re.escape(raw)) if raw.isspace() else re.escape(raw)


def _without_gaps(tokens: list[tuple[str, str]]) -> bool:
    """Whether numbers stand side by side, so that only their width tells them apart."""
    return any(one[0] and other[0] for one, other in pairwise(tokens))


def _strptime_tokens(text: str) -> list[tuple[str, str]]:
    for letter, meaning in _STRPTIME_WHOLE.items():
        text = text.replace(f"%{letter}", meaning)
    tokens = []
    for found in re.finditer(r"%[-#]?(.)|([^%]+)|%", text):
        if found[2] is not None:
            tokens.append(("", found[2]))
        elif found[1] == "%":
            tokens.append(("", "%"))
        elif found[1] in _STRPTIME:
            tokens.append((_STRPTIME[found[1]], ""))
        else:
            raise ValueError(f"{found[0]} is not known in it")
    return tokens


def _sheet_tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    raws = _TOKEN.findall(text)
    for index, raw in enumerate(raws):
        if raw[0] in "['" and len(raw) > 1:
            tokens.append(("", raw[1:-1]))
            continue
        tokens.append((_meaning(raw, raws, index, [name for name, _ in tokens if name]), raw))
    return tokens


def _meaning(raw: str, raws: list[str], index: int, before: list[str]) -> str:
    """Return what a run of letters stands for; `m` is the month but after hours and before seconds."""
    letter, length = raw[0].lower(), len(raw)
    if letter == "y":
        return "year2" if length == 2 else "year4"
    if letter == "d":
        return "weekday" if length > 2 else "day"
    if letter == "m":
        last = before[-1] if before else ""
        following = next((one for one in raws[index + 1 :] if one[0].isalpha()), "")
        if length <= 2 and (last in {"hour", "hour12"} or following[:1] in {"s", "S"}):
            return "minute"
        return "month_name" if length > 2 else "month"
    if letter == "h":
        twelve = any(re.fullmatch(r"[Aa]|[Aa][Mm]/[Pp][Mm]", one) for one in raws)
        return "hour12" if twelve else "hour"
    if letter == "s":
        return "fraction" if "second" in before else "second"
    if raw[0] == "Z":
        return "zone"
    if letter == "a" and (length == 1 or "/" in raw):
        return "half"
    return ""


def _year(parts: dict[str, str]) -> int:
    if "year4" in parts:
        return int(parts["year4"])
    short = int(parts["year2"])
    return short + (2000 if short < TWO_DIGIT_PIVOT else 1900)


def _month(parts: dict[str, str], calendar: Calendar) -> int:
    if "month" in parts:
        return int(parts["month"])
    return calendar.months.get(fold(parts["month_name"].rstrip(".")), 0)


def _clock(parts: dict[str, str], calendar: Calendar) -> time:
    hour = int(parts.get("hour") or parts.get("hour12") or 0)
    if "half" in parts:
        noon = calendar.halves.get(re.sub(r"[\s.]", "", parts["half"]).casefold())
        if noon is None or not 1 <= hour <= 12:
            raise ValueError(parts["half"])
        hour = hour % 12 + noon
    micros = int(parts.get("fraction", "0").ljust(6, "0")[:6])
    return time(hour, int(parts.get("minute", 0)), int(parts.get("second", 0)), micros)

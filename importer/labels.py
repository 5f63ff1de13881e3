"""Texts of others, made fit to be shown: options, owners and stages by their labels, and no control characters.

In:  values in HubSpot's own form, texts from sheets and portals.
Out: text for people. No markup: who shows it escapes it.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.message import Message, message
from schemas.property import PortalSchema

_SPACES = dict.fromkeys(map(ord, "\t\n\x0b\x0c\r\x85\u2028\u2029"), " ")
_REORDERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Explicit directional formatting, which shows text in another order than it has (Unicode TR9, section 2)."""

_VISIBLE = (
    {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
    | {ord(sign): f"\\u{ord(sign):04x}" for sign in (*_REORDERING, "\ufffe", "\uffff")}
    | _SPACES
)
_SHORT = 60
"""Values shorter than this are remembered with their labels."""
_LONGEST_VALUE = 100
_SURROGATE = re.compile("[\ud800-\udfff]")
Told = str | Message
"""A value as a message has it."""
_SENTENCE_ENDS = (".", "?", "!", "…")


def moment_words(moment: datetime, zone: str = "", *, seconds: bool = False) -> Message:
    """Return a moment as the reader writes it: in English `2026-03-04 09:30`, else `04/03/2026 09:30`.

    zone: named behind it.
    """
    text = message(
        "{year}-{month}-{day} {time}",
        year=f"{moment.year:04d}",
        month=f"{moment:%m}",
        day=f"{moment:%d}",
        time=f"{moment:%H:%M:%S}" if seconds else f"{moment:%H:%M}",
    )
    return message("{moment} ({zone})", moment=text, zone=zone) if zone else text


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def plain_text(text: str, *, keep_lines: bool = False) -> str:
    """Return `text` with control, reordering and unpaired surrogate characters made visible, and on one line.

    So it can neither move a terminal's cursor, nor break a cell in two, nor show in another order than it has.
    `keep_lines` leaves line breaks as they are, where there is room for them.
    """
    if text.isprintable():
        return text
    if keep_lines:
        return "\n".join(map(plain_text, text.split("\n")))
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text.translate(_VISIBLE))


def join_texts(texts: list[str]) -> str:
    """Return texts as one: a semicolon parts them where a sentence does not end."""
    joined = ""
    for text in filter(None, texts):
        if joined:
            joined += " " if joined.endswith(_SENTENCE_ENDS) else "; "
        joined += text
    return joined


def join_lines(texts: list[str]) -> str:
    """Return texts as lines of one."""
    return "\n".join(filter(None, texts))


def header_text(header: str | None) -> str:
    """Return a column's header as people see it: outer blanks aside, which count in no header."""
    return plain_text(header or "").strip()


def clip(text: str, length: int) -> str:
    """Return `text` cut to `length` characters, the last of which is then an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def clip_change(before: str, after: str, length: int) -> tuple[str, str]:
    """Return both texts cut to `length` characters, from shortly before the place where they begin to differ."""
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    start = same - length // 3
    if max(len(before), len(after)) <= length or start <= 0:
        return clip(before, length), clip(after, length)
    return clip(f"…{before[start:].lstrip()}", length), clip(f"…{after[start:].lstrip()}", length)


class Labels:
    """Values of properties as people read them: options, owners, pipelines and stages by label."""

    def __init__(self, schema: PortalSchema | None) -> None:
        self._schema = schema
        self._known: dict[tuple[str, str], str] = {}

    def header(self, name: str) -> str:
        """Return a property's label, or its name where the schema does not know it."""
        definition = self._schema.properties.get(name) if self._schema else None
        return plain_text(definition.label if definition else name)

    def value(self, name: str, value: str) -> str:
        """Return a value's label, or the value."""
        known = self._known.get((name, value))
        if known is None:
            known = self._schema.label_of(name, value) if self._schema else value
            if len(value) < _SHORT:
                self._known[name, value] = known
        return known

    def change(self, name: str, before: str, after: str) -> tuple[str, str]:
        """Return both values by label; where two labels are the same, each with its value: `Ana (77)`."""
        old, new = self.value(name, before), self.value(name, after)
        if old != new or before == after:
            return old, new
        return _with_value(old, before), _with_value(new, after)

    def short_change(self, name: str, before: str, after: str) -> tuple[str, str]:
        """Return the same, cut to what a message has room for, where they begin to differ."""
        return clip_change(*self.change(name, before, after), _LONGEST_VALUE)

    def told_change(self, name: str, before: str, after: str) -> tuple[Told, Told]:
        """Return the same for a message: days as the reader writes them, moments by the clocks of the portal's zone."""
        old, new = (self._day_or_moment(name, value) for value in (before, after))
        short = self.short_change(name, before, after)
        return short if old == new else (old or short[0], new or short[1])

    def told(self, name: str, value: str) -> Told:
        """Return one value for a message."""
        return self._day_or_moment(name, value) or clip(self.value(name, value), _LONGEST_VALUE)

    def _day_or_moment(self, name: str, value: str) -> Message | None:
        from schemas.values import type_of

        definition = self._schema.properties.get(name) if self._schema else None
        scale = type_of(definition).scale if definition else None
        found = scale(value) if scale and value else None
        if isinstance(found, datetime):
            here = found.astimezone(zone_of(self._schema.time_zone if self._schema else "UTC"))
            return moment_words(here, seconds=bool(here.second))
        if isinstance(found, date):
            return message("{year}-{month}-{day}", year=f"{found.year:04d}", month=f"{found:%m}", day=f"{found:%d}")
        return None


def _with_value(label: str, value: str) -> str:
    return label if label == value else f"{label} ({value})"

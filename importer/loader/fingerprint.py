"""What the portal held when a template was written: the template's very hidden sheet, read back.

The sheet "Import fingerprint" has, from its first row on: a mark and the names of the properties; facts as JSON; then
a ticket a row, its record ID and its values as text in HubSpot's own form, cut where a cell cannot hold them whole;
then, for choices, a property, a value and the text that stood for it.
It is read through the loader as any sheet is, so that it survives a change of format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import orjson

from importer.errors import FileError
from importer.loader.table import FINGERPRINT_SHEET, Source, Table
from schemas.message import message

MARK = "import-tickets fingerprint"
FACTS = "facts"
SHOWN = "shown"
WIDTH_OF_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a template was made from. `exported_at` is ISO 8601 in UTC, the moment before the first read."""

    exported_at: str
    portal_id: str
    time_zone: str
    read_only: tuple[str, ...]
    """Properties whose columns are there to be looked at; they are not sent."""
    names: tuple[str, ...]
    tickets: Mapping[str, tuple[str, ...]]
    """Record ID -> values in the order of `names`."""
    shown: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Property -> value -> the text that its cells had; the portal's labels may be others by now."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers in the language of whoever made it -> properties: it may be read in another language."""

    def values(self, ticket: str) -> Mapping[str, str]:
        """Return the values of a ticket at export, by property; empty for a ticket that the template did not have."""
        return dict(zip(self.names, self.tickets.get(ticket, ()), strict=False))


def read_fingerprint(source: Source) -> Fingerprint | None:
    """Return the fingerprint of a template, or None where the file is none.

    Raises FileError for a fingerprint that cannot be read: without it, cells that nobody edited would be sent.
    """
    info = next((one for one in source.sheets if one.name == FINGERPRINT_SHEET), None)
    if info is None or (info.visible and info.headers[:1] != (MARK,)):
        return None  # a visible sheet without the mark is the user's own
    headers = info.headers
    if info.header_row is None or not headers or headers[0] != MARK:
        raise _damaged()
    names = tuple(header for header in headers[1:] if header)
    return _read(source.table(FINGERPRINT_SHEET), names)


def _read(table: Table, names: tuple[str, ...]) -> Fingerprint:
    facts: Mapping[str, object] | None = None
    tickets: dict[str, tuple[str, ...]] = {}
    shown: dict[str, dict[str, str]] = {}
    known: dict[str, str] = {}
    for chunk in table.chunks(range(max(len(names), WIDTH_OF_SHOWN) + 1)):
        for key, *values in zip(*chunk.columns.values(), strict=True):
            if facts is None:
                facts = _facts(key, values[0])
            elif key == SHOWN:
                name, value, text = values[:WIDTH_OF_SHOWN]
                shown.setdefault(name, {})[value] = text
            elif key:
                # Most values repeat: one copy of each keeps a large template small.
                tickets[key] = tuple(known.setdefault(value, value) for value in values[: len(names)])
    if facts is None:
        raise _damaged()
    read_only, headers = facts.get("read_only"), facts.get("headers")
    return Fingerprint(
        exported_at=str(facts["exported_at"]),
        portal_id=str(facts.get("portal_id") or ""),
        time_zone=str(facts.get("time_zone") or "UTC"),
        read_only=tuple(str(name) for name in read_only) if isinstance(read_only, list) else (),
        names=names,
        tickets=tickets,
        shown=shown,
        headers={str(header): str(name) for header, name in headers.items()} if isinstance(headers, dict) else {},
    )


def _facts(key: str, text: str) -> Mapping[str, object]:
    try:
        facts = orjson.loads(text) if key == FACTS else None
    except orjson.JSONDecodeError:
        facts = None
    if not isinstance(facts, dict) or not isinstance(facts.get("exported_at"), str):
        raise _damaged()
    try:
        ZoneInfo(str(facts.get("time_zone") or "UTC"))
    except (ValueError, LookupError, OSError) as error:
        raise _damaged() from error
    return facts


def _damaged() -> FileError:
    return FileError(
        message(
            'The sheet "{sheet}", which shows which cells were edited, is damaged. Make a new template, or '
            "delete that sheet to compare every cell with the portal.",
            sheet=FINGERPRINT_SHEET,
        )
    )

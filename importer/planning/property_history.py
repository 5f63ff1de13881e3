"""What a property's history says: whether it changed since a moment, when it last did, and by whom.

In:  the entries of one property's history, newest first, as the portal gives them.
Out: words and moments for people, and for the summary.

Source: HubSpot CRM API, `propertiesWithHistory`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from importer.labels import moment_words, zone_of
from schemas.message import Message, Value, message
from schemas.property import PortalSchema, Property
from schemas.types.datetime import parse_moment
from schemas.values import same_value

if TYPE_CHECKING:
    from importer.portal import HistoryEntry

WAYS: Mapping[str, Message] = {
    "API": message("an integration"),
    "AUTOMATION_PLATFORM": message("a workflow"),
    "CRM_UI": message("someone in HubSpot"),
    "IMPORT": message("an import"),
    "INTEGRATION": message("an integration"),
    "WORKFLOWS": message("a workflow"),
}
"""How a change came, where no user is named. Source: HubSpot, "Record source" (the property's documented values)."""


def is_after(stamp: str, moment: str) -> bool:
    """Return whether a stamp of the portal lies after a moment; one that cannot be read is taken to."""
    left, right = parse_moment(stamp), parse_moment(moment)
    return left is None or right is None or left > right


def changed_since(definition: Property | None, entries: Sequence[HistoryEntry], moment: str, *, current: str) -> bool:
    """Return whether a property that now holds `current` holds something else than it held at `moment`.

    A value that was changed and changed back isn't a change: writing over it loses no one's work. Where the history
    does not reach back to the moment, any later entry counts.
    """
    later = [entry for entry in entries if is_after(entry.timestamp, moment)]
    if not later:
        return False
    earlier = next((entry for entry in entries if not is_after(entry.timestamp, moment)), None)
    return earlier is None or not same_value(definition, earlier.value, current)


class ChangeAttribution:
    """Who changed a property and when: in the portal's time zone, and by name where the portal's owners give one."""

    def __init__(self, schema: PortalSchema) -> None:
        self._schema = schema

    def when(self, entry: HistoryEntry | None) -> Value:
        """Return the moment of a change as the portal's clocks show it, `2026-11-23 11:15:03 (America/Sao_Paulo)`."""
        moment = parse_moment(entry.timestamp) if entry else None
        return local_text(moment, self._schema.time_zone) if moment else "?"

    def who(self, entry: HistoryEntry | None) -> Value:
        """Return who made a change: a name, a user ID, or by what way it came."""
        source = self.source(entry)
        if entry is None or not source:
            return message("someone")
        if source == entry.source:
            return WAYS.get(source, source)
        return message("user {id}", id=source) if source == entry.user else source

    def source(self, entry: HistoryEntry | None) -> str:
        """Return the same for machines: a name or an e-mail, a user's ID, or by what way it came; else empty."""
        if entry is None:
            return ""
        return self._names.get(entry.user, "") or entry.user or entry.source

    @cached_property
    def _names(self) -> Mapping[str, str]:
        names: dict[str, str] = {}
        for one in (self._schema.bodies.get("owners") or {}).get("results", ()):
            name = f"{one.get('firstName') or ''} {one.get('lastName') or ''}".strip() or str(one.get("email") or "")
            for number in (one.get("userId"), one.get("userIdIncludingInactive")):
                if number:
                    names.setdefault(str(number), name)
        return names


def local_text(moment: datetime, zone_name: str) -> Message:
    """Return a moment as clocks of a zone show it, with the zone's name; in UTC where the zone is not known."""
    zone = zone_of(zone_name)
    return moment_words(moment.astimezone(zone), zone.key, seconds=True)

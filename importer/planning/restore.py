"""What a ticket held at a moment, cell by cell, as far as the portal's histories show it; nothing is guessed.

In:  a ticket with the histories of some properties, a moment; who alone is to be taken back, where that matters.
Out: the value of each property then; None where the history does not show it.

Source: HubSpot CRM API, `propertiesWithHistory`; it keeps only the latest versions of a property.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from importer.errors import UsageError
from importer.planning.property_history import is_after
from schemas.cells import Nearest, quoted
from schemas.message import message
from schemas.property import PortalSchema

if TYPE_CHECKING:
    from importer.portal import HistoryEntry, Ticket

CREATED = "createdate"
Fate = Literal["then", "now", "mixed", "unknown"]
"""What a cell holds: the value of that moment, or today's since others made the changes, or some others did, or none
since nothing says it."""

_WAYS: Mapping[str, frozenset[str]] = {
    "import": frozenset({"IMPORT"}),
    "workflow": frozenset({"AUTOMATION_PLATFORM", "WORKFLOWS", "WORKFLOW"}),
}
"""`sourceType` of versions. Source: HubSpot knowledge base, "Understand property sources"."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Whose changes are taken back: a way that they came by, or a user."""

    source_types: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()

    def made(self, entry: HistoryEntry) -> bool:
        """Whether a version is theirs."""
        return entry.source_type.upper() in self.source_types or (bool(entry.user) and entry.user in self.users)


def find_maker(text: str, schema: PortalSchema) -> Maker:
    """Return who is meant by `import`, `workflow`, or a user's e-mail, name or ID.

    Raises UsageError where no user of the portal is called so.
    """
    typed = text.strip().casefold()
    if typed in _WAYS:
        return Maker(source_types=_WAYS[typed])
    if typed.isascii() and typed.isdigit():
        return Maker(users=frozenset({typed}))
    by_name: dict[str, set[str]] = {}
    for called, number in _users(schema):
        by_name.setdefault(called, set()).add(number)
    found = by_name.get(typed)
    if not found:
        near = Nearest(["import", "workflow", *by_name])(typed)
        raise UsageError(
            message(
                '--made-by: "{name}" is not a user of the portal; did you mean {near}?', name=text, near=quoted(near)
            )
            if near
            else message(
                '--made-by: "{name}" is not a user of the portal. Name import, workflow, or a user\'s e-mail, name or '
                "ID.",
                name=text,
            )
        )
    if len(found) > 1:
        raise UsageError(
            message(
                '--made-by: several users are called "{name}"; name one by e-mail or ID ({ids}).',
                name=text,
                ids=", ".join(sorted(found)),
            )
        )
    return Maker(users=frozenset(found))


def _users(schema: PortalSchema) -> Iterator[tuple[str, str]]:
    """Yield what users are called, without case, and their IDs. Source: HubSpot Owners API, `userId`."""
    for one in (schema.bodies.get("owners") or {}).get("results", ()):
        number = one.get("userId") or one.get("userIdIncludingInactive")
        name = f"{one.get('firstName') or ''} {one.get('lastName') or ''}".strip()
        for called in (name, str(one.get("email") or "")):
            if number and called:
                yield called.casefold(), str(number)


@dataclass(slots=True)
class Restorer:
    """Finds the values of tickets at a moment, and counts how it went. `maker`: whose changes alone are taken back."""

    moment: str
    maker: Maker | None = None
    fates: dict[Fate, int] = field(default_factory=lambda: {"then": 0, "now": 0, "mixed": 0, "unknown": 0})

    def values(self, ticket: Ticket, names: Iterable[str]) -> dict[str, str | None]:
        """Return what each property of a ticket is to hold; None where nothing says it.

        The ticket has today's values and histories of these properties, and the moment of its creation.
        """
        created = ticket.properties.get(CREATED, "")
        is_younger = bool(created) and is_after(created, self.moment)
        found: dict[str, str | None] = {}
        for name in names:
            fate, value = self._value(ticket, name, is_younger=is_younger)
            self.fates[fate] += 1
            found[name] = value
        return found

    def _value(self, ticket: Ticket, name: str, *, is_younger: bool) -> tuple[Fate, str | None]:
        entries = ticket.history.get(name, ())
        later, then = _parted(entries, self.moment)
        if self.maker is not None:
            theirs = [self.maker.made(one) for one in later]
            if not all(theirs) or not theirs:
                return ("mixed" if any(theirs) else "now"), ticket.properties.get(name, "")
        if then is None or is_younger:
            return "unknown", None
        return "then", then.value


def _parted(entries: Sequence[HistoryEntry], moment: str) -> tuple[list[HistoryEntry], HistoryEntry | None]:
    """Return the versions after a moment, and the one that was in force at it; entries are newest first."""
    later: list[HistoryEntry] = []
    for one in entries:
        if not is_after(one.timestamp, moment):
            return later, one
        later.append(one)
    return later, None

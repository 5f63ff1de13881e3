"""Cells that were changed in the portal after the sheet was made: our edits must not overwrite them unseen.

In:  planned changes, and what each row says of when it was made: a last-modified stamp, or a template's fingerprint.
Out: changes that may go out, and rows that may not, with a `conflict` for each cell.

The record's own stamp moves for many reasons, so it only says whose history is worth reading; the property's history
decides, and values: what was changed and changed back, or is what the sheet wants anyway, is no conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.findings import Finding
from importer.labels import Labels, Told
from importer.model import Change, CheckedRow, Columns, Outcome, Status, Values
from importer.planning.property_history import ChangeAttribution, changed_since, is_after
from schemas.message import Message, message
from schemas.property import PortalSchema
from schemas.ticket_object import TICKET
from schemas.values import same_value

if TYPE_CHECKING:
    from importer.loader.fingerprint import Fingerprint
    from importer.portal import HistoryEntry, Portal, Ticket

EarlierWrites = Callable[[Collection[str]], Mapping[str, Values]]
"""Record IDs -> what earlier runs of the same file left in these tickets."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A change that may meet someone else's: `names` are the properties to look at.

    `since`: a change of them after that moment is a conflict. None: their values are not those of the template any
    more, so that they did change, whatever the clocks say.
    """

    change: Change
    names: tuple[str, ...]
    since: str | None


class Conflicts:
    """Finds the conflicts of one plan.

    fingerprint: what the portal held when the file was made, where it came from `template`. earlier: what runs of the
    same file wrote before, which isn't anyone else's change.
    """

    def __init__(
        self, columns: Columns, schema: PortalSchema, fingerprint: Fingerprint | None, earlier: EarlierWrites
    ) -> None:
        self._columns = columns
        self._schema = schema
        self._fingerprint = fingerprint
        self._earlier = earlier
        self._attribution = ChangeAttribution(schema)
        self._labels = Labels(schema)

    def suspect(self, row: CheckedRow, ticket: Ticket, change: Change) -> Suspect | None:
        """Return what of a change may be a conflict; None where nothing is."""
        held = self._fingerprint.values(ticket.id) if self._fingerprint else {}
        if held:
            stale = tuple(name for name in change.after if name in held and self._is_stale(change, name, held[name]))
            return Suspect(change, stale, None) if stale else None
        if row.modified and _touched_since(ticket, row.modified):
            return Suspect(change, tuple(change.after), row.modified)
        return None

    def _is_stale(self, change: Change, name: str, held: str) -> bool:
        current = change.before.get(name, "").replace("\r\n", "\n").replace("\r", "\n")
        return not same_value(self._schema.properties.get(name), current, held)

    async def settle(self, portal: Portal, suspects: Sequence[Suspect]) -> tuple[list[Change], list[Outcome]]:
        """Return the changes that may go out, and an outcome for each row with a conflict.

        Reads the histories of the properties at stake, 50 tickets a request.
        Raises the portal's errors (`importer.errors.PortalError`).
        """
        from importer.portal import Ticket

        if not suspects:
            return [], []
        tickets = [suspect.change.ticket or "" for suspect in suspects]
        names = sorted({name for suspect in suspects for name in suspect.names})
        found = await portal.find_tickets(tickets, id_property=None, properties=(), history=names)
        earlier = self._earlier(set(tickets))
        changes, outcomes = [], []
        for suspect in suspects:
            change = suspect.change
            ticket = found.get(change.ticket or "")
            history = ticket.history if isinstance(ticket, Ticket) else {}
            findings = tuple(self._findings(suspect, history, earlier.get(change.ticket or "", {})))
            if findings:
                outcomes.append(Outcome(change.row, Status.INVALID, findings, ticket=change.ticket))
            else:
                changes.append(change)
        return changes, outcomes

    def _findings(
        self, suspect: Suspect, history: Mapping[str, Sequence[HistoryEntry]], ours: Values
    ) -> Iterator[Finding]:
        change = suspect.change
        for name in suspect.names:
            definition, current, entries = self._schema.properties.get(name), change.before[name], history.get(name, ())
            if name in ours and same_value(definition, current, ours[name]):
                continue
            if suspect.since is None or changed_since(definition, entries, suspect.since, current=current):
                yield self._conflict(change, name, entries[0] if entries else None)

    def _conflict(self, change: Change, name: str, entry: HistoryEntry | None) -> Finding:
        current, wanted = self._labels.told_change(name, change.before[name], change.after[name])
        text = self._text(current, wanted, entry)
        return self._columns.finding(
            "conflict", text, row=change.row, key=change.key, name=name, value=change.after[name]
        )

    def _text(self, current: Told, wanted: Told, entry: HistoryEntry | None) -> Message:
        if entry is None:
            return message(
                'the portal changed this to "{current}" after the sheet was made; the sheet says "{wanted}". Take the '
                "row from the portal again, or run with --on-conflict overwrite",
                current=current,
                wanted=wanted,
            )
        return message(
            '{who} changed this in the portal to "{current}" at {when}, after the sheet was made; the sheet says '
            '"{wanted}". Take the row from the portal again, or run with --on-conflict overwrite',
            who=self._attribution.who(entry),
            current=current,
            when=self._attribution.when(entry),
            wanted=wanted,
        )


def _touched_since(ticket: Ticket, moment: str) -> bool:
    """Whether the record's own stamps moved after `moment`: only then can one of its properties have."""
    stamps = [stamp for stamp in (ticket.properties.get(TICKET.last_modified, ""), ticket.updated_at) if stamp]
    return not stamps or any(is_after(stamp, moment) for stamp in stamps)

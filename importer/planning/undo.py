"""The way back of one change: which cells can be put back, and which were changed since.

In:  what a run did to a ticket, what the portal made of it, and what the portal holds now.
Out: the change that puts the ticket back, and a finding for each cell that is left as it is.

A cell is put back only if the portal still holds what the run wrote. A pipeline and its stage go back together or not
at all: one without the other is refused, or moves the ticket to a wrong place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from importer.findings import Finding
from importer.labels import Labels
from importer.model import Change, Columns, Status, Values
from importer.planning.property_history import ChangeAttribution
from schemas.message import Message, message
from schemas.property import PortalSchema
from schemas.ticket_object import TICKET
from schemas.values import same_value, type_of

if TYPE_CHECKING:
    from importer.portal import HistoryEntry, Missing, Ticket


@dataclass(frozen=True, slots=True)
class Conflict:
    """A cell that is left as it is. `together_with`: it would have gone back, but not without that property."""

    ticket: str
    name: str
    wrote: str
    held: str
    together_with: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A cell that cannot go back, though it was not changed since: it keeps no other cell of its row from going back.

    `unseen`: the portal does not show what it holds. `removed`: the value, or the property, is not taken any more.
    `together`: it would have gone back, but not without the other one of pipeline and stage.
    """

    name: str
    why: Literal["unseen", "removed", "together"]
    before: str


@dataclass(frozen=True, slots=True)
class Back:
    """The way back of one row's change: `change` is None where nothing is to be sent."""

    row: int
    ticket: str
    change: Change | None = None
    conflicts: tuple[Conflict, ...] = ()
    missing: Missing | None = None
    kept: tuple[Kept, ...] = ()

    @property
    def status(self) -> Status:
        """What becomes of the row where nothing is to be sent."""
        if self.missing and self.missing.kind == "unreadable":
            return Status.FAILED
        return Status.INVALID if self.conflicts or self.missing or self.kept else Status.UNCHANGED


class Reversal:
    """Finds the way back of the changes of one run.

    columns: the run's, its tickets named by record ID. schema: the run's; today: what the portal takes now.
    """

    def __init__(self, columns: Columns, schema: PortalSchema, today: PortalSchema) -> None:
        self._today = today
        self._told: set[str] = set()
        self._columns = columns
        self._schema = schema
        self._labels = Labels(schema)
        self._attribution = ChangeAttribution(schema)

    def put_back(self, change: Change, returned: Values, ticket: Ticket | Missing) -> Back:
        """Return the way back of a change; `returned`: what the portal made of what was sent, where that differs."""
        from importer.portal import Missing

        key = change.ticket or change.key
        if isinstance(ticket, Missing):
            return Back(change.row, key, missing=ticket)
        conflicts: dict[str, Conflict] = {}
        kept: dict[str, Kept] = {}
        after: dict[str, str] = {}
        for name, wrote in change.after.items():
            held, before = ticket.properties.get(name), change.before.get(name, "")
            if held is None:
                kept[name] = Kept(name, "unseen", before)
            elif self._same(name, held, before):
                continue
            elif not (self._same(name, held, wrote) or (name in returned and self._same(name, held, returned[name]))):
                conflicts[name] = Conflict(ticket.id, name, wrote, held)
            else:
                after[name] = before
        if TICKET.pipeline in after and TICKET.stage not in change.after and TICKET.stage in change.before:
            self._put_back_stage(change, ticket, after, conflicts)
        for name in [name for name, before in after.items() if not self._takes(name, before)]:
            kept[name] = Kept(name, "removed", after.pop(name))
        self._hold_together(change, ticket, after, conflicts, kept)
        now = {name: ticket.properties.get(name, "") for name in after}
        back = Change(change.row, key, ticket.id, now, after) if after else None
        return Back(change.row, key, back, tuple(conflicts.values()), kept=tuple(kept.values()))

    @staticmethod
    def _hold_together(
        change: Change, ticket: Ticket, after: dict[str, str], conflicts: dict[str, Conflict], kept: dict[str, Kept]
    ) -> None:
        """Put back pipeline and stage together, or neither."""
        for name, other in ((TICKET.pipeline, TICKET.stage), (TICKET.stage, TICKET.pipeline)):
            if name in after and other in conflicts:
                del after[name]
                held = ticket.properties.get(name, "")
                conflicts[name] = Conflict(ticket.id, name, change.after[name], held, together_with=other)
            elif name in after and other in kept:
                kept[name] = Kept(name, "together", after.pop(name))

    def _takes(self, name: str, value: str) -> bool:
        """Whether the portal takes a value that it once held: options, stages and properties may be gone by now."""
        definition = self._today.properties.get(name)
        if definition is None or definition.read_only:
            return False
        return not value or type_of(definition).takes(definition, self._today, value)

    def _put_back_stage(
        self, change: Change, ticket: Ticket, after: dict[str, str], conflicts: dict[str, Conflict]
    ) -> None:
        """Put the stage back that the portal had to choose, since the run named a pipeline alone: its first one."""
        held = ticket.properties.get(TICKET.stage, "")
        pipeline = self._schema.pipeline(change.after[TICKET.pipeline])
        chosen = pipeline.stages[0].id if pipeline and pipeline.stages else held
        if held == chosen:
            after[TICKET.stage] = change.before[TICKET.stage]
        else:
            conflicts[TICKET.stage] = Conflict(ticket.id, TICKET.stage, chosen, held)

    def _same(self, name: str, left: str, right: str) -> bool:
        return same_value(self._schema.properties.get(name), left, right)

    def findings(self, back: Back, histories: Mapping[str, Ticket | Missing]) -> Iterator[Finding]:
        """Yield why cells of a row are left as they are; `histories`: tickets with the histories of such cells."""
        from importer.portal import Ticket

        if back.missing:
            text = _gone(back.ticket, back.missing)
            yield self._columns.key_finding(back.missing.code, text, row=back.row, key=back.ticket)
        for kept in back.kept:
            if kept.why != "unseen":
                code = "invalid_option" if self._is_writable(kept.name) else "read_only_property"
                text = self._why_kept(kept)
                yield self._columns.finding(
                    code, text, row=back.row, key=back.ticket, name=kept.name, value=kept.before
                )
            elif kept.name not in self._told:
                self._told.add(kept.name)
                yield self._unseen(kept.name)
        for conflict in back.conflicts:
            ticket = histories.get(conflict.ticket)
            entries = ticket.history.get(conflict.name, ()) if isinstance(ticket, Ticket) else ()
            text = self._text(conflict, entries[0] if entries else None)
            yield self._columns.finding(
                "conflict", text, row=back.row, key=back.ticket, name=conflict.name, value=conflict.held
            )

    def _is_writable(self, name: str) -> bool:
        definition = self._today.properties.get(name)
        return definition is not None and not definition.read_only

    def _why_kept(self, kept: Kept) -> Message:
        before = self._labels.value(kept.name, kept.before)
        if kept.why == "together":
            other = self._labels.header(TICKET.stage if kept.name == TICKET.pipeline else TICKET.pipeline)
            return message(
                '"{before}" is not restored, because {other} cannot be and the two belong together',
                before=before,
                other=other,
            )
        return message(
            'the run found "{before}" here, which the portal does not take any more; the cell is left as it is',
            before=before,
        )

    def _unseen(self, name: str) -> Finding:
        """Return what is said of a column whose values the portal does not show, once."""
        from importer.planning.unreadable import scope_for

        column = self._columns.column_of(name)
        text = message(
            'the portal does not show the values of "{label}" to this token, so its cells are left as they are; the '
            "scope {scope} would show them",
            label=self._labels.header(name),
            scope=scope_for(self._schema.properties.get(name)),
        )
        position, header = (column.position, column.header) if column else (None, None)
        return Finding("unreadable_property", text, self._columns.header_row, position, header, name)

    def _text(self, conflict: Conflict, entry: HistoryEntry | None) -> Message:
        wrote, held = self._labels.told_change(conflict.name, conflict.wrote, conflict.held)
        if conflict.together_with:
            return message(
                '"{held}" is left as it is, because {other} was changed later and the two belong together',
                held=held,
                other=self._labels.header(conflict.together_with),
            )
        return message(
            '{who} changed this at {when}: the run wrote "{wrote}", the portal holds "{held}"; it is left as it is',
            who=self._attribution.who(entry),
            when=self._attribution.when(entry),
            wrote=wrote,
            held=held,
        )


def _gone(key: str, missing: Missing) -> Message:
    if missing.error is not None:
        return message(
            'ticket "{key}" could not be read and is left as it is; undo again later. {reason}',
            key=key,
            reason=missing.error.text,
        )
    if missing.kind == "archived":
        return message('ticket "{key}" is archived by now; restore it in HubSpot and undo again', key=key)
    if missing.kind == "merged":
        return message(
            'ticket "{key}" was merged into {new} since; it is left as it is', key=key, new=missing.new_id or "?"
        )
    return message('ticket "{key}" no longer exists', key=key)

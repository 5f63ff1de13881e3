"""Compare what the sheet says with what the portal holds, and remember what must change.

In:  rows of the journal that passed validation, and a portal to read from.
Out: in the journal: changes (before, after), rows that are unchanged, rows that cannot be sent (not found, archived,
     merged, conflict, a stage outside the ticket's pipeline).

Nothing is written to the portal here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from importer.findings import Finding
from importer.records import Change, CheckedRow, Columns, Outcome, Status, ValueColumn
from schemas.message import Message, message
from schemas.property import LAST_MODIFIED, PIPELINE, PortalSchema
from schemas.values import same_value

if TYPE_CHECKING:
    from importer.journal import Journal
    from importer.portal import Missing, Portal, Ticket

CHUNK = 10_000
"""Rows compared at a time: a hundred reads in flight, and little memory."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Makes the plan of one run. `expected` gives, at an undo, what a cell must still hold to be put back."""

    columns: Columns
    schema: PortalSchema
    overwrite_conflicts: bool = False

    async def plan(self, journal: Journal, portal: Portal) -> None:
        """Compare every undecided row with its ticket, and note the result.

        Raises the portal's errors (`importer.errors.PortalError`); what was compared until then is noted.
        """
        names = [column.definition.name for column in self.columns.values]
        for rows in journal.undecided(CHUNK):
            found = await portal.find_tickets(
                [row.key for row in rows],
                id_property=self.columns.key.id_property,
                properties=sorted({*names, PIPELINE, LAST_MODIFIED}),
            )
            changes: list[Change] = []
            outcomes: list[Outcome] = []
            suspects: list[tuple[CheckedRow, Change]] = []
            for row in rows:
                result = self._compare(row, found[row.key])
                if isinstance(result, Outcome):
                    outcomes.append(result)
                elif row.modified and not self.overwrite_conflicts and _touched_since(found[row.key], row.modified):
                    suspects.append((row, result))
                else:
                    changes.append(result)
            for checked in await self._find_conflicts(portal, suspects):
                (outcomes if isinstance(checked, Outcome) else changes).append(checked)  # type: ignore[arg-type]
            journal.plan_changes(changes)
            journal.decide(outcomes)
        journal.decide(self._meeting_rows(journal))

    def plan_blind(self, journal: Journal) -> None:
        """Plan every cell as a change, without reading the portal (`--no-diff`)."""
        for rows in journal.undecided(CHUNK):
            outcomes = [Outcome(row.row, Status.UNCHANGED) for row in rows if not row.wanted]
            journal.decide(outcomes)
            journal.plan_changes(Change(row.row, row.key, None, {}, row.wanted) for row in rows if row.wanted)

    def _compare(self, row: CheckedRow, ticket: Ticket | Missing) -> Change | Outcome:
        from importer.portal import Missing

        if isinstance(ticket, Missing):
            return Outcome(row.row, Status.INVALID, (self._missing(row, ticket),), ticket=ticket.new_id)
        wanted = dict(row.wanted)
        for name, choices in row.pending.items():
            pipeline = ticket.properties.get(PIPELINE, "")
            if pipeline not in choices:
                return Outcome(row.row, Status.INVALID, (self._stage_outside(row, name, pipeline),), ticket=ticket.id)
            wanted[name] = choices[pipeline]
        after: dict[str, str] = {}
        for name, value in wanted.items():
            definition = self.schema.properties.get(name)
            current = ticket.properties.get(name, "")
            sent = (
                unite(current, value, [one.value for one in definition.options])
                if (definition is not None and definition.is_multiple and value.startswith(";"))
                else value
            )
            if not same_value(definition, current, sent):
                after[name] = sent
        if not after:
            return Outcome(row.row, Status.UNCHANGED, ticket=ticket.id)
        before = {name: ticket.properties.get(name, "") for name in after}
        return Change(row.row, row.key, ticket.id, before, after)

    async def _find_conflicts(
        self, portal: Portal, suspects: Sequence[tuple[CheckedRow, Change]]
    ) -> list[Change | Outcome]:
        """Return each change as it is, or as an outcome where the portal changed one of its properties since."""
        if not suspects:
            return []
        names = sorted({name for _, change in suspects for name in change.after})
        found = await portal.find_tickets(
            [change.ticket or "" for _, change in suspects], id_property=None, properties=(), history=names
        )
        result: list[Change | Outcome] = []
        for row, change in suspects:
            history = getattr(found.get(change.ticket or ""), "history", {})
            findings = tuple(
                self._conflict(change, name, entry.timestamp)
                for name in change.after
                for entry in list(history.get(name, ()))[:1]
                if row.modified and _instant(entry.timestamp) > _instant(row.modified)
            )
            result.append(Outcome(row.row, Status.INVALID, findings, ticket=change.ticket) if findings else change)
        return result

    def _meeting_rows(self, journal: Journal) -> list[Outcome]:
        outcomes = []
        for rows in journal.shared_tickets():
            for row, key in rows:
                others = ", ".join(str(other) for other, _ in rows if other != row)
                text = message("leads to the same ticket as row {rows}; keep one of the rows", rows=others)
                outcomes.append(Outcome(row, Status.INVALID, (self._at_key(row, key, "duplicate_key", text),)))
        return outcomes

    def _missing(self, row: CheckedRow, missing: Missing) -> Finding:
        texts: dict[str, Message] = {
            "not_found": message('there is no ticket "{key}" in the portal; check the key', key=row.key),
            "archived": message('ticket "{key}" is archived; restore it in HubSpot or take the row out', key=row.key),
            "merged": message(
                'ticket "{key}" was merged into {new}; use that ID, or take the row out',
                key=row.key,
                new=missing.new_id or "?",
            ),
        }
        return self._at_key(row.row, row.key, missing.kind, texts[missing.kind])

    def _at_key(self, row: int, key: str, code: str, text: Message) -> Finding:
        column = self.columns.key
        return Finding(code, text, row, column.position, column.header, column.property_name, key, key)

    def _column(self, name: str) -> ValueColumn | None:
        return next((column for column in self.columns.values if column.definition.name == name), None)

    def _at_cell(self, row: int, key: str, name: str, value: str, code: str, text: Message) -> Finding:
        column = self._column(name)
        position, header = (column.position, column.header) if column else (None, None)
        return Finding(code, text, row, position, header, name, key, value)

    def _stage_outside(self, row: CheckedRow, name: str, pipeline_id: str) -> Finding:
        pipeline = self.schema.pipeline(pipeline_id)
        value = next(iter(row.pending[name].values()))
        text = message(
            '"{value}" is not a stage of the ticket\'s pipeline "{pipeline}"; its stages are: {stages}',
            value=self.schema.stage_label(value),
            pipeline=pipeline.label if pipeline else pipeline_id,
            stages=", ".join(stage.label for stage in pipeline.stages) if pipeline else "?",
        )
        return self._at_cell(row.row, row.key, name, value, "stage_not_in_pipeline", text)

    def _conflict(self, change: Change, name: str, when: str) -> Finding:
        text = message(
            'the portal changed this to "{current}" at {when}, after the sheet was made; the sheet says "{wanted}". '
            "Take the row from the portal again, or run with --on-conflict overwrite",
            current=self.schema.label_of(name, change.before.get(name, "")),
            when=when,
            wanted=self.schema.label_of(name, change.after[name]),
        )
        return self._at_cell(change.row, change.key, name, change.after[name], "conflict", text)


def unite(current: str, added: str, order: Sequence[str]) -> str:
    """Return the options of `current` and of `added` (which starts with `;`), once each, in the definition's order."""
    held = list(dict.fromkeys(part for part in (*current.split(";"), *added.split(";")) if part))
    places = {value: place for place, value in enumerate(order)}
    return ";".join(sorted(held, key=lambda part: places.get(part, len(places))))


def _touched_since(ticket: Ticket | Missing, moment: str) -> bool:
    """Whether the record's own stamp moved after `moment`: only then can one of its properties have."""
    stamp = getattr(ticket, "properties", {}).get(LAST_MODIFIED, "")
    return not stamp or _instant(stamp) > _instant(moment)


def _instant(text: str) -> datetime:
    """Return the instant of an ISO 8601 text, or of epoch milliseconds."""
    if text.isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

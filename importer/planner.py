"""Compare what the sheet says with what the portal holds, and remember what must change.

In:  rows of the journal that passed validation, and a portal to read from.
Out: in the journal: changes (before, after), rows that are unchanged, rows that cannot be sent (not found, archived,
     merged, conflict, a stage outside the ticket's pipeline).

Nothing is written to the portal here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from importer.findings import Finding
from importer.records import Change, CheckedRow, Columns, Outcome, Status, ValueColumn, Values
from schemas.message import Message, message
from schemas.property import LAST_MODIFIED, PIPELINE, PortalSchema
from schemas.values import same_value

if TYPE_CHECKING:
    from importer.journal import Journal
    from importer.loader.fingerprint import Fingerprint
    from importer.portal import Missing, Portal, Ticket

CHUNK = 10_000
"""Rows compared at a time: a hundred reads in flight, and little memory."""


EarlierWrites = Callable[[Collection[str]], Mapping[str, Values]]
"""Record IDs -> what earlier runs of the same file left in these tickets."""


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A change that may meet somebody else's: `names` are the properties to look at.

    `since`: a change of them after that moment is a conflict. None: their values are not those of the template any
    more, so that they did change, whatever the clocks say.
    """

    change: Change
    names: tuple[str, ...]
    since: str | None


@dataclass(frozen=True, slots=True)
class Planner:
    """Makes the plan of one run.

    fingerprint: what the portal held when the file was made, where it came from `template`; then the rows hold edited
    cells alone. earlier: what runs of the same file wrote before, which is nobody else's change.
    """

    columns: Columns
    schema: PortalSchema
    overwrite_conflicts: bool = False
    fingerprint: Fingerprint | None = None
    earlier: EarlierWrites = lambda _: {}

    async def plan(self, journal: Journal, portal: Portal) -> None:
        """Compare every undecided row with its ticket, and note the result.

        Raises the portal's errors (`importer.errors.PortalError`); what was compared until then is noted.
        """
        names = [column.definition.name for column in self.columns.values]
        for undecided in journal.undecided(CHUNK):
            rows = self._leave_unedited(journal, undecided)
            found = await portal.find_tickets(
                [row.key for row in rows],
                id_property=self.columns.key.id_property,
                properties=sorted({*names, PIPELINE, LAST_MODIFIED}),
            )
            changes: list[Change] = []
            outcomes: list[Outcome] = []
            suspects: list[_Suspect] = []
            for row in rows:
                result = self._compare(row, found[row.key])
                if isinstance(result, Outcome):
                    outcomes.append(result)
                elif suspect := self._suspect(row, found[row.key], result):
                    suspects.append(suspect)
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

    def _leave_unedited(self, journal: Journal, rows: list[CheckedRow]) -> list[CheckedRow]:
        """Decide the rows of a template in which nobody edited a cell; return the others."""
        if self.fingerprint is None:
            return rows
        known = self.fingerprint.tickets
        left = {row.row for row in rows if not row.wanted and not row.pending and row.key in known}
        text = message("not edited since the template was made")
        journal.decide(Outcome(row, Status.UNCHANGED, notices=(text,)) for row in sorted(left))
        return [row for row in rows if row.row not in left] if left else rows

    def _suspect(self, row: CheckedRow, ticket: Ticket | Missing, change: Change) -> _Suspect | None:
        """Return what of a change may be a conflict; None where nothing is."""
        if self.overwrite_conflicts:
            return None
        held = self.fingerprint.values(change.ticket or "") if self.fingerprint else {}
        if held:
            stale = tuple(name for name in change.after if name in held and self._is_stale(change, name, held[name]))
            return _Suspect(change, stale, None) if stale else None
        if row.modified and _touched_since(ticket, row.modified):
            return _Suspect(change, tuple(change.after), row.modified)
        return None

    def _is_stale(self, change: Change, name: str, held: str) -> bool:
        current = change.before.get(name, "").replace("\r\n", "\n").replace("\r", "\n")
        return not same_value(self.schema.properties.get(name), current, held)

    async def _find_conflicts(self, portal: Portal, suspects: Sequence[_Suspect]) -> list[Change | Outcome]:
        """Return each change as it is, or as an outcome where the portal changed one of its properties since."""
        if not suspects:
            return []
        tickets = [suspect.change.ticket or "" for suspect in suspects]
        names = sorted({name for suspect in suspects for name in suspect.names})
        found = await portal.find_tickets(tickets, id_property=None, properties=(), history=names)
        earlier = self.earlier(set(tickets))
        result: list[Change | Outcome] = []
        for suspect in suspects:
            change = suspect.change
            history = getattr(found.get(change.ticket or ""), "history", {})
            ours = earlier.get(change.ticket or "", {})
            findings = []
            for name in suspect.names:
                current = change.before.get(name, "")
                if name in ours and same_value(self.schema.properties.get(name), current, ours[name]):
                    continue
                when = next((entry.timestamp for entry in history.get(name, ())), "")
                if suspect.since is None or (when and _instant(when) > _instant(suspect.since)):
                    findings.append(self._conflict(change, name, when or "?"))
            outcome = Outcome(change.row, Status.INVALID, tuple(findings), ticket=change.ticket)
            result.append(outcome if findings else change)
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

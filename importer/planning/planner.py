"""Compare what the sheet says with what the portal holds, and remember what must change.

In:  rows of the journal that passed validation, and a portal to read from.
Out: in the journal: changes (before, after), rows that are unchanged, rows that cannot be sent (not found, archived,
     merged, conflict, a stage outside the ticket's pipeline).

Nothing is written to the portal here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from unicodedata import normalize

from importer.findings import Finding
from importer.model import Change, CheckedRow, Columns, Outcome, Status, Values
from importer.planning.conflicts import Conflicts, EarlierWrites, Suspect
from importer.planning.duplicates import join_twins
from importer.planning.pending_stages import settle_pending, several_in_pipeline
from importer.planning.policies import make_policies, too_long, unite
from schemas.cells import shown, shows_nothing
from schemas.message import Message, message
from schemas.property import PortalSchema
from schemas.ticket_object import TICKET
from schemas.types.datetime import is_between
from schemas.values import make_comparer, type_of

if TYPE_CHECKING:
    from importer.journal import Journal
    from importer.loader.fingerprint import Fingerprint
    from importer.planning.doubts import TextDoubts
    from importer.portal import Missing, Portal, Ticket

CHUNK = 10_000
"""Rows compared at a time: a hundred reads in flight, and little memory."""


Forms = Callable[[str, str, str, str], Message | None]
"""Of a ticket, a property, what the sheet asks for and what the portal holds: a notice, where the latter is what the
portal made of the former."""


class Planner:
    """Makes the plan of one run.

    fingerprint: what the portal held when the file was made, where it came from `template`; then the rows hold edited
    cells alone. earlier: what runs of the same file wrote before, which isn't a conflict. forms: what the portal
    made of texts that they wrote: where it still holds that, nothing is to be sent. doubts: judges texts to be sent.
    """

    def __init__(
        self,
        columns: Columns,
        schema: PortalSchema,
        *,
        overwrite_conflicts: bool = False,
        fingerprint: Fingerprint | None = None,
        earlier: EarlierWrites = lambda _: {},
        forms: Forms = lambda *_: None,
        doubts: TextDoubts | None = None,
    ) -> None:
        self._columns = columns
        self._schema = schema
        self._fingerprint = fingerprint
        self._forms = forms
        self._doubts = doubts
        self._conflicts = None if overwrite_conflicts else Conflicts(columns, schema, fingerprint, earlier)
        self._orders = {
            one.definition.name: [option.value for option in one.definition.options]
            for one in columns.values
            if one.definition.is_multiple
        }
        """Options of properties that hold several."""
        self._policies = make_policies(columns)
        self._comparers = {name: make_comparer(one) for name, one in schema.properties.items()}
        self._locked_stages = {stage.id for one in schema.pipelines for stage in one.stages if stage.locked}
        self._tidy = {name: tidy for name, one in schema.properties.items() if (tidy := type_of(one).tidy)}

    @property
    def properties(self) -> list[str]:
        """The properties to read of each ticket."""
        always = {TICKET.pipeline, TICKET.stage, TICKET.last_modified}
        return sorted({one.definition.name for one in self._columns.values} | always)

    async def plan(self, journal: Journal, portal: Portal) -> None:
        """Compare every undecided row with its ticket, and note the result, and when the plan was begun.

        Raises the portal's errors (`importer.errors.PortalError`), and ColumnsError for columns whose values it does
        not show; what was compared until then is noted.
        """
        from importer.portal.events import reading

        note_compared(journal, portal)
        progress = reading(portal.on_event, journal.rows.count_undecided())
        for undecided in journal.rows.undecided(CHUNK):
            rows = self._leave_unedited(journal, undecided)
            found = await portal.find_tickets(
                [row.key for row in rows],
                id_property=self._columns.key.id_property,
                properties=self.properties,
                on_read=progress,
            )
            changes, outcomes = await self._decide(rows, found, portal)
            journal.plan.add(changes)
            journal.rows.decide(outcomes)
        if self._columns.key.id_property is not None:
            join_twins(journal, journal.plan.shared_tickets(), self._columns)

    async def _decide(
        self, rows: Sequence[CheckedRow], found: Mapping[str, Ticket | Missing], portal: Portal
    ) -> tuple[list[Change], list[Outcome]]:
        from importer.planning.unreadable import check_shown

        changes: list[Change] = []
        outcomes: list[Outcome] = []
        suspects: list[Suspect] = []
        check_shown(((row, found[row.key]) for row in rows), self._columns)
        for row in rows:
            ticket = found[row.key]
            result = self.compare(row, ticket)
            if isinstance(result, Outcome):
                outcomes.append(result)
            elif refused := self._refused(row, result):
                outcomes.append(refused)
            elif self._conflicts and (suspect := self._conflicts.suspect(row, _present(ticket), result)):
                suspects.append(suspect)
            else:
                changes.append(result)
        if self._conflicts and suspects:
            cleared, conflicting = await self._conflicts.settle(portal, suspects)
            changes += cleared
            outcomes += conflicting
        return changes, outcomes

    def _refused(self, row: CheckedRow, change: Change) -> Outcome | None:
        """Return the outcome of a row whose change may not go out: a text is too long, or looks spoiled."""
        if self._policies and (finding := too_long(change, self._columns)):
            return Outcome(row.row, Status.INVALID, (finding,), ticket=change.ticket)
        if self._doubts is None:
            return None
        typed = {name: row.wanted[name] for name in self._policies if name in change.after and name in row.wanted}
        return self._doubts.refused(change._replace(after={**change.after, **typed}) if typed else change)

    async def plan_blind(self, journal: Journal, portal: Portal | None) -> None:
        """Plan every cell as a change, without reading the portal's values (`--no-diff`).

        A stage that waits for the ticket's pipeline is taken where it fits one pipeline alone. Keys that differ in case
        alone are asked about, if there is a portal: it may take them for one ticket's, and then one row must not
        overwrite the other.
        """
        alike = journal.rows.alike_keys() if portal and self._columns.key.id_property else []
        found: Mapping[str, Ticket | Missing] = {}
        if portal and alike:
            found = await portal.find_tickets(alike, id_property=self._columns.key.id_property, properties=())
        tickets = {key: one.id for key, one in found.items() if isinstance(one, tuple)}
        for rows in journal.rows.undecided(CHUNK):
            changes: list[Change] = []
            outcomes: list[Outcome] = []
            for row in rows:
                settled = settle_pending(row, self._columns, self._schema) if row.pending else row
                if isinstance(settled, Finding):
                    outcomes.append(Outcome(row.row, Status.INVALID, (settled,)))
                elif settled.wanted:
                    change = Change(row.row, row.key, tickets.get(row.key), {}, settled.wanted)
                    refused = self._doubts.refused(change) if self._doubts else None
                    if refused:
                        outcomes.append(refused)
                    else:
                        changes.append(change)
                else:
                    outcomes.append(Outcome(row.row, Status.UNCHANGED))
            journal.plan.add(changes)
            journal.rows.decide(outcomes)
        if tickets:
            join_twins(journal, journal.plan.shared_tickets(), self._columns)

    def compare(self, row: CheckedRow, ticket: Ticket | Missing) -> Change | Outcome:
        """Return what is to change on the ticket of a row: an outcome where nothing is, or nothing can be."""
        if not isinstance(ticket, tuple):
            status = Status.FAILED if ticket.kind == "unreadable" else Status.INVALID
            return Outcome(row.row, status, (self._missing(row, ticket),), ticket=ticket.new_id)
        wanted = row.wanted
        for name, choices in row.pending.items():
            pipeline = ticket.properties.get(TICKET.pipeline, "")
            if pipeline not in choices:
                return Outcome(row.row, Status.INVALID, (self._stage_outside(row, name, pipeline),), ticket=ticket.id)
            if not choices[pipeline]:
                several = several_in_pipeline(row, name, pipeline, self._columns, self._schema)
                return Outcome(row.row, Status.INVALID, (several,), ticket=ticket.id)
            wanted = {**wanted, name: choices[pipeline]}
        held = ticket.properties
        before, after = self._differing(wanted, held, row.alike)
        notices = {name: said for name in after if (said := self._forms(ticket.id, name, after[name], before[name]))}
        for name in notices:
            del before[name], after[name]
        if not after:
            return Outcome(row.row, Status.UNCHANGED, notices=tuple(notices.values()), ticket=ticket.id)
        if (stage := after.get(TICKET.stage)) and stage in self._locked_stages:
            return Outcome(row.row, Status.INVALID, (self._stage_locked(row, stage),), ticket=ticket.id)
        if TICKET.pipeline in after and TICKET.stage not in after:
            # The portal may choose another stage, and an undo wants to know the one before.
            before[TICKET.stage] = held.get(TICKET.stage, "")
        return Change(row.row, self._key_as_known(row.key, ticket), ticket.id, before, after)

    def _key_as_known(self, key: str, ticket: Ticket) -> str:
        """Return a key as it is sent: as typed, but in the normal form of Unicode in which the portal knows it."""
        name = self._columns.key.id_property
        known = "" if key.isascii() or name is None else ticket.properties.get(name, "")
        return known if known and known != key and normalize("NFC", known) == normalize("NFC", key) else key

    def _differing(self, wanted: Values, held: Values, alike: Values) -> tuple[dict[str, str], dict[str, str]]:
        """Return the cells that differ in meaning, by property: what the ticket holds, and what is to be sent."""
        before: dict[str, str] = {}
        after: dict[str, str] = {}
        comparers, orders = self._comparers, self._orders
        for name, asked in wanted.items():
            current, value = held.get(name, ""), asked
            if name in self._policies and value:
                value = self._policies[name](current, value)
            if current == value:
                continue
            if name in orders and value[:1] == ";":
                value = unite(current, value, orders[name])
            same = comparers.get(name)
            if current == value or (same is not None and current and value and same(current, value)):
                continue
            if not value and shows_nothing(current):
                continue
            if current and (last := alike.get(name)) and is_between(value, current, last):
                continue
            before[name], after[name] = current, value
        for name in self._tidy.keys() & after.keys():
            before[name] = self._tidy[name](before[name])
        return before, after

    def _leave_unedited(self, journal: Journal, rows: list[CheckedRow]) -> list[CheckedRow]:
        """Decide the rows of a template in which no cell was edited; return the others."""
        if self._fingerprint is None:
            return rows
        known = self._fingerprint.tickets
        left = {row.row for row in rows if not row.wanted and not row.pending and row.key in known}
        text = message("not edited since the template was made")
        journal.rows.decide(Outcome(row, Status.UNCHANGED, notices=(text,)) for row in sorted(left))
        return [row for row in rows if row.row not in left] if left else rows

    def _missing(self, row: CheckedRow, missing: Missing) -> Finding:
        text = missing_text(row.key, missing)
        return self._columns.key_finding(missing.code, text, row=row.row, key=row.key)

    def _stage_locked(self, row: CheckedRow, stage: str) -> Finding:
        label = self._schema.stage_label(stage)
        text = message(
            '"{stage}" is a stage that cannot be set through the API; move the ticket in HubSpot, or write '
            "another stage",
            stage=label,
        )
        value = row.typed or label
        return self._columns.finding("cannot_set", text, row=row.row, key=row.key, name=TICKET.stage, value=value)

    def _stage_outside(self, row: CheckedRow, name: str, pipeline_id: str) -> Finding:
        pipeline = self._schema.pipeline(pipeline_id)
        value = row.typed or self._schema.stage_label(next(iter(row.pending[name].values())))
        text = message(
            '"{value}" isn\'t a stage of the ticket\'s pipeline "{pipeline}"; its stages are: {stages}',
            value=shown(value),
            pipeline=pipeline.label if pipeline else pipeline_id,
            stages=", ".join(stage.label for stage in pipeline.stages) if pipeline else "?",
        )
        return self._columns.finding("stage_not_in_pipeline", text, row=row.row, key=row.key, name=name, value=value)


def note_compared(journal: Journal, portal: Portal) -> None:
    """Note in the journal that values are read from now on: a plan that grew old is checked before it is sent."""
    journal.note(compared_at=datetime.fromtimestamp(portal.clock.time(), UTC).isoformat())


def missing_text(key: str, missing: Missing) -> Message:
    """Return what is said of a ticket that is not there."""
    if missing.error is not None:
        return message(
            'ticket "{key}" could not be read; run again later, or take the row out. {reason}',
            key=key,
            reason=missing.error.text,
        )
    if missing.kind == "archived":
        return message('ticket "{key}" is archived; restore it in HubSpot or take the row out', key=key)
    if missing.kind == "merged":
        return message(
            'ticket "{key}" was merged into {new}; use that ID, or take the row out', key=key, new=missing.new_id or "?"
        )
    return message('there is no ticket "{key}" in the portal; check the key', key=key)


def _present(ticket: Ticket | Missing) -> Ticket:
    assert isinstance(ticket, tuple)
    return ticket

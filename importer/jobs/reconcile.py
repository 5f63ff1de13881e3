"""Read the portal back, and report where it and the sheet differ, cell by cell. Nothing is changed in the portal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from importer.files import fitting_name
from importer.jobs import connect
from importer.jobs.context import Context
from importer.jobs.finish import finish
from importer.jobs.job import Job
from importer.jobs.main import make_record, validate
from importer.jobs.missing_metadata import tell_gaps
from importer.jobs.opening import opening
from importer.jobs.options import Result, RunOptions
from importer.jobs.run_history import FormsSeen, known_cells
from importer.jobs.targets import check_targets
from importer.jobs.which_portal import tell_version
from importer.model import Change, CheckedRow, Difference, Outcome, Status
from importer.reports.finding_groups import first_groups
from schemas.ticket_object import TICKET

if TYPE_CHECKING:
    from importer.portal import HistoryEntry, Missing, Portal, Ticket

CHUNK = 10_000
"""Rows compared at a time: a hundred reads in flight, and little memory."""
PROBE = TICKET.batch_size
"""Rows compared first: they show whether it pays to read histories along."""


async def reconcile(options: RunOptions, context: Context) -> Result:
    """Compare every row of `options.file` with its ticket: `matches`, `differs`, or `invalid` where it cannot be.

    A cell that differs says what the sheet and the portal hold, who changed it when, and, where a run on the file is
    known, what that run had to do with it. The HTML report goes beside the file, unless `options.html` names a place.
    """
    file = options.file.absolute()
    page = options.html or file.with_name(fitting_name(file.stem, ".reconcile.html", file.parent))
    options = replace(options, file=file, html=page)
    async with opening(context, file=file, sheet=options.read.sheet) as held:
        held.lock(file)
        source = connect.open_file(file, options.read)
        check_targets(options, context.state.outputs)
        tell_version(context.access, context.ui)
        portal = await held.connect()
        schema = await connect.online_schema(portal, options.read, context.state, context.ui)
        opened = connect.fit_columns_asking(source, options.read, schema, context.ui, yes=options.yes)
        for notice in (*source.notices, *opened.table.notices, *opened.columns.notices):
            context.ui.say(notice)
        tell_gaps(portal.gaps, opened.columns, options.read, context.ui)
        record = replace(make_record(options, opened, schema, portal), kind="reconcile", dry_run=False)
        journal = held.create_journal(record)
        job = held.begin(Job(options, context, journal, opened.columns, schema, portal))
        try:
            validate(job, opened)
            await _Comparison(job, portal).run()
        finally:
            job.note_requests()
        _show(job)
        held.result = finish(job)
    return held.result


def _show(job: Job) -> None:
    """List the first cells that differ or are wrong."""
    total = job.journal.report.count_remarks()
    if total:
        job.ui.show_findings(
            first_groups(job.journal),
            total=total,
            file=job.options.file.name,
            sheet=job.journal.record.sheet,
        )


class _Comparison:
    """The rows of one file against their tickets.

    Tickets are read 100 a request, and the histories of those that differ 50 a request. Where more than half of the
    rows until now differed, both are read at once, 50 a request: so no file takes more than two reads per 100 rows.
    """

    def __init__(self, job: Job, portal: Portal) -> None:
        from importer.planning.planner import Planner
        from importer.planning.reconcile import DifferenceText

        self._journal = job.journal
        self._columns = job.columns
        self._portal = portal
        self._id_property = job.columns.key.id_property
        self._names = [one.definition.name for one in job.columns.values]
        forms = FormsSeen(job.journal, job.schema, job.columns)
        self._planner = Planner(job.columns, job.schema, overwrite_conflicts=True, forms=forms)
        self._difference_text = DifferenceText(job.columns, job.schema)
        self._compared = self._differing = 0

    async def run(self) -> None:
        """Give every row that is not decided yet its status, and note the cells that differ.

        Raises the portal's errors (`importer.errors.PortalError`).
        """
        from importer.portal.events import reading

        progress = reading(self._portal.on_event, self._journal.rows.count_undecided())
        for rows in self._journal.rows.undecided(CHUNK):
            for portion in self._portions(rows):
                await self._compare(portion, progress)

    def _portions(self, rows: Sequence[CheckedRow]) -> Iterator[Sequence[CheckedRow]]:
        start = PROBE if self._compared == 0 else 0
        yield from (part for part in (rows[:start], rows[start:]) if part)

    async def _compare(self, rows: Sequence[CheckedRow], progress: Callable[[int], None]) -> None:
        from importer.planning.unreadable import check_shown

        with_history = self._differing > self._compared / 2
        found = await self._portal.find_tickets(
            [row.key for row in rows],
            id_property=self._id_property,
            properties=self._planner.properties,
            history=self._names if with_history else (),
            on_read=progress,
        )
        check_shown(((row, found[row.key]) for row in rows), self._columns)
        outcomes: list[Outcome] = []
        changes: list[Change] = []
        for row in rows:
            result = self._planner.compare(row, found[row.key])
            if isinstance(result, Change):
                changes.append(result)
            else:
                status = Status.MATCHES if result.status is Status.UNCHANGED else result.status
                outcomes.append(replace(result, status=status))
        if with_history:
            told = {change.ticket or "": found[change.key] for change in changes}
        else:
            told = await self._portal.find_tickets(
                [change.ticket or "" for change in changes],
                history=sorted({name for change in changes for name in change.after}),
            )
        self._journal.rows.decide(outcomes)
        self._note_differences(changes, {row.row: row for row in rows}, told)
        self._compared += len(rows)
        self._differing += len(changes)

    def _note_differences(
        self, changes: Sequence[Change], rows: Mapping[int, CheckedRow], told: Mapping[str, Ticket | Missing]
    ) -> None:
        cells = {(change.ticket or "", name): value for change in changes for name, value in change.after.items()}
        known = known_cells(self._journal, cells) if cells else {}
        outcomes: list[Outcome] = []
        differences: list[Difference] = []
        for change in changes:
            ticket = change.ticket or ""
            for name, wanted in change.after.items():
                earlier = known.get((ticket, name))
                cell = rows[change.row].wanted.get(name, wanted)
                entry = _last_change(told.get(ticket), name)
                differences.append(self._difference_text.explain(name, cell, change, entry=entry, known=earlier))
            outcomes.append(Outcome(change.row, Status.DIFFERS, ticket=change.ticket))
        self._journal.plan.add(changes)
        self._journal.rows.decide(outcomes)
        self._journal.report.add_differences(differences)


def _last_change(ticket: Ticket | Missing | None, name: str) -> HistoryEntry | None:
    from importer.portal import Ticket

    return next(iter(ticket.history.get(name, ())), None) if isinstance(ticket, Ticket) else None

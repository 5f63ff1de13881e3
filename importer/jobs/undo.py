"""Put back what a run changed, cell by cell, where the portal still holds what the run wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import UsageError
from importer.jobs import connect
from importer.jobs.confirm import confirm
from importer.jobs.context import Context
from importer.jobs.finish import finish
from importer.jobs.job import Job, Opening
from importer.jobs.opening import opening
from importer.jobs.options import ReadOptions, Result, RunOptions
from importer.jobs.resume import check_portal
from importer.jobs.run_list import RunInfo, undone_by
from importer.jobs.sending import send
from importer.jobs.stored_run import stored_columns
from importer.jobs.targets import check_page
from importer.jobs.which_portal import tell_version
from importer.journal import Journal, RunRecord
from importer.journal.run_record import UNDONE
from importer.model import Change, CheckedRow, Columns, KeyColumn, Outcome, Status, Values
from importer.planning.planner import note_compared
from importer.planning.undo import Reversal
from schemas.message import Message, message
from schemas.property import PortalSchema
from schemas.ticket_object import TICKET

if TYPE_CHECKING:
    from importer.portal import Portal

CHUNK = 10_000


async def undo_run(
    run_id: str,
    context: Context,
    *,
    dry_run: bool = False,
    yes: bool = False,
    html: Path | None = None,
    overwrite: bool = False,
) -> Result:
    """Undo `run_id` (a run, or an undo of one), with a plan, a question and a journal of its own.

    Cells that somebody changed since are reported as `conflict` and not touched. The spreadsheet is left alone.
    """
    state = context.state
    async with opening(context, dry_run=dry_run) as held:
        record = state.read_record(run_id)
        _check_undoable(record)
        if undo := undone_by(state, run_id):
            context.ui.say(_undone_before(run_id, undo))
        options = RunOptions(
            Path(record.file),
            read=ReadOptions(sheet=record.sheet),
            dry_run=dry_run,
            yes=yes,
            on_invalid="skip",
            html=html,
            overwrite=overwrite,
        )
        held.file = options.file
        check_page(options, state.outputs)
        held.lock(options.file)
        parent = held.hold(state.open_journal(run_id))
        parent.check()
        job = await prepare_undo(parent, options, held)
        try:
            confirm(job)
            if not dry_run:
                await send(job, look_again=job.will_ask)
        finally:
            _note_undone(parent, job.journal)
        held.result = finish(job)
    return held.result


async def prepare_undo(parent: Journal, options: RunOptions, held: Opening) -> Job:
    """Do all that comes before the question."""
    context = held.context
    schema, columns = stored_columns(parent.record)
    columns = _by_record_id(columns)
    tell_version(context.access, context.ui)
    portal = await held.connect()
    await check_portal(parent.record, portal)
    journal = held.create_journal(_undo_record(parent.record, options, columns, portal))
    job = held.begin(Job(options, context, journal, columns, schema, portal))
    await plan_undo(parent, job, portal, await connect.fetch_schema(portal, context.state))
    return job


def _note_undone(parent: Journal, journal: Journal) -> None:
    """Take a run that stopped early out of those that can be resumed, once a row of it was put back."""
    if parent.record.can_resume and journal.rows.count_by_status().get(Status.UPDATED):
        parent.outlive(lambda: parent.note(state=UNDONE))


def _undone_before(run_id: str, undo: RunInfo) -> Message:
    if undo.can_resume:
        return message(
            "Run {undo}, which undoes run {run}, did not finish; `{command}` would. This undo goes ahead on its own.",
            run=run_id,
            undo=undo.id,
            command=undo.next_command or "",
        )
    return message("Run {run} was undone before, by run {undo}.", run=run_id, undo=undo.id)


def _check_undoable(record: RunRecord) -> None:
    if record.kind == "reconcile" or record.dry_run:
        raise UsageError(message("Run {run} changed nothing in the portal; there is nothing to undo.", run=record.id))
    if not record.diff:
        raise UsageError(
            message(
                "Run {run} was made with --no-diff: the values before are not known, so it cannot be undone.",
                run=record.id,
            )
        )


def _by_record_id(columns: Columns) -> Columns:
    """Return the columns of the run, its tickets named by record ID: a unique value may be another one by now."""
    key = columns.key
    header = key.header if key.id_property is None else "Record ID"
    return Columns(KeyColumn(key.position, header, "id"), columns.values, columns.header_row)


def _undo_record(parent: RunRecord, options: RunOptions, columns: Columns, portal: Portal) -> RunRecord:
    return RunRecord(
        kind="undo",
        parent=parent.id,
        file=parent.file,
        sheet=parent.sheet,
        digest=parent.digest,
        dialect=parent.dialect,
        headers=parent.headers,
        header_row=parent.header_row,
        columns=parent.columns,
        schema=parent.schema,
        key=replace(parent.key, header=columns.key.header, property="id"),
        portal=replace(parent.portal, base_url=portal.settings.base_url),
        dry_run=options.dry_run,
        html=str(options.html) if options.html else None,
    )


async def plan_undo(parent: Journal, job: Job, portal: Portal, today: PortalSchema) -> None:
    """Compare what the run wrote with what the portal holds now, and note what is to be put back.

    today: what the portal's properties are now.

    Raises the portal's errors (`importer.errors.PortalError`).
    """
    from importer.portal.events import reading

    names = sorted({TICKET.stage, *(column.definition.name for column in job.columns.values)})
    progress = reading(portal.on_event, sum(1 for _ in parent.report.written()))
    reversal = Reversal(job.columns, job.schema, today)
    note_compared(job.journal, portal)
    try:
        for written in _chunks(parent.report.written()):
            job.journal.rows.add(
                (CheckedRow(change.row, _ticket(change), change.before) for change, _ in written), fold_keys=False
            )
            found = await portal.find_tickets(
                [_ticket(change) for change, _ in written], properties=names, on_read=progress
            )
            backs = [reversal.put_back(change, returned, found[_ticket(change)]) for change, returned in written]
            conflicts = [conflict for back in backs for conflict in back.conflicts]
            histories = await portal.find_tickets(
                list({conflict.ticket for conflict in conflicts}),
                history=sorted({conflict.name for conflict in conflicts}),
            )
            job.journal.plan.add(back.change for back in backs if back.change)
            job.journal.rows.decide(
                Outcome(back.row, back.status, ticket=back.ticket) for back in backs if back.change is None
            )
            job.journal.rows.add_findings(finding for back in backs for finding in reversal.findings(back, histories))
    finally:
        job.note_requests()
    job.journal.note(state="planned")


def _ticket(change: Change) -> str:
    return change.ticket or change.key


def _chunks(written: Iterator[tuple[Change, Values]]) -> Iterator[list[tuple[Change, Values]]]:
    while chunk := list(islice(written, CHUNK)):
        yield chunk

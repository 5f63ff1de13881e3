"""Put back what a run changed, cell by cell, where the portal still holds what the run wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import ImportTicketsError, UsageError
from importer.jobs import connect
from importer.jobs.confirm import decide_and_send
from importer.jobs.finish import end_early, fail_early
from importer.jobs.job import Job
from importer.jobs.options import PortalAccess, Result, RunOptions, Ui
from importer.jobs.resume import check_portal, stored_columns, stored_options
from importer.jobs.state import StateFolder, now
from importer.jobs.targets import check_page
from importer.jobs.which_portal import tell_version
from importer.journal import Journal, RunRecord
from importer.journal.run_record import UNDONE
from importer.model import Change, CheckedRow, Columns, KeyColumn, Outcome, Status, Values
from importer.planning.planner import note_compared
from importer.planning.undo import Reversal
from schemas.message import message
from schemas.property import STAGE, PortalSchema

if TYPE_CHECKING:
    from importer.portal import Portal
    from importer.portal.clock import StopSignal

CHUNK = 10_000


async def undo_run(
    run_id: str,
    access: PortalAccess,
    state: StateFolder,
    ui: Ui,
    stop: StopSignal,
    *,
    dry_run: bool = False,
    yes: bool = False,
    html: Path | None = None,
    overwrite: bool = False,
    lang: str = "en",
) -> Result:
    """Undo `run_id` (a run, or an undo of one), with a plan, a question and a journal of its own.

    Cells that somebody changed since are reported as `conflict` and not touched. The spreadsheet is left alone.
    """
    started_at = now()
    options = RunOptions(Path(), dry_run=dry_run, lang=lang)
    try:
        with state.open_journal(run_id) as parent:
            record = parent.record
            _check_undoable(run_id, record)
            options = _undo_options(record, dry_run=dry_run, yes=yes, html=html, lang=lang)
            options = replace(options, overwrite=overwrite)
            check_page(options, state.outputs)
            with state.lock_file(options.file.resolve()):
                parent.check()
                return await _undo(parent, record, options, access, state, ui, stop)
    except ImportTicketsError as error:
        return fail_early(error, file=options.file, dry_run=options.dry_run, started_at=started_at)


def _check_undoable(run_id: str, record: RunRecord) -> None:
    if record.kind == "reconcile" or record.dry_run:
        raise UsageError(message("Run {run} changed nothing in the portal; there is nothing to undo.", run=run_id))
    if not record.diff:
        raise UsageError(
            message(
                "Run {run} was made with --no-diff: the values before are not known, so that it cannot be undone.",
                run=run_id,
            )
        )


def _undo_options(record: RunRecord, *, dry_run: bool, yes: bool, html: Path | None, lang: str) -> RunOptions:
    stored = stored_options(record, html=html, lang=lang, dry_run=dry_run)
    return RunOptions(stored.file, read=stored.read, dry_run=dry_run, yes=yes, on_invalid="skip", html=html, lang=lang)


async def _undo(
    parent: Journal,
    record: RunRecord,
    options: RunOptions,
    access: PortalAccess,
    state: StateFolder,
    ui: Ui,
    stop: StopSignal,
) -> Result:
    schema, columns = stored_columns(record)
    columns = _by_record_id(columns)
    tell_version(access, ui)
    async with connect.connect(access, state, ui.progress) as portal:
        await check_portal(record, portal)
        with state.create_journal(_undo_record(record, options, columns, portal)) as journal:
            job = Job(options, ui, journal, columns, schema, portal, state.outputs)
            try:
                await plan_undo(parent, job, portal, await connect.fetch_schema(portal, state))
                result = await decide_and_send(job, stop)
            except ImportTicketsError as error:
                result = end_early(job, error)
            if parent.record.can_resume and journal.rows.count_by_status().get(Status.UPDATED):
                parent.outlive(lambda: parent.note(state=UNDONE))
            return result


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

    names = sorted({STAGE, *(column.definition.name for column in job.columns.values)})
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

"""The main job: read, validate, compare, confirm, update, write the results back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer.errors import FileError, GuardRail, ImportTicketsError, NotConfirmed, PortalError, UsageError
from importer.journal import Journal
from importer.records import Columns, Status
from importer.runs import opening
from importer.runs.earlier import values_written
from importer.runs.finishing import conclude, fail_early
from importer.runs.options import PortalAccess, Result, RunOptions, Ui
from importer.runs.preview import plan_view
from importer.runs.state import StateFolder, now
from schemas.message import Message, count_message, message
from schemas.property import PortalSchema

if TYPE_CHECKING:
    from importer.loader.fingerprint import Fingerprint
    from importer.portal import Portal
    from importer.portal.waiting import StopSignal

SHOWN_FINDINGS = 20


@dataclass(frozen=True, slots=True)
class Job:
    """What the steps of one run share."""

    options: RunOptions
    ui: Ui
    journal: Journal
    columns: Columns
    schema: PortalSchema
    portal: Portal | None
    earlier_requests: Mapping[str, int] = field(default_factory=dict)
    """Requests of the run before it was resumed."""
    fingerprint: Fingerprint | None = None
    """What the file was made from, where it is a template: then only edited cells count."""

    def note_requests(self) -> None:
        """Note how many requests the run has cost until now."""
        if self.portal is not None:
            stats = self.portal.stats.as_dict()
            self.journal.note(requests={name: n + self.earlier_requests.get(name, 0) for name, n in stats.items()})


async def run_import(options: RunOptions, access: PortalAccess, state: StateFolder, ui: Ui, stop: StopSignal) -> Result:
    """Do the main job on `options.file`.

    Returns how it ended; errors of the file, the columns, the portal and the person are in the result, not raised.
    `stop` asks to end early: requests in flight are finished first.
    """
    started_at = now()
    options = replace(options, file=options.file.absolute())
    try:
        with state.lock_file(options.file.resolve()):
            return await _run(options, access, state, ui, stop)
    except ImportTicketsError as error:
        return fail_early(
            error, file=options.file, sheet=options.read.sheet, dry_run=options.dry_run, started_at=started_at
        )


async def _run(options: RunOptions, access: PortalAccess, state: StateFolder, ui: Ui, stop: StopSignal) -> Result:
    source = opening.open_file(options.file, options.read)
    opening.check_output(options.file, options.output)
    for notice in source.notices:
        ui.say(notice)
    _name_unfinished_run(options.file, state, ui)
    offline = options.dry_run and not access.token and not access.sandbox
    if offline and options.diff:
        ui.say(message("Without a token, current values are not read: every cell counts as a change."))
        options = replace(options, diff=False)
    async with AsyncExitStack() as stack:
        portal: Portal | None = None
        if options.dry_run and not options.diff and (offline or options.read.schema):
            schema = opening.offline_schema(options.read, access, state, ui)
        else:
            portal = await stack.enter_async_context(opening.connect(access, state, ui.progress))
            schema = await opening.online_schema(portal, options.read, state, ui)
        opened = opening.fit_columns(source, options.read, schema)
        for notice in (*opened.table.notices, *opened.columns.notices):
            ui.say(notice)
        with state.create_journal(run_facts(options, opened, schema, portal)) as journal:
            job = Job(options, ui, journal, opened.columns, schema, portal, fingerprint=opened.fingerprint)
            try:
                read_rows(job, opened)
                await compare(job)
                return await decide_and_send(job, stop)
            except ImportTicketsError as error:
                journal.note(state="refused" if journal.state == "reading" else "stopped")
                return conclude(job, error=error, annotate=False)


def _name_unfinished_run(file: Path, state: StateFolder, ui: Ui) -> None:
    if left := state.unfinished_run(file):
        ui.say(
            message(
                "An earlier run on this file, {run}, did not finish; `import-tickets resume {run}` would. "
                "This run goes ahead on its own.",
                run=left,
            )
        )


def run_facts(
    options: RunOptions, opened: opening.Opened, schema: PortalSchema, portal: Portal | None
) -> dict[str, Any]:
    """Return what the journal notes of a run before its first row."""
    columns = opened.columns
    key = columns.key
    return {
        "kind": "run",
        "file": str(options.file),
        "sheet": opened.table.sheet,
        "digest": opened.source.digest,
        "dialect": opening.dialect_facts(opened.source),
        "headers": list(opened.table.headers),
        "dry_run": options.dry_run,
        "diff": options.diff,
        "output": str(options.output) if options.output else None,
        "html": str(options.html) if options.html else None,
        "key": {"header": key.header, "property": key.property_name, "position": key.position},
        "header_row": columns.header_row,
        "columns": [[one.position, one.header, one.definition.name] for one in columns.values],
        "schema": opening.kept_schema(schema, columns),
        "portal": {
            "base_url": portal.settings.base_url if portal else None,
            "portal_id": schema.portal_id,
            "ui_domain": schema.ui_domain,
        },
        "state": "reading",
        "requests": {"read": 0, "update": 0, "retried": 0, "rate_limited": 0},
    }


def read_rows(job: Job, opened: opening.Opened) -> None:
    """Read and validate every row of the file into the journal."""
    from importer.duplicates import find_twins
    from importer.edits import Edits, read_only_edits
    from importer.validator import Validation
    from schemas.cells import Reading

    read = job.options.read
    reading = Reading(
        locale=read.locale or opened.source.locale_hint,
        date_format=read.date_format,
        time_zone=read.time_zone or (opened.fingerprint or job.schema).time_zone,
        blank=read.blank,
    )
    edits = Edits(job.fingerprint, job.columns) if job.fingerprint else None
    validation = Validation(opened.table, job.columns, job.schema, reading, edits=edits)
    for chunk in validation:
        job.journal.add_rows(chunk.rows, fold_keys=job.columns.key.id_property is not None)
        job.journal.add_invalid_rows(chunk.invalid)
        job.journal.add_findings(chunk.findings)
    twins, findings = find_twins(job.journal, job.columns)
    job.journal.join_twins(twins)
    job.journal.refuse_rows(findings)
    if job.fingerprint and opened.look_only and not read.skip_read_only:
        found = read_only_edits(opened.table, job.columns.key, opened.look_only, job.fingerprint, job.schema, reading)
        job.journal.refuse_rows(list(found))
    for notice in validation.notices:
        job.ui.say(notice)


async def compare(job: Job) -> None:
    """Make the plan: against the portal's current values, or blind."""
    from importer.planner import Planner

    planner = Planner(
        job.columns,
        job.schema,
        overwrite_conflicts=job.options.on_conflict == "overwrite",
        fingerprint=job.fingerprint,
        earlier=lambda tickets: values_written(job.journal, tickets),
    )
    if job.options.diff:
        assert job.portal is not None
        try:
            await planner.plan(job.journal, job.portal)
        finally:
            job.note_requests()
    else:
        planner.plan_blind(job.journal)
    job.journal.note(state="planned")


async def decide_and_send(job: Job, stop: StopSignal) -> Result:
    """Show the plan, keep to the guard rails, ask, and send what was agreed to."""
    view = plan_view(job)
    findings = job.journal.count_findings()
    if findings:
        job.ui.show_findings(
            list(job.journal.findings(limit=SHOWN_FINDINGS)),
            total=sum(findings.values()),
            file=job.options.file.name,
            sheet=job.journal.meta("sheet"),
        )
    job.ui.show_plan(view)
    refused = refusal(job)
    if refused is None and not job.options.dry_run:
        refused = ask(job, view.rows_to_update)
    if refused is not None:
        job.journal.note(state="refused")
        job.journal.close_undecided(Status.WOULD_UPDATE if job.options.dry_run else Status.NOT_SENT)
        by_rows = isinstance(refused, InvalidRows)
        return conclude(job, error=refused, annotate=by_rows)
    if job.options.dry_run:
        job.journal.note(state="finished")
        job.journal.close_undecided(Status.WOULD_UPDATE)
        return conclude(job, error=None, annotate=True)
    if file_changed(job):
        job.journal.note(state="refused")
        job.journal.close_undecided(Status.NOT_SENT)
        error = FileError(
            message(
                "{file} changed while the plan was on the table; nothing was sent. Run again.",
                file=job.options.file.name,
            ),
            code="file_changed",
        )
        return conclude(job, error=error, annotate=False)
    return await send_plan(job, stop)


def file_changed(job: Job) -> bool:
    """Whether the file is another than the one that was read. An undo has no file to compare."""
    if job.journal.meta("kind") != "run":
        return False
    try:
        with job.options.file.open("rb") as file:
            return bool(hashlib.file_digest(file, "sha256").hexdigest() != job.journal.meta("digest"))
    except OSError:
        return True


class InvalidRows(UsageError):
    """Rows failed validation, and nobody wants the others sent without them."""

    code = ""


def refusal(job: Job) -> UsageError | None:
    """Return why the plan may not go out as it is: a guard rail, or invalid rows of which nobody can be asked."""
    options = job.options
    blocking = job.journal.count_blocking_rows()
    may_ask = options.on_invalid == "ask" and job.ui.can_ask
    if blocking and not options.dry_run and options.on_invalid != "skip" and not may_ask:
        return InvalidRows(
            count_message(
                "Nothing was sent: one row is invalid. Mend it, or send the others with --on-invalid skip.",
                "Nothing was sent: {count} rows are invalid. Mend them, or send the others with --on-invalid skip.",
                blocking,
            )
        )
    changed, cleared = job.journal.count_planned_cells()
    cells = sum(job.journal.count_by_status().values()) * len(job.columns.values)
    for limit, count, text in (
        (
            options.max_changes,
            changed,
            message(
                "The plan changes {cells} cells, and --max-changes allows {limit}.",
                cells=changed,
                limit=str(options.max_changes),
            ),
        ),
        (
            options.max_clears,
            cleared,
            message(
                "The plan clears {cells} cells, and --max-clears allows {limit}.",
                cells=cleared,
                limit=str(options.max_clears),
            ),
        ),
    ):
        if limit is not None and not limit.allows(count, of=cells):
            return GuardRail(text)
    return None


def ask(job: Job, rows: int) -> UsageError | None:
    """Ask whether to go ahead; return why not, or None."""
    if not rows:
        return None
    options = job.options
    blocking = job.journal.count_blocking_rows()
    must_choose = bool(blocking) and options.on_invalid == "ask"
    if options.yes and not must_choose:
        return None  # refusal() has stopped what `--yes` alone does not cover
    if not job.ui.can_ask:
        return NotConfirmed(
            message(
                "Nothing was sent: there is no terminal to ask on. Run again with --yes to go ahead without a question."
            )
        )
    question: Message = (
        count_message(
            "Update one ticket, and leave out the invalid rows?",
            "Update {count} tickets, and leave out the invalid rows?",
            rows,
        )
        if must_choose
        else count_message("Put back one ticket?", "Put back {count} tickets?", rows)
        if job.journal.meta("kind") == "undo"
        else count_message("Update one ticket?", "Update {count} tickets?", rows)
    )
    if job.ui.ask(question):
        return None
    if must_choose:
        return InvalidRows(message("Nothing was sent."))
    return NotConfirmed(message("Nothing was sent: you did not say yes."))


async def send_plan(job: Job, stop: StopSignal) -> Result:
    """Send the batches that are open in the journal, and conclude the run however sending ends."""
    from importer.batcher import MAX_INPUTS
    from importer.sender import send

    assert job.portal is not None
    journal = job.journal
    journal.make_batches(MAX_INPUTS)
    journal.note(state="sending", confirmed_at=now())
    stop.graceful = True
    error: ImportTicketsError | None = None
    try:
        await send(
            journal,
            job.portal,
            columns=job.columns,
            schema=job.schema,
            on_event=job.ui.progress,
            stop=stop,
            total=journal.count_planned_rows(),
            planned_at=_compared_at(journal),
        )
    except ImportTicketsError as raised:
        error = raised
    job.note_requests()
    journal.close_undecided(Status.NOT_SENT)
    journal.note(state=_end_state(error))
    return conclude(job, error=error, annotate=True)


def _compared_at(journal: Journal) -> datetime | None:
    """Return when the values were read that the plan was made from; None where what is there is to be overwritten."""
    noted = journal.all_meta().get("compared_at")
    return datetime.fromisoformat(noted) if noted else None


def _end_state(error: ImportTicketsError | None) -> str:
    if error is None:
        return "finished"
    return "stopped" if isinstance(error, PortalError) else "interrupted"

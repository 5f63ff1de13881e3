"""The main job: read, validate, compare, confirm, update, write the results back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import NotConfirmed
from importer.jobs import connect
from importer.jobs.confirm import confirm
from importer.jobs.context import Context
from importer.jobs.finish import finish
from importer.jobs.job import Job, Opening
from importer.jobs.missing_metadata import tell_gaps
from importer.jobs.offer_corrections import ask_corrections, correct
from importer.jobs.opening import opening
from importer.jobs.options import PortalAccess, Result, RunOptions
from importer.jobs.run_history import FormsSeen, values_written
from importer.jobs.selection import Selection, keep_first
from importer.jobs.sending import send_in_parts
from importer.jobs.targets import check_targets
from importer.jobs.which_portal import fingerprint_of, tell_version
from importer.journal.run_record import RecordedColumn, RecordedKey, RecordedPortal, RunRecord
from importer.planning.policies import check_values_are_read
from schemas.message import message
from schemas.property import PortalSchema

if TYPE_CHECKING:
    from importer.portal import Portal


async def import_tickets(options: RunOptions, context: Context) -> Result:
    """Do the main job on `options.file`: read, validate, compare, confirm, update, write the results back.

    Errors of the file, the columns, the portal and the person are in the result, not raised.
    """
    options = replace(options, file=options.file.absolute())
    agreed = None
    async with opening(context, file=options.file, sheet=options.read.sheet, dry_run=options.dry_run) as held:
        job = await judge(options, held)
        agreed = ask_corrections(job)
        if agreed is None:
            await compare(job)
            part = confirm(job)
            if not options.dry_run:
                await send_in_parts(job, part, look_again=job.will_ask)
            held.result = finish(job)
        else:
            held.result = finish(job, NotConfirmed(message("Cells were corrected first; the next run judged them.")))
    return await import_tickets(correct(agreed, context), context) if agreed else held.result


async def prepare(options: RunOptions, held: Opening) -> Job:
    """Do all that comes before the question: the plan is in the journal of the job that is returned.

    Raises ImportTicketsError where the file, its columns or the portal do not allow a plan.
    """
    job = await judge(options, held)
    await compare(job)
    return job


async def judge(options: RunOptions, held: Opening) -> Job:
    """Read and validate the file: the findings are in the journal of the job that is returned.

    Raises as `prepare` does.
    """
    context, ui = held.context, held.context.ui
    held.lock(options.file)
    source = connect.open_file(options.file, options.read)
    check_targets(options, context.state.outputs)
    for notice in source.notices:
        ui.say(notice)
    _name_unfinished_run(options.file, context)
    is_blind = not options.diff
    options = _without_portal(options, context)
    schema, portal = await _fetch_schema(options, held)
    opened = connect.fit_columns_asking(source, options.read, schema, ui, yes=options.yes)
    if is_blind:
        check_values_are_read(opened.columns)
    for notice in (*opened.table.notices, *opened.columns.notices):
        ui.say(notice)
    if portal is not None:
        tell_gaps(portal.gaps, opened.columns, options.read, ui)
    options = replace(options, read=opened.read)
    journal = held.create_journal(make_record(options, opened, schema, portal))
    job = held.begin(Job(options, context, journal, opened.columns, schema, portal, fingerprint=opened.fingerprint))
    validate(job, opened)
    return job


def _is_offline(options: RunOptions, access: PortalAccess) -> bool:
    """Whether a dry run has no portal to ask."""
    return options.dry_run and not access.token and not access.sandbox


def _without_portal(options: RunOptions, context: Context) -> RunOptions:
    """Return the options as far as they can be followed: without a token, no current values are read."""
    if not _is_offline(options, context.access):
        tell_version(context.access, context.ui)
    elif options.diff:
        context.ui.say(message("Without a token, current values are not read: every cell counts as a change."))
        return replace(options, diff=False)
    return options


async def _fetch_schema(options: RunOptions, held: Opening) -> tuple[PortalSchema, Portal | None]:
    """Return the schema to judge by, and the portal; None where no request is to be made."""
    context = held.context
    offline = _is_offline(options, context.access)
    if options.dry_run and not options.diff and (offline or options.read.schema):
        return connect.offline_schema(options.read, context.access, context.state, context.ui), None
    portal = await held.connect()
    return await connect.online_schema(portal, options.read, context.state, context.ui), portal


def _name_unfinished_run(file: Path, context: Context) -> None:
    if left := context.state.unfinished_run(file):
        context.ui.say(
            message(
                "An earlier run on this file, {run}, did not finish; `{command}` would. "
                "This run goes ahead on its own.",
                run=left,
                command=context.state.read_record(left).command("resume"),
            )
        )


def make_record(options: RunOptions, opened: connect.Opened, schema: PortalSchema, portal: Portal | None) -> RunRecord:
    """Return the facts of a run before its first row."""
    columns = opened.columns
    key = columns.key
    return RunRecord(
        file=str(options.file),
        sheet=opened.table.sheet,
        digest=opened.source.digest,
        dialect=connect.dialect_facts(opened.source),
        headers=tuple(opened.table.headers),
        header_row=columns.header_row,
        own=opened.table.own.pair,
        own_names=opened.table.own.names,
        key=RecordedKey(key.header, key.property_name, key.position),
        corrections=tuple(options.corrections),
        columns=tuple(
            RecordedColumn(one.position, one.header, one.definition.name, str(one.policy)) for one in columns.values
        ),
        schema=connect.kept_schema(schema, columns),
        portal=RecordedPortal(
            base_url=portal.settings.base_url if portal else None,
            portal_id=schema.portal_id,
            ui_domain=schema.ui_domain,
            fingerprint=fingerprint_of(schema, portal.settings.token) if portal else None,
        ),
        dry_run=options.dry_run,
        on_conflict=options.on_conflict,
        diff=options.diff,
        output=str(options.output) if options.output else None,
        html=str(options.html) if options.html else None,
        failed_to=str(options.failed_to.absolute()) if options.failed_to else None,
        overwrite=options.overwrite,
        settings=options.settings,
        requests={"read": 0, "update": 0, "retried": 0, "rate_limited": 0},
    )


def validate(job: Job, opened: connect.Opened) -> None:
    """Read and validate every row of the file into the journal."""
    from importer.planning.duplicates import join_twins
    from importer.template.edits import Edits, read_only_edits
    from importer.validation.validator import Validation
    from schemas.cells import Reading

    read = job.options.read
    reading = Reading(
        locale=read.locale,
        date_format=read.date_format,
        time_zone=read.time_zone or (opened.fingerprint or job.schema).time_zone,
        blank=read.blank,
        clear_word=read.clear_word,
        options=read.options or ("labels" if job.fingerprint else None),  # a template offers labels
    )
    edits = Edits(job.fingerprint, job.columns) if job.fingerprint else None
    validation = Validation(opened.table, job.columns, job.schema, reading, edits=edits)
    fold_keys = job.columns.key.id_property is not None
    selection = Selection(job)
    for chunk in validation:
        selection.note(chunk, fold_keys=fold_keys)
    selection.check()
    join_twins(job.journal, job.journal.rows.shared_keys(), job.columns)
    if job.fingerprint and opened.look_only and not read.skip_read_only:
        found = read_only_edits(opened.table, job.columns.key, opened.look_only, job.fingerprint, job.schema, reading)
        job.journal.rows.refuse([one for one in found if selection.holds(one.row)])
    job.cleared_by_word.update(validation.cleared_by_word)
    for notice in validation.notices:
        job.ui.say(notice)


async def compare(job: Job) -> None:
    """Make the plan: against the portal's current values, or blind."""
    from importer.planning.doubts import TextDoubts
    from importer.planning.planner import Planner

    doubts = TextDoubts(
        job.columns,
        delimited=job.journal.record.dialect is not None,
        allow_spoiled=job.options.read.allow_spoiled,
    )
    planner = Planner(
        job.columns,
        job.schema,
        overwrite_conflicts=job.options.on_conflict == "overwrite",
        fingerprint=job.fingerprint,
        earlier=lambda tickets: values_written(job.journal, tickets),
        forms=FormsSeen(job.journal, job.schema, job.columns),
        doubts=doubts,
    )
    try:
        if job.options.diff:
            assert job.portal is not None
            await planner.plan(job.journal, job.portal)
        else:
            await planner.plan_blind(job.journal, job.portal)
    finally:
        job.note_requests()
    if job.options.first is not None:
        keep_first(job, job.options.first)
    for notice in doubts.notices():
        job.ui.say(notice)
    job.journal.note(state="planned")

"""Put back what a run changed, cell by cell, where the portal still holds what the run wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer.errors import ImportTicketsError, UsageError
from importer.findings import Finding
from importer.journal import Journal
from importer.records import Change, CheckedRow, Columns, KeyColumn, Outcome, Status, Values
from importer.runs import opening
from importer.runs.finishing import conclude, fail_early
from importer.runs.options import PortalAccess, Result, RunOptions, Ui
from importer.runs.resume import check_portal, stored_columns, stored_options
from importer.runs.run import Job, decide_and_send
from importer.runs.state import StateFolder, now
from schemas.message import message
from schemas.property import PortalSchema, read_schema

if TYPE_CHECKING:
    from importer.portal import Portal
    from importer.portal.waiting import StopSignal

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
    lang: str = "en",
) -> Result:
    """Undo `run_id` (a run, or an undo of one), with a plan, a question and a journal of its own.

    Cells that somebody changed since are reported as `conflict` and not touched. The spreadsheet is left alone.
    """
    started_at = now()
    options = RunOptions(Path(), dry_run=dry_run, lang=lang)
    try:
        with state.open_journal(run_id) as parent:
            meta = parent.all_meta()
            _check_undoable(run_id, meta)
            options = _undo_options(meta, dry_run=dry_run, yes=yes, html=html, lang=lang)
            with state.lock_file(options.file.resolve()):
                return await _undo(parent, meta, options, access, state, ui, stop)
    except ImportTicketsError as error:
        return fail_early(error, file=options.file, dry_run=options.dry_run, started_at=started_at)


def _check_undoable(run_id: str, meta: Mapping[str, Any]) -> None:
    if meta["kind"] == "reconcile" or meta["dry_run"]:
        raise UsageError(message("Run {run} changed nothing in the portal; there is nothing to undo.", run=run_id))
    if not meta["diff"]:
        raise UsageError(
            message(
                "Run {run} was made with --no-diff: the values before are not known, so that it cannot be undone.",
                run=run_id,
            )
        )


def _undo_options(meta: Mapping[str, Any], *, dry_run: bool, yes: bool, html: Path | None, lang: str) -> RunOptions:
    stored = stored_options(meta, html=html, lang=lang, dry_run=dry_run)
    return RunOptions(stored.file, read=stored.read, dry_run=dry_run, yes=yes, on_invalid="skip", html=html, lang=lang)


async def _undo(
    parent: Journal,
    meta: Mapping[str, Any],
    options: RunOptions,
    access: PortalAccess,
    state: StateFolder,
    ui: Ui,
    stop: StopSignal,
) -> Result:
    schema = read_schema(meta["schema"])
    columns = stored_columns(meta, schema)
    by_record = Columns(KeyColumn(columns.key.position, columns.key.header, "id"), columns.values, columns.header_row)
    async with opening.connect(access, state, ui.progress) as portal:
        check_portal(meta, portal.settings.base_url)
        facts = {
            **{
                name: meta.get(name)
                for name in ("file", "sheet", "digest", "dialect", "headers", "header_row", "columns", "schema")
            },
            "kind": "undo",
            "parent": meta["id"],
            "dry_run": options.dry_run,
            "diff": True,
            "key": {**meta["key"], "property": "id"},
            "portal": {**meta["portal"], "base_url": portal.settings.base_url},
            "html": str(options.html) if options.html else None,
            "output": None,
            "state": "reading",
            "requests": {},
        }
        with state.create_journal(facts) as journal:
            job = Job(options, ui, journal, by_record, schema, portal)
            ui.say(message("Workflows, mails and other effects that the first change set off are not undone."))
            try:
                await plan_undo(parent, job, portal)
                return await decide_and_send(job, stop)
            except ImportTicketsError as error:
                journal.note(state="refused" if journal.state in {"reading", "planned"} else "stopped")
                return conclude(job, error=error, annotate=False)


async def plan_undo(parent: Journal, job: Job, portal: Portal) -> None:
    """Compare what the run wrote with what the portal holds now, and note what is to be put back."""
    names = sorted({column.definition.name for column in job.columns.values})
    try:
        for written in _chunks(parent.written()):
            job.journal.add_rows(
                (CheckedRow(change.row, change.ticket or change.key, change.before) for change, _ in written),
                fold_keys=False,
            )
            found = await portal.find_tickets(
                [change.ticket or change.key for change, _ in written], id_property=None, properties=names
            )
            changes: list[Change] = []
            outcomes: list[Outcome] = []
            for change, returned in written:
                ticket = found[change.ticket or change.key]
                back, findings = _put_back(job, change, returned, ticket)
                if back:
                    changes.append(back)
                if findings:
                    job.journal.add_findings(findings)
                if not back:
                    status = Status.INVALID if findings else Status.UNCHANGED
                    outcomes.append(Outcome(change.row, status, ticket=change.ticket))
            job.journal.plan_changes(changes)
            job.journal.decide(outcomes)
    finally:
        job.note_requests()
    job.journal.note(state="planned")


def _chunks(written: Iterator[tuple[Change, Values]]) -> Iterator[list[tuple[Change, Values]]]:
    while chunk := list(islice(written, CHUNK)):
        yield chunk


def _put_back(job: Job, change: Change, returned: Values, ticket: Any) -> tuple[Change | None, list[Finding]]:
    """Return what is to be put back on one ticket, and a conflict for each cell that somebody changed since."""
    from importer.portal import Missing
    from schemas.values import same_value

    key = change.ticket or change.key
    if isinstance(ticket, Missing):
        text = message('ticket "{key}" is no longer there ({reason})', key=key, reason=ticket.kind)
        return None, [
            Finding(ticket.kind, text, change.row, job.columns.key.position, job.columns.key.header, "id", key, key)
        ]
    after: dict[str, str] = {}
    findings: list[Finding] = []
    for name, wrote in change.after.items():
        definition = job.schema.properties.get(name)
        now_held = ticket.properties.get(name, "")
        if same_value(definition, now_held, change.before.get(name, "")):
            continue
        if any(same_value(definition, now_held, value) for value in (wrote, returned.get(name, wrote))):
            after[name] = change.before.get(name, "")
        else:
            findings.append(_changed_since(job.columns, job.schema, change, name, now_held))
    before = {name: ticket.properties.get(name, "") for name in after}
    return (Change(change.row, key, ticket.id, before, after) if after else None), findings


def _changed_since(columns: Columns, schema: PortalSchema, change: Change, name: str, held: str) -> Finding:
    column = next((one for one in columns.values if one.definition.name == name), None)
    text = message(
        'somebody changed this since the run: the run wrote "{wrote}", the portal holds "{held}"; it is left as it is',
        wrote=schema.label_of(name, change.after[name]),
        held=schema.label_of(name, held),
    )
    position, header = (column.position, column.header) if column else (None, None)
    return Finding("conflict", text, change.row, position, header, name, change.ticket or change.key, held)

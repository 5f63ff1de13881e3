"""Read the portal back, and report where it and the sheet differ, cell by cell. Nothing is changed in the portal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from importer.errors import FileError, ImportTicketsError
from importer.findings import column_letter
from importer.records import Change, Outcome, Status, Values
from importer.reports.words import Labels
from importer.runs import opening
from importer.runs.finishing import conclude, fail_early
from importer.runs.options import PortalAccess, Result, RunOptions, Ui
from importer.runs.run import Job, read_rows, run_facts
from importer.runs.state import StateFolder, now
from schemas.message import Message, message
from schemas.values import same_value

if TYPE_CHECKING:
    from importer.portal import HistoryEntry, Missing, Portal, Ticket
    from importer.portal.waiting import StopSignal

CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Write:
    """What an earlier run did to one ticket."""

    run: str
    before: Values
    after: Values


async def reconcile(options: RunOptions, access: PortalAccess, state: StateFolder, ui: Ui, stop: StopSignal) -> Result:
    """Compare every row of `options.file` with its ticket: `matches`, `differs`, or `invalid` where it cannot be.

    A cell that differs says what the sheet and the portal hold, who changed it when, and, where a run on the file is
    known, what that run had to do with it. The HTML report goes beside the file, unless `options.html` names a place.
    """
    del stop  # reads can be broken off at any time
    started_at = now()
    file = options.file.absolute()
    options = replace(options, file=file, html=options.html or file.with_name(f"{file.stem}.reconcile.html"))
    try:
        with state.lock_file(file.resolve()):
            return await _reconcile(options, access, state, ui)
    except ImportTicketsError as error:
        return fail_early(error, file=file, sheet=options.read.sheet, started_at=started_at)


async def _reconcile(options: RunOptions, access: PortalAccess, state: StateFolder, ui: Ui) -> Result:
    from importer.planner import Planner

    source = opening.open_file(options.file, options.read)
    async with opening.connect(access, state, ui.progress) as portal:
        schema = await opening.online_schema(portal, options.read, state, ui)
        opened = opening.fit_columns(source, options.read, schema)
        for notice in (*source.notices, *opened.table.notices, *opened.columns.notices):
            ui.say(notice)
        facts = run_facts(options, opened, schema, portal) | {"kind": "reconcile", "dry_run": False}
        with state.create_journal(facts) as journal:
            job = Job(options, ui, journal, opened.columns, schema, portal)
            try:
                read_rows(job, opened)
                await Planner(job.columns, schema, overwrite_conflicts=True).plan(journal, portal)
                await _explain_differences(job, portal, state)
            except ImportTicketsError as error:
                journal.note(state="refused")
                return conclude(job, error=error, annotate=False)
            finally:
                job.note_requests()
            journal.close_matches()
            journal.note(state="finished")
            return conclude(job, error=None, annotate=True)


async def _explain_differences(job: Job, portal: Portal, state: StateFolder) -> None:
    """Give each row that differs its status, and say of each cell how it came to differ."""
    differing = {change.ticket for change in job.journal.planned()}
    writes = _earlier_writes(job, state, differing) if differing else {}
    labels = Labels(job.schema)
    waiting = iter(list(job.journal.planned())) if differing else iter(())
    while changes := list(islice(waiting, CHUNK)):
        found = await portal.find_tickets(
            [change.ticket or "" for change in changes],
            properties=(),
            history=sorted({name for change in changes for name in change.after}),
        )
        job.journal.decide(
            Outcome(
                change.row,
                Status.DIFFERS,
                notices=tuple(
                    _explain(job, labels, change, name, _last_change(found, change, name), writes.get(change.ticket))
                    for name in change.after
                ),
                ticket=change.ticket,
            )
            for change in changes
        )


def _explain(
    job: Job, labels: Labels, change: Change, name: str, entry: HistoryEntry | None, write: Write | None
) -> Message:
    """Say how one cell came to differ: never written, changed since, or edited in the sheet after the run."""
    column = next((one for one in job.columns.values if one.definition.name == name), None)
    held, wanted = labels.change(name, change.before.get(name, ""), change.after[name])
    values = {
        "place": f"{column_letter(column.position)}{change.row} {column.header}" if column else name,
        "wanted": wanted,
        "held": held,
        "when": entry.timestamp if entry else "?",
        "who": _person(job, entry),
    }
    if write is not None and name in write.after:
        values["run"] = write.run
        definition = job.schema.properties.get(name)
        if same_value(definition, write.after[name], change.before.get(name, "")):
            return message(
                '{place}: the sheet says "{wanted}", the portal holds "{held}", as run {run} wrote it; '
                "this was not sent since",
                **values,
            )
        if same_value(definition, write.after[name], change.after[name]):
            return message(
                '{place}: the sheet says "{wanted}", the portal holds "{held}": changed since run {run} wrote it, '
                "at {when} by {who}",
                **values,
            )
    if entry is None:
        return message('{place}: the sheet says "{wanted}", the portal holds "{held}"; it was never set', **values)
    return message(
        '{place}: the sheet says "{wanted}", the portal holds "{held}"; never written from this sheet, last changed '
        "at {when} by {who}",
        **values,
    )


def _last_change(found: Mapping[str, Ticket | Missing], change: Change, name: str) -> HistoryEntry | None:
    from importer.portal import Ticket

    ticket = found.get(change.ticket or "")
    return next(iter(ticket.history.get(name, ())), None) if isinstance(ticket, Ticket) else None


def _person(job: Job, entry: HistoryEntry | None) -> str:
    """Return who made a change: by name where the portal's owners tell it, else by user ID, else by its source."""
    if entry is None:
        return "?"
    users: list[dict[str, Any]] = (job.schema.bodies.get("owners") or {}).get("results", [])
    for user in users:
        if entry.user and str(user.get("userId")) == entry.user:
            name = f"{user.get('firstName') or ''} {user.get('lastName') or ''}".strip()
            return name or str(user.get("email") or entry.user)
    return entry.user or entry.source or "?"


def _earlier_writes(job: Job, state: StateFolder, tickets: set[str | None]) -> dict[str | None, Write]:
    """Return what the latest run on this file did to these tickets; nothing where none is kept."""
    this = job.journal.meta("id")
    for run_id in state.run_ids():
        if run_id >= this:
            continue
        try:
            with state.open_journal(run_id) as earlier:
                meta = earlier.all_meta()
                if meta.get("kind") == "run" and not meta.get("dry_run") and meta.get("file") == str(job.options.file):
                    return {
                        change.ticket: Write(run_id, change.before, change.after)
                        for change, _ in earlier.written()
                        if change.ticket in tickets
                    }
        except FileError:
            continue
    return {}

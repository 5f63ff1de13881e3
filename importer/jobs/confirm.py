"""Between the plan and the portal: what is shown, what forbids it, who says yes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from importer.errors import FileError, GuardRail, NotConfirmed, UsageError
from importer.jobs.finish import conclude
from importer.jobs.forecast import plan_view
from importer.jobs.job import Job
from importer.jobs.options import Result
from importer.jobs.sending import send_plan
from importer.model import Status
from schemas.message import Message, count_message, message

if TYPE_CHECKING:
    from importer.portal.clock import StopSignal

SHOWN_FINDINGS = 20


async def decide_and_send(job: Job, stop: StopSignal) -> Result:
    """Show the plan, keep to the guard rails, ask, and send what was agreed to."""
    view = plan_view(job)
    findings = job.journal.report.count_findings()
    if findings:
        job.ui.show_findings(
            list(job.journal.report.findings(limit=SHOWN_FINDINGS)),
            total=sum(findings.values()),
            file=job.options.file.name,
            sheet=job.journal.record.sheet,
        )
    job.ui.show_plan(view)
    refused = refusal(job)
    if refused is None and not job.options.dry_run:
        refused = ask(job, view.rows_to_update)
    if refused is not None:
        job.journal.note(state="refused")
        job.journal.rows.close_undecided(Status.WOULD_UPDATE if job.options.dry_run else Status.NOT_SENT)
        by_rows = isinstance(refused, InvalidRows)
        return conclude(job, error=refused, annotate=by_rows)
    if job.options.dry_run:
        job.journal.note(state="finished")
        job.journal.rows.close_undecided(Status.WOULD_UPDATE)
        return conclude(job, error=None, annotate=True)
    if file_changed(job):
        job.journal.note(state="refused")
        job.journal.rows.close_undecided(Status.NOT_SENT)
        error = FileError(
            message(
                "{file} changed while the plan was on the table; nothing was sent. Run again.",
                file=job.options.file.name,
            ),
            code="file_changed",
        )
        return conclude(job, error=error, annotate=False)
    return await send_plan(job, stop, look_again=job.will_ask)


def file_changed(job: Job) -> bool:
    """Whether the file is another than the one that was read. An undo has no file to compare."""
    if job.journal.record.kind != "run":
        return False
    try:
        with job.options.file.open("rb") as file:
            return bool(hashlib.file_digest(file, "sha256").hexdigest() != job.journal.record.digest)
    except OSError:
        return True


class InvalidRows(UsageError):
    """Rows failed validation, and nobody wants the others sent without them."""

    code = ""


def refusal(job: Job) -> UsageError | None:
    """Return why the plan may not go out as it is: a guard rail, or invalid rows of which nobody can be asked."""
    options = job.options
    blocking = job.journal.plan.count_blocking_rows()
    may_ask = options.on_invalid == "ask" and job.ui.can_ask
    if blocking and not options.dry_run and options.on_invalid != "skip" and not may_ask:
        return InvalidRows(
            count_message(
                "Nothing was sent: one row is invalid. Mend it, or send the others with --on-invalid skip.",
                "Nothing was sent: {count} rows are invalid. Mend them, or send the others with --on-invalid skip.",
                blocking,
            )
        )
    changed, cleared = job.journal.plan.count_cells()
    cells = sum(job.journal.rows.count_by_status().values()) * len(job.columns.values)
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
    if not job.will_ask:
        return None  # refusal() has stopped what `--yes` alone does not cover
    if not job.ui.can_ask:
        return NotConfirmed(
            message(
                "Nothing was sent: there is no terminal to ask on. Run again with --yes to go ahead without a question."
            )
        )
    portal = job.portal_name or message("the portal")
    question: Message = (
        count_message(
            "Update one ticket in {portal}, and leave out the invalid rows?",
            "Update {count} tickets in {portal}, and leave out the invalid rows?",
            rows,
            portal=portal,
        )
        if job.must_choose
        else count_message(
            "Put back one ticket in {portal}?", "Put back {count} tickets in {portal}?", rows, portal=portal
        )
        if job.journal.record.kind == "undo"
        else count_message("Update one ticket in {portal}?", "Update {count} tickets in {portal}?", rows, portal=portal)
    )
    if job.ui.ask(question):
        return None
    return NotConfirmed(message("Nothing was sent: you did not say yes."))

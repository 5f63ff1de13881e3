"""Between the plan and the portal: what is shown, what forbids it, who says yes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from importer.errors import FileError, GuardRail, InvalidRows, NotConfirmed
from importer.jobs.forecast import plan_view
from importer.jobs.job import Job
from importer.jobs.options import OffersErrors
from importer.reports.finding_groups import first_groups
from importer.reports.plan_view import MOST_ROWS_BY_YES, PlanView
from schemas.message import Message, count_message, message

PART_FROM = 20
"""With more rows than these, the question may be answered with how many are to be sent first."""


def confirm(job: Job) -> int | None:
    """Show the plan, keep to the guard rails, and ask; a dry run is only shown.

    Returns how many rows are to be sent first; None for all.

    Raises UsageError where the plan may not be sent, FileError where the file is another one by now.
    """
    view = plan_view(job)
    show_findings(job)
    job.ui.show_plan(view)
    check_guard_rails(job, view)
    if job.options.dry_run:
        return None
    part = ask(job, view.rows_to_update)
    if file_changed(job):
        raise FileError(
            message(
                "{file} changed after the plan was made; nothing was sent. Run again.",
                file=job.options.file.name,
            ),
            code="file_changed",
        )
    return part


def show_findings(job: Job) -> None:
    """Show the first groups of findings, and how many findings there are."""
    findings = job.journal.report.count_findings()
    if findings:
        job.ui.show_findings(
            first_groups(job.journal),
            total=sum(findings.values()),
            file=job.options.file.name,
            sheet=job.journal.record.sheet,
        )


def file_changed(job: Job) -> bool:
    """Whether the file is another than the one that was read. An undo has no file to compare, nor has a plan file."""
    if job.journal.record.kind != "run" or job.journal.record.plan:
        return False
    return not has_digest(job.options.file, job.journal.record.digest)


def has_digest(path: Path, digest: str) -> bool:
    """Whether a file is there, and is the one of that SHA-256."""
    try:
        with path.open("rb") as file:
            return bool(hashlib.file_digest(file, "sha256").hexdigest() == digest)
    except (OSError, ValueError):
        return False


def check_guard_rails(job: Job, view: PlanView) -> None:
    """Raise UsageError where a guard rail, or invalid rows of which nobody can be asked, keep the plan back."""
    options = job.options
    blocking = job.journal.plan.count_blocking_rows()
    may_ask = options.on_invalid == "ask" and job.ui.can_ask
    if blocking and not options.dry_run and options.on_invalid != "skip" and not may_ask:
        raise InvalidRows(
            count_message(
                "Nothing was sent: one row is invalid. Fix it, or send the others with --on-invalid skip.",
                "Nothing was sent: {count} rows are invalid. Fix them, or send the others with --on-invalid skip.",
                blocking,
            )
        )
    check_limits(job, view)
    check_emptied_columns(job, view)


def check_limits(job: Job, view: PlanView) -> None:
    """Raise GuardRail where the plan passes a limit."""
    options = job.options
    changed, cleared = job.journal.plan.count_cells()
    cells = sum(job.journal.rows.count_by_status().values()) * len(job.columns.values)
    for limit, count, whole, text in (
        (
            options.max_changes,
            changed,
            cells,
            count_message(
                "The plan changes {count} cell, and --max-changes allows {limit}.",
                "The plan changes {count} cells, and --max-changes allows {limit}.",
                changed,
                limit=str(options.max_changes),
            ),
        ),
        (
            options.max_clears,
            cleared,
            cells,
            count_message(
                "The plan clears {count} cell, and --max-clears allows {limit}.",
                "The plan clears {count} cells, and --max-clears allows {limit}.",
                cleared,
                limit=str(options.max_clears),
            ),
        ),
        (
            options.max_closes,
            view.closing,
            view.rows_to_update,
            count_message(
                "The plan closes {count} ticket, and --max-closes allows {limit}.",
                "The plan closes {count} tickets, and --max-closes allows {limit}.",
                view.closing,
                limit=str(options.max_closes),
            ),
        ),
    ):
        if limit is not None and not limit.allows(count, of=whole):
            raise GuardRail(text)


def check_emptied_columns(job: Job, view: PlanView) -> None:
    """Raise GuardRail where a column of nothing but empty cells would clear tickets while nobody is asked about it."""
    if job.options.dry_run or job.options.allow_empty_column or (job.will_ask and job.ui.can_ask):
        return
    for column in view.columns:
        if column.cleared_everywhere and column.cleared > 1:
            raise GuardRail(
                message(
                    'Every cell of "{column}" is empty: {count} tickets would be cleared without a question. Add '
                    "--allow-empty-column if that is intended; --blank keep leaves them as they are.",
                    column=column.header,
                    count=column.cleared,
                )
            )


def ask(job: Job, rows: int) -> int | None:
    """Ask whether to go ahead; return how many rows are to be sent first, None for all.

    Raises NotConfirmed where nobody says yes.
    """
    if not rows or not job.will_ask:  # the guard rails have stopped what `--yes` alone does not cover
        return None
    if not job.ui.can_ask:
        raise NotConfirmed(
            message(
                "Nothing was sent: there is no terminal to ask on. Run again with --yes to go ahead without a question."
            )
        )
    confirmed = _answer(job, _question(job, rows), rows)
    if not confirmed:
        raise NotConfirmed(
            message(
                "Nothing was changed in HubSpot. To see the errors in the sheet, run the same command with --dry-run."
            )
            if job.must_choose
            else message("Nothing was changed in HubSpot."),
            answered=True,
        )
    return confirmed if confirmed < rows else None


def _question(job: Job, rows: int) -> Message:
    portal = job.portal_name or message("the portal")
    return (
        count_message(
            "Update one ticket in {portal}, and leave out the invalid rows?",
            "Update {count} tickets in {portal}, and leave out the invalid rows?",
            rows,
            portal=portal,
        )
        if job.must_choose
        else count_message(
            "Undo run {run}: put back one ticket in {portal}?",
            "Undo run {run}: put back {count} tickets in {portal}?",
            rows,
            portal=portal,
            run=job.journal.record.parent or "",
        )
        if job.journal.record.kind == "undo"
        else count_message("Update one ticket in {portal}?", "Update {count} tickets in {portal}?", rows, portal=portal)
    )


def _answer(job: Job, question: Message, rows: int) -> int:
    """Return how many rows the person wants sent.

    Raises ErrorsOnly where the person wants the errors in the sheet, and nothing sent.
    """
    is_run = job.journal.record.kind == "run"
    kept = job.context.access.portal
    name = kept.name if kept and kept.production and rows > MOST_ROWS_BY_YES else ""
    is_first = job.journal.record.state == "planned"
    if is_run and is_first and job.must_choose and isinstance(job.ui, OffersErrors):
        job.ui.offer_errors((job.options.output or job.options.file).name)
    if is_run and rows > PART_FROM:
        return job.ui.ask_rows(question, rows, name)
    return rows if (job.ui.ask_name(question, name) if name else job.ui.ask(question)) else 0

"""How every job ends: statuses settled, the results beside the rows, the HTML page, the summary."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import (
    FileError,
    ImportTicketsError,
    InvalidRows,
    JournalGone,
    JournalLost,
    PortalError,
    UsageError,
)
from importer.jobs.options import Result
from importer.jobs.state import StateFolder
from importer.journal import Journal, RunRecord
from importer.journal.run_record import REPORTING, State, now
from importer.model import Columns, Status
from schemas.message import message

if TYPE_CHECKING:
    from importer.jobs.job import Job
    from schemas.property import PortalSchema

_REMARKS = 5
"""How many remarks about batches are said; JSON has those of every batch."""


def fail_early(
    error: ImportTicketsError,
    *,
    file: Path | None,
    sheet: str | None = None,
    dry_run: bool = False,
    started_at: str | None = None,
    portal_option: str = "",
) -> Result:
    """Return the result of a job that ended before it had a journal.

    portal_option: what names the portal in the commands that are recommended.
    """
    from importer.reports.summary import failure_summary

    ended = now()
    summary = failure_summary(
        error, file=file, sheet=sheet, dry_run=dry_run, started_at=started_at or ended, finished_at=ended
    )
    run_id = error.run_id if isinstance(error, JournalLost) else None
    summary |= {"run_id": run_id}
    following = (f"import-tickets resume {run_id}{portal_option}",) if run_id else ()
    return Result(error.exit_code, summary, error=error, next_commands=following)


def break_off(error: ImportTicketsError, state: StateFolder, *, file: Path | None, dry_run: bool, since: str) -> Result:
    """Return the result of a job that was left in the middle: by its journal, where it was sending.

    since: when the job began, which distinguishes its run from earlier ones that were left, too.
    """
    from importer.jobs.stored_run import stored_columns

    run_id = state.unfinished_run(file)
    if run_id is not None:
        with state.open_journal(run_id) as journal:
            record = journal.record
            if (record.resumed_at or record.started_at) >= since:
                journal.may_have_sent = True
                if isinstance(error, UsageError):  # a limit of the machine: 2 would say that nothing was sent
                    error.exit_code = PortalError.exit_code
                schema, columns = stored_columns(record)
                journal.outlive(lambda: close_open_rows(journal, columns, schema))
                journal.outlive(
                    lambda: journal.note(
                        exit_code=error.exit_code,
                        stop=error.text,
                        finished_at=now(),
                        requests=requests_until_now(journal, record),
                    )
                )
                return summarize(journal, error=error, report=None)
    return fail_early(error, file=file, dry_run=dry_run, started_at=since)


def requests_until_now(journal: Journal, record: RunRecord) -> dict[str, int]:
    """Return how many requests a run has cost; of one that was killed, the updates are counted in its journal."""
    noted = dict(record.requests)
    return noted | {"update": max(noted.get("update", 0), journal.batches.count_update_requests())}


def finish(job: Job, error: ImportTicketsError | None = None) -> Result:
    """Settle what became of the rows, write the reports, and return the result. `error` is why the job ended early.

    The spreadsheet gets the results of what was sent, of a dry run and of a run that invalid rows kept back.
    """
    journal = job.journal
    if journal.record.state == "sending":
        with journal.reading():
            journal.outlive(job.note_requests)
            journal.outlive(lambda: close_open_rows(journal, job.columns, job.schema))
            journal.outlive(lambda: journal.note(state=_end_state(error, journal)))
            return _report(job, error, annotate=True)
    if isinstance(error, JournalLost):
        journal.go_on_in_memory(error)
    was_planned = journal.record.state == "planned"
    ended: State = "finished" if error is None else "stopped" if journal.record.can_resume else "refused"
    journal.outlive(lambda: journal.note(state=ended))
    if was_planned:
        status = Status.WOULD_UPDATE if job.options.dry_run else Status.NOT_SENT
        journal.outlive(lambda: journal.rows.close_undecided(status))
    return _report(job, error, annotate=error is None or isinstance(error, InvalidRows))


def _end_state(error: ImportTicketsError | None, journal: Journal) -> State:
    """Return what a resume has to go on with: rows, those too that the portal was not available for, or reports."""
    if error is not None:
        return "stopped" if isinstance(error, PortalError | JournalLost) else "interrupted"
    return "stopped" if journal.batches.count_unavailable() else REPORTING


def _report(job: Job, error: ImportTicketsError | None, *, annotate: bool) -> Result:
    """Write the reports, and return the result; `annotate`: whether the spreadsheet and the page get it.

    Where the journal cannot be written any more, the rest is reported from memory; the spreadsheet is left as it is,
    so that a resume can put the results into it. Where even the journal is gone, the results go into it now.
    """
    journal, options = job.journal, job.options
    journal.outlive(journal.rows.settle_twins)
    exit_code = _exit_code(journal, error)
    stop = error.text if error else None
    journal.outlive(lambda: journal.note(exit_code=exit_code, stop=stop, finished_at=now()))
    report = None
    if annotate and options.failed_to:
        from importer.jobs.failed_rows import write_failed_rows

        write_failed_rows(job, options.failed_to)
    if annotate and _has_sheet(journal.record) and (journal.lost is None or isinstance(journal.lost, JournalGone)):
        from importer.jobs.annotation import annotate_file

        try:
            report = annotate_file(job)
        except JournalLost as lost:
            journal.go_on_in_memory(lost)
    page = options.html if annotate and options.html and _write_page(job, options.html) else None
    state: State = "finished" if journal.record.state == REPORTING else journal.record.state
    journal.outlive(lambda: journal.note(state=state, report=str(report) if report else None))
    if error is not None and journal.lost is not None and journal.lost is not error:
        job.ui.say(journal.lost.text)
    _say_remarks(job)
    return summarize(journal, error=error, report=report, page=page)


def _say_remarks(job: Job) -> None:
    """Say what the portal warned of for whole batches, each remark once; a row's own stands beside the row."""
    told = (text for one in job.journal.batches.answers() for text in one.told.get("warnings") or ())
    for text in [one for one in dict.fromkeys(told) if one][:_REMARKS]:
        job.ui.say(message("The portal remarks: {text}", text=text))


def _has_sheet(record: RunRecord) -> bool:
    """Whether the results are for the spreadsheet: an undo leaves it alone, and so does a plan that is written down."""
    return record.kind != "undo" and not (record.plan and record.dry_run)


def _exit_code(journal: Journal, error: ImportTicketsError | None) -> int:
    stopped = error or journal.lost
    return stopped.exit_code if stopped else exit_code_of(journal)


def close_open_rows(journal: Journal, columns: Columns, schema: PortalSchema) -> None:
    """Give the rows that have no outcome one: those that may have left are in doubt, the others were not sent.

    What was not noted may have happened all the same.
    """
    from importer.sending.outcomes import OutcomeWriter

    write = OutcomeWriter(columns, schema)
    journal.rows.decide([write.in_doubt(change) for change in journal.batches.in_doubt()])
    journal.rows.close_undecided(Status.NOT_SENT)


def summarize(
    journal: Journal, *, error: ImportTicketsError | None, report: Path | None, page: Path | None = None
) -> Result:
    """Return the result of a job from its journal."""
    from importer.reports.summary import build_summary

    exit_code = _exit_code(journal, error)
    stop = error or journal.lost
    summary = build_summary(journal, exit_code=exit_code, report=report, stop=stop)
    unfinished = journal.may_have_sent if journal.lost else journal.record.can_resume
    is_gone = isinstance(journal.lost, JournalGone)
    record = journal.record
    undoes = record.kind == "run" and record.can_undo and not is_gone and summary["rows"]["updated"] > 0
    return Result(
        exit_code,
        summary,
        report=report,
        error=stop,
        next_commands=(record.command("resume"),) if unfinished and not is_gone else (),
        page=page,
        undo_command=record.command("undo") if undoes else "",
        was_undo=record.kind == "undo",
    )


def exit_code_of(journal: Journal) -> int:
    """Return 0 where every row is as the sheet has it (dry run: would be), else 1."""
    bad = {Status.INVALID, Status.FAILED, Status.DIFFERS}
    counts = journal.rows.count_by_status()
    not_sent = counts.get(Status.NOT_SENT, 0) - journal.rows.count_left_out()
    return 1 if not_sent or any(counts.get(status) for status in bad) or journal.report.count_findings() else 0


def _write_page(job: Job, path: Path) -> bool:
    """Write the HTML report; return whether it was written. A failure changes nothing about the rows."""
    from importer.i18n import translations
    from importer.reports.html import write_html

    if not job.outputs.may_replace(path, overwrite=job.options.overwrite):
        job.ui.say(
            message("{path} was replaced by another file during the run, and was left as it is.", path=str(path))
        )
        return False
    try:
        write_html(job.journal, path, translations(job.context.lang), schema=job.schema, check=job.outputs.noting(path))
    except FileError as problem:
        job.ui.say(problem.text)
        return False
    return True

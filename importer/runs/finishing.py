"""How every job ends: statuses settled, the results beside the rows, the HTML page, the summary."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer.errors import FileError, ImportTicketsError, JournalLost, UsageError
from importer.journal import Journal
from importer.records import Status
from importer.runs.options import Result
from importer.runs.state import REPORTING, UNFINISHED, StateFolder, now

if TYPE_CHECKING:
    from importer.runs.job import Job


def fail_early(
    error: ImportTicketsError,
    *,
    file: Path | None,
    sheet: str | None = None,
    dry_run: bool = False,
    started_at: str | None = None,
) -> Result:
    """Return the result of a job that ended before it had a journal."""
    from importer.reports.summary import failure_summary

    ended = now()
    summary = failure_summary(
        error, file=file, sheet=sheet, dry_run=dry_run, started_at=started_at or ended, finished_at=ended
    )
    return Result(error.exit_code, summary, error=error)


def break_off(error: ImportTicketsError, state: StateFolder, *, file: Path | None, dry_run: bool, since: str) -> Result:
    """Return the result of a job that was left in the middle: by its journal, where it was sending.

    since: when the job began, by which its run is told from earlier ones that were left, too.
    """
    run_id = state.unfinished_run(file)
    if run_id is not None:
        with state.open_journal(run_id) as journal:
            meta = journal.all_meta()
            if (meta.get("resumed_at") or meta["started_at"]) >= since:
                journal.note(exit_code=error.exit_code, stop=error.text.to_json(), finished_at=now())
                journal.note(requests=requests_until_now(journal, meta))
                return summarize(journal, error=error, exit_code=error.exit_code, report=None)
    return fail_early(error, file=file, dry_run=dry_run, started_at=since)


def requests_until_now(journal: Journal, meta: Mapping[str, Any]) -> dict[str, int]:
    """Return how many requests a run has cost; of one that was killed, the updates are counted in its journal."""
    noted = dict(meta.get("requests") or {})
    return noted | {"update": max(noted.get("update", 0), journal.count_update_requests())}


def conclude(job: Job, *, error: ImportTicketsError | None, annotate: bool) -> Result:
    """Settle what became of the rows, write the reports, and return the result.

    `error` is why the run stopped early; `annotate` whether the spreadsheet gets the results.
    """
    journal, options = job.journal, job.options
    journal.settle_twins()
    exit_code = error.exit_code if error else exit_code_of(journal)
    journal.note(exit_code=exit_code, stop=error.text.to_json() if error else None, finished_at=now())
    report = None
    if annotate and journal.meta("kind") != "undo":
        from importer.runs.annotating import annotate_file

        report = annotate_file(journal, job.schema, job.ui, lang=options.lang)
    if annotate and options.html:
        _write_page(job, options.html)
    if journal.state == REPORTING:
        journal.note(state="finished")
    return summarize(journal, error=error, exit_code=exit_code, report=report)


def end_early(job: Job, error: ImportTicketsError) -> Result:
    """Return the result of a job that an error ended outside of sending; the spreadsheet is left alone."""
    journal = job.journal
    if isinstance(error, JournalLost):
        return _end_without_journal(job, error)
    journal.note(state="stopped" if journal.state in UNFINISHED else "refused")
    return conclude(job, error=error, annotate=False)


def _end_without_journal(job: Job, lost: JournalLost) -> Result:
    """Return the result of a job whose journal can be read, but not written any more."""
    from importer.reports.summary import build_summary

    sending = job.journal.state in UNFINISHED
    exit_code = lost.exit_code if sending else UsageError.exit_code
    following = (f"import-tickets resume {job.journal.meta('id')}",) if sending else ()
    summary = build_summary(job.journal, exit_code=exit_code, finished_at=now(), stop=lost)
    return Result(exit_code, summary, error=lost, next_commands=following)


def summarize(journal: Journal, *, error: ImportTicketsError | None, exit_code: int, report: Path | None) -> Result:
    """Return the result of a job from its journal."""
    from importer.reports.summary import build_summary

    journal.note(report=str(report) if report else None)
    summary = build_summary(journal, exit_code=exit_code, report=report, stop=error)
    following = (f"import-tickets resume {journal.meta('id')}",) if journal.state in UNFINISHED else ()
    return Result(exit_code, summary, report=report, error=error, next_commands=following)


def exit_code_of(journal: Journal) -> int:
    """Return 0 where every row is as the sheet has it (dry run: would be), else 1."""
    bad = {Status.INVALID, Status.FAILED, Status.DIFFERS, Status.NOT_SENT}
    counts = journal.count_by_status()
    return 1 if any(counts.get(status) for status in bad) or journal.count_findings() else 0


def _write_page(job: Job, path: Path) -> None:
    """Write the HTML report; a place that cannot be written changes nothing of what became of the rows."""
    from importer.language import translations
    from importer.reports.html import write_html

    try:
        write_html(job.journal, path, translations(job.options.lang), schema=job.schema)
    except FileError as problem:
        job.ui.say(problem.text)

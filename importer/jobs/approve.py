"""Approve: a person looks at a plan file, says yes, and that is noted behind the plan."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from importer.errors import NotConfirmed, UsageError
from importer.i18n import translations
from importer.jobs.confirm import show_findings
from importer.jobs.context import Context
from importer.jobs.forecast import plan_view
from importer.jobs.job import Job
from importer.jobs.opening import opening
from importer.jobs.options import Result, RunOptions
from importer.jobs.plan import is_sandbox, next_command
from importer.jobs.plan_file import PlanFile, add_note, altered, is_same_person, read_plan
from importer.jobs.plan_notes import applied_from_here, sent_nothing, who_am_i
from importer.jobs.state import StateFolder
from importer.jobs.stored_run import stored_columns
from importer.journal import Journal
from importer.journal.run_record import now
from importer.model import Status
from schemas.message import count_message, message


async def approve_plan(path: Path, context: Context, *, yes: bool = False) -> Result:
    """Show the plan in `path` (absolute), ask, and note behind it who approved it. No request is made."""
    async with opening(context, file=path, dry_run=True) as held:
        held.lock(path)
        plan = read_plan(path)
        check_not_applied(plan, context.state)
        approver = who_am_i(context.state)
        folder = Path(held.hold(tempfile.TemporaryDirectory(prefix="import-tickets-")))
        job = _job_of(plan, held.hold(_journal_of(plan, folder)), context)
        _ask(job, yes=yes)
        add_note(plan, {"approved": approver}, translations(context.lang))
        if is_same_person(plan.planned, approver):
            context.ui.say(
                message(
                    "You made this plan yourself, so your approval does not count where --require-approval asks for "
                    "another person's."
                )
            )
        job.journal.rows.close_undecided(Status.WOULD_UPDATE)
        option = context.access.option or (" --sandbox" if is_sandbox(job.journal.record) else "")
        held.result = _result(job, next_command("apply", path, option))
    return held.result


def check_not_applied(plan: PlanFile, state: StateFolder) -> None:
    """Raise UsageError `plan_applied` where the plan says so itself, or this state folder does."""
    from importer.reports.text import local_moment

    noted = plan.applied
    if noted and sent_nothing(state, noted["run"]):  # it was killed right after it noted that
        noted = None
    run = applied_from_here(state, plan.digest) or (noted["run"] if noted else None)
    if run is None:
        return
    if noted:
        raise UsageError(
            message(
                "The plan {path} was applied by {account} on {machine} at {at}, as run {run}. A plan is applied once: "
                "make a new one for what is left to do.",
                path=str(plan.path),
                at=local_moment(noted["at"]),
                **{name: noted[name] for name in ("account", "machine", "run")},
            ),
            code="plan_applied",
        )
    raise UsageError(
        message(
            "The plan {path} was applied from this machine, as run {run}. A plan is applied once: make a new one for "
            "what is left to do.",
            path=str(plan.path),
            run=run,
        ),
        code="plan_applied",
    )


def _journal_of(plan: PlanFile, folder: Path) -> Journal:
    """Return a journal, to be thrown away, that holds the plan."""
    record = replace(
        plan.record(),
        id="plan",
        file=plan.head["file"]["name"],
        dry_run=True,
        started_at=now(),
        plan={"path": str(plan.path), "sha256": plan.digest, "planned": plan.planned, "approved": plan.approved},
    )
    journal = Journal.create(folder, record)
    fill_journal(journal, plan)
    return journal


def fill_journal(journal: Journal, plan: PlanFile) -> None:
    """Write the rows of a plan into a new journal. Raises UsageError `plan_altered` where they are not a plan's."""
    try:
        journal.plan_records.load(plan.records())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise altered(plan.path, message("a line is not that of a plan")) from error


def _job_of(plan: PlanFile, journal: Journal, context: Context) -> Job:
    schema, columns = stored_columns(journal.record)
    options = RunOptions(Path(plan.head["file"]["name"]), dry_run=True, on_invalid="skip")
    return Job(options, context, journal, columns, schema, None, cleared_by_word=set(plan.head["cleared_by_word"]))


def _ask(job: Job, *, yes: bool) -> None:
    """Show the plan, and ask whether it is right. Raises NotConfirmed where nobody says yes."""
    view = plan_view(job)
    show_findings(job)
    job.ui.show_plan(view)
    if yes:
        return
    if not job.ui.can_ask:
        raise NotConfirmed(
            message(
                "Nothing was approved: there is no terminal to ask on. Run again with --yes to approve without a "
                "question."
            )
        )
    question = count_message(
        "Approve this plan, which updates one ticket?",
        "Approve this plan, which updates {count} tickets?",
        view.rows_to_update,
    )
    if not job.ui.ask(question):
        raise NotConfirmed(message("Nothing was approved."), answered=True)


def _result(job: Job, following: str) -> Result:
    from importer.reports.summary import build_summary

    summary = build_summary(job.journal, exit_code=0, finished_at=now())
    return Result(0, summary | {"run_id": None}, next_commands=(following,))

"""Apply: send exactly the plan that a file holds, on this machine or another, with FILE there or not.

The plan becomes a run of its own, with a journal, so that `resume`, `undo` and the reports know it as any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from importer.errors import FileError, UsageError
from importer.i18n import translations
from importer.jobs.approve import check_not_applied, fill_journal
from importer.jobs.confirm import confirm, has_digest
from importer.jobs.context import Context
from importer.jobs.finish import finish
from importer.jobs.job import Job, Opening
from importer.jobs.opening import opening
from importer.jobs.options import ReadOptions, Result, RunOptions
from importer.jobs.plan_file import PlanFile, add_note, read_plan
from importer.jobs.plan_notes import mark_applied, who_am_i
from importer.jobs.resume import check_portal
from importer.jobs.sending import send_in_parts
from importer.jobs.stored_run import stored_columns
from importer.jobs.targets import check_targets
from importer.jobs.which_portal import tell_version
from schemas.message import message


async def apply_plan_file(options: RunOptions, context: Context, *, require_approval: bool = False) -> Result:
    """Apply the plan in `options.file`. Rows whose tickets have moved since it was made are `conflict`, no others.

    Errors of the plan, the portal and the person are in the result, not raised.
    """
    path = options.file.absolute()
    async with opening(context, file=path) as held:
        held.lock(path)
        plan = read_plan(path)
        check_not_applied(plan, context.state)
        if require_approval and not plan.is_approved:
            raise _not_approved(plan)
        who = who_am_i(context.state)
        job = await _prepare(plan, options, who, held)
        part = confirm(job)
        _note_applied(plan, job, who)
        await send_in_parts(job, part, look_again=True)
        held.result = finish(job)
    return held.result


async def _prepare(plan: PlanFile, options: RunOptions, who: Mapping[str, str], held: Opening) -> Job:
    """Make a run of the plan: its journal holds what the planning found."""
    context = held.context
    record = plan.record()
    options = replace(
        options,
        file=_find_file(plan),
        read=ReadOptions(sheet=record.sheet),
        on_invalid="skip",
        diff=record.diff,
        dry_run=False,
        allow_empty_column=options.allow_empty_column or plan.head["allow_empty_column"],
    )
    held.file, held.sheet = options.file, record.sheet
    held.lock(options.file)
    _check_failed_to(options, record.digest)
    check_targets(options, context.state.outputs)
    tell_version(context.access, context.ui)
    portal = await held.connect()
    await check_portal(record, portal)
    journal = held.create_journal(
        replace(
            record,
            file=str(options.file),
            portal=replace(record.portal, base_url=portal.settings.base_url),
            output=str(options.output) if options.output else None,
            html=str(options.html) if options.html else None,
            overwrite=options.overwrite,
            settings=options.settings,
            requests={"read": 0, "update": 0, "retried": 0, "rate_limited": 0},
            plan=_facts(plan, who),
            on_conflict=options.on_conflict,
            failed_to=str(options.failed_to.absolute()) if options.failed_to else None,
        )
    )
    schema, columns = stored_columns(journal.record)
    job = held.begin(
        Job(options, context, journal, columns, schema, portal, cleared_by_word=set(plan.head["cleared_by_word"]))
    )
    fill_journal(journal, plan)
    journal.note(state="planned")
    return job


def _facts(plan: PlanFile, who: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "path": str(plan.path),
        "sha256": plan.digest,
        "planned": plan.planned,
        "approved": plan.approved,
        "applied": who,
    }


def _find_file(plan: PlanFile) -> Path:
    """Return FILE, where it is what the plan was made from; else a name beside PLAN for the results to go by."""
    told = plan.head["file"]
    beside = plan.path.parent / Path(told["name"]).name
    for path in (plan.path.parent / told["path"], beside):
        if has_digest(path, told["sha256"]):
            return path.resolve()
    return beside


def _check_failed_to(options: RunOptions, digest: str) -> None:
    """Raise UsageError where `--failed-to` would have no rows to copy: they are in FILE, as they were typed."""
    if options.failed_to and not has_digest(options.file, digest):
        raise UsageError(
            message(
                "--failed-to copies rows from {file} as it was when the plan was made, and it is not there. Put it "
                "beside the plan, or leave --failed-to out; nothing was sent.",
                file=str(options.file),
            )
        )


def _not_approved(plan: PlanFile) -> UsageError:
    return UsageError(
        message(
            "Nothing was sent: nobody other than {account}, who made the plan {path}, has approved it. Have a second "
            "person run `import-tickets approve` on it.",
            account=plan.planned["account"],
            path=str(plan.path),
        ),
        code="not_approved",
    )


def _note_applied(plan: PlanFile, job: Job, who: Mapping[str, str]) -> None:
    """Note that the plan is applied before anything of it leaves: in the state folder, and in the plan if it can be."""
    run = job.journal.record.id
    mark_applied(job.context.state, plan.digest, run)
    try:
        add_note(plan, {"applied": {**who, "run": run}}, translations(job.context.lang))
    except FileError as error:
        if error.code != "unreadable_file":
            raise
        job.ui.say(
            message(
                "That it is applied could not be noted in the plan itself, only in the state folder of this machine. "
                "{reason}",
                reason=error.text,
            )
        )

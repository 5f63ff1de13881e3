"""The main job in two steps: a plan that waits in its journal, and its sending, later, by whoever has its ID."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from importer.errors import UsageError
from importer.jobs.confirm import confirm
from importer.jobs.context import Context
from importer.jobs.finish import finish
from importer.jobs.main import prepare
from importer.jobs.opening import opening
from importer.jobs.options import Amount, OnInvalid, Result, RunOptions
from importer.jobs.resume import reopen
from importer.jobs.sending import send
from importer.jobs.stored_run import stored_options
from importer.reports.text import state_word
from schemas.message import message
from schemas.ticket_object import TICKET


async def make_plan(options: RunOptions, context: Context) -> str:
    """Read, validate and compare `options.file`; return the ID of the run in whose journal the plan waits.

    Raises ImportTicketsError where there can be no plan.
    """
    options = replace(options, file=options.file.absolute())
    run_id = None
    async with opening(context, file=options.file, sheet=options.read.sheet) as held:
        job = await prepare(options, held)
        job.journal.batches.make(TICKET.batch_size)  # their digests show whether the same plan is sent
        run_id = job.journal.record.id
    if run_id is None:
        raise held.error
    return run_id


async def apply_plan(
    run_id: str,
    context: Context,
    *,
    on_invalid: OnInvalid = "stop",
    max_changes: Amount | None = None,
    max_clears: Amount | None = None,
    max_closes: Amount | None = None,
    max_failures: int | None = None,
    allow_empty_column: bool = False,
) -> Result:
    """Send the plan that waits in the journal of a run. Rows whose values have moved since are `conflict`.

    Where a guard rail, invalid rows or the file forbid it, nothing is sent and the plan goes on waiting.
    """
    async with opening(context) as held:
        record = context.state.read_record(run_id)
        held.file, held.sheet = Path(record.file), record.sheet
        held.lock(held.file, run=run_id)
        journal = held.hold(context.state.open_journal(run_id))
        if journal.record.state != "planned":
            raise UsageError(
                message(
                    "The plan of run {run} was applied before; it is {state}. Make a new plan.",
                    run=run_id,
                    state=state_word(journal.record.state),
                ),
                code="plan_applied",
            )
        journal.check()
        options = replace(
            stored_options(journal.record, html=None, overwrite=False),
            yes=True,
            on_invalid=on_invalid,
            max_changes=max_changes,
            max_clears=max_clears,
            max_closes=max_closes,
            max_failures=max_failures,
            allow_empty_column=allow_empty_column,
        )
        job = await reopen(journal, options, held)
        confirm(job)
        held.begin(job)
        await send(job, look_again=True)
        held.result = finish(job)
    return held.result

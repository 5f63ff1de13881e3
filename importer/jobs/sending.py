"""Send what was agreed to."""

from __future__ import annotations

from datetime import datetime

from importer.errors import NotConfirmed
from importer.jobs.confirm import ask, file_changed
from importer.jobs.job import Job
from importer.journal.run_record import now
from schemas.message import Message
from schemas.ticket_object import TICKET


async def send_in_parts(job: Job, part: int | None, *, look_again: bool) -> None:
    """Send all rows of the plan; with `part`, send that many, show what became of them, and ask about the rest.

    What is confirmed is noted, so that a resume sends nothing else. Raises as `send` does.
    """
    journal, shown_to = job.journal, 0
    while part is not None:
        last = journal.plan.row_number(part)
        journal.note(confirmed_to=last)
        await send(job, look_again=True)
        show_part(job, shown_to, last or 0)
        shown_to = last or 0
        job.context.stop.graceful = False  # nothing is in flight while somebody is asked
        try:
            part = ask(job, journal.plan.count_rows())
        except (NotConfirmed, KeyboardInterrupt):
            return
        if file_changed(job):
            return
    journal.note(confirmed_to=None)
    await send(job, look_again=look_again)


def show_part(job: Job, after: int, last: int) -> None:
    """Show what became of the rows that were sent: after row `after`, up to row `last`."""
    reasons: dict[int, Message] = {}
    for finding in job.journal.report.findings():
        if finding.row is not None and after < finding.row <= last:
            reasons.setdefault(finding.row, finding.text)
    outcomes = job.journal.report.outcomes(sent_between=(after, last))
    job.ui.show_outcomes([(one.row, one.key, one.status, reasons.get(one.row)) for one in outcomes])


async def send(job: Job, *, look_again: bool) -> None:
    """Send the batches that are open in the journal. However it ends, `finish` settles what became of the rows.

    look_again: time has passed since the plan was made, so that it is compared with the portal first.

    Raises ImportTicketsError where the portal, the journal or the person ends it.
    """
    from importer.sending import sender

    assert job.portal is not None
    journal = job.journal
    last = journal.record.confirmed_to
    journal.batches.make(TICKET.batch_size, last=last)
    journal.note(state="sending", confirmed_at=now())
    job.context.stop.graceful = True
    compared_at = journal.record.compared_at
    await sender.send(
        journal,
        job.portal,
        columns=job.columns,
        schema=job.schema,
        on_event=job.ui.progress,
        stop=job.context.stop,
        total=journal.plan.count_rows(last=last),
        planned_at=datetime.fromisoformat(compared_at) if compared_at else None,
        look_again=look_again,
        overwrite=journal.record.on_conflict == "overwrite",
        cell_by_cell=journal.record.kind == "undo",
        max_failures=job.options.max_failures,
    )

"""Send what was agreed to, and conclude the job however sending ends."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from importer.errors import ImportTicketsError, JournalLost, PortalError
from importer.jobs.finish import close_open_rows, conclude
from importer.jobs.job import Job
from importer.jobs.options import Result
from importer.jobs.state import now
from importer.journal import Journal
from importer.journal.run_record import REPORTING, State

if TYPE_CHECKING:
    from importer.portal.clock import StopSignal


async def send_plan(job: Job, stop: StopSignal, *, look_again: bool) -> Result:
    """Send the batches that are open in the journal, and conclude the run however sending ends.

    look_again: time has passed since the plan was made, so that it is compared with the portal first.
    """
    from importer.sending.batches import MAX_INPUTS
    from importer.sending.sender import send

    assert job.portal is not None
    journal = job.journal
    journal.batches.make(MAX_INPUTS)
    journal.note(state="sending", confirmed_at=now())
    stop.graceful = True
    error: ImportTicketsError | None = None
    try:
        await send(
            journal,
            job.portal,
            columns=job.columns,
            schema=job.schema,
            on_event=job.ui.progress,
            stop=stop,
            total=journal.plan.count_rows(),
            planned_at=_compared_at(journal),
            look_again=look_again,
        )
    except ImportTicketsError as raised:
        error = raised
    with journal.reading():
        journal.outlive(job.note_requests)
        journal.outlive(lambda: close_open_rows(journal, job.columns, job.schema))
        journal.outlive(lambda: journal.note(state=_end_state(error, journal)))
        return conclude(job, error=error, annotate=True)


def _compared_at(journal: Journal) -> datetime | None:
    """Return when the values were read that the plan was made from; None where what is there is to be overwritten."""
    noted = journal.record.compared_at
    return datetime.fromisoformat(noted) if noted else None


def _end_state(error: ImportTicketsError | None, journal: Journal) -> State:
    """Return what a resume has to go on with: rows, those too that the portal was not available for, or reports."""
    if error is not None:
        return "stopped" if isinstance(error, PortalError | JournalLost) else "interrupted"
    return "stopped" if journal.batches.count_unavailable() else REPORTING

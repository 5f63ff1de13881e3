"""Send what was agreed to."""

from __future__ import annotations

from datetime import datetime

from importer.jobs.job import Job
from importer.jobs.state import now


async def send(job: Job, *, look_again: bool) -> None:
    """Send the batches that are open in the journal. However it ends, `finish` settles what became of the rows.

    look_again: time has passed since the plan was made, so that it is compared with the portal first.

    Raises ImportTicketsError where the portal, the journal or the person ends it.
    """
    from importer.sending import sender
    from importer.sending.batches import MAX_INPUTS

    assert job.portal is not None
    journal = job.journal
    journal.batches.make(MAX_INPUTS)
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
        total=journal.plan.count_rows(),
        planned_at=datetime.fromisoformat(compared_at) if compared_at else None,
        look_again=look_again,
    )

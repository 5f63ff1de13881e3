"""Go on with a run that stopped early. It was confirmed, so no question is asked."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import MissingScope, UsageError
from importer.jobs.context import Context
from importer.jobs.finish import finish, requests_until_now
from importer.jobs.job import Job, Opening
from importer.jobs.opening import opening
from importer.jobs.options import Result, RunOptions
from importer.jobs.sending import send
from importer.jobs.state import StateFolder
from importer.jobs.stored_run import stored_columns, stored_options
from importer.jobs.targets import check_page
from importer.jobs.which_portal import check_fingerprint, tell_version
from importer.journal import Journal, RunRecord
from importer.journal.run_record import now
from importer.model import Status
from importer.reports.text import listed, state_word, status_count
from schemas.message import message
from schemas.property import read_schema

if TYPE_CHECKING:
    from importer.portal import Portal


async def resume_run(
    run_id: str | None, context: Context, *, html: Path | None = None, overwrite: bool = False
) -> Result:
    """Send what `run_id` (the latest unfinished run, where None) left unsent, and report the whole run.

    What was in flight when the run stopped is read back first. Results go beside a file that has changed since.
    """
    state = context.state
    async with opening(context) as held:
        chosen = run_id or state.unfinished_run()
        if chosen is None:
            raise nothing_to_resume(state)
        options = stored_options(state.read_record(chosen), html=html, overwrite=overwrite)
        held.file = options.file
        if html is not None:
            check_page(options, state.outputs)
        held.lock(options.file, run=chosen)
        journal = held.hold(state.open_journal(chosen))
        if not journal.record.can_resume:
            raise UsageError(
                message(
                    "Run {run} has nothing to resume: it is {state}.",
                    run=chosen,
                    state=state_word(journal.record.state),
                ),
                code="nothing_to_do",
            )
        journal.check()
        job = held.begin(await reopen(journal, options, held))
        journal.note(resumed_at=now(), finished_at=None, exit_code=None, stop=None)
        journal.rows.reopen(Status.NOT_SENT)
        journal.batches.retry_unavailable()
        await send(job, look_again=True)
        held.result = finish(job)
    return held.result


def nothing_to_resume(state: StateFolder) -> UsageError:
    """Return what to say where no run is unfinished: what the last one was, and what became of it."""
    from importer.jobs.run_list import list_runs

    last = next(list_runs(state), None)
    if last is None:
        return UsageError(
            message("There is no run to resume: there are no runs on this machine."), code="nothing_to_do"
        )
    rows = [status_count(status, count) for status, count in last.counts.items() if status and count]
    return UsageError(
        message(
            "There is no run to resume: none on this machine has anything left to send. The last one, "
            "{run} on {file}, is {state} ({rows}).",
            run=last.id,
            file=Path(last.file).name,
            state=state_word(last.state),
            rows=listed(rows) if rows else message("no rows"),
        ),
        code="nothing_to_do",
    )


async def reopen(journal: Journal, options: RunOptions, held: Opening) -> Job:
    """Go on with a run whose plan is in its journal. Raises UsageError where the portal is another one by now."""
    schema, columns = stored_columns(journal.record)
    journal.may_have_sent = journal.record.can_resume
    tell_version(held.context.access, held.context.ui)
    portal = await held.connect()
    await check_portal(journal.record, portal)
    earlier = requests_until_now(journal, journal.record)
    return Job(options, held.context, journal, columns, schema, portal, earlier_requests=earlier)


async def check_portal(record: RunRecord, portal: Portal) -> None:
    """Raise UsageError where a run would go on in another portal than the one it began in.

    The address decides, and the account's ID where the portal gives it, else its fingerprint.
    """
    from importer.portal.errors import NoSuchPath

    began, base_url = record.portal.base_url, portal.settings.base_url
    if began != base_url and not _is_loopback_again(began, base_url):
        raise UsageError(
            message(
                "The run was made against {began}, and HUBSPOT_BASE_URL names {now}. Set it to the first.",
                began=str(began),
                now=base_url,
            ),
            code="other_portal",
        )
    began, account = record.portal.portal_id, None
    with contextlib.suppress(MissingScope, NoSuchPath):
        account = await portal.account()
    if not (began and account and account.get("portalId")):
        bodies = await portal.fetch_bodies()
        check_fingerprint(record.portal.fingerprint, read_schema(bodies), portal.settings.token)
    elif str(account["portalId"]) != began:
        raise UsageError(
            message(
                "The run was made in portal {began}, and HUBSPOT_ACCESS_TOKEN opens portal {now}. Set it to a token of "
                "the first.",
                began=began,
                now=str(account["portalId"]),
            ),
            code="other_portal",
        )


def _is_loopback_again(began: str | None, base_url: str) -> bool:
    """Whether both are addresses of this machine: a sandbox gets another port each time it is served."""
    from urllib.parse import urlsplit

    hosts = {urlsplit(one or "").hostname for one in (began, base_url)}
    return hosts <= {"localhost", "127.0.0.1", "::1", "sandbox"}

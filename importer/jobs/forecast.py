"""The plan as it is shown before the question, with what it will cost."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from importer.jobs import selection
from importer.planning.policies import notices_of
from importer.planning.swaps import circles
from importer.reports.plan_view import Forecast, PlanView, make_plan_view
from schemas.message import Message, count_message, message
from schemas.ticket_object import TICKET

if TYPE_CHECKING:
    from importer.jobs.job import Job
    from importer.portal.limits import Limits

SWAPS_SHOWN = 3
"""Circles of unique values that the plan names, by column."""

USUAL_REQUESTS, USUAL_INTERVAL_S = 190, 10.0
"""Requests and seconds of the window of a Professional or Enterprise portal. Source: HubSpot API usage guidelines."""

BURST_S = 1.0
"""How long it takes to use up a window: as many requests as it allows are in flight together."""


def plan_view(job: Job) -> PlanView:
    """Return what the journal's plan would do, and what it takes at the rate that the portal allows."""
    requests = -(-job.journal.plan.count_rows() // TICKET.batch_size)
    limits = job.portal.limits if job.portal else None
    return make_plan_view(
        job.journal,
        job.schema,
        job.columns,
        cleared_by_word=job.cleared_by_word,
        time_zone=job.options.read.time_zone,
        forecast=_forecast(job, requests, limits),
        portal=job.portal_name,
        notices=[
            *selection.notices(job),
            *(notices_of(job.columns) if job.journal.record.kind != "undo" else _undo_notices(job)),
            *_swap_notices(job),
            *_budget_notices(job, requests, limits),
        ],
    )


def _forecast(job: Job, requests: int, limits: Limits | None) -> Forecast:
    if job.portal is None:
        return forecast(requests, limits)
    noted = job.journal.record.compared_at
    if noted and job.will_ask:
        return forecast(requests, limits, latency_s=job.portal.latency_s, fresh_s=-1)
    from importer.sending.sender import FRESH_S

    fresh_s = datetime.fromisoformat(noted).timestamp() + FRESH_S - job.portal.clock.time() if noted else math.inf
    return forecast(requests, limits, latency_s=job.portal.latency_s, fresh_s=fresh_s)


def forecast(requests: int, limits: Limits | None, *, latency_s: float = 0.0, fresh_s: float = math.inf) -> Forecast:
    """Return requests, seconds and the share of the day's calls, of a portal that allows `limits`.

    A window may be used up at once, so only those before the last one take their whole time; a portal that takes long
    to answer is bound by how many requests may be in flight. What leaves later than `fresh_s` from now is read again
    first. None, or limits that the portal has not named: those of most portals, and no share.
    """
    most, interval_s = USUAL_REQUESTS, USUAL_INTERVAL_S
    if limits is not None and limits.max_requests:
        most, interval_s = limits.max_requests, limits.interval_s
    before_stale = 0
    if fresh_s >= 0:
        before_stale = requests if fresh_s == math.inf else (int(fresh_s // interval_s) + 1) * most
    reads = max(0, requests - before_stale)
    calls = requests + reads
    whole_windows = max(0, calls - 1) // most
    by_limit = whole_windows * interval_s + (calls - whole_windows * most) / most * BURST_S
    by_latency = 0.0
    if latency_s:  # then there is a portal: a plan without one starts faster without httpx
        from importer.portal.limits import MOST_IN_FLIGHT

        by_latency = math.ceil(calls / MOST_IN_FLIGHT) * latency_s
    share = calls / limits.daily if limits is not None and limits.daily else None
    return Forecast(requests, max(by_limit, by_latency), share, reads)


def _undo_notices(job: Job) -> list[Message]:
    """Return what an undo leaves as it is."""
    notices = [message("Workflows, mails and other effects that the first change set off are not undone.")]
    kept = job.journal.report.count_findings().get("conflict", 0)
    if kept:
        notices.append(
            count_message(
                "{count} cell was changed since, and is left as it is.",
                "{count} cells were changed since, and are left as they are.",
                kept,
            )
        )
    return notices


def _swap_notices(job: Job) -> list[Message]:
    """Say which rows pass unique values on in a circle, so that the portal will refuse them."""
    unique = [column for column in job.columns.values if column.definition.unique]
    return [
        message(
            "Rows {rows} pass their values of {column} on to each other in a circle. The portal refuses that, since "
            "each value is held until it is given up: give one of these tickets another value first.",
            rows=", ".join(map(str, rows[:10])) + (", …" if len(rows) > 10 else ""),
            column=column.header,
        )
        for column in unique
        for rows in circles(job.journal.plan.moves_of(column.definition.name))[:SWAPS_SHOWN]
    ]


def _budget_notices(job: Job, requests: int, limits: Limits | None) -> list[Message]:
    """Say so where the day's calls do not suffice."""
    if limits is None or not limits.daily or job.portal is None:
        return []
    reserve = limits.daily * job.portal.settings.daily_reserve / 100
    free = max(0, int(limits.daily_remaining - reserve))
    if requests <= free:
        return []
    return [
        message(
            "{left} of the portal's {daily} daily API calls are left, and {reserve} % are reserved for other "
            "integrations (--daily-reserve): the run would stop after about {free} requests; `import-tickets "
            "resume` continues it.",
            left=limits.daily_remaining,
            daily=limits.daily,
            reserve=f"{job.portal.settings.daily_reserve:g}",
            free=free,
        )
    ]

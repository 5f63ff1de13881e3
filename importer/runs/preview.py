"""The plan as it is shown before the question, with what it will cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.batcher import MAX_INPUTS
from importer.reports.plan_view import Forecast, PlanView, make_plan_view

if TYPE_CHECKING:
    from importer.runs.run import Job

DEFAULT_RATE = 190 / 10
"""Requests a second of a Professional or Enterprise portal. Source: HubSpot API usage guidelines."""


def plan_view(job: Job) -> PlanView:
    """Return what the journal's plan would do, and what it takes at the rate that the portal allows."""
    return make_plan_view(
        job.journal,
        job.schema,
        job.columns,
        forecast=forecast(job),
        portal=job.schema.portal_id,
        notices=(),
    )


def forecast(job: Job) -> Forecast:
    """Return requests, seconds and the share of the day's calls: the first window may be used at once."""
    requests = -(-job.journal.count_planned_rows() // MAX_INPUTS)
    limits = job.portal.limits if job.portal else None
    if limits is None or not limits.max_requests:
        return Forecast(requests, requests / DEFAULT_RATE)
    windows = max(0, requests - 1) // limits.max_requests
    seconds = (
        windows * limits.interval_s
        + (requests - windows * limits.max_requests) * limits.interval_s / limits.max_requests / 10
    )
    share = requests / limits.daily if limits.daily else None
    return Forecast(requests, seconds, share)

"""The cells of a plan, for the grid: it fetches those that are looked at, and never holds the whole plan."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Annotated, Any

from fastapi import FastAPI, Query, Response

from importer.errors import ImportTicketsError
from importer.jobs.stored_run import stored_columns
from importer.journal import Journal
from importer.labels import plain_text
from importer.reports.column_plan import ValueForms
from importer.reports.text import value_text
from importer.web.work import Work

MOST = 500
ROUTE = "/cells"


def add_route(app: FastAPI, work: Work) -> None:
    """Let the grid fetch the cells of the plan on the table."""

    @app.get(ROUTE)
    def cells(
        answer: Response,
        start: Annotated[int, Query(ge=0)] = 0,
        count: Annotated[int, Query(ge=1, le=MOST)] = 100,
        name: str = "",
        erased: str = "",
        text: str = "",
    ) -> dict[str, Any]:
        answer.headers["Cache-Control"] = "no-store"  # texts of tickets stay out of the browser's files
        return cells_of(work, start=start, count=count, name=name, erased=bool(erased), text=text)


def cells_of(work: Work, *, start: int, count: int, name: str, erased: bool, text: str) -> dict[str, Any]:
    """Return some cells, as people read them, and how many there are."""
    run = work.run
    if run is None or not run.run_id:
        return {"rows": [], "total": 0}
    try:
        with work.state.open_journal(run.run_id) as journal:
            schema, _ = stored_columns(journal.record)
            forms = ValueForms(schema, (run.plan.time_zone if run.plan else "") or schema.time_zone)
            headers = {one.property_name: one.header for one in journal.record.columns}
            found = journal.plan.cells(offset=start, limit=count, name=name, erased=erased, text=text)
            names = _names(work, journal, {cell.row for cell in found})
            total = journal.plan.count_cells_of(name=name, erased=erased, text=text)
    except ImportTicketsError:
        return {"rows": [], "total": 0}
    rows = []
    for cell in found:
        subject, ticket = names.get(cell.row), cell.ticket or cell.key
        before, after = forms.change(cell.name, cell.before or "", cell.after)
        rows.append(
            {
                "row": cell.row,
                "send": cell.row not in run.left_out,
                "ticket": f"{subject} ({ticket})" if subject else ticket,
                "key": cell.key,
                "column": headers.get(cell.name) or forms.header(cell.name),
                "before": "?" if cell.before is None else value_text(before, work.words),
                "after": value_text(after, work.words),
            }
        )
    return {"rows": rows, "total": total}


def _names(work: Work, journal: Journal, rows: Collection[int]) -> dict[int, str]:
    """Return what the sheet calls the tickets of rows; for an undo, as the run that it takes back read it."""
    names = {row: plain_text(journal.report.subject(row)) for row in rows}
    if journal.record.parent and not any(names.values()):
        with suppress(ImportTicketsError), work.state.open_journal(journal.record.parent) as earlier:
            return {row: plain_text(earlier.report.subject(row)) for row in rows}
    return names

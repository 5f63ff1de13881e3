"""The library: what `importer.plan` and `importer.Portal` are.

In:  a file, a portal.
Out: a plan, its changes and findings as DataFrames; applied, its rows. No question is asked.

A job runs in a thread with an event loop of its own, so that it can be called where a loop runs already: a notebook.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, Unpack

from importer.findings import cell_name
from importer.jobs.context import Context
from importer.jobs.options import PortalAccess, RunOptions, Silent
from importer.jobs.options import Result as JobResult
from importer.jobs.state import StateFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from importer.journal import Journal

T = TypeVar("T")


class Reading(TypedDict, total=False):
    """How FILE is read: the options of the command line, by the names of `ReadOptions`."""

    sheet: str | None
    id_property: str | None
    mapping: Mapping[str, str]
    skip_columns: Sequence[str]
    skip_unknown: bool
    skip_read_only: bool
    policies: Sequence[tuple[str, str]]
    clear_word: str
    blank: Literal["clear", "keep"]
    options: Literal["labels", "values"] | None
    allow_spoiled: bool
    schema: str | PathLike[str] | None
    locale: str | None
    date_format: str | None
    time_zone: str | None
    encoding: str | None
    delimiter: str | None


@dataclass(frozen=True, slots=True)
class Portal:
    """A HubSpot portal, and the folder in which its runs are kept on this machine."""

    access: PortalAccess
    state: StateFolder

    @classmethod
    def sandbox(cls) -> Portal:
        """Return the embedded stand-in for a portal. Its tickets are kept in the state folder."""
        return cls(PortalAccess(sandbox=True), StateFolder.from_environment(os.environ))

    @classmethod
    def from_environment(cls) -> Portal:
        """Return the portal that HUBSPOT_ACCESS_TOKEN opens, else the one that `import-tickets login` keeps."""
        from importer.jobs.portals import Portals

        state = StateFolder.from_environment(os.environ)
        access = PortalAccess.from_environment(os.environ)
        return cls(Portals(state).reach(access, None), state)


def plan(
    file: str | PathLike[str],
    portal: Portal,
    *,
    on_conflict: Literal["skip", "overwrite"] = "skip",
    output: str | PathLike[str] | None = None,
    overwrite: bool = False,
    **reading: Unpack[Reading],
) -> Plan:
    """Read and validate a spreadsheet, and compare it with the portal. Nothing is changed.

    on_conflict: tickets changed in the portal since the sheet was made. output: where the results go when the plan is
    applied; without it, into the file. overwrite: whether they may replace a file.

    Raises importer.errors.ImportTicketsError, with a code, where the file, its columns or the portal allow no plan.
    """
    from importer.jobs import library_arguments as arguments
    from importer.jobs.apply import make_plan

    arguments.one_of("on_conflict", on_conflict, "skip", "overwrite")
    options = RunOptions(
        Path(file),
        read=arguments.reading(reading),
        on_conflict=on_conflict,
        output=Path(output) if output is not None else None,
        overwrite=overwrite,
    )
    context = _context(portal)
    return Plan(portal, _run(make_plan(options, context), context))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a spreadsheet would change, kept in the journal of a run."""

    portal: Portal
    run_id: str

    @property
    def changes(self) -> pd.DataFrame:
        """The cells that would change: row, cell, ticket, column, before, after (values as people read them)."""
        with self.portal.state.open_journal(self.run_id) as journal:
            return _frame(_changes(journal), ["row", "cell", "ticket", "column", "before", "after"])

    @property
    def findings(self) -> pd.DataFrame:
        """What is wrong in the file: row, cell, ticket (its key, as typed), column, value, code, message."""
        with self.portal.state.open_journal(self.run_id) as journal:
            found = [
                (one.row, one.cell, one.key, one.header, one.value, one.code, str(one.text))
                for one in journal.report.findings()
            ]
        return _frame(found, ["row", "cell", "ticket", "column", "value", "code", "message"])

    def apply(
        self,
        *,
        on_invalid: Literal["stop", "skip"] = "stop",
        max_changes: float | str | None = None,
        max_clears: float | str | None = None,
        max_closes: float | str | None = None,
        max_failures: int | None = None,
        allow_empty_column: bool = False,
    ) -> Result:
        """Update the tickets, and write the results into the spreadsheet. No question is asked.

        on_invalid: with rows that failed validation, send nothing, or the others. max_changes, max_clears, max_closes:
        refuse a plan that changes or clears more cells (7, or "5%" of the sheet's), or closes more tickets (7, or "5%"
        of the rows to update). max_failures: stop once that many rows were refused. allow_empty_column: let a column
        of only empty cells clear tickets.

        Raises importer.errors.ImportTicketsError where nothing was sent; the plan can be applied with other guard
        rails then. What ends it later is in the result.
        """
        from importer.jobs import library_arguments as arguments
        from importer.jobs.apply import apply_plan

        arguments.one_of("on_invalid", on_invalid, "stop", "skip")
        context = _context(self.portal)
        job = apply_plan(
            self.run_id,
            context,
            on_invalid=on_invalid,
            max_changes=arguments.amount("max_changes", max_changes),
            max_clears=arguments.amount("max_clears", max_clears),
            max_closes=arguments.amount("max_closes", max_closes),
            max_failures=arguments.count("max_failures", max_failures),
            allow_empty_column=allow_empty_column,
        )
        return _result(self.portal, _run(job, context))


@dataclass(frozen=True, slots=True)
class Result:
    """What became of every row. `stopped` says why the run ended early; `report` is the spreadsheet written."""

    portal: Portal
    run_id: str
    exit_code: int
    stopped: str | None
    report: Path | None
    summary: Mapping[str, Any]
    """What `--json` prints."""

    @property
    def rows(self) -> pd.DataFrame:
        """Every row of the sheet: row, ticket (its key, where no answer named it), status, message."""
        from importer.i18n import translations
        from importer.reports.text import row_messages

        with self.portal.state.open_journal(self.run_id) as journal:
            tickets = {one.row: one.ticket for one in journal.report.outcomes()}
            told = [
                (row, tickets[row] or key, str(status), text)
                for row, status, text, key in row_messages(journal, translations("en"))
            ]
        return _frame(told, ["row", "ticket", "status", "message"])

    def undo(self) -> Result:
        """Put back what the run changed, where it was not changed since. No question is asked.

        Raises importer.errors.ImportTicketsError where nothing can be put back.
        """
        from importer.jobs.undo import undo_run

        context = _context(self.portal)
        return _result(self.portal, _run(undo_run(self.run_id, context, yes=True), context))


def _context(portal: Portal) -> Context:
    return Context(portal.access, portal.state, Silent())


def _run(job: Coroutine[Any, Any, T], context: Context) -> T:
    """Run a job to its end. Ctrl-C asks it to stop: what is in flight is finished and noted first."""
    with ThreadPoolExecutor(1, thread_name_prefix="import-tickets") as pool:
        ended = pool.submit(asyncio.run, job)
        try:
            return ended.result()
        except KeyboardInterrupt:
            context.stop.set()
            ended.result()
            raise


def _result(portal: Portal, ended: JobResult) -> Result:
    run_id = ended.summary.get("run_id")
    if ended.error is not None and (run_id is None or ended.summary["rows"]["total"] == 0):
        raise ended.error
    stopped = str(ended.error.text) if ended.error else None
    return Result(portal, str(run_id), ended.exit_code, stopped, ended.report, ended.summary)


def _changes(journal: Journal) -> Iterator[tuple[object, ...]]:
    from importer.labels import Labels
    from schemas.property import read_schema

    record = journal.record
    labels = Labels(read_schema(record.schema))
    columns = {one.property_name: one for one in record.columns}
    for change in journal.report.changes():
        for name, value in change.after.items():
            column = columns.get(name)
            before, after = labels.change(name, change.before.get(name, ""), value)
            cell = cell_name(change.row, column.position) if column else None
            header = column.header if column else labels.header(name)
            yield change.row, cell, change.ticket or change.key, header, before, after


def _frame(rows: Iterator[tuple[object, ...]] | list[Any], columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(list(rows), columns=columns)

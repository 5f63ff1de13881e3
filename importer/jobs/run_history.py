"""What earlier runs on the same file knew, and what they wrote: that is no conflict with the sheet it came from."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from importer.errors import FileError
from importer.jobs.state import StateFolder
from importer.journal import RunRecord
from importer.labels import Labels
from importer.model import Columns, Status, Trace, Values, made_of
from importer.planning.reconcile import Known
from schemas.forms import is_known_form, is_own_form
from schemas.message import Message
from schemas.property import PortalSchema

if TYPE_CHECKING:
    from importer.journal import Journal


def values_written(journal: Journal, tickets: Collection[str]) -> Mapping[str, Values]:
    """Return, by ticket and property, what runs and undos before this one left in the portal.

    journal: this run's. Only runs on the same file and portal count; of several, the latest. A value is what the
    portal made of it, where its answer said so.
    """
    found: dict[str, dict[str, str]] = {}
    for earlier, _ in earlier_runs(journal):
        with contextlib.suppress(FileError), earlier.reading():
            for change, returned in earlier.report.written():
                if change.ticket in tickets:
                    found.setdefault(change.ticket or "", {}).update({**change.after, **returned})
    return found


Cell = tuple[str, str]
"""Record ID, property."""

_COMPARED = frozenset({Status.UPDATED, Status.UNCHANGED})


def known_cells(journal: Journal, cells: Mapping[Cell, str]) -> Mapping[Cell, Known]:
    """Return what earlier runs on the same file and portal know of some cells; of several runs, the latest speaks.

    cells: with the values that the sheet asks for now.
    """
    found: dict[Cell, Known] = {}
    left = set(cells)
    for earlier, record in earlier_runs(journal, latest_first=True):
        if record.dry_run or record.kind == "reconcile":
            continue
        with contextlib.suppress(FileError), earlier.reading():
            for trace in earlier.report.traces({ticket for ticket, _ in left}):
                for name in {*trace.wanted, *trace.changes, *trace.pending}:
                    cell = (trace.ticket, name)
                    if cell in left and (known := _known(trace, name, record, cells[cell])):
                        found[cell] = known
        left -= found.keys()
        if not left:
            break
    return found


class FormsSeen:
    """What the portal made of texts that earlier runs on it wrote, from whatever file.

    A text that it holds in its own form is as the sheet has it: it is not written again by each run. What was seen is
    read from the journals once, when the first cell might be one.
    """

    def __init__(self, journal: Journal, schema: PortalSchema, columns: Columns) -> None:
        self._journal = journal
        self._schema = schema
        self._columns = columns
        self._seen: dict[Cell, tuple[str, str]] | None = None

    def __call__(self, ticket: str, name: str, asked: str, shown: str) -> Message | None:
        """Return the notice of a cell whose ticket holds what the portal made of it; None of any other."""
        definition = self._schema.properties.get(name)
        if not is_own_form(definition, asked, shown):
            return None
        if self._seen is None:
            self._seen = dict(self._read())
        sent, returned = self._seen.get((ticket, name), ("", ""))
        if not returned or not is_known_form(definition, asked, shown, sent=sent, returned=returned):
            return None
        held, wanted = Labels(self._schema).short_change(name, shown, asked)
        column = self._columns.column_of(name)
        return made_of(sent=wanted, returned=held, column=column.header if column else name)

    def _read(self) -> Iterator[tuple[Cell, tuple[str, str]]]:
        for earlier, _ in earlier_runs(self._journal, any_file=True):
            with contextlib.suppress(FileError), earlier.reading():
                for change, returned in earlier.report.formed():
                    for name, value in returned.items():
                        yield (change.ticket or "", name), (change.after.get(name, ""), value)


def _known(trace: Trace, name: str, record: RunRecord, asked: str) -> Known | None:
    if trace.status is None:
        return None
    facts = (record.id, record.kind == "undo")
    if name not in trace.changes:
        if record.kind == "undo":
            return None  # a cell that it left as it was
        choices = trace.pending.get(name, {}).values()
        held = trace.wanted.get(name) or (asked if asked in choices else next(iter(choices), ""))
        return Known(*facts, "held", held, trace.status) if trace.status in _COMPARED else None
    how: Literal["wrote", "tried"] = "wrote" if trace.status is Status.UPDATED else "tried"
    return Known(*facts, how, trace.changes[name], trace.status)


def earlier_runs(
    journal: Journal, *, latest_first: bool = False, any_file: bool = False
) -> Iterator[tuple[Journal, RunRecord]]:
    """Yield the journals of runs on the same file and portal as this one's, in time order, open, with their facts.

    any_file: on the same portal, whatever the file.
    """
    record = journal.record
    state = StateFolder(journal.path.parent.parent)
    found: list[tuple[str, str]] = []
    for run_id in state.run_ids():
        try:
            facts = state.read_record(run_id)
        except FileError:
            continue  # a damaged journal says nothing, and conflicts are then reported as such
        is_of_file = any_file or facts.file == record.file
        if run_id != record.id and is_of_file and facts.portal.portal_id == record.portal.portal_id:
            found.append((facts.started_at, run_id))
    for _, run_id in sorted(found, reverse=latest_first):
        with state.open_journal(run_id) as earlier:
            yield earlier, earlier.record

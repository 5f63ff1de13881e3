"""The long tables of the HTML page, as lists for its script: what is wrong, good to know, and changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import Any

from importer.findings import cell_name
from importer.journal import FindingGroup, Journal, RunRecord
from importer.journal.report import RowOutcome
from importer.labels import Labels, header_text, plain_text
from importer.model import Change, Status
from importer.reports.cell_texts import CellTexts
from importer.reports.text import Renderer, ticket_url
from schemas.message import message
from schemas.property import PortalSchema

MAX_ROWS = 100_000
"""Lines of each table that the page carries; browsers stay quick up to here."""

NAMED_CELLS = 8
"""Cells of equal findings that are named; the number of others follows."""

_NO_TICKET = {"missing_key", "invalid_id", "precision_lost", "not_found"}


@dataclass(frozen=True, slots=True)
class TableView:
    """One of the long tables: its titles; the rows travel in the page's data."""

    id: str
    title: str
    count: str
    shown: int
    left_out: str
    none: str
    first_filter: str
    second_filter: str
    columns: tuple[tuple[str, str], ...]


class PageRows:
    """The rows of the tables as JSON has them. Headers are kept once, and named by their index."""

    def __init__(self, journal: Journal, record: RunRecord, schema: PortalSchema | None, say: Renderer) -> None:
        self._journal = journal
        self._say = say
        self._labels = Labels(schema)
        self._texts = CellTexts(schema, say.translations)
        self._columns = {one.property_name: one.header for one in record.columns}
        self._key_is_ticket = record.key.property == "id"
        self._numbers: dict[str, int] = {}
        self.problem_count = self.note_count = self.change_count = 0
        portal = record.portal
        link = ticket_url(portal.ui_domain, portal.portal_id, "0")
        self.link = link.removesuffix("0") if link else None

    @property
    def headers(self) -> list[str]:
        """Headers by index."""
        return list(self._numbers)

    def header_of(self, name: str) -> str:
        """Return what the sheet calls a property, or else the portal."""
        return header_text(self._columns.get(name) or self._labels.header(name))

    def _number(self, header: str) -> int:
        return self._numbers.setdefault(header, len(self._numbers))

    def problems(self) -> tuple[list[list[object]], list[list[object]]]:
        """Return what is wrong, and what is good to know.

        Findings are [row, where, header, key, ticket, value, code, text], notices of rows [row, where, key, ticket,
        text], both said once where several cells or rows have the same.
        """
        lines: list[list[Any]] = []
        for group in self._journal.report.remark_groups(rows=NAMED_CELLS, limit=MAX_ROWS + 1):
            self.problem_count += 1
            if len(lines) < MAX_ROWS:
                lines.append(self._problem(group))
        by_row = defaultdict(list)
        for line in lines:
            by_row[line[0]].append(line)
        notes: dict[str, list[RowOutcome]] = {}
        counts = Counter[str]()
        for outcome in self._journal.report.outcomes():
            for line in by_row.get(outcome.row, ()):
                line[4] = _linkable(outcome.ticket) or line[4]
            for notice in outcome.notices:
                text = plain_text(self._say(notice))
                if text in notes or len(notes) < MAX_ROWS:
                    same = notes.setdefault(text, [])
                    same += [outcome] if len(same) < NAMED_CELLS else []
                counts[text] += 1
        self.note_count = len(counts)
        return lines, [self._note(text, same, counts[text]) for text, same in notes.items()]

    def _note(self, text: str, same: list[RowOutcome], count: int) -> list[object]:
        first = same[0]
        key, ticket = (plain_text(first.key), _linkable(first.ticket)) if count == 1 else ("", None)
        return [first.row, self._listed([self._place(one.row) for one in same], count), key, ticket, text]

    def _problem(self, group: FindingGroup) -> list[object]:
        finding = group.first
        exists = self._key_is_ticket and finding.code not in _NO_TICKET
        value = finding.value or ""
        if finding.code == Status.DIFFERS:
            value = self._labels.value(finding.property_name or "", value)
        return [
            finding.row,
            self._places(group),
            self._number(header_text(finding.header)),
            plain_text(finding.key or ""),
            _linkable(finding.key) if exists else None,
            plain_text(value, keep_lines=True),
            finding.code,
            plain_text(self._say(finding.text)),
        ]

    def _places(self, group: FindingGroup) -> str:
        """Return the cells that a finding is about, `C166, C212 and 14 more`."""
        first = group.first
        if group.count == 1 or first.row is None:
            return first.cell or self._place(first.row)
        return self._listed([cell_name(row, first.position) or self._place(row) for row in group.rows], group.count)

    def _listed(self, places: list[str], count: int) -> str:
        named, left = ", ".join(places), count - len(places)
        return f"{named} {self._say(message('and {count} more', count=left))}" if left else named

    def _place(self, row: int | None) -> str:
        return self._say(message("row {row}", row=row)) if row else ""

    def changes(self) -> list[list[object]]:
        """Return the cells that were to change: [row, header, key, ticket, before, after, status].

        What went wrong comes first where not all of them fit.
        """
        lines: list[list[object]] = []
        self.change_count = sum(sum(self._journal.report.count_cells(status)) for status in Status)
        for status in reversed(Status):
            cells = ((change, name) for change in self._journal.report.changes(status) for name in change.after)
            for change, name in islice(cells, MAX_ROWS - len(lines)):
                lines.append(self._change(change, name, status))
        return sorted(lines, key=lambda line: (line[0], line[1]))

    def _change(self, change: Change, name: str, status: Status) -> list[object]:
        before = change.before.get(name)
        old, new = self._texts.change(name, before or "", change.after[name])
        return [
            change.row,
            self._number(self.header_of(name)),
            plain_text(change.key),
            _linkable(change.ticket or (change.key if self._key_is_ticket else None)),
            None if before is None else plain_text(old, keep_lines=True),
            plain_text(new, keep_lines=True),
            str(status),
        ]

    def names(self, *tables: list[list[object]]) -> dict[str, str]:
        """Return what the tickets of some lines are called, by row, where the sheet says it."""
        rows = {line[0] for table in tables for line in table}
        return {str(row): plain_text(name) for row, name in self._journal.report.subjects() if row in rows}


def _linkable(ticket: str | None) -> str | None:
    return ticket if ticket and ticket.isdecimal() else None


def problem_table(lines: list[list[object]], rows: PageRows, say: Renderer) -> TableView:
    """Return the titles of the table of findings."""
    return TableView(
        id="problems",
        title=say(message("What needs a look")),
        count=say.number(rows.problem_count),
        shown=len(lines),
        left_out=_left_out(rows.problem_count, say),
        none=say(message("Nothing: no row has an error.")),
        first_filter=say(message("Column")),
        second_filter=say(message("Code")),
        columns=(
            (say(message("Where")), "where"),
            (say(message("Column")), "property"),
            (say(message("Ticket")), "ticket"),
            (say(message("Cell holds")), "value"),
            (say(message("What is wrong")), "text"),
            (say(message("Code")), "code"),
        ),
    )


def note_table(lines: list[list[object]], rows: PageRows, say: Renderer) -> TableView:
    """Return the titles of the table of notices."""
    return TableView(
        id="notes",
        title=say(message("Good to know")),
        count=say.number(rows.note_count),
        shown=len(lines),
        left_out=_left_out(rows.note_count, say),
        none="",
        first_filter="",
        second_filter="",
        columns=((say(message("Where")), "where"), (say(message("Ticket")), "ticket"), (say(message("Note")), "text")),
    )


def change_table(lines: list[list[object]], rows: PageRows, record: RunRecord, say: Renderer) -> TableView:
    """Return the titles of the table of changes; of a reconciliation, of differences."""
    reconciled = record.kind == "reconcile"
    return TableView(
        id="changes",
        title=say(message("Differences") if reconciled else message("Changes")),
        count=say.number(rows.change_count),
        shown=len(lines),
        left_out=_left_out(rows.change_count, say, record),
        none=say(message("No difference.") if reconciled else message("No cell was to change.")),
        first_filter=say(message("Column")),
        second_filter=say(message("Status")),
        columns=(
            (say(message("Row")), "row"),
            (say(message("Ticket")), "ticket"),
            (say(message("Column")), "property"),
            (say(message("In the portal") if reconciled else message("Before")), "text"),
            (say(message("In the sheet") if reconciled else message("After")), "text"),
            (say(message("Status")), "status"),
        ),
    )


def _left_out(count: int, say: Renderer, record: RunRecord | None = None) -> str:
    """Return what is said where not all lines are here. record: of the run, where a command gives the rest."""
    if count <= MAX_ROWS:
        return ""
    shown = say.number(MAX_ROWS)
    if record is None or record.kind == "reconcile":
        return say(message("The first {shown} lines; there are more.", shown=shown))
    return say(
        message(
            "The first {shown} of {count} lines; `{command} --cells --csv FILE` writes all of them.",
            shown=shown,
            count=say.number(count),
            command=record.command("runs show"),
        )
    )

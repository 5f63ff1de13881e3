"""Some rows only: those that `--rows` names, and the first N that would change (`--first`).

Rows that are left out are not judged and keep no other row back; they end `not sent`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from importer.errors import UsageError
from importer.jobs.options import RowRanges
from schemas.message import Message, count_message, message

if TYPE_CHECKING:
    from importer.jobs.job import Job
    from importer.validation.validator import CheckedChunk


class Selection:
    """Notes the rows of one sheet that are chosen, and the others as left out."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._ranges: RowRanges | None = job.options.rows
        self._last = job.columns.header_row

    def note(self, chunk: CheckedChunk, *, fold_keys: bool) -> None:
        """Note a chunk of checked rows in the journal."""
        rows, journal = chunk.rows, self._job.journal
        invalid, findings = chunk.invalid, chunk.findings
        chosen = self._ranges
        if chosen is not None:
            self._last = max(self._last, *(row.row for row in rows[-1:]), *(row for row, _ in invalid[-1:]))
            left_out = [(one.row, one.key) for one in rows if one.row not in chosen]
            left_out += [(row, key) for row, key in invalid if row not in chosen]
            rows = [one for one in rows if one.row in chosen]
            invalid = [(row, key) for row, key in invalid if row in chosen]
            findings = [one for one in findings if self.holds(one.row)]
            journal.rows.add_left_out(left_out, reason())
        journal.rows.add(rows, fold_keys=fold_keys)
        journal.rows.add_invalid(invalid, fold_keys=fold_keys)
        journal.rows.note_lines(chunk.lines)
        journal.rows.add_findings(findings)

    def holds(self, row: int | None) -> bool:
        """Return whether a finding of this row counts; those of the file and of its header always do."""
        return self._ranges is None or row is None or row <= self._job.columns.header_row or row in self._ranges

    def check(self) -> None:
        """Raise UsageError where a number lies outside the data; to be called once all rows are noted."""
        header = self._job.columns.header_row
        for first, last in self._ranges.stretches if self._ranges else ():
            if last > self._last:
                raise UsageError(
                    message(
                        "--rows names row {row}, and the last row of the sheet is {last}.", row=last, last=self._last
                    )
                )
            if first <= header:
                raise UsageError(
                    message("--rows names row {row}, and the data begin below row {header}.", row=first, header=header)
                )


def keep_first(job: Job, count: int) -> None:
    """Leave out what comes after the first `count` rows that would change."""
    last = job.journal.plan.row_number(count)
    if last is not None:
        job.journal.rows.leave_out_after(last, reason())


def reason() -> Message:
    """Return what is said of a row that is left out."""
    return message("left out by --rows or --first")


def notices(job: Job) -> Iterable[Message]:
    """Return what the plan says of rows that are left out."""
    left_out = job.journal.rows.count_left_out()
    if left_out:
        yield count_message(
            "{count} row is left out (--rows, --first) and not sent.",
            "{count} rows are left out (--rows, --first) and not sent.",
            left_out,
        )

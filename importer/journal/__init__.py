"""A run's journal: one SQLite file that remembers what was read, what was planned, what was sent, what was answered.

The journal is the spine between the two halves of a run: the plan is written into it before the question, each batch
is noted before it leaves and after its answer. A preview, a resume, an undo and a report are queries of it.

All SQL of runs is here. Writes are committed with `synchronous=FULL`, so that what was noted outlives a power cut
(https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from importer.errors import FileError, JournalLost
from importer.journal.batches import Batch, BatchAnswer, Batches, Progress
from importer.journal.column_totals import ColumnTotals, Scale, Span
from importer.journal.connection import JournalFile, dump, is_damage, load_messages
from importer.journal.plan import Plan
from importer.journal.plan_records import PlanRecords
from importer.journal.report import FindingGroup, Report, RowOutcome
from importer.journal.rows import Rows
from importer.journal.run_record import RecordChanges, RunRecord
from schemas.message import Message, message

__all__ = [
    "Batch",
    "BatchAnswer",
    "ColumnTotals",
    "FindingGroup",
    "Journal",
    "Progress",
    "RowOutcome",
    "RunRecord",
    "Scale",
    "Span",
    "dump",
    "load_messages",
]


class Journal:
    """The journal of one run. Make it with `create` or `open`; close it, or use it as a context manager."""

    def __init__(self, file: JournalFile, record: RunRecord) -> None:
        self._file = file
        self.record = record
        self.rows = Rows(file)
        self.plan = Plan(file)
        self.plan_records = PlanRecords(file)
        self.batches = Batches(file, self.rows)
        self.report = Report(file)

    @classmethod
    def create(cls, folder: Path, record: RunRecord) -> Self:
        """Make the journal `folder/ID.sqlite3` of a run, mode 0600 in a folder 0700.

        Raises FileError where the folder cannot be written, and FileExistsError where the run exists.
        """
        return cls(JournalFile.create(folder, record), record)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an existing journal. Raises FileError where there is none, or it is no journal."""
        return cls(*JournalFile.open(path))

    def note(self, **changes: Unpack[RecordChanges]) -> None:
        """Remember what changed of the facts of the run. Raises JournalLost where it cannot be written."""
        record = replace(self.record, **changes)
        facts = record.to_json()
        self._file.save({name: facts[name] for name in changes})
        self.record = record

    def check(self) -> None:
        """Raise FileError where the file is damaged, or holds other values to be sent than were noted.

        That a value is another one by a flipped bit, SQLite does not see: only the digests know.
        """
        with self._file.reading():
            problem: Message | str = self._file.check_pages()
            altered = None if problem else self.batches.find_altered_row()
        if altered is not None:
            problem = message("row {row} is not as it was planned", row=altered)
        if problem:
            raise FileError(
                message(
                    "The journal {path} is damaged: {reason}. Nothing was sent from it. Make a new run from the "
                    "spreadsheet instead; `import-tickets runs purge` removes old journals.",
                    path=str(self.path),
                    reason=problem,
                )
            )

    def close(self) -> None:
        """Close the file; nothing is pending."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it. Raises FileError where what went on was ended by a page of it that is damaged.

        Where something may have been sent, that is JournalLost.
        """
        self.close()
        if is_damage(error):
            raise self._file.damaged(error) from error

    # --- the file, where the disk fails -------------------------------------------------------------------------

    @property
    def path(self) -> Path:
        return self._file.path

    @property
    def lost(self) -> JournalLost | None:
        """Why notes are kept in memory, where they are."""
        return self._file.lost

    @property
    def may_have_sent(self) -> bool:
        """Whether something of this run may be with the portal: then `resume` is the way on, whatever goes wrong."""
        return self._file.may_have_sent

    @may_have_sent.setter
    def may_have_sent(self, value: bool) -> None:
        self._file.may_have_sent = value

    def reading(self) -> AbstractContextManager[None]:
        """Raise what `__exit__` raises where what is read turns out to be damaged."""
        return self._file.reading()

    def outlive(self, write: Callable[[], object]) -> None:
        """Write; where the disk refuses that, go on in memory, so that what is known can still be reported."""
        self._file.outlive(write)

    def go_on_in_memory(self, lost: JournalLost) -> None:
        """Keep all further notes in memory: what is on disk stays as it is, and a resume begins there.

        Raises JournalLost where the journal cannot even be read.
        """
        self._file.go_on_in_memory(lost)

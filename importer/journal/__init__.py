"""A run's journal: one SQLite file that remembers what was read, what was planned, what was sent, what was answered.

The journal is the spine between the two halves of a run: the plan is written into it before the question, each batch
is noted before it leaves and after its answer. A preview, a resume, an undo and a report are queries of it.

Nobody else knows SQL. Writes are committed with `synchronous=FULL`, so that what was noted outlives a power cut
(https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

from importer.journal.batches import Batch, BatchAnswer, Progress
from importer.journal.connection import dump, load_messages
from importer.journal.differences import DifferenceNotes
from importer.journal.plan import ColumnTotals
from importer.journal.report import RowOutcome

__all__ = ["Batch", "BatchAnswer", "ColumnTotals", "Journal", "Progress", "RowOutcome", "dump", "load_messages"]


class Journal(DifferenceNotes):
    """The journal of one run. Open it with `create` or `open`; close it, or use it as a context manager."""

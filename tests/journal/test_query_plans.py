"""What is done for each batch of a sending takes as long in a journal of a million rows as in one of a thousand."""

from collections.abc import Iterator

import pytest

from importer.findings import Finding
from importer.journal import Journal, Progress, RunRecord
from importer.journal.run_record import now
from importer.model import Change, CheckedRow, Outcome, Status
from schemas.message import message

SIZE = 100


@pytest.fixture
def journal(tmp_path) -> Iterator[Journal]:
    changes = [Change(row, str(row), str(row), {"subject": "Old"}, {"subject": "New"}) for row in range(1, 10 * SIZE)]
    with Journal.create(tmp_path, RunRecord(id="run")) as journal:
        journal.rows.add([CheckedRow(one.row, one.key, one.after) for one in changes], fold_keys=False)
        journal.plan.add(changes)
        journal.batches.make(SIZE)
        yield journal


def test_no_batch_reads_a_whole_table(journal):
    """Not when it is taken, looked at again, noted, answered, divided or settled: SQLite says how it would search."""
    database, done = journal._file.db, list[str]()
    batches = journal.batches.open()
    next(batches)
    database.set_trace_callback(done.append)
    batch = next(batches)
    first, *others = batch.changes
    journal.batches.values_before(batch.number)
    journal.batches.note([Progress(batch.number, now(), "sent", renewed=(first,))])
    faults = (Finding("rejected", message("the portal refused it without a reason"), first.row),)
    journal.batches.note(
        [
            Progress(
                batch.number,
                now(),
                answer=(SIZE, 207, None, None, None),
                updated=tuple(one.row for one in others),
                outcomes=(Outcome(first.row, Status.FAILED, faults),),
            )
        ]
    )
    database.set_trace_callback(None)

    statements = [one for one in done if one.startswith(("SELECT", "UPDATE", "INSERT", "DELETE"))]
    steps = [step[3] for one in statements for step in database.execute(f"EXPLAIN QUERY PLAN {one}")]

    assert len(steps) >= 8
    assert [one for one in steps if one.startswith("SCAN") and "json_each" not in one] == []

"""Rows that name one ticket."""

import pytest

from importer.journal import Journal, RunRecord
from importer.model import CheckedRow, Columns, KeyColumn, ValueColumn
from importer.planning.duplicates import find_twins
from importer.planning.pending_stages import settle_pending
from schemas.property import Pipeline, PortalSchema, Property, Stage

BY_ID = Columns(KeyColumn(0, "Record ID", "id"), (), 1)


@pytest.fixture
def twins(tmp_path):
    """Return a function that looks for twins among (row, key, wanted)."""

    def find(rows, *, fold_keys=False):
        with Journal.create(tmp_path, RunRecord(id=f"run-{len(list(tmp_path.iterdir()))}")) as journal:
            journal.rows.add([CheckedRow(*row) for row in rows], fold_keys=fold_keys)
            pairs, findings = find_twins(journal.rows.shared_keys(), BY_ID)
            return pairs, [(one.cell, one.code, str(one.text)) for one in findings]

    return find


def test_rows_that_say_the_same_are_twins(twins):
    pairs, findings = twins(
        [(2, "501", {"a": "1"}), (3, "502", {"a": "1"}), (9, "501", {"a": "1"}), (12, "501", {"a": "1"})]
    )

    assert pairs == [(9, 2), (12, 2)]
    assert findings == []


def test_rows_that_contradict_each_other_are_each_named(twins):
    """One odd row spoils all of them: nobody knows which is meant."""
    pairs, findings = twins([(2, "501", {"a": "1"}), (9, "501", {"a": "1"}), (12, "501", {"a": ""})])

    assert pairs == []
    assert [(cell, code) for cell, code, _ in findings] == [
        ("A2", "duplicate_key"),
        ("A9", "duplicate_key"),
        ("A12", "duplicate_key"),
    ]
    assert "A9, A12" in findings[0][2]


def test_only_the_portal_knows_whether_case_counts(twins):
    """It may compare exactly, and then these are two tickets: what it answers decides, in the plan."""
    rows = [(2, "ORD-1", {"a": "1"}), (3, "ord-1", {"a": "2"})]

    assert twins(rows, fold_keys=True) == ([], [])


def test_stages_that_wait_are_compared_too(twins):
    waits = {"hs_pipeline_stage": {"0": "1"}}

    assert twins([(2, "501", {}, waits), (3, "501", {}, waits)])[0] == [(3, 2)]
    assert len(twins([(2, "501", {}, waits), (3, "501", {}, {})])[1]) == 2


def test_of_many_rows_the_first_are_named(twins):
    _, findings = twins([(row, "501", {"a": str(row)}) for row in range(2, 40)])

    assert findings[0][2].count("A") == 10
    assert "…" in findings[0][2]


STAGE = Property("hs_pipeline_stage", "Ticket status", "enumeration", "select")
COLUMNS = Columns(KeyColumn(0, "id", "id"), (ValueColumn(3, "Ticket status", STAGE),), 1)
PORTAL = PortalSchema(
    {},
    (
        Pipeline("0", "Support", (Stage("1", "New"),)),
        Pipeline("7", "Returns", (Stage("701", "New"), Stage("702", "Sent"))),
    ),
)


def test_without_a_plan_a_stage_of_one_pipeline_is_taken():
    row = CheckedRow(2, "501", {"a": "1"}, {"hs_pipeline_stage": {"7": "702"}})

    settled = settle_pending(row, COLUMNS, PORTAL)

    assert settled == CheckedRow(2, "501", {"a": "1", "hs_pipeline_stage": "702"})


def test_without_a_plan_a_stage_of_several_is_ambiguous():
    row = CheckedRow(2, "501", {}, {"hs_pipeline_stage": {"0": "1", "7": "701"}})

    found = settle_pending(row, COLUMNS, PORTAL)

    assert (found.code, found.cell, found.value, found.key) == ("ambiguous_option", "D2", "New", "501")
    assert '"New (Support)", "New (Returns)"' in str(found.text)

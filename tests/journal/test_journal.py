"""The journal remembers what was planned, sent and answered; reports are queries of it."""

import sqlite3
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import FileError, MachineLimit
from importer.findings import Finding
from importer.journal import Journal, Progress, RunRecord
from importer.journal.rows import stretches
from importer.journal.run_record import RecordedColumn, RecordedKey, RecordedPortal
from importer.model import Change, CheckedRow, Outcome, Status
from schemas.message import message
from tests.laws import examples


@pytest.fixture
def journal(tmp_path):
    with Journal.create(tmp_path, RunRecord(id="run")) as made:
        yield made


def add(journal, *rows, fold=False):
    journal.rows.add((CheckedRow(row, key, wanted) for row, key, wanted in rows), fold_keys=fold)


def change(row, key="1", before=None, after=None):
    return Change(row, key, key, before or {"subject": "a"}, after or {"subject": "b"})


def finding(row, code="invalid_option", position=1):
    return Finding(code, message("wrong"), row, position, "Priority", "hs_ticket_priority", "1", "x")


def test_no_further_file_may_be_opened(tmp_path):
    """What SQLite says of it ("unable to open database file") would have people look for room."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with (tmp_path / "last").open("w") as last:
        resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno() + 2, limits[1]))
        try:
            with pytest.raises(MachineLimit, match="ulimit -n"):
                Journal.create(tmp_path / "runs", RunRecord(id="run"))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_facts_survive_closing(tmp_path):
    record = RunRecord(
        id="run",
        headers=("Record ID", "Priority"),
        own=(None, 3),
        own_names=("Import status", "Import message"),
        key=RecordedKey("Record ID", "id", 1),
        columns=(RecordedColumn(2, "Priority", "hs_ticket_priority"),),
        portal=RecordedPortal("https://api.hubapi.com", "1", "app.hubspot.com", {"owners": ["78"]}),
        schema={"properties": {"results": [{"name": "subject"}]}},
    )
    with Journal.create(tmp_path, record) as journal:
        path = journal.path
        journal.note(state="stopped", stop=message("Out of calls."), requests={"update": 3})

    with Journal.open(path) as again:
        assert again.record == replace(record, state="stopped", stop=message("Out of calls."), requests={"update": 3})


def test_only_facts_that_a_run_has_can_be_noted(journal):
    with pytest.raises(TypeError):
        journal.note(colour="red")


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("DELETE FROM meta WHERE name = 'file'", id="missing"),
        pytest.param("UPDATE meta SET value = '\"another.csv\"' WHERE name = 'file'", id="altered"),
        pytest.param(
            "UPDATE meta SET value = 'null', seal = seal_of(name, 'null') WHERE name = 'columns'", id="of-another-kind"
        ),
    ],
)
def test_facts_that_are_not_as_they_were_noted_are_an_error(tmp_path, damage):
    with Journal.create(tmp_path, RunRecord(id="run", columns=(RecordedColumn(1, "a", "a"),))) as journal:
        path = journal.path
        with journal._file.writing():
            journal._file.db.execute(damage)

    with pytest.raises(FileError, match="not a journal"):
        Journal.open(path)


def test_what_is_no_journal_is_an_error(tmp_path):
    (tmp_path / "x.sqlite3").write_text("not a database, but long enough to be taken for one" * 10)

    with pytest.raises(FileError, match="not a journal"):
        Journal.open(tmp_path / "x.sqlite3")
    with pytest.raises(FileError, match="no journal"):
        Journal.open(tmp_path / "none.sqlite3")
    with pytest.raises(FileExistsError):
        Journal.create(tmp_path, RunRecord(id="x"))


def test_a_journal_of_another_format_is_refused(tmp_path):
    """Its tables may hold other things under the same names."""
    with Journal.create(tmp_path, RunRecord(id="run")) as journal:
        path = journal.path
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 999")
    other.close()

    with pytest.raises(FileError, match="format 999"):
        Journal.open(path)


def test_keys_are_shared_as_typed_and_alike_without_case(journal):
    """Rows share a key where the text is the same; the portal is to be asked about texts that are alike."""
    add(journal, (2, "Ab", {"s": "1"}), (3, "x", {}), (4, "aB", {"s": "2"}), (5, "x", {}), fold=True)

    assert [[row for row, _, _ in group] for group in journal.rows.shared_keys()] == [[3, 5]]
    assert sorted(set(journal.rows.alike_keys())) == ["Ab", "aB", "x"]


def test_batches_hold_each_change_once_in_row_order(journal):
    add(journal, *((row, str(row), {"subject": "b"}) for row in range(2, 257)))
    journal.plan.add(change(row, str(row)) for row in range(2, 257))

    assert journal.batches.make(100) == 3
    batches = list(journal.batches.open())

    assert [len(batch.changes) for batch in batches] == [100, 100, 55]
    assert [one.row for batch in batches for one in batch.changes] == list(range(2, 257))
    assert not any(batch.was_sent for batch in batches)


def test_a_batch_stays_open_until_its_last_row_is_decided(journal):
    add(journal, (2, "1", {"subject": "b"}), (3, "2", {"subject": "b"}))
    journal.plan.add([change(2, "1"), change(3, "2")])
    journal.batches.make(100)
    journal.batches.note([Progress(1, "t", state="sent")])

    journal.batches.note([Progress(1, "t", outcomes=(Outcome(2, Status.UPDATED),))])
    [left] = journal.batches.open()
    assert left.was_sent
    assert [one.row for one in left.changes] == [3]

    journal.batches.note([Progress(1, "t", outcomes=(Outcome(3, Status.FAILED, (finding(3, "unavailable"),)),))])
    assert list(journal.batches.open()) == []
    assert journal.batches.retry_unavailable() == 1
    assert [one.row for batch in journal.batches.open() for one in batch.changes] == [3]
    assert list(journal.report.findings()) == []


@examples(200)
@given(rows=st.lists(st.integers(1, 60), unique=True))
def test_stretches_hold_exactly_the_rows_in_their_order(rows):
    found = stretches(rows)

    assert [row for first, last in found for row in range(first, last + 1)] == rows
    assert all(following[0] != last + 1 for (_, last), following in pairwise(found))


@examples(15)
@given(updated=st.sets(st.integers(2, 61)), order=st.randoms(use_true_random=False))
def test_whatever_rows_are_confirmed_no_other_is_touched(tmp_path_factory, updated, order):
    """In one stretch, in many, or out of order."""
    confirmed = sorted(updated)
    order.shuffle(confirmed)
    with Journal.create(tmp_path_factory.mktemp("runs"), RunRecord(id="run")) as journal:
        add(journal, *((row, str(row), {"subject": "b"}) for row in range(2, 62)))
        journal.plan.add(change(row, str(row)) for row in range(2, 62))
        journal.batches.make(100)
        for rows in (sorted(confirmed[: len(confirmed) // 2]), confirmed[len(confirmed) // 2 :]):
            journal.batches.note([Progress(1, "t", updated=tuple(rows))])

        left = {one.row for batch in journal.batches.open() for one in batch.changes}

        assert left == set(range(2, 62)) - updated
        assert journal.rows.count_by_status().get("updated", 0) == len(updated)


def test_rows_that_repeat_another_share_a_bad_end_and_are_unchanged_otherwise(journal):
    add(journal, *((row, "1", {}) for row in range(2, 8)))
    journal.plan.join_twins([(3, 2), (5, 4), (7, 6)])
    journal.rows.decide(
        [Outcome(2, Status.UPDATED), Outcome(4, Status.FAILED, (finding(4, "rejected"),)), Outcome(6, Status.NOT_SENT)]
    )

    journal.rows.settle_twins()

    assert {one.row: one.status for one in journal.report.outcomes() if one.same_as} == {
        3: Status.UNCHANGED,
        5: Status.FAILED,
        7: Status.NOT_SENT,
    }


def test_totals_count_cells_to_change_and_to_clear(journal):
    add(journal, (2, "1", {}), (3, "2", {}))
    journal.plan.add(
        [
            change(2, "1", {"a": "x", "b": "y"}, {"a": "z", "b": ""}),
            change(3, "2", {"a": "", "b": "w"}, {"a": "q", "b": ""}),
        ]
    )

    totals = {one.property_name: (one.changed, one.cleared, one.flows) for one in journal.plan.column_totals()}

    assert totals == {"a": (2, 0, (("x", "z", 1), ("", "q", 1))), "b": (0, 2, (("y", "", 1), ("w", "", 1)))}
    assert journal.plan.count_cells() == (2, 2)
    assert journal.report.count_cells(Status.UPDATED) == (0, 0)
    journal.rows.decide([Outcome(2, Status.UPDATED)])
    assert journal.report.count_cells(Status.UPDATED) == (1, 1)


@examples(50)
@given(
    cells=st.lists(
        st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["", '"', '""', 'x"', "\\", "x"])), max_size=8
    )
)
def test_totals_are_those_of_every_cell(tmp_path_factory, cells):
    """Quotation marks in a text are no empty cell."""
    with Journal.create(tmp_path_factory.mktemp("runs"), RunRecord(id="run")) as journal:
        add(journal, *((row, str(row), one) for row, one in enumerate(cells, 2)))
        journal.plan.add(Change(row, str(row), str(row), {}, one) for row, one in enumerate(cells, 2))

        totals = {one.property_name: (one.changed, one.cleared) for one in journal.plan.column_totals()}

        assert totals == {
            name: (sum(bool(one.get(name)) for one in cells), sum(one.get(name) == "" for one in cells))
            for name in {name for one in cells for name in one}
        }
        assert journal.plan.count_cells() == tuple(map(sum, zip(*totals.values(), strict=True))) or not totals


def test_a_conflict_keeps_no_other_row_back(journal):
    add(journal, (2, "1", {}), (3, "2", {}))
    journal.rows.decide(
        [
            Outcome(2, Status.INVALID, (finding(2, "conflict"),)),
            Outcome(3, Status.INVALID, (finding(3, "not_found"), finding(3, "conflict"))),
        ]
    )

    assert journal.plan.count_blocking_rows() == 1
    assert journal.report.count_findings() == {"conflict": 2, "not_found": 1}


def test_values_are_text_in_the_file_for_its_json_functions(journal):
    """JSON kept as bytes would be no JSON to SQLite."""
    add(journal, (2, "1", {"ä": 'quote " and \n line'}))

    with sqlite3.connect(journal.path) as reader:
        kind, value = reader.execute("SELECT typeof(wanted), json_extract(wanted, '$.ä') FROM sheet").fetchone()
    reader.close()

    assert (kind, value) == ("text", 'quote " and \n line')


def test_equal_notices_are_counted_with_their_first_row(journal):
    add(journal, *((row, str(row), {}) for row in range(2, 7)))
    cut, odd = message("cut"), message("odd {n}", n=4)
    said = {2: (), 3: (cut,), 4: (cut, odd), 5: (cut,), 6: ()}
    journal.rows.decide([Outcome(row, Status.UNCHANGED, notices=notices) for row, notices in said.items()])

    assert journal.report.notice_groups(limit=9) == [((cut,), 3, 2), ((cut, odd), 4, 1)]
    assert journal.report.notice_groups(limit=1) == [((cut,), 3, 2)]

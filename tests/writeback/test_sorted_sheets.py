"""The law of what we write: it stays right when people sort, pad and save, and is known again by what it holds."""

import csv
import hashlib
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.table import Table

from importer.loader import open_file
from importer.loader.delimited import DelimitedSource
from importer.loader.own import own_columns
from importer.writeback import RowNote, write_back
from tests.laws import examples
from tests.writeback.conftest import OURS, make_annotation
from tests.writeback.package_rules import check_package

HEADERS = ("Record ID", "subject", "Priority")
STATUSES = ["updated", "unchanged", "invalid", "failed", "not sent"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sorted")


def written(path, keys, statuses, key=0):
    """Annotate a file as a run does: columns of ours told by the loader, each row's note by its key."""
    source = open_file(path)
    table = source.table(source.sheets[0].name)
    own = own_columns(table)
    found = {
        text: row for chunk in table.chunks((key,)) for row, text in zip(chunk.rows, chunk.columns[key], strict=True)
    }
    notes = sorted(
        RowNote(
            found[text], status, "" if status in {"updated", "unchanged"} else "The run stopped before this row.", text
        )
        for text, status in zip(keys, statuses, strict=True)
    )
    annotation = make_annotation(
        table.headers,
        sheet=table.sheet,
        notes=lambda: iter(notes),
        faulty=[(note.row, 2) for note in notes if note.status == "invalid"],
        errors=lambda: iter(()),
        own=own.pair,
        names=own.names,
        key_position=key,
        dialect=source.dialect if isinstance(source, DelimitedSource) else None,
    )
    done = write_back(path, annotation, digest=hashlib.sha256(path.read_bytes()).hexdigest())
    assert (done.path, done.beside) == (path, False), done.notices


def rows_of(path, delimited):
    if delimited:
        return list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))
    return [
        ["" if value is None else str(value) for value in row]
        for row in openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    ]


def save_sorted(path, order, width, delimited):
    """Save the rows in another order, each padded to a width, as spreadsheet programs do."""
    rows = rows_of(path, delimited)
    rows = [rows[0], *(rows[1:][place] for place in order)]
    if delimited:
        path.write_text("".join(",".join([*row, *[""] * (width - len(row))]) + "\n" for row in rows), "utf-8")
        return
    book = openpyxl.load_workbook(path)
    for number, row in enumerate(rows, start=1):
        for position, value in enumerate(row, start=1):
            book.worksheets[0].cell(number, position).value = value or None
    book.save(path)


def save_moved(path, order, delimited):
    """Save the columns in another order, with a column of somebody's notes among them."""
    rows = [[*row, "Notes" if number == 0 else f"note {row[0]}"] for number, row in enumerate(rows_of(path, delimited))]
    rows = [[row[place] for place in order] for row in rows]
    if delimited:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        return
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([value or None for value in row])
    book.save(path)


def make(path, kind, keys):
    rows = [HEADERS, *((key, f"text {key}", "Low") for key in keys)]
    if kind == "csv":
        path.write_text("".join(",".join(row) + "\n" for row in rows), "utf-8")
        return
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if kind == "table":
        book.active.add_table(Table(displayName="Edits", ref=f"A1:C{len(rows)}"))
    elif kind == "filter":
        book.active.auto_filter.ref = f"A1:C{len(rows)}"
    book.save(path)


@examples(25)
@given(
    kind=st.sampled_from(["csv", "table", "filter", "neither"]),
    runs=st.lists(st.tuples(st.permutations(range(4)), st.lists(st.sampled_from(STATUSES), min_size=4, max_size=4)),
                  min_size=2, max_size=3),
)  # fmt: skip
def test_every_key_keeps_its_own_values_and_status(folder, kind, runs):
    delimited = kind == "csv"
    path = folder / ("edits.csv" if delimited else "edits.xlsx")
    keys = ["25012345001", "25012345009", "25012345013", "25012345022"]
    make(path, kind, keys)
    for order, statuses in runs:
        written(path, keys, statuses)
        rows = rows_of(path, delimited)
        assert rows[0] == [*HEADERS, *OURS]
        assert {row[0]: row[1:4] for row in rows[1:]} == {
            key: [f"text {key}", "Low", status] for key, status in zip(keys, statuses, strict=True)
        }
        if not delimited:
            check_package(path.read_bytes())
        save_sorted(path, order, 5, delimited)


@examples(25)
@given(
    kind=st.sampled_from(["csv", "neither"]),
    order=st.permutations(range(6)),
    statuses=st.tuples(*[st.lists(st.sampled_from(STATUSES), min_size=3, max_size=3)] * 2),
)
def test_columns_of_ours_are_known_wherever_they_were_moved(folder, kind, order, statuses):
    """A column of the user's may stand between them; each is written anew, and no other is touched."""
    delimited = kind == "csv"
    path = folder / ("moved.csv" if delimited else "moved.xlsx")
    keys = ["25012345001", "25012345009", "25012345013"]
    make(path, kind, keys)
    written(path, keys, statuses[0])
    save_moved(path, order, delimited)
    headers = rows_of(path, delimited)[0]

    written(path, keys, statuses[1], key=headers.index("Record ID"))

    rows = rows_of(path, delimited)
    assert sorted(rows[0]) == sorted(headers)
    found = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert [(one["Record ID"], one["subject"], one["Priority"], one["Notes"]) for one in found] == [
        (key, f"text {key}", "Low", f"note {key}") for key in keys
    ]
    assert [one["Import status"] for one in found] == statuses[1]
    assert [bool(one["Import message"]) for one in found] == [
        one not in {"updated", "unchanged"} for one in statuses[1]
    ]

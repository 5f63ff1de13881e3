"""Columns of ours are known by what they hold; what bears our names and holds something else stays the user's."""

import openpyxl
import pytest

OURS_2 = ["Import status 2", "Import message 2"]
HEADER = ["Record ID", "Import status", "Priority"]
ROWS = [["25012345001", "checked with the customer", "High"], ["25012345009", None, "Low"]]
OPTIONS = ("--sandbox", "--skip-unknown", "--dry-run", "--json")


def test_a_users_status_column_stays_in_delimited_text(program, tmp_path):
    path = tmp_path / "edits.csv"
    path.write_text(
        "Record ID,Import status,Priority\n25012345001,checked with the customer,High\n25012345009,,Low\n",
    )

    first = program(path, *OPTIONS)
    once = path.read_text()
    program(path, *OPTIONS)

    assert first.summary["rows"]["total"] == 2
    lines = once.splitlines()
    assert lines[0] == "Record ID,Import status,Priority,Import status 2,Import message 2"
    assert lines[1].startswith("25012345001,checked with the customer,High,")
    assert path.read_text() == once


def test_a_users_status_column_stays_in_a_workbook(program, tmp_path):
    path = tmp_path / "edits.xlsx"
    book = openpyxl.Workbook()
    for row in (HEADER, *ROWS):
        book.active.append(row)
    book.save(path)

    program(path, *OPTIONS)
    program(path, *OPTIONS)

    sheet = openpyxl.load_workbook(path).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == [*HEADER, *OURS_2]
    assert [row[:3] for row in rows[1:]] == ROWS
    assert {row[3] for row in rows[1:]} <= {"would update", "unchanged", "invalid"}


def test_nothing_of_ours_is_read_after_a_ragged_row_was_padded(program, tmp_path):
    """The whole way: annotate, let a spreadsheet program pad the short row and save, run again."""
    path = tmp_path / "edits.csv"
    path.write_text("Record ID,Priority,subject\n25012345001,High,One\n25012345002,Urgent\n")

    program(path, "--sandbox", "--dry-run", "--json")

    assert path.read_text().splitlines()[2] == "25012345002,Urgent"
    assert path.read_text().splitlines()[0].endswith("subject,Import status,Import message")


@pytest.mark.parametrize("name", ["Import report", "Import changes"])
def test_a_users_sheet_of_our_name_is_read_and_kept(program, tmp_path, name):
    """It is the data; our own sheets get a number, and a second run knows them by what they hold."""
    path = tmp_path / "edits.xlsx"
    book = openpyxl.Workbook()
    book.active.title = name
    book.active.append(["Record ID", "Priority"])
    book.active.append(["25012345001", "High"])
    book.save(path)

    first = program(path, *OPTIONS)
    second = program(path, *OPTIONS)

    assert [(one.summary["sheet"], one.summary["report"]) for one in (first, second)] == [(name, str(path))] * 2
    book = openpyxl.load_workbook(path)
    ours = [one + " 2" if one == name else one for one in ("Import report", "Import changes")]
    assert book.sheetnames == [name, *ours]
    assert [cell.value for cell in book[name][2]][:2] == ["25012345001", "High"]


def test_our_sheets_are_known_under_any_name(program, tmp_path):
    """Renamed, or converted to a format that we only read, they are still no data."""
    path = tmp_path / "edits.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["Record ID", "Priority"])
    book.active.append(["25012345001", "High"])
    book.save(path)
    program(path, *OPTIONS)
    book = openpyxl.load_workbook(path)
    book["Import report"].title, book["Import changes"].title = "Monday", "Tuesday"
    del book["Sheet"]
    book.save(path)

    ended = program(path, *OPTIONS)

    assert (ended.code, ended.codes) == (2, [(None, "empty_file")])

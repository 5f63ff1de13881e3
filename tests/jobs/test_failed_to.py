"""`--failed-to`: the rows that ended badly, to fix and run again."""

from datetime import date

import openpyxl
import pytest

from tests.jobs.office import A, B


def test_the_bad_rows_of_delimited_text_as_they_were(tmp_path, portal, program):
    """In its encoding and delimiter, without our columns, whether FILE had them or not."""
    path, left = tmp_path / "edits.csv", tmp_path / "left.csv"
    lines = ["Record ID;Ticket name;Priority", f'{A};"a; ""ção""";HIGH', f'{B};"b; ""ção""";Urgentt', "77;c;LOW", ""]
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    options = ("--yes", "--on-invalid", "skip", "--failed-to", left)

    ended = program(path, *options, portal=portal)

    assert ended.code == 1, ended.err
    assert left.read_bytes() == "\r\n".join([lines[0], *lines[2:]]).encode("cp1252")
    again = program(path, *options, portal=portal)
    assert again.code == 1, again.err
    assert left.read_bytes() == "\r\n".join([lines[0], *lines[2:]]).encode("cp1252")


def test_the_bad_rows_of_a_workbook_with_their_types(tmp_path, portal, program):
    path, left = tmp_path / "edits.xlsx", tmp_path / "left.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "March"
    header = ["Record ID", "Ticket name", "Priority", "Due on"]
    bad = [int(B), "007", "Urgentt", date(2026, 3, 4)]
    for row in (header, [int(A), "a", "HIGH", date(2026, 3, 4)], bad):
        book.active.append(row)
    book.save(path)

    ended = program(path, "--yes", "--on-invalid", "skip", "--failed-to", left, portal=portal)

    assert ended.code == 1, ended.err
    sheet = openpyxl.load_workbook(left)["March"]
    found = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert found[0] == header
    assert [*found[1][:3], found[1][3].date()] == bad
    assert len(found) == 2


def test_cells_that_hold_no_value_are_not_taken_for_one_when_the_rows_are_run_again(tmp_path, portal, program):
    """An empty cell would clear, and a text is a value: a formula not calculated, an error, digits that were lost."""
    path, left = tmp_path / "edits.xlsx", tmp_path / "left.xlsx"
    book = openpyxl.Workbook()
    for row in (["Record ID", "Ticket name"], [int(A), '="a"&"b"'], [int(B), "#REF!"], [12345678901234567, "c"]):
        book.active.append(row)
    book.save(path)

    first = program(path, "--yes", "--json", "--failed-to", left, portal=portal)
    again = program(left, "--dry-run", "--json", portal=portal)

    assert first.codes == [(2, "formula_not_calculated"), (3, "formula_error"), (4, "precision_lost")]
    assert again.codes == [(2, "formula_error"), (3, "formula_error"), (4, "precision_lost")]
    assert again.summary["rows"]["invalid"] == 3


def test_nothing_is_written_where_nothing_failed(sheet, tmp_path, portal, program):
    ended = program(
        sheet(("Record ID", "subject"), (A, "a")), "--yes", "--failed-to", tmp_path / "left.csv", portal=portal
    )

    assert ended.code == 0
    assert not (tmp_path / "left.csv").exists()


@pytest.mark.parametrize("some", [("--rows", "2"), ("--first", "1")])
def test_rows_left_out_by_choice_are_no_failure_but_are_in_it_where_another_row_fails(
    some, sheet, tmp_path, portal, program
):
    left = tmp_path / "left.csv"
    good = sheet(("Record ID", "subject"), (A, "a"), (B, "b"))
    ended = program(good, "--yes", *some, "--failed-to", left, portal=portal)

    assert ended.code == 0, ended.err
    assert not left.exists()

    bad = sheet(("Record ID", "Priority"), (A, "Urgentt"), (B, "LOW"))
    ended = program(bad, "--yes", "--rows", "2", "--on-invalid", "skip", "--failed-to", left, portal=portal)

    assert ended.code == 1, ended.err
    assert left.read_text().splitlines() == ["Record ID,Priority", f"{A},Urgentt", f"{B},LOW"]


def test_a_file_of_a_header_alone_ends_well(sheet, tmp_path, portal, program):
    """All of its rows are as the sheet has them: there are none, which is what a filter leaves on a quiet day."""
    path = sheet(("Record ID", "subject"))

    ended = program(path, "--yes", "--json", "--failed-to", tmp_path / "left.csv", portal=portal)

    assert (ended.code, ended.summary["rows"]["total"], ended.codes) == (0, 0, [])
    assert not (tmp_path / "left.csv").exists()


def test_rows_that_a_stop_left_are_in_it_until_a_resume_sends_them(sheet, tmp_path, portal, program):
    path, left = sheet(("Record ID", "subject"), (A, "a"), (B, "b")), tmp_path / "left.csv"
    portal.fault("unauthorized", path="batch/update", times=1)

    stopped = program(path, "--yes", "--failed-to", left, portal=portal)

    assert stopped.code == 3
    assert left.read_text().splitlines() == ["Record ID,subject", f"{A},a", f"{B},b"]


@pytest.mark.parametrize("name", ["theirs.csv", "edits.csv"])
def test_no_other_file_is_replaced(name, sheet, tmp_path, portal, program):
    path = sheet(("Record ID", "Priority"), (A, "Urgentt"))
    (tmp_path / "theirs.csv").write_text("theirs")
    content = path.read_bytes()

    ended = program(path, "--yes", "--failed-to", tmp_path / name, portal=portal)

    assert ended.code == 2
    assert (tmp_path / "theirs.csv").read_text() == "theirs"
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["left.xlsx", "left.xls", "left.ods"])
def test_delimited_text_does_not_get_the_name_of_a_workbook(name, sheet, tmp_path, portal, program):
    """The rows are written as a file of the same kind, which no program would open under that name."""
    path = sheet(("Record ID", "Priority"), (A, "Urgentt"))

    ended = program(path, "--yes", "--json", "--failed-to", tmp_path / name, portal=portal)

    assert ended.code == 2
    assert f"{name} should end in .csv: the file is delimited text." in ended.err
    assert not (tmp_path / name).exists()

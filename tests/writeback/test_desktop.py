"""LibreOffice opens what we write, shows it, and saves it so that a later run finds its own cells again."""

import csv
import io
import subprocess
import warnings

import openpyxl
import pytest
import python_calamine
from openpyxl.worksheet.table import Table

from tests.writeback import workbook_corpus as corpus
from tests.writeback.conftest import OURS, make_annotation, patch
from tests.writeback.package_rules import check_package
from tests.writeback.spreadsheet_program import OFFICE, saved

pytestmark = pytest.mark.desktop


def convert(path, kind, folder):
    """Have LibreOffice, without a window, write a file in another format; return its path."""
    command = [OFFICE, f"-env:UserInstallation={folder.as_uri()}/profile", "--headless", "--convert-to", kind]
    done = subprocess.run(
        [*command, "--outdir", folder, path], capture_output=True, text=True, check=False, timeout=100
    )
    written = folder / f"{path.stem}.{kind.partition(':')[0]}"
    assert written.exists(), done.stderr
    return written


@pytest.fixture(autouse=True)
def office():
    if OFFICE is None:
        pytest.skip("LibreOffice is not installed")


@pytest.mark.parametrize("name", ["openpyxl", "strict", "prefixed", "everything"])
def test_libreoffice_shows_what_we_wrote(name, tmp_path):
    path = tmp_path / "edits.xlsx"
    path.write_bytes(patch(corpus.CORPUS[name](), make_annotation(corpus.HEADERS)))

    page = convert(path, "pdf", tmp_path)

    text = subprocess.run(["pdftotext", "-layout", page, "-"], capture_output=True, text=True, check=True).stdout
    assert ("Import status" in text) == (name != "everything"), "that one prints a part of the sheet alone"
    assert "updated" in text
    assert "Import report" in text
    assert "invalid_option" in text
    assert "Import changes" in text


def test_a_workbook_libreoffice_saved_is_annotated_again(tmp_path):
    """Its styles, strings, columns and conditional formats are LibreOffice's by then; ours are found among them."""
    path = tmp_path / "edits.xlsx"
    path.write_bytes(patch(corpus.by_openpyxl(), make_annotation(corpus.HEADERS)))
    (tmp_path / "saved").mkdir()
    saved = convert(path, "xlsx", tmp_path / "saved").read_bytes()
    again = make_annotation((*corpus.HEADERS, *OURS), faulty=())

    after = patch(saved, again)

    assert b"import-tickets" in corpus.Parts.read(saved)["xl/worksheets/sheet1.xml"]
    assert b"import-tickets" not in corpus.Parts.read(after)["xl/worksheets/sheet1.xml"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert openpyxl.load_workbook(io.BytesIO(after)).sheetnames == [
            "Tickets",
            "It's other",
            "Import report",
            "Import changes",
        ]
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(after)).get_sheet_by_name("Tickets").to_python()
    assert [row[5] for row in rows[:3]] == ["Import status", "updated", "invalid"]
    assert {len(row) for row in rows} == {7}
    assert patch(after, again) == after


PEOPLE = ("25012345001", "25012345009", "25012345013", "25012345022", "25012345025")


def edits(path, *, kind):
    """Write rows of which every second one is invalid, under a filter, in a table, or with neither."""
    rows = [["Record ID", "Priority", "subject"]]
    rows += [[key, "Urgentt" if n % 2 else "LOW", f"Printer {n}"] for n, key in enumerate(PEOPLE)]
    if kind == "csv":
        path.write_text("".join(",".join(row) + "\n" for row in rows))
        return
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([int(row[0]) if row[0].isdigit() else row[0], *row[1:]])
    if kind == "filter":
        book.active.auto_filter.ref = "A1:C6"
    elif kind == "table":
        book.active.add_table(Table(displayName="Edits", ref="A1:C6"))
    book.save(path)


def first_sheet(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl knows no extensions
        return openpyxl.load_workbook(path).worksheets[0]


def area_of(path):
    """Return what people sort: the filter or the table, or else everything."""
    if path.suffix == ".csv":
        return "A1:E6"
    sheet = first_sheet(path)
    return sheet.auto_filter.ref or next((table.ref for table in sheet.tables.values()), "A1:E6")


def results(path):
    """Return {key: what stands in its row}."""
    if path.suffix == ".csv":
        rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    else:
        found = first_sheet(path).iter_rows(values_only=True)
        rows = [["" if value is None else str(value) for value in row] for row in found]
    assert rows[0][3:] == list(OURS), rows[0]
    return {row[0]: row[1:] for row in rows[1:]}


@pytest.mark.parametrize("kind", ["csv", "filter", "table", "neither"])
def test_results_stay_with_their_rows_when_people_sort_filter_pad_and_save(kind, program, tmp_path):
    """The law: annotated, sorted, filtered, saved and annotated again, each ticket has its own values and status."""
    path = tmp_path / ("edits.csv" if kind == "csv" else "edits.xlsx")
    edits(path, kind=kind)
    options = ("--sandbox", "--dry-run", "--json")
    first = program(path, *options)
    before = results(path)

    saved(path, tmp_path / "profile", area=area_of(path), sort_by=2, wanted="" if kind == "csv" else "LOW")

    assert results(path) == before
    assert list(results(path)) == list(before)[::-1]
    if kind in {"filter", "table"}:
        assert area_of(path) == "A1:E6"

    second = program(path, *options)

    assert second.summary["rows"] == first.summary["rows"]
    assert [one["code"] for one in second.summary["errors"]] == [one["code"] for one in first.summary["errors"]]
    after = results(path)
    assert {key: row[:3] for key, row in after.items()} == {key: row[:3] for key, row in before.items()}
    if kind != "csv":
        check_package(path.read_bytes())


@pytest.mark.parametrize("order", [(0, 3, 1, 5, 2, 4), (4, 3, 0, 1, 2, 5), (1, 0, 4, 5, 2, 3)])
def test_our_columns_are_known_where_they_were_moved_and_saved(order, program, tmp_path):
    """A column of somebody's notes stands among them, and every row still has its own status after the next run."""
    path = tmp_path / "edits.xlsx"
    edits(path, kind="neither")
    options = ("--sandbox", "--dry-run", "--json", "--skip-column", "Notes")
    first = program(path, *options)
    before = results(path)
    book = openpyxl.Workbook()
    for number, row in enumerate(first_sheet(path).iter_rows(values_only=True)):
        moved = [*row, "Notes" if number == 0 else f"note {number}"]
        book.active.append([moved[place] for place in order])
    book.save(path)

    saved(path, tmp_path / "profile", area="A1:F6", sort_by=order.index(0))
    second = program(path, *options)

    assert second.summary["rows"] == first.summary["rows"]
    rows = [["" if value is None else str(value) for value in row] for row in first_sheet(path).values]
    found = {row[rows[0].index("Record ID")]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
    assert {key: [row["Priority"], row["subject"], row["Import status"]] for key, row in found.items()} == {
        key: row[:3] for key, row in before.items()
    }
    assert sorted(rows[0]) == sorted(["Record ID", "Priority", "subject", "Notes", *OURS])

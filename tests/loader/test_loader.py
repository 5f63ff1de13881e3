"""Opening a file by its content."""

from pathlib import Path

import openpyxl
import pytest

from importer.errors import FileError
from importer.loader import Kind, open_file
from tests.chunks import rows_of


def read_all(path: Path, **options):
    """All rows of the first sheet: {row: [texts]}, and the codes of what was found."""
    source = open_file(path, **options)
    table = source.table(source.sheets[0].name)
    rows, found = {}, []
    for chunk in table.chunks(range(len(table.headers))):
        rows |= {int(row): list(values) for row, *values in rows_of(chunk)}
        found += [(one.code, one.cell or one.row) for one in chunk.findings]
    return rows, found


def test_text_stays_text(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,code\n1,007\n2,NA\n3,null\n", encoding="utf-8")

    assert read_all(path) == ({2: ["1", "007"], 3: ["2", "NA"], 4: ["3", "null"]}, [])


def test_error_cells_are_never_blank(tmp_path):
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["id", "subject", "amount"])
    sheet.append([25012345678, "#N/A", "=1+1"])
    book.save(path)

    rows, found = read_all(path)

    assert rows == {2: ["25012345678", "#N/A", ""]}
    assert found == [("formula_error", "B2"), ("formula_not_calculated", "C2")]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileError, match=r"There is no file .*gone\.csv"):
        open_file(tmp_path / "gone.csv")


def test_kinds_are_numbered_for_good():
    """The validator compares kinds as small numbers."""
    assert (Kind.BLANK, Kind.TEXT, Kind.ERROR) == (0, 1, 7)

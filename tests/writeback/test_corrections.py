"""Some cells of a file get another text; every other byte that people see stays."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from importer.loader.dialect import Dialect
from importer.ooxml.errors import NotUnderstood
from importer.writeback.corrections import correct_delimited, correct_workbook

EDITS = "fixtures/edits.xlsx"


def corrected(data, texts, sheet="Tickets"):
    target = io.BytesIO()
    correct_workbook(io.BytesIO(data), target, sheet, texts)
    return target.getvalue()


def workbook(rows):
    book = openpyxl.Workbook()
    book.active.title = "Tickets"
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_differs_in_these_cells_alone():
    """Values, formats and all other parts of the package stay; a cell that was not there is put in its place."""
    before = Path(EDITS).read_bytes()
    name = openpyxl.load_workbook(EDITS).active.title

    after = corrected(before, {(8, 3): "Urgent & <b>", (2, 25): "new"}, name)

    old, new = (openpyxl.load_workbook(io.BytesIO(data))[name] for data in (before, after))
    changed = {cell.coordinate: cell.value for row in new.iter_rows() for cell in row} | {}
    kept = {cell.coordinate: cell.value for row in old.iter_rows() for cell in row}
    assert {place: value for place, value in changed.items() if value != kept.get(place)} == {
        "D8": "Urgent & <b>",
        "Z2": "new",
    }
    assert new["D8"].style_id == old["D8"].style_id
    packages = [zipfile.ZipFile(io.BytesIO(data)) for data in (before, after)]
    assert packages[0].namelist() == packages[1].namelist()
    differ = [one for one in packages[0].namelist() if packages[0].read(one) != packages[1].read(one)]
    assert len(differ) == 1


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        pytest.param({(2, 1): "x"}, "B2 holds a formula", id="formula"),
        pytest.param({(9, 0): "x"}, "no row 9", id="no-such-row"),
        pytest.param({(2, 0): "x" * 40_000}, "more than a cell can", id="too-long"),
        pytest.param({(2, 0): "\U0001f600" * 20_000}, "more than a cell can", id="too-long-in-utf-16"),
    ],
)
def test_what_cannot_be_done_safely_is_refused(texts, words):
    with pytest.raises(NotUnderstood, match=words):
        corrected(workbook([["A", "B"], ["1", "=1+1"]]), texts)


def test_a_text_is_never_a_formula_in_a_workbook():
    after = corrected(workbook([["A"], ["1"]]), {(2, 0): "=1+1"})

    assert openpyxl.load_workbook(io.BytesIO(after))["Tickets"]["A2"].data_type == "s"


@pytest.mark.parametrize(
    ("before", "texts", "after"),
    [
        (b"a,b\n1,2\n", {(2, 1): "x"}, b"a,b\n1,x\n"),
        (b'a;b\r\n"1";2\r\n', {(2, 0): 'q"'}, b'a;b\r\n"q""";2\r\n'),
        (b'a,b\n"1\n2",3\n4,5', {(3, 1): "x,y", (2, 1): "-7"}, b'a,b\n"1\n2",-7\n4,"x,y"'),
        ("\ufeffa,b\r\né,2\r\n".encode(), {(2, 1): "ü"}, "\ufeffa,b\r\né,ü\r\n".encode()),
        ("a\tb\n1\t2\n".encode("utf-16"), {(2, 1): "x"}, "a\tb\n1\tx\n".encode("utf-16")),
    ],
)
def test_a_delimited_file_differs_in_these_fields_alone(before, texts, after):
    delimiter = next(one for one in "\t;," if one.encode() in before)
    encoding = "utf-16" if before.startswith(b"\xff\xfe") else "utf-8"
    target = io.BytesIO()

    correct_delimited(io.BytesIO(before), target, Dialect(encoding, delimiter), 2, texts)

    assert target.getvalue() == after


@pytest.mark.parametrize(
    ("text", "words"),
    [("=cmd|x", "formula"), ("@a", "formula"), ("Ж", "cp1252, has no sign")],
)
def test_a_field_is_no_formula_and_keeps_its_letters(text, words):
    with pytest.raises(NotUnderstood, match=words):
        correct_delimited(io.BytesIO(b"a,b\n1,2\n"), io.BytesIO(), Dialect("cp1252", ","), 2, {(2, 1): text})

"""Nothing in a file is multiplied before it is bounded, and what contradicts itself is refused."""

import os
import sys
import tracemalloc
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.table import Table as ExcelTable

from importer.errors import FileError
from importer.loader import open_file
from tests.loader.workbook_parts import MAIN, row, sheet_xml, write_package

CASES = Path(__file__).parent / "cases"
BOUND = 300 << 20
KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def cell(address, text="x"):
    return f'<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>'


def read(path):
    source = open_file(path)
    table = source.table(source.sheets[0].name)
    return [one for chunk in table.chunks(range(len(table.headers))) for one in chunk.rows]


def refusal(path):
    with pytest.raises(FileError) as caught:
        read(path)
    return caught.value


HEADER = row(1, cell("A1", "id") + cell("B1", "subject"))
PLAIN = "".join(
    row(n, f'<c r="A{n}"><v>{n}</v></c><c r="B{n}"><v>{n}</v></c>') for n in range(2, 4_000)
)  # enough for the search of plain rows to be well on its way


@pytest.mark.parametrize(
    "rows",
    [
        row(2, cell("A2")) + row(2, cell("A2", "y")),
        row(2, cell("A2") + cell("A2", "y")),
        row(2, cell("A2") + cell("B7")),
        row(2, '<c r="A2" t="str"><v>1</v><v>2</v></c>'),
        row(2, '<c r="A2" t="inlineStr"><is><t>1</t></is><v>2</v></c>'),
        row(2, '<c r="A2" t="inlineStr"><v>2</v><is><t>1</t></is></c>'),
        f"{row(2, cell('A2'))}</sheetData><sheetData>{row(3, cell('A3'))}",
        f"{PLAIN}</sheetData><sheetData>{row(4_000, cell('A4000'))}",
        PLAIN + row(5, '<c r="A5"><v>7</v></c>'),
        PLAIN + row(4_000, '<c r="A4000"><v>7</v></c><c r="B3999"><v>7</v></c>'),
        PLAIN + row(4_000, '<c r="B4000"><v>7</v></c><c r="B4000"><v>8</v></c>'),
    ],
)
@pytest.mark.parametrize("after", ["", '<mergeCells count="1"><mergeCell ref="A9000:B9000"/></mergeCells>'])
def test_a_row_or_a_cell_that_stands_twice_or_elsewhere_is_refused(tmp_path, rows, after):
    error = refusal(write_package(tmp_path / "a.xlsx", sheet_xml(HEADER + rows, after=after)))
    assert error.code == "unreadable_file"
    assert "contradicts itself" in str(error)


@pytest.mark.parametrize("name", ["row-twice.xlsx", "cell-outside-its-row.xlsx"])
def test_the_cases_that_contradict_themselves_are_refused(name):
    assert refusal(CASES / name).code == "unreadable_file"


@pytest.mark.parametrize(
    ("part", "end", "more"),
    [
        ("xl/workbook.xml", "</sheets>", '<sheet name="SHEET1" sheetId="2" r:id="rId9"/>'),
        ("xl/workbook.xml", "</sheets>", '<sheet name="Other" sheetId="2" r:id="rId1"/>'),
        ("_rels/.rels", "</Relationships>", f'<Relationship Id="rId9" Type="{KINDS}/officeDocument" Target="x.xml"/>'),
    ],
)
def test_what_a_workbook_may_have_once_is_refused_twice(tmp_path, part, end, more):
    plain = write_package(tmp_path / "plain.xlsx", sheet_xml(HEADER + row(2, cell("A2"))))
    assert read(plain) == [2]
    with zipfile.ZipFile(plain) as parts, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as changed:
        for name in parts.namelist():
            changed.writestr(name, parts.read(name).decode().replace(end, more + end if name == part else end))
    error = refusal(tmp_path / "a.xlsx")
    assert "contradicts itself" in str(error)


def test_a_relation_that_stands_twice_is_refused(tmp_path):
    twice = "".join(
        f'<Relationship Id="rId1" Type="{KINDS}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in (1, 2)
    )
    relations = (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{twice}</Relationships>'
    )
    sheet = sheet_xml(HEADER + row(2, cell("A2")))
    extra = {"xl/_rels/workbook.xml.rels": relations, "xl/worksheets/sheet2.xml": sheet}
    error = refusal(write_package(tmp_path / "a.xlsx", sheet, extra=extra))
    assert "contradicts itself" in str(error)


def test_totals_of_two_tables_side_by_side_are_left_out(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for values in (["id", "a", "b", "c"], [1, 2, 3, 4], ["Total", 2, "Total", 4]):
        sheet.append(values)
    for name, reference in (("One", "A1:B3"), ("Two", "C1:D3")):
        sheet.add_table(ExcelTable(displayName=name, ref=reference, totalsRowCount=1))
    book.save(tmp_path / "a.xlsx")
    table = open_file(tmp_path / "a.xlsx").table("Sheet")
    (chunk,) = table.chunks(range(4))
    found = dict(zip(chunk.rows, zip(*chunk.columns.values(), strict=True), strict=True))
    assert found[2] == ("1", "2", "3", "4")
    assert found.get(3, ("",) * 4) == ("",) * 4


def test_an_xls_with_an_empty_formula_in_its_first_row_is_read():
    source = open_file(CASES / "first-row-empty-formula.xls")
    assert source.sheets[0].header_row == 1
    assert source.sheets[0].headers == ()


def spaces(path):
    return CASES / "two-thousand-million-spaces.ods"


def many_spaces(path):
    cells = "".join(
        '<table:table-cell office:value-type="string"><text:p>a<text:s text:c="900000"/></text:p></table:table-cell>'
        for _ in range(50)
    )
    return ods(path, f"<table:table-row>{cells}</table:table-row>")


def many_rows(path):
    repeated = 'office:value-type="string" table:number-columns-repeated="16000"'
    cell = f"<table:table-cell {repeated}><text:p>a</text:p></table:table-cell>"
    return ods(path, f'<table:table-row table:number-rows-repeated="1000">{cell}</table:table-row>')


def far_cells(path):
    empty = '<table:table-cell table:number-columns-repeated="16000"/>'
    cell = '<table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell>'
    return ods(
        path, f"<table:table-row>{empty}{cell}</table:table-row>" + f"<table:table-row>{cell}</table:table-row>" * 1000
    )


def ods(path, rows):
    from tests.loader.file_cases_workbook import (
        write_ods,  # here: the table of cases follows the order of their imports
    )

    file = path / "a.ods"
    write_ods(file, f'<table:table table:name="S">{rows}</table:table>')
    return file


def commas(path):
    file = path / "a.csv"
    file.write_bytes(b"," * 30_000_000)
    return file


def wide(path):
    file = path / "a.csv"
    file.write_bytes(b"," * 1_000_000 + b"\n")
    return file


def never_closed(path):
    file = path / "a.csv"
    file.write_bytes(b'id,a\n1,"' + b"text \n" * 1_000_000)
    return file


@pytest.mark.parametrize("make", [spaces, many_spaces, many_rows, far_cells, commas, wide, never_closed])
def test_what_would_fill_the_memory_is_refused_early(tmp_path, make):
    file = make(tmp_path)
    tracemalloc.start()
    try:
        error = refusal(file)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.code in {"unsafe_file", "unreadable_file"}
    assert most < BOUND


@pytest.mark.parametrize("last", [b"\0", b"\xff"])
def test_the_place_of_a_byte_is_found_in_less_memory_than_the_file_takes(tmp_path, last):
    (tmp_path / "a.csv").write_bytes(b"id,a\r\n1,\r2,\n3," + b"text " * 4_000_000 + last)
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match="Line 4 holds"):
            open_file(tmp_path / "a.csv", encoding="utf-8")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10_000_000


def shared_by_number(path):
    """One text of a cell's greatest length in 20,000 cells: a tiny file of 655 million characters."""
    header = row(1, '<c r="A1" t="s"><v>1</v></c><c r="B1" t="s"><v>2</v></c>')
    rows = "".join(row(n, f'<c r="A{n}"><v>{n}</v></c><c r="B{n}" t="s"><v>0</v></c>') for n in range(2, 20_002))
    texts = ("w" * 32_767, "id", "subject")
    strings = f'<sst xmlns="{MAIN}">' + "".join(f"<si><t>{one}</t></si>" for one in texts) + "</sst>"
    return write_package(path / "a.xlsx", sheet_xml(header + rows), strings=strings)


def repeated_by_number(path):
    text = "z" * 30_000
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{one}</text:p></table:table-cell>' for one in ("1", text)
    )
    return ods(path, f'<table:table-row table:number-rows-repeated="20000">{cells}</table:table-row>')


@pytest.mark.parametrize("make", [shared_by_number, repeated_by_number])
def test_a_text_in_many_cells_by_number_is_counted_in_each(tmp_path, make):
    """The cells share one text in memory; what is made of them, in a journal of the run, does not."""
    file = make(tmp_path)
    assert refusal(file).code == "unsafe_file"


def test_chunks_of_long_texts_have_fewer_rows(tmp_path):
    lines = "".join(f"{number},{'w' * 20_000}\n" for number in range(3_000))
    (tmp_path / "a.csv").write_text("id,subject\n" + lines)
    table = open_file(tmp_path / "a.csv").table(None)
    rows = [chunk.rows for chunk in table.chunks((0, 1))]
    assert len(rows) > 2
    assert [one for some in rows for one in some] == list(range(2, 3_002))


def test_a_far_cell_in_an_xls_is_refused(tmp_path):
    xlwt = pytest.importorskip("xlwt")
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for place in ((0, 0), (65_535, 255)):
        sheet.write(*place, "x")
    book.save(str(tmp_path / "a.xls"))
    assert refusal(tmp_path / "a.xls").code == "unsafe_file"


@pytest.mark.skipif(sys.platform == "win32", reason="has neither devices nor pipes by name")
def test_devices_and_pipes_are_no_regular_files(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    for path in (tmp_path / "a.csv", Path("/dev/zero")):
        assert "a regular file" in str(refusal(path))

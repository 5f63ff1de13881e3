"""Workbooks: addresses, chunks, findings, and parts that do not say what they should."""

import zipfile

import openpyxl
import pytest
from openpyxl.worksheet.table import Table

from importer.errors import FileError
from importer.loader import Kind, open_file
from importer.loader.xlsx import parse_sheet
from importer.ooxml.addresses import split_address, split_range
from importer.ooxml.package import Package
from importer.ooxml.sheet_parser import unescape
from tests.chunks import by_row, rows_of
from tests.loader.file_cases import FIXTURES
from tests.loader.workbook_parts import MAIN, row, sheet_xml, strings_xml, styles_xml, write_package


def text_cell(address, text):
    return f'<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>'


HEADER = row(1, text_cell("A1", "id") + text_cell("B1", "value"))


def write(tmp_path, rows, **parts):
    after = parts.pop("after", "")
    return write_package(tmp_path / "a.xlsx", sheet_xml(HEADER + rows, after=after), **parts)


def test_chunks_are_of_the_asked_size_and_columns(tmp_path):
    path = write(
        tmp_path, "".join(row(n, f'<c r="A{n}"><v>{n}</v></c>{text_cell(f"B{n}", "x")}') for n in range(2, 25))
    )
    table = open_file(path).table("Sheet1")

    for size in (1, 5, 23, 100):
        chunks = list(table.chunks([1, 0, 7], size=size))

        assert [len(chunk.rows) for chunk in chunks] == [size] * (23 // size) + ([23 % size] if 23 % size else [])
        assert list(chunks[0].columns) == [1, 0, 7]
        assert [int(number) for chunk in chunks for number in chunk.rows] == list(range(2, 25))
        assert by_row(chunks[0])[2] == ["x", "2", ""]


def test_findings_say_where_and_what(tmp_path):
    path = write(tmp_path, row(2, '<c r="A2"><v>1</v></c><c r="B2" t="e"><v>#N/A</v></c>'))

    (chunk,) = open_file(path).table("Sheet1").chunks([0, 1])
    (finding,) = chunk.findings

    assert (finding.code, finding.cell, finding.header, finding.value) == ("formula_error", "B2", "value", "#N/A")
    assert str(finding.text) == "The cell shows the error #N/A. Fix its formula, or type the value that is meant."


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "xl/worksheets/Sheet1.xml", "xl\\worksheets\\sheet1.xml"])
def test_a_part_that_stands_twice_is_refused(name, tmp_path):
    path = write(tmp_path, row(2, '<c r="A2"><v>1</v></c>'))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, sheet_xml(HEADER))

    with pytest.raises(FileError, match="twice") as refused:
        open_file(path)

    assert refused.value.code == "unreadable_file"


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_picture_by_formula_is_not_a_blank(quote, tmp_path):
    """Its stored result is an empty text, which would clear the property; formulas that are filled down share one."""
    formulas = {
        2: '<f>_xlfn.IMAGE("https://example.com/y.png")</f><v></v>',
        3: '<f t="shared" ref="B3:B4" si="0">IFERROR(__xludf.DUMMYFUNCTION("IMAGE(A3)"),"")</f><v></v>',
        4: '<f t="shared" si="0"/><v/>',
        5: '<f t="shared" si="1"/><v/>',
        6: "<f>_xlfn.IMAGE(A6)</f><v>Broken</v>",
    }
    rows = "".join(row(n, f'<c r="A{n}"><v>{n}</v></c><c r="B{n}" t="str">{f}</c>') for n, f in formulas.items())
    path = write(tmp_path, rows.replace('"', quote) if quote == "'" else rows)

    (chunk,) = open_file(path).table("Sheet1").chunks([0, 1])

    assert [(one.code, one.row) for one in chunk.findings] == [("formula_error", n) for n in (2, 3, 4)]
    assert "picture" in str(chunk.findings[0].text)
    assert chunk.columns[1][3:] == ["", "Broken"]


def book_with_totals(path, reference="A1:B4"):
    """Write two tickets in a table that counts them below, and a note beside the totals."""
    book = openpyxl.Workbook()
    sheet = book.active
    for values in (["id", "value", "note"], [501, "a"], [502, "b"], [2, "=COUNTA(B2:B3)", "own"]):
        sheet.append(values)
    sheet.add_table(Table(displayName="Tickets", ref="A1:B4", totalsRowCount=1))
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(b' ref="A1:B4" h', f' ref="{reference}" h'.encode()))
    return path


def test_totals_rows_of_tables_are_no_data(tmp_path):
    """A count of IDs would be taken for one, and its formula for a value; what stands beside the table is read."""
    table = open_file(book_with_totals(tmp_path / "a.xlsx")).table("Sheet")

    (chunk,) = table.chunks([0, 1, 2])

    assert [by_row(chunk)[number] for number in (2, 3)] == [["501", "a", ""], ["502", "b", ""]]
    assert by_row(chunk)[4] == ["", "", "own"]
    assert chunk.findings == []
    assert [str(one) for one in table.notices] == ["Row 4 is the totals row of a table, and is not read."]


def test_totals_rows_are_known_to_the_xml_parser_too(tmp_path):
    path = book_with_totals(tmp_path / "a.xlsx", "A1:XFD4")
    with Package(path) as package:
        [sheet] = package.sheets
    grid = parse_sheet(path, sheet, 2)

    assert grid.width == 3
    assert [[one.texts[-1] for one in columns] for _, columns in grid.pieces((0, 1, 2), 9)] == [["", "", "own"]]


def test_a_table_that_makes_no_sense_has_no_totals(tmp_path):
    table = open_file(book_with_totals(tmp_path / "a.xlsx", "A1:B4:C5")).table("Sheet")

    (chunk,) = table.chunks([0, 1])

    assert by_row(chunk)[4][0] == "2"
    assert [finding.code for finding in chunk.findings] == ["formula_not_calculated"]


def test_only_asked_columns_have_findings(tmp_path):
    path = write(
        tmp_path,
        row(2, '<c r="A2"><v>1</v></c><c r="B2" t="e"><v>#N/A</v></c>'),
        after='<mergeCells count="1"><mergeCell ref="B2:B3"/></mergeCells>',
    )

    (chunk,) = open_file(path).table("Sheet1").chunks([0])

    assert chunk.findings == []


def test_kinds_of_rows_that_came_in_pieces_of_text_alone(tmp_path):
    """A column that holds a number only far down has kinds from its first row on."""
    rows = "".join(
        row(n, f'<c r="A{n}"><v>{n}</v></c>{text_cell(f"B{n}", "x") if n % 2 else ""}') for n in range(2, 1502)
    )
    path = write(tmp_path, rows + row(1502, '<c r="A1502"><v>1</v></c><c r="B1502"><v>5</v></c>'))

    (chunk,) = open_file(path).table("Sheet1").chunks([1])

    assert chunk.kinds[1].tolist() == [Kind.TEXT if n % 2 else Kind.BLANK for n in range(2, 1502)] + [Kind.NUMBER]


def test_cells_that_come_in_another_order_keep_their_address(tmp_path):
    rows = '<row r="3"><c r="B3"><v>3</v></c><c r="A3"><v>30</v></c></row>' + row(2, '<c r="A2"><v>20</v></c>')
    source = open_file(write(tmp_path, rows))

    (chunk,) = source.table("Sheet1").chunks([0, 1])

    assert {int(n): list(values) for n, *values in rows_of(chunk)} == {
        2: ["20", ""],
        3: ["30", "3"],
    }


def test_header_cells_of_all_kinds_are_text(tmp_path):
    cells = '<c r="A1" t="s"><v>1</v></c><c r="C1"><v>2026.0</v></c><c r="D1" t="b"><v>1</v></c>'
    cells += '<c r="E1" s="1"><v>46085</v></c>'
    path = write_package(
        tmp_path / "a.xlsx",
        sheet_xml(row(1, cells)),
        strings=strings_xml(["<t>x</t>", "<t>id</t>"]),
        styles=styles_xml({}, [0, 14]),
    )

    assert open_file(path).sheets[0].headers == ("id", "", "2026", "TRUE", "2026-03-04")


def test_shared_strings_are_parsed_as_far_as_headers_need(tmp_path):
    strings = [f"<t>{number:09}</t>" for number in range(20_000)]
    cells = '<c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>19999</v></c>'
    path = write_package(tmp_path / "a.xlsx", sheet_xml(row(1, cells)), strings=strings_xml(strings))

    assert open_file(path).sheets[0].headers == ("000000000", "000019999")


def test_formats_are_those_of_a_columns_filled_cells(tmp_path):
    formats = {164: "[$-416]d mmmm", 165: "[$-407]d mmm", 166: "yyyy-mm-dd hh:mm", 167: "[$-40C]d mmm"}
    header = "".join(text_cell(f"{letter}1", letter).replace("<c ", '<c s="2" ') for letter in "ABC")
    cells = '<c r="A2" s="1"><v>46085</v></c><c r="B2" s="2"/><c r="C2" t="n" s="4"><v>1</v></c>'
    rows = row(1, header) + row(2, cells) + row(3, '<c s="3" r="B3"><v>46085.5</v></c>')
    path = write_package(tmp_path / "a.xlsx", sheet_xml(rows), styles=styles_xml(formats, [0, *formats]))

    found = open_file(path).table("Sheet1").formats

    assert {position: {one.language for one in forms} for position, forms in found.items()} == {
        0: {"pt-BR"},
        1: {""},
        2: {"fr-FR"},
    }
    assert [one.clock for one in found[1]] == ["minutes"]


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A2" t="s"><v>7</v></c>',
        '<c r="A2" t="s"><v>-1</v></c>',
        '<c r="A2" t="b"><v>2</v></c>',
        '<c r="A2" t="zz"><v>2</v></c>',
        '<c r="nowhere"><v>2</v></c>',
        '</row><row r="0"><c r="A0"><v>2</v></c>',
        '<c r="A2"><v>1</v></d>',
    ],
)
def test_cells_that_make_no_sense_are_damage(tmp_path, cell):
    path = write(tmp_path, row(2, cell))

    with pytest.raises(FileError, match=r"damaged: its part xl/worksheets/sheet1\.xml"):
        list(open_file(path).table("Sheet1").chunks([0]))


@pytest.mark.parametrize("cell", ["<v>many</v>", "<v>1_0</v>", 't="d"><v>yesterday</v>', 't="n"><v>0x10</v>'])
def test_values_that_are_none_of_their_type_are_shown_as_text(tmp_path, cell):
    content = cell if cell.startswith("<") else cell.split(">", 1)[1]
    attributes = "" if cell.startswith("<") else f" {cell.split('>', 1)[0]}"
    path = write(tmp_path, row(2, f'<c r="A2"><v>1</v></c><c r="B2"{attributes}>{content}</c>'))

    (chunk,) = open_file(path).table("Sheet1").chunks([1])

    assert chunk.columns[1][0] == content.removeprefix("<v>").removesuffix("</v>")


def test_numbers_that_no_cell_holds_are_errors(tmp_path):
    path = write(tmp_path, row(2, '<c r="A2"><v>1</v></c><c r="B2"><v>1e999</v></c>'))

    (chunk,) = open_file(path).table("Sheet1").chunks([0, 1])

    assert [finding.code for finding in chunk.findings] == ["formula_error"]


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"])
def test_parts_around_the_sheet_are_guarded_too(tmp_path, part):
    path = write(tmp_path, "", styles=styles_xml({}, [0]))
    import zipfile

    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for content, code in ((b'<!DOCTYPE a [<!ENTITY b "c">]>' + parts[part], "unsafe_file"), (b"<a", "unreadable_file")):
        with zipfile.ZipFile(path, "w") as archive:
            for name, one in {**parts, part: content}.items():
                archive.writestr(name, one)

        with pytest.raises(FileError) as caught:
            open_file(path).table("Sheet1")
        assert caught.value.code == code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("padding", ["", "<!-- " + "x" * 9000 + " -->"])
def test_entities_are_refused_in_parts_that_are_not_read(tmp_path, encoding, padding):
    content = f'<?xml version="1.0" encoding="{encoding}"?>{padding}<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    path = write(tmp_path, "", extra={"docProps/custom.xml": content.encode(encoding)})

    with pytest.raises(FileError, match=r"The part docProps/custom\.xml of the file declares a document type"):
        open_file(path)


def test_a_part_without_any_element_is_refused(tmp_path):
    path = write(tmp_path, "", extra={"docProps/custom.xml": " " * 2_000_000})

    with pytest.raises(FileError, match="damaged"):
        open_file(path)


def test_a_part_that_swells_more_than_it_says(tmp_path):
    """The declared size is a lie: what is unpacked is not what the check sum says."""
    content = bytearray(write(tmp_path, row(2, '<c r="A2"><v>1</v></c>')).read_bytes())
    path = tmp_path / "lie.xlsx"
    place = content.index(b"xl/worksheets/sheet1.xml", content.index(b"PK\x01\x02"))
    content[place - 46 + 24 : place - 46 + 28] = (100).to_bytes(4, "little")
    path.write_bytes(content)

    with pytest.raises(FileError, match="damaged"):
        list(open_file(path).table("Sheet1").chunks([0]))


def test_parts_are_found_without_case(tmp_path):
    import zipfile

    path = write(tmp_path, row(2, '<c r="A2"><v>1</v></c>'))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, one in parts.items():
            archive.writestr(name.replace("sheet1", "Sheet1"), one)

    with Package(path) as package:
        assert b"<worksheet" in package.read("xl/worksheets/sheet1.xml")


def test_sheets_that_other_software_left_empty(tmp_path):
    source = open_file(write_package(tmp_path / "a.xlsx", f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>'))

    assert source.sheets[0].header_row is None
    with pytest.raises(FileError) as caught:
        source.table("Sheet1")
    assert caught.value.code == "empty_file"
    with pytest.raises(KeyError):
        source.table("Sheet2")


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    table = open_file(write(tmp_path, "")).table("Sheet1")

    assert list(table.chunks([0])) == []
    assert table.empty_headers_with_data == ()


def test_text_files_of_openpyxl_and_their_numbers_as_text(tmp_path):
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["id", "code"])
    book.active.append(["25012345678", "0042"])
    book.active["A2"].number_format = book.active["B2"].number_format = "@"
    book.save(path)

    (chunk,) = open_file(path).table("Sheet").chunks([0, 1])

    assert by_row(chunk)[2] == ["25012345678", "0042"]
    assert chunk.kinds == {}


def test_reading_twice_gives_the_same():
    table = open_file(FIXTURES / "formulas.xlsx").table("Sheet1")

    first, second = (next(table.chunks([0, 1])) for _ in range(2))

    assert by_row(first) == by_row(second)
    assert first.findings == second.findings


def test_addresses():
    assert split_address("AB12") == (12, 27)
    assert split_range("B2:$D$4") == (2, 1, 4, 3)
    assert split_range("C5") == (5, 2, 5, 2)


def test_escapes():
    assert unescape("a_x000D_b_x005F_x000D_") == "a\rb_x000D_"
    assert unescape("_xD83D__x41_") == "_xD83D__x41_"

"""XLS workbooks: what calamine hides, told by the records."""

import struct

import pytest
import xlwt
from xlwt.CompoundDoc import XlsDoc

from importer.errors import FileError
from importer.loader import Kind, open_file
from importer.loader.biff import read_biff
from importer.loader.ole import CompoundFile
from tests.loader.file_cases import FIXTURES


def write(path, fill, *, prepare=None):
    book = xlwt.Workbook()
    sheet = book.add_sheet("Tickets")
    sheet.write(0, 0, "id")
    sheet.write(0, 1, "value")
    fill(sheet)
    if prepare:
        prepare(book)
    book.save(str(path))
    return path


def stream_of(path):
    return CompoundFile(path.read_bytes()).read("Workbook")


def save(path, stream):
    XlsDoc().save(str(path), stream)
    return path


def column(path, position=1):
    chunks = list(open_file(path).table("Tickets").chunks([position]))
    return [
        (int(row), text, Kind(int(kind)))
        for chunk in chunks
        for row, text, kind in zip(chunk.rows, chunk.columns[position], chunk.kinds[position], strict=True)
    ]


def test_numbers_in_every_form_of_record(tmp_path):
    """Numbers of four bytes, packed by rows, and of eight bytes; zeros by format in each of them."""
    zeros = xlwt.easyxf(num_format_str="000000")

    def fill(sheet):
        for index, value in enumerate([5, 12.34, 1e10 + 1, -7, 0.1 + 0.2], start=1):
            sheet.write(index, 0, index)
            sheet.write(index, 1, value, zeros)

    table = open_file(write(tmp_path / "a.xls", fill)).table("Tickets")
    (chunk,) = table.chunks([0, 1])

    assert list(chunk.columns[1]) == ["5", "12.34", "10000000001", "-7", "0.3"]
    assert chunk.shown == {1: {2: "000005", 5: "-000007"}}


def test_the_date_system_of_1904(tmp_path):
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")

    def fill(sheet):
        sheet.write(1, 1, 46085 - 1462, day)

    def prepare(book):
        book.dates_1904 = True

    path = write(tmp_path / "a.xls", fill, prepare=prepare)

    assert open_file(path).date_system == 1904
    assert column(path) == [(2, "2026-03-04", Kind.DATE)]


def test_formats_name_the_language_and_the_currency_of_their_cells(tmp_path):
    day, euros = (xlwt.easyxf(num_format_str=code) for code in ("[$-416]d/m/yyyy", "[$\u20ac-407] 0.00"))

    def fill(sheet):
        sheet.write(1, 1, "03/04/2026", day)
        sheet.write(2, 1, 5)
        sheet.write(3, 1, 12.5, euros)
        sheet.write(4, 1, "12,50", euros)

    write(tmp_path / "a.xls", fill)
    source = open_file(tmp_path / "a.xls")
    table = source.table(source.sheets[0].name)

    assert {(one.language, one.currency) for one in table.formats[1]} == {("pt-BR", ""), ("", "\u20ac")}
    assert table.currency_cells(1) == {4: "\u20ac"}


def test_every_error_of_a_cell_or_a_formula(tmp_path):
    def fill(sheet):
        for index, code in enumerate([0x00, 0x07, 0x0F, 0x17, 0x1D, 0x24, 0x2A], start=1):
            sheet.row(index).set_cell_error(1, code)

    path = write(tmp_path / "a.xls", fill)

    errors = ["#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"]
    assert column(path) == [(index, error, Kind.ERROR) for index, error in enumerate(errors, start=2)]


def results(path, *stored):
    """A workbook whose formulas have these stored results (eight bytes each)."""

    def fill(sheet):
        for index in range(1, len(stored) + 1):
            sheet.write(index, 0, index)
            sheet.write(index, 1, xlwt.Formula("A1"))

    stream = bytearray(stream_of(write(path, fill)))
    place = -1
    for result in stored:
        place = stream.index(struct.pack("<H", 0x0006), place + 1)
        while struct.unpack_from("<H", stream, place + 2)[0] < 20 or stream[place + 10 : place + 18][6:] != b"\xff\xff":
            place = stream.index(struct.pack("<H", 0x0006), place + 1)
        stream[place + 10 : place + 18] = result
    return save(path, bytes(stream))


NUMBER, ERROR, EMPTY = struct.pack("<d", 2.5), b"\x02\x00\x07\x00\x00\x00\xff\xff", b"\x03\x00\x00\x00\x00\x00\xff\xff"
TRUTH = b"\x01\x00\x01\x00\x00\x00\xff\xff"


def test_formulas_give_their_stored_results(tmp_path):
    path = results(tmp_path / "a.xls", NUMBER, ERROR, EMPTY, TRUTH)

    assert column(path) == [
        (2, "2.5", Kind.NUMBER),
        (3, "#DIV/0!", Kind.ERROR),
        (4, "", Kind.BLANK),
        (5, "TRUE", Kind.BOOL),
    ]


def test_empty_results_everywhere_mean_that_nothing_was_calculated(tmp_path):
    path = results(tmp_path / "a.xls", EMPTY, EMPTY)

    assert column(path) == [(2, "", Kind.NOT_CALCULATED), (3, "", Kind.NOT_CALCULATED)]


def test_hidden_columns_and_sheets(tmp_path):
    def fill(sheet):
        sheet.write(1, 0, 1)
        sheet.col(1).hidden = True

    def prepare(book):
        book.add_sheet("Secret").visibility = 1

    source = open_file(write(tmp_path / "a.xls", fill, prepare=prepare))

    assert [(sheet.name, sheet.visible) for sheet in source.sheets] == [("Tickets", True), ("Secret", False)]
    assert [str(one) for one in source.table("Tickets").notices] == ["Hidden columns are read too: B."]


def test_a_password_is_told_from_damage(tmp_path):
    stream = stream_of(FIXTURES / "excel-97.xls")
    beginning = 4 + struct.unpack_from("<H", stream, 2)[0]
    path = save(tmp_path / "a.xls", stream[:beginning] + struct.pack("<HHHI", 0x2F, 6, 1, 0) + stream[beginning:])

    with pytest.raises(FileError, match="protected by a password"):
        open_file(path)


@pytest.mark.parametrize("cut", [5, 50, 500])
def test_records_that_end_too_early_are_damage(cut):
    stream = stream_of(FIXTURES / "excel-97.xls").rstrip(b"\0")

    with pytest.raises(FileError, match="The file is damaged"):
        read_biff(stream[:-cut])


def test_another_document_of_the_same_container(tmp_path):
    path = save(tmp_path / "a.xls", b"\0" * 5000)
    data = path.read_bytes()
    path.write_bytes(data.replace("Workbook".encode("utf-16-le"), "WordDocu".encode("utf-16-le")))

    with pytest.raises(FileError, match="isn't a spreadsheet, but another document"):
        open_file(path)

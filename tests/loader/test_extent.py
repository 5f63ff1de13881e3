"""A cell far out is refused before a table is laid out up to it; everything else is read."""

import pytest

from importer.errors import FileError
from importer.loader import open_file
from importer.loader.sheet_table import MAX_CELLS, check_size
from tests.loader.workbook_parts import sheet_xml, write_package

HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>Record ID</t></is></c></row>'


def sheet(cells, *, quote='"'):
    return sheet_xml((HEADER + cells).replace('"', quote))


def read(path):
    [info] = open_file(path).sheets
    return [chunk.columns[0] for chunk in open_file(path).table(info.name).chunks([0])]


def far(address):
    row = address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return f'<row r="{row}"><c r="{address}"><v>1</v></c></row>'


@pytest.mark.parametrize("address", ["XFD1048576", "ZZ1048576", "BM1048576"])
def test_a_table_that_no_memory_holds_is_refused(address, tmp_path):
    """The message names the cell's column."""
    path = write_package(tmp_path / "far.xlsx", sheet(far(address)))

    with pytest.raises(FileError) as refused:
        read(path)

    assert refused.value.code == "unsafe_file"
    assert address.rstrip("0123456789") in str(refused.value)


def test_the_xml_parser_lays_out_filled_rows_alone(tmp_path):
    """Addresses in another spelling are its business; two rows of 16,384 columns are no trouble."""
    path = write_package(tmp_path / "far.xlsx", sheet(far("XFD1048576"), quote="'"))

    assert [len(texts) for texts in read(path)] == [1]


@pytest.mark.parametrize("address", ["XFD2", "BL3", "A1048576"])
def test_wide_or_long_sheets_are_read(address, tmp_path):
    path = write_package(tmp_path / "wide.xlsx", sheet(far(address)))

    assert sum(text != "" for texts in read(path) for text in texts) == (1 if address.startswith("A") else 0)


def test_the_limit_is_what_it_says():
    check_size(MAX_CELLS // 64, 64)
    with pytest.raises(FileError, match="column BL and row 1048577"):
        check_size(MAX_CELLS // 64 + 1, 64)

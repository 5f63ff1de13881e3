"""What holds for every text, number, date, dialect and byte: hypothesis looks for the exception."""

import csv
import datetime as dt
import io
import math
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import openpyxl.cell.cell
import pytest
import xlsxwriter
from hypothesis import HealthCheck, assume, example, given
from hypothesis import strategies as st

from importer.errors import FileError
from importer.loader import Kind, open_file
from importer.ooxml.values import number_text
from schemas.spoiled import is_picture
from tests.chunks import by_row, rows_of
from tests.laws import examples
from tests.loader.file_cases import FIXTURES
from tests.loader.workbook_parts import row, sheet_xml, styles_xml, write_package


def many(number):
    return examples(number, suppress_health_check=[HealthCheck.function_scoped_fixture])


few = many(40)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
sheet_texts = texts.filter(lambda text: not openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.search(text)).filter(
    # A CR in XML reads as LF (XML 1.0, 2.11), and _xHHHH_ is an escape: neither library guards such texts.
    # A formula that shows a picture is an error (hypothesis draws texts of the source, too).
    lambda text: "\r" not in text and "_x" not in text and not is_picture(text)
)
numbers = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e14, max_value=1e14),
)
days = st.dates(dt.date(1900, 3, 1), dt.date(9999, 12, 31))
moments = st.datetimes(dt.datetime.fromisoformat("1900-03-01"), dt.datetime.fromisoformat("9999-12-31")).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


def second_column(path: Path) -> tuple[list[str], list[Kind]]:
    source = open_file(path)
    texts, kinds = [], []
    for chunk in source.table(source.sheets[0].name).chunks([1], size=7):
        texts += list(chunk.columns[1])
        found = chunk.kinds.get(1)
        kinds += [Kind(int(one)) for one in found] if found is not None else [Kind.TEXT] * len(chunk.rows)
    return texts, kinds


def by_openpyxl(path: Path, values: list) -> Path:
    book = openpyxl.Workbook()
    book.active.append(["id", "value"])
    for index, value in enumerate(values, start=2):
        book.active.cell(index, 1, index)
        cell = book.active.cell(index, 2)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"  # openpyxl takes a text with = for a formula, and #N/A for an error
    book.save(path)
    return path


def by_xlsxwriter(path: Path, values: list) -> Path:
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    formats = {
        dt.date: book.add_format({"num_format": "yyyy-mm-dd"}),
        dt.datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"}),
    }
    sheet.write_row(0, 0, ["id", "value"])
    for index, value in enumerate(values, start=1):
        sheet.write_number(index, 0, index)
        if isinstance(value, str):
            sheet.write_string(index, 1, value)
        elif type(value) in formats:
            sheet.write_datetime(index, 1, value, formats[type(value)])
        else:
            sheet.write(index, 1, value)
    book.close()
    return path


writers = pytest.mark.parametrize("write", [by_openpyxl, by_xlsxwriter])


@writers
@few
@given(values=st.lists(sheet_texts, min_size=1, max_size=20))
def test_texts_of_workbooks_come_back(tmp_path, write, values):
    assume(write is by_xlsxwriter or all(map(str.strip, values)))  # openpyxl does not guard white space alone
    read, kinds = second_column(write(tmp_path / "a.xlsx", values))

    assert read == values
    assert set(kinds) == {Kind.TEXT}


@writers
@few
@given(values=st.lists(numbers, min_size=1, max_size=20))
def test_numbers_of_workbooks_come_back(tmp_path, write, values):
    """As decimals of the 15 digits that Excel keeps; both libraries write 16."""
    read, kinds = second_column(write(tmp_path / "a.xlsx", values))

    assert [Decimal(text) for text in read] == [Decimal(f"{float(f'{value:.16g}'):.15g}") for value in values]
    assert set(kinds) == {Kind.NUMBER}
    assert not any("e" in text.lower() for text in read)


@writers
@few
@given(values=st.lists(st.one_of(days, moments, st.booleans()), min_size=1, max_size=20))
def test_dates_and_booleans_of_workbooks_come_back(tmp_path, write, values):
    read, kinds = second_column(write(tmp_path / "a.xlsx", values))

    assert list(zip(read, kinds, strict=True)) == [expected(value) for value in values]


def expected(value):
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE", Kind.BOOL
    if isinstance(value, dt.datetime) and value.time() != dt.time():
        return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds"), Kind.DATETIME
    return value.isoformat()[:10], Kind.DATE


dialects = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t|"),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        "lineterminator": st.sampled_from(["\n", "\r\n", "\r"]),
    }
)
encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])


@few
@given(
    rows=st.lists(st.lists(texts, min_size=2, max_size=2), min_size=1, max_size=30),
    dialect=dialects,
    encoding=encodings,
    separator_line=st.booleans(),
)
def test_texts_of_delimited_files_come_back(tmp_path, rows, dialect, encoding, separator_line):
    assume(all(any(map(str.strip, one)) for one in rows))
    # The csv module of Python 3.11 quotes a line end only if the dialect's own has that character.
    bare = set("\r\n") - set(dialect["lineterminator"]) if dialect["quoting"] == csv.QUOTE_MINIMAL else set()
    assume(not any(bare & set(text) for one in rows for text in one))
    path = tmp_path / "a.csv"
    file = io.StringIO(newline="")
    if separator_line:
        file.write(f"sep={dialect['delimiter']}{dialect['lineterminator']}")
    csv.writer(file, **dialect).writerows([["id", "value", "more"], *(["1", *one] for one in rows)])
    path.write_bytes(file.getvalue().encode(encoding))
    marked = encoding not in {"utf-16-le", "utf-16-be"}

    source = open_file(path, delimiter=dialect["delimiter"], encoding=None if marked else encoding)

    table = source.table(None)
    chunks = list(table.chunks([1, 2], size=4))
    assert table.headers == ("id", "value", "more")
    assert [list(one) for chunk in chunks for one in zip(*chunk.columns.values(), strict=True)] == rows
    assert [row for chunk in chunks for row in chunk.rows] == list(range(2, len(rows) + 2))


PIECES = ["a", '"', "é", ",", "\n", "\r\n", "\r", " ", "", '","', '"\n"', '"a"', 'a,"b"\n', '"a","b"\n', "a,b\n"]


@many(200)
@example([["\r", "\r", "\r\n", "a", "\r"]])  # the first block must not end within the CRLF
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=12), max_size=12))
def test_delimited_files_are_cut_as_the_csv_module_cuts_them(tmp_path, pieces):
    """Whatever stands in the file, broken or ragged: the same records, or the same complaint."""
    content = "id,name\n" + "".join(map("".join, pieces))
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode())
    try:
        records = list(csv.reader(io.StringIO(content, newline=""), strict=True))
    except csv.Error:
        with pytest.raises(FileError, match="in line"):
            list(open_file(path, delimiter=",").table(None).chunks([0, 1]))
        return

    chunks = list(open_file(path, delimiter=",").table(None).chunks([0, 1], size=3))

    found = {int(row): list(one) for chunk in chunks for row, *one in rows_of(chunk)}
    found = {row: one for row, one in found.items() if any(map(str.strip, one))}
    filled = {row: one for row, one in enumerate(records, start=1) if row > 1 and any(map(str.strip, one))}
    ragged = [one.row for chunk in chunks for one in chunk.findings]
    halves = {row for row in ragged if len(records[row - 1]) == 2}
    assert found == {row: one for row, one in filled.items() if len(one) == 2 and row not in halves}
    if halves:  # the other half of a ragged record, by a line end that is not that of the others
        assert len(set(re.findall("\r\n|\n|\r", content))) > 1
        assert all(len(records[row]) != 2 for row in halves)
    assert ragged == sorted({row for row, one in filled.items() if len(one) != 2} | halves)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_plain_decimals(value):
    text = number_text(value)

    assert set(text) <= set("-.0123456789")
    assert Decimal(text) == Decimal(repr(value) if abs(value) >= 1e15 else f"{value:.15g}")
    assert text == "0" or not (text.startswith("0") and not text.startswith("0."))
    assert "." not in text or not text.endswith("0")
    assert not math.isclose(value, 0) or text.count("-") <= 1


OUTCOMES = {"table", "unreadable_file", "unsafe_file", "empty_file"}


def outcome(path: Path) -> str:
    """Read all of a file: "table", or the code of the error in which that ends."""
    try:
        read_whole(path)
    except FileError as error:
        return error.code
    return "table"


def read_whole(path: Path) -> None:
    source = open_file(path)
    for sheet in source.sheets:
        if sheet.header_row is not None:
            table = source.table(sheet.name)
            assert table.notices is not None
            assert table.empty_headers_with_data is not None
            list(table.chunks(range(len(table.headers))))


@many(80)
@given(
    content=st.binary(max_size=300),
    beginning=st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"id,"]),
)
def test_random_bytes_end_in_a_table_or_an_error_with_a_code(tmp_path, content, beginning):
    path = tmp_path / "a.csv"
    path.write_bytes(beginning + content)

    assert outcome(path) in OUTCOMES


WHOLE = ["opendocument.ods", "excel-97.xls", "formulas.xlsx", "strings.xlsx", "merged-cells.xlsx", "windows-1252.csv"]


@many(80)
@given(data=st.data(), name=st.sampled_from(WHOLE))
def test_damaged_files_end_in_a_table_or_an_error_with_a_code(tmp_path, data, name):
    """Some bytes of a whole file are changed, or its end is cut off."""
    content = bytearray((FIXTURES / name).read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / name
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)

    assert outcome(path) in OUTCOMES


@many(80)
@given(
    data=st.data(),
    name=st.sampled_from(["strings.xlsx", "merged-cells.xlsx", "as-libreoffice-writes.xlsx", "opendocument.ods"]),
)
def test_damaged_parts_end_in_a_table_or_an_error_with_a_code(tmp_path, data, name):
    """As above, inside the ZIP file, where a changed byte does not show in the check sum."""
    with zipfile.ZipFile(FIXTURES / name) as archive:
        parts = {one: bytearray(archive.read(one)) for one in archive.namelist()}
    content = parts[data.draw(st.sampled_from(sorted(parts)))]
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for member, one in parts.items():
            archive.writestr(member, bytes(one))

    assert outcome(path) in OUTCOMES


def test_rows_of_a_spreadsheet_are_numbered_as_it_shows_them(tmp_path):
    """A row of `workbook_parts` is where its number says, with blank rows between."""
    rows = row(3, '<c r="B3" t="inlineStr"><is><t>id</t></is></c>') + row(7, '<c r="B7"><v>5</v></c>')
    path = write_package(tmp_path / "a.xlsx", sheet_xml(rows))

    found = {
        number: texts for one in open_file(path).table("Sheet1").chunks([1]) for number, texts in by_row(one).items()
    }

    assert {number: texts for number, texts in found.items() if any(texts)} == {7: ["5"]}


def test_a_million_styled_empty_rows_change_nothing(tmp_path):
    """They are passed over."""
    data = row(1, '<c r="A1" t="inlineStr"><is><t>id</t></is></c>') + row(2, '<c r="A2"><v>5</v></c>')
    empty = "".join(f'<row r="{number}" s="1" customFormat="1" ht="15"/>' for number in range(3, 1_048_577))
    path = write_package(tmp_path / "a.xlsx", sheet_xml(data + empty), styles=styles_xml({}, [0, 0]))
    table = open_file(path).table("Sheet1")
    chunks = list(table.chunks([0]))

    assert [text for chunk in chunks for text in chunk.columns[0] if text] == ["5"]
    assert sum(len(chunk.rows) for chunk in chunks) < 10_000


def test_a_number_that_is_no_date_is_read_all_the_same(tmp_path):
    """A record ID under a date format, far below."""
    header = row(1, '<c r="B1" t="inlineStr"><is><t>id</t></is></c>')
    rows = "".join(row(n, f'<c r="B{n}" s="1"><v>46085</v></c>') for n in range(2, 40_000))
    last = row(40_000, '<c r="B40000" s="1"><v>312345678901</v></c>')
    path = write_package(tmp_path / "a.xlsx", sheet_xml(header + rows + last), styles=styles_xml({}, [0, 14]))

    chunks = list(open_file(path).table("Sheet1").chunks([1]))

    assert sum(len(chunk.rows) for chunk in chunks) == 39_999
    assert rows_of(chunks[-1])[-2:] == [(39_999, "2026-03-04"), (40_000, "312345678901")]

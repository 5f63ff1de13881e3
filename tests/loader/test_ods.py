"""ODS: what an XML parser reads, and what it refuses."""

import pytest

from importer.errors import FileError
from importer.loader import Kind, open_file
from tests.chunks import rows_of
from tests.loader.file_cases_workbook import write_ods

TEXT = 'office:value-type="string"'


def cell(attributes="", text="", repeat=1):
    repeated = f' table:number-columns-repeated="{repeat}"' if repeat > 1 else ""
    paragraph = f"<text:p>{text}</text:p>" if text else ""
    return f"<table:table-cell {attributes}{repeated}>{paragraph}</table:table-cell>"


def line(*cells, attributes=""):
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def table(*rows, name="Tickets", columns=""):
    return f'<table:table table:name="{name}">{columns}{"".join(rows)}</table:table>'


HEADER = line(cell(TEXT, "id"), cell(TEXT, "value"))


def value(tmp_path, *cells):
    """The text and kind of each cell, one below the other."""
    path = tmp_path / "a.ods"
    write_ods(path, table(HEADER, *(line(cell('office:value-type="float" office:value="1"'), one) for one in cells)))
    (chunk,) = open_file(path).table("Tickets").chunks([1])
    kinds = chunk.kinds.get(1)
    return [
        (text, Kind(int(kinds[index])) if kinds is not None else Kind.TEXT if text else Kind.BLANK)
        for index, text in enumerate(chunk.columns[1])
    ]


def test_numbers_of_all_types(tmp_path):
    assert value(
        tmp_path,
        cell('office:value-type="float" office:value="25012345678"'),
        cell('office:value-type="float" office:value="0.30000000000000004"'),
        cell('office:value-type="currency" office:currency="BRL" office:value="1234.5"', "R$ 1.234,50"),
        cell('office:value-type="float" office:value="12345678901234567"'),
    ) == [
        ("25012345678", Kind.NUMBER),
        ("0.3", Kind.NUMBER),
        ("1234.5", Kind.NUMBER),
        ("12345678901234567", Kind.PRECISION_LOST),
    ]


def test_a_language_counts_for_columns_whose_cells_are_formatted_with_it(tmp_path):
    """Neither the language of the default style, nor a format of a header or of an empty cell says anything."""
    fo = 'xmlns:fo="urn:fo" fo:language="pt" fo:country="BR"'
    day = '<n:date-style s:name="N1" n:language="pt" n:country="BR"/>'
    used = '<s:style s:name="ce1" s:family="table-cell" s:data-style-name="N1"/>'
    styles = f'<s:styles xmlns:s="urn:s" xmlns:n="urn:n"><s:text-properties {fo}/>{day}{used}</s:styles>'
    header = line(cell(TEXT, "id"), cell(TEXT, "day"), cell(f'{TEXT} table:style-name="ce1"', "month"))
    row = line(cell(TEXT, "1"), cell(f'{TEXT} table:style-name="ce1"', "03/04/2026"), cell('table:style-name="ce1"'))
    write_ods(tmp_path / "a.ods", table(header, row), styles=styles)

    formats = open_file(tmp_path / "a.ods").table("Tickets").formats

    assert {place: {one.language for one in several} for place, several in formats.items()} == {1: {"pt-BR"}}


def test_dates_and_times(tmp_path):
    assert value(
        tmp_path,
        cell('office:value-type="date" office:date-value="2026-03-04T00:00:00"'),
        cell('office:value-type="date" office:date-value="2026-03-04T12:30:15.250000000"'),
        cell('office:value-type="time" office:time-value="PT30H05M00S"'),
        cell('office:value-type="time" office:time-value="-PT1H"'),
        cell('office:value-type="time" office:time-value="P1DT1H"'),
    ) == [
        ("2026-03-04", Kind.DATE),
        ("2026-03-04 12:30:15.250", Kind.DATETIME),
        ("30:05:00", Kind.TIME),
        ("-01:00:00", Kind.TIME),
        ("25:00:00", Kind.TIME),
    ]


def test_errors_are_known_with_and_without_libreoffice_s_mark(tmp_path):
    formula = 'table:formula="of:=A1/0"'
    assert value(
        tmp_path,
        cell(f'{formula} {TEXT} office:string-value="" calcext:value-type="error"', "#DIV/0!"),
        cell(f'{formula} office:value-type="float" office:value="0"', "#N/A"),
        cell(f"{formula} {TEXT}", "Err:502"),
        cell(TEXT, "#N/A"),
        cell(f'{formula} {TEXT} office:string-value=""'),
        cell(formula),
    ) == [
        ("#DIV/0!", Kind.ERROR),
        ("#N/A", Kind.ERROR),
        ("Err:502", Kind.ERROR),
        ("#N/A", Kind.TEXT),
        ("", Kind.BLANK),
        ("", Kind.NOT_CALCULATED),
    ]


def test_texts_are_put_together(tmp_path):
    parts = '<text:span>a</text:span><text:s/><text:s text:c="2"/>b<text:tab/>c<text:line-break/>d'
    assert value(tmp_path, cell(TEXT, parts), cell("", "no type")) == [
        ("a   b\tc\nd", Kind.TEXT),
        ("no type", Kind.TEXT),
    ]


def test_zeros_by_the_style_of_the_column(tmp_path):
    path = tmp_path / "a.ods"
    columns = '<table:table-column/><table:table-column table:default-cell-style-name="ce1"/>'
    rows = [line(cell(), cell('office:value-type="float" office:value="7"'))]
    write_ods(path, table(HEADER, *rows, columns=columns))

    (chunk,) = open_file(path).table("Tickets").chunks([1])

    assert chunk.shown == {1: {2: "000007"}}


def test_zeros_by_a_format_that_styles_xml_keeps(tmp_path):
    """LibreOffice keeps the number formats of a file that came from XLSX there."""
    path = tmp_path / "a.ods"
    number = '<number:number number:decimal-places="{}" number:min-integer-digits="{}"/>'
    styles = (
        '<office:document-styles xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
        'xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0">'
        f'<number:number-style style:name="N144">{number.format(0, 5)}</number:number-style>'
        f'<number:percentage-style style:name="N145">{number.format(0, 4)}</number:percentage-style>'
        '<style:style style:name="Zip" style:family="table-cell" style:data-style-name="N144"/>'
        '<style:style style:name="Child" style:family="table-cell" style:parent-style-name="Zip"/>'
        '<style:style style:name="Share" style:family="table-cell" style:data-style-name="N145"/>'
        '<style:style style:name="Loop" style:family="table-cell" style:parent-style-name="Loop"/>'
        "</office:document-styles>"
    )
    seven = 'table:style-name="{}" office:value-type="float" office:value="7"'
    rows = [line(cell(), cell(seven.format(one))) for one in ("Zip", "Child", "Share", "Loop")]
    write_ods(path, table(HEADER, *rows), styles=styles)

    (chunk,) = open_file(path).table("Tickets").chunks([1])

    assert chunk.shown == {1: {2: "00007", 3: "00007"}}


def test_a_formula_s_empty_text_and_truth_as_libreoffice_stores_them(tmp_path):
    """An empty text has a paragraph and no type; TRUE is a 1 that is shown as a word, without a format that says so."""
    formula = 'table:formula="of:=IF([.A1]=1;&quot;&quot;;1)"'
    one = f'{formula} office:value-type="float" office:value="1"'
    assert value(
        tmp_path,
        f"<table:table-cell {formula}><text:p/></table:table-cell>",
        cell(one, "TRUE"),
        cell(f'{formula} office:value-type="float" office:value="0"', "FALSO"),
        cell(f'table:style-name="ce1" {one}', "Yes"),
        cell(one, "1"),
        cell('office:value-type="float" office:value="1"', "TRUE"),
    ) == [
        ("", Kind.BLANK),
        ("TRUE", Kind.BOOL),
        ("FALSE", Kind.BOOL),
        ("1", Kind.NUMBER),
        ("1", Kind.NUMBER),
        ("1", Kind.NUMBER),
    ]


def test_hidden_sheets_columns_and_repeated_rows(tmp_path):
    path = tmp_path / "a.ods"
    columns = '<table:table-column/><table:table-column table:visibility="collapse" table:number-columns-repeated="2"/>'
    rows = [
        line(cell(), attributes='table:number-rows-repeated="3"'),
        line(cell(TEXT, "x", repeat=2), attributes='table:number-rows-repeated="2" table:visibility="collapse"'),
    ]
    write_ods(path, table(HEADER, *rows, columns=columns) + table(name="Empty"))

    source = open_file(path)
    table_read = source.table("Tickets")
    (chunk,) = table_read.chunks([0, 1])

    assert [(sheet.name, sheet.header_row) for sheet in source.sheets] == [("Tickets", 1), ("Empty", None)]
    assert {int(row): list(values) for row, *values in rows_of(chunk)} == {
        5: ["x", "x"],
        6: ["x", "x"],
    }
    assert [str(one) for one in table_read.notices] == [
        "2 hidden or filtered-out rows are read too.",
        "Hidden columns are read too: B.",
    ]
    with pytest.raises(FileError) as caught:
        source.table("Empty")
    assert caught.value.code == "empty_file"
    with pytest.raises(KeyError):
        source.table("Other")


@pytest.mark.parametrize(
    "row",
    [
        line(cell(TEXT, "x", repeat=16_384), attributes='table:number-rows-repeated="1048575"'),
        line(cell(TEXT, "x", repeat=100_000_000)),
        line(cell(TEXT, "x"), attributes='table:number-rows-repeated="100000000"'),
    ],
)
def test_cells_repeated_to_fill_memory_are_refused(tmp_path, row):
    path = tmp_path / "a.ods"
    write_ods(path, table(HEADER, row))

    with pytest.raises(FileError) as caught:
        open_file(path)
    assert caught.value.code == "unsafe_file"


@pytest.mark.parametrize(
    "broken",
    [
        cell('office:value-type="float" office:value="many"'),
        cell('office:value-type="float"'),
        cell('office:value-type="date" office:date-value="yesterday"'),
        cell('office:value-type="time" office:time-value="12:30"'),
        cell(TEXT, "x").replace("</text:p>", ""),
    ],
)
def test_values_that_are_none_are_damage(tmp_path, broken):
    path = tmp_path / "a.ods"
    write_ods(path, table(HEADER, line(broken)))

    with pytest.raises(FileError, match=r"damaged: its part content\.xml"):
        open_file(path)

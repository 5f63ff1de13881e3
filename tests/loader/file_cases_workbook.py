"""Fixtures of workbooks: by the libraries that people export with, and part by part for what these do not write."""

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import openpyxl.comments
import openpyxl.worksheet.table
import xlsxwriter
import xlwt
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.loader.file_cases import case
from tests.loader.workbook_parts import MAIN, STRICT, row, sheet_xml, strings_xml, styles_xml, write_package

CELLS, SHEETS, PROGRAMS, UNSAFE = "Workbook cells", "Workbook sheets", "Programs that write workbooks", "Refused files"
STAMP = dt.datetime.fromisoformat("2026-01-02T03:04:05")


def by_openpyxl(path, rows, formats=(), *, epoch=None, prepare=None):
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = STAMP
    if epoch is not None:
        book.epoch = epoch
    sheet = book.active
    for values in rows:
        sheet.append(values)
    for address, code in dict(formats).items():
        sheet[address].number_format = code
    if prepare is not None:
        prepare(sheet)
    book.save(path)


def by_parts(path, rows, **parts):
    header = row(1, '<c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>value</t></is></c>')
    write_package(path, sheet_xml(header + rows), **parts)


@case(
    CELLS,
    "numbers.xlsx",
    "numbers as stored: whole ones, noise of binary fractions, large and small ones",
    "B2 25012345678 (number); B3 0.3 (number); B4 0.1 (number); B5 1234567.89 (number); B6 -5 (number); "
    "B7 0.0000001 (number); B8 123456789012345 (number); B9 2.5 (number)",
)
def _(path):
    values = [25012345678.0, 0.1 + 0.2, 0.1, 1234567.89, -5, 1e-7, 123456789012345, 2.5]
    by_openpyxl(path, [["id", "value"], *([index, value] for index, value in enumerate(values, start=1))])


@case(
    CELLS,
    "numbers-over-15-digits.xlsx",
    "whole numbers that a number cell cannot keep",
    "B4 999999999999999 (number); precision_lost at B2; precision_lost at B3; precision_lost at B5",
)
def _(path):
    values = ["2501234567890123456", "1.2345678901234501E+18", "999999999999999", "1000000000000000"]
    by_parts(
        path, "".join(row(n, f'<c r="A{n}"><v>{n}</v></c><c r="B{n}"><v>{v}</v></c>') for n, v in enumerate(values, 2))
    )


@case(
    CELLS,
    "texts-that-look-like-numbers.xlsx",
    "text cells stay text",
    "B2 '007'; B3 '1e5'; B4 'NA'; B5 'TRUE'; B6 '2501234567890123456'; B7 '#N/A'; B8 '=1+1'; B9 ' a '",
)
def _(path):
    values = ["007", "1e5", "NA", "TRUE", "2501234567890123456", "#N/A", "=1+1", " a "]
    book = xlsxwriter.Workbook(path)
    book.set_properties({"created": STAMP})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["id", "value"])
    for index, value in enumerate(values, start=1):
        sheet.write_number(index, 0, index)
        sheet.write_string(index, 1, value)
    book.close()


@case(
    CELLS,
    "leading-zeros-by-format.xlsx",
    "zeros that a number format shows",
    "B2 123 (number); shown as 000123; B3 1310100 (number); shown as 01310100; B4 1234567 (number); B5 5 (number)",
)
def _(path):
    formats = {"B2": "000000", "B3": "00000-000", "B4": "000000", "B5": "0.00"}
    by_openpyxl(path, [["id", "value"], [1, 123], [2, 1310100], [3, 1234567], [4, 5]], formats)


@case(
    CELLS,
    "percentages-and-currencies.xlsx",
    "percentages and currencies by format: the stored value",
    "B2 0.1 (number); B3 1234.5 (number); B4 99.9 (number)",
)
def _(path):
    formats = {"B2": "0%", "B3": '"R$" #,##0.00', "B4": "[$€-407] #,##0.00"}
    by_openpyxl(path, [["id", "value"], [1, 0.1], [2, 1234.5], [3, 99.9]], formats)


@case(
    CELLS,
    "dates.xlsx",
    "dates, moments and times by built-in, custom and localized formats",
    "B2 2026-03-04 (date); B3 2026-03-04 12:30:00 (datetime); B4 2026-03-04 (date); B5 2026-03-04 (date); "
    "B6 2026-03-04 (date); B7 12:30:00 (time); B8 30:00:00 (time); B9 2026-03-04 (date); "
    "B10 2026-03-04 12:30:15.250 (datetime); B11 1900-02-28 (date); B12 1900-03-01 (date)",
)
def _(path):
    serial = 46085
    cells = [
        (serial, "yyyy-mm-dd"),
        (serial + 0.5 + 1 / 48, "dd/mm/yyyy hh:mm"),
        (serial, '[$-416]d" de "mmmm" de "yyyy;@'),
        (serial, "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy"),
        (serial, "[$-411]ge.m.d;@"),
        (0.5 + 1 / 48, "h:mm AM/PM"),
        (1.25, "[h]:mm"),
        (serial, "aaa"),
        (serial + (12 * 3600 + 30 * 60 + 15.25) / 86400, "yyyy-mm-dd hh:mm:ss.000"),
        (59, "yyyy-mm-dd"),
        (61, "yyyy-mm-dd"),
    ]
    formats = {f"B{index}": code for index, (_, code) in enumerate(cells, start=2)}
    by_openpyxl(path, [["id", "value"], *([n, value] for n, (value, _) in enumerate(cells, start=1))], formats)


@case(
    CELLS,
    "numbers-that-are-no-dates.xlsx",
    "letters of dates in formats of numbers: quoted, escaped, in brackets, of exponents",
    "B2 46085 (number); B3 46085 (number); B4 46085 (number); B5 46085 (number); B6 46085 (number); B7 -3.5 (number)",
)
def _(path):
    codes = ['0" days"', "0\\d", "[Red]0", "0.00E+00", "#,##0_d", "yyyy-mm-dd"]
    formats = {f"B{index}": code for index, code in enumerate(codes, start=2)}
    by_openpyxl(path, [["id", "value"], *([n, 46085] for n in range(1, 6)), [6, -3.5]], formats)


@case(
    CELLS,
    "dates-of-1904.xlsx",
    "a workbook that counts days from 1904",
    "B2 2026-03-04 (date); B3 2026-03-04 12:30:00 (datetime)",
)
def _(path):
    rows = [["id", "value"], [1, dt.date(2026, 3, 4)], [2, dt.datetime.fromisoformat("2026-03-04T12:30")]]
    by_openpyxl(path, rows, epoch=CALENDAR_MAC_1904)


@case(CELLS, "booleans.xlsx", "booleans", "B2 TRUE (bool); B3 FALSE (bool); B4 'yes'")
def _(path):
    by_openpyxl(path, [["id", "value"], [1, True], [2, False], [3, "yes"]])


@case(
    CELLS,
    "errors.xlsx",
    "error cells, old and new ones: never blanks",
    "B5 'text'; formula_error at B2; formula_error at B3; formula_error at B4",
)
def _(path):
    errors = ["#N/A", "#REF!", "#SPILL!"]
    cells = [f'<c r="B{n}" t="e"><v>{error}</v></c>' for n, error in enumerate(errors, 2)]
    cells[1] = '<c r="B3" t="e"><f>#REF!A1</f><v>#REF!</v></c>'
    cells.append('<c r="B5" t="inlineStr"><is><t>text</t></is></c>')
    by_parts(path, "".join(row(n, f'<c r="A{n}"><v>{n}</v></c>{cell}') for n, cell in enumerate(cells, 2)))


@case(
    CELLS,
    "errors-in-the-last-column-and-row.xlsx",
    "error cells where nothing else is: still there",
    "B2 blank; C3 blank; formula_error at B3; formula_error at C2",
)
def _(path):
    def prepare(sheet):
        sheet["C2"], sheet["B3"] = "#N/A", "#DIV/0!"

    by_openpyxl(path, [["id", "value", "other"], [1, None]], prepare=prepare)


@case(
    CELLS,
    "formulas.xlsx",
    "formulas give their stored results: numbers, texts, truths, an empty text; shared and array formulas too",
    "B2 3 (number); B3 'ab'; B4 TRUE (bool); B5 blank; B6 7 (number); B7 8 (number); B8 9 (number); "
    "formula_error at B9",
)
def _(path):
    cells = [
        "<f>1+2</f><v>3</v>",
        '" t="str"><f>"a"&amp;"b"</f><v>ab</v>',
        '" t="b"><f>1=1</f><v>1</v>',
        '" t="str"><f>""</f><v></v>',
        '<f t="shared" ref="B6:B7" si="0">A6+1</f><v>7</v>',
        '<f t="shared" si="0"/><v>8</v>',
        '<f t="array" ref="B8">SUM(A2:A3)</f><v>9</v>',
        '" t="e"><f>1/0</f><v>#DIV/0!</v>',
    ]
    rows = ""
    for number, cell in enumerate(cells, 2):
        attributes, content = cell.split(">", 1) if cell.startswith('"') else ('"', cell)
        rows += row(number, f'<c r="A{number}"><v>{number}</v></c><c r="B{number}{attributes}>{content}</c>')
    by_parts(path, rows)


@case(
    CELLS,
    "formulas-without-results.xlsx",
    "formulas that no program has calculated: never blanks",
    "formula_not_calculated at B2; formula_not_calculated at B3; formula_not_calculated at B4; "
    "formula_not_calculated at B5",
)
def _(path):
    cells = ["<f>1+2</f>", "<f>1+2</f><v></v>", '<f t="shared" si="0"/>', '<f t="array" ref="B5">SUM(A2:A3)</f><v/>']
    by_parts(
        path, "".join(row(n, f'<c r="A{n}"><v>{n}</v></c><c r="B{n}">{cell}</c>') for n, cell in enumerate(cells, 2))
    )


@case(
    CELLS,
    "formulas-never-calculated.xlsx",
    "XlsxWriter's stand-in results: 0, in a workbook that asks to be calculated",
    "B2 0 (number)",
    notice="The workbook asks to be calculated when it is opened",
)
def _(path):
    book = xlsxwriter.Workbook(path)
    book.set_properties({"created": STAMP})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["id", "value"])
    sheet.write_row(1, 0, [1])
    sheet.write_formula(1, 1, "=A2*2")
    book.close()


@case(
    CELLS,
    "strings.xlsx",
    "shared, inline and rich strings, phonetic hints, escapes, line breaks, emoji",
    "B2 'plain'; B3 'bold and plain'; B4 '東京'; B5 'a\\rb'; B6 '_x000D_'; B7 'a\\nb'; B8 '😀 é <&>'; B9 'in "
    "line'; B10 'in parts'",
)
def _(path):
    strings = [
        "<t>plain</t>",
        '<r><rPr><b/></rPr><t>bold</t></r><r><t xml:space="preserve"> and plain</t></r>',
        '<t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh>',
        "<t>a_x000D_b</t>",
        "<t>_x005F_x000D_</t>",
        '<t xml:space="preserve">a\nb</t>',
        "<t>😀 é &lt;&amp;&gt;</t>",
    ]
    cells = [f't="s"><v>{index}</v>' for index in range(len(strings))]
    cells.append('t="inlineStr"><is><t>in line</t></is>')
    cells.append('t="inlineStr"><is><r><t xml:space="preserve">in </t></r><r><t>parts</t></r></is>')
    rows = "".join(row(n, f'<c r="A{n}"><v>{n}</v></c><c r="B{n}" {cell}</c>') for n, cell in enumerate(cells, 2))
    by_parts(path, rows, strings=strings_xml(strings))


@case(CELLS, "rich-text-and-notes.xlsx", "rich text by openpyxl; notes are no values", "B2 'red and plain'; B3 'noted'")
def _(path):
    def prepare(sheet):
        sheet["B2"] = CellRichText(TextBlock(InlineFont(color="FFFF0000"), "red"), " and plain")
        sheet["B3"].comment = openpyxl.comments.Comment("only a note", "someone")

    by_openpyxl(path, [["id", "value"], [1, ""], [2, "noted"]], prepare=prepare)


@case(SHEETS, "header-further-down.xlsx", "blank rows and columns before the table", "C5 'a'; C6 'b'")
def _(path):
    by_openpyxl(path, [[], [], [], [None, "id", "name"], [None, 1, "a"], [None, 2, "b"]])


@case(
    SHEETS,
    "hidden-rows-and-columns.xlsx",
    "hidden rows and columns are read, and reported",
    "B2 'a'; C2 'x'; B3 'b'; C3 'y'",
    notice="1 hidden or filtered-out row is read too. Hidden columns are read too: C.",
)
def _(path):
    def prepare(sheet):
        sheet.row_dimensions[3].hidden = True
        sheet.row_dimensions[9].hidden = True
        sheet.column_dimensions["C"].hidden = True

    by_openpyxl(path, [["id", "name", "code"], [1, "a", "x"], [2, "b", "y"]], prepare=prepare)


@case(
    SHEETS,
    "filtered-table.xlsx",
    "a table (ListObject) with a filter: all rows are read",
    "B2 'a'; B3 'b'; B4 'c'",
    notice="2 hidden or filtered-out rows are read too.",
)
def _(path):
    def prepare(sheet):
        table = openpyxl.worksheet.table.Table(displayName="Tickets", ref="A1:B4")
        table.autoFilter = openpyxl.worksheet.filters.AutoFilter(ref="A1:B4")
        table.autoFilter.add_filter_column(1, ["a"])
        sheet.add_table(table)
        sheet.row_dimensions[3].hidden = sheet.row_dimensions[4].hidden = True

    by_openpyxl(path, [["id", "name"], [1, "a"], [2, "b"], [3, "c"]], prepare=prepare)


@case(
    SHEETS,
    "table-with-totals.xlsx",
    "a table that counts its rows below: the totals row is no data",
    "B2 'a'; B3 'b'",
    notice="Row 4 is the totals row of a table, and is not read.",
)
def _(path):
    def prepare(sheet):
        sheet.add_table(openpyxl.worksheet.table.Table(displayName="Tickets", ref="A1:B4", totalsRowCount=1))

    by_openpyxl(path, [["id", "name"], [1, "a"], [2, "b"], [2, "=COUNTA(B2:B3)"]], prepare=prepare)


@case(
    SHEETS,
    "merged-cells.xlsx",
    "merged cells in the data, and one above it",
    "B3 'a'; C3 'x'; B4 blank; C4 'y'; B5 'b'; C5 'z'; merged_cells at B3; merged_cells at B4",
)
def _(path):
    def prepare(sheet):
        sheet.merge_cells("B3:B4")
        sheet.merge_cells("F1:G1")

    rows = [[], ["id", "name", "code"], [1, "a", "x"], [2, None, "y"], [3, "b", "z"]]
    by_openpyxl(path, rows, prepare=prepare)


@case(SHEETS, "data-without-header.xlsx", "cells right of the last header", "B2 'a'; data without header in C")
def _(path):
    by_openpyxl(path, [["id", "name"], [1, "a", "stray"]])


@case(
    SHEETS, "styled-empty-rows.xlsx", "styled but empty rows below the data (a million cost nothing either)", "B2 'a'"
)
def _(path):
    rows = '<row r="{0}" s="1" customFormat="1"><c r="A{0}" s="1"/><c r="B{0}" s="1"/></row>'
    header = row(1, '<c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>value</t></is></c>')
    first = row(2, '<c r="A2"><v>1</v></c><c r="B2" t="inlineStr"><is><t>a</t></is></c>')
    write_package(path, sheet_xml(header + first + "".join(rows.format(n) for n in range(3, 2_001))))


@case(SHEETS, "only-other-sheets-hold-data.xlsx", "an empty first sheet, a hidden one, a chart sheet", "B2 'a'")
def _(path):
    book = xlsxwriter.Workbook(path)
    book.set_properties({"created": STAMP})
    book.add_worksheet("Empty")
    hidden = book.add_worksheet("Hidden")
    hidden.write_row(0, 0, ["id", "other"])
    hidden.hide()
    chart = book.add_chart({"type": "bar"})
    book.add_chartsheet("Chart").set_chart(chart)
    sheet = book.add_worksheet("Tickets")
    sheet.write_row(0, 0, ["id", "name"])
    sheet.write_row(1, 0, [1, "a"])
    chart.add_series({"values": "=Tickets!$A$2:$A$2"})
    book.close()


@case(PROGRAMS, "macros.xlsm", "a workbook with macros", "B2 'a'")
def _(path):
    write_package(
        path,
        sheet_xml(
            row(1, '<c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>name</t></is></c>')
            + row(2, '<c r="A2"><v>1</v></c><c r="B2" t="inlineStr"><is><t>a</t></is></c>')
        ),
        macros=True,
    )


_ODD_ROWS = (
    '<{0}row r="1"><{0}c r="A1" t="inlineStr"><{0}is><{0}t>id</{0}t></{0}is></{0}c>'
    '<{0}c r="B1" t="inlineStr"><{0}is><{0}t>name</{0}t></{0}is></{0}c></{0}row>'
    '<{0}row r="2"><{0}c r="A2"><{0}v>1</{0}v></{0}c><{0}c r="B2" t="e"><{0}v>#N/A</{0}v></{0}c></{0}row>'
    '<{0}row r="3"><{0}c r="A3"><{0}v>2</{0}v></{0}c><{0}c r="B3" t="inlineStr"><{0}is><{0}t>é</{0}t>'
    "</{0}is></{0}c></{0}row>"
)
_ODD_READS = "B3 'é'; formula_error at B2"


@case(PROGRAMS, "prefixed-names.xlsx", "XML names with a prefix, as some libraries of .NET write", _ODD_READS)
def _(path):
    write_package(
        path, f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{_ODD_ROWS.format("x:")}</x:sheetData></x:worksheet>'
    )


@case(PROGRAMS, "xml-in-utf-16.xlsx", "XML in UTF-16", _ODD_READS)
def _(path):
    xml = '<?xml version="1.0" encoding="UTF-16"?>' + sheet_xml(_ODD_ROWS.format(""))
    write_package(path, xml.encode("utf-16"))


@case(PROGRAMS, "xml-in-latin-1.xlsx", "XML in Latin-1", _ODD_READS)
def _(path):
    xml = '<?xml version="1.0" encoding="ISO-8859-1"?>' + sheet_xml(_ODD_ROWS.format(""))
    write_package(path, xml.encode("latin-1"))


@case(PROGRAMS, "xml-with-cdata.xlsx", "CDATA sections and comments in the XML", _ODD_READS)
def _(path):
    rows = _ODD_ROWS.format("").replace("<t>é</t>", "<t><![CDATA[é]]></t>") + '<!-- <row r="4"/> -->'
    write_package(path, sheet_xml(rows))


@case(PROGRAMS, "xml-with-single-quotes.xlsx", "attributes in single quotation marks, with spaces", _ODD_READS)
def _(path):
    write_package(path, sheet_xml(_ODD_ROWS.format("").replace('="', " = '").replace('">', "'>").replace('" t', "' t")))


@case(
    PROGRAMS, "cells-without-addresses.xlsx", "rows and cells without addresses", "B2 'a'; B3 'é'; formula_error at B4"
)
def _(path):
    rows = (
        '<row><c t="inlineStr"><is><t>id</t></is></c><c t="inlineStr"><is><t>name</t></is></c></row>'
        '<row><c><v>1</v></c><c t="inlineStr"><is><t>a</t></is></c></row>'
        '<row><c><v>2</v></c><c t="inlineStr"><is><t>é</t></is></c></row>'
        '<row><c><v>3</v></c><c t="e"><v>#N/A</v></c></row>'
    )
    write_package(path, sheet_xml(rows))


@case(PROGRAMS, "strict-open-xml.xlsx", "strict Open XML, with a date of ISO 8601", "B2 2026-03-04 (date); B3 'a'")
def _(path):
    rows = row(1, '<c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>due</t></is></c>')
    rows += row(2, '<c r="A2"><v>1</v></c><c r="B2" t="d"><v>2026-03-04</v></c>')
    rows += row(3, '<c r="A3"><v>2</v></c><c r="B3" t="inlineStr"><is><t>a</t></is></c>')
    write_package(path, sheet_xml(rows, namespace=STRICT), namespace=STRICT)


@case(
    PROGRAMS,
    "as-libreoffice-writes.xlsx",
    "LibreOffice's way: every attribute spelled out, styles on every cell",
    "B2 'a'; C2 2026-03-04 (date); B3 TRUE (bool); C3 3 (number)",
)
def _(path):
    attributes = 'customFormat="false" ht="12.8" hidden="false" customHeight="false" outlineLevel="0" collapsed="false"'
    rows = (
        f'<row r="1" {attributes}><c r="A1" s="0" t="s"><v>0</v></c><c r="B1" s="0" t="s"><v>1</v></c>'
        '<c r="C1" s="0" t="s"><v>2</v></c></row>'
        f'<row r="2" {attributes}><c r="A2" s="0" t="n"><v>1</v></c><c r="B2" s="0" t="s"><v>3</v></c>'
        '<c r="C2" s="1" t="n"><v>46085</v></c></row>'
        f'<row r="3" {attributes}><c r="A3" s="0" t="n"><v>2</v></c><c r="B3" s="0" t="b"><f '
        f'aca="false">TRUE()</f><v>1</v></c>'
        '<c r="C3" s="0" t="n"><f aca="false">1+2</f><v>3</v></c></row>'
    )
    head = (
        '<sheetPr filterMode="false"><pageSetUpPr fitToPage="false"/></sheetPr><dimension ref="A1:C3"/>'
        '<cols><col collapsed="false" customWidth="true" hidden="false" outlineLevel="0" max="3" min="1" '
        'style="0" width="11.5"/></cols>'
    )
    xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + sheet_xml(rows, before=head)
    strings = [f'<t xml:space="preserve">{text}</t>' for text in ("id", "name", "due", "a")]
    write_package(
        path, xml, strings=strings_xml(strings), styles=styles_xml({164: "General", 165: "dd/mm/yyyy"}, [164, 165])
    )


@case(
    PROGRAMS,
    "as-google-sheets-writes.xlsx",
    "Google Sheets' way: a grid of a thousand styled rows, formulas with results",
    "B2 'a'; C2 46085 (number); B3 'b'; C3 2026-03-04 (date)",
)
def _(path):
    rows = (
        '<row r="1"><c r="A1" s="1" t="s"><v>0</v></c><c r="B1" s="1" t="s"><v>1</v></c><c r="C1" s="1" '
        't="s"><v>2</v></c></row>'
        '<row r="2"><c r="A2" s="1"><v>1.0</v></c><c r="B2" s="1" t="s"><v>3</v></c><c r="C2" s="1">'
        "<f>46084+1</f><v>46085.0</v></c></row>"
        '<row r="3"><c r="A3" s="1"><v>2.0</v></c><c r="B3" s="1" t="str"><f>"b"</f><v>b</v></c><c r="C3" '
        's="2"><v>46085.0</v></c></row>'
    ) + "".join(f'<row r="{n}"><c r="C{n}" s="2"/></row>' for n in range(4, 1001))
    strings = strings_xml([f"<t>{text}</t>" for text in ("id", "name", "due", "a")])
    write_package(path, sheet_xml(rows), strings=strings, styles=styles_xml({164: "yyyy-mm-dd"}, [0, 0, 164]))


@case(
    PROGRAMS,
    "as-numbers-writes.xlsx",
    "Apple Numbers' way: absolute targets, a title row would be the header, sheets named for tables",
    "B2 'a'",
)
def _(path):
    rows = (
        '<row r="1" ht="20.25" customHeight="1"><c r="A1" t="s" s="2"><v>0</v></c><c r="B1" t="s" s="2">'
        "<v>1</v></c></row>"
        '<row r="2" ht="20.25" customHeight="1"><c r="A2" s="1"><v>1</v></c><c r="B2" t="s" s="1"><v>2</v></c></row>'
    )
    strings = strings_xml(["<t>id</t>", "<t>name</t>", "<t>a</t>"])
    styles = styles_xml({}, [0, 0, 0])
    write_package(path, sheet_xml(rows), strings=strings, styles=styles, absolute=True)


@case(
    PROGRAMS,
    "excel-97.xls",
    "XLS: numbers, zeros by format, dates, booleans, errors, merged cells, hidden rows",
    "B2 5 (number); shown as 000005; B3 2026-03-04 (date); B4 2026-03-04 12:30:00 (datetime); B5 TRUE (bool); "
    "B6 'text'; B7 -4.5 (number); B9 'merged'; formula_error at B8; merged_cells at B9",
    notice="1 hidden or filtered-out row is read too.",
)
def _(path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("Tickets")
    day, moment = xlwt.easyxf(num_format_str="YYYY-MM-DD"), xlwt.easyxf(num_format_str="DD/MM/YYYY hh:mm")
    for column, header in enumerate(["id", "value"]):
        sheet.write(0, column, header)
    for number in range(1, 9):
        sheet.write(number, 0, number)
    sheet.write(1, 1, 5, xlwt.easyxf(num_format_str="000000"))
    sheet.write(2, 1, dt.date(2026, 3, 4), day)
    sheet.write(3, 1, dt.datetime.fromisoformat("2026-03-04T12:30"), moment)
    sheet.write(4, 1, True)
    sheet.write(5, 1, "text")
    sheet.write(6, 1, -4.5, day)
    sheet.row(7).set_cell_error(1, 0x2A)
    sheet.write_merge(8, 8, 1, 2, "merged")
    sheet.row(4).hidden = True
    book.save(str(path))


@case(
    PROGRAMS,
    "excel-97-not-calculated.xls",
    "XLS whose formulas no program has calculated",
    "B2 'a'; formula_not_calculated at B3",
)
def _(path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("Tickets")
    for index, values in enumerate([("id", "value"), (1, "a"), (2, xlwt.Formula("A2*2"))]):
        for column, value in enumerate(values):
            sheet.write(index, column, value)
    book.save(str(path))


_ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" office:version="1.3">'
    '<office:automatic-styles><number:number-style style:name="N1"><number:number number:decimal-places="0" '
    'number:min-integer-digits="6"/></number:number-style><style:style style:name="ce1" style:family="table-cell" '
    'style:data-style-name="N1"/></office:automatic-styles>'
    "<office:body><office:spreadsheet>{}</office:spreadsheet></office:body></office:document-content>"
)


def write_ods(path: Path, tables: str, *, manifest: str = "", styles: str = "") -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        if styles:
            archive.writestr("styles.xml", styles)
        archive.writestr("content.xml", _ODS.format(tables))
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{manifest}</manifest>',
        )


@case(
    PROGRAMS,
    "opendocument.ods",
    "ODS: all types, repeats, merged and hidden rows, comments, errors, formulas without results",
    "B2 12345678901 (number); B3 0.1 (number); B4 2026-03-04 (date); B5 2026-03-04 12:30:00 (datetime); "
    "B6 12:30:00 (time); "
    "B7 TRUE (bool); B8 'two  words\\nand a line'; B9 'same'; B10 'same'; B13 7 (number); shown as "
    "000007; B14 'merged'; "
    "formula_error at B11; formula_not_calculated at B12; merged_cells at B14",
    notice="1 hidden or filtered-out row is read too.",
)
def _(path):
    def cell(attributes, text=""):
        return f"<table:table-cell {attributes}>{text}</table:table-cell>"

    def line(key, second, attributes=""):
        first = cell(f'office:value-type="float" office:value="{key}"', f"<text:p>{key}</text:p>")
        return f"<table:table-row {attributes}>{first}{second}</table:table-row>"

    text = 'office:value-type="string"'
    rows = [
        f"<table:table-row>{cell(text, '<text:p>id</text:p>')}{cell(text, '<text:p>value</text:p>')}</table:table-row>",
        line(1, cell('office:value-type="float" office:value="12345678901"', "<text:p>1.2E+10</text:p>")),
        line(2, cell('office:value-type="percentage" office:value="0.1"', "<text:p>10%</text:p>")),
        line(3, cell('office:value-type="date" office:date-value="2026-03-04"', "<text:p>04/03/26</text:p>")),
        line(4, cell('office:value-type="date" office:date-value="2026-03-04T12:30:00"', "<text:p>x</text:p>")),
        line(5, cell('office:value-type="time" office:time-value="PT12H30M00S"', "<text:p>12:30</text:p>")),
        line(6, cell('office:value-type="boolean" office:boolean-value="true"', "<text:p>WAHR</text:p>")),
        line(
            7,
            cell(
                text,
                "<office:annotation><text:p>a note</text:p></office:annotation>"
                '<text:p>two<text:s text:c="2"/>words</text:p><text:p>and a line</text:p>',
            ),
        ),
        line(8, cell(text, "<text:p>same</text:p>"), 'table:number-rows-repeated="2" table:visibility="visible"'),
        line(
            9,
            cell(
                f'table:formula="of:=1/0" {text} office:string-value="" calcext:value-type="error"',
                "<text:p>#DIV/0!</text:p>",
            ),
        ),
        line(10, cell('table:formula="of:=1+1"')),
        line(
            11,
            cell('table:style-name="ce1" office:value-type="float" office:value="7"', "<text:p>000007</text:p>"),
            'table:visibility="filter"',
        ),
        line(
            12,
            cell(f'{text} table:number-columns-spanned="2" table:number-rows-spanned="1"', "<text:p>merged</text:p>")
            + "<table:covered-table-cell/>",
        ),
        '<table:table-row table:number-rows-repeated="1048562"><table:table-cell/></table:table-row>',
    ]
    write_ods(
        path,
        f'<table:table table:name="Tickets"><table:table-column '
        f'table:number-columns-repeated="16384"/>{"".join(rows)}</table:table>',
    )


@case(
    UNSAFE,
    "password-protected.xlsx",
    "a workbook protected by a password (an OLE container)",
    "unreadable_file: The file is protected by a password, so it cannot be read. Open it in a spreadsheet program, "
    "save a copy without the password, and run again.",
)
def _(path):
    from xlwt.CompoundDoc import XlsDoc

    document = XlsDoc()
    document.save(str(path), b"\0" * 4096)
    data = path.read_bytes()
    old, new = "Workbook".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le")
    place = data.index(old)
    entry = new.ljust(64, b"\0") + (len(new) + 2).to_bytes(2, "little")
    path.write_bytes(data[:place] + entry + data[place + len(entry) :])


@case(
    UNSAFE,
    "password-protected.ods",
    "an ODS file protected by a password",
    "unreadable_file: The file is protected by a password, so it cannot be read. Open it in a spreadsheet program, "
    "save a copy without the password, and run again.",
)
def _(path):
    write_ods(path, "", manifest='<file-entry full-path="content.xml"><encryption-data/></file-entry>')


@case(
    UNSAFE,
    "cut-short.xlsx",
    "a download that was interrupted",
    "unreadable_file: The file is damaged: it begins as a workbook, but its end is missing or broken, as after an "
    "interrupted download. Get a fresh copy, or let a spreadsheet program repair it.",
)
def _(path):
    by_openpyxl(path, [["id", "name"], [1, "a"]])
    path.write_bytes(path.read_bytes()[:3000])


@case(
    UNSAFE,
    "broken-sheet.xlsx",
    "a sheet whose XML ends in the middle",
    "unreadable_file: The file is damaged: its part xl/worksheets/sheet1.xml cannot be read. Open it in a spreadsheet "
    "program, let that repair it, and save it again.",
)
def _(path):
    write_package(path, sheet_xml(_ODD_ROWS.format(""))[:300])


@case(
    UNSAFE,
    "entity-tricks.xlsx",
    "entities declared in a sheet's XML",
    "unsafe_file: The part xl/worksheets/sheet1.xml of the file declares a document type, as attacks by XML entities "
    "do and spreadsheet programs never do. It is not read. Ask whoever made the file for a copy saved by a "
    "spreadsheet program.",
)
def _(path):
    rows = _ODD_ROWS.format("").replace("<t>é</t>", "<t>&b;</t>")
    write_package(path, '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + sheet_xml(rows))


@case(
    UNSAFE,
    "entity-tricks-in-strings.xlsx",
    "entities declared in the shared strings",
    "unsafe_file: The part xl/sharedStrings.xml of the file declares a document type, as attacks by XML entities do "
    "and spreadsheet programs never do. It is not read. Ask whoever made the file for a copy saved by a spreadsheet "
    "program.",
)
def _(path):
    rows = row(1, '<c r="A1" t="s"><v>0</v></c>') + row(2, '<c r="A2"><v>1</v></c>')
    write_package(path, sheet_xml(rows), strings='<!DOCTYPE a [<!ENTITY b "x">]>' + strings_xml(["<t>id</t>"]))


@case(
    UNSAFE,
    "zip-bomb.xlsx",
    "a sheet that swells a thousandfold when unpacked",
    "unsafe_file: The file is not read: its part xl/worksheets/sheet1.xml swells to 70000112 bytes or more when "
    "unpacked, as files are built to fill memory or disk. Save the data as a new workbook, or as CSV.",
)
def _(path):
    write_package(path, sheet_xml(" " * 70_000_000))


@case(
    UNSAFE,
    "web-page.xls",
    "a web page that is called a workbook",
    "unreadable_file: The file is a web page (HTML), whatever its name says. Open it in a spreadsheet program, save "
    "the data as XLSX or CSV, and run again.",
)
def _(path):
    path.write_text("<html><body><table><tr><td>id</td></tr></table></body></html>", encoding="utf-8")


@case(
    UNSAFE,
    "archive.xlsx",
    "a ZIP archive that is called a workbook",
    "unreadable_file: The file is a ZIP archive, but not a workbook. If it holds an exported spreadsheet, unpack it "
    "first and give the spreadsheet's name.",
)
def _(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("export.csv", "id,name\n1,a\n")


@case(
    PROGRAMS,
    "workbook-named.csv",
    "a workbook that is called a CSV file",
    "B2 'a'",
    notice="The name ends in .csv, but the content is an Excel workbook (XLSX), and was read as such.",
)
def _(path):
    by_openpyxl(path.with_suffix(".xlsx"), [["id", "name"], [1, "a"]])
    path.with_suffix(".xlsx").replace(path)

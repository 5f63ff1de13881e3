"""Small real files of every format: what the fuzzers damage."""

import datetime as dt
import io
import zipfile
from functools import cache

import openpyxl
import xlsxwriter
import xlwt

HEADERS = ("Record ID", "subject", "Priority", "due_on", "property_number")
ROWS = (
    (25012345001, "Printer <on> fire", "HIGH", dt.date(2026, 3, 4), 1234.5),
    (25012345002, "=not a formula", "Low", None, 0.1),
    ("25012345003", "", None, "2026-05-06", "1,234.56"),
)


@cache
def by_openpyxl() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Edits"
    sheet.append(HEADERS)
    for row in ROWS:
        sheet.append(row)
    sheet["B3"].data_type = "s"
    sheet["E4"] = "=1+1"
    sheet["A5"], sheet["E5"] = 25012345004, True
    sheet["A5"].number_format = "00000000000000"
    sheet["D5"] = dt.datetime(2026, 3, 4, 12, 30)  # noqa: DTZ001 - cells have no zone
    sheet.row_dimensions[3].hidden = True
    book.create_sheet("Notes")["A1"] = "nothing"
    return _bytes(book.save)


@cache
def by_xlsxwriter() -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("Edits")
    date = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_row(0, 0, HEADERS)
    for number, (key, subject, priority, due, amount) in enumerate(ROWS, 1):
        sheet.write_row(number, 0, [key, subject, priority])
        if isinstance(due, dt.date):
            sheet.write_datetime(number, 3, due, date)
        sheet.write(number, 4, amount)
    sheet.write_rich_string(5, 1, "rich ", book.add_format({"bold": True}), "text")
    sheet.write_formula(5, 4, "=SUM(E2:E4)", None, "#N/A")
    sheet.write(5, 0, 25012345005)
    sheet.add_table(0, 0, 5, 4, {"columns": [{"header": header} for header in HEADERS]})
    sheet.conditional_format("E2:E5", {"type": "2_color_scale"})
    sheet.data_validation("C2:C6", {"validate": "list", "source": ["HIGH", "LOW"]})
    book.close()
    return target.getvalue()


@cache
def by_xlwt() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Edits")
    for row, values in enumerate((HEADERS, *ROWS)):
        for position, value in enumerate(values):
            if value is not None:
                style = (
                    xlwt.easyxf(num_format_str="YYYY-MM-DD") if isinstance(value, dt.date) else xlwt.Style.default_style
                )
                sheet.write(row, position, value, style)
    sheet.write(4, 0, 25012345004)
    sheet.write(4, 4, xlwt.Formula("1+1"))
    return _bytes(book.save)


_ODS = "urn:oasis:names:tc:opendocument:xmlns"


@cache
def ods() -> bytes:
    rows = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in (HEADERS, *ROWS))
    content = (
        f'<office:document-content xmlns:office="{_ODS}:office:1.0" xmlns:table="{_ODS}:table:1.0" '
        f'xmlns:text="{_ODS}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="Edits">{rows}'
        '<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="5"/>'
        "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        f'<manifest:manifest xmlns:manifest="{_ODS}:manifest:1.0"><manifest:file-entry manifest:full-path="/" '
        'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content, zipfile.ZIP_DEFLATED)
        archive.writestr("META-INF/manifest.xml", manifest, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _ods_cell(value: object) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    kind = 'value-type="string"'
    if isinstance(value, dt.date):
        kind = f'value-type="date" office:date-value="{value}"'
    elif isinstance(value, (int, float)):
        kind = f'value-type="float" office:value="{value}"'
    text = str(value).replace("&", "&amp;").replace("<", "&lt;")
    return f"<table:table-cell office:{kind}><text:p>{text}</text:p></table:table-cell>"


CSV = (
    "Record ID,subject,Priority,due_on,property_number\r\n"
    '25012345001,"Printer ""on"" fire, again",HIGH,2026-03-04,1234.5\r\n'
    '25012345002,"two\r\nlines",Low,,0.1\r\n25012345003,=1+1,,06/05/2026,"1.234,5"\r\n'
)

TEXTS: dict[str, bytes] = {
    "utf-8": CSV.encode(),
    "bom": CSV.encode("utf-8-sig"),
    "utf-16": CSV.encode("utf-16"),
    "windows-1252": CSV.replace("fire", "fir\u00e9").replace(",", ";").encode("cp1252"),
    "tabs": CSV.replace(",", "\t").encode(),
    "sep": b"sep=;\r\n" + CSV.replace(",", ";").encode(),
    "own columns": (
        b"Record ID,subject,Import status,Import message\n25012345001,x,updated,\n25012345002,y,invalid,B3: no\n"
    ),
}
WORKBOOKS = {"openpyxl": by_openpyxl, "xlsxwriter": by_xlsxwriter}
SUFFIXES = {"openpyxl": ".xlsx", "xlsxwriter": ".xlsx", "xlwt": ".xls", "ods": ".ods"}


def files() -> dict[str, tuple[str, bytes]]:
    """Return {name: (suffix, content)} of all seeds."""
    found = {name: (".csv", content) for name, content in TEXTS.items()}
    books = {**WORKBOOKS, "xlwt": by_xlwt, "ods": ods}
    return found | {name: (SUFFIXES[name], make()) for name, make in books.items()}


def _bytes(save) -> bytes:
    target = io.BytesIO()
    save(target)
    return target.getvalue()

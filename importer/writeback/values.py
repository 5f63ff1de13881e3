"""A plain workbook with the values of a file that is not patched, to carry the results beside it.

In:  an `.xls`, an `.ods`, or a workbook we do not take apart; or the notes alone, where the file is gone.
Out: an XLSX with one sheet: the values at their addresses, without formats and formulas.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from importer.findings import column_letter
from importer.writeback.annotation import Annotation, NotUnderstood
from importer.writeback.markup import DECLARATION, RELATIONS, TRANSITIONAL, attribute_content, text_content
from importer.writeback.package import STYLES_TYPE, WORKSHEET_TYPE
from importer.writeback.styles import minimal_styles
from schemas.message import message

Value = str | float | bool | dt.date | dt.time | dt.timedelta | None
_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a cell's date has no zone
_BOLD, _DATE, _DATETIME, _TIME = 1, 2, 3, 4
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def read_values(path: Path, sheet: str) -> list[list[Value]]:
    """Return the cells of a sheet from A1 on, as python-calamine reads them. Raises NotUnderstood."""
    import python_calamine as calamine

    try:
        with calamine.CalamineWorkbook.from_path(path) as workbook:
            return [[*row] for row in workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)]
    except (calamine.CalamineError, calamine.WorksheetNotFound, OSError) as problem:
        raise NotUnderstood(message("The values of the file cannot be read again.")) from problem


def notes_alone(annotation: Annotation) -> Iterator[list[Value]]:
    """Yield a table that stands for rows that cannot be shown: row and key of each note, the header where it was."""
    for _ in range(1, annotation.header_row):
        yield []
    yield [annotation.say(message("Row")), annotation.say(message("Key"))]
    row = annotation.header_row
    for note in annotation.notes():
        while row + 1 < note.row:
            row += 1
            yield []
        row = note.row
        yield [float(note.row), note.key]


def write_values(rows: Iterable[list[Value]], sheet: str, header_row: int, target: BinaryIO) -> None:
    """Write an XLSX with one sheet of these rows."""
    relations = RELATIONS[TRANSITIONAL]
    start = DECLARATION.decode()
    parts = {
        "[Content_Types].xml": f'{start}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
        f'"application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_MAIN_TYPE}"/><Override PartName='
        f'"/xl/worksheets/sheet1.xml" ContentType="{WORKSHEET_TYPE}"/><Override PartName="/xl/styles.xml" ContentType='
        f'"{STYLES_TYPE}"/></Types>',
        "_rels/.rels": f'{start}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type='
        f'"{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{start}<workbook xmlns="{TRANSITIONAL}" xmlns:r="{relations}"><bookViews><workbookView/>'
        f'</bookViews><sheets><sheet name="{attribute_content(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{start}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{relations}/'
        'styles" Target="styles.xml"/></Relationships>',
    }
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
        archive.writestr("xl/styles.xml", _styles())
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            part.write(
                f'{start}<worksheet xmlns="{TRANSITIONAL}"><sheetViews><sheetView workbookViewId="0"><pane ySplit='
                f'"{header_row}" topLeftCell="A{header_row + 1}" activePane="bottomLeft" state="frozen"/><selection '
                'pane="bottomLeft"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/><sheetData>'.encode()
            )
            for number, row in enumerate(rows, start=1):
                cells = b"".join(
                    _cell(f"{column_letter(n)}{number}", v, number == header_row) for n, v in enumerate(row)
                )
                if cells:
                    part.write(f'<row r="{number}">'.encode() + cells + b"</row>")
            part.write(b"</sheetData></worksheet>")


def _styles() -> bytes:
    """Return styles with a bold format for the header and formats for dates and times."""
    formats = '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>' + "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        for number in (14, 22, 46)
    )
    bold = '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font>'
    styles = minimal_styles().decode()
    styles = styles.replace('<fonts count="1">', '<fonts count="2">').replace("</fonts>", f"{bold}</fonts>")
    return (
        styles.replace('<cellXfs count="1">', '<cellXfs count="5">')
        .replace("</cellXfs>", f"{formats}</cellXfs>")
        .encode()
    )


def _cell(reference: str, value: Value, header: bool) -> bytes:  # noqa: FBT001 - one of two looks
    if value is None or value == "":
        return b""
    bold = f' s="{_BOLD}"' if header else ""
    if isinstance(value, str):
        text = text_content(value)
        return f'<c r="{reference}"{bold} t="inlineStr"><is><t xml:space="preserve">'.encode() + text + b"</t></is></c>"
    if isinstance(value, bool):
        return f'<c r="{reference}"{bold} t="b"><v>{int(value)}</v></c>'.encode()
    style, number = _number(value)
    shown = bold or (f' s="{style}"' if style else "")
    return f'<c r="{reference}"{shown}><v>{number!r}</v></c>'.encode()


def _number(value: float | dt.date | dt.time | dt.timedelta) -> tuple[int, float]:
    """Return a value's format and its number: days since the end of 1899 (ECMA-376 part 1, 18.17.4)."""
    day = dt.timedelta(days=1)
    if isinstance(value, dt.datetime):
        return _DATETIME, (value.replace(tzinfo=None) - _EPOCH) / day
    if isinstance(value, dt.date):
        return _DATE, (dt.datetime.combine(value, dt.time()) - _EPOCH) / day
    if isinstance(value, dt.time):
        return _TIME, (dt.datetime.combine(_EPOCH.date(), value.replace(tzinfo=None)) - _EPOCH) / day
    if isinstance(value, dt.timedelta):
        return _TIME, value / day
    return 0, int(value) if value == int(value) else value

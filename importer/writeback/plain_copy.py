"""A plain workbook with the values of a file that is not patched, to carry the results beside it.

In:  an `.xls`, an `.ods`, or a workbook we do not take apart; or the notes alone, where the file is gone.
Out: an XLSX with one sheet: the values at their addresses, without formats and formulas.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from importer.errors import FileError
from importer.findings import column_letter
from importer.ooxml.errors import NotUnderstood
from importer.ooxml.new_package import NewPackage
from importer.ooxml.new_sheet import frozen_pane, text_cell
from importer.ooxml.xml import DECLARATION, TRANSITIONAL, text_content
from importer.writeback.annotation import Annotation
from importer.writeback.areas import Area
from importer.writeback.styles import minimal_styles
from schemas.cells import UNREADABLE, Kind
from schemas.message import message


class ErrorValue(str):
    """What a cell shows instead of a value. As a text it would be taken for one when the copy is run."""

    __slots__ = ()


Value = str | float | bool | dt.date | None
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
"""The errors that every spreadsheet program knows (ECMA-376 part 1, 18.17.3)."""
_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a cell's date has no zone
_BOLD, _DATE, _DATETIME = 1, 2, 3


def read_values(path: Path, annotation: Annotation) -> Iterator[list[Value]]:
    """Yield the rows of a sheet from the first on, as the loader reads them, each cell as the kind it was.

    Raises NotUnderstood where the loader cannot read the file (any more).
    """
    from importer.loader import open_file

    try:
        dialect = annotation.dialect
        how = {"encoding": dialect.encoding, "delimiter": dialect.delimiter} if dialect else {}
        table = open_file(path, **how).table(annotation.sheet)
        positions = range(len(table.headers))
        yield from ([] for _ in range(1, table.header_row))
        yield [*table.headers]
        row = table.header_row
        for chunk in table.chunks(positions):
            columns = [chunk.columns[position] for position in positions]
            kinds = [chunk.kinds[position].tolist() if position in chunk.kinds else () for position in positions]
            for index, number in enumerate(chunk.rows):
                yield from ([] for _ in range(row + 1, number))
                row = number
                yield [
                    cell_value(column[index], kind[index] if kind else None)
                    for column, kind in zip(columns, kinds, strict=True)
                ]
    except (FileError, KeyError, OSError) as problem:
        raise NotUnderstood(message("The values of the file cannot be read again.")) from problem


def cell_value(text: str, kind: int | None) -> Value:
    """Return a cell of the loader's as a value of its kind; kind None is text."""
    if kind == Kind.NUMBER:
        return float(text)
    if kind == Kind.BOOL:
        return text == "TRUE"
    if kind == Kind.DATE:
        return dt.date.fromisoformat(text)
    if kind == Kind.DATETIME:
        return dt.datetime.fromisoformat(text)
    if kind == Kind.PRECISION_LOST:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    if kind in UNREADABLE:
        return ErrorValue(text if text in _ERRORS else "#VALUE!" if text else "#N/A")
    return text


def notes_alone(annotation: Annotation) -> Iterator[list[Value]]:
    """Yield a table that stands for rows that cannot be shown: row and key of each note, the header where it was."""
    for _ in range(1, annotation.header_row):
        yield []
    yield [annotation.say(message("Row")), annotation.say(message("Key"))]
    row = annotation.header_row
    for number, _, _, key in annotation.notes():
        while row + 1 < number:
            row += 1
            yield []
        row = number
        yield [float(number), key]


def write_values(rows: Iterable[list[Value]], sheet: str, header_row: int, target: BinaryIO) -> None:
    """Write an XLSX with one sheet of these rows."""
    package = NewPackage(target, _styles())
    last, width = header_row, 1

    def pieces() -> Iterator[bytes]:
        nonlocal last, width
        view = f'<sheetView workbookViewId="0">{frozen_pane(header_row)}</sheetView>'
        start = (
            f'<worksheet xmlns="{TRANSITIONAL}"><sheetViews>{view}</sheetViews><sheetFormatPr defaultRowHeight="15"/>'
        )
        yield DECLARATION + f"{start}<sheetData>".encode()
        for number, row in enumerate(rows, start=1):
            last, width = max(last, number), max(width, len(row))
            cells = b"".join(_cell(f"{column_letter(n)}{number}", v, number == header_row) for n, v in enumerate(row))
            if cells:
                yield f'<row r="{number}">'.encode() + cells + b"</row>"
        yield f'</sheetData><autoFilter ref="{Area(0, header_row, width - 1, last)}"/></worksheet>'.encode()

    package.write_sheet(sheet, pieces())
    package.note_filter(Area(0, header_row, width - 1, last).absolute())
    package.close()


def _styles() -> bytes:
    """Return styles with a bold format for the header and formats for dates and times."""
    formats = '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>' + "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        for number in (14, 22)
    )
    bold = '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font>'
    styles = minimal_styles().decode()
    styles = styles.replace('<fonts count="1">', '<fonts count="2">').replace("</fonts>", f"{bold}</fonts>")
    return (
        styles.replace('<cellXfs count="1">', '<cellXfs count="4">')
        .replace("</cellXfs>", f"{formats}</cellXfs>")
        .encode()
    )


def _cell(reference: str, value: Value, header: bool) -> bytes:  # noqa: FBT001 - one of two looks
    if value is None or value == "":
        return b""
    bold = f' s="{_BOLD}"' if header else ""
    if isinstance(value, ErrorValue):
        return f'<c r="{reference}"{bold} t="e"><v>{value}</v></c>'.encode()
    if isinstance(value, str):
        return text_cell(reference, text_content(value), _BOLD if header else 0)
    if isinstance(value, bool):
        return f'<c r="{reference}"{bold} t="b"><v>{int(value)}</v></c>'.encode()
    style, number = _number(value)
    shown = bold or (f' s="{style}"' if style else "")
    return f'<c r="{reference}"{shown}><v>{number!r}</v></c>'.encode()


def _number(value: float | dt.date) -> tuple[int, float]:
    """Return a value's format and its number: days since the end of 1899 (ECMA-376 part 1, 18.17.4)."""
    day = dt.timedelta(days=1)
    if isinstance(value, dt.datetime):
        return _DATETIME, (value - _EPOCH) / day
    if isinstance(value, dt.date):
        return _DATE, (dt.datetime.combine(value, dt.time()) - _EPOCH) / day
    return 0, int(value) if value == int(value) else value

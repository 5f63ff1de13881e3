"""What python-calamine hides in an XLS workbook, found by a walk through its records.

In:  the `Workbook` stream (BIFF5 or BIFF8).
Out: by sheet, the cells that calamine gives wrongly or as blanks, each as it should be read, and the sheet's facts.

calamine gives error cells and formulas without a stored result as empty text in this format too. Strings, and all that
it reads rightly, are left to it. Source: [MS-XLS], sections 2.4 (records) and 2.5.133 (FormulaValue).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from importer.loader.column_formats import NotedFormats
from importer.loader.ole import broken
from importer.ooxml.number_format import Format, Shows, read_format
from importer.ooxml.sheet_parser import SheetFacts
from importer.ooxml.values import Marked, Value, number_value
from schemas.cells import Kind

_FORMULA, _EOF, _DATE_MODE, _FILEPASS = 0x0006, 0x000A, 0x0022, 0x002F
_COLINFO, _BOUNDSHEET, _MULRK, _XF, _MERGEDCELLS = 0x007D, 0x0085, 0x00BD, 0x00E0, 0x00E5
_NUMBER, _BOOLERR, _ROW, _RK, _FORMAT, _BOF = 0x0203, 0x0205, 0x0208, 0x027E, 0x041E, 0x0809
_BIFF8 = 0x0600

_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


_LABEL, _LABEL_SST, _RSTRING = 0x0204, 0x00FD, 0x00D6
_TEXTS = frozenset({_LABEL, _LABEL_SST, _RSTRING})
_VALUES = frozenset({_BOOLERR, _FORMULA, _NUMBER, _RK, _MULRK}) | _TEXTS
"""Records of cells that hold a value; each begins with its row and column."""


@dataclass(slots=True)
class BiffSheet:
    """One sheet of the workbook: row -> position -> the cell as it should be read."""

    name: str
    visible: bool
    is_worksheet: bool
    start: int
    cells: dict[int, dict[int, Value]] = field(default_factory=dict)
    facts: SheetFacts = field(default_factory=SheetFacts)
    rows: int = 0
    columns: int = 0
    """How far the cells with values reach."""
    filled: int = 0
    formats: NotedFormats = field(default_factory=NotedFormats)
    empty_results: list[tuple[int, int]] = field(default_factory=list)
    """(row, position) of formulas whose stored result is an empty text, which may mean that there is none."""


@dataclass(slots=True)
class Biff:
    """What a workbook's records say."""

    encrypted: bool = False
    date_system: int = 1900
    sheets: list[BiffSheet] = field(default_factory=list)


class _Walk:
    def __init__(self, stream: bytes) -> None:
        self.stream = stream
        self.book = Biff()
        self._codes: dict[int, str] = {}
        self._styles: list[int] = []
        self._formats: dict[int, Format] = {}
        self._calculated = False

    def read(self) -> Biff:
        """Walk through the globals, then through every sheet."""
        version = struct.unpack_from("<H", self.stream, 4)[0]
        for kind, start, size in self._records(0):
            if kind == _FILEPASS:
                self.book.encrypted = True
                return self.book
            self._global_record(kind, self.stream[start : start + size], version)
        for sheet in self.book.sheets:
            if sheet.is_worksheet:
                self._sheet(sheet)
        if not self._calculated:
            # A program that calculates stores a number, a text or a truth somewhere. One that does not (xlwt) stores
            # an empty text everywhere, which would read as a blank.
            for sheet in self.book.sheets:
                for row, position in sheet.empty_results:
                    sheet.cells.setdefault(row, {})[position] = Marked(Kind.NOT_CALCULATED, "")
        return self.book

    def _records(self, start: int) -> Iterator[tuple[int, int, int]]:
        """Yield (kind, start, size) of the records of one substream, those of charts inside it left out."""
        depth = 0
        while start + 4 <= len(self.stream):
            kind, size = struct.unpack_from("<HH", self.stream, start)
            if start + 4 + size > len(self.stream):
                raise broken()
            if kind == _BOF:
                depth += 1
            elif kind == _EOF:
                depth -= 1
                if depth <= 0:
                    return
            elif depth == 1:
                yield kind, start + 4, size
            start += 4 + size
        raise broken()

    def _global_record(self, kind: int, data: bytes, version: int) -> None:
        if kind == _DATE_MODE:
            self.book.date_system = 1904 if struct.unpack_from("<H", data)[0] else 1900
        elif kind == _FORMAT:
            self._codes[struct.unpack_from("<H", data)[0]] = _text(data[2:], version, wide_count=True)
        elif kind == _XF:
            self._styles.append(struct.unpack_from("<H", data, 2)[0])
        elif kind == _BOUNDSHEET:
            start, state, sheet_type = struct.unpack_from("<IBB", data)
            name = _text(data[6:], version, wide_count=False)
            self.book.sheets.append(BiffSheet(name, state & 3 == 0, sheet_type == 0, start))

    def _sheet(self, sheet: BiffSheet) -> None:
        for kind, start, size in self._records(sheet.start):
            if kind in _VALUES:
                row, column = struct.unpack_from("<HH", self.stream, start)
                if kind == _MULRK:
                    column = struct.unpack_from("<H", self.stream, start + size - 2)[0]
                sheet.rows, sheet.columns = max(sheet.rows, row + 1), max(sheet.columns, column + 1)
                sheet.filled += 1
                if kind in _TEXTS:
                    form = self._format(struct.unpack_from("<H", self.stream, start + 4)[0])
                    sheet.formats.note(row + 1, column, form, is_number=False)
            if kind == _BOOLERR:
                row, column, _, value, is_error = struct.unpack_from("<HHHBB", self.stream, start)
                if is_error:
                    self._mark(sheet, row, column, Marked(Kind.ERROR, _ERRORS.get(value, "#VALUE!")))
            elif kind == _FORMULA:
                self._formula(sheet, start)
            elif kind in {_NUMBER, _RK, _MULRK}:
                for row, column, style, number in self._numbers(kind, start, size):
                    self._number(sheet, row, column, style, number)
            else:
                self._fact(sheet.facts, kind, self.stream[start : start + size])

    def _formula(self, sheet: BiffSheet, start: int) -> None:
        row, column, style = struct.unpack_from("<HHH", self.stream, start)
        result = self.stream[start + 6 : start + 14]
        if result[6:8] != b"\xff\xff":
            self._calculated = True
            self._number(sheet, row, column, style, struct.unpack("<d", result)[0])
        elif result[0] == 2:
            self._calculated = True
            self._mark(sheet, row, column, Marked(Kind.ERROR, _ERRORS.get(result[2], "#VALUE!")))
        elif result[0] == 3:
            sheet.empty_results.append((row + 1, column))
        else:
            self._calculated = True

    def _numbers(self, kind: int, start: int, size: int) -> Iterator[tuple[int, int, int, float]]:
        row, column = struct.unpack_from("<HH", self.stream, start)
        if kind == _NUMBER:
            yield row, column, *struct.unpack_from("<Hd", self.stream, start + 4)
            return
        for offset in range(start + 4, start + size - (5 if kind == _MULRK else 0), 6):
            style, packed = struct.unpack_from("<HI", self.stream, offset)
            yield row, column, style, _unpacked(packed)
            column += 1

    def _number(self, sheet: BiffSheet, row: int, column: int, style: int, number: float) -> None:
        """Mark a number whose format shows what calamine drops: zeros before it, the sign of a date."""
        form = self._format(style)
        sheet.formats.note(row + 1, column, form, is_number=True)
        if form.digits > 1 or form.overlooked or (number < 0 and form.shows is Shows.MOMENT):
            self._mark(sheet, row, column, number_value(repr(number), form, self.book.date_system))

    def _format(self, style: int) -> Format:
        form = self._formats.get(style)
        if form is None:
            format_id = self._styles[style] if style < len(self._styles) else 0
            form = self._formats[style] = read_format(format_id, self._codes)
        return form

    def _mark(self, sheet: BiffSheet, row: int, column: int, value: Value) -> None:
        sheet.cells.setdefault(row + 1, {})[column] = value

    def _fact(self, facts: SheetFacts, kind: int, data: bytes) -> None:
        if kind == _ROW:
            row, first, after, flags = struct.unpack_from("<HHH6xH", data)
            if flags & 0x20 and after > first:
                facts.hidden_rows.append(row + 1)
        elif kind == _COLINFO:
            first, last, options = struct.unpack_from("<HH4xH", data)
            if options & 1:
                facts.hidden_columns.append((first, last))
        elif kind == _MERGEDCELLS:
            for offset in range(2, len(data) - 7, 8):
                top, bottom, left, right = struct.unpack_from("<HHHH", data, offset)
                facts.merged.append((top + 1, left, bottom + 1, right))


def read_biff(stream: bytes) -> Biff:
    """Walk through a workbook's records. Raises FileError where they are broken."""
    try:
        return _Walk(stream).read()
    except (struct.error, IndexError) as problem:
        raise broken() from problem


def _unpacked(packed: int) -> float:
    """Return the number of an RK value ([MS-XLS] 2.5.218)."""
    if packed & 2:
        number = float((packed - (1 << 32) if packed & 0x80000000 else packed) >> 2)
    else:
        number = struct.unpack("<d", struct.pack("<Q", (packed & 0xFFFFFFFC) << 32))[0]
    return number / 100 if packed & 1 else number


def _text(data: bytes, version: int, *, wide_count: bool) -> str:
    """Return a short text; in BIFF8 a flag says whether its characters take two bytes."""
    count = struct.unpack_from("<H", data)[0] if wide_count and version == _BIFF8 else data[0]
    data = data[2:] if wide_count and version == _BIFF8 else data[1:]
    if version != _BIFF8:
        return data[:count].decode("cp1252", "replace")
    if data[0] & 1:
        return data[1 : 1 + 2 * count].decode("utf-16-le", "replace")
    return data[1 : 1 + count].decode("latin-1")

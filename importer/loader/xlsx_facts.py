"""What python-calamine hides in a worksheet, found by a scan of the sheet's bytes.

In:  the blocks of a sheet's part, and the workbook's formats.
Out: the cells that calamine gives wrongly or as blanks, each as it should be read, and the sheet's `SheetFacts`; or
     `OddXml` where the XML is written in a way that a scan of bytes might misunderstand: then `exact` reads it.

calamine gives error cells and formulas without a stored result as empty text, the same as a blank; it drops the sign of
negative numbers under a date format, and zeros that a format shows. All of these leave traces that are cheap to find:
`<v>#`, `<f`, `<v>-`, the styles concerned. Row ends cut the stream into segments, so no cell is cut in two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape as unescape_xml

from importer.loader.cells import Marked, Value
from importer.loader.sheet_table import SheetFacts
from importer.ooxml.number_format import Format, Shows
from importer.ooxml.sheet_parser import PICTURE, column_position, number_value, split_address, split_range
from importer.ooxml.xml import SPREADSHEET_NAMESPACES
from schemas.cells import Kind

_SEGMENT = 1 << 20
_LONGEST_ROW = 64 << 20
"""Bytes; a full row of 16,384 cells has a few million."""
_PLAIN_ROOT = re.compile(rb'<(\w+)\s[^>]*?xmlns="([^"]+)"')
_DECLARATION = re.compile(rb"\s*<\?xml[^>]*?(?:encoding\s*=\s*[\"']([\w.-]+)[\"'])?[^>]*\?>", re.IGNORECASE)
_CONVENTIONAL = re.compile(
    rb'(?:[^<]+|<(?:/[A-Za-z]+>|[A-Za-z]+(?: [A-Za-z0-9:]+="[^"<]*")* ?/?>))*+'  # possessive: one pass, no way back
)
# Patterns that begin with a literal, and have no alternatives there, are searched for some ten times faster.
_ERROR_TYPE = re.compile(rb't="e"')
_FORMULA = re.compile(rb"<f[\s/>]")
_FORMULA_CELL = re.compile(
    rb"<f(\s[^>]*?)?(?:/>|>([^<]*)</f>)\s*(?:<v(?:\s[^>]*[^/>])?>([^<]*)</v>|(<v(?:\s[^>]*)?/>))?"
)
_NUMBER_SIGN = re.compile(rb"<v>#")
_NUMBER_SIGN_OR_MINUS = re.compile(rb"<v>[#-]")
_HUGE_VALUE = rb"[^>]*>(?:<f[^>]*/>|<f[^<]*</f>)?<v>(?:-?[0-9]{10}|[^<]*[eE][^-<])"
_NO_INDEX = re.compile(rb't="s"[^>]*>(?:<f[^>]*/>|<f[^<]*</f>)?<v[^>]*(?<!/)>(?![0-9]{0,9}</v>)')
_HIDDEN_ROW = re.compile(rb'hidden="(?:1|true)"')
_CELL_START = re.compile(rb"<c[\s>]")
_ATTRIBUTE = re.compile(rb'([\w:]+)="([^"]*)"')
_CELL_VALUE = re.compile(rb"<v(?:\s[^>]*)?>([^<]*)</v>")
_HIDDEN_COLUMN = re.compile(rb'<col\s[^>]*?hidden="(?:1|true)"[^>]*>')
_MERGED = re.compile(rb'<mergeCell\s[^>]*?ref="([^"]+)"')


class OddXml(Exception):
    """The XML is correct perhaps, but not written as a scan of bytes understands it."""


@dataclass(slots=True)
class Scan:
    """What a sheet hides: row -> position -> the cell as it should be read."""

    cells: dict[int, dict[int, Value]] = field(default_factory=dict)
    facts: SheetFacts = field(default_factory=SheetFacts)
    zero_results: int = 0
    """Formulas whose stored result is 0: in a workbook that asks to be recalculated, these were never calculated."""
    last_row: int = 0
    """The last row in which something stands."""
    row_ends: set[bytes] = field(default_factory=set)
    """Where programs write the cells of a row in order: the beginnings of the addresses of the last ones."""

    @property
    def width(self) -> int:
        """The number of columns up to the last cell. Raises OddXml where its address is not spelt as usual."""
        names = [re.match(rb"[A-Z]+", end) for end in self.row_ends]
        if None in names:
            raise OddXml
        return max((column_position(name[0].decode()) + 1 for name in names if name), default=0)


def scan_sheet(
    blocks: Iterable[bytes],
    formats: Sequence[Format],
    date_system: int,
    *,
    keep: Callable[[bytes], object] = lambda _: None,
    strings: bool = True,
) -> Scan:
    """Scan a sheet.

    strings: look at the indexes of shared strings too, as calamine takes what is no number for the first string.
    keep: is given the sheet piece by piece, without rows that hold nothing: together another sheet of the same values.
    Raises OddXml.
    """
    try:
        return _scan(iter(blocks), _Scanner(formats, date_system, strings=strings), keep)
    except (ValueError, LookupError) as problem:
        raise OddXml from problem


def _scan(stream: Iterator[bytes], scanner: _Scanner, keep: Callable[[bytes], object]) -> Scan:
    segments = row_segments(stream)
    head = next(segments)
    scanner.head(head)
    keep(head)
    first = True
    for segment in segments:
        if first:
            scanner.check_first(segment)
        if scanner.segment(segment) or first:
            keep(segment)
        first = False
    return scanner.scan


def row_segments(blocks: Iterable[bytes], size: int = _SEGMENT) -> Iterator[bytes]:
    """Yield what stands before the rows, then the rows and what follows, in pieces that begin with a row.

    size: bytes that a piece has at least, but the last one.
    """
    stream = iter(blocks)
    head = b""
    while b"<sheetData" not in head:
        block = next(stream, b"")
        if not block or len(head) > _LONGEST_ROW:
            raise OddXml
        head += block
    start = head.index(b"<sheetData")
    yield head[:start]
    yield from _segments(head[start:], stream, size)


def _segments(begun: bytes, blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Cut the stream before row starts, into segments of a block or more."""
    for block in blocks:
        begun += block
        cut = begun.rfind(b"<row")
        if cut > 0 and len(begun) >= size:
            yield begun[:cut]
            begun = begun[cut:]
        elif len(begun) > _LONGEST_ROW:
            raise OddXml
    yield begun


def check_root(head: bytes, name: bytes) -> None:
    """Judge what a part begins with: its encoding, and the element that holds all others. Raises OddXml."""
    declaration = _DECLARATION.match(head.removeprefix(b"\xef\xbb\xbf"))
    encoding = (declaration[1] if declaration else None) or b"utf-8"
    root = _PLAIN_ROOT.search(head)
    if (
        encoding.lower() not in {b"utf-8", b"us-ascii", b"ascii"}
        or root is None
        or root[1] != name
        or root[2].decode() not in SPREADSHEET_NAMESPACES
        or b"<!" in head
        or head.count(root[2]) > 1
    ):
        raise OddXml


class _Scanner:
    def __init__(self, formats: Sequence[Format], date_system: int, *, strings: bool) -> None:
        self.scan = Scan()
        self._strings = strings
        self._formats = formats
        self._date_system = date_system
        self._after_rows = False
        self._pictures: set[bytes] = set()
        self._endless = _cells_of_style(formats, lambda one: one.shows is not Shows.NUMBER, _HUGE_VALUE)
        """Dates and times too far off for calamine, which ends the program over them."""
        has_moments = any(one.shows is Shows.MOMENT for one in formats)
        self._sign = _NUMBER_SIGN_OR_MINUS if has_moments else _NUMBER_SIGN
        self._telling = _cells_of_style(formats, lambda one: one.digits > 1 or one.overlooked)
        """Cells whose format shows zeros that calamine drops, a date that it does not know."""

    def head(self, head: bytes) -> None:
        """Judge what stands before the cells."""
        check_root(head, b"worksheet")
        for column in _HIDDEN_COLUMN.findall(head):
            attributes = dict(_ATTRIBUTE.findall(column))
            self.scan.facts.hidden_columns.append((int(attributes[b"min"]) - 1, int(attributes[b"max"]) - 1))

    def check_first(self, segment: bytes) -> None:
        """Judge by the first rows how the XML is written, and whether a column has a format that is not meant.

        A program writes all rows alike. Numbers that are no dates (record IDs, say) under a date format make calamine
        give up; where that happens further down, its rows are read by other means then.
        """
        if not _CONVENTIONAL.fullmatch(segment) or (self._endless is not None and self._endless.search(segment)):
            raise OddXml

    def segment(self, segment: bytes) -> bool:
        """Look through some rows, or through what follows them; return whether anything stands there."""
        if b"<!" in segment:
            raise OddXml
        if self._after_rows or segment.startswith(b"<sheetData/>"):
            self._tail(segment)
            return True
        body, end, tail = segment.partition(b"</sheetData>")
        # Cells without a value have no end tag; rows of them, a million sometimes, are passed over.
        filled = b"</c>" in body or b't="e"' in body
        if filled:
            self._cells(body)
        if end:
            self._tail(tail)
        return filled or bool(end)

    def _cells(self, body: bytes) -> None:
        self._errors(body)
        self._formulas(body)
        self._signs(body)
        if self._telling is not None:
            self._formatted_numbers(body)
        self._hidden_rows(body)
        self._reach(body)
        if self._strings and _NO_INDEX.search(body):
            raise OddXml

    def _reach(self, body: bytes) -> None:
        start = body.rfind(b'<row r="', 0, max(body.rfind(b"</c>"), 0))
        if start >= 0:
            self.scan.last_row = int(body[start + 8 : body.index(b'"', start + 8)])
        for row in body.split(b"</row>"):
            start = row.rfind(b'<c r="')
            if start >= 0:
                self.scan.row_ends.add(row[start + 6 : start + 9])

    def _errors(self, body: bytes) -> None:
        for match in _ERROR_TYPE.finditer(body) if b't="e"' in body else ():
            cell = _cell_at(body, match.start())
            if cell.type == "e":
                self._mark(cell, Marked(Kind.ERROR, cell.value or "#VALUE!"))

    def _formulas(self, body: bytes) -> None:
        for start in _FORMULA.finditer(body) if b"<f" in body else ():
            formula = _FORMULA_CELL.match(body, start.start())
            if formula is None:
                raise OddXml
            shared = dict(_ATTRIBUTE.findall(formula[1] or b"")).get(b"si", b"")
            is_picture = b"IMAGE(" in (formula[2] or b"") or (not formula[2] and shared in self._pictures)
            if is_picture and shared:
                self._pictures.add(shared)
            if formula[3]:
                self.scan.zero_results += formula[3] == b"0"
                continue
            cell = _cell_at(body, start.start())
            stored = formula[3] is not None or formula[4] is not None
            if is_picture and cell.type != "e":
                self._mark(cell, PICTURE)
            elif cell.type != "e" and not (cell.type == "str" and stored):
                self._mark(cell, Marked(Kind.NOT_CALCULATED, ""))

    def _signs(self, body: bytes) -> None:
        """Look at values that begin with a minus or a number sign: dates before all days, and errors once more."""
        for match in self._sign.finditer(body) if b"<v>-" in body or b"<v>#" in body else ():
            cell = _cell_at(body, match.start())
            if cell.type == "e":
                self._mark(cell, Marked(Kind.ERROR, cell.value or "#VALUE!"))
            elif cell.type == "n" and self._format(cell).shows is Shows.MOMENT:
                self._mark(cell, self._number(cell))

    def _formatted_numbers(self, body: bytes) -> None:
        assert self._telling is not None
        for match in self._telling.finditer(body):
            cell = _cell_at(body, match.start())
            if cell.type == "n" and cell.value:
                self._mark(cell, self._number(cell))

    def _number(self, cell: _Cell) -> Value:
        try:
            return number_value(cell.value or "", self._format(cell), self._date_system)
        except (ValueError, OverflowError) as problem:
            raise OddXml from problem

    def _format(self, cell: _Cell) -> Format:
        return self._formats[cell.style] if cell.style < len(self._formats) else Format()

    def _mark(self, cell: _Cell, value: Value) -> None:
        self.scan.cells.setdefault(cell.row, {})[cell.position] = value

    def _hidden_rows(self, body: bytes) -> None:
        for match in _HIDDEN_ROW.finditer(body) if b'hidden="' in body else ():
            start = body.rfind(b"<row", 0, match.start())
            if start < 0 or body.find(b">", start, match.start()) >= 0:
                continue  # the words stand in a text
            end = body.find(b"</row>", start)
            following = body.find(b"<row", start + 4)
            if end < 0 or -1 < following < end or not _holds_values(body, start, end):
                continue
            number = dict(_ATTRIBUTE.findall(body, start, body.index(b">", start))).get(b"r")
            if number is None:
                raise OddXml
            self.scan.facts.hidden_rows.append(int(number))

    def _tail(self, tail: bytes) -> None:
        self._after_rows = True
        self.scan.facts.filtered |= b"<autoFilter" in tail
        self.scan.facts.merged.extend(split_range(one.decode()) for one in _MERGED.findall(tail))


def _cells_of_style(
    formats: Sequence[Format], wanted: Callable[[Format], bool], value: bytes = b""
) -> re.Pattern[bytes] | None:
    """Return a pattern for cells of the styles whose format is wanted, and of such a value; None where no style is."""
    styles = "|".join(str(index) for index, one in enumerate(formats) if wanted(one))
    return re.compile(b' s="(?:' + styles.encode() + b')"' + value) if styles else None


def _holds_values(body: bytes, start: int, end: int) -> bool:
    return any(body.find(tag, start, end) >= 0 for tag in (b"<v>", b"<is>", b"<f"))


@dataclass(frozen=True, slots=True)
class _Cell:
    row: int
    position: int
    style: int
    type: str
    value: str | None


def _cell_at(body: bytes, inside: int) -> _Cell:
    """Return the cell whose tag or content stands at `inside`."""
    start = inside + 1
    while True:
        start = body.rfind(b"<c", 0, start)
        if start < 0:
            raise OddXml
        if _CELL_START.match(body, start):
            break
    tag_end = body.index(b">", start)
    attributes: Mapping[bytes, bytes] = dict(_ATTRIBUTE.findall(body, start, tag_end))
    try:
        row, position = split_address(attributes[b"r"].decode())
        style = int(attributes.get(b"s", b"0"))
    except (KeyError, ValueError) as problem:
        raise OddXml from problem
    end = tag_end if body[tag_end - 1 : tag_end] == b"/" else body.find(b"</c>", tag_end)
    value = _CELL_VALUE.search(body, tag_end, end)
    text = unescape_xml(value[1].decode()) if value else None
    return _Cell(row, position, style, attributes.get(b"t", b"n").decode(), text)

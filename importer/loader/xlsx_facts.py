"""What a worksheet says besides its values, found by a search of the sheet's bytes before the rows are read.

In:  the blocks of a sheet's part.
Out: the sheet's `SheetFacts`, and the cells that mean something although no value stands in them (errors, formulas
     without a stored result); or `OddXml` where the XML is written in a way that a search of bytes might misunderstand:
     then the XML parser reads it.

Row ends cut the stream into segments, so no cell is cut in two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape as unescape_xml

from importer.loader.column_formats import StyledCells
from importer.ooxml.addresses import column_position, split_address, split_range
from importer.ooxml.sheet_parser import SheetFacts
from importer.ooxml.values import PICTURE, Marked, Value
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
    row_ends: set[bytes] = field(default_factory=set)
    """Where programs write the cells of a row in order: the beginnings of the addresses of the last ones."""

    def finish(self) -> None:
        """Tell how far the cells reach. Raises OddXml where an address is not spelt as usual."""
        names = [re.match(rb"[A-Z]+", end) for end in self.row_ends]
        if None in names:
            raise OddXml
        self.facts.width = max((column_position(name[0].decode()) + 1 for name in names if name), default=0)
        self.facts.last_row = max([self.facts.last_row, *self.cells])


def scan_sheet(blocks: Iterable[bytes], styled: StyledCells) -> Scan:
    """Scan a sheet, and have `styled` look through its cells. Raises OddXml."""
    scanner = _Scanner(styled)
    try:
        segments = row_segments(blocks)
        scanner.head(next(segments))
        for number, segment in enumerate(segments):
            if number == 0 and not _CONVENTIONAL.fullmatch(segment):  # a program writes all rows alike
                raise OddXml
            scanner.segment(segment)
        scanner.scan.finish()
    except (ValueError, LookupError) as problem:
        raise OddXml from problem
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


def holds_cells(rows: bytes) -> bool:
    """Whether anything stands in some rows: a cell without a value has no end tag, an error may lack both.

    Rows of empty cells are passed over: people format whole columns, which makes a million of them.
    """
    return b"</c>" in rows or b't="e"' in rows


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
    def __init__(self, styled: StyledCells) -> None:
        self.scan = Scan()
        self._styled = styled
        self._after_rows = False
        self._pictures: set[bytes] = set()
        """IDs of formulas that several cells share, and that show pictures."""

    def head(self, head: bytes) -> None:
        """Judge what stands before the cells."""
        check_root(head, b"worksheet")
        for column in _HIDDEN_COLUMN.findall(head):
            attributes = dict(_ATTRIBUTE.findall(column))
            self.scan.facts.hidden_columns.append((int(attributes[b"min"]) - 1, int(attributes[b"max"]) - 1))

    def segment(self, segment: bytes) -> None:
        """Look through some rows, or through what follows them."""
        if b"<!" in segment:
            raise OddXml
        if self._after_rows or segment.startswith(b"<sheetData/>"):
            self._tail(segment)
            return
        body, end, tail = segment.partition(b"</sheetData>")
        if holds_cells(body):
            self._errors(body)
            self._formulas(body)
            self._hidden_rows(body)
            self._reach(body)
            self._styled.note(body)
        if end:
            self._tail(tail)

    def _reach(self, body: bytes) -> None:
        start = body.rfind(b'<row r="', 0, max(body.rfind(b"</c>"), 0))
        if start >= 0:
            self.scan.facts.last_row = max(self.scan.facts.last_row, int(body[start + 8 : body.index(b'"', start + 8)]))
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
            if formula is None or body.startswith(b"<is", formula.end()):  # a result that stands elsewhere than in `v`
                raise OddXml
            shared = dict(_ATTRIBUTE.findall(formula[1] or b"")).get(b"si", b"")
            is_picture = b"IMAGE(" in (formula[2] or b"") or (not formula[2] and shared in self._pictures)
            if is_picture and shared:
                self._pictures.add(shared)
            if formula[3]:
                self.scan.facts.zero_results += formula[3] == b"0"
                continue
            cell = _cell_at(body, start.start())
            stored = formula[3] is not None or formula[4] is not None
            if is_picture and cell.type != "e":
                self._mark(cell, PICTURE)
            elif cell.type != "e" and not (cell.type == "str" and stored):
                self._mark(cell, Marked(Kind.NOT_CALCULATED, ""))

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
        if b"sheetData" in tail:
            raise OddXml
        self.scan.facts.merged.extend(split_range(one.decode()) for one in _MERGED.findall(tail))


def _holds_values(body: bytes, start: int, end: int) -> bool:
    return any(body.find(tag, start, end) >= 0 for tag in (b"<v>", b"<is>", b"<f"))


@dataclass(frozen=True, slots=True)
class _Cell:
    row: int
    position: int
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
    except (KeyError, ValueError) as problem:
        raise OddXml from problem
    end = tag_end if body[tag_end - 1 : tag_end] == b"/" else body.find(b"</c>", tag_end)
    value = _CELL_VALUE.search(body, tag_end, end)
    text = unescape_xml(value[1].decode()) if value else None
    return _Cell(row, position, attributes.get(b"t", b"n").decode(), text)

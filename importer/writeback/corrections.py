"""Other texts in some cells of a file; every other cell, and every byte around them, stays as it is.

In:  the file, open and binary, and the new texts by (row, position); positions count columns from 0.
Out: the same file with these cells. Nothing is guessed: what is not understood ends in NotUnderstood.

A workbook's cell keeps its format and becomes a text, so nothing that is written can be a formula. A formula is not
replaced: it is the user's, and others may depend on it.
Source: ECMA-376 part 1, 18.3.1.4 (c), 18.3.1.40 (f); RFC 4180.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from importer.findings import cell_name, column_letter
from importer.ooxml.archive import Archive
from importer.ooxml.deflate import best_codec
from importer.ooxml.edited_package import EditedPackage
from importer.ooxml.errors import NotUnderstood, not_as_usual
from importer.ooxml.xml import CELL_LIMIT, cell_length, text_content, whole_number
from importer.writeback.annotation import Dialect
from importer.writeback.delimited import FORMULA_START, correct_records
from importer.writeback.encodings import Coding
from importer.writeback.rows import ROW_NUMBER, SPANS, STYLE, cell_pattern, read_cells, row_pattern
from importer.writeback.workbook import PartsWriter, split_head
from schemas.message import message

Texts = Mapping[tuple[int, int], str]
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_NUMBER = re.compile(r"[+-]?[\d.,]+%?")


def correct_workbook(source: BinaryIO, target: BinaryIO, sheet: str, texts: Texts) -> None:
    """Write the workbook to `target` with other texts in some cells of a sheet."""
    codec = best_codec()
    archive = Archive(source, codec)
    package = EditedPackage(archive)
    part = package.sheet_part(sheet)
    member = package.member(part) if part else None
    if member is None:
        raise NotUnderstood(message("The workbook has no sheet {name}.", name=sheet))
    if package.signed:
        raise NotUnderstood(message("The workbook is signed, and a change would make its signature void."))
    writer = PartsWriter(archive, target, codec)
    writer.copy_all({}, member, _pieces(archive.pieces(member), texts), set())
    writer.close()


def correct_delimited(source: BinaryIO, target: BinaryIO, dialect: Dialect, width: int, texts: Texts) -> None:
    """Write the delimited file to `target` with other texts in some fields; `width`: fields of the header."""
    coding = Coding(dialect.encoding)
    for place, text in texts.items():
        if FORMULA_START.match(text) and not _NUMBER.fullmatch(text):
            raise NotUnderstood(
                message(
                    "{cell} would hold a text that spreadsheet programs take for a formula.",
                    cell=cell_name(*place) or "",
                )
            )
        if coding.plain and text.encode(coding.name, "replace").decode(coding.name) != text:
            raise NotUnderstood(
                message(
                    "The encoding of the file, {encoding}, has no sign for a letter of {cell}.",
                    encoding=coding.name,
                    cell=cell_name(*place) or "",
                )
            )
    correct_records(source, target, coding, dialect, width, texts)


def _pieces(old: Iterator[bytes], texts: Texts) -> Iterator[bytes]:
    """Yield a sheet's part with the texts; `old` yields the one it is made from."""
    head, rest, prefix = split_head(old)
    yield head
    rows = _Rows(prefix.encode() + b":" if prefix else b"", texts)
    yield from rows.pieces(rest, old)
    if missing := rows.missing:
        raise NotUnderstood(message("The sheet has no row {row}.", row=min(missing)))


class _Rows:
    """The rows of a sheet's part, streamed; those with a text are made anew, cell by cell."""

    def __init__(self, prefix: bytes, texts: Texts) -> None:
        self._prefix = prefix
        self._wanted: dict[int, dict[int, str]] = {}
        for (row, position), text in texts.items():
            self._wanted.setdefault(row, {})[position] = text
        self._end = b"</%srow>" % prefix
        self._data_end = b"</%ssheetData" % prefix
        self._open_row = row_pattern(prefix)
        self._cell = cell_pattern(prefix)
        self._extension = b"<%sextLst" % prefix
        self._row = 0

    @property
    def missing(self) -> frozenset[int]:
        """Rows that were to be corrected and have not come."""
        return frozenset(self._wanted)

    def pieces(self, rest: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the rows and what stands behind them."""
        buffer = rest
        while True:
            closed = buffer.rfind(self._end)
            cut = closed + len(self._end) if closed >= 0 else 0
            at_end = buffer.find(self._data_end, cut) >= 0
            yield self._block(buffer[:cut])
            buffer = buffer[cut:]
            if at_end:
                break
            piece = next(pieces, None)
            if piece is None:
                raise not_as_usual()
            buffer += piece
        yield buffer
        yield from pieces

    def _block(self, block: bytes) -> bytes:
        if b"<!" in block or b"<?" in block:
            raise not_as_usual()
        segments = block.split(self._end)
        last = segments.pop()
        return b"".join([*(self._segment(one) + self._end for one in segments), last])

    def _segment(self, segment: bytes) -> bytes:
        """Return what stands up to a row's end: rows without cells, perhaps, then one row."""
        tag: re.Match[bytes] | None = None
        for tag in self._open_row.finditer(segment):
            number = ROW_NUMBER.search(tag[1])
            self._row = whole_number(number[1]) if number else self._row + 1
            if tag[2] and self._row in self._wanted:
                raise NotUnderstood(message("Row {row} of the sheet is empty.", row=self._row))
        texts = self._wanted.pop(self._row, None)
        if texts is None or tag is None:
            return segment
        cells, behind = read_cells(segment[tag.end() :], self._cell, self._extension)
        markup = {position: cell for position, (cell, _) in cells.items()}
        opening = tag[0] if texts.keys() <= markup.keys() else SPANS.sub(b"", tag[0])
        for position, text in texts.items():
            markup[position] = self._new_cell(position, markup.get(position, b""), text)
        return segment[: tag.start()] + opening + b"".join(markup[one] for one in sorted(markup)) + behind

    def _new_cell(self, position: int, old: bytes, text: str) -> bytes:
        p, name = self._prefix, cell_name(self._row, position) or ""
        if _FORMULA.search(old):
            raise NotUnderstood(message("{cell} holds a formula.", cell=name))
        if cell_length(text) > CELL_LIMIT:
            raise NotUnderstood(message("{cell} would hold more than a cell can.", cell=name))
        style = STYLE.search(old.partition(b">")[0])
        kept = b' s="%s"' % style[1] if style else b""
        start = b'<%sc r="%s%d"%s' % (p, column_letter(position).encode(), self._row, kept)
        if not text:
            return start + b"/>"
        inside = b'<%sis><%st xml:space="preserve">%s</%st></%sis>' % (p, p, text_content(text), p, p)
        return b'%s t="inlineStr">%s</%sc>' % (start, inside, p)
